//! Ways into the parsers for the fuzz targets. Compiled only by the fuzzer.

use crate::bundle::Bundle;
use crate::manifest::{Manifest, Method, Proof};
use crate::trust::Dialect;
use crate::{Limits, statement};

/// A bundle, and the statement in it.
pub fn bundle(text: &[u8]) {
    if let Ok(bundle) = Bundle::parse("bundle", text, &Limits::default()) {
        statement(&bundle.envelope.payload);
    }
}

/// A statement. What is accepted keeps the promises on which verification relies.
pub fn statement(payload: &[u8]) {
    for dialect in [Dialect::Current, Dialect::Legacy] {
        if let Ok(manifest) = statement::parse("bundle", payload, dialect, &Limits::default()) {
            manifest_keeps_its_promises(&manifest);
        }
    }
}

/// A certificate. What is accepted has one encoding, and a path never begins with its own anchor.
pub fn certificate(der: &[u8]) {
    use crate::trust::x509::{Certificate, Purpose, verify_path};

    let Ok(certificate) = Certificate::parse(der) else { return };
    assert_eq!(certificate.der(), der);
    assert!(!certificate.issuer().is_empty());
    let (not_before, not_after) = certificate.validity();
    assert!(not_before <= not_after);
    let itself = std::slice::from_ref(&certificate);
    assert!(verify_path(&certificate, itself, itself, not_before, Purpose::CodeSigning).is_err());
}

/// A file with anchors.
pub fn anchors(text: &str) {
    if let Ok(anchors) = crate::CertificateTrust::from_pem(text) {
        assert!(text.contains("-----BEGIN CERTIFICATE-----"), "{anchors:?}");
    }
}

fn manifest_keeps_its_promises(manifest: &Manifest) {
    assert!(!manifest.files.is_empty());
    assert!(manifest.files.windows(2).all(|pair| pair[0].name < pair[1].name), "sorted, each once");
    for file in &manifest.files {
        match &file.proof {
            Proof::Whole { chunks, .. } => {
                assert_eq!(manifest.serialization.method, Method::Files);
                let Some(chunks) = chunks.as_ref().filter(|chunks| chunks.has_digests()) else { continue };
                let covered = chunks.chunks().fold(0, |at, (range, _)| {
                    assert_eq!(range.start(), at);
                    range.end()
                });
                assert_eq!(covered, chunks.length);
            }
            Proof::Shards(shards) => {
                let covered = shards.iter().fold(0, |at, (range, _)| {
                    assert_eq!(range.start(), at);
                    range.end()
                });
                assert_eq!(Some(covered), file.length());
            }
        }
    }
}
