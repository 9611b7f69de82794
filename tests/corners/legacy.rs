//! 9.12 and 4: what 0.2.0 wrote. It is read where the caller asks for it, and then only as 0.2.0 wrote it.

use modelsig::hash::HashAlgorithm;
use modelsig::{PAYLOAD_TYPE, Signer, pre_authentication_encoding};
use modelsig_tests::{base64, bundle, digest_of, resource, statement};
use serde_json::{Value, json};

use crate::certificate::Certificate;
use crate::certificates::{self, with_chain};
use crate::draft::{Case, Draft, corner};
use crate::keys;
use crate::signatures::p384_with_sha256;

/// A statement of 0.2.0: a subject for each file, no root digest, no serialization.
fn digests(files: &[(&str, &str)]) -> Value {
    let subject = |(name, content): &(&str, &str)| {
        json!({
            "name": name,
            "digest": {"sha256": digest_of(HashAlgorithm::Sha256, content.as_bytes())},
            "annotations": {"actual_hash_algorithm": "file-sha256"}
        })
    };
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": files.iter().map(subject).collect::<Vec<_>>(),
        "predicateType": "https://model_signing/Digests/v0.1",
        "predicate": {"unused": "Unused, just passed due to API requirements"}
    })
}

/// What 0.2.0 signed: the payload as Python shows bytes.
fn legacy_encoding(payload: &[u8]) -> Vec<u8> {
    let shown: String = payload
        .iter()
        .map(|byte| match byte {
            b'\\' => "\\\\".into(),
            b'\'' => "\\'".into(),
            b'\n' => "\\n".into(),
            b'\r' => "\\r".into(),
            b'\t' => "\\t".into(),
            b' '..=b'~' => char::from(*byte).to_string(),
            other => format!("\\x{other:02x}"),
        })
        .collect();
    format!("DSSEV1 {} {PAYLOAD_TYPE} {} b'{shown}'", PAYLOAD_TYPE.len(), payload.len()).into_bytes()
}

/// The payload as 0.2.0 wrote it: indented.
fn indented(statement: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(statement).expect("a value can be written")
}

/// A bundle of the key method over this payload, whose signature is over this message.
fn by_key(payload: &[u8], message: &[u8]) -> Value {
    let key = keys::private("p256");
    let mut bundle = bundle(&key, payload);
    let signature = key.sign(message).expect("the key signs");
    bundle["dsseEnvelope"]["signatures"] = json!([{"sig": base64(&signature), "keyid": null}]);
    bundle["verificationMaterial"] = json!({"publicKey": {"hint": key.public_key().hint().as_str()}});
    bundle
}

/// The same of the certificate method, with a P-384 leaf and SHA-256.
fn by_certificate(payload: &[u8], message: &[u8]) -> Value {
    let leaf = Certificate { key: "p384", ..Certificate::leaf() };
    let mut bundle = with_chain(by_key(payload, message), &[leaf.der(), Certificate::issuer().der()]);
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(&p384_with_sha256("p384", message)).into();
    if let Some(material) = bundle["verificationMaterial"].as_object_mut() {
        material.remove("tlogEntries");
    }
    bundle
}

fn model(name: &str, reason: &str) -> Draft {
    corner("9.12", name, reason).file("a.bin", "a").file("it's b.bin", "b")
}

fn legacy(name: &str, reason: &str) -> Draft {
    model(name, reason).policy(|policy| policy.legacy = true)
}

