//! Public keys: SubjectPublicKeyInfo (RFC 5280) in PEM.

use std::fmt;
use std::path::Path;

use pkcs8::{
    AssociatedOid, DecodePublicKey, EncodePublicKey, LineEnding, ObjectIdentifier, SubjectPublicKeyInfoRef,
};

use super::{KeyFault, KeyHint, ecdsa, ed25519, pem};
use crate::{Error, Limits, input};

/// id-ecPublicKey, RFC 5480.
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// id-Ed25519, RFC 8410.
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// Ed25519, RFC 8032.
    Ed25519,
    /// NIST P-256 (secp256r1), FIPS 186-5.
    P256,
    /// NIST P-384 (secp384r1).
    P384,
    /// NIST P-521 (secp521r1).
    P521,
}

impl KeyType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ed25519, Self::P256, Self::P384, Self::P521];

    /// `"ed25519"`, `"p256"`, `"p384"`, `"p521"`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
        }
    }

    /// The curve that an object identifier names.
    pub(super) fn of_curve(curve: ObjectIdentifier) -> Result<Self, KeyFault> {
        match curve {
            p256::NistP256::OID => Ok(Self::P256),
            p384::NistP384::OID => Ok(Self::P384),
            p521::NistP521::OID => Ok(Self::P521),
            other => Err(KeyFault::UnsupportedType { found: name_of(other) }),
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Key type and hash of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureScheme {
    /// Ed25519 over the message.
    Ed25519,
    /// Ed25519ph: over the SHA-512 of the message.
    Ed25519ph,
    /// ECDSA P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA P-384 with SHA-384.
    EcdsaP384Sha384,
    /// ECDSA P-521 with SHA-512.
    EcdsaP521Sha512,
    /// ECDSA P-384 with SHA-256, as model-signing 0.2.0 signed with certificates.
    EcdsaP384Sha256,
    /// ECDSA P-521 with SHA-256, as model-signing 0.2.0 signed with certificates.
    EcdsaP521Sha256,
}

impl SignatureScheme {
    /// A name for reports.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Ed25519ph => "ed25519ph",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::EcdsaP521Sha512 => "ecdsa-p521-sha512",
            Self::EcdsaP384Sha256 => "ecdsa-p384-sha256",
            Self::EcdsaP521Sha256 => "ecdsa-p521-sha256",
        }
    }
}

/// A key that the caller trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(pub(super) Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Reads the PEM text of one SubjectPublicKeyInfo (`-----BEGIN PUBLIC KEY-----`).
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        let (label, der) = pem::decode(text)?;
        if label != "PUBLIC KEY" {
            return Err(KeyFault::Label { expected: "public key", found: label.into() });
        }
        Self::from_der(&der)
    }

    /// Reads one SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyFault> {
        let info = SubjectPublicKeyInfoRef::try_from(der).map_err(KeyFault::malformed)?;
        match info.algorithm.oid {
            ED25519 => {
                let raw = info.subject_public_key.as_bytes().unwrap_or_default();
                Ok(Self(Kind::Ed25519(ed25519::verifying_key(raw)?)))
            }
            EC_PUBLIC_KEY => {
                let curve = info.algorithm.parameters_oid().map_err(KeyFault::malformed)?;
                Self::on_curve(KeyType::of_curve(curve)?, der)
            }
            other => Err(KeyFault::UnsupportedType { found: name_of(other) }),
        }
    }

    fn on_curve(curve: KeyType, der: &[u8]) -> Result<Self, KeyFault> {
        let kind = match curve {
            KeyType::P256 => DecodePublicKey::from_public_key_der(der).map(Kind::P256),
            KeyType::P384 => DecodePublicKey::from_public_key_der(der).map(Kind::P384),
            KeyType::P521 => DecodePublicKey::from_public_key_der(der).map(Kind::P521),
            KeyType::Ed25519 => return Err(KeyFault::malformed("Ed25519 is no ECDSA curve")),
        };
        kind.map(Self).map_err(KeyFault::malformed)
    }

    /// From a point as SEC 1 writes it, compressed or not, or the 32 bytes of an Ed25519 key (RFC 8032).
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn from_raw(key_type: KeyType, point: &[u8]) -> Result<Self, KeyFault> {
        let kind = match key_type {
            KeyType::Ed25519 => return ed25519::verifying_key(point).map(Kind::Ed25519).map(Self),
            KeyType::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Kind::P256),
            KeyType::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Kind::P384),
            KeyType::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Kind::P521),
        };
        kind.map(Self).map_err(KeyFault::malformed)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Key`], [`Error::Limit`], [`Error::NotAFile`].
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let text = input::read_key(path, &Limits::default())?;
        Self::from_pem(&text).map_err(|fault| Error::Key { path: path.to_string_lossy().into(), fault })
    }

    /// The PEM text: SubjectPublicKeyInfo, 64-column lines, LF line ends, final LF.
    pub fn to_pem(&self) -> String {
        let pem = match &self.0 {
            Kind::Ed25519(key) => key.to_public_key_pem(LineEnding::LF),
            Kind::P256(key) => key.to_public_key_pem(LineEnding::LF),
            Kind::P384(key) => key.to_public_key_pem(LineEnding::LF),
            Kind::P521(key) => key.to_public_key_pem(LineEnding::LF),
        };
        // Encoding a point that was decoded cannot fail; an empty text would verify nothing.
        pem.unwrap_or_default()
    }

    /// The hint by which bundles name this key.
    pub fn hint(&self) -> KeyHint {
        KeyHint::of_pem(&self.to_pem())
    }

    /// The kind of key.
    pub fn key_type(&self) -> KeyType {
        match &self.0 {
            Kind::Ed25519(_) => KeyType::Ed25519,
            Kind::P256(_) => KeyType::P256,
            Kind::P384(_) => KeyType::P384,
            Kind::P521(_) => KeyType::P521,
        }
    }

    /// As [`Self::verify`], but ECDSA hashes with SHA-256 on every curve: how model-signing 0.2.0 signed with
    /// certificates.
    #[cfg(feature = "certificate")]
    pub(crate) fn verify_sha256(&self, message: &[u8], signature: &[u8]) -> Option<SignatureScheme> {
        match &self.0 {
            Kind::Ed25519(_) => None,
            Kind::P256(key) => ecdsa::verify_p256(key, message, signature),
            Kind::P384(key) => ecdsa::verify_p384_sha256(key, message, signature),
            Kind::P521(key) => ecdsa::verify_p521_sha256(key, message, signature),
        }
    }

    /// The one signature check: `None` unless `signature` is this key's over `message`.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Option<SignatureScheme> {
        match &self.0 {
            Kind::Ed25519(key) => ed25519::verify(key, message, signature),
            Kind::P256(key) => ecdsa::verify_p256(key, message, signature),
            Kind::P384(key) => ecdsa::verify_p384(key, message, signature),
            Kind::P521(key) => ecdsa::verify_p521(key, message, signature),
        }
    }
}

/// What people call the kinds of keys that are met in the field and refused.
pub(crate) fn name_of(oid: ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => "an RSA key".into(),
        "1.3.132.0.10" => "a key on the curve secp256k1".into(),
        "1.3.132.0.33" => "a key on the curve P-224".into(),
        "1.3.101.110" | "1.3.101.111" => "an X25519 or X448 key, which cannot sign".into(),
        "1.3.101.113" => "an Ed448 key".into(),
        "1.2.840.10040.4.1" => "a DSA key".into(),
        other => format!("a key of the kind {other}"),
    }
}
