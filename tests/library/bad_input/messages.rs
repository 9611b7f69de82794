//! What a message repeats of a bundle: escaped, so that it moves no cursor and forges no line, and not too much of it.

use modelsig::{Error, Policy};
use modelsig_tests::{Case, refused, resource, statement};
use serde_json::{Value, json};

/// An edit that puts a text into a bundle or a statement, where it will be complained of.
type Put = (&'static str, fn(&mut Value, &str));

const IN_BUNDLES: [Put; 8] = [
    ("media type", |bundle, text| bundle["mediaType"] = text.into()),
    ("payload type", |bundle, text| bundle["dsseEnvelope"]["payloadType"] = text.into()),
    ("hint", |bundle, text| bundle["verificationMaterial"]["publicKey"]["hint"] = text.into()),
    ("member", |bundle, text| bundle[text] = json!(1)),
    ("member of the material", |bundle, text| bundle["verificationMaterial"][text] = json!(1)),
    ("member of the envelope", |bundle, text| bundle["dsseEnvelope"][text] = json!(1)),
    ("text for a list", |bundle, text| bundle["verificationMaterial"]["tlogEntries"] = text.into()),
    ("the whole", |bundle, text| *bundle = text.into()),
];

const IN_STATEMENTS: [Put; 15] = [
    ("type", |statement, text| statement["_type"] = text.into()),
    ("predicate type", |statement, text| statement["predicateType"] = text.into()),
    ("member", |statement, text| statement[text] = json!(1)),
    ("member of the predicate", |statement, text| statement["predicate"][text] = json!(1)),
    ("member of the serialization", |statement, text| serialization(statement)[text] = json!(1)),
    ("method", |statement, text| serialization(statement)["method"] = text.into()),
    ("hash type", |statement, text| serialization(statement)["hash_type"] = text.into()),
    ("links", |statement, text| serialization(statement)["allow_symlinks"] = text.into()),
    ("ignored path", |statement, text| {
        serialization(statement)["ignore_paths"] = json!([format!("../{text}")])
    }),
    ("name", |statement, text| first_resource(statement)["name"] = text.into()),
    ("absolute name", |statement, text| first_resource(statement)["name"] = format!("/{text}").into()),
    ("shard", |statement, text| {
        serialization(statement)["method"] = "shards".into();
        serialization(statement)["shard_size"] = json!(4);
        first_resource(statement)["name"] = text.into();
    }),
    ("digest", |statement, text| first_resource(statement)["digest"] = text.into()),
    ("algorithm", |statement, text| first_resource(statement)["algorithm"] = text.into()),
    ("root digest", |statement, text| statement["subject"][0]["digest"]["sha256"] = text.into()),
];

fn serialization(statement: &mut Value) -> &mut Value {
    &mut statement["predicate"]["serialization"]
}

fn first_resource(statement: &mut Value) -> &mut Value {
    &mut statement["predicate"]["resources"][0]
}

/// The errors of all edits with this text.
fn errors(text: &str) -> Vec<(&'static str, Error)> {
    let case = Case::new(&[("a.bin", b"a")]);
    let good = statement(vec![resource("a.bin", b"a")]);
    case.write_statement(&good);
    case.verified();
    let bundle = case.read_bundle();
    let in_bundles = IN_BUNDLES.map(|(what, put)| {
        let mut bundle = bundle.clone();
        put(&mut bundle, text);
        case.write_bundle(bundle.to_string());
        (what, refused(case.verify(Policy::strict())))
    });
    let in_statements = IN_STATEMENTS.map(|(what, put)| {
        let mut statement = good.clone();
        put(&mut statement, text);
        case.write_statement(&statement);
        (what, refused(case.verify(Policy::strict())))
    });
    in_bundles.into_iter().chain(in_statements).collect()
}

#[test]
fn no_text_reaches_a_message_raw() {
    let dangerous = |character: char| character.is_control() || character == '\u{202e}';
    let raw: Vec<_> = errors("\u{1b}[2J\r\u{202e}VERIFIED\u{9b}")
        .into_iter()
        .filter(|(_, error)| error.to_string().contains(dangerous))
        .collect();
    assert!(raw.is_empty(), "{raw:#?}");
}

/// Whoever can write the bundle cannot fill a log with it.
#[test]
fn no_message_is_as_long_as_what_it_complains_of() {
    let long: Vec<_> = errors(&"x".repeat(100_000))
        .into_iter()
        .map(|(what, error)| (what, error.to_string().len()))
        .filter(|(_, length)| *length > 10_000)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}
