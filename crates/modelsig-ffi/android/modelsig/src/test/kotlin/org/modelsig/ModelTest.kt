package org.modelsig

import android.os.ParcelFileDescriptor
import java.io.File
import java.io.FileInputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.ReadOnlyBufferException
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.random.Random
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.modelsig.Fixtures.thrown

class ModelTest {
    private val big = Fixtures.bytes(Fixtures.BIG)

    @Test
    fun `names and lengths are the signed ones`(): Unit = Fixtures.opened { model ->
        assertEquals(Fixtures.names, model.names)
        Fixtures.names.forEach { assertEquals(it, Fixtures.bytes(it).size.toLong(), model.length(it)) }
        thrown<UnsignedException> { model.length("nothing") }
    }

    @Test
    fun `bytes are read where they are wanted`(): Unit = Fixtures.opened { model ->
        for (offset in listOf(0, 1, Fixtures.CHUNK - 1, Fixtures.CHUNK, big.size - 1, big.size)) {
            for (length in listOf(0, 1, 100, Fixtures.CHUNK + 5).filter { offset + it <= big.size }) {
                val expected = big.copyOfRange(offset, offset + length)
                assertArrayEquals(expected, model.read(Fixtures.BIG, offset.toLong(), length))
                for (buffer in listOf(ByteBuffer.allocate(length + 9), ByteBuffer.allocateDirect(length + 9))) {
                    buffer.position(4)
                    buffer.limit(4 + length)
                    model.read(Fixtures.BIG, offset.toLong(), buffer.slice())
                    model.read(Fixtures.BIG, offset.toLong(), buffer)
                    assertEquals(4 + length, buffer.position())
                    buffer.position(4)
                    assertArrayEquals(expected, ByteArray(length).also(buffer::get))
                }
            }
        }
        assertArrayEquals(Fixtures.bytes(Fixtures.UNICODE), model.read(Fixtures.UNICODE, 0, 1000))
    }

    @Test
    fun `reading past the end is refused and fills nothing`(): Unit = Fixtures.opened { model ->
        val buffer = ByteBuffer.allocate(10)
        for (offset in listOf(big.size - 9L, big.size + 1L, Long.MAX_VALUE)) {
            thrown<UsageException> { model.read(Fixtures.BIG, offset, buffer) }
            assertEquals(0, buffer.position())
        }
        assertArrayEquals(ByteArray(10), buffer.array())
        thrown<IllegalArgumentException> { model.read(Fixtures.BIG, -1, buffer) }
        thrown<ReadOnlyBufferException> { model.read(Fixtures.BIG, 0, buffer.asReadOnlyBuffer()) }
    }

    @Test
    fun `only the changed chunk of a changed file is refused`() {
        Fixtures.verifier().use { verifier ->
            Fixtures.signed().use { bundle ->
                verifier.open(Fixtures.changed.path, bundle).use { model ->
                    val good = model.read(Fixtures.BIG, 0, Fixtures.CHUNK)
                    assertArrayEquals(big.copyOf(Fixtures.CHUNK), good)
                    val refused = thrown<MismatchException> { model.read(Fixtures.BIG, Fixtures.FLIPPED + 5, 1) }
                    assertEquals(Fixtures.CHUNK.toLong(), refused.offset)
                    thrown<MismatchException> { model.load(Fixtures.BIG) }
                    thrown<MismatchException> { model.fd(Fixtures.BIG) }
                    thrown<MismatchException> { model.loadAll() }
                    thrown<UsageException> { model.read(Fixtures.BIG, 0, 1) }
                }
            }
        }
    }

    @Test
    fun `a loaded file is a direct buffer that cannot be written`(): Unit = Fixtures.opened { model ->
        val bytes = model.load(Fixtures.BIG)
        assertEquals(big.size.toLong(), bytes.length)
        assertTrue(bytes.protection >= Protection.PRIVATE)
        val buffer = bytes.buffer
        assertTrue(buffer.isDirect && buffer.isReadOnly)
        assertEquals(ByteOrder.nativeOrder(), buffer.order())
        assertArrayEquals(big, ByteArray(buffer.remaining()).also(buffer::get))
        thrown<ReadOnlyBufferException> { buffer.put(0, 0) }

        val part = bytes.buffer(100, 50)
        assertArrayEquals(big.copyOfRange(100, 150), ByteArray(50).also(part::get))
        assertEquals(0, bytes.buffer(bytes.length, 0).remaining())
        thrown<IllegalArgumentException> { bytes.buffer(bytes.length, 1) }
        thrown<IllegalArgumentException> { bytes.buffer(-1, 1) }
        thrown<IllegalArgumentException> { bytes.buffer(0, -1) }
        model.load("empty.bin").use { assertEquals(0, it.buffer.remaining()) }

        // It outlives the model.
        model.close()
        bytes.withBuffer { assertEquals(big[7], it.get(7)) }
        bytes.close()
        thrown<IllegalStateException> { bytes.buffer }
    }

