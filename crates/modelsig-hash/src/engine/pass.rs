//! One reading of a stretch of a source, for every job that wants a part of it.
//!
//! Jobs that overlap are never read for one after another: whoever changes the file in between could then show each
//! of them other bytes. They share a pass instead, in which every block is fed to all of them before the next one is
//! read. Jobs are swept in order of their start, and only those that the last block left unfinished are held: many
//! ranges cost little more than few, as long as not many of them overlap in one place.

use super::{Chunks, Job, JobDigest, both};
use crate::{ByteRange, Digest, Error, HashAlgorithm, Hasher};

/// Groups that may begin in a block before those are closed that end in it; so many small ranges stay cheap.
const BATCH: usize = 64;

/// The passes over a source: its jobs in order of their ranges, cut where no range reaches over the cut.
pub(super) struct Passes {
    /// Places in the list of jobs.
    order: Vec<usize>,
    /// One past the end of each pass in `order`.
    ends: Vec<usize>,
}

/// Jobs that overlap, directly or by way of each other.
#[derive(Clone, Copy)]
pub(super) struct Pass<'t> {
    jobs: &'t [Job],
    /// Of this pass, in order; never empty.
    order: &'t [usize],
}

impl Passes {
    pub(super) fn new(jobs: &[Job]) -> Self {
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        order.sort_unstable_by_key(|&job| jobs[job]);
        let (mut ends, mut reach) = (Vec::new(), 0);
        for (place, &job) in order.iter().enumerate() {
            let range = jobs[job].range;
            if place > 0 && range.start() >= reach && range != jobs[order[place - 1]].range {
                ends.push(place);
            }
            reach = reach.max(range.end());
        }
        if !order.is_empty() {
            ends.push(order.len());
        }
        Self { order, ends }
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn pass<'t>(&'t self, index: usize, jobs: &'t [Job]) -> Pass<'t> {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Pass { jobs, order: &self.order[start..self.ends[index]] }
    }

    /// Every pass, in order of their ranges.
    pub(super) fn iter<'t>(&'t self, jobs: &'t [Job]) -> impl Iterator<Item = Pass<'t>> {
        (0..self.count()).map(move |index| self.pass(index, jobs))
    }
}

impl<'t> Pass<'t> {
    /// All that is read, once.
    pub(super) fn range(&self) -> ByteRange {
        let ends = self.order.iter().map(|&job| self.jobs[job].range.end());
        let start = self.jobs[self.order[0]].range.start();
        ByteRange::between(start, ends.fold(start, u64::max))
    }

    /// True when jobs that are not equal look at the same bytes.
    pub(super) fn is_shared(&self) -> bool {
        self.order.first().map(|&job| self.jobs[job]) != self.order.last().map(|&job| self.jobs[job])
    }

    /// The hashing of this pass; `pooled` says that other workers of the pool may be asked for help.
    pub(super) fn sweep(self, pooled: bool) -> Sweep<'t> {
        Sweep { pass: self, next: 0, at: self.range().start(), open: Vec::new(), pooled }
    }
}

/// A pass on its way.
pub(super) struct Sweep<'t> {
    pass: Pass<'t>,
    /// The first job, by its place in the order of the pass, that has not begun.
    next: usize,
    /// How far the source was read.
    at: u64,
    /// Begun and not finished.
    open: Vec<Group<'t>>,
    pooled: bool,
}

impl Sweep<'_> {
    /// Feeds the next bytes of the source to every job that they concern. `done` gets each job that they complete.
    pub(super) fn update(
        &mut self,
        block: &[u8],
        done: &mut dyn FnMut(usize, JobDigest),
    ) -> Result<(), Error> {
        let (start, end) = (self.at, self.at.saturating_add(block.len() as u64));
        self.at = end;
        loop {
            let begun = self.begin(|range| range.start() < end)?;
            feed(&mut self.open, block, start, self.pooled);
            self.close(end, done);
            if !begun {
                return Ok(());
            }
        }
    }

    /// After the last block: what is left are ranges of no bytes.
    pub(super) fn finish(mut self, done: &mut dyn FnMut(usize, JobDigest)) -> Result<(), Error> {
        while self.begin(|range| range.is_empty())? {
            self.close(self.at, done);
        }
        Ok(())
    }

    /// Begins at most a batch of groups. False when there is none to begin.
    fn begin(&mut self, due: impl Fn(ByteRange) -> bool) -> Result<bool, Error> {
        let rest = &self.pass.order[self.next..];
        let range = |job: usize| self.pass.jobs[job].range;
        let groups = rest.chunk_by(|&one, &other| range(one) == range(other));
        let before = self.next;
        for jobs in groups.take_while(|jobs| due(range(jobs[0]))).take(BATCH) {
            self.open.push(Group::new(self.pass.jobs, jobs)?);
            self.next += jobs.len();
        }
        Ok(self.next > before)
    }

    fn close(&mut self, end: u64, done: &mut dyn FnMut(usize, JobDigest)) {
        let mut place = 0;
        while place < self.open.len() {
            if self.open[place].range.end() <= end {
                self.open.swap_remove(place).finalize(done);
            } else {
                place += 1;
            }
        }
    }
}

