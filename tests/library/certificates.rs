//! The certificate method from outside: whom a bundle may come from, and every reason to refuse.

use std::ffi::OsStr;
use std::fs;
use std::time::{Duration, SystemTime};

use modelsig::{
    CertificateChain, CertificateFault, CertificateTrust, Error, ErrorKind, Identity, Inspection, KeyType,
    Limits, ModelSigner, Note, Policy, Signer, Trust, VerifiedModel, Verifier, inspect,
};
use modelsig_tests::{Case, Chain, Role, assert_outcome, chain, openssl, refused, resource, statement};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose,
    NameConstraints, SanType, date_time_ymd,
};

const MODEL: [(&str, &[u8]); 2] = [("a.bin", b"a"), ("sub/b.bin", b"b")];

fn identity(text: &str) -> Identity {
    text.parse().expect("it is not empty")
}

fn trust(chain: &Chain) -> CertificateTrust {
    CertificateTrust::from_pem(&chain::pem(&chain.root)).unwrap_or_else(|fault| panic!("{fault}"))
}

fn payload() -> Vec<u8> {
    statement(MODEL.iter().map(|(name, content)| resource(name, content)).collect()).to_string().into_bytes()
}

fn verify(case: &Case, trust: impl Into<Trust>) -> Result<VerifiedModel, Error> {
    Verifier::new(trust).verify(&case.model(), &case.bundle())
}

/// The verdict on a bundle whose chain may have a defect.
fn judge(chain: &Chain, trust: impl Into<Trust>) -> Result<VerifiedModel, Error> {
    let case = Case::new(&MODEL);
    case.write_bundle(chain.bundle(&payload()).to_string());
    verify(&case, trust)
}

