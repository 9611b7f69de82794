//! A plan of independent jobs, run by a pool of workers, each with one buffer; digests in plan order.
//!
//! No byte is read twice for a task: jobs that overlap share one pass over what they cover, so that all of them see
//! the same bytes, whoever changes the file meanwhile. Passes are taken in plan order from a shared cursor, so files
//! are read front to back and few are open at a time. A failure belongs to the task it happened in; the others go on
//! unless the caller says otherwise.

mod pass;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::source::Opened;
use crate::{AccessUsed, ByteRange, CancelToken, ChunkSize, Digest, Error, HashAlgorithm, Progress, Source};
use pass::{Pass, Passes};

/// Bytes that a worker holds at a time.
pub const BLOCK: usize = 1 << 20;

/// One range to hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job {
    /// The bytes, relative to the start of the source.
    pub range: ByteRange,
    /// The hash function.
    pub algorithm: HashAlgorithm,
    /// In the same pass, also the digest of every chunk of the range.
    pub chunks: Option<Chunks>,
}

/// The digests of consecutive chunks, made in the same pass as the digest of the whole range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chunks {
    /// Bytes in each chunk; the last one may be shorter.
    pub size: ChunkSize,
    /// The hash function.
    pub algorithm: HashAlgorithm,
}

/// A source and what is to be hashed of it.
pub struct Task<'s> {
    source: Source<'s>,
    jobs: Vec<Job>,
    passes: Passes,
}

impl<'s> Task<'s> {
    /// Several jobs on one source, which is opened once for all of them and of which no byte is read twice.
    ///
    /// Jobs whose ranges overlap get the same bytes: each block is brought into memory once and fed to all of them.
    /// A source with such jobs is never mapped, whatever its [`Access`](crate::Access), since a map can change
    /// between one look and the next. What several jobs ask for is computed once.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when a job leaves the source.
    pub fn new(source: Source<'s>, jobs: Vec<Job>) -> Result<Self, Error> {
        match jobs.iter().find(|job| job.range.end() > source.length()) {
            None => Ok(Self { source, passes: Passes::new(&jobs), jobs }),
            Some(job) => Err(Error::OutOfRange {
                name: source.name().into(),
                range: job.range,
                length: source.length(),
            }),
        }
    }

    /// One digest of everything.
    ///
    /// # Errors
    /// None today.
    pub fn whole(source: Source<'s>, algorithm: HashAlgorithm) -> Result<Self, Error> {
        let range = ByteRange::whole(source.length());
        Self::new(source, vec![Job { range, algorithm, chunks: None }])
    }

    /// One digest for each piece of `size` bytes, each a job of its own.
    ///
    /// # Errors
    /// None today.
    pub fn pieces(source: Source<'s>, size: u64, algorithm: HashAlgorithm) -> Result<Self, Error> {
        let pieces = ByteRange::whole(source.length()).pieces(size);
        let jobs = pieces.map(|range| Job { range, algorithm, chunks: None }).collect();
        Self::new(source, jobs)
    }

    fn passes(&self) -> impl Iterator<Item = Pass<'_>> {
        self.passes.iter(&self.jobs)
    }
}

/// The tasks of one run.
#[derive(Default)]
pub struct Plan<'s>(Vec<Task<'s>>);

impl<'s> Plan<'s> {
    /// A plan of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a task; its result will stand at the same place.
    pub fn push(&mut self, task: Task<'s>) {
        self.0.push(task);
    }

    /// Bytes that the jobs will read.
    pub fn bytes(&self) -> u64 {
        let passes = self.0.iter().flat_map(Task::passes);
        passes.fold(0, |sum, pass| sum.saturating_add(pass.range().length()))
    }
}

/// The digest of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobDigest {
    /// Of the whole range.
    pub digest: Digest,
    /// Of its chunks, in order, when [`Job::chunks`] asked for them.
    pub chunks: Vec<Digest>,
}

/// What came of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// One for each job, in order.
    pub digests: Vec<JobDigest>,
    /// How the bytes were brought into memory.
    pub access: AccessUsed,
}

