//! Progress and cancellation: counters that any thread may read, a flag that any thread may set.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Told of bytes done and bytes planned.
type Observer = Box<dyn Fn(u64, u64) + Send + Sync>;

/// How far a run has come. Clones share the same counters, so one can be polled while another is hashing.
#[derive(Clone, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Default)]
struct Counters {
    done: AtomicU64,
    total: AtomicU64,
    observer: Option<Observer>,
}

impl Progress {
    /// Both counters at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, and tells `observer` both counters (done, total) after each block, on the thread that has hashed it:
    /// for those who let one thread do all the work, and have no other from which to poll.
    pub fn observed(observer: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Counters { observer: Some(Box::new(observer)), ..Counters::default() }))
    }

    /// Bytes hashed so far.
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// Bytes planned so far. Zero until a plan starts.
    pub fn total(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed)
    }

    /// Counts bytes that are going to be worked on: an engine does so itself, its caller for work beside it.
    pub fn planned(&self, bytes: u64) {
        self.0.total.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts bytes that were worked on.
    pub fn advanced(&self, bytes: u64) {
        self.0.done.fetch_add(bytes, Ordering::Relaxed);
        if let Some(observer) = &self.0.observer {
            observer(self.done(), self.total());
        }
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Progress({} of {})", self.done(), self.total())
    }
}

/// Stops a run from any thread. Clones share the same flag, which cannot be taken back.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    cancelled: AtomicBool,
    parent: Option<CancelToken>,
}

impl CancelToken {
    /// A token that nobody has used yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A token of its own that is also cancelled when this one is.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(Arc::new(Flag { cancelled: AtomicBool::new(false), parent: Some(self.clone()) }))
    }

    /// Asks for the end. Workers stop after the block they are at, at most [`BLOCK`](crate::BLOCK) bytes each.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// True once [`CancelToken::cancel`] was called, on it or on the token that it is a child of.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed) || self.0.parent.as_ref().is_some_and(Self::is_cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_ends_with_its_parent_and_not_the_other_way_round() {
        let parent = CancelToken::new();
        let (one, other) = (parent.child(), parent.child());
        one.cancel();
        assert!(one.is_cancelled() && !other.is_cancelled() && !parent.is_cancelled());
        parent.cancel();
        assert!(other.is_cancelled() && other.clone().is_cancelled());
    }

    #[test]
    fn an_observer_sees_both_counters() {
        let seen = Arc::new(AtomicU64::new(0));
        let copy = Arc::clone(&seen);
        let progress =
            Progress::observed(move |done, total| copy.store(done * 1000 + total, Ordering::Relaxed));
        progress.planned(10);
        progress.advanced(3);
        assert_eq!(seen.load(Ordering::Relaxed), 3010);
    }
}
