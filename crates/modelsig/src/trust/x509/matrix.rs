//! Every algorithm of an issuer, from the certificates that OpenSSL made in `testdata/certificates`. The name of a file
//! says what is to become of it; see the SOURCE.md there.

use std::path::PathBuf;

use super::certificate::Certificate;
use super::{CertificateFault, Purpose, read_anchors, verify_path};

/// 2030-01-01.
const AT: u64 = 1_893_456_000;

/// Name and content of each file: a leaf and the root that issued it.
fn chains(prefix: &str) -> Vec<(String, Certificate, Vec<Certificate>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/certificates");
    let mut chains = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if let Some(name) = name.strip_prefix(prefix) {
            let mut certificates = read_anchors(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let root = certificates.split_off(1);
            assert_eq!(root.len(), 1, "{name}");
            chains.push((name.to_owned(), certificates.remove(0), root));
        }
    }
    assert!(!chains.is_empty(), "no files {prefix}*");
    chains
}

fn verify(leaf: &Certificate, anchors: &[Certificate]) -> Result<(), CertificateFault> {
    verify_path(leaf, &[], anchors, AT, Purpose::CodeSigning).map(|_| ())
}

#[test]
fn every_supported_algorithm_is_verified_and_one_changed_bit_is_a_bad_signature() {
    let chains = chains("accepted-");
    for (name, leaf, anchors) in &chains {
        assert_eq!(verify(leaf, anchors), Ok(()), "{name}");
        let mut changed = leaf.der().to_vec();
        let serial = changed.windows(3).position(|bytes| bytes == [2, 1, 2]).unwrap();
        // The first INTEGER is that of the version, the next the serial number.
        let serial =
            serial + 3 + changed[serial + 3..].windows(3).position(|bytes| bytes == [2, 1, 2]).unwrap();
        changed[serial + 2] ^= 1;
        let changed = Certificate::parse(&changed).unwrap();
        let fault = verify(&changed, anchors);
        assert!(matches!(fault, Err(CertificateFault::BadSignature { .. })), "{name}: {fault:?}");
    }
    // RSA of three sizes with two paddings, three curves, each with three hashes.
    assert!(chains.len() >= 27, "{} files", chains.len());
}

#[test]
fn a_broken_hash_is_refused_by_its_name() {
    for (name, leaf, anchors) in chains("hash-") {
        let expected = if name.contains("md5") { "MD5" } else { "SHA-1" };
        match verify(&leaf, &anchors) {
            Err(CertificateFault::WeakHash { hash, .. }) => assert_eq!(hash, expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn an_rsa_key_of_another_size_is_refused_with_its_size() {
    for (name, leaf, anchors) in chains("size-rsa") {
        match verify(&leaf, &anchors) {
            Err(CertificateFault::RsaSize { bits, .. }) => assert_eq!(bits.to_string(), name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn an_unsupported_algorithm_is_refused_by_its_name() {
    for (name, leaf, anchors) in chains("unsupported-") {
        let expected = match name.as_str() {
            "ed448" => "a signature by Ed448",
            "explicit-curve" => "a curve that is given by its parameters",
            "p256-sha224" => "a signature by ECDSA with SHA-224",
            "p256-sha3" => "the signature algorithm 2.16.840.1.101.3.4.3.10",
            "rsa2048-pss-two-hashes" => "RSA-PSS with two different hashes",
            "rsa2048-sha224" => "a signature by RSA with SHA-224",
            "secp256k1" => "a key on the curve secp256k1",
            other => panic!("no expectation for {other}"),
        };
        match verify(&leaf, &anchors) {
            Err(CertificateFault::UnsupportedAlgorithm { algorithm, .. }) => {
                assert_eq!(algorithm, expected, "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_weak_signature_of_an_anchor_on_itself_does_not_matter() {
    let (_, leaf, anchors) = chains("accepted-rsa2048-root-signed-itself-with-sha1").remove(0);
    assert_eq!(verify(&leaf, &anchors), Ok(()));
    // The same root under another one would be refused.
    match super::signature::verify(&anchors[0], &anchors[0]) {
        Err(CertificateFault::WeakHash { hash, .. }) => assert_eq!(hash, "SHA-1"),
        other => panic!("{other:?}"),
    }
}