/// The fault of a chain that must be refused.
#[track_caller]
fn fault(result: Result<VerifiedModel, Error>) -> CertificateFault {
    let error = refused(result);
    assert_outcome(&error, error.kind(), "model.sig");
    match error {
        Error::Certificate { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sound_chain_is_accepted_and_reported() {
    let chain = Chain::sound();
    let model = judge(&chain, trust(&chain).with_identity(identity(chain::URI))).unwrap();
    let signer = model.report().signer();
    assert_eq!(signer.method(), "certificate");
    assert_eq!(signer.key_type, KeyType::P256);
    assert_eq!(signer.hint, chain.key.public_key().hint());
    let certificate = signer.certificate.as_deref().expect("it was signed with one");
    assert_eq!(certificate.subject, chain::SUBJECT);
    assert_eq!(certificate.names, [chain::URI, chain::EMAIL, chain::DNS]);
    assert_eq!(certificate.issuers, ["O=Example,CN=Intermediate", "O=Example,CN=Root"]);
    assert_eq!(certificate.identity.as_deref(), Some(chain::URI));
    assert_eq!(
        (certificate.not_before.as_str(), certificate.not_after.as_str()),
        ("2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z")
    );
    assert!(!certificate.time_given);
    assert_eq!(trust(&chain).anchor_fingerprints(), [certificate.anchor_fingerprint.as_str()]);
    assert_ne!(certificate.anchor_fingerprint, certificate.fingerprint);
    assert!(model.report().notes().is_empty(), "{:?}", model.report().notes());
}

/// Every defect has an error of its own, and the same chain without it is accepted.
#[test]
fn each_defect_of_a_chain_is_refused_by_its_name() {
    type Alter = fn(Role, &mut CertificateParams);
    type Fits = fn(&CertificateFault) -> bool;
    let cases: [(&str, Alter, Fits); 9] = [
        (
            "expired leaf",
            |role, params| {
                if role == Role::Leaf {
                    params.not_after = date_time_ymd(2021, 1, 1);
                }
            },
            |fault| matches!(fault, CertificateFault::Expired { subject, .. } if subject.contains("Release")),
        ),
        (
            "leaf not yet valid",
            |role, params| {
                if role == Role::Leaf {
                    params.not_before = date_time_ymd(2110, 1, 1);
                }
            },
            |fault| matches!(fault, CertificateFault::NotYetValid { subject, .. } if subject.contains("Release")),
        ),
        (
            "expired intermediate",
            |role, params| {
                if role == Role::Intermediate {
                    params.not_after = date_time_ymd(2021, 1, 1);
                }
            },
            |fault| matches!(fault, CertificateFault::Expired { subject, .. } if subject.contains("Intermediate")),
        ),
        (
            "expired root",
            |role, params| {
                if role == Role::Root {
                    params.not_after = date_time_ymd(2021, 1, 1);
                }
            },
            |fault| matches!(fault, CertificateFault::Expired { subject, .. } if subject.contains("Root")),
        ),
        (
            "leaf for servers only",
            |role, params| {
                if role == Role::Leaf {
                    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
                }
            },
            |fault| matches!(fault, CertificateFault::WrongExtendedKeyUsage { .. }),
        ),
        (
            "leaf without key usage for signatures",
            |role, params| {
                if role == Role::Leaf {
                    params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
                }
            },
            |fault| matches!(fault, CertificateFault::WrongKeyUsage { .. }),
        ),
        (
            "issuer that is no CA",
            |role, params| {
                // As if the owner of a leaf issued another one.
                if role == Role::Intermediate {
                    params.is_ca = IsCa::ExplicitNoCa;
                    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
                }
            },
            |fault| matches!(fault, CertificateFault::NotACa { .. }),
        ),
        (
            "issuer that may not sign certificates",
            |role, params| {
                if role == Role::Intermediate {
                    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
                }
            },
            |fault| matches!(fault, CertificateFault::NoCertSign { .. }),
        ),
        (
            "path that is too long",
            |role, params| {
                if role == Role::Root {
                    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
                }
            },
            |fault| matches!(fault, CertificateFault::PathTooLong { .. }),
        ),
    ];
    for (name, alter, fits) in cases {
        let chain = Chain::altered(alter);
        let found = fault(judge(&chain, trust(&chain)));
        assert!(fits(&found), "{name}: {found:?}");
        let mended = Chain::sound();
        assert!(judge(&mended, trust(&mended)).is_ok(), "{name}, mended");
    }
}

#[test]
fn the_verdict_on_a_chain_that_does_not_hold_is_negative() {
    let (chain, other) = (Chain::sound(), Chain::sound());
    let error = refused(judge(&chain, trust(&other)));
    assert_eq!(error.kind(), ErrorKind::Untrusted, "{error}");
}

#[test]
fn only_the_anchors_of_the_caller_count() {
    let chain = Chain::sound();
    // The same names, other keys.
    let found = fault(judge(&chain, trust(&Chain::sound())));
    assert!(matches!(found, CertificateFault::BadSignature { .. }), "{found:?}");
    let other = Chain::altered(|role, params| {
        if role == Role::Root {
            params.distinguished_name.push(rcgen::DnType::CommonName, "Somebody else");
        }
    });
    let found = fault(judge(&chain, trust(&other)));
    assert!(matches!(found, CertificateFault::NotAnchored { .. }), "{found:?}");
    // A root that the bundle brings along is nobody's anchor.
    let case = Case::new(&MODEL);
    let embedded = [&chain.leaf, &chain.intermediate, &chain.root];
    case.write_bundle(chain.bundle_with(&embedded, &payload()).to_string());
    let found = fault(verify(&case, trust(&other)));
    assert!(matches!(found, CertificateFault::NotAnchored { .. }), "{found:?}");
    assert!(verify(&case, trust(&chain)).is_ok());
    // What the caller trusts need not be a root.
    let intermediate = CertificateTrust::from_pem(&chain::pem(&chain.intermediate)).unwrap();
    assert!(judge(&chain, intermediate).is_ok());
}

#[test]
fn a_missing_intermediate_is_refused_until_it_is_there() {
    let chain = Chain::sound();
    let case = Case::new(&MODEL);
    case.write_bundle(chain.bundle_with(&[&chain.leaf], &payload()).to_string());
    let found = fault(verify(&case, trust(&chain)));
    assert!(matches!(found, CertificateFault::NoIssuer { .. }), "{found:?}");
    case.write_bundle(chain.bundle_with(&[&chain.leaf, &chain.intermediate], &payload()).to_string());
    assert!(verify(&case, trust(&chain)).is_ok());
}

#[test]
fn the_leaf_comes_first() {
    let chain = Chain::sound();
    let case = Case::new(&MODEL);
    case.write_bundle(chain.bundle_with(&[&chain.intermediate, &chain.leaf], &payload()).to_string());
    assert!(verify(&case, trust(&chain)).is_err());
}

#[test]
fn the_owner_must_be_the_expected_one() {
    let chain = Chain::sound();
    let subject = format!("subject:{}", chain::SUBJECT);
    for good in [chain::URI, chain::EMAIL, chain::DNS, &subject] {
        let model = judge(&chain, trust(&chain).with_identity(identity(good))).unwrap();
        let found = model.report().signer().certificate.as_ref().unwrap().identity.clone();
        assert_eq!(found.as_deref(), Some(good));
    }
    for bad in [
        "https://example.com/release/",
        "https://example.com/",
        "HTTPS://example.com/release",
        "Release@example.com",
        "example.com",
        "*.example.com",
        "Release",
        "subject:CN=Release",
        "subject:CN=Release,O=Example",
        "subject:O=Example,CN=Release ",
        chain::SUBJECT,
        "subject:https://example.com/release",
    ] {
        let error = refused(judge(&chain, trust(&chain).with_identity(identity(bad))));
        assert_outcome(&error, ErrorKind::Untrusted, "model.sig");
        assert!(
            matches!(&error, Error::IdentityMismatch { found, .. } if found.len() == 4),
            "{bad}: {error:?}"
        );
    }
    let either = trust(&chain).with_identity(identity("nobody")).with_identity(identity(chain::EMAIL));
    assert!(judge(&chain, either).is_ok());
    assert!("".parse::<Identity>().is_err() && "subject:".parse::<Identity>().is_err());
    // Without an expectation it is accepted, but said so.
    let model = judge(&chain, trust(&chain)).unwrap();
    assert_eq!(model.report().notes(), [Note::AnyIdentity]);
}

/// An authority that may certify neither this address nor this host writes them into a name of another type.
#[test]
fn a_name_of_another_type_is_not_the_expected_owner() {
    let text = |text: &str| text.try_into().unwrap();
    let forged: [(&str, SanType); 4] = [
        (chain::EMAIL, SanType::URI(text(chain::EMAIL))),
        (chain::DNS, SanType::URI(text(chain::DNS))),
        (chain::DNS, SanType::Rfc822Name(text(chain::DNS))),
        (chain::URI, SanType::Rfc822Name(text(chain::URI))),
    ];
    for (expected, name) in forged {
        let chain = Chain::altered(|role, params| {
            if role == Role::Intermediate && matches!(name, SanType::URI(_)) {
                let elsewhere = |form: fn(String) -> GeneralSubtree| form("other.example.org".into());
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![
                        elsewhere(GeneralSubtree::Rfc822Name),
                        elsewhere(GeneralSubtree::DnsName),
                    ],
                    excluded_subtrees: Vec::new(),
                });
            } else if role == Role::Leaf {
                params.subject_alt_names = vec![name.clone()];
            }
        });
        assert!(judge(&chain, trust(&chain)).is_ok(), "the chain holds: {name:?}");
        let error = refused(judge(&chain, trust(&chain).with_identity(identity(expected))));
        assert!(matches!(error, Error::IdentityMismatch { .. }), "{name:?}: {error:?}");
    }
}

#[test]
fn the_time_of_the_caller_decides_when_it_is_given() {
    let chain = Chain::altered(|role, params| {
        if role == Role::Leaf {
            params.not_after = date_time_ymd(2021, 1, 1);
        }
    });
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    // 2021-01-01T00:00:00Z is the last second at which it is valid (RFC 5280 section 4.1.2.5).
    let end = 1_609_459_200;
    let model = judge(&chain, trust(&chain).at(at(end))).unwrap();
    let certificate = model.report().signer().certificate.as_ref().unwrap();
    assert_eq!((certificate.valid_at.as_str(), certificate.time_given), ("2021-01-01T00:00:00Z", true));
    assert!(matches!(fault(judge(&chain, trust(&chain).at(at(end + 1)))), CertificateFault::Expired { .. }));
    let before = at(1_577_836_799);
    assert!(matches!(fault(judge(&chain, trust(&chain).at(before))), CertificateFault::NotYetValid { .. }));
    assert!(judge(&chain, trust(&chain).at(at(1_577_836_800))).is_ok());
}

#[test]
fn no_certificate_is_valid_before_there_was_time() {
    let chain = Chain::sound();
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let error = refused(judge(&chain, trust(&chain).at(before)));
    assert_outcome(&error, ErrorKind::Usage, "before 1970");
}

#[test]
fn a_chain_comes_from_as_many_files_as_there_are() {
    let (chain, case) = (Chain::sound(), Case::new(&MODEL));
    let file = |name: &str, certificate| {
        fs::write(case.path(name), chain::pem(certificate)).unwrap();
        case.path(name)
    };
    let (leaf, intermediate) = (file("leaf.pem", &chain.leaf), file("intermediate.pem", &chain.intermediate));
    let certificates = CertificateChain::from_files(&leaf, [&intermediate]).unwrap();
    let signer = ModelSigner::new().with_certificates(certificates);
    signer.sign(&case.model(), &case.bundle(), &chain.key).unwrap();
    assert!(verify(&case, trust(&chain)).is_ok());
    let missing = refused(CertificateChain::from_files(&leaf, [case.path("none.pem")]));
    assert_outcome(&missing, ErrorKind::NotFound, "none.pem");
}

#[test]
fn every_kind_of_key_signs_with_a_certificate() {
    for (issuers, kind) in
        [(KeyType::P384, KeyType::P256), (KeyType::Ed25519, KeyType::P384), (KeyType::P256, KeyType::Ed25519)]
    {
        let chain = Chain::with_keys(issuers, kind, |_, _| {});
        let case = Case::new(&MODEL);
        let embedded = format!("{}{}", chain::pem(&chain.leaf), chain::pem(&chain.intermediate));
        let certificates = CertificateChain::from_pem(&embedded).unwrap();
        let signer = ModelSigner::new().with_certificates(certificates);
        signer.sign(&case.model(), &case.bundle(), &chain.key).unwrap();
        let model = verify(&case, trust(&chain)).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(model.report().signer().key_type, kind);
        case.flip("a.bin", 0);
        assert!(matches!(refused(verify(&case, trust(&chain))), Error::Rejected(_)));
        case.flip("a.bin", 0);
        let mut bundle = case.read_bundle();
        bundle["dsseEnvelope"]["payload"] = modelsig_tests::base64(b"{}").into();
        case.write_bundle(bundle.to_string());
        assert!(matches!(refused(verify(&case, trust(&chain))), Error::BadSignature { .. }));
    }
}

#[test]
fn another_key_cannot_use_the_certificate() {
    let (chain, other) = (Chain::sound(), Chain::sound());
    let case = Case::new(&MODEL);
    let mut bundle = other.bundle(&payload());
    bundle["verificationMaterial"] = chain.bundle(&payload())["verificationMaterial"].clone();
    case.write_bundle(bundle.to_string());
    let error = refused(verify(&case, trust(&chain)));
    assert_outcome(&error, ErrorKind::BadSignature, "model.sig");
}

/// As many as a verifier reads; one more is refused below.
#[test]
fn sixteen_certificates_are_embedded_and_read() {
    let (chain, case) = (Chain::sound(), Case::new(&MODEL));
    let sixteen = chain::pem(&chain.leaf) + &chain::pem(&chain.intermediate).repeat(15);
    let signer = ModelSigner::new().with_certificates(CertificateChain::from_pem(&sixteen).unwrap());
    signer.sign(&case.model(), &case.bundle(), &chain.key).unwrap();
    verify(&case, trust(&chain)).unwrap();
}

#[test]
fn signing_refuses_a_certificate_that_no_verifier_accepts() {
    let sound = Chain::sound();
    let case = Case::new(&MODEL);
    let sign = |chain: &Chain, key: &dyn Signer| {
        let certificates = CertificateChain::from_pem(&chain::pem(&chain.leaf)).unwrap();
        ModelSigner::new().with_certificates(certificates).sign(&case.model(), &case.bundle(), key)
    };
    let error = sign(&sound, &Chain::sound().key).unwrap_err();
    assert!(matches!(error, Error::CertificateOfOtherKey { .. }), "{error:?}");
    let many = chain::pem(&sound.leaf) + &chain::pem(&sound.intermediate).repeat(16);
    let many = ModelSigner::new().with_certificates(CertificateChain::from_pem(&many).unwrap());
    let error = many.sign(&case.model(), &case.bundle(), &sound.key).unwrap_err();
    assert!(matches!(error, Error::Limit { limit: 16, found: 17, .. }), "{error:?}");
    let expired = Chain::altered(|_, params| params.not_after = date_time_ymd(2021, 1, 1));
    let error = sign(&expired, &expired.key).unwrap_err();
    assert!(matches!(error, Error::Anchor { fault: CertificateFault::Expired { .. }, .. }), "{error:?}");
    let server = Chain::altered(|role, params| {
        if role == Role::Leaf {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        }
    });
    let error = sign(&server, &server.key).unwrap_err();
    let fits = matches!(error, Error::Anchor { fault: CertificateFault::WrongExtendedKeyUsage { .. }, .. });
    assert!(fits, "{error:?}");
    assert!(!case.bundle().exists(), "nothing was written");
    assert!(sign(&sound, &sound.key).is_ok());
}

#[test]
fn keys_and_certificates_are_judged_by_the_method_of_the_bundle() {
    let chain = Chain::sound();
    let case = Case::new(&MODEL);
    let key = case.key.public_key().clone();
    let both = || Trust::Any(vec![key.clone().into(), trust(&chain).into()]);
    case.sign();
    assert!(verify(&case, both()).is_ok());
    let error = refused(verify(&case, trust(&chain)));
    let fits = matches!(error, Error::MethodMismatch { expected: "certificate", found: "key", .. });
    assert!(fits, "{error:?}");
    case.write_bundle(chain.bundle(&payload()).to_string());
    assert!(verify(&case, both()).is_ok());
    let error = refused(verify(&case, key.clone()));
    let fits = matches!(error, Error::MethodMismatch { expected: "key", found: "certificate", .. });
    assert!(fits, "{error:?}");
    // Told is what the one says whose method it is, wherever that stands among them.
    let stranger = || trust(&Chain::sound()).into();
    for other in [vec![key.clone().into(), stranger()], vec![stranger(), key.into()]] {
        fault(verify(&case, Trust::Any(other)));
    }
    assert!(matches!(refused(verify(&case, Trust::Any(Vec::new()))), Error::NoTrust));
    // The key of the certificate proves nothing of what its issuer says.
    let error = refused(verify(&case, chain.key.public_key().clone()));
    assert!(matches!(error, Error::MethodMismatch { .. }), "{error:?}");
}

/// The Go tool writes a leaf without intermediates into the member of the keyless method.
#[test]
fn a_lone_certificate_is_read_when_the_certificate_method_is_asked_for() {
    let chain = Chain::sound();
    let case = Case::new(&MODEL);
    let mut bundle = chain.bundle(&payload());
    let leaf = modelsig_tests::base64(chain.leaf.der());
    bundle["verificationMaterial"] = serde_json::json!({"certificate": {"rawBytes": leaf}});
    bundle["dsseEnvelope"]["signatures"][0].as_object_mut().unwrap().remove("keyid");
    case.write_bundle(bundle.to_string());
    let anchor = || CertificateTrust::from_pem(&chain::pem(&chain.intermediate)).unwrap();
    assert!(verify(&case, anchor()).is_ok());
    assert!(matches!(fault(verify(&case, trust(&chain))), CertificateFault::NoIssuer { .. }));
    let error = refused(verify(&case, chain.key.public_key().clone()));
    assert_outcome(&error, ErrorKind::Malformed, "model.sig");
    // Keys that are trusted as well do not hide what is wrong with the certificate.
    let other = Trust::Any(vec![chain.key.public_key().clone().into(), trust(&chain).into()]);
    assert!(matches!(fault(verify(&case, other)), CertificateFault::NoIssuer { .. }));
    // With an entry of a log it is a keyless bundle, whoever is trusted.
    bundle["verificationMaterial"]["tlogEntries"] = serde_json::json!([{}]);
    case.write_bundle(bundle.to_string());
    for trust in [anchor().into(), Trust::from(chain.key.public_key().clone())] {
        let error = refused(verify(&case, trust));
        assert_outcome(&error, ErrorKind::Unsupported, "model.sig");
        assert!(error.to_string().contains(&format!("unverified claim: {}", chain::URI)), "{error}");
    }
    let Inspection { method, claimed_identity, .. } = inspect(&case.bundle(), &Limits::default()).unwrap();
    assert_eq!((method, claimed_identity.as_deref()), ("sigstore", Some(chain::URI)));
}

#[test]
fn files_with_anchors_are_read_strictly() {
    let chain = Chain::sound();
    let case = Case::new(&MODEL);
    let path = case.path("anchors.pem");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        CertificateTrust::from_files([&path])
    };
    let two = format!("words\n{}\n{}", chain::pem(&chain.root), chain::pem(&Chain::sound().root));
    case.write_bundle(chain.bundle(&payload()).to_string());
    assert!(verify(&case, read(&two).unwrap()).is_ok());
    let key = chain.key.to_pem(None).unwrap();
    let damaged = chain::pem(&chain.root).replacen("MII", "MIJ", 1);
    for bad in
        ["", "words", key.as_str(), damaged.as_str(), &format!("{}{}", chain::pem(&chain.root), key.as_str())]
    {
        let error = refused(read(bad));
        assert_outcome(&error, ErrorKind::Key, "anchors.pem");
    }
    fs::write(&path, [0xff; 8]).unwrap();
    let error = refused(CertificateTrust::from_files([&path]));
    assert!(matches!(error, Error::Anchor { fault: CertificateFault::NotPem, .. }), "{error:?}");
    let none: [&str; 0] = [];
    assert!(matches!(refused(CertificateTrust::from_files(none)), Error::NoTrust));
    fs::write(&path, vec![b' '; (1 << 20) + 1]).unwrap();
    assert_eq!(refused(CertificateTrust::from_files([&path])).kind(), ErrorKind::Limit);
}

