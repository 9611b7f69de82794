//! Bundles of model-signing 0.2.0: read when asked for, and only as that version wrote them.

use std::fs;

use modelsig::{
    CertificateTrust, Error, ErrorKind, KeyType, Limits, Note, PAYLOAD_TYPE, PREDICATE_TYPE, Policy,
    SignatureScheme, Signer, StatementFault, VerifiedModel, Verifier, danger, inspect,
};
use modelsig_tests::{
    Case, assert_outcome, base64, digest_of, has_openssl, only_problem, openssl, refused, resource, statement,
};
use serde_json::{Value, json};

use crate::certificates::chain_by_openssl;

const MODEL: [(&str, &[u8]); 2] = [("a.bin", b"a"), ("sub/b.bin", b"b")];

fn subject(name: &str, content: &[u8]) -> Value {
    let sha256 = digest_of(modelsig::hash::HashAlgorithm::Sha256, content);
    json!({"name": name, "digest": {"sha256": sha256}, "annotations": {"actual_hash_algorithm": "file-sha256"}})
}

fn legacy_statement() -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": MODEL.map(|(name, content)| subject(name, content)),
        "predicateType": "https://model_signing/Digests/v0.1",
        "predicate": {"unused": "Unused, just passed due to API requirements"}
    })
}

/// What 0.2.0 signed, for payloads of printable ASCII and newlines without quotes: `repr` of Python's bytes.
fn legacy_encoding(payload: &str) -> Vec<u8> {
    assert!(payload.chars().all(|one| one == '\n' || (' '..='~').contains(&one) && !"'\\".contains(one)));
    let shown = payload.replace('\n', "\\n");
    format!("DSSEV1 {} {PAYLOAD_TYPE} {} b'{shown}'", PAYLOAD_TYPE.len(), payload.len()).into_bytes()
}

/// As Python's `MessageToJson` lays it out.
fn pretty(statement: &Value) -> String {
    serde_json::to_string_pretty(statement).unwrap()
}

fn write(case: &Case, material: Value, payload: &str, signature: &[u8]) {
    let bundle = json!({
        "mediaType": modelsig::MEDIA_TYPE,
        "verificationMaterial": material,
        "dsseEnvelope": {
            "payload": base64(payload.as_bytes()),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64(signature), "keyid": null}]
        }
    });
    case.write_bundle(bundle.to_string());
}

/// Signed by the case's key in the encoding of 0.2.0.
fn write_legacy(case: &Case, statement: &Value) {
    let payload = pretty(statement);
    let signature = case.key.sign(&legacy_encoding(&payload)).unwrap();
    let raw = base64(case.key.public_key().to_pem().as_bytes());
    let material = json!({"publicKey": {"rawBytes": raw, "keyDetails": "PKIX_ECDSA_P384_SHA_256"}});
    write(case, material, &payload, &signature);
}

fn verify(case: &Case) -> Result<VerifiedModel, Error> {
    case.verify(danger::legacy(Policy::strict(), true))
}

