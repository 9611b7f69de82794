package org.modelsig

import android.content.res.AssetFileDescriptor
import android.os.ParcelFileDescriptor
import java.io.File
import java.io.FileOutputStream
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.util.zip.CRC32
import java.util.zip.ZipEntry
import java.util.zip.ZipOutputStream
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.modelsig.Fixtures.thrown

/** Every place that bytes can come from, as the content of a signed name. */
class SourceTest {
    private lateinit var verifier: Verifier
    private lateinit var bundle: Source

    /** Like an APK with `noCompress`: entries are stored, and [offset] is where the bytes of [Fixtures.BIG] begin. */
    private lateinit var apk: File
    private var offset = 0L
    private val length = Fixtures.bytes(Fixtures.BIG).size.toLong()

    @Before
    fun open() {
        verifier = Fixtures.verifier()
        bundle = Fixtures.signed()
        apk = File.createTempFile("modelsig", ".apk")
        val content = Fixtures.bytes(Fixtures.BIG)
        ZipOutputStream(FileOutputStream(apk)).use { zip ->
            zip.setMethod(ZipOutputStream.STORED)
            fun store(name: String, bytes: ByteArray) {
                val entry = ZipEntry(name)
                entry.size = bytes.size.toLong()
                entry.crc = CRC32().apply { update(bytes) }.value
                zip.putNextEntry(entry)
                zip.write(bytes)
            }
            store("classes.dex", ByteArray(12_345) { it.toByte() })
            store("assets/weights.bin", content)
            store("resources.arsc", ByteArray(999))
        }
        val bytes = apk.readBytes()
        offset = bytes.indexOf(content).toLong()
    }

    @After
    fun close() {
        bundle.close()
        verifier.close()
        apk.delete()
    }

    private fun accepts(content: Source, name: String = Fixtures.BIG) {
        content.use { assertTrue(verifier.verifyResource(bundle, name, it).startsWith("{")) }
    }

    private inline fun <reified T : Throwable> refuses(content: Source): T =
        content.use { thrown<T> { verifier.verifyResource(bundle, Fixtures.BIG, it) } }

    @Test
    fun `a path`() {
        accepts(Source.path(File(Fixtures.model, Fixtures.BIG).path))
        accepts(Source.path(File(Fixtures.model, Fixtures.UNICODE).path), Fixtures.UNICODE)
        refuses<MismatchException>(Source.path(File(Fixtures.changed, Fixtures.BIG).path))
        refuses<MissingException>(Source.path(File(Fixtures.model, "nothing").path))
    }

    @Test
    fun `a part of a path, as of a Play asset pack`() {
        accepts(Source.path(apk.path, offset, length))
        refuses<MismatchException>(Source.path(apk.path, offset + 1, length))
        refuses<MismatchException>(Source.path(apk.path, offset, length - 1))
        refuses<MismatchException>(Source.path(apk.path, offset, Source.TO_END))
    }

    @Test
    fun `a part of a descriptor, as of an asset`() {
        ParcelFileDescriptor.open(apk, ParcelFileDescriptor.MODE_READ_ONLY).use { file ->
            accepts(Source.fd(file.fd, offset, length))
            accepts(Source.of(file, offset, length))
            accepts(Source.of(AssetFileDescriptor(file, offset, length)))
            refuses<MismatchException>(Source.of(AssetFileDescriptor(file, offset + 1, length)))
            refuses<MismatchException>(
                Source.of(AssetFileDescriptor(file, offset, AssetFileDescriptor.UNKNOWN_LENGTH)),
            )
        }
    }

    @Test
    fun `a whole file of which the length was not told`() {
        val file = ParcelFileDescriptor.open(File(Fixtures.model, Fixtures.BIG), ParcelFileDescriptor.MODE_READ_ONLY)
        file.use { accepts(Source.of(AssetFileDescriptor(it, 0, AssetFileDescriptor.UNKNOWN_LENGTH))) }
    }

