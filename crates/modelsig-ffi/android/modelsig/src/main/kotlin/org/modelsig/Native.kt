package org.modelsig

/**
 * The native half: one function for each entry of `crates/modelsig-ffi/android/jni`, which calls the C function of the
 * same name.
 *
 * Handles are pointers; 0 and every number that did not come from here are faults of this package, never of its users,
 * who get at none of these. Text crosses as UTF-8 in byte arrays: the "modified UTF-8" of JNI strings writes NUL and
 * the characters beyond U+FFFF in a way of its own.
 */
internal object Native {
    /** `MODELSIG_ABI_VERSION` of the header that this package was written against. */
    private const val ABI_VERSION = 1

    init {
        System.loadLibrary("modelsig_jni")
        val found = abiVersion()
        if (found != ABI_VERSION) {
            throw UnsatisfiedLinkError("libmodelsig_jni.so has ABI version $found, these classes need $ABI_VERSION")
        }
    }

    @JvmStatic external fun abiVersion(): Int
    @JvmStatic external fun version(): ByteArray
    @JvmStatic external fun features(): ByteArray
    @JvmStatic external fun sha256Kernel(): ByteArray
    @JvmStatic external fun inspect(bundle: Long): ByteArray

    @JvmStatic external fun sourcePath(path: ByteArray): Long
    @JvmStatic external fun sourcePathPart(path: ByteArray, offset: Long, length: Long): Long
    @JvmStatic external fun sourceFd(fd: Int, offset: Long, length: Long): Long
    @JvmStatic external fun sourceBuffer(buffer: java.nio.ByteBuffer, position: Int, length: Int): Long
    /** [buffer] is what the source was made from. It is an argument so that it stays reachable until here. */
    @JvmStatic external fun sourceFree(source: Long, buffer: java.nio.ByteBuffer?)

    @JvmStatic external fun cancelNew(): Long
    @JvmStatic external fun cancelRequest(cancel: Long)
    @JvmStatic external fun cancelRequested(cancel: Long): Boolean
    @JvmStatic external fun cancelFree(cancel: Long)

    /** [cancel] is 0 where there is no token. */
    @JvmStatic external fun optionsNew(
        maxCopyBytes: Long,
        maxModelBytes: Long,
        threads: Int,
        check: Int,
        minProtection: Int,
        flags: Int,
        progress: Progress?,
        cancel: Long,
    ): Long
    @JvmStatic external fun optionsFree(options: Long)

    @JvmStatic external fun verifierNew(): Long
    @JvmStatic external fun verifierAddKeyPem(verifier: Long, pem: ByteArray)
    @JvmStatic external fun verifierAddKeyRaw(verifier: Long, type: Int, key: ByteArray)
    @JvmStatic external fun verifierAddAnchors(verifier: Long, pem: ByteArray)
    @JvmStatic external fun verifierAddIdentity(verifier: Long, identity: ByteArray)
    @JvmStatic external fun verifierVerify(verifier: Long, model: ByteArray, bundle: Long, options: Long): ByteArray
    @JvmStatic external fun verifierVerifyResource(
        verifier: Long,
        bundle: Long,
        name: ByteArray,
        content: Long,
        options: Long,
    ): ByteArray
    @JvmStatic external fun verifierOpen(verifier: Long, model: ByteArray, bundle: Long, options: Long): Long
    @JvmStatic external fun verifierOpenResources(
        verifier: Long,
        bundle: Long,
        names: Array<ByteArray>,
        contents: LongArray,
        options: Long,
    ): Long
    @JvmStatic external fun verifierFree(verifier: Long)

    @JvmStatic external fun modelCount(model: Long): Long
    /** `null` past the end. */
    @JvmStatic external fun modelName(model: Long, index: Long): ByteArray?
    @JvmStatic external fun modelLength(model: Long, name: ByteArray): Long
    @JvmStatic external fun modelReadBuffer(
        model: Long,
        name: ByteArray,
        offset: Long,
        buffer: java.nio.ByteBuffer,
        position: Int,
        length: Int,
    )
    @JvmStatic external fun modelReadArray(
        model: Long,
        name: ByteArray,
        offset: Long,
        array: ByteArray,
        start: Int,
        length: Int,
    )
    @JvmStatic external fun modelLoad(model: Long, name: ByteArray): Long
    @JvmStatic external fun modelLoadTensor(model: Long, file: ByteArray?, tensor: ByteArray): Long
    /** The protection in the upper half, the descriptor in the lower one. */
    @JvmStatic external fun modelFd(model: Long, name: ByteArray): Long
    @JvmStatic external fun modelLoadAll(model: Long)
    @JvmStatic external fun modelReport(model: Long): ByteArray
    @JvmStatic external fun modelTensors(model: Long): ByteArray
    @JvmStatic external fun modelStream(model: Long, name: ByteArray): Long
    @JvmStatic external fun modelFree(model: Long)

    /** A direct buffer over the memory itself: to be made read-only before anybody sees it. */
    @JvmStatic external fun bytesBuffer(bytes: Long, offset: Long, length: Int): java.nio.ByteBuffer
    @JvmStatic external fun bytesLength(bytes: Long): Long
    @JvmStatic external fun bytesProtection(bytes: Long): Int
    @JvmStatic external fun bytesFree(bytes: Long)

    @JvmStatic external fun streamUpdateArray(stream: Long, array: ByteArray, start: Int, length: Int)
    @JvmStatic external fun streamUpdateBuffer(stream: Long, buffer: java.nio.ByteBuffer, position: Int, length: Int)
    @JvmStatic external fun streamVerified(stream: Long): Long
    @JvmStatic external fun streamFinish(stream: Long)
    @JvmStatic external fun streamFree(stream: Long)

    /** What the native half throws for a status: it calls this. */
    @JvmStatic
    fun failure(status: Int, message: ByteArray, path: ByteArray?, offset: Long, report: ByteArray?): Throwable {
        val firstBadByte = if (offset == -1L) null else offset
        return ModelsigException.of(status, text(message), path?.let(::text), firstBadByte, report?.let(::text))
    }

    /** What the native half throws for a handle that is 0: it calls this. */
    @JvmStatic
    fun closed(): Throwable = IllegalStateException("the handle is closed")

    /** What the native half throws for an argument that it cannot use: it calls this. */
    @JvmStatic
    fun refused(message: ByteArray): Throwable = IllegalArgumentException(text(message))
}

/** Text for the native half. Refuses what is no text: half of a character beyond U+FFFF. */
internal fun utf8(text: String, argument: String): ByteArray =
    try {
        text.encodeToByteArray(throwOnInvalidSequence = true)
    } catch (fault: CharacterCodingException) {
        throw IllegalArgumentException("$argument is not well-formed text", fault)
    }

/** Text from the native half. */
internal fun text(utf8: ByteArray): String = utf8.decodeToString()