#[track_caller]
fn fault(case: &Case) -> StatementFault {
    let error = refused(verify(case));
    assert_outcome(&error, ErrorKind::Malformed, "model.sig");
    match error {
        Error::Statement { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bundle_of_0_2_0_is_read_when_asked_for() {
    for kind in [KeyType::P256, KeyType::P384, KeyType::P521] {
        let case = Case::with_key(kind, &MODEL);
        write_legacy(&case, &legacy_statement());
        let model = verify(&case).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let report = model.report();
        assert!(report.notes().contains(&Note::Legacy), "{:?}", report.notes());
        assert_eq!(report.weakened_by(), ["bundles of model-signing 0.2.0 are accepted"]);
        assert_eq!(model.read("sub/b.bin").unwrap(), b"b");

        let error = refused(case.verify(Policy::strict()));
        assert_outcome(&error, ErrorKind::BadSignature, "model.sig");

        case.flip("a.bin", 0);
        assert!(matches!(only_problem(&refused(verify(&case))), Error::DigestMismatch { .. }));
        case.write("a.bin", b"a");
        case.write("extra", b"");
        assert!(matches!(only_problem(&refused(verify(&case))), Error::Unsigned { .. }));
        let found = inspect(&case.bundle(), &Limits::default()).unwrap();
        assert!(found.legacy && found.resources.len() == 2, "{found:?}");
    }
}

#[test]
fn asking_for_0_2_0_changes_nothing_for_bundles_of_today() {
    let case = Case::new(&MODEL);
    case.sign();
    let model = verify(&case).unwrap();
    assert!(!model.report().notes().contains(&Note::Legacy));
}

/// Neither age can borrow the other's statement: what 0.2.0 signed is weaker, and its encoding is not DSSE's.
#[test]
fn encoding_and_statement_belong_together() {
    let case = Case::with_key(KeyType::P256, &MODEL);
    let mut today = statement(MODEL.iter().map(|(name, content)| resource(name, content)).collect());
    write_legacy(&case, &today);
    assert!(matches!(fault(&case), StatementFault::MixedDialects { found } if found == PREDICATE_TYPE));
    case.write_statement(&legacy_statement());
    assert!(matches!(fault(&case), StatementFault::MixedDialects { found } if found.ends_with("v0.1")));
    let error = refused(case.verify(Policy::strict()));
    let fits = matches!(error, Error::Statement { fault: StatementFault::MixedDialects { .. }, .. });
    assert!(fits, "{error:?}");
    today["predicateType"] = "https://model_signing/signature/v2.0".into();
    write_legacy(&case, &today);
    assert!(matches!(fault(&case), StatementFault::PredicateType { .. }));
}

#[test]
fn what_0_2_0_could_not_have_written_is_refused() {
    type Alter = fn(&mut Value);
    type Fits = fn(&StatementFault) -> bool;
    let json: Fits = |fault| matches!(fault, StatementFault::Json(_));
    let cases: [(&str, Alter, Fits); 9] = [
        ("nothing", |s| s["subject"] = json!([]), |f| matches!(f, StatementFault::EmptyResources)),
        (
            "a file twice",
            |s| s["subject"][1] = s["subject"][0].clone(),
            |f| matches!(f, StatementFault::DuplicateName { .. }),
        ),
        (
            "a way out",
            |s| s["subject"][0]["name"] = "../a".into(),
            |f| matches!(f, StatementFault::BadName { .. }),
        ),
        (
            "another hash",
            |s| s["subject"][0]["annotations"]["actual_hash_algorithm"] = "file-blake2".into(),
            |f| matches!(f, StatementFault::AlgorithmMismatch { .. }),
        ),
        (
            "shards",
            |s| s["subject"][0]["annotations"]["actual_hash_algorithm"] = "file-sha256-100".into(),
            |f| matches!(f, StatementFault::AlgorithmMismatch { .. }),
        ),
        ("no annotation", |s| drop(s["subject"][0].as_object_mut().unwrap().remove("annotations")), json),
        ("another digest", |s| s["subject"][0]["digest"] = json!({"sha512": "00"}), json),
        (
            "upper case",
            |s| {
                let digest = s["subject"][0]["digest"]["sha256"].as_str().unwrap().to_uppercase();
                s["subject"][0]["digest"]["sha256"] = digest.into();
            },
            |f| matches!(f, StatementFault::BadDigest { .. }),
        ),
        ("another member", |s| s["extra"] = json!(1), json),
    ];
    for (name, alter, fits) in cases {
        let case = Case::with_key(KeyType::P256, &MODEL);
        let mut statement = legacy_statement();
        alter(&mut statement);
        write_legacy(&case, &statement);
        let found = fault(&case);
        assert!(fits(&found), "{name}: {found:?}");
    }
}

/// With a certificate 0.2.0 hashed with SHA-256 whatever the curve. OpenSSL makes such signatures.
#[test]
fn a_certificate_of_any_curve_signed_sha_256() {
    if !has_openssl() {
        return;
    }
    for (kind, scheme) in [
        (KeyType::P256, SignatureScheme::EcdsaP256Sha256),
        (KeyType::P384, SignatureScheme::EcdsaP384Sha256),
        (KeyType::P521, SignatureScheme::EcdsaP521Sha256),
    ] {
        let case = Case::with_key(kind, &MODEL);
        chain_by_openssl(&case, &[]);
        let payload = pretty(&legacy_statement());
        fs::write(case.path("message"), legacy_encoding(&payload)).unwrap();
        let (key, message) = (case.path("leaf.key"), case.path("message"));
        let signature = openssl(&[&"dgst", &"-sha256", &"-sign", &key, &message]);
        let leaf = openssl(&[&"x509", &"-in", &case.path("leaf.pem"), &"-outform", &"DER"]);
        let chain = json!({"x509CertificateChain": {"certificates": [{"rawBytes": base64(&leaf)}]}});
        write(&case, chain, &payload, &signature);
        let trust = CertificateTrust::from_files([case.path("root.pem")]).unwrap();
        let verify =
            |policy| Verifier::new(trust.clone()).with_policy(policy).verify(&case.model(), &case.bundle());
        let model = verify(danger::legacy(Policy::strict(), true));
        let model = model.unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(model.report().signer().scheme, scheme);
        assert!(matches!(refused(verify(Policy::strict())), Error::BadSignature { .. }), "{kind}");
    }
}
