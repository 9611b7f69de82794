package org.modelsig

/**
 * A pointer of the native library, and the rules under which it may be used.
 *
 * The native object lives until [close] was called *and* no call uses it any more: whoever closes while another thread
 * is inside a call does not wait, the last one to leave frees. That also keeps it alive if the garbage collector finds
 * its owner unreachable in the middle of a call. After [close] every new use throws [IllegalStateException].
 *
 * [keepsOpen] are handles that the native object points into; they are freed no sooner than this one.
 */
internal class Handle(
    private val pointer: Long,
    private val what: String,
    private val keepsOpen: List<Handle> = emptyList(),
    private val free: (Long) -> Unit,
) {
    private var users = 0
    private var alone = false
    private var closed = false
    private var leak: Leaks.Watch? = null

    init {
        check(pointer != 0L) { "the native half gave no $what" }
        var kept = 0
        try {
            keepsOpen.forEach {
                it.enter(alone = false)
                kept++
            }
        } catch (fault: Throwable) {
            keepsOpen.take(kept).forEach(Handle::leave)
            free(pointer)
            throw fault
        }
    }

    /** Uses the object together with whoever else does. */
    inline fun <T> shared(block: (Long) -> T): T {
        val pointer = enter(alone = false)
        try {
            return block(pointer)
        } finally {
            leave()
        }
    }

    /** Uses the object if nobody else does; otherwise throws [IllegalStateException] and does not wait. */
    inline fun <T> alone(block: (Long) -> T): T {
        val pointer = enter(alone = true)
        try {
            return block(pointer)
        } finally {
            leave()
        }
    }

    /** As [shared], or nothing at all if the handle is closed. */
    fun ifOpen(block: (Long) -> Unit) {
        synchronized(this) {
            if (closed) return
            users++
        }
        try {
            block(pointer)
        } finally {
            leave()
        }
    }

    val isClosed: Boolean get() = synchronized(this) { closed }

    /** Has the handle reported, and closed if [reclaim], should [owner] be collected without having closed it. */
    fun watch(owner: Any, reclaim: Boolean = true) {
        leak = Leaks.watch(owner, this, what, reclaim)
    }

    fun close() {
        val last = synchronized(this) {
            if (closed) return
            closed = true
            users == 0
        }
        leak?.let(Leaks::forget)
        if (last) release()
    }

    fun enter(alone: Boolean): Long = synchronized(this) {
        check(!closed) { "the $what is closed" }
        check(!this.alone && !(alone && users > 0)) { "another call is using the $what" }
        users++
        this.alone = alone
        pointer
    }

    fun leave() {
        val last = synchronized(this) {
            users--
            alone = false
            closed && users == 0
        }
        if (last) release()
    }

    private fun release() {
        try {
            free(pointer)
        } finally {
            keepsOpen.forEach(Handle::leave)
        }
    }
}
