//! How the jobs on a source become passes over it.
//!
//! Jobs that overlap are never read for one after another: whoever changes the file in between could then show each
//! of them other bytes. They share a pass instead, in which every block is fed to all of them before the next one is
//! read. What does not overlap is a pass of its own, for any worker to take.
//!
//! BLAKE3 is a tree, and a subtree of it can be computed wherever its bytes are: a long BLAKE3 job is cut into parts,
//! so that one huge file keeps all workers busy. So is the tree of fs-verity, for which each part brings the digests of
//! its blocks.

use super::{Chunks, Job};
use crate::protect::verity::Tree;
use crate::{ByteRange, HashAlgorithm};

/// Bytes of a part of a BLAKE3 job: a power of two, as a subtree needs. Longer where chunks are.
const SUBTREE: u64 = 1 << 20;

/// Bytes of a part of a tree of fs-verity.
const VERITY: u64 = 2 * Tree::PART_UNIT;

/// What is computed of one stretch of bytes: a job, or a subtree of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) range: ByteRange,
    pub(super) algorithm: HashAlgorithm,
    /// Its place in the list of jobs; one past them for a part of the tree of fs-verity.
    pub(super) job: usize,
    /// For a part of a BLAKE3 job, where it lies in the job, in bytes.
    pub(super) subtree: Option<u64>,
    pub(super) chunks: Option<Chunks>,
    /// It brings the digests of its blocks for the tree of fs-verity, and nothing else.
    pub(super) verity: bool,
}

/// The passes over a source.
pub(super) struct Passes {
    /// In order of their ranges.
    parts: Vec<Part>,
    /// One past the last part of each pass.
    ends: Vec<usize>,
    /// Where the last part ends, if there are no gaps before it.
    gapless: Option<u64>,
}

impl Passes {
    /// `verity` is the length of the source where the fs-verity digest is wanted too.
    pub(super) fn new(jobs: &[Job], verity: Option<u64>) -> Self {
        let mut parts = Vec::with_capacity(jobs.len());
        for (job, &Job { range, algorithm, chunks }) in jobs.iter().enumerate() {
            match subtree_size(range, algorithm, chunks) {
                None => parts.push(Part { range, algorithm, job, subtree: None, chunks, verity: false }),
                Some(size) => parts.extend(range.pieces(size).map(|piece| {
                    let subtree = Some(piece.start().saturating_sub(range.start()));
                    Part { range: piece, algorithm, job, subtree, chunks, verity: false }
                })),
            }
        }
        if let Some(length) = verity {
            let (algorithm, job) = (HashAlgorithm::Sha256, jobs.len());
            let of = |range| Part { range, algorithm, job, subtree: None, chunks: None, verity: true };
            parts.extend(ByteRange::whole(length).pieces(VERITY).map(of));
            // An empty file, too, is opened.
            parts.extend((length == 0).then(|| of(ByteRange::whole(0))));
        }
        parts.sort_unstable();
        let (mut ends, mut reach) = (Vec::with_capacity(1), 0);
        let (mut is_gapless, mut last) = (true, None);
        for (place, part) in parts.iter().enumerate() {
            is_gapless &= place == 0 || part.range.start() <= reach;
            if place > 0 && part.range.start() >= reach && Some(part.range) != last {
                ends.push(place);
            }
            (reach, last) = (reach.max(part.range.end()), Some(part.range));
        }
        if !parts.is_empty() {
            ends.push(parts.len());
        }
        Self { parts, ends, gapless: is_gapless.then_some(reach) }
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The parts of a pass, in order of their ranges; never empty.
    #[expect(
        clippy::indexing_slicing,
        reason = "passes are counted by `ends`, which lie in the list and ascend"
    )]
    pub(super) fn parts(&self, pass: usize) -> &[Part] {
        let start = pass.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.parts[start..self.ends[pass]]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[Part]> {
        (0..self.count()).map(|pass| self.parts(pass))
    }

    /// How far a reader of these parts and its fellows will read on without a gap.
    pub(super) fn limit(&self, parts: &[Part]) -> u64 {
        self.gapless.unwrap_or_else(|| range_of(parts).end())
    }

    /// True when anywhere the same bytes are looked at for more than one purpose.
    pub(super) fn is_shared(&self) -> bool {
        let is_alone = |part: &Part, first: &Part| {
            let look = |part: &Part| (part.range, part.algorithm, part.verity);
            part.chunks.is_none() && look(part) == look(first)
        };
        let is_one = |parts: &[Part]| match parts {
            [first, ..] => parts.iter().all(|part| is_alone(part, first)),
            [] => true,
        };
        !self.iter().all(is_one)
    }
}

/// All that is read for the parts of a pass, once.
pub(super) fn range_of(parts: &[Part]) -> ByteRange {
    let start = parts.first().map_or(0, |first| first.range.start());
    ByteRange::between(start, parts.iter().fold(start, |end, part| end.max(part.range.end())))
}

/// The size of the parts of a job; `None` if it is not cut. Chunks never straddle parts: both are powers of two.
fn subtree_size(range: ByteRange, algorithm: HashAlgorithm, chunks: Option<Chunks>) -> Option<u64> {
    let size = chunks.map_or(SUBTREE, |chunks| chunks.size.bytes().max(SUBTREE));
    (algorithm == HashAlgorithm::Blake3 && range.length() > size).then_some(size)
}
