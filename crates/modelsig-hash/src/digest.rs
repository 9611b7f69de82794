//! Digests and the three hash functions of OMS (spec section 7): SHA-256 (FIPS 180-4), BLAKE2b-512 (RFC 7693,
//! unkeyed) and BLAKE3 (default mode, 32 bytes).
//!
//! Refuses: hexadecimal text of the wrong length or in upper case, and any algorithm outside the registry.

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;
use subtle::ConstantTimeEq;

use crate::Error;

/// The hash functions of the OMS registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashAlgorithm {
    /// SHA-256, FIPS 180-4: 32 bytes. Every OMS tool has it.
    Sha256,
    /// BLAKE2b-512 without a key, RFC 7693: 64 bytes. Cargo feature `blake2b`.
    Blake2b,
    /// BLAKE3 in its default mode: 32 bytes.
    Blake3,
}

impl HashAlgorithm {
    /// All of them, in the order of the registry.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Blake2b, Self::Blake3];

    /// The identifier that OMS uses in `hash_type` and `algorithm`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Blake2b => "blake2b",
            Self::Blake3 => "blake3",
        }
    }

    /// Length of the digest in bytes.
    pub const fn digest_length(self) -> usize {
        match self {
            Self::Sha256 | Self::Blake3 => 32,
            Self::Blake2b => 64,
        }
    }

    /// The digest of a buffer.
    ///
    /// # Errors
    /// [`Error::AlgorithmNotBuilt`].
    pub fn digest(self, bytes: &[u8]) -> Result<Digest, Error> {
        let mut hasher = Hasher::new(self)?;
        hasher.update(bytes);
        Ok(hasher.finalize())
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for HashAlgorithm {
    type Err = UnknownAlgorithm;

    /// Accepts the identifiers of [`HashAlgorithm::id`], byte for byte.
    fn from_str(id: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.id() == id).ok_or(UnknownAlgorithm)
    }
}

/// The text is no identifier of the OMS hash registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of sha256, blake2b, blake3")]
pub struct UnknownAlgorithm;

/// The output of a hash function, together with the function that made it.
///
/// Two digests are equal when both agree; the bytes are compared in constant time.
#[derive(Clone, Copy)]
pub struct Digest {
    algorithm: HashAlgorithm,
    bytes: [u8; 64],
}

impl Digest {
    /// Wraps raw digest bytes. `None` unless there are exactly [`HashAlgorithm::digest_length`] of them.
    pub fn from_bytes(algorithm: HashAlgorithm, raw: &[u8]) -> Option<Self> {
        let mut bytes = [0; 64];
        if raw.len() != algorithm.digest_length() {
            return None;
        }
        bytes.get_mut(..raw.len())?.copy_from_slice(raw);
        Some(Self { algorithm, bytes })
    }

    /// Reads the lower-case hexadecimal form.
    ///
    /// # Errors
    /// [`Error::BadDigest`] for another length, upper case, or any other character.
    pub fn from_hex(algorithm: HashAlgorithm, text: &str) -> Result<Self, Error> {
        let bad = || Error::BadDigest { algorithm, found: text.chars().take(200).collect() };
        let mut bytes = [0; 64];
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(bad());
        }
        let room = bytes.get_mut(..algorithm.digest_length()).ok_or_else(bad)?;
        hex::decode_to_slice(text, room).map_err(|_| bad())?;
        Ok(Self { algorithm, bytes })
    }

    /// The function that made it.
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The raw bytes, [`HashAlgorithm::digest_length`] of them.
    #[expect(clippy::indexing_slicing, reason = "no digest is longer than 64 bytes")]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.digest_length()]
    }

    /// The form with its hash function that reports have: `sha256:`, and lower-case hexadecimal digits.
    pub fn tagged(&self) -> String {
        format!("{}:{self}", self.algorithm)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && bool::from(self.bytes.ct_eq(&other.bytes))
    }
}

impl Eq for Digest {}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tagged())
    }
}

/// A digest in the making.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(sha2::Sha256),
    #[cfg(feature = "blake2b")]
    Blake2b(Box<blake2b_simd::State>),
    Blake3(Box<blake3::Hasher>),
}

