//! How a call works, and how its caller watches it: threads, progress, cancellation.
//!
//! A callback is called on the thread of the call and on no other, since that is what the languages on top need: a JVM
//! knows its own threads only. So where threads of a pool hash, the work goes on beside the thread of the call, which
//! waits and tells; where the caller wants no other thread, it tells between two blocks.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use modelsig::Error;
use modelsig::hash::{CancelToken, Engine, Progress};

use crate::options::ModelsigProgressCallback;

/// The time between two looks at the counters.
const PERIOD: Duration = Duration::from_millis(50);

/// Nobody has use for more threads; a number that came about by mistake must not start tens of thousands.
const MOST_THREADS: u32 = 256;

/// Whether the work is done.
#[derive(Default)]
struct End {
    done: Mutex<bool>,
    changed: Condvar,
}

impl End {
    /// Waits for it, but not for ever.
    fn within(&self, period: Duration) -> bool {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(done, period, |done| !*done);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Says so when it is dropped.
struct Tells<'e>(&'e End);

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        *self.0.done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }
}

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
        let threads = self.threads.min(MOST_THREADS) as usize;
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
        let (mut work, mut result) = (Some(work), None);
        self.watched(engine, &mut || {
            if let Some(work) = work.take() {
                result = Some(work()?);
            }
            Ok(())
        })?;
        result.ok_or(Error::Cancelled)
    }

    /// The same without the result, compiled once.
    #[inline(never)]
    fn watched(
        &self,
        engine: &Engine,
        work: &mut (dyn FnMut() -> Result<(), Error> + Send),
    ) -> Result<(), Error> {
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
    fn beside(
        &self,
        callback: Callback,
        progress: &Progress,
        work: &mut (dyn FnMut() -> Result<(), Error> + Send),
    ) -> Result<(), Error> {
        let (end, mut told, mut asked) = (End::default(), None, false);
        let beside = std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().name("modelsig".into());
            let worker = builder.spawn_scoped(scope, || {
                // At the end, however that comes.
                let _tells = Tells(&end);
                work()
            })?;
            while !end.within(PERIOD) {
                let now = (progress.done(), progress.total());
                if !asked && told != Some(now) {
                    told = Some(now);
                    asked = !callback.tell(now.0, now.1);
                    if asked {
                        self.cancel.cancel();
                    }
                }
            }
            Ok::<_, std::io::Error>(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        // Where the system refuses a thread, that of the call does the work, as an engine does.
        let result = beside.unwrap_or_else(|_| work());
        // The last word, of which only the figures count.
        let now = (progress.done(), progress.total());
        if !asked && told != Some(now) {
            callback.tell(now.0, now.1);
        }
        result
    }

    /// The thread of the call does all the work.
    fn is_alone(&self) -> bool {
        self.threads == 1 || !modelsig::hash::HAS_THREADS
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;
    use std::thread::{self, ThreadId};
    use std::time::Instant;

    use modelsig::ErrorKind;
    use modelsig::hash::{HAS_THREADS, HashAlgorithm, Plan, Source, Task};

    use super::*;

    const LENGTH: u64 = 20 << 20;

    /// What the callback was told, and what it answers.
    #[derive(Default)]
    struct Caller {
        told: Mutex<Vec<(ThreadId, u64, u64)>>,
        /// It asks for the end from so many bytes on.
        enough: Option<u64>,
    }

    impl Caller {
        fn that_wants(enough: u64) -> Self {
            Self { enough: Some(enough), ..Self::default() }
        }

        fn watch(&self, cancel: CancelToken, threads: u32) -> Watch {
            Watch::new(Some(tell), (&raw const *self).cast_mut().cast(), cancel, threads)
        }

        fn told(&self) -> Vec<(ThreadId, u64, u64)> {
            self.told.lock().unwrap().clone()
        }
    }

    unsafe extern "C" fn tell(userdata: *mut c_void, done: u64, total: u64) -> i32 {
        // SAFETY: the caller outlives the watch, and all that it holds can be shared.
        let caller = unsafe { &*userdata.cast::<Caller>() };
        caller.told.lock().unwrap().push((thread::current().id(), done, total));
        caller.enough.is_some_and(|enough| done >= enough).into()
    }

    /// Two files, so that several threads have something to do.
    fn hash(engine: &Engine) -> Result<(), Error> {
        let bytes = vec![7; LENGTH as usize / 2];
        let mut plan = Plan::new();
        for _ in 0..2 {
            let task = Task::whole(Source::from_bytes(&bytes), HashAlgorithm::Sha256);
            plan.push(task.map_err(|error| Error::Internal { what: error.to_string() })?);
        }
        let cancelled = engine.run(&plan).iter().any(Result::is_err);
        if cancelled { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Work that goes on until somebody asks for its end.
    fn wait(engine: &Engine) -> Result<(), Error> {
        engine.progress().planned(2);
        engine.progress().advanced(1);
        let begin = Instant::now();
        while !engine.is_cancelled() {
            assert!(begin.elapsed() < Duration::from_secs(60), "nobody has ended it");
            thread::sleep(Duration::from_millis(1));
        }
        Err(Error::Cancelled)
    }

    #[test]
    fn the_callback_is_called_on_the_thread_of_the_call_up_to_the_end() {
        for threads in [0, 1, 2, 5, u32::MAX] {
            let caller = Caller::default();
            let watch = caller.watch(CancelToken::new(), threads);
            let engine = watch.engine().unwrap();
            watch.run(&engine, || hash(&engine)).unwrap();
            let told = caller.told();
            assert!(told.iter().all(|(on, ..)| *on == thread::current().id()), "{threads}");
            assert!(told.windows(2).all(|two| two[0].1 <= two[1].1), "{threads}: it goes forward: {told:?}");
            assert_eq!(told.last().map(|last| (last.1, last.2)), Some((LENGTH, LENGTH)), "{threads}");
            assert!(threads != 1 || told.len() > 10, "block by block, since nobody else can look: {told:?}");
            let told = told.len();
            thread::sleep(2 * PERIOD);
            assert_eq!(caller.told().len(), told, "not after the call has returned");
        }
    }

    #[test]
    fn the_work_is_done_where_the_caller_wants_it() {
        for (threads, with_callback) in [(1, true), (1, false), (2, false), (2, true)] {
            let caller = Caller::default();
            let watch = match with_callback {
                true => caller.watch(CancelToken::new(), threads),
                false => Watch::new(None, std::ptr::null_mut(), CancelToken::new(), threads),
            };
            let engine = watch.engine().unwrap();
            let at_work = watch.run(&engine, || Ok(thread::current().id())).unwrap();
            let beside = HAS_THREADS && threads != 1 && with_callback;
            assert_eq!(at_work != thread::current().id(), beside, "{threads} {with_callback}");
        }
    }

    #[test]
    fn the_callback_can_end_it_and_leaves_the_token_of_the_caller_alone() {
        for threads in [0, 1, 2] {
            let (caller, token) = (Caller::that_wants(1), CancelToken::new());
            let watch = caller.watch(token.child(), threads);
            let engine = watch.engine().unwrap();
            let error = watch.run(&engine, || if threads == 1 { hash(&engine) } else { wait(&engine) });
            assert!(matches!(error, Err(Error::Cancelled)), "{threads}: {error:?}");
            assert!(!token.is_cancelled(), "{threads}");
            let told = caller.told().len();
            assert_eq!(caller.told().iter().filter(|told| told.1 >= 1).count(), 1, "it is asked once");
            // What was opened with it has ended for good.
            let again = watch.run(&engine, || -> Result<(), Error> { unreachable!("nothing is begun") });
            assert!(matches!(again, Err(Error::Cancelled)), "{threads}");
            assert_eq!(caller.told().len(), told);
        }
    }

    #[test]
    fn an_answer_after_the_last_byte_is_not_looked_at() {
        for threads in [0, 1, 2] {
            let caller = Caller::that_wants(LENGTH);
            let watch = caller.watch(CancelToken::new(), threads);
            let engine = watch.engine().unwrap();
            watch.run(&engine, || hash(&engine)).unwrap();
            assert!(!engine.is_cancelled());
            watch.run(&engine, || Ok(())).unwrap();
        }
    }

    #[test]
    fn the_token_of_the_caller_ends_it() {
        for threads in [0, 1, 2] {
            let (caller, token) = (Caller::default(), CancelToken::new());
            let watch = caller.watch(token.child(), threads);
            let engine = watch.engine().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(Duration::from_millis(20));
                    token.cancel();
                });
                let ended = watch.run(&engine, || wait(&engine));
                assert!(matches!(ended, Err(Error::Cancelled)), "{threads}: {ended:?}");
            });
            let never = watch.run(&engine, || -> Result<(), Error> { unreachable!("nothing is begun") });
            assert!(matches!(never, Err(Error::Cancelled)), "{threads}");
        }
    }

    #[test]
    fn whoever_asked_for_the_end_gets_it_unless_there_is_worse_to_tell() {
        for threads in [0, 1, 2] {
            let token = CancelToken::new();
            let caller = Caller::default();
            let watch = caller.watch(token.child(), threads);
            let engine = watch.engine().unwrap();
            let done = watch.run(&engine, || {
                token.cancel();
                Ok(())
            });
            assert!(matches!(done, Err(Error::Cancelled)), "{threads}");

            let token = CancelToken::new();
            let watch = caller.watch(token.child(), threads);
            let engine = watch.engine().unwrap();
            let bad = watch.run(&engine, || -> Result<(), Error> {
                token.cancel();
                Err(Error::Missing { path: "a".into() })
            });
            assert_eq!(bad.unwrap_err().kind(), ErrorKind::Missing, "{threads}");
        }
    }

    #[test]
    fn a_panic_comes_through() {
        for threads in [0, 1, 2] {
            let caller = Caller::default();
            let watch = caller.watch(CancelToken::new(), threads);
            let engine = watch.engine().unwrap();
            let thrown = catch_unwind(AssertUnwindSafe(|| {
                watch.run(&engine, || -> Result<(), Error> { std::panic::panic_any("a fault") })
            }));
            assert_eq!(thrown.unwrap_err().downcast_ref(), Some(&"a fault"), "{threads}");
            // Nothing is left behind that a later call would meet.
            watch.run(&engine, || hash(&engine)).unwrap();
        }
    }

    /// No thread is started, and none is left.
    #[cfg(target_os = "linux")]
    #[test]
    fn one_thread_means_one() {
        let ours = || {
            let tasks = std::fs::read_dir("/proc/self/task").unwrap();
            let name = |task: std::io::Result<std::fs::DirEntry>| {
                std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
            };
            tasks.filter_map(name).collect::<Vec<_>>()
        };
        let named = thread::Builder::new().name("only-one".into());
        let counted = named.spawn(move || {
            let caller = Caller::default();
            let watch = caller.watch(CancelToken::new(), 1);
            let engine = watch.engine().unwrap();
            watch.run(&engine, || hash(&engine)).unwrap();
            // A new thread has the name of the one that started it, unless it is given another.
            ours().iter().filter(|name| name.trim() == "only-one").count()
        });
        assert_eq!(counted.unwrap().join().unwrap(), 1);
    }
}
