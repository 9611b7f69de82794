//! ECDSA over P-256, P-384 and P-521 (FIPS 186-5), DER signatures, hash by curve: SHA-256, SHA-384, SHA-512.
//!
//! Refuses: raw `r || s` signatures, DER with trailing data or in non-minimal form. A high `s` is accepted, as all
//! Sigstore verifiers do; signing writes the low one.

use super::SignatureScheme;

/// Verification with one curve. The key's curve alone decides the hash.
macro_rules! verify {
    ($name:ident, $curve:ident, $scheme:ident) => {
        pub(crate) fn $name(
            key: &$curve::ecdsa::VerifyingKey,
            message: &[u8],
            signature: &[u8],
        ) -> Option<SignatureScheme> {
            use $curve::ecdsa::signature::Verifier;
            let signature = $curve::ecdsa::Signature::from_der(signature).ok()?;
            key.verify(message, &signature).ok().map(|()| SignatureScheme::$scheme)
        }
    };
}

verify!(verify_p256, p256, EcdsaP256Sha256);
verify!(verify_p384, p384, EcdsaP384Sha384);
verify!(verify_p521, p521, EcdsaP521Sha512);

/// Verification over SHA-256 with a longer curve, of bundles by model-signing 0.2.0.
#[cfg(feature = "certificate")]
macro_rules! verify_sha256 {
    ($name:ident, $curve:ident, $bytes:literal, $scheme:ident) => {
        pub(crate) fn $name(
            key: &$curve::ecdsa::VerifyingKey,
            message: &[u8],
            signature: &[u8],
        ) -> Option<SignatureScheme> {
            use sha2::Digest;
            use $curve::ecdsa::signature::hazmat::PrehashVerifier;
            let signature = $curve::ecdsa::Signature::from_der(signature).ok()?;
            // A hash shorter than the curve is the number that it is (FIPS 186-5 section 6.4.2).
            let mut prehash = [0; $bytes];
            prehash[$bytes - 32..].copy_from_slice(&sha2::Sha256::digest(message));
            key.verify_prehash(&prehash, &signature).ok().map(|()| SignatureScheme::$scheme)
        }
    };
}

#[cfg(feature = "certificate")]
verify_sha256!(verify_p384_sha256, p384, 48, EcdsaP384Sha256);
#[cfg(feature = "certificate")]
verify_sha256!(verify_p521_sha256, p521, 66, EcdsaP521Sha256);

/// From `r || s` to DER with the low `s`, for one curve.
#[cfg(feature = "sign")]
macro_rules! der {
    ($name:ident, $curve:ident) => {
        pub(crate) fn $name(raw: &[u8]) -> Option<Vec<u8>> {
            let signature = $curve::ecdsa::Signature::from_slice(raw).ok()?;
            Some(signature.normalize_s().to_der().as_bytes().to_vec())
        }
    };
}

#[cfg(feature = "sign")]
der!(der_p256, p256);
#[cfg(feature = "sign")]
der!(der_p384, p384);
#[cfg(feature = "sign")]
der!(der_p521, p521);

/// Deterministic signing (RFC 6979) with one curve.
#[cfg(feature = "sign")]
macro_rules! sign {
    ($name:ident, $curve:ident) => {
        pub(crate) fn $name(key: &$curve::ecdsa::SigningKey, message: &[u8]) -> Option<Vec<u8>> {
            use $curve::ecdsa::signature::Signer;
            let signature: $curve::ecdsa::Signature = key.try_sign(message).ok()?;
            Some(signature.normalize_s().to_der().as_bytes().to_vec())
        }
    };
}

#[cfg(feature = "sign")]
sign!(sign_p256, p256);
#[cfg(feature = "sign")]
sign!(sign_p384, p384);
#[cfg(feature = "sign")]
sign!(sign_p521, p521);
