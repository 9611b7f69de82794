//! Who signed: keys, hints, methods, and the signature itself.

use modelsig::{
    BundleFault, Error, ErrorKind, KeyType, Note, PAYLOAD_TYPE, Policy, PrivateKey, PublicKey, Signer, Trust,
    Verifier, pre_authentication_encoding,
};
use modelsig_tests::{
    Case, assert_outcome, base64, bundle, payload_of, refused, resource, signature_over, statement, unbase64,
};
use serde_json::{Value, json};

fn signed_with(kind: KeyType) -> Case {
    let case = Case::with_key(kind, &[("a.bin", b"a")]);
    case.write_statement(&statement(vec![resource("a.bin", b"a")]));
    case.verified();
    case
}

fn verify_with(case: &Case, trust: impl Into<Trust>) -> Result<(), Error> {
    Verifier::new(trust).verify(&case.model(), &case.bundle()).map(drop)
}

fn other_key() -> PublicKey {
    PrivateKey::generate(KeyType::Ed25519).unwrap().public_key().clone()
}

#[track_caller]
fn assert_bad_signature(case: &Case, what: &str) {
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(&error, Error::BadSignature { keys, .. } if keys.len() == 1), "{what}: {error:?}");
    assert_outcome(&error, ErrorKind::BadSignature, case.bundle().to_str().unwrap());
    assert!(error.to_string().contains(case.key.public_key().hint().as_str()), "{error}");
}

#[test]
fn another_key() {
    for kind in KeyType::ALL {
        let case = signed_with(kind);
        let own = case.key.public_key().hint().to_string();
        let same_kind = PrivateKey::generate(kind).unwrap().public_key().clone();
        for other in [same_kind, other_key()] {
            let error = refused(verify_with(&case, other.clone()));
            let Error::HintMismatch { hint, keys, .. } = &error else { panic!("{error:?}") };
            assert_eq!((hint, keys), (&own, &vec![other.hint().to_string()]));
            assert_outcome(&error, ErrorKind::Untrusted, case.bundle().to_str().unwrap());
        }
    }
}

#[test]
fn another_key_when_the_bundle_names_none() {
    let no_hint: [fn(&mut Value); 4] = [
        |b| b["verificationMaterial"]["publicKey"] = json!({}),
        |b| b["verificationMaterial"]["publicKey"]["hint"] = "".into(),
        |b| b["verificationMaterial"]["publicKey"]["hint"] = Value::Null,
        |b| b["verificationMaterial"]["publicKey"] = json!({"rawBytes": "AAAA", "keyDetails": "x"}),
    ];
    for edit in no_hint {
        let case = signed_with(KeyType::Ed25519);
        let mut bundle = case.read_bundle();
        edit(&mut bundle);
        case.write_bundle(bundle.to_string());
        let model = case.verified();
        assert!(model.report().notes().contains(&Note::NoHint));
        assert!(!model.report().signer().hint_in_bundle);
        let other = other_key();
        let error = refused(verify_with(&case, other.clone()));
        let Error::BadSignature { keys, .. } = &error else { panic!("{error:?}") };
        assert_eq!(keys, &[other.hint().to_string()]);
        assert_outcome(&error, ErrorKind::BadSignature, case.bundle().to_str().unwrap());
    }
}

#[test]
fn a_hint_that_is_not_the_keys() {
    let case = signed_with(KeyType::P256);
    let good = case.read_bundle();
    let own = case.key.public_key().hint().to_string();
    let other = other_key().hint().to_string();
    for hint in [&other, &own.to_uppercase(), &own[..63].to_owned(), &format!("{own} "), &"x".to_owned()] {
        let mut bundle = good.clone();
        bundle["verificationMaterial"]["publicKey"]["hint"] = hint.as_str().into();
        case.write_bundle(bundle.to_string());
        let error = refused(case.verify(Policy::strict()));
        assert!(matches!(&error, Error::HintMismatch { hint: found, .. } if found == hint), "{error:?}");
        assert_outcome(&error, ErrorKind::Untrusted, case.bundle().to_str().unwrap());
    }
}

#[test]
fn one_of_several_keys() {
    let case = signed_with(KeyType::Ed25519);
    let (own, other) = (case.key.public_key().clone(), other_key());
    assert!(verify_with(&case, vec![other.clone(), own.clone()]).is_ok());
    // The hint chooses among trusted keys; it does not make the signature theirs.
    let mut bundle = case.read_bundle();
    bundle["verificationMaterial"]["publicKey"]["hint"] = other.hint().as_str().into();
    case.write_bundle(bundle.to_string());
    let error = refused(verify_with(&case, vec![own, other]));
    assert!(matches!(&error, Error::BadSignature { keys, .. } if keys.len() == 2), "{error:?}");
    let error = refused(verify_with(&case, Vec::new()));
    assert!(matches!(error, Error::NoTrust), "{error:?}");
    assert_outcome(&error, ErrorKind::Usage, "");
}

