//! What signs: a private key in memory, in hardware, or behind a service.
#![cfg(feature = "sign")]

use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{KeyType, PublicKey, ecdsa};
use crate::Error;

/// Something that signs: a [`PrivateKey`](crate::PrivateKey), or a key that never leaves its hardware or service.
///
/// Whatever signs, [`ModelSigner::sign`](crate::ModelSigner::sign) verifies the signature with
/// [`Signer::public_key`] before it writes a bundle, so a signer that uses another key, hash or encoding than it
/// says is an error and not a bad bundle.
///
/// A service that signs digests gets [`KeyType::prehash`]; one that answers with the raw numbers `r || s` of ECDSA
/// has them encoded by [`KeyType::der_signature`]:
///
/// ```
/// use modelsig::{Error, PublicKey, Signer};
///
/// /// A key in a key management service.
/// struct RemoteKey {
///     service: KeyService,
///     public: PublicKey,
/// }
///
/// impl RemoteKey {
///     fn connect(service: KeyService) -> Result<Self, Box<dyn std::error::Error>> {
///         let public = PublicKey::from_pem(&service.public_key_pem()?)?;
///         Ok(Self { service, public })
///     }
/// }
///
/// impl Signer for RemoteKey {
///     fn public_key(&self) -> &PublicKey {
///         &self.public
///     }
///
///     fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
///         let key_type = self.public.key_type();
///         let digest = key_type.prehash(message).ok_or_else(|| Error::signer("not an ECDSA key"))?;
///         let raw = self.service.sign_digest(&digest).map_err(Error::signer)?;
///         key_type.der_signature(&raw).ok_or_else(|| Error::signer("the service answered with no signature"))
///     }
/// }
/// # use modelsig::{KeyType, ModelSigner, PrivateKey, Verifier};
/// # struct KeyService(p256::ecdsa::SigningKey);
/// # impl KeyService {
/// #     fn public_key_pem(&self) -> Result<String, std::io::Error> {
/// #         use pkcs8::EncodePublicKey;
/// #         Ok(self.0.verifying_key().to_public_key_pem(Default::default()).unwrap())
/// #     }
/// #     fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, std::io::Error> {
/// #         use p256::ecdsa::signature::hazmat::PrehashSigner;
/// #         let signature: p256::ecdsa::Signature = self.0.sign_prehash(digest).unwrap();
/// #         Ok(signature.to_bytes().to_vec())
/// #     }
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let (model, bundle) = (folder.path().join("model"), folder.path().join("model.sig"));
/// # std::fs::write(&model, b"weights")?;
/// # let service = KeyService(p256::ecdsa::SigningKey::from_slice(&[7; 32])?);
///
/// let key = RemoteKey::connect(service)?;
/// ModelSigner::new().sign(&model, &bundle, &key)?;
/// # Verifier::new(key.public_key().clone()).verify(&model, &bundle)?;
/// # Ok(())
/// # }
/// ```
pub trait Signer {
    /// The key that will verify the signature. Its type decides how [`Signer::sign`] must hash.
    fn public_key(&self) -> &PublicKey;

    /// Signs the DSSE pre-authentication encoding. Returns 64 raw bytes for Ed25519 (not prehashed), otherwise the
    /// DER `SEQUENCE { r, s }` over the message hashed by curve: SHA-256, SHA-384 or SHA-512.
    ///
    /// # Errors
    /// Whatever keeps the signer from signing; [`Error::signer`] takes any error of another crate.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error>;
}

impl KeyType {
    /// The digest that an ECDSA key of this type signs: SHA-256 of the message for P-256, SHA-384 for P-384, SHA-512
    /// for P-521. `None` for Ed25519, which signs the message itself.
    pub fn prehash(self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Ed25519 => None,
            Self::P256 => Some(Sha256::digest(message).to_vec()),
            Self::P384 => Some(Sha384::digest(message).to_vec()),
            Self::P521 => Some(Sha512::digest(message).to_vec()),
        }
    }

    /// An ECDSA signature in the form of OMS, DER with the low `s`, from the raw numbers `r || s`. `None` for
    /// Ed25519, and for what is no pair of numbers of this curve.
    pub fn der_signature(self, raw: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Ed25519 => None,
            Self::P256 => ecdsa::der_p256(raw),
            Self::P384 => ecdsa::der_p384(raw),
            Self::P521 => ecdsa::der_p521(raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_signatures_become_der_with_the_low_s() {
        use p384::ecdsa::signature::hazmat::PrehashSigner;
        let key = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
        let prehash = KeyType::P384.prehash(b"message").unwrap();
        let low: p384::ecdsa::Signature = key.sign_prehash(&prehash).unwrap();
        let low = low.normalize_s();
        let high = p384::ecdsa::Signature::from_scalars(low.r(), -*low.s()).unwrap();
        let der = low.to_der().as_bytes().to_vec();
        for raw in [low.to_bytes(), high.to_bytes()] {
            assert_eq!(KeyType::P384.der_signature(&raw).as_ref(), Some(&der));
            assert_eq!(KeyType::P256.der_signature(&raw), None, "another curve");
            assert_eq!(KeyType::P384.der_signature(&raw[1..]), None, "too short");
            assert_eq!(KeyType::Ed25519.der_signature(&raw), None);
        }
        assert_eq!(KeyType::P384.der_signature(&[0; 96]), None, "zero is no part of a signature");
        assert_eq!(KeyType::Ed25519.prehash(b"message"), None);
    }
}
