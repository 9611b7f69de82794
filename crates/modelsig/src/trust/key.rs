//! The `key` method (OMS spec 4.1): the caller's public key must have made the signature.
//!
//! A hint in the bundle that is not that of a trusted key is refused before any arithmetic; an absent hint leaves
//! the decision to the keys.

use crate::Error;
use crate::keys::PublicKey;
use crate::report::SignerReport;

pub(super) fn verify(
    path: &str,
    keys: &[PublicKey],
    hint: Option<&str>,
    message: &[u8],
    signature: &[u8],
) -> Result<SignerReport, Error> {
    if keys.is_empty() {
        return Err(Error::NoTrust);
    }
    let hints = || keys.iter().map(|key| key.hint().to_string()).collect();
    let named = |key: &&PublicKey| hint.is_none_or(|hint| key.hint().as_str() == hint);
    let mut candidates = keys.iter().filter(named).peekable();
    if let (None, Some(hint)) = (candidates.peek(), hint) {
        return Err(Error::HintMismatch { path: path.into(), hint: hint.into(), keys: hints() });
    }
    candidates
        .find_map(|key| key.verify(message, signature).map(|scheme| (key, scheme)))
        .map(|(key, scheme)| SignerReport {
            key_type: key.key_type(),
            hint: key.hint(),
            scheme,
            hint_in_bundle: hint.is_some(),
        })
        .ok_or_else(|| Error::BadSignature { path: path.into(), keys: hints() })
}
