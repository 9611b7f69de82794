package org.modelsig

import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** The statuses of the C header and the exceptions. */
class StatusTest {
    /** `MODELSIG_STATUS_…` without its beginning, and the number. */
    private val statuses: Map<String, Int> =
        Regex("""#define MODELSIG_STATUS_(\w+) (\d+)""")
            .findAll(File(checkNotNull(System.getProperty("modelsig.header"))).readText())
            .associate { it.groupValues[1] to it.groupValues[2].toInt() }

    /** Those that no call of this API ends with: they are about signing. */
    private val foreign = setOf("OK", "EXISTS", "UNSIGNABLE")

    private fun exception(status: Int): ModelsigException = ModelsigException.of(status, "why", "path", 7, "{}")

    @Test
    fun `each status has an exception of its own name`() {
        assertTrue(statuses.size > 20)
        for ((name, status) in statuses.filterKeys { it !in foreign }) {
            val words = name.lowercase().split("_").joinToString("") { it.replaceFirstChar(Char::uppercase) }
            val expected = if (name == "IO") "ReadException" else "${words}Exception"
            assertEquals(expected, exception(status).javaClass.simpleName)
            assertEquals(status, exception(status).status)
        }
    }

    @Test
    fun `bad and could-not-tell are never taken for each other`() {
        // Numbers of later versions too.
        for (status in 1..400) {
            when (val exception = exception(status)) {
                is RejectedException -> assertTrue("$status", status in 100..199)
                is UndecidedException -> assertTrue("$status", status !in 100..199 && status != 300)
                is CancelledException -> assertEquals(300, exception.status)
            }
        }
    }

    @Test
    fun `an exception carries the facts`() {
        val exception = exception(100)
        assertEquals(listOf("why", "path", 7L, "{}"), exception.run { listOf(message, path, offset, report) })
        val text = "größe \uD83D\uDE00"
        val bare = Native.failure(202, text.toByteArray(), null, -1, null) as ReadException
        assertEquals(listOf(text, null, null, null), bare.run { listOf(message, path, offset, report) })
    }

    @Test
    fun `the numbers of protections, dangers and keys are those of the header`() {
        val header = File(checkNotNull(System.getProperty("modelsig.header"))).readText()
        fun defined(name: String): Int {
            val value = Regex("""#define MODELSIG_$name (\w+)""").find(header)?.groupValues?.get(1)
            return Integer.decode(checkNotNull(value) { name })
        }
        Protection.entries.forEach { assertEquals(defined("PROTECTION_${it.name}"), it.number) }
        Danger.entries.forEach { assertEquals(defined("DANGER_${it.name}"), it.bit) }
        KeyType.entries.forEach { assertEquals(defined("KEY_${it.name}"), it.number) }
        Check.entries.forEach { assertEquals(defined("CHECK_${it.name}"), it.number) }
        assertEquals(defined("ABI_VERSION"), Native.abiVersion())
    }
}
