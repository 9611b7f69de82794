//! Keys in PEM and DER. No private key lies in the seeds: those that the fuzzer damages are made here.

use pem_rfc7468::LineEnding;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::{EncodePrivateKey, EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};

use crate::{KeyFault, KeyType, PrivateKey, PublicKey, Signer};

/// With what the encrypted documents are encrypted.
const PASSPHRASE: &str = "correct horse";

/// A key in DER, with the label of its PEM block.
pub struct KeyDocument {
    /// `PRIVATE KEY` and the like.
    pub label: &'static str,
    /// PKCS#8, encrypted or not, SEC1 or SubjectPublicKeyInfo.
    pub der: Vec<u8>,
}

/// Every form of key that is read, the same in every run.
pub fn key_documents() -> Vec<KeyDocument> {
    let mut documents = Vec::new();
    let mut add = |label, der: &[u8]| documents.push(KeyDocument { label, der: der.to_vec() });
    for kind in KeyType::ALL {
        let key = private_key(kind, 7);
        let pkcs8 = decoded(&key.to_pem(None).expect("a key can be written"));
        add("PRIVATE KEY", &pkcs8);
        add("PUBLIC KEY", &decoded(&key.public_key().to_pem()));
        let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(2, &[7; 16], [7; 16]);
        let info = PrivateKeyInfoRef::try_from(pkcs8.as_slice()).expect("what was written is read");
        let encrypted = info.encrypt_with_params(parameters.expect("good parameters"), PASSPHRASE);
        add("ENCRYPTED PRIVATE KEY", encrypted.expect("a key can be encrypted").as_bytes());
    }
    let scalar = |length: usize| [vec![0; length - 1], vec![7]].concat();
    let (p256, p384) = (p256::SecretKey::from_slice(&scalar(32)), p384::SecretKey::from_slice(&scalar(48)));
    add("EC PRIVATE KEY", &p256.expect("a scalar").to_sec1_der().expect("a key can be written"));
    add("EC PRIVATE KEY", &p384.expect("a scalar").to_sec1_der().expect("a key can be written"));
    documents
}

/// A key of which everybody knows the secret.
pub(super) fn private_key(kind: KeyType, secret: u8) -> PrivateKey {
    let scalar = |length: usize| [vec![0; length - 1], vec![secret]].concat();
    let der = match kind {
        KeyType::Ed25519 => ed25519_dalek::SigningKey::from_bytes(&[secret; 32]).to_pkcs8_der(),
        KeyType::P256 => p256::SecretKey::from_slice(&scalar(32)).expect("a scalar").to_pkcs8_der(),
        KeyType::P384 => p384::SecretKey::from_slice(&scalar(48)).expect("a scalar").to_pkcs8_der(),
        KeyType::P521 => p521::SecretKey::from_slice(&scalar(66)).expect("a scalar").to_pkcs8_der(),
    };
    let pem = encoded("PRIVATE KEY", der.expect("a key can be written").as_bytes());
    PrivateKey::from_pem(&pem.expect("a short document"), None).expect("what was written is read")
}

fn decoded(pem: &str) -> Vec<u8> {
    pem_rfc7468::decode_vec(pem.as_bytes()).expect("what was written is read").1
}

fn encoded(label: &str, der: &[u8]) -> Option<String> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).ok()
}

/// A key in DER, in a block with any of the labels that are read.
pub fn key_in_der(label: &str, der: &[u8]) {
    let from_der = PublicKey::from_der(der);
    public(&from_der);
    // A block of nothing is no PEM.
    let Some(pem) = encoded(label, der).filter(|_| !der.is_empty()) else { return };
    if label == "PUBLIC KEY" {
        assert_eq!(PublicKey::from_pem(&pem), from_der);
    } else {
        assert!(matches!(PublicKey::from_pem(&pem), Err(KeyFault::Label { .. })), "{label}");
    }
    let passphrase = if label == "ENCRYPTED PRIVATE KEY" {
        // What no passphrase opens does not ask for one.
        let refused = PrivateKey::from_pem(&pem, None).err();
        let fitting = |fault: &KeyFault| {
            use KeyFault::{Malformed, PassphraseNeeded, UnsupportedEncryption};
            matches!(fault, PassphraseNeeded | UnsupportedEncryption { .. } | Malformed { .. })
        };
        assert!(refused.as_ref().is_some_and(fitting), "{refused:?}");
        // Deriving a key is meant to be slow: only what is made to be quick is opened.
        if !is_quick(der) {
            return;
        }
        Some(PASSPHRASE)
    } else {
        None
    };
    private(&PrivateKey::from_pem(&pem, passphrase));
}

fn is_quick(der: &[u8]) -> bool {
    let Ok(info) = EncryptedPrivateKeyInfoRef::try_from(der) else { return true };
    match info.encryption_algorithm.pbes2().map(|parameters| &parameters.kdf) {
        Some(Kdf::Pbkdf2(kdf)) => kdf.iteration_count < 1000,
        Some(Kdf::Scrypt(kdf)) => {
            let (block, lanes) = (u64::from(kdf.block_size), u64::from(kdf.parallelization));
            kdf.cost_parameter.saturating_mul(block).saturating_mul(lanes) < 10_000
        }
        _ => true,
    }
}

/// PEM text, of anything. Encrypted keys are only opened in [`key_in_der`].
pub fn key_in_pem(text: &str) {
    public(&PublicKey::from_pem(text));
    private(&PrivateKey::from_pem(text, None));
}

fn public(key: &Result<PublicKey, KeyFault>) {
    match key {
        Ok(key) => assert_eq!(PublicKey::from_pem(&key.to_pem()).as_ref(), Ok(key)),
        Err(fault) => super::message(fault),
    }
}

fn private(key: &Result<PrivateKey, KeyFault>) {
    match key {
        Ok(key) => {
            let again = PrivateKey::from_pem(&key.to_pem(None).expect("a key can be written"), None);
            assert_eq!(again.expect("and read").public_key(), key.public_key());
            let signature = key.sign(b"message").expect("a key signs");
            assert!(key.public_key().verify(b"message", &signature).is_some());
            assert!(key.public_key().verify(b"massage", &signature).is_none());
        }
        Err(fault) => super::message(fault),
    }
}
