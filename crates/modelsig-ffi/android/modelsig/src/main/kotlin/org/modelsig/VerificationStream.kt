package org.modelsig

import java.nio.ByteBuffer

/**
 * Checks a file while it arrives: a download, or a descriptor that is a pipe.
 *
 * It refuses at the first bad chunk, and once it has refused it stays refused. Of what went in, only the first
 * [verified] bytes are proven; nothing is proven to be the whole file before [finish] returned.
 *
 * One thread at a time: a call during another throws [IllegalStateException].
 */
class VerificationStream internal constructor(pointer: Long) : AutoCloseable {
    private val handle = Handle(pointer, "stream", free = Native::streamFree)

    init {
        handle.watch(this)
    }

    /** How many bytes from the start are proven so far. Any thread may ask, also during a call. */
    @Volatile
    var verified: Long = 0
        private set

    /** Takes the next [length] bytes of [array], from [start] on. */
    @JvmOverloads
    @Throws(ModelsigException::class)
    fun update(array: ByteArray, start: Int = 0, length: Int = array.size - start) {
        if (start < 0 || length < 0 || start > array.size - length) {
            throw IndexOutOfBoundsException("$length bytes at $start of ${array.size}")
        }
        update { Native.streamUpdateArray(it, array, start, length) }
    }

    /** Takes what [buffer] has from its position to its limit, and moves its position to the limit. */
    @Throws(ModelsigException::class)
    fun update(buffer: ByteBuffer) {
        if (buffer.isDirect) {
            update { Native.streamUpdateBuffer(it, buffer, buffer.position(), buffer.remaining()) }
            buffer.position(buffer.limit())
        } else if (buffer.hasArray()) {
            update(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining())
            buffer.position(buffer.limit())
        } else {
            update(ByteArray(buffer.remaining()).also(buffer::get))
        }
    }

    /** Returns if all of the file was there and is what was signed. */
    @Throws(ModelsigException::class)
    fun finish() = update(Native::streamFinish)

    override fun close() = handle.close()

    private inline fun update(crossinline call: (Long) -> Unit) = handle.alone { stream ->
        try {
            call(stream)
        } finally {
            verified = Native.streamVerified(stream)
        }
    }
}
