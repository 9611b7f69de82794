package org.modelsig.readme

import android.content.ContentResolver
import android.net.Uri
import java.io.File
import java.io.FileInputStream
import java.io.InputStream
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicReference
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Assert.fail
import org.junit.Test
import org.modelsig.CancelledException
import org.modelsig.MismatchException
import org.modelsig.Model
import org.modelsig.Options
import org.modelsig.Source
import org.modelsig.Verifier

/** The code of the README, as far as it can run without Android. */
class ReadmeTest {
    private val fixtures = File(checkNotNull(System.getProperty("modelsig.fixtures")))
    private val key = File(fixtures, "key.pub.pem").readText()
    private val model = File(fixtures, "model")
    private val bundle = File(fixtures, "model.sig")

    private class Provider(private val file: File) : ContentResolver() {
        override fun openInputStream(uri: Uri): InputStream = FileInputStream(file)
    }

    private object Picked : Uri()

    private fun <T> streamed(block: (Model) -> T): T =
        Verifier.ofKey(key).use { verifier ->
            Source.path(bundle.path).use { bundle -> verifier.openResources(bundle).use(block) }
        }

    @Test
    fun `a coroutine gets the result`() {
        val report = runBlocking {
            cancellable { token ->
                Verifier.ofKey(key).use { verifier ->
                    Source.path(bundle.path).use { verifier.verify(model.path, it, Options(cancel = token)) }
                }
            }
        }
        assertTrue(report.startsWith("{"))
    }

    @Test
    fun `a coroutine that is cancelled stops the call`() {
        val inside = CountDownLatch(1)
        val over = CountDownLatch(1)
        val ended = AtomicReference<Throwable>()
        runBlocking {
            val job = launch(Dispatchers.Default) {
                cancellable { token ->
                    try {
                        val options = Options(
                            threads = 1,
                            cancel = token,
                            progress = { _, _ ->
                                inside.countDown()
                                while (!token.isCancelled) Thread.yield()
                                true
                            },
                        )
                        Verifier.ofKey(key).use { verifier ->
                            Source.path(bundle.path).use { verifier.verify(model.path, it, options) }
                        }
                    } catch (fault: Throwable) {
                        ended.set(fault)
                        throw fault
                    } finally {
                        over.countDown()
                    }
                }
            }
            assertTrue(inside.await(60, TimeUnit.SECONDS))
            job.cancelAndJoin()
        }
        assertTrue(over.await(60, TimeUnit.SECONDS))
        assertEquals(CancelledException::class.java, ended.get()?.javaClass)
    }

    @Test
    fun `what was picked is kept only if it is the signed file`() {
        val target = File.createTempFile("modelsig", ".bin")
        try {
            target.delete()
            streamed { signed ->
                try {
                    keepIfSigned(Provider(File(fixtures, "changed/weights.bin")), Picked, signed, "weights.bin", target)
                    fail("a changed file was kept")
                } catch (refused: MismatchException) {
                    assertEquals("weights.bin", refused.path)
                }
                assertFalse(target.exists())
                keepIfSigned(Provider(File(model, "weights.bin")), Picked, signed, "weights.bin", target)
            }
            assertArrayEquals(File(model, "weights.bin").readBytes(), target.readBytes())
            assertFalse(File(target.path + ".part").exists())
        } finally {
            target.delete()
        }
    }

    @Test
    fun `an interpreter gets verified memory`() {
        Verifier.ofKey(key).use { verifier ->
            Source.path(bundle.path).use { signature ->
                verifier.open(model.path, signature).use { VerifiedInterpreter(it, "weights.bin").close() }
            }
        }
    }
}
