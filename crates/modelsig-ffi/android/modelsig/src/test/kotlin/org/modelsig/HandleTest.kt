package org.modelsig

import java.util.concurrent.CyclicBarrier
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicLong
import java.util.logging.Level
import java.util.logging.Logger
import kotlin.concurrent.thread
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.modelsig.Fixtures.thrown

/** Closed handles, handles closed during calls, handles never closed. */
class HandleTest {
    /** As [Progress], once: another thread closes [handle] while this one is inside of the call. */
    private fun closing(handle: () -> AutoCloseable): Progress {
        var closed = false
        return Progress { _, _ ->
            if (!closed) {
                closed = true
                val other = thread { handle().close() }
                other.join(60_000)
                assertTrue("closing waits for the call", !other.isAlive)
            }
            true
        }
    }

    @Test
    fun `a closed handle is refused`() {
        val verifier = Fixtures.verifier()
        val bundle = Fixtures.signed()
        val model = verifier.open(Fixtures.model.path, bundle)
        val stream = model.stream(Fixtures.BIG)
        val bytes = model.load("config.json")
        repeat(2) {
            listOf(stream, bytes, model, bundle, verifier).forEach(AutoCloseable::close)
        }
        Fixtures.signed().use { open -> thrown<IllegalStateException> { verifier.verify(Fixtures.model.path, open) } }
        Fixtures.verifier().use { open -> thrown<IllegalStateException> { open.verify(Fixtures.model.path, bundle) } }
        thrown<IllegalStateException> { Modelsig.inspect(bundle) }
        thrown<IllegalStateException> { model.names }
        thrown<IllegalStateException> { model.read(Fixtures.BIG, 0, 1) }
        thrown<IllegalStateException> { model.loadAll() }
        thrown<IllegalStateException> { stream.update(ByteArray(1)) }
        val refused = thrown<IllegalStateException> { bytes.buffer }
        assertEquals("the loaded file is closed", refused.message)
    }

    @Test
    fun `the native half refuses handles that are 0`() {
        val calls = listOf<() -> Unit>(
            { Native.verifierFree(0) },
            { Native.verifierAddKeyPem(0, ByteArray(0)) },
            { Native.verifierVerify(0, ByteArray(0), 0, 0) },
            { Native.sourceFree(0, null) },
            { Native.modelCount(0) },
            { Native.modelReadArray(0, ByteArray(0), 0, ByteArray(0), 0, 0) },
            { Native.bytesLength(0) },
            { Native.streamFinish(0) },
            { Native.cancelRequested(0) },
            { Native.optionsFree(0) },
        )
        calls.forEach { thrown<IllegalStateException>(it) }
    }

    @Test
    fun `the native half refuses ranges that lie outside`(): Unit = Fixtures.opened { model ->
        val name = Fixtures.BIG.toByteArray()
        val direct = java.nio.ByteBuffer.allocateDirect(8)
        for ((start, length) in listOf(-1 to 1, 0 to -1, 0 to 9, 8 to 1, Int.MAX_VALUE to Int.MAX_VALUE)) {
            model.handle.shared {
                thrown<IllegalArgumentException> { Native.modelReadArray(it, name, 0, ByteArray(8), start, length) }
                thrown<IllegalArgumentException> { Native.modelReadBuffer(it, name, 0, direct, start, length) }
            }
            thrown<IllegalArgumentException> { Native.sourceBuffer(direct, start, length) }
        }
        thrown<IllegalArgumentException> { Native.sourceBuffer(java.nio.ByteBuffer.allocate(8), 0, 8) }
    }

    @Test
    fun `what is closed during a call lives until its end`() {
        lateinit var verifier: Verifier
        lateinit var bundle: Source
        for (which in listOf({ verifier as AutoCloseable }, { bundle as AutoCloseable })) {
            verifier = Fixtures.verifier()
            bundle = Fixtures.signed()
            verifier.verify(Fixtures.model.path, bundle, Options(progress = closing(which)))
            thrown<IllegalStateException> { verifier.verify(Fixtures.model.path, bundle) }
            verifier.close()
            bundle.close()
        }
    }

