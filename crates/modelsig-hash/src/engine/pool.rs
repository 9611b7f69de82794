//! The threads of an engine, started when they are needed.

use std::sync::{Arc, OnceLock};

/// Threads, or the promise of some.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    threads: usize,
    /// `None` inside where the system refused to start threads.
    started: Arc<OnceLock<Option<Arc<rayon::ThreadPool>>>>,
}

impl Pool {
    /// So many threads; 0 means one for each CPU.
    pub(super) fn of(threads: usize) -> Self {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        Self { threads, started: Arc::default() }
    }

    pub(super) fn given(pool: Arc<rayon::ThreadPool>) -> Self {
        Self { threads: pool.current_num_threads(), started: Arc::new(OnceLock::from(Some(pool))) }
    }

    /// The threads, if there is more than the caller's. They are started now if they were not before.
    pub(super) fn threads(&self) -> Option<&rayon::ThreadPool> {
        if self.threads == 1 && self.started.get().is_none() {
            return None;
        }
        let build = || rayon::ThreadPoolBuilder::new().num_threads(self.threads).build().ok().map(Arc::new);
        self.started.get_or_init(build).as_deref()
    }
}
