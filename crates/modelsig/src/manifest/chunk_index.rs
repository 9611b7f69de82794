//! The chunk index `modelsig.chunks.v1`: digests of fixed-size chunks of a file, inside the signed statement.
//!
//! It stands in the `annotations` of a resource, where other tools ignore it. Together with the length it proves
//! the file as well as the whole-file digest does, and lets it be checked in parallel and in part. Refuses: sizes
//! that are no power of two in range, a number of digests that does not fit the length, unknown members.

use std::borrow::Cow;

use base64ct::{Base64, Encoding};
use modelsig_hash::{ByteRange, ChunkSize, Digest, HashAlgorithm};
use serde::{Deserialize, Serialize};

/// The name of the annotation.
pub const CHUNK_INDEX: &str = "modelsig.chunks.v1";

/// Digests of the chunks of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChunkIndex {
    pub(crate) algorithm: HashAlgorithm,
    pub(crate) chunk_size: ChunkSize,
    /// Of the file, in bytes.
    pub(crate) length: u64,
    /// Raw digests one after another; empty for a file of at most one chunk, which its whole digest proves.
    digests: Vec<u8>,
}

/// Why a chunk index is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkIndexFault {
    /// Not one of `sha256`, `blake2b`, `blake3`.
    #[error("unknown hash {found:?}")]
    UnknownHash {
        /// The identifier found.
        found: String,
    },
    /// Not a power of two from 64 KiB to 1 GiB.
    #[error("chunk size {found} is not a power of two from 65536 to 1073741824")]
    ChunkSize {
        /// The size found in bytes.
        found: u64,
    },
    /// The digests are not canonical base64.
    #[error("the digests are not canonical base64")]
    Base64,
    /// Too few or too many digests for the length.
    #[error("{expected} bytes of digests belong to a file of that length, found {found}")]
    Count {
        /// Bytes that the length asks for.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonChunkIndex<'t> {
    #[serde(borrow)]
    algorithm: Cow<'t, str>,
    chunk_size: u64,
    length: u64,
    #[serde(borrow, default, deserialize_with = "crate::json::present")]
    #[serde(skip_serializing_if = "Option::is_none")]
    digests: Option<Cow<'t, str>>,
}

impl ChunkIndex {
    /// An index over `digests`, which are left out when the file has at most one chunk.
    #[cfg(feature = "sign")]
    pub(crate) fn new(
        algorithm: HashAlgorithm,
        chunk_size: ChunkSize,
        length: u64,
        digests: &[Digest],
    ) -> Self {
        let digests = if length > chunk_size.bytes() { digests } else { &[] };
        let digests = digests.iter().flat_map(|digest| digest.as_bytes().iter().copied()).collect();
        Self { algorithm, chunk_size, length, digests }
    }

    /// How many digests it has.
    pub(crate) fn count(&self) -> usize {
        self.digests.len().checked_div(self.algorithm.digest_length()).unwrap_or_default()
    }

    /// True when there are digests to check against.
    pub(crate) fn has_digests(&self) -> bool {
        !self.digests.is_empty()
    }

    /// The chunk at a place, with its digest; `None` past the last, and where there are no digests.
    pub(crate) fn chunk(&self, index: usize) -> Option<(ByteRange, Digest)> {
        let size = self.algorithm.digest_length();
        let raw = self.digests.chunks_exact(size).nth(index)?;
        let start = self.chunk_size.bytes().checked_mul(index as u64)?;
        let end = start.checked_add(self.chunk_size.bytes())?.min(self.length);
        Some((ByteRange::new(start, end).ok()?, Digest::from_bytes(self.algorithm, raw)?))
    }

    /// The chunks in order, with their digests.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = (ByteRange, Digest)> {
        (0..).map_while(|index| self.chunk(index))
    }

    #[cfg(feature = "sign")]
    pub(crate) fn encode(&self) -> JsonChunkIndex<'static> {
        JsonChunkIndex {
            algorithm: self.algorithm.id().into(),
            chunk_size: self.chunk_size.bytes(),
            length: self.length,
            digests: self.has_digests().then(|| Base64::encode_string(&self.digests).into()),
        }
    }
}

