//! A BLAKE3 digest from subtrees that workers have computed (section 2.1 of the BLAKE3 paper).

use std::collections::BTreeMap;

use blake3::hazmat::{ChainingValue, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root};

use super::JobDigest;
use crate::{ByteRange, Digest, HashAlgorithm};

/// The subtrees of one job, as they come in. They are of equal length but for the last, and at least two.
pub(super) struct Subtrees {
    /// Of the job, in bytes.
    length: u64,
    missing: u64,
    /// By the place of their first byte in the job.
    parts: BTreeMap<u64, (ChainingValue, Vec<Digest>)>,
}

impl Subtrees {
    /// Of a job of so many bytes.
    pub(super) fn new(length: u64) -> Self {
        Self { length, missing: length, parts: BTreeMap::new() }
    }

    /// Adds the subtree over these bytes of the job, with the digests of the chunks in it. The digests of the job, when
    /// nothing is missing any more.
    pub(super) fn add(
        &mut self,
        range: ByteRange,
        value: ChainingValue,
        chunks: Vec<Digest>,
    ) -> Option<JobDigest> {
        if self.parts.insert(range.start(), (value, chunks)).is_none() {
            self.missing = self.missing.checked_sub(range.length())?;
        }
        if self.missing > 0 {
            return None;
        }
        let size = *self.parts.keys().nth(1)?;
        let values: Vec<ChainingValue> = self.parts.values().map(|(value, _)| *value).collect();
        let (left, right) = halves(&values, self.length, size)?;
        let root = merge_subtrees_root(&left, &right, Mode::Hash);
        let digest = Digest::from_bytes(HashAlgorithm::Blake3, root.as_bytes())?;
        let chunks = std::mem::take(&mut self.parts).into_values().flat_map(|(_, chunks)| chunks).collect();
        Some(JobDigest { digest, chunks })
    }
}

/// The chaining values of the two children of the node over `length` bytes.
fn halves(values: &[ChainingValue], length: u64, size: u64) -> Option<(ChainingValue, ChainingValue)> {
    let left = left_subtree_len(length);
    let (ours, theirs) = values.split_at_checked(left.checked_div(size)? as usize)?;
    Some((node(ours, left, size)?, node(theirs, length.checked_sub(left)?, size)?))
}

fn node(values: &[ChainingValue], length: u64, size: u64) -> Option<ChainingValue> {
    if let [value] = values {
        return Some(*value);
    }
    let (left, right) = halves(values, length, size)?;
    Some(merge_subtrees_non_root(&left, &right, Mode::Hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use blake3::hazmat::HasherExt as _;

    #[test]
    fn subtrees_in_any_order_make_the_digest() {
        let bytes: Vec<u8> = (0..40_000u32).map(|at| (at % 251) as u8).collect();
        for size in [1024u64, 4096, 16_384] {
            for length in [size + 1, 2 * size, 2 * size + 1, 2 * size + 1023, 40_000] {
                let message = &bytes[..length as usize];
                let mut pieces: Vec<ByteRange> = ByteRange::whole(length).pieces(size).collect();
                pieces.rotate_left(1);
                let mut subtrees = Subtrees::new(length);
                let mut made = None;
                for range in pieces {
                    assert_eq!(made, None);
                    let mut hasher = blake3::Hasher::new();
                    hasher.set_input_offset(range.start());
                    hasher.update(&message[range.start() as usize..range.end() as usize]);
                    made = subtrees.add(range, hasher.finalize_non_root(), Vec::new());
                }
                let expected = HashAlgorithm::Blake3.digest(message).unwrap();
                assert_eq!(made.unwrap().digest, expected, "{length} in {size}");
            }
        }
    }
}
