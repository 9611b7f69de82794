//! The fs-verity digest of bytes that come one after another, and whose number is known only at the end.

use super::tree::{Tree, leaves};
use super::{BLOCK_SIZE, VerityDigest};
use crate::ByteRange;
use crate::sha256::Kernels;

/// Bytes that are hashed together: all the data under one block of digests.
const PART: usize = Tree::PART_UNIT as usize;

/// An fs-verity digest in the making: SHA-256, blocks of 4096 bytes, no salt.
pub struct VerityHasher {
    tree: Tree,
    /// Bytes before those that wait.
    hashed: u64,
    /// Less than a part.
    waiting: Vec<u8>,
}

impl VerityHasher {
    /// Of a file of so many bytes. The digest binds the length, and the tree has another form for one block than for
    /// more of them, so that it must be known.
    pub fn new(length: u64) -> Self {
        Self { tree: Tree::new(length), hashed: 0, waiting: Vec::new() }
    }

    /// Adds bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PART - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            if self.waiting.len() == PART {
                self.hash_waiting();
            }
            bytes = later;
        }
    }

    /// Ends the digest. `None` unless there were as many bytes as was said.
    pub fn finalize(mut self) -> Option<VerityDigest> {
        // Of an empty file, too, one part is added.
        if !self.waiting.is_empty() || self.hashed == 0 {
            self.hash_waiting();
        }
        (self.hashed == self.tree.length()).then_some(())?;
        self.tree.digest()
    }

    fn hash_waiting(&mut self) {
        let mut digests = Vec::with_capacity(PART / BLOCK_SIZE as usize);
        leaves(Kernels::detect(), &self.waiting, &mut digests);
        let end = self.hashed.saturating_add(self.waiting.len() as u64);
        if let Ok(range) = ByteRange::new(self.hashed, end) {
            self.tree.add(range, &digests);
        }
        self.hashed = end;
        self.waiting.clear();
    }
}

impl std::fmt::Debug for VerityHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerityHasher({} bytes)", self.hashed + self.waiting.len() as u64)
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
                let mut hasher = VerityHasher::new(length as u64);
                bytes.chunks(piece).for_each(|piece| hasher.update(piece));
                assert_eq!(hasher.finalize(), Some(expected), "{length} bytes by {piece}");
            }
        }
    }

    #[test]
    fn another_length_than_was_said_has_no_digest() {
        for (said, found) in [(0, 1), (1, 0), (4096, 4095), (4096, 4097), (10_000, 4096)] {
            let mut hasher = VerityHasher::new(said);
            hasher.update(&vec![0; found]);
            assert_eq!(hasher.finalize(), None, "{said} {found}");
        }
    }
}
