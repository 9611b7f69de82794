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
        verifier.trust_key(pem)
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
    pub(crate) fn trust_key(&mut self, pem: &str) -> Result<(), ModelsigError> {
        self.keys.push(PublicKey::from_pem(pem).map_err(|fault| refused("public key", &fault))?);
        Ok(())
    }

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

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::ptr;

    use super::*;
    #[cfg(not(feature = "certificate"))]
    use crate::status::MODELSIG_STATUS_UNSUPPORTED;
    use crate::status::{MODELSIG_STATUS_KEY, MODELSIG_STATUS_OK, MODELSIG_STATUS_USAGE};

    /// The first key of RFC 8032, 7.1.
    const ED25519: [u8; 32] = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e,
        0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
    ];

    /// The base point of P-256 (SP 800-186, 3.2.1.3), uncompressed.
    const P256: [u8; 65] = [
        0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
        0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
        0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
        0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
    ];

    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
        -----END PUBLIC KEY-----\n";

    const CERTIFICATE: &str = include_str!("../../../testdata/certificates/accepted-ed25519.pem");

    fn add_raw(verifier: &mut ModelsigVerifier, kind: u32, key: &[u8]) -> ModelsigStatus {
        // SAFETY: a verifier, and so many bytes.
        unsafe { modelsig_verifier_add_key_raw(verifier, kind, key.as_ptr(), key.len(), ptr::null_mut()) }
    }

    type Add =
        unsafe extern "C" fn(*mut ModelsigVerifier, *const c_char, *mut *mut ModelsigError) -> ModelsigStatus;

    fn add(verifier: &mut ModelsigVerifier, what: Add, text: &str) -> ModelsigStatus {
        let text = CString::new(text).unwrap();
        // SAFETY: a verifier, and a string.
        unsafe { what(verifier, text.as_ptr(), ptr::null_mut()) }
    }

    /// Of each kind of trust its name; of keys their number.
    fn shape(trust: &Trust) -> String {
        match trust {
            Trust::Keys(keys) => format!("{} keys", keys.len()),
            #[cfg(feature = "certificate")]
            Trust::Certificates(_) => "certificates".into(),
            Trust::Any(any) => any.iter().map(shape).collect::<Vec<_>>().join(" or "),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn keys_are_taken_in_every_form_and_nothing_else_is() {
        let mut verifier = ModelsigVerifier::default();
        assert_eq!(shape(&verifier.trust().unwrap()), "0 keys", "which trusts nobody");
        let compressed = [&[0x03], &P256[1..33]].concat();
        for (kind, key) in [
            (MODELSIG_KEY_ED25519, &ED25519[..]),
            (MODELSIG_KEY_P256, &P256),
            (MODELSIG_KEY_P256, &compressed),
        ] {
            assert_eq!(add_raw(&mut verifier, kind, key), MODELSIG_STATUS_OK);
        }
        assert_eq!(add(&mut verifier, modelsig_verifier_add_key_pem, PEM), MODELSIG_STATUS_OK);
        assert_eq!(shape(&verifier.trust().unwrap()), "4 keys");
        let hint = |place: usize| verifier.keys[place].hint().to_string();
        assert_eq!(hint(0), hint(3), "the same key, as bytes and as PEM");
        assert_eq!(hint(1), hint(2), "the same point, compressed and not");

        let mut off_the_curve = P256;
        off_the_curve[64] ^= 1;
        for (kind, key) in [
            (MODELSIG_KEY_ED25519, &ED25519[..31]),
            (MODELSIG_KEY_ED25519, &P256),
            (MODELSIG_KEY_ED25519, &[0; 32]),
            (MODELSIG_KEY_ED25519, &[]),
            (MODELSIG_KEY_P256, &off_the_curve),
            (MODELSIG_KEY_P256, &P256[..64]),
            (MODELSIG_KEY_P256, &[0]),
            (MODELSIG_KEY_P256, &ED25519),
            (MODELSIG_KEY_P384, &P256),
            (MODELSIG_KEY_P521, &P256),
        ] {
            assert_eq!(add_raw(&mut verifier, kind, key), MODELSIG_STATUS_KEY, "{kind} {key:x?}");
        }
        for kind in [0, 5, u32::MAX] {
            assert_eq!(add_raw(&mut verifier, kind, &ED25519), MODELSIG_STATUS_USAGE);
        }
        for text in ["", "key.pub.pem", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", CERTIFICATE]
        {
            assert_eq!(
                add(&mut verifier, modelsig_verifier_add_key_pem, text),
                MODELSIG_STATUS_KEY,
                "{text}"
            );
        }
        assert_eq!(verifier.keys.len(), 4, "what was refused is not trusted");
    }

    #[test]
    fn null_is_no_verifier() {
        for what in [
            modelsig_verifier_add_key_pem as Add,
            modelsig_verifier_add_anchors,
            modelsig_verifier_add_identity,
        ] {
            let mut verifier = ModelsigVerifier::default();
            // SAFETY: NULL is allowed, as an object and as a string.
            unsafe {
                assert_eq!(what(ptr::null_mut(), c"x".as_ptr(), ptr::null_mut()), MODELSIG_STATUS_USAGE);
                assert_eq!(what(&mut verifier, ptr::null(), ptr::null_mut()), MODELSIG_STATUS_USAGE);
            }
        }
        let mut verifier = ModelsigVerifier::default();
        // SAFETY: as above.
        unsafe {
            let kind = MODELSIG_KEY_ED25519;
            let add = modelsig_verifier_add_key_raw;
            assert_eq!(add(&mut verifier, kind, ptr::null(), 32, ptr::null_mut()), MODELSIG_STATUS_USAGE);
            assert_eq!(
                add(ptr::null_mut(), kind, ED25519.as_ptr(), 32, ptr::null_mut()),
                MODELSIG_STATUS_USAGE
            );
            modelsig_verifier_free(ptr::null_mut());
        }
    }

    #[cfg(feature = "certificate")]
    #[test]
    fn keys_and_anchors_may_be_mixed() {
        let mut verifier = ModelsigVerifier::default();
        let anchors = modelsig_verifier_add_anchors;
        assert_eq!(add(&mut verifier, anchors, CERTIFICATE), MODELSIG_STATUS_OK);
        assert_eq!(shape(&verifier.trust().unwrap()), "certificates", "and no key at all");
        assert_eq!(add(&mut verifier, anchors, CERTIFICATE), MODELSIG_STATUS_OK);
        assert_eq!(shape(&verifier.trust().unwrap()), "certificates or certificates");
        add_raw(&mut verifier, MODELSIG_KEY_ED25519, &ED25519);
        assert_eq!(shape(&verifier.trust().unwrap()), "1 keys or certificates or certificates");
        for text in ["", "-----BEGIN CERTIFICATE-----", PEM] {
            assert_eq!(add(&mut verifier, anchors, text), MODELSIG_STATUS_KEY, "{text}");
        }
        assert_eq!(verifier.anchors.len(), 2);
    }

    #[cfg(feature = "certificate")]
    #[test]
    fn every_identity_is_expected_of_every_anchor() {
        let mut verifier = ModelsigVerifier::default();
        add(&mut verifier, modelsig_verifier_add_anchors, CERTIFICATE);
        add(&mut verifier, modelsig_verifier_add_identity, "release@example.com");
        // The order of the calls does not matter.
        add(&mut verifier, modelsig_verifier_add_anchors, CERTIFICATE);
        add(&mut verifier, modelsig_verifier_add_identity, "subject:CN=Release");
        let trust = format!("{:?}", verifier.trust().unwrap());
        for identity in ["release@example.com", "CN=Release"] {
            assert_eq!(trust.matches(identity).count(), 2, "{identity} in {trust}");
        }
    }

    #[cfg(feature = "certificate")]
    #[test]
    fn identities_without_anchors_are_refused_and_not_passed_over() {
        let mut verifier = ModelsigVerifier::default();
        let identity = modelsig_verifier_add_identity;
        assert_eq!(add(&mut verifier, identity, ""), MODELSIG_STATUS_USAGE);
        assert_eq!(shape(&verifier.trust().unwrap()), "0 keys");
        assert_eq!(add(&mut verifier, identity, "release@example.com"), MODELSIG_STATUS_OK);
        assert_eq!(verifier.trust().unwrap_err().status(), MODELSIG_STATUS_USAGE);
        // A key beside it does not make it less of a mistake.
        add_raw(&mut verifier, MODELSIG_KEY_ED25519, &ED25519);
        assert_eq!(verifier.trust().unwrap_err().status(), MODELSIG_STATUS_USAGE);
        add(&mut verifier, modelsig_verifier_add_anchors, CERTIFICATE);
        assert_eq!(shape(&verifier.trust().unwrap()), "1 keys or certificates");
    }

    #[cfg(not(feature = "certificate"))]
    #[test]
    fn without_certificates_nobody_is_trusted_by_one() {
        let mut verifier = ModelsigVerifier::default();
        for what in [modelsig_verifier_add_anchors as Add, modelsig_verifier_add_identity] {
            assert_eq!(add(&mut verifier, what, CERTIFICATE), MODELSIG_STATUS_UNSUPPORTED);
        }
        assert_eq!(shape(&verifier.trust().unwrap()), "0 keys");
    }
}
