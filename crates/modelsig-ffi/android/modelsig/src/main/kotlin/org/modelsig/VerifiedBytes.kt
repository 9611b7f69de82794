package org.modelsig

import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * Verified bytes in memory outside the Java heap. They may outlive the model that they came from.
 *
 * **Buffers over them end with [close]**: the memory is given back there and then, and a buffer that is used afterwards
 * reads what others put there, or brings the process down. So close this when the runtime that got the buffer is
 * closed, or look at the bytes inside [withBuffer], during which the memory stays. If this is never closed, the memory
 * is never given back.
 */
class VerifiedBytes internal constructor(pointer: Long) : AutoCloseable {
    private val handle = Handle(pointer, "loaded file", free = Native::bytesFree)

    init {
        // Not reclaimed: somebody may hold a buffer and nothing else.
        handle.watch(this, reclaim = false)
    }

    /** How many there are. */
    val length: Long get() = handle.shared(Native::bytesLength)

    val protection: Protection get() = handle.shared { Protection.of(Native.bytesProtection(it)) }

    /**
     * All of them as a direct, read-only buffer in the byte order of this machine.
     *
     * @throws IllegalArgumentException if there are more than a buffer can hold, which is 2 GiB - 1
     */
    val buffer: ByteBuffer
        get() {
            require(length <= Int.MAX_VALUE) { "$length bytes do not fit into one buffer" }
            return buffer(0, length.toInt())
        }

    /** Some of them as a direct, read-only buffer in the byte order of this machine. */
    fun buffer(offset: Long, length: Int): ByteBuffer {
        require(offset >= 0 && length >= 0 && offset <= this.length - length) {
            "$length bytes at $offset of ${this.length}"
        }
        val buffer = handle.shared { Native.bytesBuffer(it, offset, length) }
        return buffer.asReadOnlyBuffer().order(ByteOrder.nativeOrder())
    }

    /** Looks at all of them; [close] on another thread has to wait until [block] is over to give the memory back. */
    fun <T> withBuffer(block: (ByteBuffer) -> T): T = handle.shared { block(buffer) }

    /** Gives the memory back. */
    override fun close() = handle.close()
}
