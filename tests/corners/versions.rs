//! 4: the forms of the tools that wrote bundles, each whole. Those of 0.2.0 are in `legacy`.

use modelsig::hash::HashAlgorithm;
use modelsig::{PAYLOAD_TYPE, Signer};
use modelsig_tests::{base64, resource, shard, sharded, signature_over, statement};
use serde_json::{Value, json};

use crate::certificates::{proper_chain, trust};
use crate::draft::{Case, corner};
use crate::keys;

/// A bundle with this material and these members beside the signature.
fn bundle(material: Value, payload: &str, keyid: Option<Value>) -> Value {
    let signature = signature_over(&keys::private("p256"), PAYLOAD_TYPE, payload.as_bytes());
    let mut entry = json!({"sig": base64(&signature)});
    if let Some(keyid) = keyid {
        entry["keyid"] = keyid;
    }
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": material,
        "dsseEnvelope": {"payload": base64(payload.as_bytes()), "payloadType": PAYLOAD_TYPE, "signatures": [entry]}
    })
}

/// The payload as the Python tool writes it: indented, everything beyond ASCII escaped.
fn python(statement: &Value) -> String {
    serde_json::to_string_pretty(statement).expect("a value can be written").replace('\u{e9}', "\\u00e9")
}

fn files(ignore_paths: Option<&[&str]>) -> Value {
    // In the order of path components, as the Python tool lists them.
    let mut statement = statement(vec![resource("caf\u{e9}/b.bin", b"b"), resource("caf\u{e9}.bin", b"a")]);
    let serialization = &mut statement["predicate"]["serialization"];
    match ignore_paths {
        Some(paths) => serialization["ignore_paths"] = json!(paths),
        None => drop(serialization.as_object_mut().map(|members| members.remove("ignore_paths"))),
    }
    statement
}

pub(crate) fn cases() -> Vec<Case> {
    let key = keys::private("p256");
    let hint = json!({"hint": key.public_key().hint().as_str()});
    let raw = json!({"rawBytes": base64(key.public_key().to_pem().as_bytes()), "keyDetails": "PKIX_ECDSA_P256_SHA_256"});
    let chain: Vec<Value> = proper_chain().iter().map(|der| json!({"rawBytes": base64(der)})).collect();
    let chain = json!({"certificates": chain});
    let model = |name, reason| {
        corner("4", name, reason)
            .files(&[("caf\u{e9}/b.bin", "b"), ("caf\u{e9}.bin", "a")])
            .notes(&["Unsorted"])
    };
    let git = [".github", "model.sig", ".git", ".gitattributes", ".gitignore"];
    let mut float = sharded(vec![shard("w.bin", b"012345", 0..4), shard("w.bin", b"012345", 4..6)], 4);
    for resource in float["predicate"]["resources"].as_array_mut().into_iter().flatten() {
        resource["algorithm"] = format!("{}-sharded-4", HashAlgorithm::Sha256.id()).into();
    }
    let float = python(&float).replace("\"shard_size\": 4", "\"shard_size\": 4.0");
    let by_go = |material: Value| {
        let payload = statement(vec![resource("a.bin", b"a")]);
        serde_json::to_string_pretty(&bundle(material, &payload.to_string(), None))
            .expect("a value can be written")
    };
    vec![
        model("python-0.3.1-and-1.0", "a key by its PEM text, keyid null, no log entries, no ignored paths")
            .bundle(&bundle(json!({"publicKey": raw}), &python(&files(None)), Some(Value::Null)))
            .notes(&["NoHint", "Unsorted"])
            .verified(),
        model("python-1.0-certificate", "a chain, keyid null, no log entries, empty timestamp data")
            .trust(trust())
            .bundle(&bundle(
                json!({"x509CertificateChain": chain, "timestampVerificationData": {}}),
                &python(&files(None)),
                Some(Value::Null),
            ))
            .verified(),
        model("python-1.1", "a hint, an empty keyid, no log entries, ignored paths in any order")
            .signature("model/model.sig")
            .bundle(&bundle(
                json!({"publicKey": hint, "tlogEntries": []}),
                &python(&files(Some(&git))),
                Some("".into()),
            ))
            .skips("model.sig", "signature")
            .verified(),
        model(
            "python-1.1-certificate",
            "a chain, an empty keyid, no log entries, ignored paths in any order",
        )
        .trust(trust())
        .bundle(&bundle(
            json!({"x509CertificateChain": chain, "tlogEntries": []}),
            &python(&files(Some(&git))),
            Some("".into()),
        ))
        .verified(),
        corner("4", "python-api-shards", "the sharded name of the algorithm, and the size as a float")
            .file("w.bin", "012345")
            .bundle(&bundle(json!({"publicKey": hint, "tlogEntries": []}), &float, Some("".into())))
            .verified(),
        corner("4", "go-key", "an indented bundle, a compact payload, neither keyid nor log entries")
            .file("a.bin", "a")
            .text(by_go(json!({"publicKey": hint})))
            .verified(),
        corner(
            "4",
            "go-certificate-chain",
            "an indented bundle, a compact payload, neither keyid nor log entries",
        )
        .file("a.bin", "a")
        .trust(trust())
        .text(by_go(json!({"x509CertificateChain": chain})))
        .verified(),
    ]
}
