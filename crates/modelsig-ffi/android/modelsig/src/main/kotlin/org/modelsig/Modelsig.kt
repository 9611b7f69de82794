package org.modelsig

/** What the library says of itself, and what a bundle says of itself. */
object Modelsig {
    /** The version of the native library, such as "1.2.3". */
    @JvmStatic
    val version: String get() = text(Native.version())

    /** What the native library was built with, such as "blake2b,rayon". */
    @JvmStatic
    val features: String get() = text(Native.features())

    /** How SHA-256 is computed on this machine, for logs. Digests do not depend on it. */
    @JvmStatic
    val sha256Kernel: String get() = text(Native.sha256Kernel())

    /**
     * What [bundle] *claims*, as JSON: names, sizes, a hint at the signer. Nothing is verified, so nothing of it proves
     * anything.
     */
    @JvmStatic
    @Throws(ModelsigException::class)
    fun inspect(bundle: Source): String = bundle.handle.shared { text(Native.inspect(it)) }
}
