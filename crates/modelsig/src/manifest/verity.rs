//! The fs-verity digest `modelsig.fsverity.v1` of a file, inside the signed statement.
//!
//! It stands in the `annotations` of a resource, beside the chunk index. A file that the Linux kernel guards under this
//! digest has the signed content and length, which the kernel tells in constant time. Refuses: another hash or block
//! size than the default of Linux, a digest that is not 64 lower-case hexadecimal digits, unknown members.

use std::borrow::Cow;

use modelsig_hash::VerityDigest;
use modelsig_hash::protect::verity::BLOCK_SIZE;
use serde::{Deserialize, Serialize};

/// The name of the annotation.
pub const VERITY_DIGEST: &str = "modelsig.fsverity.v1";

/// Why a signed fs-verity digest is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerityFault {
    /// Not `sha256`.
    #[error("the hash {found:?} is not {:?}", VerityDigest::ALGORITHM)]
    Algorithm {
        /// The identifier found.
        found: String,
    },
    /// Not 4096.
    #[error("the block size {found} is not {BLOCK_SIZE}")]
    BlockSize {
        /// The size found in bytes.
        found: u64,
    },
    /// Not 64 lower-case hexadecimal digits.
    #[error("the digest is not 64 lower-case hexadecimal digits: {found:?}")]
    Digest {
        /// The text, cut to 200 characters.
        found: String,
    },
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonVerity<'t> {
    #[serde(borrow)]
    algorithm: Cow<'t, str>,
    block_size: u64,
    #[serde(borrow)]
    digest: Cow<'t, str>,
}

impl JsonVerity<'_> {
    #[cfg(feature = "sign")]
    pub(crate) fn encode(digest: &VerityDigest) -> JsonVerity<'static> {
        JsonVerity {
            algorithm: VerityDigest::ALGORITHM.into(),
            block_size: BLOCK_SIZE,
            digest: digest.to_string().into(),
        }
    }

    pub(crate) fn decode(self) -> Result<VerityDigest, VerityFault> {
        if self.algorithm != VerityDigest::ALGORITHM {
            return Err(VerityFault::Algorithm { found: self.algorithm.chars().take(64).collect() });
        }
        if self.block_size != BLOCK_SIZE {
            return Err(VerityFault::BlockSize { found: self.block_size });
        }
        VerityDigest::from_hex(&self.digest)
            .ok_or_else(|| VerityFault::Digest { found: self.digest.chars().take(200).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<VerityDigest, String> {
        let json: JsonVerity<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        json.decode().map_err(|fault| fault.to_string())
    }

    #[test]
    fn one_form_is_read_and_no_other() {
        let digest = VerityDigest::from_bytes([0xab; 32]);
        let good = format!(r#"{{"algorithm":"sha256","block_size":4096,"digest":"{digest}"}}"#);
        assert_eq!(decode(&good), Ok(digest));
        #[cfg(feature = "sign")]
        assert_eq!(serde_json::to_string(&JsonVerity::encode(&digest)).unwrap(), good);
        for (part, other) in [
            ("sha256", "sha512"),
            ("sha256", "SHA256"),
            ("sha256", ""),
            ("4096", "1024"),
            ("4096", "65536"),
            ("4096", "0"),
            ("4096", "4096.0"),
            ("4096", "\"4096\""),
            ("\"ab", "\"AB"),
            ("\"ab", "\""),
            ("\"ab", "\"abab"),
            ("\"ab", "\"zz"),
            ("}", r#","salt":""}"#),
            (r#""block_size":4096,"#, ""),
        ] {
            let bad = good.replacen(part, other, 1);
            assert!(bad != good && decode(&bad).is_err(), "{bad}");
        }
    }
}
