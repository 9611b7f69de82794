//! Ed25519 (RFC 8032), signed over the pre-authentication encoding as it is. Not in the OMS registry: other OMS
//! tools either cannot read it or write Ed25519ph, which verifies here too.

use ed25519_dalek::{Sha512, Signature, VerifyingKey};
use sha2::Digest;

use super::{KeyFault, SignatureScheme};

/// A usable point from its 32 bytes.
pub(crate) fn verifying_key(raw: &[u8]) -> Result<VerifyingKey, KeyFault> {
    let raw = raw.try_into().map_err(|_| KeyFault::malformed("an Ed25519 key has 32 bytes"))?;
    let key = VerifyingKey::from_bytes(raw).map_err(KeyFault::malformed)?;
    if key.is_weak() { Err(KeyFault::Weak) } else { Ok(key) }
}

/// Pure Ed25519 first, then Ed25519ph (SHA-512 prehash, no context). The two cannot be confused: the prehashed
/// form signs under a prefix of its own. Both checks are the strict ones, without malleability or small orders.
pub(crate) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Option<SignatureScheme> {
    let signature = Signature::from_slice(signature).ok()?;
    if key.verify_strict(message, &signature).is_ok() {
        return Some(SignatureScheme::Ed25519);
    }
    let prehash = Sha512::new().chain_update(message);
    key.verify_prehashed_strict(prehash, None, &signature).ok().map(|()| SignatureScheme::Ed25519ph)
}