pub(crate) fn cases() -> Vec<Case> {
    let files = [("a.bin", "a"), ("it's b.bin", "b")];
    let old = indented(&digests(&files));
    let old_message = legacy_encoding(&old);
    let modern = indented(&statement(vec![resource("a.bin", b"a"), resource("it's b.bin", b"b")]));
    let modern_message = pre_authentication_encoding(PAYLOAD_TYPE, &modern);
    let of = |statement: Value| {
        let payload = indented(&statement);
        let message = legacy_encoding(&payload);
        by_key(&payload, &message)
    };
    let edited = |edit: fn(&mut Value)| {
        let mut statement = digests(&[("a.bin", "a"), ("it's b.bin", "b")]);
        edit(&mut statement);
        of(statement)
    };
    vec![
        legacy("as-written", "a bundle of 0.2.0, where the caller asks for it")
            .bundle(&by_key(&old, &old_message))
            .notes(&["Legacy"])
            .verified(),
        legacy(
            "as-written-with-certificate",
            "a bundle of 0.2.0 with a P-384 leaf, which it signed over SHA-256",
        )
        .trust(certificates::trust())
        .bundle(&by_certificate(&old, &old_message))
        .notes(&["Legacy"])
        .verified(),
        model("not-asked-for", "the encoding of 0.2.0 is not read unless the caller asks for it")
            .bundle(&by_key(&old, &old_message))
            .denied("bad-signature", "BadSignature"),
        model("certificate-not-asked-for", "the encoding of 0.2.0 is not read unless the caller asks for it")
            .trust(certificates::trust())
            .bundle(&by_certificate(&old, &old_message))
            .denied("bad-signature", "BadSignature"),
        model("modern-statement", "a v1.0 statement under the old encoding")
            .bundle(&by_key(&modern, &legacy_encoding(&modern)))
            .denied("bad-signature", "BadSignature"),
        legacy(
            "modern-statement-legacy",
            "a v1.0 statement under the old encoding was never written, legacy or not",
        )
        .bundle(&by_key(&modern, &legacy_encoding(&modern)))
        .malformed("Statement/MixedDialects"),
        legacy(
            "modern-statement-with-certificate",
            "a v1.0 statement under the old encoding, by certificate",
        )
        .trust(certificates::trust())
        .bundle(&by_certificate(&modern, &legacy_encoding(&modern)))
        .malformed("Statement/MixedDialects"),
        model("old-statement", "a statement of 0.2.0 under the proper encoding")
            .bundle(&by_key(&old, &pre_authentication_encoding(PAYLOAD_TYPE, &old)))
            .malformed("Statement/MixedDialects"),
        legacy(
            "old-statement-legacy",
            "a statement of 0.2.0 under the proper encoding was never written, legacy or not",
        )
        .bundle(&by_key(&old, &pre_authentication_encoding(PAYLOAD_TYPE, &old)))
        .malformed("Statement/MixedDialects"),
        legacy("modern-bundle", "a current bundle verifies as ever where old ones are read too")
            .bundle(&by_key(&modern, &modern_message))
            .verified(),
        legacy("changed", "the files of an old bundle are checked")
            .bundle(&of(digests(&[("a.bin", "a"), ("it's b.bin", "x")])))
            .notes(&["Legacy"])
            .rejected(&[("it's b.bin", "DigestMismatch")]),
        legacy("missing", "the files of an old bundle must be there")
            .bundle(&of(digests(&[("a.bin", "a"), ("c.bin", "c"), ("it's b.bin", "b")])))
            .notes(&["Legacy"])
            .rejected(&[("c.bin", "Missing")]),
        legacy("unsigned", "a file that an old bundle does not list is unsigned")
            .file("evil.py", "import os")
            .bundle(&by_key(&old, &old_message))
            .notes(&["Legacy"])
            .rejected(&[("evil.py", "Unsigned")]),
        legacy("name-twice", "a name stands twice among the subjects")
            .bundle(&of(digests(&[("a.bin", "x"), ("a.bin", "a"), ("it's b.bin", "b")])))
            .malformed("Statement/DuplicateName"),
        legacy("name-not-canonical", "old names are canonical too")
            .bundle(&of(digests(&[("./a.bin", "a"), ("it's b.bin", "b")])))
            .malformed("Statement/BadName/Dot"),
        legacy("no-subject", "a statement about no file would verify nothing")
            .bundle(&of(digests(&[])))
            .malformed("Statement/EmptyResources"),
        legacy("another-hash", "0.2.0 knew the SHA-256 of whole files only")
            .bundle(&edited(|s| {
                s["subject"][0]["annotations"]["actual_hash_algorithm"] = "file-blake2".into()
            }))
            .malformed("Statement/AlgorithmMismatch"),
        legacy("digest-upper-case", "old digests are in lower case too")
            .bundle(&edited(|s| {
                let digest = &mut s["subject"][0]["digest"]["sha256"];
                *digest = digest.as_str().unwrap_or_default().to_uppercase().into();
            }))
            .malformed("Statement/BadDigest"),
    ]
}
