package org.modelsig

import java.io.File
import java.nio.file.Files
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Test
import org.modelsig.Fixtures.thrown

/** Progress, and the ways to stop. */
class CancelTest {
    private fun verify(options: Options): String =
        Fixtures.verifier().use { verifier ->
            Fixtures.signed().use { verifier.verify(Fixtures.model.path, it, options) }
        }

    @Test
    fun `progress grows to its end, on the thread of the call`() {
        val caller = Thread.currentThread()
        val told = mutableListOf<Pair<Long, Long>>()
        verify(
            Options(
                threads = 1,
                progress = { done, total ->
                    assertSame(caller, Thread.currentThread())
                    told += done to total
                    true
                },
            ),
        )
        assertTrue("$told", told.size > 1)
        assertEquals(told.map { it.first }, told.map { it.first }.sorted())
        assertEquals(1, told.map { it.second }.distinct().size)
        assertEquals(told.last().second, told.last().first)
    }

    @Test
    fun `a callback cancels`() {
        var calls = 0
        val refused = thrown<CancelledException> { verify(Options(threads = 1, progress = { _, _ -> ++calls < 2 })) }
        assertEquals(300, refused.status)
        assertEquals(2, calls)
    }

    @Test
    fun `a callback beside several threads is called on the thread of the call, and heard`() {
        val caller = Thread.currentThread()
        var calls = 0
        val options = Options(
            threads = 2,
            progress = { _, _ ->
                calls++
                assertSame(caller, Thread.currentThread())
                false
            },
        )
        try {
            verify(options)
        } catch (refused: CancelledException) {
            assertEquals(300, refused.status)
        }
        // Small models are done before the first look at the clock: then there is nothing left to stop.
        assertEquals(1, calls)
    }

    @Test
    fun `a large model is stopped while several threads hash it`() {
        val large = File(Fixtures.folder, "large")
        var calls = 0
        Fixtures.verifier().use { verifier ->
            Source.path(File(Fixtures.folder, "large.sig").path).use { bundle ->
                val options = Options(threads = 2, progress = { done, total -> calls++ < 1 || done >= total })
                thrown<CancelledException> { verifier.verify(large.path, bundle, options) }
            }
        }
        assertEquals(2, calls)
    }

    @Test
    fun `what a callback throws ends the call and comes out of it`() {
        val mine = IllegalArgumentException("mine \uD83D\uDE00")
        var calls = 0
        val caught = thrown<IllegalArgumentException> {
            verify(
                Options(
                    progress = { _, _ ->
                        calls++
                        throw mine
                    },
                ),
            )
        }
        assertSame(mine, caught)
        assertEquals(1, calls)
        val error = object : Error("not even an exception") {}
        try {
            Fixtures.opened(Options(progress = { _, _ -> throw error })) { it.loadAll() }
        } catch (thrown: Error) {
            assertSame(error, thrown)
            return
        }
        throw AssertionError("the error was lost")
    }

    @Test
    fun `what the last callback throws comes out too, and nothing is left behind`() {
        // What descriptors are open on, less what the virtual machine itself opens when it likes.
        val open = {
            val links = File("/proc/self/fd").listFiles()!!.mapNotNull {
                // One of them is that of the list itself, gone by now.
                runCatching { Files.readSymbolicLink(it.toPath()).toString() }.getOrNull()
            }
            links.filter { "modelsig" in it || Fixtures.folder.name in it }.sorted()
        }
        val calls = listOf<(Model) -> Any>(
            { it.fd(Fixtures.BIG) },
            { it.load(Fixtures.BIG) },
            { it.read(Fixtures.BIG, 0, 10) },
            { it.loadAll() },
        )
        for (call in calls) {
            val before = open()
            for (threads in listOf(1, 0)) {
                thrown<NumberFormatException> {
                    val last = Progress { done, total -> done < total || throw NumberFormatException("at the end") }
                    Fixtures.opened(Options(threads = threads, progress = last), call)
                }
            }
            assertEquals(before, open())
        }
    }

    @Test
    fun `a callback may use the library itself`() {
        var nested = 0
        verify(
            Options(
                threads = 1,
                progress = { _, _ ->
                    if (nested++ == 0) {
                        verify(Options())
                        thrown<UntrustedException> {
                            Verifier.ofKey(Fixtures.otherKey).use { verifier ->
                                Fixtures.signed().use { verifier.verify(Fixtures.model.path, it) }
                            }
                        }
                    }
                    true
                },
            ),
        )
        assertTrue(nested > 1)
    }

    @Test
    fun `a token cancels from another thread`(): Unit = CancelToken().use { token ->
        val other = { thread { token.cancel() }.join() }
        var asked = false
        thrown<CancelledException> {
            verify(
                Options(
                    threads = 1,
                    cancel = token,
                    progress = { _, _ ->
                        if (!asked) other()
                        asked = true
                        true
                    },
                ),
            )
        }
        assertTrue(asked && token.isCancelled)
        // It stays so.
        thrown<CancelledException> { verify(Options(cancel = token)) }
    }

    @Test
    fun `a token without a request stops nothing`(): Unit = CancelToken().use { token ->
        verify(Options(cancel = token))
        assertFalse(token.isCancelled)
    }

    @Test
    fun `a cancelled model stays so`(): Unit = CancelToken().use { token ->
        Fixtures.opened(Options(cancel = token)) { model ->
            model.read(Fixtures.BIG, 0, 10)
            token.cancel()
            thrown<CancelledException> { model.load(Fixtures.BIG) }
            thrown<CancelledException> { model.loadAll() }
        }
    }

    @Test
    fun `a token may be closed while a model holds it`() {
        val token = CancelToken()
        Fixtures.opened(Options(cancel = token)) { model ->
            token.close()
            token.close()
            assertEquals(10, model.read(Fixtures.BIG, 0, 10).size)
            // Nothing to stop any more, and no fault either: coroutines cancel late.
            token.cancel()
            assertEquals(10, model.read(Fixtures.BIG, 0, 10).size)
        }
        thrown<IllegalStateException> { token.isCancelled }
        thrown<IllegalStateException> { verify(Options(cancel = token)) }
        Fixtures.verifier().use { verifier ->
            Fixtures.signed().use {
                thrown<IllegalStateException> { verifier.open(Fixtures.model.path, it, Options(cancel = token)) }
            }
        }
    }

    @Test
    fun `a wait that a token ends`(): Unit = CancelToken().use { token ->
        val inside = CountDownLatch(1)
        var caught: Throwable? = null
        val worker = thread {
            try {
                verify(
                    Options(
                        cancel = token,
                        progress = { _, _ ->
                            inside.countDown()
                            while (!token.isCancelled) Thread.yield()
                            true
                        },
                    ),
                )
            } catch (fault: Throwable) {
                caught = fault
            }
        }
        assertTrue(inside.await(60, TimeUnit.SECONDS))
        token.cancel()
        worker.join(60_000)
        assertFalse(worker.isAlive)
        assertEquals(CancelledException::class.java, caught?.javaClass)
    }
}
