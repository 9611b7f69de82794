//! The C object `modelsig_verifier`.

use std::ffi::{c_char, c_void};

use modelsig::hash::{Access, Engine};
#[cfg(feature = "certificate")]
use modelsig::{CertificateTrust, Identity};
use modelsig::{ErrorKind, KeyType, PublicKey, Trust, Verifier};

use crate::argument::{self, Out, owned};
use crate::boundary;
use crate::error::ModelsigError;
use crate::options::Options;
use crate::status::ModelsigStatus;

/// An Ed25519 key: 32 bytes (RFC 8032).
pub const MODELSIG_KEY_ED25519: u32 = 1;
/// A key on the curve P-256: a point as SEC 1 writes it, 65 bytes, or 33 if it is compressed.
pub const MODELSIG_KEY_P256: u32 = 2;
/// A key on the curve P-384: 97 bytes, or 49.
pub const MODELSIG_KEY_P384: u32 = 3;
/// A key on the curve P-521: 133 bytes, or 67.
pub const MODELSIG_KEY_P521: u32 = 4;

/// Whom to trust: keys, and issuers of certificates. Any one of them is enough. Without any, nothing can be verified.
///
/// Fill it first, and use it then: through pointers to const, any number of threads may verify with one verifier at once.
/// It keeps nothing of what it has verified.
#[derive(Debug, Default)]
pub struct ModelsigVerifier {
    keys: Vec<PublicKey>,
    #[cfg(feature = "certificate")]
    anchors: Vec<CertificateTrust>,
    #[cfg(feature = "certificate")]
    identities: Vec<Identity>,
}

/// Makes a verifier that trusts nobody yet.
///
/// @param verifier  Where to put it. The caller frees it with modelsig_verifier_free.
/// @param error     Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verifier_new(
    verifier: *mut *mut ModelsigVerifier,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or memory for a pointer.
        let out = unsafe { Out::new(verifier, std::ptr::null_mut(), "verifier") }?;
        out.set(owned(ModelsigVerifier::default()));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Trusts a key.
///
/// @param verifier  The verifier.
/// @param pem       The key as the text of a PEM file ("-----BEGIN PUBLIC KEY-----"): Ed25519, P-256, P-384 or P-521. Not
///                  a path.
/// @param error     Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verifier_add_key_pem(
    verifier: *mut ModelsigVerifier,
    pem: *const c_char,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or a verifier that nobody else uses and a string that does not change meanwhile.
        let (verifier, pem) =
            unsafe { (argument::object_mut(verifier, "verifier")?, argument::text(pem, "pem")?) };
        verifier.keys.push(PublicKey::from_pem(pem).map_err(|fault| refused("public key", &fault))?);
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Trusts a key that is given without any wrapping.
///
/// @param verifier  The verifier.
/// @param key_type  MODELSIG_KEY_ED25519, MODELSIG_KEY_P256, MODELSIG_KEY_P384 or MODELSIG_KEY_P521.
/// @param key       Its bytes.
/// @param length    How many there are.
/// @param error     Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verifier_add_key_raw(
    verifier: *mut ModelsigVerifier,
    key_type: u32,
    key: *const u8,
    length: usize,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or a verifier that nobody else uses and so many bytes.
        let (verifier, key) = unsafe {
            (
                argument::object_mut(verifier, "verifier")?,
                argument::bytes(key.cast::<c_void>(), length, "key")?,
            )
        };
        let key_type = match key_type {
            MODELSIG_KEY_ED25519 => KeyType::Ed25519,
            MODELSIG_KEY_P256 => KeyType::P256,
            MODELSIG_KEY_P384 => KeyType::P384,
            MODELSIG_KEY_P521 => KeyType::P521,
            _ => return Err(argument::refused("key_type", "is none that this version knows")),
        };
        let key = PublicKey::from_raw(key_type, key).map_err(|fault| refused("public key", &fault))?;
        verifier.keys.push(key);
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Trusts issuers of certificates: signatures that were made with a certificate under one of them. Whoever can get a
/// certificate from them can then sign, unless identities are added too.
///
/// @param verifier  The verifier.
/// @param pem       One or more certificates, as the text of a PEM file. They need not be self-signed.
/// @param error     Where to put the reason of a failure, or NULL.
/// @return          MODELSIG_STATUS_UNSUPPORTED where the library was built without certificates.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verifier_add_anchors(
    verifier: *mut ModelsigVerifier,
    pem: *const c_char,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or a verifier that nobody else uses and a string that does not change meanwhile.
        let (verifier, pem) =
            unsafe { (argument::object_mut(verifier, "verifier")?, argument::text(pem, "pem")?) };
        verifier.add_anchors(pem)
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Expects this owner of the signing certificate, or another one that is added in this way.
///
/// @param verifier  The verifier, which must have anchors before it is used.
/// @param identity  A subject alternative name, exactly: an email address, a URI or a DNS name; or "subject:" and the
///                  whole subject as RFC 4514 writes it.
/// @param error     Where to put the reason of a failure, or NULL.
/// @return          MODELSIG_STATUS_UNSUPPORTED where the library was built without certificates.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verifier_add_identity(
    verifier: *mut ModelsigVerifier,
    identity: *const c_char,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or a verifier that nobody else uses and a string that does not change meanwhile.
        let (verifier, identity) =
            unsafe { (argument::object_mut(verifier, "verifier")?, argument::text(identity, "identity")?) };
        verifier.add_identity(identity)
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Releases a verifier. NULL is fine. What was opened with it does not need it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_verifier_free(verifier: *mut ModelsigVerifier) {
    // SAFETY: the caller passes NULL or a verifier of modelsig_verifier_new, once.
    unsafe { argument::free(verifier) }
}

