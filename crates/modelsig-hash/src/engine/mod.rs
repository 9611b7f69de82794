//! A plan of independent jobs, run by a pool of workers; digests in plan order.
//!
//! No byte is read twice for a task: jobs that overlap share one pass over what they cover, so that all of them see
//! the same bytes, whoever changes the file meanwhile. Each worker has several passes under way, and computes what is
//! due in all of them together, in the lanes of the SHA-256 kernels. Passes are taken from a shared cursor, the longest
//! files first, otherwise in plan order, so that files are read front to back and few are open at a time. A worker that
//! has nothing left gets some of what another one has under way. A failure belongs to the task it happened in; the
//! others go on unless the caller says otherwise.
//!
//! ```text
//! Task ─▶ Passes ─▶ Reader (a pass under way) ─▶ Tracks (its hashes)  ─▶ Kernels
//!         pass.rs   reader.rs                    track.rs, leaves.rs     sha256/
//! ```

mod leaves;
mod pass;
#[cfg(feature = "rayon")]
mod pool;
mod reader;
mod run;
mod subtrees;
mod task;
mod track;
mod worker;

use std::ops::ControlFlow;
#[cfg(feature = "rayon")]
use std::sync::Arc;

use crate::{
    AccessUsed, ByteRange, CancelToken, ChunkSize, Digest, Error, HashAlgorithm, PageCache, Progress, Source,
    VerityDigest,
};
use pass::{Passes, range_of};
#[cfg(feature = "rayon")]
use pool::Pool;
use run::Run;

/// Bytes of each pass that are brought into memory at a time. Copies from the page cache get cheaper up to 512 KiB,
/// while what all lanes of a worker hold should stay in its caches.
pub const BLOCK: usize = 256 << 10;

/// The same where two workers share the hashing of a block.
const SHARED_BLOCK: usize = 4 << 20;

/// The same where one worker hashes and another one reads ahead for it.
const LONE_BLOCK: usize = 512 << 10;

/// The same of what is mapped, and so takes no room in a cache before it is hashed.
const MAPPED_BLOCK: usize = 1 << 20;

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
    /// The fs-verity digest is wanted too.
    verity: bool,
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
            None => Ok(Self { source, passes: Passes::new(&jobs, None), jobs, verity: false }),
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

    /// Beside the jobs, and of the same bytes, also the [fs-verity digest](crate::protect::verity) of the whole source.
    #[must_use]
    pub fn with_verity(mut self) -> Self {
        self.passes = Passes::new(&self.jobs, Some(self.source.length()));
        self.verity = true;
        self
    }
}

/// The tasks of one run.
#[derive(Default)]
pub struct Plan<'s> {
    tasks: Vec<Task<'s>>,
    /// Bytes of all the work that this is a part of.
    part_of: Option<u64>,
}

impl<'s> Plan<'s> {
    /// A plan of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A plan of nothing, for one of several runs that read so many bytes together, for those who do not want to have
    /// all tasks in memory at once. They have told them to [`Progress::planned`], which the run then does not; what
    /// becomes of the page cache is decided by all of them.
    pub fn part_of(bytes: u64) -> Self {
        Self { part_of: Some(bytes), ..Self::default() }
    }

    /// Adds a task; its result will stand at the same place.
    pub fn push(&mut self, task: Task<'s>) {
        self.tasks.push(task);
    }