impl JsonChunkIndex<'_> {
    pub(crate) fn decode(self) -> Result<ChunkIndex, ChunkIndexFault> {
        let algorithm: HashAlgorithm = self
            .algorithm
            .parse()
            .map_err(|_| ChunkIndexFault::UnknownHash { found: self.algorithm.chars().take(64).collect() })?;
        let chunk_size = ChunkSize::new(self.chunk_size)
            .map_err(|_| ChunkIndexFault::ChunkSize { found: self.chunk_size })?;
        let digests = match self.digests {
            None => Vec::new(),
            Some(text) => Base64::decode_vec(&text).map_err(|_| ChunkIndexFault::Base64)?,
        };
        let found = digests.len() as u64;
        let expected = if self.length > chunk_size.bytes() {
            chunk_size.count(self.length).saturating_mul(algorithm.digest_length() as u64)
        } else {
            0
        };
        if found != expected {
            return Err(ChunkIndexFault::Count { expected, found });
        }
        Ok(ChunkIndex { algorithm, chunk_size, length: self.length, digests })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<ChunkIndex, String> {
        let json: JsonChunkIndex<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        json.decode().map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_number_of_digests_fits_the_length_exactly() {
        let of = |count: usize, length: u64| {
            let digests = Base64::encode_string(&vec![7; 32 * count]);
            let text = format!(
                r#"{{"algorithm":"sha256","chunk_size":65536,"length":{length},"digests":"{digests}"}}"#
            );
            decode(&text)
        };
        assert_eq!(of(2, 65_537).unwrap().chunks().count(), 2);
        assert_eq!(
            of(2, 131_072).unwrap().chunks().last().unwrap().0,
            ByteRange::new(65_536, 131_072).unwrap()
        );
        assert!(of(0, 65_536).is_ok(), "present but empty for one chunk");
        let index = of(3, 131_073).unwrap();
        assert!(index.chunks().enumerate().all(|(place, chunk)| index.chunk(place) == Some(chunk)));
        assert_eq!(index.chunk(3), None);
        for (count, length) in
            [(1, 65_536), (1, 65_537), (3, 131_072), (2, 131_073), (0, 65_537), (2, u64::MAX)]
        {
            assert!(of(count, length).is_err(), "{count} {length}");
        }
    }

    #[test]
    fn malformed_indexes_are_refused() {
        assert!(decode(r#"{"algorithm":"blake3","chunk_size":1048576,"length":3}"#).is_ok());
        for bad in [
            r#"{"algorithm":"md5","chunk_size":1048576,"length":3}"#,
            r#"{"algorithm":"SHA256","chunk_size":1048576,"length":3}"#,
            r#"{"algorithm":"sha256","chunk_size":1048577,"length":3}"#,
            r#"{"algorithm":"sha256","chunk_size":32768,"length":3}"#,
            r#"{"algorithm":"sha256","chunk_size":2147483648,"length":3}"#,
            r#"{"algorithm":"sha256","chunk_size":0,"length":3}"#,
            r#"{"algorithm":"sha256","chunk_size":1048576,"length":1048577}"#,
            r#"{"algorithm":"sha256","chunk_size":1048576,"length":-1}"#,
            r#"{"algorithm":"sha256","chunk_size":1048576,"length":3.0}"#,
            r#"{"algorithm":"sha256","chunk_size":1048576}"#,
            r#"{"algorithm":"sha256","chunk_size":1048576,"length":3,"more":1}"#,
            r#"{"algorithm":"sha256","chunk_size":1048576,"length":3,"digests":"AA="}"#,
        ] {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }

    #[cfg(feature = "sign")]
    #[test]
    fn what_is_written_is_read() {
        let digest = HashAlgorithm::Sha256.digest(b"x").unwrap();
        let size = ChunkSize::new(65_536).unwrap();
        for (length, count) in [(3, 1), (65_536, 1), (65_537, 2)] {
            let index = ChunkIndex::new(HashAlgorithm::Sha256, size, length, &vec![digest; count]);
            let text = serde_json::to_string(&index.encode()).unwrap();
            assert_eq!(decode(&text).unwrap(), index);
            assert_eq!(text.contains("digests"), length > 65_536);
        }
    }
}
