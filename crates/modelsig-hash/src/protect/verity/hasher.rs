//! The fs-verity digest of bytes that come one after another, and whose number is known only at the end.

use super::tree::{Tree, leaves};
use super::{BLOCK_SIZE, VerityDigest};
use crate::ByteRange;
use crate::sha256::Kernels;

/// Bytes that are hashed together: all the data under one block of digests.
const PART: usize = Tree::PART_UNIT as usize;

/// An fs-verity digest in the making: SHA-256, blocks of 4096 bytes, no salt.
#[derive(Default)]
pub struct VerityHasher {
    /// From the first part on.
    tree: Option<Tree>,
    /// Bytes before those that wait.
    hashed: u64,
    /// Less than a part.
    waiting: Vec<u8>,
}

impl VerityHasher {
    /// Of no bytes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PART.saturating_sub(self.waiting.len())));
            self.waiting.extend_from_slice(now);
            if self.waiting.len() == PART {
                // More than one block, in any case.
                self.hash_waiting(u64::MAX);
            }
            bytes = later;
        }
    }

    /// Ends the digest. `None` for more bytes than can be counted.
    pub fn finalize(mut self) -> Option<VerityDigest> {
        let length = self.hashed.checked_add(self.waiting.len() as u64)?;
        // Of an empty file, too, one part is added.
        if !self.waiting.is_empty() || self.hashed == 0 {
            self.hash_waiting(length);
        }
        self.tree?.of_length(length).digest()
    }

    /// The tree has another form for one block than for more of them, which `length` tells.
    fn hash_waiting(&mut self, length: u64) {
        let mut digests = Vec::with_capacity(self.waiting.len().div_ceil(BLOCK_SIZE as usize));
        leaves(Kernels::detect(), &self.waiting, &mut digests);
        let end = self.hashed.saturating_add(self.waiting.len() as u64);
        if let Ok(range) = ByteRange::new(self.hashed, end) {
            self.tree.get_or_insert_with(|| Tree::new(length)).add(range, &digests);
        }
        self.hashed = end;
        self.waiting.clear();
    }
}

impl std::fmt::Debug for VerityHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerityHasher({} bytes)", self.hashed.saturating_add(self.waiting.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Source};

    /// The engine's own digests are compared with those of the fsverity tool elsewhere.
    #[test]
    fn pieces_of_any_size_make_the_digest_of_the_whole() {
        let engine = Engine::new(1).unwrap();
        for length in [0, 1, 4095, 4096, 4097, PART - 1, PART, PART + 1, 2 * PART + 5000] {
            let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let expected = engine.verity_digest(Source::from_bytes(&bytes)).unwrap();
            for piece in [1000, 4096, 300_000, 10_000_000] {
                let mut hasher = VerityHasher::new();
                bytes.chunks(piece).for_each(|piece| hasher.update(piece));
                assert_eq!(hasher.finalize(), Some(expected), "{length} bytes by {piece}");
            }
        }
    }
}