/// Runs plans.
#[derive(Clone, Debug)]
pub struct Engine {
    #[cfg(feature = "rayon")]
    pool: Option<Arc<rayon::ThreadPool>>,
    progress: Progress,
    cancel: CancelToken,
}

impl Engine {
    /// An engine with a pool of its own of so many threads; 0 means one for each CPU, 1 means that the caller's
    /// thread does all the work.
    ///
    /// # Errors
    /// [`Error::Threads`] when the system refuses to start them.
    pub fn new(threads: usize) -> Result<Self, Error> {
        #[cfg(feature = "rayon")]
        let pool = {
            let threads = if threads == 0 {
                std::thread::available_parallelism().map_or(1, usize::from)
            } else {
                threads
            };
            let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let failed =
                |reason: rayon::ThreadPoolBuildError| Error::Threads { threads, reason: reason.to_string() };
            if threads == 1 { None } else { Some(Arc::new(pool().map_err(failed)?)) }
        };
        #[cfg(not(feature = "rayon"))]
        let _ = threads;
        Ok(Self {
            #[cfg(feature = "rayon")]
            pool,
            progress: Progress::new(),
            cancel: CancelToken::new(),
        })
    }

    /// An engine on a pool that the caller owns.
    #[cfg(feature = "rayon")]
    pub fn with_pool(pool: Arc<rayon::ThreadPool>) -> Self {
        Self { pool: Some(pool), progress: Progress::new(), cancel: CancelToken::new() }
    }

    /// Counts into `progress`.
    #[must_use]
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Stops when `cancel` is used.
    #[must_use]
    pub fn with_cancel(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// Runs the plan. One result for each task, in plan order.
    pub fn run(&self, plan: &Plan<'_>) -> Vec<Result<Hashed, Error>> {
        self.run_with(plan, &|_, _, _| ControlFlow::Continue(()))
    }

    /// Runs the plan and shows each digest (task, job, digest) to `each` as soon as it is there, on the worker's
    /// thread and in no particular order. `Break` stops the run; tasks that are not complete by then end in
    /// [`Error::Cancelled`].
    pub fn run_with(
        &self,
        plan: &Plan<'_>,
        each: &(dyn Fn(usize, usize, &JobDigest) -> ControlFlow<()> + Sync),
    ) -> Vec<Result<Hashed, Error>> {
        self.progress.planned(plan.bytes());
        let run = Run::new(self, plan, each);
        #[cfg(feature = "rayon")]
        match &self.pool {
            Some(pool) => pool.scope(|scope| {
                let workers = pool.current_num_threads().min(run.passes.len());
                (0..workers).for_each(|_| scope.spawn(|_| run.work(true)));
            }),
            None => run.work(false),
        }
        #[cfg(not(feature = "rayon"))]
        run.work(false);
        run.states.into_iter().map(TaskState::into_result).collect()
    }
}

/// One run of a plan.
struct Run<'r, 's> {
    engine: &'r Engine,
    each: &'r (dyn Fn(usize, usize, &JobDigest) -> ControlFlow<()> + Sync),
    tasks: &'r [Task<'s>],
    states: Vec<TaskState<'r>>,
    /// (task, pass) in plan order.
    passes: Vec<(usize, usize)>,
    cursor: AtomicUsize,
    stopped: AtomicBool,
}

/// What the workers share about one task.
struct TaskState<'r>(Mutex<Inner<'r>>);

struct Inner<'r> {
    opened: Option<Arc<Opened<'r>>>,
    unfinished: usize,
    digests: Vec<Option<JobDigest>>,
    access: AccessUsed,
    error: Option<Error>,
}