impl Hasher {
    /// Starts a digest.
    ///
    /// # Errors
    /// [`Error::AlgorithmNotBuilt`].
    pub fn new(algorithm: HashAlgorithm) -> Result<Self, Error> {
        Ok(Self(match algorithm {
            HashAlgorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            #[cfg(feature = "blake2b")]
            HashAlgorithm::Blake2b => State::Blake2b(Box::new(blake2b_simd::State::new())),
            #[cfg(not(feature = "blake2b"))]
            HashAlgorithm::Blake2b => return Err(Error::AlgorithmNotBuilt { algorithm }),
            HashAlgorithm::Blake3 => State::Blake3(Box::default()),
        }))
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(hasher) => hasher.update(bytes),
            #[cfg(feature = "blake2b")]
            State::Blake2b(state) => {
                state.update(bytes);
            }
            State::Blake3(hasher) => {
                hasher.update(bytes);
            }
        }
    }

    /// True for a hash of which several streams are computed faster together.
    pub(crate) fn is_many(&self) -> bool {
        #[cfg(feature = "blake2b")]
        return matches!(self.0, State::Blake2b(_));
        #[cfg(not(feature = "blake2b"))]
        false
    }

    /// Adds bytes to each of several hashes.
    pub(crate) fn update_many(pairs: Vec<(&mut Self, &[u8])>) {
        #[cfg(feature = "blake2b")]
        let mut many = Vec::with_capacity(pairs.len());
        for (hasher, bytes) in pairs {
            if !hasher.is_many() {
                hasher.update(bytes);
                continue;
            }
            #[cfg(feature = "blake2b")]
            if let State::Blake2b(state) = &mut hasher.0 {
                many.push((&mut **state, bytes));
            }
        }
        #[cfg(feature = "blake2b")]
        blake2b_simd::many::update_many(many.iter_mut().map(|(state, bytes)| (&mut **state, &*bytes)));
    }

    /// Ends the digest.
    pub fn finalize(self) -> Digest {
        let mut bytes = [0; 64];
        let algorithm = match self.0 {
            State::Sha256(hasher) => {
                bytes[..32].copy_from_slice(&hasher.finalize());
                HashAlgorithm::Sha256
            }
            #[cfg(feature = "blake2b")]
            State::Blake2b(state) => {
                bytes = *state.finalize().as_array();
                HashAlgorithm::Blake2b
            }
            State::Blake3(hasher) => {
                bytes[..32].copy_from_slice(hasher.finalize().as_bytes());
                HashAlgorithm::Blake3
            }
        };
        Digest { algorithm, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "abc": FIPS 180-4 example, RFC 7693 appendix A, and the BLAKE3 team's reference implementation.
    const ABC: [(HashAlgorithm, &str); 3] = [
        (HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            HashAlgorithm::Blake2b,
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
             7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
        ),
        (HashAlgorithm::Blake3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
    ];

    #[test]
    fn published_vectors() {
        for (algorithm, hex) in ABC {
            if algorithm == HashAlgorithm::Blake2b && cfg!(not(feature = "blake2b")) {
                assert!(matches!(algorithm.digest(b"abc"), Err(Error::AlgorithmNotBuilt { .. })));
                continue;
            }
            let digest = algorithm.digest(b"abc").unwrap();
            assert_eq!(digest.to_string(), hex);
            assert_eq!(Digest::from_hex(algorithm, hex).unwrap(), digest);
        }
    }

    #[test]
    fn hexadecimal_text_is_read_strictly() {
        let good = ABC[0].1;
        for bad in ["", "ba", &good.to_uppercase(), &good[1..], &format!("{good}00"), &good.replace('b', "g")]
        {
            assert!(
                matches!(Digest::from_hex(HashAlgorithm::Sha256, bad), Err(Error::BadDigest { .. })),
                "{bad}"
            );
        }
        assert!(Digest::from_hex(HashAlgorithm::Sha256, &format!(" {}", &good[1..])).is_err());
    }

    #[test]
    fn equal_bytes_of_two_algorithms_differ() {
        let sha256 = Digest::from_bytes(HashAlgorithm::Sha256, &[7; 32]).unwrap();
        let blake3 = Digest::from_bytes(HashAlgorithm::Blake3, &[7; 32]).unwrap();
        assert_ne!(sha256, blake3);
        assert!(Digest::from_bytes(HashAlgorithm::Sha256, &[7; 31]).is_none());
        assert!(Digest::from_bytes(HashAlgorithm::Blake2b, &[7; 32]).is_none());
    }
}