    @Test
    fun `a descriptor is neither moved nor closed`() {
        RandomAccessFile(File(Fixtures.model, Fixtures.BIG), "r").use { file ->
            file.seek(77)
            val number = Fixtures.number(file.fd)
            accepts(Source.fd(number))
            assertEquals(77, file.filePointer)
            assertTrue(file.read() >= 0)
        }
    }

    @Test
    fun `a source outlives the descriptor that it was made from`() {
        val file = ParcelFileDescriptor.open(apk, ParcelFileDescriptor.MODE_READ_ONLY)
        val source = Source.of(file, offset, length)
        file.close()
        accepts(source)
    }

    @Test
    fun `a bad descriptor gives no verdict`() {
        thrown<UsageException> { Source.fd(-1) }
        thrown<ReadException> { Source.fd(1_000_000) }
    }

    @Test
    fun `a pipe is not a file`() {
        RandomAccessFile(File(Fixtures.folder, "pipe"), "rw").use { pipe ->
            try {
                Source.fd(Fixtures.number(pipe.fd)).use { verifier.verifyResource(bundle, Fixtures.BIG, it) }
            } catch (refused: UndecidedException) {
                return
            }
            throw AssertionError("a pipe was verified")
        }
    }

    @Test
    fun `ranges that cannot be are refused`() {
        for ((offset, length) in listOf(-1L to 1L, 0L to -2L, Long.MIN_VALUE to 0L)) {
            thrown<IllegalArgumentException> { Source.path(apk.path, offset, length) }
            thrown<IllegalArgumentException> { Source.fd(0, offset, length) }
        }
        for ((offset, length) in listOf(Long.MAX_VALUE to Long.MAX_VALUE, apk.length() to 1L, 0L to apk.length() + 1)) {
            try {
                Source.path(apk.path, offset, length).use { verifier.verifyResource(bundle, Fixtures.BIG, it) }
            } catch (refused: ModelsigException) {
                continue
            }
            throw AssertionError("$length bytes at $offset were verified")
        }
    }

    @Test
    fun `a buffer, direct or not, from its position to its limit`() {
        val content = Fixtures.bytes(Fixtures.BIG)
        accepts(Source.bytes(content))
        for (buffer in listOf(ByteBuffer.allocate(content.size + 30), ByteBuffer.allocateDirect(content.size + 30))) {
            buffer.position(10)
            buffer.put(content)
            buffer.flip()
            buffer.position(10)
            accepts(Source.buffer(buffer))
            accepts(Source.buffer(buffer.asReadOnlyBuffer()))
            assertEquals(10, buffer.position())
            buffer.position(11)
            refuses<MismatchException>(Source.buffer(buffer))
        }
        refuses<MismatchException>(Source.bytes(ByteArray(0)))
        accepts(Source.bytes(ByteArray(0)), "empty.bin")
        accepts(Source.buffer(ByteBuffer.allocateDirect(0)), "empty.bin")
    }

    @Test
    fun `a direct buffer is kept for as long as the source`() {
        val source = run {
            val buffer = ByteBuffer.allocateDirect(length.toInt())
            buffer.put(Fixtures.bytes(Fixtures.BIG))
            buffer.flip()
            Source.buffer(buffer)
        }
        repeat(5) {
            System.gc()
            ByteBuffer.allocateDirect(1 shl 20).put(ByteArray(1 shl 20) { 1 })
        }
        accepts(source)
    }

    @Test
    fun `a name that was not signed`() {
        Source.bytes(ByteArray(1)).use {
            val refused = thrown<UnsignedException> { verifier.verifyResource(bundle, "\uD83D\uDE00", it) }
            assertEquals("\uD83D\uDE00", refused.path)
        }
    }

    private fun ByteArray.indexOf(part: ByteArray): Int =
        (0..size - part.size).first { start -> part.indices.all { this[start + it] == part[it] } }
}
