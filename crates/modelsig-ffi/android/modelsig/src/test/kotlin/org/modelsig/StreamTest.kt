package org.modelsig

import java.io.File
import java.io.FileInputStream
import java.io.FileOutputStream
import java.nio.ByteBuffer
import kotlin.concurrent.thread
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.modelsig.Fixtures.thrown

class StreamTest {
    private val big = Fixtures.bytes(Fixtures.BIG)

    /** A model without files: for streams only. */
    private fun <T> streamed(name: String = Fixtures.BIG, block: (VerificationStream) -> T): T =
        Fixtures.verifier().use { verifier ->
            Fixtures.signed().use { bundle ->
                verifier.openResources(bundle).use { model -> model.stream(name).use(block) }
            }
        }

    @Test
    fun `a good file is taken in pieces of any size and kind`(): Unit = streamed { stream ->
        stream.update(big, 0, 1)
        stream.update(big, 1, 0)
        stream.update(ByteBuffer.wrap(big, 1, 9).slice())
        val direct = ByteBuffer.allocateDirect(100_000)
        direct.put(big, 10, 100_000)
        direct.flip()
        stream.update(direct.asReadOnlyBuffer())
        assertEquals(100_000, direct.remaining())
        stream.update(ByteBuffer.wrap(big, 100_010, 90).asReadOnlyBuffer())
        assertEquals(0, stream.verified)
        stream.update(big, 100_100)
        stream.finish()
        assertEquals(big.size.toLong(), stream.verified)
    }

    @Test
    fun `a bad file is refused at its first bad chunk, and stays refused`(): Unit = streamed { stream ->
        val changed = File(Fixtures.changed, Fixtures.BIG).readBytes()
        val piece = 64 * 1024
        var sent = 0
        val refused = thrown<MismatchException> {
            while (sent < changed.size) {
                stream.update(changed, sent, minOf(piece, changed.size - sent))
                sent += piece
            }
        }
        // The piece that completed the second chunk was the last.
        assertEquals(2 * Fixtures.CHUNK - piece, sent)
        assertEquals(Fixtures.CHUNK.toLong(), refused.offset)
        assertEquals(Fixtures.BIG, refused.path)
        assertEquals(Fixtures.CHUNK.toLong(), stream.verified)
        thrown<MismatchException> { stream.update(big, 0, 1) }
        thrown<MismatchException> { stream.finish() }
        assertEquals(Fixtures.CHUNK.toLong(), stream.verified)
    }

    @Test
    fun `too short and too long are refused`() {
        streamed { stream ->
            stream.update(big, 0, big.size - 1)
            thrown<MismatchException> { stream.finish() }
        }
        streamed { stream ->
            stream.update(big)
            thrown<MismatchException> { stream.update(big, 0, 1) }
            thrown<MismatchException> { stream.finish() }
        }
        streamed { stream -> thrown<MismatchException> { stream.finish() } }
        streamed("empty.bin") { it.finish() }
        thrown<UnsignedException> { streamed("nothing") {} }
    }

    @Test
    fun `a pipe, as content providers give them`() {
        val pipe = File(Fixtures.folder, "pipe")
        val writer = thread { FileOutputStream(pipe).use { it.write(big) } }
        streamed { stream ->
            FileInputStream(pipe).use { input ->
                val buffer = ByteArray(32 * 1024)
                while (true) {
                    val count = input.read(buffer)
                    if (count < 0) break
                    stream.update(buffer, 0, count)
                }
            }
            stream.finish()
        }
        writer.join()
    }

    @Test
    fun `ranges that cannot be are refused`(): Unit = streamed { stream ->
        for ((start, length) in listOf(-1 to 1, 0 to -1, 1 to big.size, Int.MAX_VALUE to 1, 1 to Int.MAX_VALUE)) {
            thrown<IndexOutOfBoundsException> { stream.update(big, start, length) }
        }
        assertEquals(0, stream.verified)
        stream.update(big)
        stream.finish()
    }

    @Test
    fun `a stream outlives the handle of its model`() {
        Fixtures.verifier().use { verifier ->
            Fixtures.signed().use { bundle ->
                val model = verifier.openResources(bundle)
                val stream = model.stream(Fixtures.BIG)
                model.close()
                stream.update(big)
                stream.finish()
                assertTrue(stream.verified > 0)
                stream.close()
                thrown<IllegalStateException> { stream.finish() }
            }
        }
    }
}