impl<'r, 's> Run<'r, 's> {
    fn new(
        engine: &'r Engine,
        plan: &'r Plan<'s>,
        each: &'r (dyn Fn(usize, usize, &JobDigest) -> ControlFlow<()> + Sync),
    ) -> Self {
        let tasks = plan.0.as_slice();
        let passes =
            tasks.iter().enumerate().flat_map(|(t, task)| (0..task.passes.count()).map(move |p| (t, p)));
        let passes = passes.collect();
        let states = tasks.iter().map(TaskState::new).collect();
        let (cursor, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { engine, each, tasks, states, passes, cursor, stopped }
    }

    /// What each worker does: take the next pass until there is none. `pooled` says that the other workers of the
    /// pool may be asked for help.
    fn work(&self, pooled: bool) {
        let mut buffer = vec![0; BLOCK];
        while !self.is_stopped() {
            let next = self.cursor.fetch_add(1, Ordering::Relaxed);
            let Some(&(task, pass)) = self.passes.get(next) else { break };
            let state = &self.states[task];
            let result = state
                .open(&self.tasks[task])
                .and_then(|opened| self.hash(&opened, (task, pass), &mut buffer, pooled));
            state.finish(result);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.engine.cancel.is_cancelled()
    }

    /// The digests of all jobs of a pass.
    fn hash(
        &self,
        opened: &Opened<'_>,
        (task, pass): (usize, usize),
        buffer: &mut [u8],
        pooled: bool,
    ) -> Result<Vec<(usize, JobDigest)>, Error> {
        let pass = self.tasks[task].passes.pass(pass, &self.tasks[task].jobs);
        let mut digests = Vec::new();
        let mut done = |job, digest| {
            if (self.each)(task, job, &digest).is_break() {
                self.stopped.store(true, Ordering::Relaxed);
            }
            digests.push((job, digest));
        };
        let mut sweep = pass.sweep(pooled);
        opened.for_each_block(pass.range(), buffer, &mut |block| {
            if self.is_stopped() {
                return Err(Error::Cancelled);
            }
            sweep.update(block, &mut done)?;
            self.engine.progress.advanced(block.len() as u64);
            Ok(())
        })?;
        sweep.finish(&mut done)?;
        Ok(digests)
    }
}

/// Does two things, at the same time when a worker is free.
fn both(pooled: bool, one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    #[cfg(feature = "rayon")]
    if pooled {
        rayon::join(one, other);
        return;
    }
    let _ = pooled;
    one();
    other();
}

impl<'r> TaskState<'r> {
    fn new(task: &Task<'_>) -> Self {
        Self(Mutex::new(Inner {
            opened: None,
            unfinished: task.passes.count(),
            digests: vec![None; task.jobs.len()],
            access: AccessUsed::Memory,
            error: None,
        }))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner<'r>> {
        // A panic elsewhere leaves the fields valid; the digests it did not make are reported as cancelled.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open source, opened by whoever comes first. A task that already failed is not opened again.
    fn open(&self, task: &'r Task<'_>) -> Result<Arc<Opened<'r>>, Error> {
        let mut inner = self.lock();
        if inner.error.is_some() {
            return Err(Error::Cancelled);
        }
        if let Some(opened) = &inner.opened {
            return Ok(Arc::clone(opened));
        }
        let opened = Arc::new(task.source.open(!task.passes().any(|pass| pass.is_shared()))?);
        inner.access = opened.access();
        inner.opened = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Files the result; the last pass closes the source and checks that it was left alone.
    fn finish(&self, result: Result<Vec<(usize, JobDigest)>, Error>) {
        let mut inner = self.lock();
        match result {
            Ok(digests) => digests.into_iter().for_each(|(job, digest)| inner.digests[job] = Some(digest)),
            Err(error) => {
                inner.error.get_or_insert(error);
            }
        }
        inner.unfinished -= 1;
        if inner.unfinished == 0
            && let Some(opened) = inner.opened.take()
            && inner.error.is_none()
        {
            inner.error = opened.check_unchanged().err();
        }
    }

    fn into_result(self) -> Result<Hashed, Error> {
        let inner = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = inner.error {
            return Err(error);
        }
        let digests: Option<Vec<_>> = inner.digests.into_iter().collect();
        Ok(Hashed { digests: digests.ok_or(Error::Cancelled)?, access: inner.access })
    }
}
