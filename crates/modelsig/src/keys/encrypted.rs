//! Encrypted PKCS#8 (RFC 5958 section 3) under a passphrase (PBES2, RFC 8018 section 6.2).
//!
//! Written: PBKDF2-HMAC-SHA-256 and AES-256-CBC. Read: PBKDF2 with SHA-2, or scrypt, and AES. Refused by name: what
//! else passphrases were used for, by older programs mostly. Whether a passphrase is right is not known of those.
#![cfg(feature = "sign")]

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode};
use pkcs8::pkcs5::{self, pbes2};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument};

use super::KeyFault;

/// OWASP's figure for PBKDF2-HMAC-SHA-256 (Password Storage Cheat Sheet, 2023).
const PBKDF2_ROUNDS: u32 = 600_000;

/// An encrypted key, of a scheme that is known.
pub(super) struct Encrypted<'d>(EncryptedPrivateKeyInfoRef<'d>);

impl<'d> Encrypted<'d> {
    pub(super) fn parse(der: &'d [u8]) -> Result<Self, KeyFault> {
        // The scheme first: of one that it does not know, the parser of the whole does not tell the name.
        let scheme = AnyRef::from_der(der).and_then(|key| {
            key.sequence(|fields| {
                let scheme = AlgorithmIdentifierRef::decode(fields)?;
                <&OctetStringRef>::decode(fields)?;
                Ok::<_, der::Error>(scheme.oid)
            })
        });
        match scheme.map_err(KeyFault::malformed)? {
            pbes2::PBES2_OID => {}
            other => return Err(unsupported(other)),
        }
        EncryptedPrivateKeyInfoRef::try_from(der).map(Self).map_err(|error| match error {
            pkcs8::Error::Asn1(fault) => match fault.kind() {
                der::ErrorKind::OidUnknown { oid } => unsupported(oid),
                _ => KeyFault::malformed(error),
            },
            _ => KeyFault::malformed(error),
        })
    }

    /// The key in PKCS#8.
    pub(super) fn decrypt(&self, passphrase: &str) -> Result<SecretDocument, KeyFault> {
        use pkcs5::Error::{AlgorithmParametersInvalid, UnsupportedAlgorithm};
        self.0.decrypt(passphrase).map_err(|error| match error {
            pkcs8::Error::EncryptedPrivateKey(UnsupportedAlgorithm { oid }) => unsupported(oid),
            pkcs8::Error::EncryptedPrivateKey(AlgorithmParametersInvalid { .. }) => {
                KeyFault::malformed(error)
            }
            _ => KeyFault::WrongPassphrase,
        })
    }
}

/// What people call the schemes that are met in the field and refused, or the parts of them.
fn unsupported(oid: ObjectIdentifier) -> KeyFault {
    let found = match oid.to_string().as_str() {
        "1.2.840.113549.1.12.1.3" => "PBE-SHA1-3DES".into(),
        "1.2.840.113549.2.7" => "PBKDF2 with HMAC-SHA-1".into(),
        "1.2.840.113549.3.7" => "Triple DES".into(),
        other => format!("the scheme {other}"),
    };
    KeyFault::UnsupportedEncryption { found }
}

pub(super) fn encrypt(der: &SecretDocument, passphrase: &str) -> Result<SecretDocument, KeyFault> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    for random in [&mut salt, &mut iv] {
        getrandom::fill(random).map_err(|error| KeyFault::Random { reason: error.to_string() })?;
    }
    let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(PBKDF2_ROUNDS, &salt, iv)
        .map_err(KeyFault::malformed)?;
    let info = PrivateKeyInfoRef::try_from(der.as_bytes()).map_err(KeyFault::malformed)?;
    info.encrypt_with_params(parameters, passphrase).map_err(KeyFault::malformed)
}
