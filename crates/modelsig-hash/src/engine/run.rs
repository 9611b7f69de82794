//! One run of a plan: what there is to do, who does it, and in which order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::pass::{Part, range_of};
use super::reader::Finished;
use super::task::TaskState;
use super::worker::Worker;
use super::{Each, Engine, Hashed, Plan, Task};
use crate::Error;
use crate::source::Opened;

/// Passes of at least this length are taken before all others, longest first, so that none is left at the end.
const LONG: u64 = 8 << 20;

/// A plan is worth waking other threads for from this much work on, counted in bytes.
#[cfg(feature = "rayon")]
const WORTH_THREADS: u64 = 2 << 20;

/// The work of opening and closing a file, in bytes that are hashed meanwhile.
#[cfg(feature = "rayon")]
const FILE: u64 = 16 << 10;

/// A pass that a worker has taken.
#[derive(Clone, Copy)]
pub(super) struct Taken<'r> {
    pub(super) task: usize,
    pub(super) parts: &'r [Part],
    /// How far the source will be read without a gap, by this worker and others.
    pub(super) limit: u64,
}

/// Files that are open at once, as long as each worker has one: half of what a process may usually have.
const OPEN_FILES: usize = 512;

/// One run of a plan.
pub(super) struct Run<'r, 's> {
    pub(super) engine: &'r Engine,
    each: &'r Each<'r>,
    tasks: &'r [Task<'s>],
    states: Vec<TaskState<'r>>,
    /// (task, pass) in the order in which they are taken.
    passes: Vec<(u32, u32)>,
    cursor: AtomicUsize,
    /// Sources that are open.
    open: AtomicUsize,
    /// Workers that have something to do.
    pub(super) active: AtomicUsize,
    /// Threads beside the caller's, if the plan is worth them.
    #[cfg(feature = "rayon")]
    pool: Option<&'r rayon::ThreadPool>,
    /// Workers that there can be.
    pub(super) workers: usize,
    /// What was not cached before is not to be cached after.
    drop_behind: bool,
    stopped: AtomicBool,
}

impl<'r, 's> Run<'r, 's> {
    pub(super) fn new(engine: &'r Engine, plan: &'r Plan<'s>, each: &'r Each<'r>) -> Self {
        let tasks = plan.tasks.as_slice();
        let bytes = plan.part_of.unwrap_or_else(|| {
            let bytes = plan.bytes();
            engine.progress.planned(bytes);
            bytes
        });
        let passes =
            tasks.iter().enumerate().flat_map(|(t, task)| (0..task.passes.count()).map(move |p| (t, p)));
        // More than that many would not fit into memory.
        let mut passes: Vec<(u32, u32)> = passes.map(|(task, pass)| (task as u32, pass as u32)).collect();
        passes.sort_by_cached_key(|&(task, pass)| {
            let parts = tasks.get(task as usize).map(|task| task.passes.parts(pass as usize));
            let length = parts.map_or(0, |parts| range_of(parts).length());
            std::cmp::Reverse(if length < LONG { 0 } else { length })
        });
        #[cfg(feature = "rayon")]
        let pool = if is_worth_threads(tasks) { engine.pool.threads() } else { None };
        #[cfg(feature = "rayon")]
        let workers = pool.map_or(1, rayon::ThreadPool::current_num_threads);
        #[cfg(not(feature = "rayon"))]
        let workers = 1;
        Self {
            engine,
            each,
            tasks,
            states: tasks.iter().map(TaskState::new).collect(),
            passes,
            cursor: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            active: AtomicUsize::new(0),
            #[cfg(feature = "rayon")]
            pool,
            workers,
            drop_behind: engine.cache.drops(bytes),
            stopped: AtomicBool::new(false),
        }
    }

    /// Does it all.
    pub(super) fn results(self) -> Vec<Result<Hashed, Error>> {
        #[cfg(feature = "rayon")]
        if let Some(pool) = self.pool {
            let run = &self;
            pool.scope(|scope| {
                for _ in 0..run.workers.min(run.passes.len()) {
                    run.active.fetch_add(1, Ordering::Relaxed);
                    scope.spawn(|scope| Worker::new(run).work(Some(scope)));
                }
            });
            return self.into_results();
        }
        self.active.fetch_add(1, Ordering::Relaxed);
        Worker::new(&self).work(None);
        self.into_results()
    }

    fn into_results(self) -> Vec<Result<Hashed, Error>> {
        self.states.into_iter().map(TaskState::into_result).collect()
    }

    /// The next pass, unless there is none.
    pub(super) fn take(&self) -> Option<Taken<'r>> {
        let next = self.cursor.fetch_add(1, Ordering::Relaxed);
        let &(task, pass) = self.passes.get(next)?;
        let task = task as usize;
        let passes = &self.of(task).1.passes;
        let parts = passes.parts(pass as usize);
        Some(Taken { task, parts, limit: passes.limit(parts) })
    }

    /// True when nothing is left to take.
    pub(super) fn is_exhausted(&self) -> bool {
        self.cursor.load(Ordering::Relaxed) >= self.passes.len()
    }

    /// The source of a task, opened.
    pub(super) fn open(&self, task: usize) -> Result<Arc<Opened<'r>>, Error> {
        let (state, task) = self.of(task);
        state.open(task, self.drop_behind, &self.open)
    }

    /// True when so many files are open that only those may open another one who have none.
    pub(super) fn is_crowded(&self) -> bool {
        self.open.load(Ordering::Relaxed) >= OPEN_FILES
    }

    /// How many passes one worker may have under way, so that there are some for each.
    pub(super) fn fair_share(&self) -> usize {
        self.passes.len().div_ceil(self.workers)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.engine.cancel.is_cancelled()
    }

    pub(super) fn done(&self, task: usize, finished: Finished<'r>) {
        let job = finished.part.job;
        let (state, planned) = self.of(task);
        if let Some(digest) = state.file(planned, finished)
            && (self.each)(task, Ok((job, &digest))).is_break()
        {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn finish(&self, task: usize, result: Result<(), Error>) {
        match self.of(task).0.finish(result, &self.open) {
            Some(Error::Cancelled) | None => {}
            Some(error) => {
                if (self.each)(task, Err(&error)).is_break() {
                    self.stopped.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    /// What is known of a task, and the task.
    #[expect(
        clippy::indexing_slicing,
        reason = "there is a state for each task, and passes name the tasks they are of"
    )]
    fn of(&self, task: usize) -> (&TaskState<'r>, &'r Task<'r>) {
        (&self.states[task], &self.tasks[task])
    }
}

#[cfg(feature = "rayon")]
fn is_worth_threads(tasks: &[Task<'_>]) -> bool {
    let lengths = tasks.iter().flat_map(|task| task.passes.iter()).map(|parts| range_of(parts).length());
    let mut work = lengths.scan(0u64, |sum, length| {
        *sum = sum.saturating_add(length).saturating_add(FILE);
        Some(*sum)
    });
    work.any(|work| work >= WORTH_THREADS)
}
