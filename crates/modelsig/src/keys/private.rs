//! Private keys: PKCS#8 (RFC 5958), encrypted PKCS#8 (RFC 8018) and SEC1 (RFC 5915) in PEM.
#![cfg(feature = "sign")]

use std::fmt;
use std::path::Path;

use elliptic_curve::Generate;
use pkcs8::{EncodePrivateKey, LineEnding, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use super::encrypted::{Encrypted, encrypt};
use super::public::{self, Kind, name_of};
use super::{KeyFault, KeyType, PublicKey, Signer, ecdsa, pem};
use crate::{Error, Limits, input};

/// A private key in memory. It is wiped when dropped and never shown.
pub struct PrivateKey {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::SecretKey>),
    P384(Box<p384::SecretKey>),
    P521(Box<p521::SecretKey>),
}

impl PrivateKey {
    /// Makes a new key from the system's random numbers.
    ///
    /// # Errors
    /// [`KeyFault::Random`].
    pub fn generate(kind: KeyType) -> Result<Self, KeyFault> {
        let failed = |error: getrandom::Error| KeyFault::Random { reason: error.to_string() };
        Ok(Self::from_secret(match kind {
            KeyType::Ed25519 => {
                let mut seed = Zeroizing::new([0; 32]);
                getrandom::fill(seed.as_mut_slice()).map_err(failed)?;
                Secret::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)))
            }
            KeyType::P256 => Secret::P256(Box::new(p256::SecretKey::try_generate().map_err(failed)?)),
            KeyType::P384 => Secret::P384(Box::new(p384::SecretKey::try_generate().map_err(failed)?)),
            KeyType::P521 => Secret::P521(Box::new(p521::SecretKey::try_generate().map_err(failed)?)),
        }))
    }

    /// Reads the PEM text of one private key. `passphrase` is used if the key is encrypted.
    ///
    /// # Errors
    /// [`KeyFault`]; [`KeyFault::PassphraseNeeded`] when it is encrypted and `passphrase` is `None`.
    pub fn from_pem(text: &str, passphrase: Option<&str>) -> Result<Self, KeyFault> {
        let (label, der) = pem::decode(text)?;
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(&der),
            "EC PRIVATE KEY" => Self::from_sec1(&der),
            "ENCRYPTED PRIVATE KEY" => {
                let encrypted = Encrypted::parse(&der)?;
                let passphrase = passphrase.ok_or(KeyFault::PassphraseNeeded)?;
                Self::from_pkcs8(encrypted.decrypt(passphrase)?.as_bytes())
            }
            other => Err(KeyFault::Label { expected: "private key", found: other.into() }),
        }
    }

    /// Reads a key file, which on Unix must be closed to group and others.
    ///
    /// # Errors
    /// [`Error::KeyReadableByOthers`], [`Error::Io`], [`Error::Key`], [`Error::Limit`], [`Error::NotAFile`].
    pub fn from_file(path: &Path, passphrase: Option<&str>) -> Result<Self, Error> {
        let fault = |fault| Error::Key { path: path.to_string_lossy().into(), fault };
        let text = input::read_private_key(path, &Limits::default()).map_err(|error| match error {
            Error::KeyReadableByOthers { .. } => no_private_key(path).map_or(error, fault),
            error => error,
        })?;
        Self::from_pem(&text, passphrase).map_err(fault)
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyFault> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(KeyFault::malformed)?;
        let secret = match info.algorithm.oid {
            public::ED25519 => {
                let key = ed25519_dalek::SigningKey::try_from(info).map_err(KeyFault::malformed)?;
                Secret::Ed25519(Box::new(key))
            }
            public::EC_PUBLIC_KEY => {
                let curve = info.algorithm.parameters_oid().map_err(KeyFault::malformed)?;
                match KeyType::of_curve(curve)? {
                    KeyType::P256 => Secret::P256(Box::new(info.try_into().map_err(KeyFault::malformed)?)),
                    KeyType::P384 => Secret::P384(Box::new(info.try_into().map_err(KeyFault::malformed)?)),
                    KeyType::P521 => Secret::P521(Box::new(info.try_into().map_err(KeyFault::malformed)?)),
                    KeyType::Ed25519 => return Err(KeyFault::malformed("Ed25519 is no ECDSA curve")),
                }
            }
            other => return Err(KeyFault::UnsupportedType { found: name_of(other) }),
        };
        Ok(Self::from_secret(secret))
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyFault> {
        let key = EcPrivateKey::try_from(der).map_err(KeyFault::malformed)?;
        let curve = key.parameters.and_then(|parameters| parameters.named_curve());
        let curve = curve.ok_or_else(|| KeyFault::malformed("the curve is not named"))?;
        let secret = match KeyType::of_curve(curve)? {
            KeyType::P256 => Secret::P256(Box::new(key.try_into().map_err(KeyFault::malformed)?)),
            KeyType::P384 => Secret::P384(Box::new(key.try_into().map_err(KeyFault::malformed)?)),
            KeyType::P521 => Secret::P521(Box::new(key.try_into().map_err(KeyFault::malformed)?)),
            KeyType::Ed25519 => return Err(KeyFault::malformed("Ed25519 is no ECDSA curve")),
        };
        Ok(Self::from_secret(secret))
    }

    fn from_secret(secret: Secret) -> Self {
        let public = PublicKey(match &secret {
            Secret::Ed25519(key) => Kind::Ed25519(key.verifying_key()),
            Secret::P256(key) => Kind::P256(key.public_key().into()),
            Secret::P384(key) => Kind::P384(key.public_key().into()),
            Secret::P521(key) => Kind::P521(key.public_key().into()),
        });
        Self { secret, public }
    }

    /// PKCS#8 version 1 in PEM, which OpenSSL 3.0 reads; encrypted when a passphrase is given (PBES2:
    /// PBKDF2-HMAC-SHA-256 with 600,000 rounds, AES-256-CBC).
    ///
    /// # Errors
    /// [`KeyFault::Random`], or [`KeyFault::Malformed`] if the key cannot be encoded.
    pub fn to_pem(&self, passphrase: Option<&str>) -> Result<Zeroizing<String>, KeyFault> {
        let der = match &self.secret {
            // Without the public key: with it the encoding would be version 2, which OpenSSL 3.0 refuses.
            Secret::Ed25519(key) => {
                let version1 =
                    ed25519_dalek::pkcs8::KeypairBytes { secret_key: key.to_bytes(), public_key: None };
                version1.to_pkcs8_der()
            }
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
            Secret::P521(key) => key.to_pkcs8_der(),
        }
        .map_err(KeyFault::malformed)?;
        match passphrase {
            None => der.to_pem("PRIVATE KEY", LineEnding::LF).map_err(KeyFault::malformed),
            Some(passphrase) => encrypt(&der, passphrase)?
                .to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
                .map_err(KeyFault::malformed),
        }
    }
}

