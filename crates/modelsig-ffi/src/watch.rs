//! How a call works, and how its caller watches it: threads, progress, cancellation.
//!
//! A callback is called on the thread of the call and on no other, since that is what the languages on top need: a JVM
//! knows its own threads only. So where threads of a pool hash, the work goes on beside the thread of the call, which
//! waits and tells; where the caller wants no other thread, it tells between two blocks.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use modelsig::Error;
use modelsig::hash::{CancelToken, Engine, Progress};

use crate::options::ModelsigProgressCallback;

/// The time between two looks at the counters.
const PERIOD: Duration = Duration::from_millis(50);

/// The part of the options that is not about trust.
pub(crate) struct Watch {
    callback: Option<Callback>,
    cancel: CancelToken,
    threads: u32,
}

#[derive(Clone, Copy)]
struct Callback {
    function: unsafe extern "C" fn(*mut c_void, u64, u64) -> i32,
    userdata: *mut c_void,
}

// SAFETY: `userdata` is only handed to the callback, on the thread of a call; whether other threads may have it is a matter
// of the caller, who decides on which threads calls are made.
unsafe impl Send for Callback {}
// SAFETY: as above.
unsafe impl Sync for Callback {}

impl Callback {
    /// True to go on. Where nothing is left to be done there is nothing to stop.
    fn tell(self, done: u64, total: u64) -> bool {
        // SAFETY: the caller has given function and userdata for this.
        let answer = unsafe { (self.function)(self.userdata, done, total) };
        answer == 0 || (done >= total && total > 0)
    }
}

impl Watch {
    pub(crate) fn new(
        callback: ModelsigProgressCallback,
        userdata: *mut c_void,
        cancel: CancelToken,
        threads: u32,
    ) -> Self {
        Self { callback: callback.map(|function| Callback { function, userdata }), cancel, threads }
    }

    /// The engine that the work is done on.
    pub(crate) fn engine(&self) -> Result<Engine, Error> {
        let threads = usize::try_from(self.threads).unwrap_or(usize::MAX);
        let engine = Engine::new(threads).map_err(|error| Error::Internal { what: error.to_string() })?;
        let progress = match self.callback.filter(|_| self.is_alone()) {
            None => Progress::new(),
            // The engine hashes on the thread of the call, and so the callback is called there.
            Some(callback) => {
                let (cancel, asked) = (self.cancel.clone(), AtomicBool::new(false));
                Progress::observed(move |done, total| {
                    if !asked.load(Ordering::Relaxed) && !callback.tell(done, total) {
                        asked.store(true, Ordering::Relaxed);
                        cancel.cancel();
                    }
                })
            }
        };
        Ok(engine.with_progress(progress).with_cancel(self.cancel.clone()))
    }

    /// Does the work of a call.
    pub(crate) fn run<T: Send>(
        &self,
        engine: &Engine,
        work: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let result = match self.callback.filter(|_| !self.is_alone()) {
            None => work(),
            Some(callback) => self.beside(callback, engine.progress(), work),
        };
        // Work that does not hash, such as a walk, does not look at the token itself.
        if self.cancel.is_cancelled() { result.and(Err(Error::Cancelled)) } else { result }
    }

    /// One thread works, and that of the call tells.
    fn beside<T: Send>(
        &self,
        callback: Callback,
        progress: &Progress,
        work: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let (ends, ended) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let worker = std::thread::Builder::new().name("modelsig".into()).spawn_scoped(scope, move || {
                // Dropped at the end, however that comes.
                let _ends = ends;
                work()
            });
            let failed = |source| Error::Io { operation: "start", path: "a thread".into(), source };
            let worker = worker.map_err(failed)?;
            let mut told = None;
            let mut asked = false;
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(PERIOD) {
                let now = (progress.done(), progress.total());
                if !asked && told != Some(now) {
                    told = Some(now);
                    asked = !callback.tell(now.0, now.1);
                    if asked {
                        self.cancel.cancel();
                    }
                }
            }
            let result = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            // The last word, of which only the figures count.
            let now = (progress.done(), progress.total());
            if !asked && told != Some(now) {
                callback.tell(now.0, now.1);
            }
            result
        })
    }

    /// The thread of the call does all the work.
    fn is_alone(&self) -> bool {
        self.threads == 1 || !modelsig::hash::HAS_THREADS
    }
}
