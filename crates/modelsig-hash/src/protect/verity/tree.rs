//! The Merkle tree of fs-verity, from the digests of data blocks up to the digest of the file.
//!
//! A data block is hashed as it is, the last one filled up with zeros. The digests, 128 in a block, are hashed block by
//! block into the level above, until one is left: the root. What stands in memory is one digest for each 128 blocks.

use std::collections::BTreeMap;

use super::{BLOCK_SIZE, VerityDigest};
use crate::sha256::Kernels;
use crate::{ByteRange, Digest, HashAlgorithm};

/// A block in memory.
const LEAF: usize = BLOCK_SIZE as usize;

/// Blocks that are hashed together: enough to fill all lanes, few enough to be kept track of in no time.
const TOGETHER: usize = 64;

type Hash = [u8; 32];

/// The digests that fit into a block.
const FANOUT: usize = LEAF / size_of::<Hash>();

/// The digests of the blocks of some bytes. Only the last block of a file may be incomplete.
pub(crate) fn leaves(kernels: &Kernels, bytes: &[u8], digests: &mut Vec<Hash>) {
    for some in bytes.chunks(TOGETHER * LEAF) {
        let (blocks, rest) = some.as_chunks::<LEAF>();
        let mut last = [0; LEAF];
        last.iter_mut().zip(rest).for_each(|(last, byte)| *last = *byte);
        let mut messages: Vec<&[u8]> = blocks.iter().map(<[u8; LEAF]>::as_slice).collect();
        if !rest.is_empty() {
            messages.push(&last);
        }
        digests.extend(kernels.digests(&messages));
    }
}

/// The digests of one level as those of the level above.
fn level_above(digests: &[Hash]) -> Vec<Hash> {
    let mut above = Vec::with_capacity(digests.len().div_ceil(FANOUT));
    leaves(Kernels::detect(), digests.as_flattened(), &mut above);
    above
}

/// The tree of one file, whose parts come in as they are hashed.
pub(crate) struct Tree {
    length: u64,
    missing: u64,
    /// By their first byte: of each part the level above the leaves, or the only leaf of the file.
    parts: BTreeMap<u64, Vec<Hash>>,
}

impl Tree {
    /// What the length of a part must be a multiple of, but for the last one: the data under one block of digests.
    pub(crate) const PART_UNIT: u64 = BLOCK_SIZE * (BLOCK_SIZE / size_of::<Hash>() as u64);

    /// Of a file of so many bytes.
    pub(crate) fn new(length: u64) -> Self {
        Self { length, missing: length, parts: BTreeMap::new() }
    }

    /// The same, once it is known how long the file is: whether one block or less, or more, it was made for.
    pub(crate) fn of_length(self, length: u64) -> Self {
        let added = self.length.saturating_sub(self.missing);
        Self { length, missing: length.saturating_sub(added), ..self }
    }

    /// Adds the digests of the blocks of a part.
    pub(crate) fn add(&mut self, range: ByteRange, leaves: &[Hash]) {
        let digests = if self.length > BLOCK_SIZE { level_above(leaves) } else { leaves.to_vec() };
        if self.parts.insert(range.start(), digests).is_none() {
            self.missing = self.missing.saturating_sub(range.length());
        }
    }

    /// The digest of the file; `None` while parts are missing.
    pub(crate) fn digest(self) -> Option<VerityDigest> {
        // Of an empty file, too, one part is added when it was looked at.
        if self.missing > 0 || self.parts.is_empty() {
            return None;
        }
        let mut level: Vec<Hash> = self.parts.into_values().flatten().collect();
        while level.len() > 1 {
            level = level_above(&level);
        }
        // The root of an empty file is zeros.
        Some(digest_of(self.length, &level.first().copied().unwrap_or_default()))
    }
}

/// SHA-256 over `struct fsverity_descriptor` of linux/fsverity.h.
fn digest_of(length: u64, root: &Hash) -> VerityDigest {
    let mut descriptor = [0; 256];
    // version, hash_algorithm (SHA-256), log_blocksize; salt and signature have no bytes.
    descriptor[..3].copy_from_slice(&[1, 1, BLOCK_SIZE.trailing_zeros() as u8]);
    descriptor[8..16].copy_from_slice(&length.to_le_bytes());
    descriptor[16..48].copy_from_slice(root);
    let mut digest = [0; 32];
    let raw = HashAlgorithm::Sha256.digest(&descriptor);
    // SHA-256 is always built, and has 32 bytes.
    digest.copy_from_slice(raw.as_ref().map_or(&[0; 32], Digest::as_bytes));
    VerityDigest::from_bytes(digest)
}
