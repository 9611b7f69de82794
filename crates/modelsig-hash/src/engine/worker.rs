//! One thread's share of a run: several passes under way, computed together.

use std::sync::atomic::Ordering;

use super::pass::Part;
use super::reader::Reader;
use super::run::Run;
use super::track::feed;
use crate::sha256::Kernels;
use crate::source::Buffer;
use crate::{Error, HashAlgorithm};

/// Where other workers are asked for help; nowhere without threads.
#[cfg(feature = "rayon")]
pub(super) type Scope<'w> = rayon::Scope<'w>;
#[cfg(not(feature = "rayon"))]
pub(super) type Scope<'w> = std::marker::PhantomData<&'w ()>;

/// Passes with less to read are not worth handing to another worker.
#[cfg(feature = "rayon")]
const WORTH_GIVING: u64 = 256 << 10;

/// Streams of BLAKE2b that its crate computes at once on the widest CPU that it knows.
const BLAKE2B_LANES: usize = 4;

pub(super) struct Worker<'w, 'r, 's> {
    run: &'w Run<'r, 's>,
    kernels: &'static Kernels,
    /// Passes under way. Each has something to feed between two turns.
    readers: Vec<Reader<'r>>,
    /// Memory of passes that are done.
    buffers: Vec<Buffer>,
}

impl<'w, 'r, 's> Worker<'w, 'r, 's> {
    pub(super) fn new(run: &'w Run<'r, 's>) -> Self {
        Self { run, kernels: Kernels::detect(), readers: Vec::new(), buffers: Vec::new() }
    }

    /// Takes passes and works on them until none is left. Within a scope, workers that have nothing to do are given
    /// some of them.
    pub(super) fn work(mut self, scope: Option<&Scope<'w>>) {
        while !self.run.is_stopped() {
            self.take();
            if self.readers.is_empty() {
                break;
            }
            let helped = match scope {
                Some(scope) if self.run.is_exhausted() => self.share(scope),
                _ => false,
            };
            self.feed(helped);
            self.advance(helped);
        }
        for reader in self.readers.drain(..) {
            self.run.finish(reader.task, Err(Error::Cancelled));
        }
        self.run.active.fetch_sub(1, Ordering::Relaxed);
    }

    /// Takes passes until all lanes are in use, or there are no more.
    fn take(&mut self) {
        let all = self.kernels.lanes().max(BLAKE2B_LANES);
        let mut lanes: usize = self.readers.iter().map(|reader| self.lanes(reader.parts())).sum();
        while lanes < all
            && self.readers.len() < self.run.fair_share()
            && (self.readers.is_empty() || !self.run.is_crowded())
            && !self.run.is_stopped()
        {
            let Some(taken) = self.run.take() else { return };
            match self.run.open(taken.task) {
                Err(error) => self.run.finish(taken.task, Err(error)),
                Ok(opened) => {
                    let reader = Reader::new(taken, opened, self.buffers.pop().unwrap_or_default());
                    if let Some(reader) = self.advanced(reader) {
                        lanes = lanes.saturating_add(self.lanes(taken.parts));
                        self.readers.push(reader);
                    }
                }
            }
        }
    }

    /// How many of this worker's lanes a pass takes. BLAKE3 has lanes of its own.
    fn lanes(&self, parts: &[Part]) -> usize {
        let all = self.kernels.lanes().max(BLAKE2B_LANES);
        let of = |algorithm| match algorithm {
            HashAlgorithm::Sha256 => all.checked_div(self.kernels.lanes()).unwrap_or(all),
            HashAlgorithm::Blake2b => all / BLAKE2B_LANES,
            HashAlgorithm::Blake3 => all,
        };
        let of = |part: &Part| match part.verity {
            // Its blocks fill them by themselves.
            true => all,
            false => {
                let chunks = part.chunks.map_or(0, |chunks| of(chunks.algorithm));
                of(part.algorithm).saturating_add(chunks)
            }
        };
        // More parts are not all under way at once.
        parts.iter().take(all).map(of).sum()
    }

    /// Gives passes to workers that have nothing to do. True when there are such workers, and one pass is all there is.
    #[cfg(feature = "rayon")]
    fn share(&mut self, scope: &Scope<'w>) -> bool {
        let run = self.run;
        let is_idle = |active: usize| (active < run.workers).then_some(active.saturating_add(1));
        loop {
            let is_worth_giving = |reader: &Reader<'_>| reader.remaining() >= WORTH_GIVING;
            if self.readers.len() < 2
                || self.readers.iter().filter(|reader| is_worth_giving(reader)).count() < 2
            {
                return self.readers.len() == 1 && run.active.load(Ordering::Relaxed) < run.workers;
            }
            if run.active.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_idle).is_err() {
                return false;
            }
            let mut other = Self::new(run);
            self.readers.sort_by_key(Reader::remaining);
            // Every second one, so that both have about as much to do.
            let mut give = false;
            other.readers.extend(self.readers.extract_if(.., |_| {
                give = !give;
                give
            }));
            scope.spawn(move |scope| other.work(Some(scope)));
        }
    }

    #[cfg(not(feature = "rayon"))]
    fn share(&mut self, _: &Scope<'w>) -> bool {
        false
    }

    fn feed(&mut self, helped: bool) {
        #[cfg(feature = "rayon")]
        if helped && let [reader] = &mut self.readers[..] {
            return reader.feed_with_help(self.kernels);
        }
        let _ = helped;
        feed(self.kernels, self.readers.iter_mut().flat_map(Reader::tracks), true);
    }

    /// Every pass that has been fed goes on to its next block, or ends.
    fn advance(&mut self, helped: bool) {
        for reader in std::mem::take(&mut self.readers) {
            match reader.is_hungry() {
                true => self.readers.push(reader),
                false => {
                    let advanced = self.advanced(reader.expecting_help(helped));
                    self.readers.extend(advanced);
                }
            }
        }
    }

    /// The pass with something to feed, unless it has ended.
    fn advanced(&mut self, mut reader: Reader<'r>) -> Option<Reader<'r>> {
        let (run, task) = (self.run, reader.task);
        let mut done = |finished| run.done(task, finished);
        let mut read = |bytes| run.engine.progress.advanced(bytes);
        let result = match run.is_stopped() {
            true => Err(Error::Cancelled),
            false => reader.advance(&mut done, &mut read),
        };
        match result {
            Ok(true) => return Some(reader),
            Ok(false) => run.finish(task, Ok(())),
            Err(error) => run.finish(task, Err(error)),
        }
        self.buffers.extend(reader.into_buffer());
        None
    }
}
