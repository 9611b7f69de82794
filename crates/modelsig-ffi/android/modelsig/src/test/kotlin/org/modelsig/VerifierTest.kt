package org.modelsig

import java.io.File
import java.util.Base64
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.modelsig.Fixtures.thrown

class VerifierTest {
    private fun verify(
        model: File = Fixtures.model,
        bundle: File = Fixtures.bundle,
        key: String = Fixtures.key,
        options: Options = Options(),
    ): String =
        Verifier.ofKey(key).use { verifier ->
            Source.path(bundle.path).use { verifier.verify(model.path, it, options) }
        }

    @Test
    fun `a good model gets a report`() {
        val report = verify()
        assertTrue(report, report.startsWith("{"))
        Fixtures.names.filter { it.all { it in ' '..'~' } }.forEach { assertTrue(it, it in report) }
    }

    @Test
    fun `every way to check comes to the same verdict`() {
        for (check in Check.entries) {
            for (threads in listOf(0, 1, 3)) {
                val options = Options(threads = threads, check = check)
                verify(options = options)
                val refused = thrown<MismatchException> { verify(Fixtures.changed, options = options) }
                assertEquals(Fixtures.BIG, refused.path)
            }
        }
    }

    @Test
    fun `a flipped bit is a mismatch with a place and a report`() {
        val refused = thrown<MismatchException> { verify(Fixtures.changed) }
        assertEquals(100, refused.status)
        assertEquals(Fixtures.BIG, refused.path)
        // The chunk that holds the bit is known to be bad, not the bit.
        assertEquals(Fixtures.CHUNK.toLong(), refused.offset)
        assertTrue(refused.message!!, Fixtures.BIG in refused.message!!)
        assertTrue(checkNotNull(refused.report).startsWith("{"))
    }

    @Test
    fun `somebody else's key is not trusted`() {
        val refused = thrown<UntrustedException> { verify(key = Fixtures.otherKey) }
        assertEquals(111, refused.status)
        assertNull(refused.offset)
    }

    @Test
    fun `any one of several keys is enough`() {
        Verifier.Builder().key(Fixtures.otherKey).key(Fixtures.key).build().use { verifier ->
            Fixtures.signed().use { verifier.verify(Fixtures.model.path, it) }
        }
    }

    @Test
    fun `a raw key is as good as a file`() {
        // An Ed25519 key is the last 32 bytes of its SubjectPublicKeyInfo.
        val lines = Fixtures.key.lines().filter { it.isNotBlank() && !it.startsWith("-----") }
        val raw = Base64.getDecoder().decode(lines.joinToString("")).takeLast(32).toByteArray()
        Verifier.Builder().key(KeyType.ED25519, raw).build().use { verifier ->
            Fixtures.signed().use { verifier.verify(Fixtures.model.path, it) }
        }
        thrown<KeyException> { Verifier.Builder().key(KeyType.ED25519, raw.copyOf(31)).build() }
        thrown<KeyException> { Verifier.Builder().key(KeyType.P256, raw).build() }
    }

    @Test
    fun `nobody is trusted by default`() {
        Verifier.Builder().build().use { verifier ->
            Fixtures.signed().use {
                thrown<UsageException> { verifier.verify(Fixtures.model.path, it) }
            }
        }
    }

    @Test
    fun `keys that are none are refused`() {
        assertEquals(206, thrown<KeyException> { Verifier.ofKey("no key") }.status)
        thrown<KeyException> { Verifier.ofKey("") }
    }

    @Test
    fun `files that are not there give no verdict`() {
        val missing = File(Fixtures.folder, "nothing \uD83D\uDE00 here")
        val refused = thrown<NotFoundException> { verify(model = missing) }
        assertEquals(missing.path, refused.path)
        thrown<NotFoundException> { verify(bundle = missing) }
    }

    @Test
    fun `a bundle that is none is malformed`() {
        thrown<MalformedException> { verify(bundle = File(Fixtures.model, "config.json")) }
    }

    @Test
    fun `a bundle that was tampered with has a bad signature`() {
        val text = Fixtures.bundle.readText()
        val payload = Regex("\"payload\"\\s*:\\s*\"([^\"]+)\"").find(text)!!.groupValues[1]
        val statement = String(Base64.getDecoder().decode(payload))
        assertTrue("config.json" in statement)
        val forged = Base64.getEncoder().encodeToString(statement.replace("config.json", "konfig.json").toByteArray())
        Source.bytes(text.replace(payload, forged).toByteArray()).use { bundle ->
            Fixtures.verifier().use { verifier ->
                val refused = thrown<BadSignatureException> { verifier.verify(Fixtures.model.path, bundle) }
                assertEquals(110, refused.status)
            }
        }
    }

    @Test
    fun `missing and unsigned files are told apart`() {
        val copy = File(Fixtures.folder, "copy-${System.nanoTime()}")
        try {
            Fixtures.model.copyRecursively(copy)
            File(copy, "more.bin").writeText("more")
            assertEquals("more.bin", thrown<UnsignedException> { verify(copy) }.path)
            verify(copy, options = Options(danger = setOf(Danger.UNSIGNED_FILES)))
            File(copy, "more.bin").delete()
            File(copy, Fixtures.UNICODE).delete()
            assertEquals(Fixtures.UNICODE, thrown<MissingException> { verify(copy) }.path)
        } finally {
            copy.deleteRecursively()
        }
    }

    @Test
    fun `limits end it without a verdict`() {
        thrown<LimitException> { verify(options = Options(maxModelBytes = 1000)) }
    }

    @Test
    fun `anchors are for builds with certificates`() {
        val certificates = "certificate" in Modelsig.features.split(",")
        try {
            Verifier.Builder().anchors("no certificate").build().close()
        } catch (refused: UndecidedException) {
            val expected = if (certificates) KeyException::class.java else UnsupportedException::class.java
            assertEquals(expected, refused.javaClass)
            return
        }
        throw AssertionError("text that is no certificate was taken")
    }

    @Test
    fun `options that make no sense are refused`() {
        thrown<IllegalArgumentException> { Options(threads = -1) }
        thrown<IllegalArgumentException> { Options(maxCopyBytes = -1) }
        thrown<IllegalArgumentException> { Options(minProtection = Protection.UNPROTECTED) }
    }

    @Test
    fun `the library says what it is`() {
        assertTrue(Modelsig.version, Regex("""\d+\.\d+\.\d+.*""").matches(Modelsig.version))
        assertNotNull(Modelsig.features)
        assertTrue(Modelsig.sha256Kernel.isNotBlank())
        if (System.getProperty("os.arch") == "aarch64") {
            assertTrue(Modelsig.sha256Kernel, Modelsig.sha256Kernel.startsWith("armv8"))
        }
    }

    @Test
    fun `inspecting proves nothing but shows the names`() {
        Fixtures.signed().use { bundle ->
            val claims = Modelsig.inspect(bundle)
            assertTrue(claims, claims.startsWith("{") && Fixtures.BIG in claims)
        }
        Source.bytes("{}".toByteArray()).use { thrown<MalformedException> { Modelsig.inspect(it) } }
    }
}
