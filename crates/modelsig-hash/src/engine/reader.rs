//! A pass on its way over its source, block by block.

use std::sync::Arc;

use super::pass::{Part, range_of};
use super::run::Taken;
#[cfg(feature = "rayon")]
use super::track::feed;
use super::track::{Track, Value};
use super::{BLOCK, LONE_BLOCK, MAPPED_BLOCK, SHARED_BLOCK};
#[cfg(feature = "rayon")]
use crate::sha256::Kernels;
use crate::source::{Buffer, Opened};
use crate::{AccessUsed, ByteRange, Digest, Error};

/// Groups that may begin in a block before those are closed that end in it; so many small ranges stay cheap.
const BATCH: usize = 64;

/// A pass on its way. Parts are swept in order of their start, and only those that the last block left unfinished are
/// held: many ranges cost little more than few, as long as not many of them overlap in one place.
pub(super) struct Reader<'r> {
    pub(super) task: usize,
    opened: Arc<Opened<'r>>,
    range: ByteRange,
    limit: u64,
    parts: &'r [Part],
    /// Those of them that have not begun.
    waiting: &'r [Part],
    /// Begun and not finished.
    open: Vec<Group<'r>>,
    block: Block,
    /// The block after this one, if somebody had time to read it already.
    next: Block,
    block_size: usize,
}

/// Parts on the same range. What several of them ask for is computed once.
struct Group<'r> {
    parts: &'r [Part],
    tracks: Vec<Track>,
}

/// A block of the source, and the memory for it unless it is in memory anyway.
#[derive(Default)]
struct Block {
    range: ByteRange,
    buffer: Buffer,
}

/// What came of a part.
pub(super) struct Finished<'r> {
    pub(super) part: &'r Part,
    pub(super) value: Value,
    pub(super) chunks: Vec<Digest>,
}

impl<'r> Reader<'r> {
    /// A pass whose reader and its fellows read on to `limit`.
    pub(super) fn new(taken: Taken<'r>, opened: Arc<Opened<'r>>, buffer: Buffer) -> Self {
        let Taken { task, parts, limit } = taken;
        let range = range_of(parts);
        let block = Block { range: ByteRange::between(range.start(), range.start()), buffer };
        Self {
            task,
            opened,
            range,
            limit,
            parts,
            waiting: parts,
            open: Vec::new(),
            block,
            next: Block::default(),
            block_size: 0,
        }
        .with_blocks_of(BLOCK)
    }

    fn with_blocks_of(mut self, size: usize) -> Self {
        // What is mapped takes no room in a cache until it is hashed.
        self.block_size = if self.opened.access() == AccessUsed::Map { size.max(MAPPED_BLOCK) } else { size };
        self
    }

