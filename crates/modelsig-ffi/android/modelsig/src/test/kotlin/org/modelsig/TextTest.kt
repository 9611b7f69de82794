package org.modelsig

import java.io.File
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Test
import org.modelsig.Fixtures.thrown

/** Names and paths of every kind of character, both ways. */
class TextTest {
    @Test
    fun `paths and names may have any character`() {
        check("\uD83D\uDE00" in Fixtures.UNICODE && " " in Fixtures.folder.name)
        Fixtures.opened { model ->
            assertArrayEquals(Fixtures.bytes(Fixtures.UNICODE), model.read(Fixtures.UNICODE, 0, 1000))
        }
        val missing = File(Fixtures.folder, "ä\u07FF\uFFFD\uD800\uDC00\uDBFF\uDFFF\uD83D\uDE00")
        Fixtures.verifier().use { verifier ->
            Source.path(missing.path).use { bundle ->
                val refused = thrown<NotFoundException> { verifier.verify(Fixtures.model.path, bundle) }
                assertEquals(missing.path, refused.path)
            }
        }
    }

    @Test
    fun `NUL is refused wherever text goes`() {
        val names = listOf("\u0000", "a\u0000b", "config.json\u0000")
        for (name in names) {
            thrown<IllegalArgumentException> { Source.path(name) }
            thrown<IllegalArgumentException> { Verifier.ofKey(Fixtures.key + name) }
            Fixtures.opened { model -> thrown<IllegalArgumentException> { model.length(name) } }
        }
    }

    @Test
    fun `half a character is refused wherever text goes`() {
        for (name in listOf("\uD83D", "a\uDE00", "\uDE00\uD83D")) {
            thrown<IllegalArgumentException> { Source.path(name) }
            thrown<IllegalArgumentException> { Verifier.ofKey(name) }
            Fixtures.opened { model -> thrown<IllegalArgumentException> { model.read(name, 0, 1) } }
        }
    }
}
