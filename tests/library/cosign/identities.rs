//! Under certificates a signer is a key and an identity: sharing one of them is enough to be the same.

use std::fs;

use modelsig::{CertificateTrust, Error, Policy, Signer, Threshold, Trust, Verifier};
use modelsig_tests::{Case, Chain, Role, bundle, chain as chains, refused, resource, statement};
use rcgen::{DistinguishedName, DnType, SanType};

use super::at_least;

fn payload() -> Vec<u8> {
    statement(vec![resource("a.bin", b"a")]).to_string().into_bytes()
}

/// A leaf of this common name, none if empty, with these email addresses.
fn chain(common_name: &str, emails: &[&str]) -> Chain {
    Chain::altered(|role, params| {
        if role == Role::Leaf {
            params.distinguished_name = DistinguishedName::new();
            if !common_name.is_empty() {
                params.distinguished_name.push(DnType::CommonName, common_name);
            }
            let email = |email: &&str| SanType::Rfc822Name((*email).try_into().unwrap());
            params.subject_alt_names = emails.iter().map(email).collect();
        }
    })
}

/// How many signers the chains are, when all of them have signed.
fn signers(owners: &[(&str, &[&str])]) -> usize {
    let case = Case::new(&[("a.bin", b"a")]);
    let several: Vec<Chain> = owners.iter().map(|(name, emails)| chain(name, emails)).collect();
    let anchors: String = several.iter().map(|chain| chains::pem(&chain.root)).collect();
    let verifier = Verifier::new(CertificateTrust::from_pem(&anchors).unwrap());
    let write = |(place, chain): (usize, &Chain)| {
        let path = case.path(&format!("{place}.sig"));
        fs::write(&path, chain.bundle(&payload()).to_string()).unwrap();
        path
    };
    let bundles: Vec<_> = several.iter().enumerate().map(write).collect();
    let verify = |threshold| verifier.verify_several(&case.model(), &bundles, threshold);
    let model = verify(Threshold::Any).unwrap();
    assert!(model.report().bundles().iter().all(|bundle| bundle.outcome.is_ok()));
    let signers = model.report().signers();
    assert!(verify(at_least(signers)).is_ok());
    assert_eq!(verify(Threshold::All).is_ok(), signers == owners.len());
    signers
}

#[test]
fn certificates_are_counted_by_who_they_name() {
    assert_eq!(signers(&[("Lab", &["lab@a.example"]), ("Audit", &["audit@b.example"])]), 2);
    assert_eq!(signers(&[("Lab", &["lab@a.example"]), ("Lab 2", &["lab@a.example"])]), 1, "renewed");
    assert_eq!(signers(&[("Lab", &["lab@a.example"]), ("Lab 2", &["LAB@A.example"])]), 1);
    // Authorities give many owners one subject beside their names.
    assert_eq!(signers(&[("Lab", &["lab@a.example"]), ("Lab", &["audit@b.example"])]), 2);
    assert_eq!(signers(&[("Lab", &["lab@a.example"]), ("Lab", &[])]), 1, "renewed, now with a name");
    assert_eq!(signers(&[("Lab", &["lab@a.example"]), ("Audit", &[])]), 2);
    assert_eq!(signers(&[("Lab", &[]), ("Audit", &[])]), 2);
    assert_eq!(signers(&[("Lab", &[]), ("Lab", &[])]), 1);
    assert_eq!(signers(&[("", &["lab@a.example"]), ("", &["audit@b.example"])]), 2, "no subject is none");
    let joined: [(&str, &[&str]); 3] =
        [("A", &["a@a.example"]), ("B", &["b@b.example"]), ("C", &["a@a.example", "b@b.example"])];
    assert_eq!(signers(&joined), 1);
    assert_eq!(signers(&joined[..2]), 2);
}

/// A certificate does not make a second signer of a key that is trusted by itself.
#[test]
fn a_key_with_and_without_a_certificate_is_one_signer() {
    let case = Case::new(&[("a.bin", b"a")]);
    let chain = chain("Lab", &["lab@a.example"]);
    let bundles = [case.path("key.sig"), case.path("certificate.sig"), case.bundle()];
    fs::write(&bundles[0], bundle(&chain.key, &payload()).to_string()).unwrap();
    fs::write(&bundles[1], chain.bundle(&payload()).to_string()).unwrap();
    case.sign();
    let keys = vec![chain.key.public_key().clone(), case.key.public_key().clone()];
    let certificates = CertificateTrust::from_pem(&chains::pem(&chain.root)).unwrap();
    let trust = Trust::Any(vec![keys.into(), certificates.into()]);
    let verifier = Verifier::new(trust).with_policy(Policy::strict());
    let Error::Threshold(report) =
        refused(verifier.verify_several(&case.model(), &bundles[..2], Threshold::All))
    else {
        panic!("another error")
    };
    assert_eq!((report.signers(), report.bundles()[1].same_signer_as), (1, Some(0)));
    let model = verifier.verify_several(&case.model(), &bundles, at_least(2)).unwrap();
    assert_eq!(model.report().signers(), 2);
}
