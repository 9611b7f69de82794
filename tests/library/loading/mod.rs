//! What a model hands out: signed bytes of signed names, on the rung that the policy demands, whoever works against it.

#[cfg(target_os = "linux")]
mod attacks;
mod parts;
mod reading;
mod rungs;
mod selection;
mod tensors;

use modelsig::hash::{ChunkSize, HashAlgorithm};
use modelsig::{ChunkIndexing, ModelSigner};
pub(crate) use tensors::{TENSORS, safetensors};

/// Bytes that are not alike anywhere near each other.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Signs with a chunk index of the smallest chunks.
pub(crate) fn in_chunks() -> ModelSigner {
    let size = ChunkSize::new(ChunkSize::MIN).ok();
    ModelSigner::new().chunks(Some(ChunkIndexing { size, algorithm: HashAlgorithm::Sha256 }))
}

/// The ways in which a file can be proved: by chunks, whole, by shards.
fn signers() -> [ModelSigner; 3] {
    let shards = modelsig::Method::Shards { shard_size: 70_000 };
    [in_chunks(), ModelSigner::new().chunks(None), ModelSigner::new().chunks(None).method(shards)]
}
