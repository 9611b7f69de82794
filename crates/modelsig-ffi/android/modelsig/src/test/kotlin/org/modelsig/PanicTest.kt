package org.modelsig

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.modelsig.Fixtures.thrown

/** Entries that panic, which the library has only for this. The exceptions are made as [Native] makes them. */
internal object Panics {
    /** While true, no exception can be made. */
    var isBroken = false

    @JvmStatic external fun here(how: Int)
    @JvmStatic external fun inside()

    @JvmStatic
    fun failure(status: Int, message: ByteArray, path: ByteArray?, offset: Long, report: ByteArray?): Throwable? =
        if (isBroken) null else Native.failure(status, message, path, offset, report)
}

class PanicTest {
    init {
        // Loads the library.
        Native.abiVersion()
    }

    @Test
    fun `a panic in the native half is an exception`() {
        val messages = listOf("a literal", "number 1", "a panic without a message")
        messages.forEachIndexed { how, message ->
            val fault = thrown<InternalException> { Panics.here(how) }
            assertEquals("internal error: $message", fault.message)
            assertEquals(299, fault.status)
        }
    }

    @Test
    fun `a panic in the library is an exception`() {
        val fault = thrown<InternalException> { Panics.inside() }
        assertTrue(fault.message, "a panic that was asked for" in fault.message!!)
    }

    @Test
    fun `where no exception can be made a plain one is thrown`() {
        Panics.isBroken = true
        try {
            for (call in listOf({ Panics.here(0) }, { Panics.inside() })) {
                val fault = thrown<RuntimeException>(call)
                assertTrue(fault.message, fault.message!!.startsWith("modelsig: "))
            }
        } finally {
            Panics.isBroken = false
        }
    }
}
