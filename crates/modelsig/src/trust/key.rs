//! The `key` method (OMS spec 4.1): the caller's public key must have made the signature.
//!
//! A hint in the bundle that is not that of a trusted key is refused before any arithmetic; an absent hint leaves
//! the decision to the keys.

use super::{Dialect, Signed};
use crate::Error;
use crate::keys::{KeyType, PublicKey, SignatureScheme};
use crate::report::SignerReport;

pub(super) fn verify(
    signed: &Signed<'_>,
    keys: &[PublicKey],
    hint: Option<&str>,
) -> Result<(SignerReport, Dialect), Error> {
    if keys.is_empty() {
        return Err(Error::NoTrust);
    }
    let path = || signed.path.to_owned();
    let hints = || keys.iter().map(|key| key.hint().to_string()).collect();
    let named = |key: &&PublicKey| hint.is_none_or(|hint| key.hint().as_str() == hint);
    let mut candidates = keys.iter().filter(named).peekable();
    if let (None, Some(hint)) = (candidates.peek(), hint) {
        return Err(Error::HintMismatch { path: path(), hint: hint.into(), keys: hints() });
    }
    candidates
        .find_map(|key| signed.holds(key, verify_legacy).map(|found| (key, found)))
        .map(|(key, (scheme, dialect))| {
            let signer = SignerReport {
                key_type: key.key_type(),
                hint: key.hint(),
                scheme,
                hint_in_bundle: hint.is_some(),
                certificate: None,
            };
            (signer, dialect)
        })
        .ok_or_else(|| Error::BadSignature { path: path(), keys: hints() })
}

/// 0.2.0 hashed by curve when it signed with a key, and knew no Ed25519.
fn verify_legacy(key: &PublicKey, message: &[u8], signature: &[u8]) -> Option<SignatureScheme> {
    if key.key_type() == KeyType::Ed25519 { None } else { key.verify(message, signature) }
}
