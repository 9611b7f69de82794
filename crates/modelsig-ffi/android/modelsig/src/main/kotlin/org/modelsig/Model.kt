package org.modelsig

import java.nio.ByteBuffer
import java.nio.ReadOnlyBufferException

/**
 * An opened model: its signature, names and lengths hold, and every byte that it hands out was checked.
 *
 * Only signed names can be reached through it, and it tells no paths. Any number of threads may use it at once, except
 * for [loadAll]. Calls block and do I/O: not for the main thread.
 */
class Model internal constructor(internal val handle: Handle) : AutoCloseable {
    init {
        handle.watch(this)
    }

    /** The signed names, in the order of their code points. */
    val names: List<String>
        get() = handle.shared { model ->
            (0 until Native.modelCount(model)).map { text(checkNotNull(Native.modelName(model, it))) }
        }

    /** The signed length of the file [name], in bytes. */
    @Throws(ModelsigException::class)
    fun length(name: String): Long {
        val utf8 = utf8(name, "the name")
        return handle.shared { Native.modelLength(it, utf8) }
    }

    /**
     * Fills [buffer] from its position to its limit with verified bytes of [name], from [offset] on, and moves its
     * position to the limit. If the call fails, nothing of it changes.
     *
     * A direct buffer is filled where it is; for any other the bytes are copied once more.
     */
    @Throws(ModelsigException::class)
    fun read(name: String, offset: Long, buffer: ByteBuffer) {
        val utf8 = utf8(name, "the name")
        require(offset >= 0) { "the offset is $offset" }
        if (buffer.isReadOnly) throw ReadOnlyBufferException()
        val length = buffer.remaining()
        handle.shared {
            if (buffer.isDirect) {
                Native.modelReadBuffer(it, utf8, offset, buffer, buffer.position(), length)
            } else {
                val start = buffer.arrayOffset() + buffer.position()
                Native.modelReadArray(it, utf8, offset, buffer.array(), start, length)
            }
        }
        buffer.position(buffer.limit())
    }

    /** [length] verified bytes of [name], from [offset] on. */
    @Throws(ModelsigException::class)
    fun read(name: String, offset: Long, length: Int): ByteArray =
        ByteArray(length).also { read(name, offset, ByteBuffer.wrap(it)) }

    /** The whole of [name], verified, in memory outside the Java heap. */
    @Throws(ModelsigException::class)
    fun load(name: String): VerifiedBytes {
        val utf8 = utf8(name, "the name")
        return handle.shared { VerifiedBytes(Native.modelLoad(it, utf8)) }
    }

    /**
     * The tensor [tensor], verified, in memory outside the Java heap. Only what it lies in is read.
     *
     * @param file the file that it is in; `null` if the model has only one tensor of that name.
     */
    @JvmOverloads
    @Throws(ModelsigException::class)
    fun loadTensor(tensor: String, file: String? = null): VerifiedBytes {
        val utf8 = utf8(tensor, "the tensor")
        val within = file?.let { utf8(it, "the file") }
        return handle.shared { VerifiedBytes(Native.modelLoadTensor(it, within, utf8)) }
    }

    /**
     * A descriptor of the verified bytes of [name], for runtimes that take one: of the file where fs-verity guards it,
     * else of a sealed copy in memory or a clone. Yours to close.
     */
    @Throws(ModelsigException::class)
    fun fd(name: String): VerifiedFd {
        val utf8 = utf8(name, "the name")
        val both = handle.shared { Native.modelFd(it, utf8) }
        return VerifiedFd(both.toInt(), Protection.of((both ushr 32).toInt()))
    }

    /**
     * Reads and checks everything, in one pass over storage. If a file does not hold, the model is of no use any more,
     * and every later call throws [UsageException].
     *
     * @throws IllegalStateException if another call is using the model
     */
    @Throws(ModelsigException::class)
    fun loadAll() = handle.alone(Native::modelLoadAll)

    /** The report, as JSON: what was signed, by whom, and what was checked so far. */
    @Throws(ModelsigException::class)
    fun report(): String = handle.shared { text(Native.modelReport(it)) }

    /** The tensors of the model's files, as JSON, from verified headers. */
    @Throws(ModelsigException::class)
    fun tensors(): String = handle.shared { text(Native.modelTensors(it)) }

    /** Checks bytes of [name] that come from elsewhere, one after the other, such as those of a download. */
    @Throws(ModelsigException::class)
    fun stream(name: String): VerificationStream {
        val utf8 = utf8(name, "the name")
        return handle.shared { VerificationStream(Native.modelStream(it, utf8)) }
    }

    /** Calls that run go on to their end. What was loaded stays, descriptors too; streams go on. */
    override fun close() = handle.close()
}

/**
 * A descriptor of verified bytes, and how well they are protected.
 *
 * Whoever takes it closes it, once: `ParcelFileDescriptor.adoptFd(it.fd)` does. Its position is at 0.
 */
class VerifiedFd internal constructor(val fd: Int, val protection: Protection)
