//! Everything that the bytes of certificates reach, for the fuzzer. What is accepted keeps the promises of this module.

use x509_cert::der::{Reader, SliceReader};

use super::{Certificate, Purpose, read_anchors, signature, verify_path};
use crate::fuzzing::message;

/// Certificates one after the other, leaf first, the last one trusted; or the PEM text of anchors.
pub(crate) fn exercise(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Err(fault) = read_anchors(text) {
            message(&fault);
        }
    }
    let certificates = certificates(bytes);
    let Some((leaf, others)) = certificates.split_first() else { return };
    for certificate in &certificates {
        let names = (certificate.subject(), certificate.issuer(), certificate.names());
        let _ = (names, certificate.serial(), certificate.fingerprint());
        // As its own issuer, which the search never tries.
        if let Err(fault) = signature::verify(certificate, certificate) {
            message(&fault);
        }
    }
    let (at, _) = leaf.validity();
    let alone = std::slice::from_ref(leaf);
    assert!(verify_path(leaf, alone, alone, at, Purpose::CodeSigning).is_err(), "a leaf vouches for itself");
    let anchors = others.last().map(std::slice::from_ref).unwrap_or_default();
    match verify_path(leaf, others, anchors, at, Purpose::CodeSigning) {
        Ok(path) => {
            let mut certificate = leaf;
            for issuer in path.issuers() {
                assert_eq!(certificate.issuer(), issuer.subject());
                assert_eq!(signature::verify(certificate, issuer), Ok(()));
                certificate = issuer;
            }
            assert!(anchors.contains(certificate));
        }
        Err(fault) => message(&fault),
    }
}

/// As many as there are, each strictly parsed.
fn certificates(bytes: &[u8]) -> Vec<Certificate> {
    let Ok(mut reader) = SliceReader::new(bytes) else { return Vec::new() };
    std::iter::from_fn(|| Certificate::parse(reader.tlv_bytes().ok()?).ok())
        .inspect(|certificate| assert_eq!(Certificate::parse(certificate.der()).as_ref(), Ok(certificate)))
        .take(8)
        .collect()
}
