package org.modelsig

import java.lang.ref.PhantomReference
import java.lang.ref.ReferenceQueue
import java.util.Collections
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong
import java.util.logging.Logger

/**
 * Finds objects that were dropped without being closed, says so in the log, and closes what can be closed safely.
 *
 * It needs no finalizer, no thread and no `Cleaner`, which Android has only since 33: the queue is looked at whenever
 * another object is made. So it is a net and not a plan: what is dropped last stays.
 */
internal object Leaks {
    /** Deliberately without a way to the owner, which it would keep alive. */
    class Watch(owner: Any, val handle: Handle, val what: String, val reclaim: Boolean) :
        PhantomReference<Any>(owner, queue)

    private val queue = ReferenceQueue<Any>()
    private val watched = Collections.newSetFromMap(ConcurrentHashMap<Watch, Boolean>())
    private val log = Logger.getLogger("modelsig")

    /** How many were found so far. */
    val found = AtomicLong()

    fun watch(owner: Any, handle: Handle, what: String, reclaim: Boolean): Watch {
        sweep()
        return Watch(owner, handle, what, reclaim).also(watched::add)
    }

    fun forget(watch: Watch) {
        watched.remove(watch)
        watch.clear()
    }

    fun sweep() {
        while (true) {
            val watch = queue.poll() as Watch? ?: return
            if (!watched.remove(watch)) continue
            found.incrementAndGet()
            if (watch.reclaim) {
                watch.handle.close()
                log.warning("a ${watch.what} was never closed; it is now")
            } else {
                log.warning("a ${watch.what} was never closed; its memory is lost")
            }
        }
    }
}
