package org.modelsig

/**
 * How to verify. The defaults are the strict ones; what weakens them is in [danger] alone.
 *
 * @property threads threads to hash on; 0 is one for each CPU, 1 the calling thread only.
 * @property check which digests decide where a file has both.
 * @property minProtection bytes are handed out on this rung or a higher one, or not at all; `null` is
 *   [Protection.PRIVATE].
 * @property maxCopyBytes the longest file that is copied into memory to protect it; 0 is no limit.
 * @property maxModelBytes the largest model that is looked at; 0 is no limit.
 * @property failFast end at the first bad file instead of listing them all.
 * @property strictGit files of git in the model are unsigned files like others.
 * @property refuseBundleIgnores refuse bundles whose signer left files out.
 * @property danger what is given up. It is written into the report.
 * @property progress is told how far a call is.
 * @property cancel stops calls from other threads.
 */
class Options(
    val threads: Int = 0,
    val check: Check = Check.CHUNKS,
    val minProtection: Protection? = null,
    val maxCopyBytes: Long = 0,
    val maxModelBytes: Long = 0,
    val failFast: Boolean = false,
    val strictGit: Boolean = false,
    val refuseBundleIgnores: Boolean = false,
    val danger: Set<Danger> = emptySet(),
    val progress: Progress? = null,
    val cancel: CancelToken? = null,
) {
    init {
        require(threads >= 0) { "threads is $threads" }
        require(maxCopyBytes >= 0) { "maxCopyBytes is $maxCopyBytes" }
        require(maxModelBytes >= 0) { "maxModelBytes is $maxModelBytes" }
        require(minProtection != Protection.UNPROTECTED) { "UNPROTECTED is chosen by Danger.UNPROTECTED" }
    }

    /** The native form for the time of [block]. */
    internal fun <T> native(block: (Long) -> T): T = withToken { token ->
        val options = make(token)
        try {
            block(options)
        } finally {
            Native.optionsFree(options)
        }
    }

    /** The native form for an object that [open] makes with it. The handle to it owns the options too. */
    internal fun handle(what: String, open: (Long) -> Long, free: (Long) -> Unit): Handle = withToken { token ->
        val options = make(token)
        val pointer = try {
            open(options)
        } catch (fault: Throwable) {
            Native.optionsFree(options)
            throw fault
        }
        Handle(pointer, what, keepsOpen = listOfNotNull(cancel?.handle)) {
            free(it)
            Native.optionsFree(options)
        }
    }

    /** The token is in use for as long as something points to it. */
    private fun <T> withToken(block: (Long) -> T): T = if (cancel == null) block(0) else cancel.handle.shared(block)

    private fun make(token: Long): Long {
        val flags = (if (failFast) 1 else 0) or (if (strictGit) 2 else 0) or (if (refuseBundleIgnores) 4 else 0) or
            danger.fold(0) { bits, it -> bits or it.bit }
        val rung = minProtection?.number ?: 0
        return Native.optionsNew(maxCopyBytes, maxModelBytes, threads, check.number, rung, flags, progress, token)
    }
}

/** Which digests decide where a file has both kinds. */
enum class Check(internal val number: Int) {
    /** Those of its chunks: in parallel, and the first bad one ends it. */
    CHUNKS(0),

    /** That of the whole file. */
    WHOLE(1),

    /** Both. */
    BOTH(2),
}

/** Who could still change bytes after they were checked: each rung keeps out more than the one before. */
enum class Protection(internal val number: Int) {
    /** Whoever can write the file. Only with [Danger.UNPROTECTED]. */
    UNPROTECTED(1),

    /** Checked in place and seen not to change meanwhile, in a file that nobody else can write. */
    STABLE(2),

    /** Checked while copied into memory of this process. */
    PRIVATE(3),

    /** Checked in a clone of the file that has no name. */
    CLONE(4),

    /** Checked in memory that the kernel lets nobody write any more. */
    SEALED(5),

    /** The kernel itself refuses other bytes (fs-verity). */
    KERNEL(6),
    ;

    internal companion object {
        fun of(number: Int): Protection =
            entries.firstOrNull { it.number == number } ?: error("unknown protection $number")
    }
}

/** What can be given up. */
enum class Danger(internal val bit: Int) {
    /** Files that were not signed may lie in the model. */
    UNSIGNED_FILES(0x10000),

    /** Symbolic links in the model are followed. */
    SYMLINKS(0x20000),

    /** Bundles of forms that OpenSSF Model Signing has given up. */
    LEGACY(0x40000),

    /** Bytes that others can change after the check. */
    UNPROTECTED(0x80000),
}

/**
 * Told how far a call is, on the thread that made the call. What it throws ends the call and comes out of it.
 */
fun interface Progress {
    /** [done] of [total] bytes. `false` cancels: the call throws [CancelledException]. */
    fun onProgress(done: Long, total: Long): Boolean
}