    @Test
    fun `memory stays while somebody looks at it`(): Unit = Fixtures.opened { model ->
        val bytes = model.load(Fixtures.BIG)
        bytes.withBuffer { buffer ->
            Thread(bytes::close).apply { start() }.join()
            assertArrayEquals(big, ByteArray(buffer.remaining()).also(buffer::get))
            thrown<IllegalStateException> { bytes.length }
        }
    }

    @Test
    fun `a tensor is loaded by its name`(): Unit = Fixtures.opened { model ->
        assertTrue(model.tensors(), "second" in model.tensors())
        for (file in listOf(null, Fixtures.TENSORS)) {
            model.loadTensor("second", file).use { tensor ->
                tensor.withBuffer { buffer ->
                    val floats = buffer.asFloatBuffer()
                    assertEquals(listOf(1.5f, -2f, 0f), List(3) { floats.get(it) })
                    assertEquals(12, buffer.remaining())
                }
            }
        }
        thrown<MissingException> { model.loadTensor("third") }
    }

    @Test
    fun `a verified descriptor has the bytes, and lives on its own`() {
        val file = Fixtures.opened { model ->
            val verified = model.fd(Fixtures.BIG)
            assertTrue(verified.protection >= Protection.PRIVATE)
            model.parcelFileDescriptor(Fixtures.UNICODE).use {
                assertArrayEquals(Fixtures.bytes(Fixtures.UNICODE), FileInputStream(it.fileDescriptor).readBytes())
            }
            ParcelFileDescriptor.adoptFd(verified.fd)
        }
        file.use { assertArrayEquals(big, FileInputStream(it.fileDescriptor).readBytes()) }
    }

    @Test
    fun `everything is loaded at once, by one alone`(): Unit = Fixtures.opened { model ->
        model.handle.shared { thrown<IllegalStateException> { model.loadAll() } }
        model.loadAll()
        assertTrue(model.report().startsWith("{"))
        assertArrayEquals(big, model.read(Fixtures.BIG, 0, big.size))
    }

    @Test
    fun `resources lie apart, under their names`() {
        Fixtures.verifier().use { verifier ->
            Fixtures.signed().use { bundle ->
                val sources = listOf(Fixtures.UNICODE, Fixtures.TENSORS).associateWith {
                    Source.path(File(Fixtures.model, it).path)
                }
                verifier.openResources(bundle, sources).use { model ->
                    // The model goes on without them.
                    sources.values.forEach(Source::close)
                    for (name in sources.keys) {
                        val content = Fixtures.bytes(name)
                        assertArrayEquals(content, model.read(name, 0, content.size))
                    }
                    assertEquals(Fixtures.names, model.names)
                    try {
                        model.read(Fixtures.BIG, 0, 1)
                    } catch (refused: ModelsigException) {
                        return
                    }
                    throw AssertionError("bytes came from nowhere")
                }
            }
        }
    }

    @Test
    fun `buffers cannot be opened, and unsigned names neither`() {
        Fixtures.verifier().use { verifier ->
            Fixtures.signed().use { bundle ->
                Source.bytes(big).use {
                    thrown<UnsupportedException> { verifier.openResources(bundle, mapOf(Fixtures.BIG to it)) }
                }
                Source.path(Fixtures.bundle.path).use {
                    thrown<UnsignedException> { verifier.openResources(bundle, mapOf("nothing" to it)) }
                }
            }
        }
    }

    @Test
    fun `eight threads share a model`(): Unit = Fixtures.opened { model ->
        val pool = Executors.newFixedThreadPool(8)
        val readers = (0 until 8).map { seed ->
            Callable {
                val random = Random(seed)
                repeat(20) {
                    val offset = random.nextInt(big.size)
                    val length = random.nextInt(minOf(200_000, big.size - offset))
                    val expected = big.copyOfRange(offset, offset + length)
                    val buffer = ByteBuffer.allocateDirect(length)
                    model.read(Fixtures.BIG, offset.toLong(), buffer)
                    buffer.flip()
                    assertArrayEquals(expected, ByteArray(length).also(buffer::get))
                    if (it % 7 == seed % 7) model.load(Fixtures.UNICODE).close()
                    assertEquals(Fixtures.names, model.names)
                }
            }
        }
        pool.invokeAll(readers).forEach { it.get() }
        pool.shutdown()
        assertTrue(pool.awaitTermination(60, TimeUnit.SECONDS))
    }
}