    /// Bytes that the jobs will read.
    pub fn bytes(&self) -> u64 {
        let passes = self.tasks.iter().flat_map(|task| task.passes.iter());
        passes.fold(0, |sum, parts| sum.saturating_add(range_of(parts).length()))
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
    /// Of the whole source, when [`Task::with_verity`] asked for it.
    pub verity: Option<VerityDigest>,
}

/// Who looks on while a plan runs: called with the index of a task and what came of it, a job's index with its digest,
/// or why the task failed.
pub type Each<'e> = dyn Fn(usize, Result<(usize, &JobDigest), &Error>) -> ControlFlow<()> + Sync + 'e;

/// Runs plans.
#[derive(Clone, Debug)]
pub struct Engine {
    #[cfg(feature = "rayon")]
    pool: Pool,
    cache: PageCache,
    progress: Progress,
    cancel: CancelToken,
}

impl Engine {
    /// An engine with a pool of its own of so many threads; 0 means one for each CPU, 1 means that the caller's
    /// thread does all the work. The threads are started by the first plan that is worth it; where the system refuses
    /// to start them, the caller's thread does the work.
    ///
    /// # Errors
    /// None today.
    pub fn new(threads: usize) -> Result<Self, Error> {
        #[cfg(not(feature = "rayon"))]
        let _ = threads;
        Ok(Self {
            #[cfg(feature = "rayon")]
            pool: Pool::of(threads),
            cache: PageCache::default(),
            progress: Progress::new(),
            cancel: CancelToken::new(),
        })
    }

    /// An engine on a pool that the caller owns.
    #[cfg(feature = "rayon")]
    pub fn with_pool(pool: Arc<rayon::ThreadPool>) -> Self {
        Self {
            pool: Pool::given(pool),
            cache: PageCache::default(),
            progress: Progress::new(),
            cancel: CancelToken::new(),
        }
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

    /// What it counts into.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What stops it.
    pub fn cancel(&self) -> &CancelToken {
        &self.cancel
    }

    /// What becomes of the system's page cache.
    #[must_use]
    pub fn with_page_cache(mut self, cache: PageCache) -> Self {
        self.cache = cache;
        self
    }

    /// Does `work` for each piece of so many bytes, on all threads, until one fails.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn spread(
        &self,
        length: u64,
        piece: u64,
        work: &(dyn Fn(ByteRange) -> Result<(), Error> + Sync),
    ) -> Result<(), Error> {
        let work = |range| if self.cancel.is_cancelled() { Err(Error::Cancelled) } else { work(range) };
        let mut pieces = ByteRange::whole(length).pieces(piece);
        #[cfg(feature = "rayon")]
        if length > piece
            && let Some(threads) = self.pool.threads()
        {
            use std::sync::{Mutex, PoisonError};
            // Each thread takes the next piece, until there is none or one has failed.
            let next = Mutex::new((pieces, Ok(())));
            let lock = || next.lock().unwrap_or_else(PoisonError::into_inner);
            let take = || {
                let (pieces, result) = &mut *lock();
                result.is_ok().then(|| pieces.next()).flatten()
            };
            threads.scope(|scope| {
                for _ in 0..threads.current_num_threads() {
                    scope.spawn(|_| {
                        while let Some(piece) = take() {
                            if let Err(error) = work(piece) {
                                lock().1 = Err(error);
                            }
                        }
                    });
                }
            });
            return next.into_inner().unwrap_or_else(PoisonError::into_inner).1;
        }
        pieces.try_for_each(work)
    }

    /// True once the token of [`Engine::with_cancel`] was used.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Runs the plan. One result for each task, in plan order.
    pub fn run(&self, plan: &Plan<'_>) -> Vec<Result<Hashed, Error>> {
        self.run_with(plan, &|_, _| ControlFlow::Continue(()))
    }

    /// The [fs-verity digest](crate::protect::verity) of a source, as Linux would measure it: SHA-256, blocks of 4096
    /// bytes, no salt.
    ///
    /// # Errors
    /// As those of a task.
    pub fn verity_digest(&self, source: Source<'_>) -> Result<VerityDigest, Error> {
        let mut plan = Plan::new();
        plan.push(Task::new(source, Vec::new())?.with_verity());
        let hashed = self.run(&plan).pop().unwrap_or(Err(Error::Cancelled))?;
        hashed.verity.ok_or(Error::Cancelled)
    }

    /// Runs the plan and shows what comes of a task to `each` as soon as it is there, on the worker's thread and in no
    /// particular order. `Break` stops the run; tasks that are not complete by then end in [`Error::Cancelled`].
    pub fn run_with(&self, plan: &Plan<'_>, each: &Each<'_>) -> Vec<Result<Hashed, Error>> {
        Run::new(self, plan, each).results()
    }
}