impl ModelsigVerifier {
    #[cfg(feature = "certificate")]
    fn add_anchors(&mut self, pem: &str) -> Result<(), ModelsigError> {
        self.anchors.push(CertificateTrust::from_pem(pem).map_err(|fault| refused("anchors", &fault))?);
        Ok(())
    }

    #[cfg(feature = "certificate")]
    fn add_identity(&mut self, identity: &str) -> Result<(), ModelsigError> {
        let identity = identity.parse().map_err(|_| argument::refused("identity", "is empty"))?;
        self.identities.push(identity);
        Ok(())
    }

    #[cfg(not(feature = "certificate"))]
    fn add_anchors(&mut self, _: &str) -> Result<(), ModelsigError> {
        Err(without_certificates())
    }

    #[cfg(not(feature = "certificate"))]
    fn add_identity(&mut self, _: &str) -> Result<(), ModelsigError> {
        Err(without_certificates())
    }

    /// A verifier of the library, on the engine of these options. Files are read and not mapped: another process that
    /// cuts one short cannot kill the host program.
    pub(crate) fn with(&self, options: &Options, engine: &Engine) -> Result<Verifier, ModelsigError> {
        let verifier = Verifier::new(self.trust()?)
            .with_policy(options.policy.clone())
            .with_limits(options.limits.clone())
            .with_access(Access::Read);
        Ok(verifier.with_engine(engine.clone()))
    }

    #[cfg(feature = "certificate")]
    fn trust(&self) -> Result<Trust, ModelsigError> {
        if self.anchors.is_empty() && !self.identities.is_empty() {
            return Err(argument::refused("verifier", "has identities, but no anchors"));
        }
        let expecting = |trust: &CertificateTrust| {
            self.identities.iter().cloned().fold(trust.clone(), CertificateTrust::with_identity)
        };
        let mut any: Vec<Trust> = self.anchors.iter().map(|trust| expecting(trust).into()).collect();
        if !self.keys.is_empty() || any.is_empty() {
            any.insert(0, self.keys.clone().into());
        }
        Ok(if any.len() == 1 { any.swap_remove(0) } else { Trust::Any(any) })
    }

    #[cfg(not(feature = "certificate"))]
    fn trust(&self) -> Result<Trust, ModelsigError> {
        Ok(self.keys.clone().into())
    }
}

#[cfg(not(feature = "certificate"))]
fn without_certificates() -> ModelsigError {
    ModelsigError::new(ErrorKind::Unsupported, "this library was built without certificates", None)
}

/// Keys and anchors come as text or bytes, so an error about them has no path.
fn refused(what: &str, fault: &dyn std::fmt::Display) -> ModelsigError {
    ModelsigError::new(ErrorKind::Key, &format!("{what}: {fault}"), None)
}