/// Of a file that others can read: whether it is rightly so, since it holds something else than a private key.
fn no_private_key(path: &Path) -> Option<KeyFault> {
    let text = input::read_key(path, &Limits::default()).ok()?;
    match pem::decode(&text) {
        Ok((found @ ("PUBLIC KEY" | "CERTIFICATE"), _)) => {
            Some(KeyFault::Label { expected: "private key", found: found.into() })
        }
        _ => None,
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = match &self.secret {
            Secret::Ed25519(key) => {
                Some(ed25519_dalek::Signer::sign(key.as_ref(), message).to_bytes().to_vec())
            }
            Secret::P256(key) => ecdsa::sign_p256(&key.as_ref().into(), message),
            Secret::P384(key) => ecdsa::sign_p384(&key.as_ref().into(), message),
            Secret::P521(key) => ecdsa::sign_p521(&key.as_ref().into(), message),
        };
        signature.ok_or_else(|| Error::Internal { what: "the signing function failed".into() })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_kind_come_back_and_sign() {
        for kind in KeyType::ALL {
            let key = PrivateKey::generate(kind).unwrap();
            assert_eq!(key.public_key().key_type(), kind);
            let signature = key.sign(b"message").unwrap();
            let public = PublicKey::from_pem(&key.public_key().to_pem()).unwrap();
            assert_eq!(&public, key.public_key());
            assert!(public.verify(b"message", &signature).is_some(), "{kind}");
            assert!(public.verify(b"massage", &signature).is_none(), "{kind}");
            assert!(
                public.verify(b"message", &[signature.as_slice(), &[0]].concat()).is_none(),
                "{kind}: trailing"
            );
            for passphrase in [None, Some("correct horse")] {
                let pem = key.to_pem(passphrase).unwrap();
                assert_eq!(PrivateKey::from_pem(&pem, passphrase).unwrap().public, key.public, "{kind}");
                if passphrase.is_some() {
                    assert_eq!(PrivateKey::from_pem(&pem, None).unwrap_err(), KeyFault::PassphraseNeeded);
                    assert_eq!(PrivateKey::from_pem(&pem, Some("x")).unwrap_err(), KeyFault::WrongPassphrase);
                }
            }
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
        let Secret::Ed25519(secret) = &key.secret else { panic!() };
        let shown = format!("{key:?}");
        assert!(
            !shown.contains(&hex::encode(secret.to_bytes()))
                && !shown.contains(&format!("{:?}", secret.to_bytes()))
        );
    }

    #[test]
    fn ecdsa_signatures_are_low_s_and_high_s_verifies() {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        for message in 0..16u8 {
            let signature = p256::ecdsa::Signature::from_der(&key.sign(&[message]).unwrap()).unwrap();
            assert_eq!(signature.normalize_s(), signature);
            let high = p256::ecdsa::Signature::from_scalars(signature.r(), -*signature.s()).unwrap();
            assert!(key.public.verify(&[message], high.to_der().as_bytes()).is_some());
        }
    }

    #[test]
    fn the_prehashed_dialect_of_ed25519_verifies() {
        use sha2::Digest;
        let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
        let Secret::Ed25519(secret) = &key.secret else { panic!() };
        let prehash = ed25519_dalek::Sha512::new().chain_update(b"message");
        let signature = secret.sign_prehashed(prehash, None).unwrap();
        let scheme = key.public.verify(b"message", &signature.to_bytes());
        assert_eq!(scheme, Some(super::super::SignatureScheme::Ed25519ph));
        assert_eq!(key.public.verify(b"massage", &signature.to_bytes()), None);
    }

    #[test]
    fn weak_ed25519_points_are_refused() {
        // The neutral element and a point of order 8 (RFC 8032 section 5.1; C2SP CCTV ed25519 list).
        for raw in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ] {
            let raw = hex::decode(raw).unwrap();
            assert_eq!(super::super::ed25519::verifying_key(&raw).unwrap_err(), KeyFault::Weak);
        }
    }
}
