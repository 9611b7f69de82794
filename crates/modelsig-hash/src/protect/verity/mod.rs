//! fs-verity, the guard of the Linux kernel over a file (Documentation/filesystems/fsverity.rst).
//!
//! A file under its guard is read-only for ever, for root too, and each page of it is checked against a Merkle tree
//! when it is read. The digest of file and tree can be [measured](measure) in constant time, or
//! [computed](crate::Engine::verity_digest) from the bytes alone. Only one form is known here, the default of Linux:
//! SHA-256, blocks of 4096 bytes, no salt. Refuses: measurements that do not come from this kernel's own file systems.

mod hasher;
mod kernel;
mod tree;

use std::fmt;

use subtle::ConstantTimeEq;

pub use hasher::VerityHasher;
pub use kernel::{EnableError, Guarded, enable, measure};
pub(crate) use tree::{Tree, leaves};

/// Bytes of a block, of data as well as of digests.
pub const BLOCK_SIZE: u64 = 4096;

/// The fs-verity digest of a file: SHA-256 over a descriptor with its length and the root of its Merkle tree. It binds
/// the length too. Compared in constant time.
#[derive(Clone, Copy)]
pub struct VerityDigest([u8; 32]);

impl VerityDigest {
    /// The hash function, as `fsverity digest` names it.
    pub const ALGORITHM: &str = "sha256";

    /// Wraps the raw bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 lower-case hexadecimal digits; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        (is_lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(Self(bytes))
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The form that reports have, with a name that tells it from the SHA-256 of the content: `fsverity-sha256:`, and
    /// lower-case hexadecimal digits.
    pub fn tagged(&self) -> String {
        format!("fsverity-{}:{self}", Self::ALGORITHM)
    }
}

impl PartialEq for VerityDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for VerityDigest {}

/// Hexadecimal.
impl fmt::Display for VerityDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for VerityDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tagged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_text_is_read_strictly() {
        let digest = VerityDigest::from_bytes([0xab; 32]);
        assert_eq!(VerityDigest::from_hex(&digest.to_string()), Some(digest));
        assert_eq!(format!("{digest:?}"), format!("fsverity-sha256:{}", "ab".repeat(32)));
        for bad in ["", "ab", &"AB".repeat(32), &"ab".repeat(33), &"ag".repeat(32), &"ab".repeat(31)] {
            assert_eq!(VerityDigest::from_hex(bad), None, "{bad}");
        }
    }
}
