//! Bundles that known keys have signed, for forgers: what verifies afterwards must be what one of them has signed.

use std::sync::LazyLock;

use super::keys::private_key;
use crate::bundle::Bundle;
use crate::dsse::{PAYLOAD_TYPE, legacy_pre_authentication_encoding, pre_authentication_encoding};
use crate::trust::{self, Dialect};
use crate::{Error, KeyType, Limits, PublicKey, Signer, Trust, statement};

/// How many signers there are: two for each kind of key.
pub const SIGNERS: usize = 8;

/// The age of a statement, and of the way in which it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// OMS v1.0.
    Current,
    /// model-signing 0.2.0.
    Legacy,
}

/// A payload that was signed, and the signature.
pub struct Genuine {
    /// The statement.
    pub payload: Vec<u8>,
    /// By the signer of this number.
    pub signature: Vec<u8>,
    /// How it was signed.
    pub age: Age,
}

/// What each of the [`SIGNERS`] has signed.
pub static GENUINE: LazyLock<Vec<Vec<Genuine>>> = LazyLock::new(|| (0..SIGNERS).map(signed_by).collect());

const FILES: [&str; 3] = [
    r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"ROOT"}}],"predicateType":"https://model_signing/signature/v1.0","predicate":{"resources":[{"name":"a","digest":"DIGEST","algorithm":"sha256"}],"serialization":{"method":"files","hash_type":"sha256","allow_symlinks":false,"ignore_paths":[]}}}"#,
    r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"other","digest":{"sha256":"ROOT"}}],"predicateType":"https://model_signing/signature/v1.0","predicate":{"resources":[{"name":"a:0:9","digest":"DIGEST","algorithm":"sha256"}],"serialization":{"method":"shards","shard_size":9,"hash_type":"sha256","allow_symlinks":true}}}"#,
    r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"DIGEST"},"annotations":{"actual_hash_algorithm":"file-sha256"}}],"predicateType":"https://model_signing/Digests/v0.1","predicate":{}}"#,
];

fn key(signer: usize) -> crate::PrivateKey {
    private_key(KeyType::ALL[signer / 2], 7 + (signer % 2) as u8)
}

/// The public key of a signer.
pub fn public_key(signer: usize) -> PublicKey {
    static KEYS: LazyLock<Vec<PublicKey>> =
        LazyLock::new(|| (0..SIGNERS).map(|signer| key(signer).public_key().clone()).collect());
    KEYS[signer].clone()
}

fn signed_by(signer: usize) -> Vec<Genuine> {
    let key = key(signer);
    // What each signer has signed names the signer, so that no two of them signed the same.
    let sha256 = modelsig_hash::HashAlgorithm::Sha256;
    let digest = sha256.digest(&[signer as u8]).expect("SHA-256 is there");
    let root = sha256.digest(digest.as_bytes()).expect("SHA-256 is there");
    let genuine = |text: &&str| {
        let payload = text.replace("DIGEST", &digest.to_string()).replace("ROOT", &root.to_string());
        let payload = payload.into_bytes();
        let (age, message) = match text.contains("Digests/v0.1") {
            false => (Age::Current, pre_authentication_encoding(PAYLOAD_TYPE, &payload)),
            true => (Age::Legacy, legacy_pre_authentication_encoding(PAYLOAD_TYPE, &payload)),
        };
        // model-signing 0.2.0 knew no Ed25519: what such a key signs in its way must never hold.
        let signature = key.sign(&message).expect("a key signs");
        statement::parse("bundle", &payload, age.dialect(), &Limits::default()).expect("a good statement");
        Genuine { payload, signature, age }
    };
    FILES.iter().map(genuine).collect()
}

impl Age {
    fn dialect(self) -> Dialect {
        match self {
            Self::Current => Dialect::Current,
            Self::Legacy => Dialect::Legacy,
        }
    }
}

/// Verifies a bundle: its payload, if the signature holds, and whether the statement in it was accepted.
///
/// # Errors
/// Those of the bundle and of its signature.
pub fn verify(text: &[u8], trusted: &[usize], legacy: bool) -> Result<(Vec<u8>, Age, bool), Error> {
    let limits = Limits::default();
    let verified = Bundle::parse("bundle", text.into(), &limits).and_then(|bundle| {
        let trust = Trust::Keys(trusted.iter().map(|signer| public_key(*signer)).collect());
        let (_, dialect) = trust::verify("bundle", &bundle, &trust, legacy)?;
        let payload = bundle.envelope.payload();
        let accepted = statement::parse("bundle", payload, dialect, &limits).is_ok();
        let age = if dialect == Dialect::Current { Age::Current } else { Age::Legacy };
        Ok((payload.to_vec(), age, accepted))
    });
    if let Err(error) = &verified {
        super::message(error);
    }
    verified
}