/// Writes `root.pem` and `leaf.pem` for the key of the case, issued by OpenSSL with an RSA key, as most are in this
/// field. `padding` goes to the commands that sign.
pub(crate) fn chain_by_openssl(case: &Case, padding: &[&str]) {
    let at = |name: &str| case.path(name);
    fs::write(at("leaf.key"), case.key.to_pem(None).unwrap().as_bytes()).unwrap();
    let leaf = "keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\nsubjectAltName=email:me@example.com\n";
    fs::write(at("leaf.ext"), leaf).unwrap();
    let (root_key, root, leaf_key, request) =
        (at("root.key"), at("root.pem"), at("leaf.key"), at("leaf.csr"));
    let (extensions, leaf) = (at("leaf.ext"), at("leaf.pem"));
    let signing = |arguments: &[&dyn AsRef<OsStr>]| {
        let padding = padding.iter().map(|argument| argument as &dyn AsRef<OsStr>);
        openssl(&arguments.iter().copied().chain(padding).collect::<Vec<_>>());
    };
    signing(&[
        &"req",
        &"-x509",
        &"-newkey",
        &"rsa:2048",
        &"-noenc",
        &"-keyout",
        &root_key,
        &"-out",
        &root,
        &"-subj",
        &"/CN=Root",
        &"-days",
        &"2",
        &"-sha384",
        &"-addext",
        &"keyUsage=critical,keyCertSign",
    ]);
    openssl(&[&"req", &"-new", &"-key", &leaf_key, &"-subj", &"/CN=Leaf", &"-out", &request]);
    signing(&[
        &"x509",
        &"-req",
        &"-in",
        &request,
        &"-CA",
        &root,
        &"-CAkey",
        &root_key,
        &"-CAcreateserial",
        &"-days",
        &"1",
        &"-sha256",
        &"-extfile",
        &extensions,
        &"-out",
        &leaf,
    ]);
}

