package org.modelsig

import java.io.File
import java.io.FileDescriptor
import org.junit.Assert.fail

/** What `src/test/fixtures/make` made. The name of its folder has spaces and characters of every length. */
internal object Fixtures {
    val folder = File(checkNotNull(System.getProperty("modelsig.fixtures")) { "-Dmodelsig.fixtures is not set" })

    /** Signed: see [names]. */
    val model = File(folder, "model")
    val bundle = File(folder, "model.sig")

    /** Ed25519, and the key of somebody else. */
    val key = File(folder, "key.pub.pem").readText()
    val otherKey = File(folder, "other.pub.pem").readText()

    /** [model] with one bit of [BIG] flipped, at [FLIPPED]. */
    val changed = File(folder, "changed")

    /** 5,000,001 random bytes, hence several chunks. */
    const val BIG = "weights.bin"
    const val CHUNK = 1 shl 20
    const val FLIPPED = 1_500_000L

    const val TENSORS = "tensors.safetensors"

    /** One, two, three and four bytes in UTF-8, the last ones as pairs of surrogates. */
    const val UNICODE = "größe-重み-\uD83D\uDE00\uD835\uDD38.bin"
    val names = listOf("config.json", "empty.bin", UNICODE, "sub/block.bin", TENSORS, "tiny.gguf", BIG).sorted()

    fun bytes(name: String): ByteArray = File(model, name).readBytes()

    fun verifier(): Verifier = Verifier.ofKey(key)

    fun signed(): Source = Source.path(bundle.path)

    fun <T> opened(options: Options = Options(), block: (Model) -> T): T =
        verifier().use { verifier ->
            signed().use { bundle ->
                verifier.open(model.path, bundle, options).use(block)
            }
        }

    /** The number of an open file of a desktop Java virtual machine. */
    fun number(descriptor: FileDescriptor): Int {
        val field = FileDescriptor::class.java.getDeclaredField("fd")
        field.isAccessible = true
        return field.getInt(descriptor)
    }

    /** What [block] throws, which must be exactly a [T]. */
    inline fun <reified T : Throwable> thrown(block: () -> Unit): T {
        try {
            block()
        } catch (fault: Throwable) {
            if (fault.javaClass == T::class.java) return fault as T
            throw AssertionError("${fault.javaClass.name} instead of ${T::class.java.name}: ${fault.message}", fault)
        }
        fail("nothing was thrown instead of ${T::class.java.name}")
        throw AssertionError()
    }
}
