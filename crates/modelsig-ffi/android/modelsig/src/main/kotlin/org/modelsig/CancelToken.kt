package org.modelsig

/**
 * Stops calls from another thread: pass it in [Options], and call [cancel] whenever you like.
 *
 * A call that is stopped throws [CancelledException]. A token stays requested, and a [Model] that was stopped stays so:
 * make new ones to try again.
 */
class CancelToken : AutoCloseable {
    internal val handle = Handle(Native.cancelNew(), "cancel token", free = Native::cancelFree)

    init {
        handle.watch(this)
    }

    /** Any thread may call this, also after [close], when there is nothing left to stop: coroutines cancel late. */
    fun cancel() = handle.ifOpen(Native::cancelRequest)

    val isCancelled: Boolean get() = handle.shared(Native::cancelRequested)

    /** Calls and models that hold the token go on to heed what was requested before. */
    override fun close() = handle.close()
}