/// What other people's X.509 makes of it.
#[test]
fn chains_by_openssl_with_rsa_issuers() {
    if !modelsig_tests::has_openssl() {
        return;
    }
    let case = Case::with_key(KeyType::P521, &MODEL);
    for padding in [&[][..], &["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"]] {
        chain_by_openssl(&case, padding);
        let nothing: [&str; 0] = [];
        let certificates = CertificateChain::from_files(&case.path("leaf.pem"), nothing).unwrap();
        case.sign_with(&ModelSigner::new().with_certificates(certificates));
        let trust = CertificateTrust::from_files([case.path("root.pem")]).unwrap();
        let model = verify(&case, trust.with_identity(identity("me@example.com")));
        model.unwrap_or_else(|error| panic!("{padding:?}: {error}"));
    }
}

#[test]
fn a_policy_cannot_make_a_bad_chain_good() {
    let chain = Chain::altered(|_, params| params.not_after = date_time_ymd(2021, 1, 1));
    let case = Case::new(&MODEL);
    case.write_bundle(chain.bundle(&payload()).to_string());
    let lax = modelsig::danger::unsigned_files(Policy::strict(), modelsig::UnsignedFiles::Ignore);
    let lax = modelsig::danger::legacy(lax, true);
    let verifier = Verifier::new(trust(&chain)).with_policy(lax);
    assert!(matches!(
        fault(verifier.verify(&case.model(), &case.bundle())),
        CertificateFault::Expired { .. }
    ));
}
