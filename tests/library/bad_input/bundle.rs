//! The bundle: the file itself, its JSON text, and what stands in it.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use modelsig::{BundleFault, Error, ErrorKind, JsonFault, PAYLOAD_TYPE, Policy, inspect};
use modelsig_tests::{Case, assert_outcome, make_fifo, refused, repeat_member, resource, statement, within};
use serde_json::{Value, json};

/// A signed model of one file.
fn signed() -> Case {
    let case = Case::new(&[("a.bin", b"a")]);
    case.write_statement(&statement(vec![resource("a.bin", b"a")]));
    case.verified();
    case
}

/// What verification, opening and inspection say of the bundle: the same, or it would depend on who asks.
#[track_caller]
fn bundle_refused(case: &Case) -> Error {
    let limits = modelsig::Limits::default();
    let errors = [
        refused(case.verify(Policy::strict())),
        refused(case.verifier(Policy::strict()).open(&case.model(), &case.bundle())),
        refused(inspect(&case.bundle(), &limits)),
    ];
    let [verified, opened, inspected] = errors;
    assert_eq!(verified.to_string(), opened.to_string());
    assert_eq!(verified.to_string(), inspected.to_string());
    verified
}

/// The fault of a malformed bundle, whose path must be named.
#[track_caller]
fn fault_of(case: &Case) -> BundleFault {
    let error = bundle_refused(case);
    assert_outcome(&error, ErrorKind::Malformed, case.bundle().to_str().unwrap());
    match error {
        Error::Bundle { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bundle_that_is_not_there() {
    let case = signed();
    fs::remove_file(case.bundle()).unwrap();
    let error = bundle_refused(&case);
    assert!(matches!(error, Error::BundleNotFound { .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::NotFound, case.bundle().to_str().unwrap());
}

/// None of them is opened for reading until a writer comes, or read until the memory is full.
#[test]
fn a_bundle_that_is_no_regular_file() {
    type Make = (&'static str, fn(&Case));
    let device = |case: &Case| symlink("/dev/zero", case.bundle()).unwrap();
    let cases: [Make; 3] = [
        ("FIFO", |case| make_fifo(&case.bundle())),
        ("folder", |case| fs::create_dir(case.bundle()).unwrap()),
        ("character device", device),
    ];
    for (what, make) in cases {
        let case = signed();
        fs::remove_file(case.bundle()).unwrap();
        make(&case);
        within(Duration::from_secs(30), move || {
            let error = bundle_refused(&case);
            assert!(matches!(error, Error::NotAFile { what: found, .. } if found == what), "{error:?}");
            // It is no part of the tree: nothing is said about the model.
            assert_outcome(&error, ErrorKind::Io, case.bundle().to_str().unwrap());
        });
    }
}

#[test]
fn text_that_is_not_strict_json() {
    let good = signed().read_bundle().to_string();
    let deep = |levels: usize| {
        good.replace(
            r#""tlogEntries":[]"#,
            &format!(r#""tlogEntries":{}{}"#, "[".repeat(levels), "]".repeat(levels)),
        )
    };
    type Fits = fn(&JsonFault) -> bool;
    let not_json: Fits = |fault| matches!(fault, JsonFault::NotJson { .. });
    let trailing: Fits = |fault| matches!(fault, JsonFault::TrailingData { .. });
    let too_deep: Fits = |fault| matches!(fault, JsonFault::TooDeep { limit: 32 });
    let cases: Vec<(Vec<u8>, Fits)> = vec![
        (b"".into(), not_json),
        (b"\n".into(), not_json),
        (b"not JSON".into(), not_json),
        (b"-----BEGIN PUBLIC KEY-----\n".into(), not_json),
        (b"\x7fELF".into(), not_json),
        (b"\xff\xfe{\0}\0".into(), not_json),
        (good[..good.len() - 1].into(), not_json),
        (good.replace("mediaType", "media\u{1}Type").into(), not_json),
        (good.replace("mediaType", "media\\ud800Type").into(), not_json),
        (good.replacen('{', "{,", 1).into(), not_json),
        (format!("{good}x").into(), trailing),
        (format!("{good}{good}").into(), trailing),
        (format!("{good}\n\0").into(), trailing),
        (format!("\u{feff}{good}").into(), |fault| *fault == JsonFault::ByteOrderMark),
        (deep(40).into(), too_deep),
        (deep(100_000).into(), too_deep),
        ("[".repeat(100_000).into(), too_deep),
        (r#"{"a":"#.repeat(100_000).into(), too_deep),
    ];
    for (text, fits) in cases {
        let case = signed();
        case.write_bundle(&text);
        let start = String::from_utf8_lossy(&text[..text.len().min(80)]).into_owned();
        match fault_of(&case) {
            BundleFault::Json(fault) => assert!(fits(&fault), "{fault:?}: {start}"),
            other => panic!("{other:?}: {start}"),
        }
    }
}

#[test]
fn blank_space_around_the_text_is_no_fault() {
    let case = signed();
    let good = case.read_bundle();
    for text in [format!("{good}\n"), format!(" \r\n\t{good} \n\n"), format!("{good:#}")] {
        case.write_bundle(text);
        case.verified();
    }
}

#[test]
fn members_that_stand_twice() {
    let case = signed();
    let good = case.read_bundle().to_string();
    let members = [
        "mediaType",
        "verificationMaterial",
        "publicKey",
        "hint",
        "tlogEntries",
        "dsseEnvelope",
        "payload",
        "payloadType",
        "signatures",
        "sig",
        "keyid",
    ];
    for member in members {
        case.write_bundle(repeat_member(&good, member));
        assert_eq!(
            fault_of(&case),
            BundleFault::Json(JsonFault::DuplicateMember { member: member.into() }),
            "{member}"
        );
    }
    // The same name by another spelling, and in a place that nothing else looks at.
    let disguised = good.replacen(r#""hint":"#, r#""h\u0069nt":null,"hint":"#, 1);
    let unseen = good.replacen(r#""tlogEntries":[]"#, r#""tlogEntries":[{"x":[{"y":1,"y":1}]}]"#, 1);
    for (text, member) in [(disguised, "hint"), (unseen, "y")] {
        case.write_bundle(text);
        assert_eq!(
            fault_of(&case),
            BundleFault::Json(JsonFault::DuplicateMember { member: member.into() }),
            "{member}"
        );
    }
}

#[test]
fn another_media_type() {
    let case = signed();
    let mut bundle = case.read_bundle();
    for found in [
        "",
        "application/json",
        "application/vnd.dev.sigstore.bundle.v0.1+json",
        "application/vnd.dev.sigstore.bundle.v0.2+json",
        "application/vnd.dev.sigstore.bundle.v0.4+json",
        "application/vnd.dev.sigstore.bundle+json;version=0.3",
        "application/vnd.dev.sigstore.bundle.v0.3+json ",
        "APPLICATION/vnd.dev.sigstore.bundle.v0.3+json",
    ] {
        bundle["mediaType"] = found.into();
        case.write_bundle(bundle.to_string());
        assert_eq!(fault_of(&case), BundleFault::MediaType { found: found.into() });
    }
}

/// An edit of a good bundle and the fault that must come of it.
type Edit = (&'static str, fn(&mut Value), fn(&BundleFault) -> bool);

fn is_shape(fault: &BundleFault) -> bool {
    matches!(fault, BundleFault::Json(JsonFault::Shape { .. }))
}

#[test]
fn envelopes_and_material_that_are_not_a_bundle() {
    let edits: [Edit; 31] = [
        ("no material", |b| b["verificationMaterial"] = json!({}), |f| *f == BundleFault::NoMaterial),
        (
            "log entries only",
            |b| b["verificationMaterial"] = json!({"tlogEntries": []}),
            |f| *f == BundleFault::NoMaterial,
        ),
        (
            "null key",
            |b| b["verificationMaterial"]["publicKey"] = Value::Null,
            |f| *f == BundleFault::NoMaterial,
        ),
        (
            "key and chain",
            |b| {
                b["verificationMaterial"]["x509CertificateChain"] =
                    json!({"certificates": [{"rawBytes": "AA=="}]})
            },
            |f| *f == BundleFault::MixedMaterial,
        ),
        (
            "key and certificate",
            |b| b["verificationMaterial"]["certificate"] = json!({"rawBytes": "AA=="}),
            |f| *f == BundleFault::MixedMaterial,
        ),
        (
            "chain and certificate",
            |b| {
                b["verificationMaterial"] = json!({
                    "x509CertificateChain": {"certificates": [{"rawBytes": "AA=="}]},
                    "certificate": {"rawBytes": "AA=="},
                    "tlogEntries": [{}]
                });
            },
            |f| *f == BundleFault::MixedMaterial,
        ),
        ("null log entries", |b| b["verificationMaterial"]["tlogEntries"] = Value::Null, is_shape),
        ("hint as a number", |b| b["verificationMaterial"]["publicKey"]["hint"] = json!(7), is_shape),
        ("no material member", |b| drop(b.as_object_mut().unwrap().remove("verificationMaterial")), is_shape),
        ("no envelope", |b| drop(b.as_object_mut().unwrap().remove("dsseEnvelope")), is_shape),
        ("no media type", |b| drop(b.as_object_mut().unwrap().remove("mediaType")), is_shape),
        ("an array", |b| *b = json!([b.clone()]), is_shape),
        ("a string", |b| *b = json!("bundle"), is_shape),
        ("unknown member", |b| b["extra"] = json!(1), is_shape),
        ("message signature", |b| b["messageSignature"] = json!({"signature": "AA=="}), is_shape),
        ("unknown material", |b| b["verificationMaterial"]["extra"] = json!(1), is_shape),
        ("unknown in envelope", |b| b["dsseEnvelope"]["extra"] = json!(1), is_shape),
        ("unknown in signature", |b| b["dsseEnvelope"]["signatures"][0]["extra"] = json!(1), is_shape),
        ("no signature text", |b| b["dsseEnvelope"]["signatures"] = json!([{}]), is_shape),
        (
            "no signature",
            |b| b["dsseEnvelope"]["signatures"] = json!([]),
            |f| *f == BundleFault::SignatureCount { found: 0 },
        ),
        (
            "the signature twice",
            |b| {
                let one = b["dsseEnvelope"]["signatures"][0].clone();
                b["dsseEnvelope"]["signatures"].as_array_mut().unwrap().push(one);
            },
            |f| *f == BundleFault::SignatureCount { found: 2 },
        ),
        (
            "a good and a bad signature",
            |b| b["dsseEnvelope"]["signatures"].as_array_mut().unwrap().push(json!({"sig": "AA=="})),
            |f| *f == BundleFault::SignatureCount { found: 2 },
        ),
        (
            "payload type",
            |b| b["dsseEnvelope"]["payloadType"] = "application/vnd.in-toto+json;v=1".into(),
            |f| matches!(f, BundleFault::PayloadType { found } if found.ends_with("v=1")),
        ),
        (
            "upper case payload type",
            |b| b["dsseEnvelope"]["payloadType"] = PAYLOAD_TYPE.to_uppercase().into(),
            |f| matches!(f, BundleFault::PayloadType { .. }),
        ),
        ("empty payload", |b| b["dsseEnvelope"]["payload"] = "".into(), is_bad_payload),
        (
            "payload with a line break",
            |b| edit_text(&mut b["dsseEnvelope"]["payload"], |t| t.insert(40, '\n')),
            is_bad_payload,
        ),
        (
            "payload with a blank",
            |b| edit_text(&mut b["dsseEnvelope"]["payload"], |t| t.push(' ')),
            is_bad_payload,
        ),
        (
            "payload with junk",
            |b| edit_text(&mut b["dsseEnvelope"]["payload"], |t| t.insert(40, '!')),
            is_bad_payload,
        ),
        (
            "payload cut",
            |b| edit_text(&mut b["dsseEnvelope"]["payload"], |t| t.truncate(t.len() - 1)),
            is_bad_payload,
        ),
        ("empty signature", |b| b["dsseEnvelope"]["signatures"][0]["sig"] = "".into(), is_bad_signature_text),
        (
            "signature in the URL alphabet",
            |b| b["dsseEnvelope"]["signatures"][0]["sig"] = "-_8=".into(),
            is_bad_signature_text,
        ),
    ];
    let good = signed().read_bundle();
    for (what, edit, fits) in edits {
        let case = signed();
        let mut bundle = good.clone();
        edit(&mut bundle);
        case.write_bundle(bundle.to_string());
        let fault = fault_of(&case);
        assert!(fits(&fault), "{what}: {fault:?}");
    }
}

fn is_bad_payload(fault: &BundleFault) -> bool {
    *fault == BundleFault::Base64 { what: "payload" }
}

fn is_bad_signature_text(fault: &BundleFault) -> bool {
    *fault == BundleFault::Base64 { what: "signature" }
}

fn edit_text(value: &mut Value, edit: fn(&mut String)) {
    let mut text = value.as_str().unwrap().to_owned();
    edit(&mut text);
    *value = text.into();
}

/// What signers write differently without meaning anything by it.
#[test]
fn forms_that_mean_the_same() {
    let forms: [fn(&mut Value); 6] = [
        |b| b["dsseEnvelope"]["signatures"][0]["keyid"] = Value::Null,
        |b| b["dsseEnvelope"]["signatures"][0]["keyid"] = "any".into(),
        |b| drop(b["dsseEnvelope"]["signatures"][0].as_object_mut().unwrap().remove("keyid")),
        |b| drop(b["verificationMaterial"].as_object_mut().unwrap().remove("tlogEntries")),
        |b| b["verificationMaterial"]["timestampVerificationData"] = json!({}),
        |b| b["verificationMaterial"]["publicKey"]["keyDetails"] = "PKIX_ED25519".into(),
    ];
    for form in forms {
        let case = signed();
        let mut bundle = case.read_bundle();
        form(&mut bundle);
        case.write_bundle(bundle.to_string());
        case.verified();
    }
}
