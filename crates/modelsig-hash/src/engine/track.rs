//! The hashes over a stretch of a source: one over all of it, one over each of its chunks, or one over each of its
//! blocks.

use std::collections::VecDeque;
use std::ops::Range;

use blake3::hazmat::{ChainingValue, HasherExt as _};

use super::Chunks;
use super::leaves::Leaves;
use super::pass::Part;
use crate::sha256::{Feed, Kernels, Stream};
use crate::{ByteRange, Digest, Error, HashAlgorithm, Hasher};

/// What a track computes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Whole(HashAlgorithm),
    /// The subtree of a BLAKE3 tree that begins there.
    Subtree(u64),
    Chunks(Chunks),
    /// The digests of the blocks of fs-verity.
    Leaves,
}

/// One hash over all of a range, or one over each of its chunks or blocks.
pub(super) struct Track {
    aim: Aim,
    range: ByteRange,
    /// Where the next hash begins; `None` when all have begun.
    next: Option<u64>,
    /// Begun and not yet complete, in order of their bytes.
    strands: VecDeque<Strand>,
    values: Vec<Value>,
    /// In place of all that, for blocks.
    leaves: Option<Leaves>,
}

/// A hash in the making.
struct Strand {
    hash: Hash,
    range: ByteRange,
    /// How far blocks were offered to it.
    at: u64,
    /// What it has still to take of the current block.
    window: Range<usize>,
}

enum Hash {
    Sha256(Box<Stream>),
    Other(Hasher),
    Subtree(Box<blake3::Hasher>),
}

/// The end of a hash.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Digest(Digest),
    /// Of a BLAKE3 subtree.
    Subtree(ChainingValue),
    /// Of the blocks of a part of the tree of fs-verity.
    Leaves(Vec<[u8; 32]>),
}

impl Track {
    /// The tracks that a part needs: one for the whole and, where it asks for them, one for its chunks.
    pub(super) fn of(part: &Part) -> impl Iterator<Item = Self> {
        let range = part.range;
        let whole = match part.subtree {
            _ if part.verity => Aim::Leaves,
            Some(offset) => Aim::Subtree(offset),
            None => Aim::Whole(part.algorithm),
        };
        let chunks = part.chunks.map(Aim::Chunks);
        std::iter::once((whole, Some(range.start())))
            .chain(chunks.map(|chunks| (chunks, (!range.is_empty()).then_some(range.start()))))
            .map(move |(aim, next)| {
                let leaves = (aim == Aim::Leaves).then(|| Leaves::new(range));
                Self { aim, range, next, strands: VecDeque::new(), values: Vec::new(), leaves }
            })
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.aim == other.aim && self.range == other.range
    }

    /// True for a hash over all of that range.
    #[cfg(feature = "rayon")]
    pub(super) fn spans(&self, range: ByteRange) -> bool {
        self.range == range && !matches!(self.aim, Aim::Chunks(_) | Aim::Leaves)
    }

    /// Shows it the next block of the source. What it needs of it is still to be [fed](feed).
    pub(super) fn offer(&mut self, block: ByteRange) -> Result<(), Error> {
        if let Some(leaves) = &mut self.leaves {
            leaves.offer(block);
            return Ok(());
        }
        self.strands.iter_mut().for_each(|strand| strand.offer(block));
        while let Some(start) = self.next.filter(|&next| next < block.end() || self.range.is_empty()) {
            let size = if let Aim::Chunks(chunks) = self.aim { chunks.size.bytes() } else { u64::MAX };
            let end = start.saturating_add(size).min(self.range.end());
            let range = ByteRange::between(start, end);
            let mut strand = Strand { hash: self.hash()?, range, at: start, window: 0..0 };
            strand.offer(block);
            self.strands.push_back(strand);
            self.next = (end < self.range.end()).then_some(end);
        }
        Ok(())
    }