    pub(super) fn parts(&self) -> &'r [Part] {
        self.parts
    }

    /// Where another worker helps, blocks are read that are worth its company.
    pub(super) fn expecting_help(self, helped: bool) -> Self {
        // Several chunks are to be in a block; what is only read ahead better stays in a cache.
        let is_lone = matches!(self.parts, [Part { chunks: None, .. }]);
        self.with_blocks_of(match helped {
            true if is_lone => LONE_BLOCK,
            true => SHARED_BLOCK,
            false => BLOCK,
        })
    }

    /// Goes on to where there is something to feed; `done` gets the parts that are complete, `read` the number of bytes
    /// that were done with. False at the end of the pass. Nothing of it is hungry when this is called.
    pub(super) fn advance(
        &mut self,
        done: &mut dyn FnMut(Finished<'r>),
        read: &mut dyn FnMut(u64),
    ) -> Result<bool, Error> {
        loop {
            self.close(done);
            if self.begin()? {
                return Ok(true);
            }
            read(self.block.range.length());
            if self.block.range.end() >= self.range.end() {
                return Ok(false);
            }
            self.load_next()?;
            if !self.open.is_empty() {
                let block = self.block.range;
                self.tracks_mut().try_for_each(|track| track.offer(block))?;
                return Ok(true);
            }
        }
    }

    fn close(&mut self, done: &mut dyn FnMut(Finished<'r>)) {
        let end = self.block.range.end();
        self.open.iter_mut().flat_map(|group| &mut group.tracks).for_each(Track::settle);
        let mut place = 0;
        while let Some(group) = self.open.get(place) {
            if group.parts.first().is_none_or(|part| part.range.end() <= end) {
                self.open.swap_remove(place).finish(done);
            } else {
                place = place.saturating_add(1);
            }
        }
    }

    /// Begins at most a batch of the groups that the block reaches. False when there is none.
    fn begin(&mut self) -> Result<bool, Error> {
        let block = self.block.range;
        // Ranges of no bytes at the very end.
        let is_end = block.end() >= self.range.end();
        let mut begun = false;
        for _ in 0..BATCH {
            let Some(first) = self.waiting.first().filter(|part| part.range.start() < block.end() || is_end)
            else {
                break;
            };
            let count = self.waiting.iter().take_while(|part| part.range == first.range).count();
            let (parts, later) = self.waiting.split_at(count);
            let mut group = Group::new(parts);
            group.tracks.iter_mut().try_for_each(|track| track.offer(block))?;
            self.open.push(group);
            self.waiting = later;
            begun = true;
        }
        Ok(begun)
    }

    fn load_next(&mut self) -> Result<(), Error> {
        if self.next.range.start() == self.block.range.end() && !self.next.range.is_empty() {
            std::mem::swap(&mut self.block, &mut self.next);
            return Ok(());
        }
        self.block.range = self.after(self.block.range);
        self.opened.load(self.block.range, self.limit, &mut self.block.buffer)
    }

    fn after(&self, block: ByteRange) -> ByteRange {
        let end = block.end().saturating_add(self.block_size as u64).min(self.range.end());
        ByteRange::between(block.end(), end)
    }

    fn tracks_mut(&mut self) -> impl Iterator<Item = &mut Track> {
        self.open.iter_mut().flat_map(|group| &mut group.tracks)
    }

    /// True while something is still to be fed.
    pub(super) fn is_hungry(&self) -> bool {
        self.open.iter().flat_map(|group| &group.tracks).any(Track::is_hungry)
    }

    /// The hashes that are under way, each with the block that it takes its bytes from.
    pub(super) fn tracks(&mut self) -> impl Iterator<Item = (&[u8], &mut Track)> {
        let bytes = self.opened.loaded(self.block.range, &self.block.buffer);
        self.open.iter_mut().flat_map(|group| &mut group.tracks).map(move |track| (bytes, track))
    }

    /// Bytes that are still to be read.
    #[cfg(feature = "rayon")]
    pub(super) fn remaining(&self) -> u64 {
        self.range.end().saturating_sub(self.block.range.end())
    }

    /// Feeds everything: what goes on through the whole pass on this thread, the rest, and then the reading of the next
    /// block, on another one if there is one that has time.
    #[cfg(feature = "rayon")]
    pub(super) fn feed_with_help(&mut self, kernels: &Kernels) {
        let (pass, next) = (self.range, self.after(self.block.range));
        let bytes = self.opened.loaded(self.block.range, &self.block.buffer);
        let tracks = self.open.iter_mut().flat_map(|group| &mut group.tracks).map(|track| (bytes, track));
        let (mut long, mut short): (Vec<_>, Vec<_>) = tracks.partition(|(_, track)| track.spans(pass));
        if short.is_empty() {
            short = long.split_off(long.len().div_ceil(2));
        }
        let (opened, limit, ahead) = (&self.opened, self.limit, &mut self.next);
        rayon::join(
            || feed(kernels, long.into_iter(), false),
            || {
                feed(kernels, short.into_iter(), false);
                ahead.range = next;
                if opened.load(next, limit, &mut ahead.buffer).is_err() {
                    // It will fail again when its turn has come.
                    ahead.range = ByteRange::default();
                }
            },
        );
    }

    /// The memory that it used, for the next one, unless it is large.
    pub(super) fn into_buffer(self) -> Option<Buffer> {
        Some(self.block.buffer).filter(|buffer| buffer.size() <= 2 * BLOCK)
    }
}

impl<'r> Group<'r> {
    fn new(parts: &'r [Part]) -> Self {
        let mut tracks: Vec<Track> = Vec::with_capacity(parts.len());
        for track in parts.iter().flat_map(Track::of) {
            if !tracks.iter().any(|other| other.is_like(&track)) {
                tracks.push(track);
            }
        }
        Self { parts, tracks }
    }

    fn finish(self, done: &mut dyn FnMut(Finished<'r>)) {
        for part in self.parts {
            let of = |wanted: &Track| self.tracks.iter().find(|track| track.is_like(wanted));
            let mut tracks = Track::of(part).filter_map(|wanted| of(&wanted));
            // `new` made a track for each thing that a part wants, and all of them are complete.
            let Some(value) = tracks.next().and_then(Track::value) else { continue };
            done(Finished { part, value, chunks: tracks.next().map(Track::digests).unwrap_or_default() });
        }
    }
}
