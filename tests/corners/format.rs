//! 1 and 13: the text of the bundle, its envelope and its statement.

use modelsig_tests::{base64, bundle, resource, set_root, signature_over, statement};
use serde_json::{Value, json};

use crate::draft::{Case, Draft, corner};
use crate::keys;

fn good() -> Value {
    statement(vec![resource("a.bin", b"a")])
}

fn edited(edit: impl Fn(&mut Value)) -> Value {
    let mut statement = good();
    edit(&mut statement);
    statement
}

fn model(section: &str, name: &str, reason: &str) -> Draft {
    corner(section, name, reason).file("a.bin", "a")
}

pub(crate) fn cases() -> Vec<Case> {
    let key = keys::private("p256");
    let text = bundle(&key, good().to_string().as_bytes()).to_string();
    let refused = |section: &str, name: &str, reason: &str, variant: &str, edit: fn(&mut Value)| {
        model(section, name, reason).statement(&edited(edit)).malformed(&format!("Statement/{variant}"))
    };
    // The text of the bundle is the same for all, its signature valid.
    let spelt = |name: &str, reason: &str, text: String, variant: &str| {
        model("13.1", name, reason).text(text).malformed(&format!("Bundle/{variant}"))
    };
    let payload = good().to_string();
    let encoded = base64(payload.as_bytes());
    let signature = bundle(&key, payload.as_bytes())["dsseEnvelope"]["signatures"][0]["sig"].clone();
    let signature = signature.as_str().unwrap_or_default().to_owned();
    let insert = |place: usize, junk: &str| {
        text.replace(&encoded, &format!("{}{junk}{}", &encoded[..place], &encoded[place..]))
    };
    // One blank after the statement, so that its base64 ends in padding.
    let padded_payload = (0..3)
        .map(|blanks| payload.clone() + &" ".repeat(blanks))
        .find(|payload| base64(payload.as_bytes()).ends_with('='))
        .unwrap_or_default();
    let padded = bundle(&key, padded_payload.as_bytes()).to_string();
    let unpadded = {
        let encoded = base64(padded_payload.as_bytes());
        padded.replace(&encoded, encoded.trim_end_matches('='))
    };
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let other_type = {
        let other = "application/vnd.in-toto+json;v=1";
        let mut bundle = bundle(&key, payload.as_bytes());
        bundle["dsseEnvelope"]["payloadType"] = other.into();
        let signature = signature_over(&key, other, payload.as_bytes());
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(&signature).into();
        bundle
    };
    vec![
        model("1", "smallest", "the smallest proper bundle").statement(&good()).verified(),
        model("1", "content-changed", "the content is another than the signed one")
            .statement(&statement(vec![resource("a.bin", b"b")]))
            .rejected(&[("a.bin", "DigestMismatch")]),
        model("1", "file-missing", "a signed file is not there")
            .statement(&statement(vec![resource("a.bin", b"a"), resource("b.bin", b"b")]))
            .rejected(&[("b.bin", "Missing")]),
        model("1", "file-added", "a file is there that nobody signed")
            .file("evil.py", "import os")
            .statement(&good())
            .rejected(&[("evil.py", "Unsigned")]),
        model("1", "names-swapped", "each name has its own digest")
            .file("b.bin", "b")
            .statement(&statement(vec![resource("a.bin", b"b"), resource("b.bin", b"a")]))
            .rejected(&[("a.bin", "DigestMismatch"), ("b.bin", "DigestMismatch")]),
        model("1.2", "payload-type-signed", "another payload type, properly signed, is no statement")
            .bundle(&other_type)
            .malformed("Bundle/PayloadType"),
        refused("1.3", "statement-type-v0.1", "another version of the statement", "StatementType", |s| {
            s["_type"] = "https://in-toto.io/Statement/v0.1".into();
        }),
        refused("1.3", "predicate-type-v1.1", "the predicate type is exactly v1.0", "PredicateType", |s| {
            s["predicateType"] = "https://model_signing/signature/v1.1".into();
        }),
        refused(
            "1.3",
            "predicate-type-of-provenance",
            "a statement about something else",
            "PredicateType",
            |s| {
                s["predicateType"] = "https://slsa.dev/provenance/v1".into();
            },
        ),
        refused("1.3", "no-subject", "exactly one subject", "SubjectCount", |s| s["subject"] = json!([])),
        refused("1.3", "two-subjects", "exactly one subject", "SubjectCount", |s| {
            let subject = s["subject"][0].clone();
            s["subject"] = json!([subject, subject]);
        }),
        refused("1.3", "subject-without-name", "the subject has a name", "SubjectName", |s| {
            s["subject"][0]["name"] = "".into();
        }),
        refused("1.3", "no-predicate", "a statement has a predicate", "Json/Shape", |s| {
            drop(s.as_object_mut().map(|members| members.remove("predicate")));
        }),
        refused("1.3", "predicate-null", "null is no predicate", "Json/Shape", |s| {
            s["predicate"] = Value::Null
        }),
        refused("1.3", "unknown-in-statement", "a statement has four members", "Json/Shape", |s| {
            s["extra"] = json!(1)
        }),
        model("1.3", "root-digest-of-nothing", "the root digest is not that of the listed entries")
            .statement(&edited(|s| {
                let root = s["subject"][0]["digest"]["sha256"].clone();
                s["predicate"]["resources"] = json!([]);
                set_root(s);
                s["predicate"]["resources"] = good()["predicate"]["resources"].clone();
                assert_ne!(s["subject"][0]["digest"]["sha256"], root);
            }))
            .denied("root-digest", "RootDigestMismatch"),
        refused(
            "1.4",
            "empty-resources",
            "a statement about no file would verify nothing",
            "EmptyResources",
            |s| *s = statement(vec![]),
        ),
        refused("1.4", "resources-null", "null is no list", "Json/Shape", |s| {
            s["predicate"]["resources"] = Value::Null;
        }),
        refused("1.4", "unknown-in-predicate", "a predicate has two members", "Json/Shape", |s| {
            s["predicate"]["extra"] = json!(1);
        }),
        refused("1.4", "unknown-in-serialization", "a serialization is closed", "Json/Shape", |s| {
            s["predicate"]["serialization"]["extra"] = json!(1);
        }),
        refused("1.4", "no-symlink-policy", "the symlink policy is required", "Json/Shape", |s| {
            drop(
                s["predicate"]["serialization"]
                    .as_object_mut()
                    .map(|members| members.remove("allow_symlinks")),
            );
        }),
        refused("1.4", "symlink-policy-as-text", "the symlink policy is true or false", "Json/Shape", |s| {
            s["predicate"]["serialization"]["allow_symlinks"] = "false".into();
        }),
        refused("1.4", "no-hash-type", "the hash is required", "Json/Shape", |s| {
            drop(s["predicate"]["serialization"].as_object_mut().map(|members| members.remove("hash_type")));
        }),
        refused("1.4", "method-unknown", "files or shards", "UnknownMethod", |s| {
            s["predicate"]["serialization"]["method"] = "tensors".into();
        }),
        refused("1.4", "name-as-number", "a name is text", "Json/Shape", |s| {
            s["predicate"]["resources"][0]["name"] = json!(7);
        }),
        refused("1.4", "no-digest", "an entry has a digest", "Json/Shape", |s| {
            drop(s["predicate"]["resources"][0].as_object_mut().map(|members| members.remove("digest")));
        }),
        refused(
            "1.4",
            "entry-as-array",
            "an entry is an object, not its values in order",
            "Json/Shape",
            |s| {
                let entry = s["predicate"]["resources"][0].clone();
                s["predicate"]["resources"] = json!([[entry["name"], entry["digest"], entry["algorithm"]]]);
            },
        ),
        model("1.4", "unknown-in-entry", "unknown members of an entry are ignored")
            .statement(&edited(|s| {
                s["predicate"]["resources"][0]["size"] = json!(1);
                s["predicate"]["resources"][0]["annotations"] = json!({"somebody": ["else's", {"a": null}]});
            }))
            .verified(),
        spelt(
            "byte-order-mark",
            "nothing stands before the JSON text",
            format!("\u{feff}{text}"),
            "Json/ByteOrderMark",
        ),
        spelt("trailing-data", "nothing follows the JSON text", format!("{text}x"), "Json/TrailingData"),
        spelt("second-bundle", "a file holds one bundle", format!("{text}{text}"), "Json/TrailingData"),
        spelt("trailing-nul", "nothing follows the JSON text", format!("{text}\n\0"), "Json/TrailingData"),
        spelt("cut", "the file ends in the middle", text[..text.len() - 1].into(), "Json/NotJson"),
        spelt("empty-file", "an empty file is no bundle", String::new(), "Json/NotJson"),
        spelt("comment", "JSON has no comments", format!("//\n{text}"), "Json/NotJson"),
        spelt(
            "too-deep",
            "nesting is limited",
            text.replace("\"tlogEntries\":[]", &format!("\"tlogEntries\":{}", deep(40))),
            "Json/TooDeep",
        ),
        spelt("much-too-deep", "nesting is limited before it costs anything", deep(5_000), "Json/TooDeep"),
        model("13.1", "trailing-newline", "blank space around the text means nothing")
            .text(format!("{text}\n"))
            .verified(),
        model("13.1", "blank-space", "blank space inside the text means nothing")
            .text(serde_json::to_string_pretty(&bundle(&key, payload.as_bytes())).unwrap_or_default())
            .verified(),
        spelt("payload-with-newline", "base64 has no line breaks", insert(40, "\\n"), "Base64"),
        spelt("payload-with-blank", "base64 has no blanks", insert(40, " "), "Base64"),
        spelt("payload-with-junk", "base64 has no junk inside", insert(40, "!"), "Base64"),
        spelt("payload-with-padding-inside", "padding stands at the end", insert(40, "="), "Base64"),
        model("13.1", "payload-padded", "padding is required where the length asks for it")
            .text(padded)
            .verified(),
        spelt("payload-without-padding", "padding is required", unpadded, "Base64"),
        spelt("payload-empty", "there is a payload", text.replace(&encoded, ""), "Base64"),
        spelt(
            "signature-with-newline",
            "base64 has no line breaks",
            text.replace(&signature, &format!("{signature}\\n")),
            "Base64",
        ),
        spelt(
            "signature-with-junk",
            "base64 has no junk inside",
            text.replace(&signature, &format!("*{signature}")),
            "Base64",
        ),
        spelt("signature-empty", "there is a signature", text.replace(&signature, ""), "Base64"),
        spelt(
            "signature-in-url-alphabet",
            "the alphabet is the standard one",
            text.replace(&signature, "-_8="),
            "Base64",
        ),
        model("13.1", "statement-with-byte-order-mark", "nothing stands before the signed text either")
            .payload(format!("\u{feff}{payload}"))
            .malformed("Statement/Json/ByteOrderMark"),
        model("13.1", "statement-with-trailing-data", "nothing follows the signed text either")
            .payload(format!("{payload}{{}}"))
            .malformed("Statement/Json/TrailingData"),
        model("13.1", "statement-not-json", "what was signed is no statement")
            .payload("import os")
            .malformed("Statement/Json/NotJson"),
        model("13.1", "statement-not-utf8", "JSON is UTF-8")
            .payload([payload.as_bytes(), b"\xff"].concat().as_slice())
            .malformed("Statement/Json/TrailingData"),
        model("13.1", "statement-too-deep", "nesting is limited in the signed text too")
            .payload(payload.replace("\"algorithm\":", &format!("\"x\":{},\"algorithm\":", deep(40))))
            .malformed("Statement/Json/TooDeep"),
        model("13.1", "statement-with-blank-space", "the payload of the Python tool is indented")
            .payload(serde_json::to_string_pretty(&good()).unwrap_or_default() + "\n")
            .verified(),
        model("13.1", "statement-escaped", "letters may be escaped")
            .payload(payload.replace("a.bin", "\\u0061.bin"))
            .verified(),
    ]
}