/// Jobs on the same range. What several of them ask for is computed once.
struct Group<'t> {
    range: ByteRange,
    jobs: &'t [usize],
    of: &'t [Job],
    /// How far it was fed.
    at: u64,
    streams: Vec<Stream>,
}

impl<'t> Group<'t> {
    fn new(of: &'t [Job], jobs: &'t [usize]) -> Result<Self, Error> {
        let range = of[jobs[0]].range;
        let mut streams: Vec<Stream> = Vec::new();
        for job in jobs.iter().map(|&job| of[job]) {
            if !streams.iter().any(|stream| stream.whole_of() == Some(job.algorithm)) {
                streams.push(Stream::Whole(job.algorithm, Hasher::new(job.algorithm)?));
            }
            if let Some(chunks) = job.chunks
                && !streams.iter().any(|stream| stream.chunks_of() == Some(chunks))
            {
                streams.push(Stream::Chunks(ChunkHasher::new(chunks)?));
            }
        }
        Ok(Self { range, jobs, of, at: range.start(), streams })
    }

    /// Takes what it needs of a block that begins at `start` and has not been fed to it.
    fn update(&mut self, block: &[u8], start: u64, pooled: bool) {
        let from = self.at.saturating_sub(start).min(block.len() as u64) as usize;
        let to = self.range.end().saturating_sub(start).min(block.len() as u64) as usize;
        if from < to {
            self.at = start.saturating_add(to as u64);
            feed_streams(&mut self.streams, &block[from..to], pooled);
        }
    }

    fn finalize(self, done: &mut dyn FnMut(usize, JobDigest)) {
        let (mut wholes, mut indexes) = (Vec::new(), Vec::new());
        for stream in self.streams {
            match stream {
                Stream::Whole(_, hasher) => wholes.push(hasher.finalize()),
                Stream::Chunks(hasher) => indexes.push((hasher.chunks, hasher.finalize())),
            }
        }
        for &job in self.jobs {
            let Job { algorithm, chunks, .. } = self.of[job];
            // `new` made a stream for each.
            let Some(&digest) = wholes.iter().find(|digest| digest.algorithm() == algorithm) else {
                continue;
            };
            let index = indexes.iter().find(|(of, _)| Some(*of) == chunks);
            done(
                job,
                JobDigest { digest, chunks: index.map(|(_, digests)| digests.clone()).unwrap_or_default() },
            );
        }
    }
}

/// One hash over the bytes of a group.
enum Stream {
    Whole(HashAlgorithm, Hasher),
    Chunks(ChunkHasher),
}

impl Stream {
    fn whole_of(&self) -> Option<HashAlgorithm> {
        if let Self::Whole(algorithm, _) = self { Some(*algorithm) } else { None }
    }

    fn chunks_of(&self) -> Option<Chunks> {
        if let Self::Chunks(hasher) = self { Some(hasher.chunks) } else { None }
    }
}

/// The same block to all groups, at the same time where workers are free.
fn feed(groups: &mut [Group<'_>], block: &[u8], start: u64, pooled: bool) {
    match groups {
        [] => {}
        [group] => group.update(block, start, pooled),
        _ => {
            let (one, other) = groups.split_at_mut(groups.len() / 2);
            both(pooled, || feed(one, block, start, pooled), || feed(other, block, start, pooled));
        }
    }
}

fn feed_streams(streams: &mut [Stream], bytes: &[u8], pooled: bool) {
    match streams {
        [] => {}
        [Stream::Whole(_, hasher)] => hasher.update(bytes),
        [Stream::Chunks(hasher)] => hasher.update(bytes),
        _ => {
            let (one, other) = streams.split_at_mut(streams.len() / 2);
            both(pooled, || feed_streams(one, bytes, pooled), || feed_streams(other, bytes, pooled));
        }
    }
}

/// Cuts a stream of blocks into chunks and hashes each.
struct ChunkHasher {
    chunks: Chunks,
    fresh: Hasher,
    current: Hasher,
    room: usize,
    digests: Vec<Digest>,
}

impl ChunkHasher {
    fn new(chunks: Chunks) -> Result<Self, Error> {
        let fresh = Hasher::new(chunks.algorithm)?;
        Ok(Self { chunks, current: fresh.clone(), fresh, room: Self::size(chunks), digests: Vec::new() })
    }

    /// At most 1 GiB, which fits usize on every target.
    fn size(chunks: Chunks) -> usize {
        chunks.size.bytes() as usize
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.room == 0 {
                let full = std::mem::replace(&mut self.current, self.fresh.clone());
                self.digests.push(full.finalize());
                self.room = Self::size(self.chunks);
            }
            let (now, later) = bytes.split_at(bytes.len().min(self.room));
            self.current.update(now);
            self.room -= now.len();
            bytes = later;
        }
    }

    fn finalize(mut self) -> Vec<Digest> {
        if self.room < Self::size(self.chunks) {
            self.digests.push(self.current.finalize());
        }
        self.digests
    }
}
