//! What the workers share about a task: its open source, and what was found out so far.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::reader::Finished;
use super::subtrees::Subtrees;
use super::track::Value;
use super::{Hashed, JobDigest, Task};
use crate::protect::verity::Tree;
use crate::source::{Opened, Opening};
use crate::{AccessUsed, ByteRange, Error, HashAlgorithm};

/// What the workers share about one task.
pub(super) struct TaskState<'r>(Mutex<Inner<'r>>);

struct Inner<'r> {
    opened: Option<Arc<Opened<'r>>>,
    unfinished: usize,
    digests: Vec<Option<JobDigest>>,
    /// Jobs of which some parts are still missing.
    partial: BTreeMap<usize, Subtrees>,
    /// Where the fs-verity digest is wanted.
    tree: Option<Tree>,
    access: AccessUsed,
    error: Option<Error>,
}

impl<'r> TaskState<'r> {
    pub(super) fn new(task: &Task<'_>) -> Self {
        Self(Mutex::new(Inner {
            opened: None,
            unfinished: task.passes.count(),
            digests: vec![None; task.jobs.len()],
            partial: BTreeMap::new(),
            tree: task.verity.then(|| Tree::new(task.source.length())),
            access: AccessUsed::Memory,
            error: None,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner<'r>> {
        // A panic elsewhere leaves the fields valid; the digests it did not make are reported as cancelled.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open source, opened by whoever comes first, and then counted. A task that already failed is not opened
    /// again.
    pub(super) fn open(
        &self,
        task: &'r Task<'_>,
        drop_behind: bool,
        count: &AtomicUsize,
    ) -> Result<Arc<Opened<'r>>, Error> {
        let mut inner = self.lock();
        if inner.error.is_some() {
            return Err(Error::Cancelled);
        }
        if let Some(opened) = &inner.opened {
            return Ok(Arc::clone(opened));
        }
        // BLAKE3 outruns what page walks let through: copies are cheaper for it.
        let is_blake3 = task.jobs.iter().any(|job| job.algorithm == HashAlgorithm::Blake3);
        let opening = Opening {
            may_map: !task.passes.is_shared(),
            in_pieces: task.passes.count() > 1 && !is_blake3,
            drop_behind,
        };
        let opened = Arc::new(task.source.open(&opening)?);
        count.fetch_add(1, Ordering::Relaxed);
        inner.access = opened.access();
        inner.opened = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Files what came of a part. The digest of the job, when this was what it lacked.
    pub(super) fn file(&self, task: &Task<'_>, finished: Finished<'_>) -> Option<JobDigest> {
        let Finished { part, value, chunks } = finished;
        let job = match value {
            Value::Digest(digest) => JobDigest { digest, chunks },
            Value::Leaves(leaves) => {
                if let Some(tree) = &mut self.lock().tree {
                    tree.add(part.range, &leaves);
                }
                return None;
            }
            Value::Subtree(value) => {
                let mut inner = self.lock();
                let range = task.jobs.get(part.job)?.range;
                let subtrees = inner.partial.entry(part.job).or_insert_with(|| Subtrees::new(range.length()));
                let place = |at: u64| at.saturating_sub(range.start());
                let place = ByteRange::between(place(part.range.start()), place(part.range.end()));
                let job = subtrees.add(place, value, chunks)?;
                inner.partial.remove(&part.job);
                job
            }
        };
        *self.lock().digests.get_mut(part.job)? = Some(job.clone());
        Some(job)
    }

    /// The end of a pass; the last one closes the source and checks that it was left alone. Tells why the task has
    /// failed, if it has with this pass.
    pub(super) fn finish(&self, result: Result<(), Error>, count: &AtomicUsize) -> Option<Error> {
        let mut inner = self.lock();
        let had_failed = inner.error.is_some();
        if let Err(error) = result {
            inner.error.get_or_insert(error);
        }
        inner.unfinished = inner.unfinished.saturating_sub(1);
        if inner.unfinished == 0
            && let Some(opened) = inner.opened.take()
        {
            count.fetch_sub(1, Ordering::Relaxed);
            if inner.error.is_none() {
                inner.error = opened.check_unchanged().err();
            }
        }
        if had_failed { None } else { inner.error.clone() }
    }

    pub(super) fn into_result(self) -> Result<Hashed, Error> {
        let inner = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = inner.error {
            return Err(error);
        }
        let digests: Option<Vec<_>> = inner.digests.into_iter().collect();
        let verity = inner.tree.map(|tree| tree.digest().ok_or(Error::Cancelled)).transpose()?;
        Ok(Hashed { digests: digests.ok_or(Error::Cancelled)?, access: inner.access, verity })
    }
}
