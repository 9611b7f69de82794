package org.modelsig

import android.content.res.AssetFileDescriptor
import android.os.ParcelFileDescriptor
import java.nio.ByteBuffer

/**
 * Where bytes come from: a bundle, or the content of a file of a model.
 *
 * Sources are cheap. One that was closed can no longer be passed to a call; models that were opened with it go on.
 */
class Source private constructor(internal val handle: Handle) : AutoCloseable {
    init {
        handle.watch(this)
    }

    override fun close() = handle.close()

    companion object {
        /** As a length: up to the end. */
        const val TO_END: Long = -1

        /** A file. It is opened when it is used. */
        @JvmStatic
        @Throws(ModelsigException::class)
        fun path(path: String): Source = source(Native.sourcePath(utf8(path, "the path")))

        /** A part of a file, such as an entry of a Play asset pack: path, offset and size of its `AssetLocation`. */
        @JvmStatic
        @Throws(ModelsigException::class)
        fun path(path: String, offset: Long, length: Long): Source {
            val utf8 = utf8(path, "the path")
            checkRange(offset, length)
            return source(Native.sourcePathPart(utf8, offset, length))
        }

        /**
         * An open file, or a part of it. The descriptor is duplicated and stays yours: it is neither closed nor is its
         * position moved. It must be that of a regular file; for pipes and sockets there is [VerificationStream].
         */
        @JvmStatic
        @JvmOverloads
        @Throws(ModelsigException::class)
        fun fd(fd: Int, offset: Long = 0, length: Long = TO_END): Source {
            checkRange(offset, length)
            return source(Native.sourceFd(fd, offset, length))
        }

        /** An open file, or a part of it, as [fd]. */
        @JvmStatic
        @JvmOverloads
        @Throws(ModelsigException::class)
        fun of(file: ParcelFileDescriptor, offset: Long = 0, length: Long = TO_END): Source =
            // Asked again, so that it is not collected, and closed, before its descriptor was duplicated.
            fd(file.fd, offset, length).also { file.fileDescriptor }

        /**
         * An asset: `assets.openFd(name)`, which works only for assets stored without compression (`noCompress`). The
         * asset may be closed afterwards.
         */
        @JvmStatic
        @Throws(ModelsigException::class)
        fun of(asset: AssetFileDescriptor): Source {
            // Not `length`, which asks the file for its size where the length was not told.
            val length = asset.declaredLength
            val known = if (length == AssetFileDescriptor.UNKNOWN_LENGTH) TO_END else length
            return of(asset.parcelFileDescriptor, asset.startOffset, known)
        }

        /**
         * What [buffer] has from its position to its limit. A direct buffer is used where it is and must not change
         * before the source is closed; any other is copied.
         */
        @JvmStatic
        @Throws(ModelsigException::class)
        fun buffer(buffer: ByteBuffer): Source {
            val view = buffer.duplicate()
            val direct = if (view.isDirect) view else copy(view)
            val length = direct.remaining()
            return source(Native.sourceBuffer(direct, direct.position(), length), direct)
        }

        /** A copy of [bytes]. */
        @JvmStatic
        @Throws(ModelsigException::class)
        fun bytes(bytes: ByteArray): Source = buffer(ByteBuffer.wrap(bytes))

        private fun copy(view: ByteBuffer): ByteBuffer =
            ByteBuffer.allocateDirect(view.remaining()).also {
                it.put(view)
                it.flip()
            }

        private fun checkRange(offset: Long, length: Long) {
            require(offset >= 0) { "the offset is $offset" }
            require(length >= 0 || length == TO_END) { "the length is $length" }
        }

        private fun source(pointer: Long, buffer: ByteBuffer? = null) =
            Source(Handle(pointer, "source") { Native.sourceFree(it, buffer) })
    }
}