    @Test
    fun `a model that is closed during a call lives until its end`() {
        lateinit var model: Model
        val close = closing { model }
        var opened = false
        val options = Options(threads = 1, progress = { done, total -> !opened || close.onProgress(done, total) })
        Fixtures.verifier().use { verifier ->
            Fixtures.signed().use { bundle -> model = verifier.open(Fixtures.model.path, bundle, options) }
        }
        opened = true
        val bytes = model.load(Fixtures.BIG)
        thrown<IllegalStateException> { model.length(Fixtures.BIG) }
        bytes.use { loaded ->
            val content = loaded.withBuffer { buffer -> ByteArray(buffer.remaining()).also(buffer::get) }
            assertArrayEquals(Fixtures.bytes(Fixtures.BIG), content)
        }
    }

    @Test
    fun `readers and a closer race, and nobody is hurt`() {
        repeat(30) {
            Fixtures.opened { model ->
                val start = CyclicBarrier(4)
                val closed = AtomicInteger()
                val readers = (0 until 3).map {
                    thread {
                        start.await()
                        try {
                            while (true) assertEquals(1000, model.read(Fixtures.UNICODE, 0, 1000).size)
                        } catch (fault: IllegalStateException) {
                            closed.incrementAndGet()
                        }
                    }
                }
                start.await()
                Thread.sleep(2)
                model.close()
                readers.forEach(Thread::join)
                assertEquals(3, closed.get())
            }
        }
    }

    @Test
    fun `a handle frees once, after its last user, and then what it kept open`() {
        val freed = mutableListOf<Long>()
        val kept = Handle(1, "kept") { freed += it }
        val handle = Handle(2, "handle", keepsOpen = listOf(kept)) { freed += it }
        kept.close()
        handle.shared {
            handle.shared { handle.close() }
            thrown<IllegalStateException> { handle.shared {} }
            assertEquals(emptyList<Long>(), freed)
        }
        assertEquals(listOf(2L, 1L), freed)
        handle.close()
        handle.ifOpen { throw AssertionError("it is closed") }
        assertEquals(listOf(2L, 1L), freed)

        thrown<IllegalStateException> { Handle(3, "late", keepsOpen = listOf(kept)) { freed += it } }
        assertEquals("what could not be set up is freed", listOf(2L, 1L, 3L), freed)
        thrown<IllegalStateException> { Handle(0, "nothing") { freed += it } }
        assertEquals(3, freed.size)
    }

    @Test
    fun `alone means alone, and nobody waits`() {
        val handle = Handle(1, "handle") {}
        handle.alone {
            thrown<IllegalStateException> { handle.alone {} }
            thrown<IllegalStateException> { handle.shared {} }
        }
        handle.shared {
            thrown<IllegalStateException> { handle.alone {} }
            handle.shared {}
        }
        handle.alone {}
        handle.close()
    }

    @Test
    fun `what is dropped is found, and closed where that is safe`() {
        val freed = AtomicLong()
        fun drop(reclaim: Boolean) {
            repeat(50) {
                val owner = Any()
                Handle(7, "dropped thing") { freed.incrementAndGet() }.watch(owner, reclaim)
            }
        }

        fun collect(until: () -> Boolean) {
            repeat(200) {
                if (until()) return
                System.gc()
                Thread.sleep(10)
                Leaks.sweep()
            }
        }
        Logger.getLogger("modelsig").level = Level.OFF
        val before = Leaks.found.get()
        drop(reclaim = true)
        collect { freed.get() >= 49 }
        assertTrue("${freed.get()}", freed.get() >= 49)
        drop(reclaim = false)
        collect { Leaks.found.get() >= before + 98 }
        assertTrue("${Leaks.found.get() - before}", Leaks.found.get() >= before + 98)
        assertTrue("${freed.get()}", freed.get() <= 50)
    }
}