    fn hash(&self) -> Result<Hash, Error> {
        let algorithm = match self.aim {
            Aim::Subtree(offset) => {
                let mut hasher = Box::new(blake3::Hasher::new());
                hasher.set_input_offset(offset);
                return Ok(Hash::Subtree(hasher));
            }
            Aim::Whole(algorithm) => algorithm,
            Aim::Chunks(chunks) => chunks.algorithm,
            Aim::Leaves => HashAlgorithm::Sha256,
        };
        Ok(match algorithm {
            HashAlgorithm::Sha256 => Hash::Sha256(Box::default()),
            HashAlgorithm::Blake2b | HashAlgorithm::Blake3 => Hash::Other(Hasher::new(algorithm)?),
        })
    }

    /// True while bytes, or the end of a message, are still to be fed.
    pub(super) fn is_hungry(&self) -> bool {
        self.strands.iter().any(Strand::is_hungry) || self.leaves.as_ref().is_some_and(Leaves::is_hungry)
    }

    /// Files the values of the hashes that are complete. Nothing of it is hungry.
    pub(super) fn settle(&mut self) {
        while self.strands.front().is_some_and(Strand::has_all) {
            self.values.extend(self.strands.pop_front().and_then(|strand| strand.hash.value()));
        }
    }

    /// The value over the whole range.
    pub(super) fn value(&self) -> Option<Value> {
        match &self.leaves {
            Some(leaves) => Some(Value::Leaves(leaves.digests().to_vec())),
            None => self.values.first().cloned(),
        }
    }

    /// The digests of the chunks.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let digest = |value: &Value| if let Value::Digest(digest) = value { Some(*digest) } else { None };
        self.values.iter().filter_map(digest).collect()
    }
}

impl Strand {
    fn offer(&mut self, block: ByteRange) {
        // A block is in memory: its length fits usize.
        let place = |at: u64| at.clamp(block.start(), block.end()).saturating_sub(block.start()) as usize;
        self.window = place(self.at)..place(self.range.end());
        self.at = block.end().clamp(self.at, self.range.end());
    }

    /// True when no more blocks concern it.
    fn has_all(&self) -> bool {
        self.at == self.range.end()
    }

    fn is_hungry(&self) -> bool {
        let unended = matches!(&self.hash, Hash::Sha256(stream) if stream.digest().is_none());
        !self.window.is_empty() || (self.has_all() && unended)
    }
}

impl Hash {
    /// `None` for a hash that is not complete.
    fn value(self) -> Option<Value> {
        match self {
            Self::Sha256(stream) => {
                Digest::from_bytes(HashAlgorithm::Sha256, &stream.digest()?).map(Value::Digest)
            }
            Self::Other(hasher) => Some(Value::Digest(hasher.finalize())),
            Self::Subtree(hasher) => Some(Value::Subtree(hasher.finalize_non_root())),
        }
    }
}

/// Feeds to tracks what they want of their blocks. SHA-256 and BLAKE2b streams are computed several at a time, whatever
/// track they belong to. With `refill`, some SHA-256 streams may keep a rest, so that others are brought more bytes
/// first.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "windows lie in the block that they were made for, and a feed gets no longer"
)]
pub(super) fn feed<'t>(
    kernels: &Kernels,
    tracks: impl Iterator<Item = (&'t [u8], &'t mut Track)>,
    refill: bool,
) {
    let (mut feeds, mut windows, mut many) = (Vec::new(), Vec::new(), Vec::new());
    for (block, track) in tracks {
        if let Some(leaves) = &mut track.leaves {
            leaves.feed(kernels, block);
            continue;
        }
        for strand in track.strands.iter_mut().filter(|strand| strand.is_hungry()) {
            let (bytes, is_last) = (&block[strand.window.clone()], strand.has_all());
            match &mut strand.hash {
                Hash::Sha256(stream) => {
                    feeds.push(Feed::new(stream, bytes, is_last));
                    windows.push(&mut strand.window);
                    continue;
                }
                Hash::Other(hasher) => match hasher.is_many() {
                    true => many.push((hasher, bytes)),
                    false => hasher.update(bytes),
                },
                Hash::Subtree(hasher) => {
                    hasher.update(bytes);
                }
            }
            strand.window.start = strand.window.end;
        }
    }
    Hasher::update_many(many);
    kernels.absorb(&mut feeds, refill);
    for (window, feed) in windows.into_iter().zip(feeds) {
        window.start = window.end - feed.remaining();
    }
}
