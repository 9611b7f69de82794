//! The hint by which a bundle names its key: SHA-256 over the PEM text of the public key, in lower-case
//! hexadecimal. It is not signed and selects no trust; it only tells a wrong key from a wrong signature.

use std::fmt;

use sha2::{Digest, Sha256};

/// The hint of a public key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyHint(String);

impl KeyHint {
    /// From the key's PEM text: SubjectPublicKeyInfo, 64-column lines, LF line ends, final LF.
    pub(crate) fn of_pem(pem: &str) -> Self {
        Self(hex::encode(Sha256::digest(pem.as_bytes())))
    }

    /// 64 lower-case hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