#[test]
fn any_changed_byte_of_the_signature() {
    for kind in KeyType::ALL {
        let case = signed_with(kind);
        let mut bundle = case.read_bundle();
        let good = unbase64(bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap());
        let mut put = |signature: &[u8]| {
            bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(signature).into();
            case.write_bundle(bundle.to_string());
        };
        for at in 0..good.len() {
            for bit in [1, 0x80] {
                let mut changed = good.clone();
                changed[at] ^= bit;
                put(&changed);
                assert_bad_signature(&case, &format!("{kind} byte {at}"));
            }
        }
        for (what, changed) in [
            ("cut", good[..good.len() - 1].to_vec()),
            ("trailing byte", [good.as_slice(), &[0]].concat()),
            ("zeros", vec![0; good.len()]),
            ("twice", good.repeat(2)),
            ("one byte", vec![0]),
        ] {
            put(&changed);
            assert_bad_signature(&case, what);
        }
        put(&good);
        case.verified();
    }
}

/// `r || s` without DER, as JOSE has it.
#[test]
fn a_raw_ecdsa_signature() {
    for kind in [KeyType::P256, KeyType::P384] {
        let case = signed_with(kind);
        let mut bundle = case.read_bundle();
        let der = unbase64(bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap());
        let size = if kind == KeyType::P256 { 32 } else { 48 };
        // SEQUENCE, length, INTEGER, length, r, INTEGER, length, s; all lengths fit one byte here.
        let (r, rest) = der[4..].split_at(usize::from(der[3]));
        let s = &rest[2..];
        let padded = |number: &[u8]| {
            let digits: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
            [vec![0; size - digits.len()], digits].concat()
        };
        let raw = [padded(r), padded(s)].concat();
        assert_eq!(raw.len(), 2 * size);
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(&raw).into();
        case.write_bundle(bundle.to_string());
        assert_bad_signature(&case, "raw");
    }
}

/// The signature is checked before the payload is looked at, so even nonsense is a bad signature first.
#[test]
fn any_changed_byte_of_the_payload() {
    let case = signed_with(KeyType::Ed25519);
    let mut bundle = case.read_bundle();
    let good = payload_of(&bundle);
    let mut put = |payload: &[u8]| {
        bundle["dsseEnvelope"]["payload"] = base64(payload).into();
        case.write_bundle(bundle.to_string());
    };
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        put(&changed);
        assert_bad_signature(&case, &format!("byte {at}"));
    }
    for (what, changed) in [
        ("blank in front", [b" ".as_slice(), &good].concat()),
        ("blank at the end", [&good, b" ".as_slice()].concat()),
        ("cut", good[1..].to_vec()),
        ("nonsense", b"nonsense".to_vec()),
    ] {
        put(&changed);
        assert_bad_signature(&case, what);
    }
}

/// Only the pre-authentication encoding of DSSE v1, over the type in the envelope, is what a signature is over.
#[test]
fn signatures_over_something_else() {
    let case = signed_with(KeyType::Ed25519);
    let mut bundle = case.read_bundle();
    let payload = payload_of(&bundle);
    let pae = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
    let legacy = [
        format!("DSSEV1 {} {PAYLOAD_TYPE} {} b'", PAYLOAD_TYPE.len(), payload.len()).as_bytes(),
        &payload,
        b"'",
    ]
    .concat();
    let (other_type, digest) = (signature_over(&case.key, "text/plain", &payload), pae[..32].to_vec());
    for (what, message) in
        [("payload", payload.clone()), ("legacy", legacy), ("part", digest), ("nothing", Vec::new())]
    {
        let signature = case.key.sign(&message).unwrap();
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(&signature).into();
        case.write_bundle(bundle.to_string());
        assert_bad_signature(&case, what);
    }
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(&other_type).into();
    case.write_bundle(bundle.to_string());
    assert_bad_signature(&case, "signed as another type");
    bundle["dsseEnvelope"]["payloadType"] = "text/plain".into();
    case.write_bundle(bundle.to_string());
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(error, Error::Bundle { fault: BundleFault::PayloadType { .. }, .. }), "{error:?}");
}

/// The caller's trust decides the method, never the bundle.
#[test]
fn bundles_of_other_methods() {
    let case = signed_with(KeyType::P256);
    let payload = payload_of(&case.read_bundle());
    let chain = json!({"certificates": [{"rawBytes": "AAAA"}]});
    for material in
        [json!({"x509CertificateChain": chain}), json!({"x509CertificateChain": chain, "tlogEntries": []})]
    {
        let mut bundle = bundle(&case.key, &payload);
        bundle["verificationMaterial"] = material;
        case.write_bundle(bundle.to_string());
        let error = refused(case.verify(Policy::strict()));
        assert!(
            matches!(&error, Error::MethodMismatch { expected: "key", found: "certificate", .. }),
            "{error:?}"
        );
        assert_outcome(&error, ErrorKind::Usage, case.bundle().to_str().unwrap());
        let message = error.to_string();
        assert!(message.contains("key") && message.contains("certificate"), "{message}");
    }
}

#[test]
fn keyless_bundles_are_not_supported_yet() {
    let case = signed_with(KeyType::P256);
    let mut bundle = case.read_bundle();
    bundle["verificationMaterial"] =
        json!({"certificate": {"rawBytes": "AAAA"}, "tlogEntries": [{"logIndex": "1"}]});
    case.write_bundle(bundle.to_string());
    let error = refused(case.verify(Policy::strict()));
    assert_outcome(&error, ErrorKind::Unsupported, case.bundle().to_str().unwrap());
    // A certificate that cannot be read claims nothing.
    assert!(matches!(error, Error::KeylessUnsupported { identity: None, issuer: None, .. }), "{error:?}");
}
