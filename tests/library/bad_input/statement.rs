//! The signed statement: its signature holds, so only the strict reader stands between it and the model.

use modelsig::{
    Error, ErrorKind, JsonFault, PREDICATE_TYPE, PathFault, Policy, STATEMENT_TYPE, StatementFault, inspect,
};
use modelsig_tests::{
    Case, assert_outcome, refused, repeat_member, resource, resource_of, set_root, statement,
};
use serde_json::{Value, json};

use super::statement_fault;

fn two_files() -> (Case, Value) {
    let case = Case::new(&[("a.bin", b"a"), ("b.bin", b"b")]);
    let statement = statement(vec![resource("a.bin", b"a"), resource("b.bin", b"b")]);
    case.write_statement(&statement);
    case.verified();
    (case, statement)
}

/// An edit of a good statement and the fault that must come of it.
type Edit = (&'static str, fn(&mut Value), fn(&StatementFault) -> bool);

#[track_caller]
fn assert_refused(edits: &[Edit]) {
    let (case, good) = two_files();
    for (what, edit, fits) in edits {
        let mut statement = good.clone();
        edit(&mut statement);
        case.write_statement(&statement);
        let fault = statement_fault(&case);
        assert!(fits(&fault), "{what}: {fault:?}");
        // Nobody needs a key or the model to find that out.
        let inspected = refused(inspect(&case.bundle(), &modelsig::Limits::default()));
        assert!(matches!(inspected, Error::Statement { fault: found, .. } if found == fault), "{what}");
    }
}

fn is_shape(fault: &StatementFault) -> bool {
    matches!(fault, StatementFault::Json(JsonFault::Shape { .. }))
}

fn first_resource(statement: &mut Value) -> &mut Value {
    &mut statement["predicate"]["resources"][0]
}

fn serialization(statement: &mut Value) -> &mut Value {
    &mut statement["predicate"]["serialization"]
}

#[test]
fn another_statement_or_predicate_type() {
    let (case, good) = two_files();
    for found in ["", "https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1/", "v1"] {
        let mut statement = good.clone();
        statement["_type"] = found.into();
        case.write_statement(&statement);
        assert_eq!(statement_fault(&case), StatementFault::StatementType { found: found.into() });
    }
    for found in [
        "",
        "https://model_signing/signature/v1.1",
        "https://model_signing/signature/v2.0",
        "https://model_signing/signature/v1.0 ",
        "https://slsa.dev/provenance/v1",
    ] {
        let mut statement = good.clone();
        statement["predicateType"] = found.into();
        case.write_statement(&statement);
        assert_eq!(statement_fault(&case), StatementFault::PredicateType { found: found.into() });
    }
    // An attestation of another kind is called that, whatever its predicate looks like.
    case.write_statement(
        &json!({"_type": STATEMENT_TYPE, "predicateType": "x", "subject": [], "predicate": 1}),
    );
    assert_eq!(statement_fault(&case), StatementFault::PredicateType { found: "x".into() });
}

#[test]
fn members_that_are_missing_unknown_or_of_another_shape() {
    assert_refused(&[
        ("an array", |s| *s = json!([s.clone()]), is_shape),
        ("no type", |s| drop(s.as_object_mut().unwrap().remove("_type")), is_shape),
        ("no subject", |s| drop(s.as_object_mut().unwrap().remove("subject")), is_shape),
        ("no predicate type", |s| drop(s.as_object_mut().unwrap().remove("predicateType")), is_shape),
        ("no predicate", |s| drop(s.as_object_mut().unwrap().remove("predicate")), is_shape),
        ("null predicate", |s| s["predicate"] = Value::Null, is_shape),
        ("unknown member", |s| s["extra"] = json!(1), is_shape),
        ("unknown in predicate", |s| s["predicate"]["extra"] = json!(1), is_shape),
        ("unknown in serialization", |s| serialization(s)["extra"] = json!(1), is_shape),
        ("no resources", |s| drop(s["predicate"].as_object_mut().unwrap().remove("resources")), is_shape),
        ("null resources", |s| s["predicate"]["resources"] = Value::Null, is_shape),
        (
            "no serialization",
            |s| drop(s["predicate"].as_object_mut().unwrap().remove("serialization")),
            is_shape,
        ),
        ("no name", |s| drop(first_resource(s).as_object_mut().unwrap().remove("name")), is_shape),
        ("no digest", |s| drop(first_resource(s).as_object_mut().unwrap().remove("digest")), is_shape),
        ("no algorithm", |s| drop(first_resource(s).as_object_mut().unwrap().remove("algorithm")), is_shape),
        ("no method", |s| drop(serialization(s).as_object_mut().unwrap().remove("method")), is_shape),
        ("no hash type", |s| drop(serialization(s).as_object_mut().unwrap().remove("hash_type")), is_shape),
        (
            "no word on links",
            |s| drop(serialization(s).as_object_mut().unwrap().remove("allow_symlinks")),
            is_shape,
        ),
        ("links as text", |s| serialization(s)["allow_symlinks"] = "false".into(), is_shape),
        ("ignore_paths as text", |s| serialization(s)["ignore_paths"] = ".git".into(), is_shape),
        ("null ignore_paths", |s| serialization(s)["ignore_paths"] = Value::Null, is_shape),
        ("a number among ignore_paths", |s| serialization(s)["ignore_paths"] = json!([1]), is_shape),
    ]);
}

#[test]
fn text_that_is_not_strict_json() {
    let (case, good) = two_files();
    let good = good.to_string();
    let deep = format!(r#"{{"annotations":{}{},"#, "[".repeat(40), "]".repeat(40));
    type Fits = fn(&JsonFault) -> bool;
    let texts: [(String, Fits); 7] = [
        ("x".into(), |fault| matches!(fault, JsonFault::NotJson { .. })),
        (good[..good.len() - 1].into(), |fault| matches!(fault, JsonFault::NotJson { .. })),
        (format!("{good}{good}"), |fault| matches!(fault, JsonFault::TrailingData { .. })),
        (format!("{good}\0"), |fault| matches!(fault, JsonFault::TrailingData { .. })),
        (format!("\u{feff}{good}"), |fault| *fault == JsonFault::ByteOrderMark),
        (good.replacen(r#"{"algorithm""#, &format!(r#"{deep}"algorithm""#), 1), |fault| {
            *fault == JsonFault::TooDeep { limit: 32 }
        }),
        ("[".repeat(100_000), |fault| *fault == JsonFault::TooDeep { limit: 32 }),
    ];
    for (text, fits) in texts {
        case.write_payload(&text);
        match statement_fault(&case) {
            StatementFault::Json(fault) => assert!(fits(&fault), "{fault:?}: {text:.80}"),
            other => panic!("{other:?}: {text:.80}"),
        }
    }
    case.write_payload(format!(" {good}\n"));
    case.verified();
}

#[test]
fn members_that_stand_twice() {
    let (case, mut good) = two_files();
    first_resource(&mut good)["annotations"] = json!({"by.others": [{"deep": {"deeper": 1}}]});
    case.write_statement(&good);
    case.verified();
    let good = good.to_string();
    let members = [
        "_type",
        "subject",
        "sha256",
        "predicateType",
        "predicate",
        "resources",
        "name",
        "digest",
        "algorithm",
        "annotations",
        "by.others",
        "deep",
        "deeper",
        "serialization",
        "method",
        "hash_type",
        "allow_symlinks",
        "ignore_paths",
    ];
    for member in members {
        case.write_payload(repeat_member(&good, member));
        let expected = JsonFault::DuplicateMember { member: member.into() };
        assert_eq!(statement_fault(&case), StatementFault::Json(expected), "{member}");
    }
}

#[test]
fn subjects() {
    assert_refused(&[
        ("none", |s| s["subject"] = json!([]), |f| *f == StatementFault::SubjectCount { found: 0 }),
        (
            "two",
            |s| {
                let one = s["subject"][0].clone();
                s["subject"].as_array_mut().unwrap().push(one);
            },
            |f| *f == StatementFault::SubjectCount { found: 2 },
        ),
        ("no digest", |s| s["subject"][0]["digest"] = json!({}), |f| *f == StatementFault::SubjectDigest),
        (
            "another hash",
            |s| s["subject"][0]["digest"] = json!({"sha512": s["subject"][0]["digest"]["sha256"]}),
            |f| *f == StatementFault::SubjectDigest,
        ),
        (
            "upper case",
            |s| {
                let root = s["subject"][0]["digest"]["sha256"].as_str().unwrap().to_uppercase();
                s["subject"][0]["digest"]["sha256"] = root.into();
            },
            |f| *f == StatementFault::SubjectDigest,
        ),
        (
            "cut",
            |s| s["subject"][0]["digest"]["sha256"] = "00".into(),
            |f| *f == StatementFault::SubjectDigest,
        ),
        ("a number", |s| s["subject"][0]["digest"]["sha256"] = json!(0), is_shape),
        ("null", |s| s["subject"][0]["digest"]["sha256"] = Value::Null, is_shape),
        ("an array", |s| s["subject"][0]["digest"] = json!([s["subject"][0]["digest"]["sha256"]]), is_shape),
        ("no name", |s| s["subject"][0]["name"] = "".into(), |f| *f == StatementFault::SubjectName),
    ]);
    // Nobody asked for this one.
    let (case, mut good) = two_files();
    good["subject"][0]["digest"]["sha512"] = "00".into();
    case.write_statement(&good);
    case.verified();
}

#[test]
fn a_root_digest_that_is_not_that_of_the_resources() {
    let (case, good) = two_files();
    let edits: [fn(&mut Value); 3] = [
        |s| s["subject"][0]["digest"]["sha256"] = "0".repeat(64).into(),
        // The order of the list counts.
        |s| s["predicate"]["resources"].as_array_mut().unwrap().reverse(),
        |s| drop(s["predicate"]["resources"].as_array_mut().unwrap().pop()),
    ];
    for edit in edits {
        let mut statement = good.clone();
        edit(&mut statement);
        case.write_statement(&statement);
        let error = refused(case.verify(Policy::strict()));
        let Error::RootDigestMismatch { expected, found, .. } = &error else { panic!("{error:?}") };
        assert_eq!(expected, statement["subject"][0]["digest"]["sha256"].as_str().unwrap());
        set_root(&mut statement);
        assert_eq!(found, statement["subject"][0]["digest"]["sha256"].as_str().unwrap());
        assert_outcome(&error, ErrorKind::RootDigest, case.bundle().to_str().unwrap());
    }
}

#[test]
fn an_empty_list_of_resources_verifies_nothing() {
    let case = Case::new(&[]);
    case.write_statement(&statement(vec![]));
    assert_eq!(statement_fault(&case), StatementFault::EmptyResources);
}

#[test]
fn names_that_stand_twice() {
    let case = Case::new(&[("a.bin", b"a")]);
    for (first, second) in [("a", "a"), ("wrong", "a"), ("a", "wrong")] {
        let resources = [first, second].map(|content| resource("a.bin", content.as_bytes()));
        case.write_statement(&statement(resources.into()));
        assert_eq!(statement_fault(&case), StatementFault::DuplicateName { name: "a.bin".into() });
    }
}

/// Names are refused, never repaired: a repaired name is one that another reader reads differently.
#[test]
fn names_that_are_not_canonical() {
    let long = "n".repeat(4_097);
    for (name, expected) in [
        ("", PathFault::Empty),
        ("/", PathFault::Absolute),
        ("/a.bin", PathFault::Absolute),
        ("//a.bin", PathFault::Absolute),
        ("a.bin/", PathFault::EmptyComponent),
        ("sub//a.bin", PathFault::EmptyComponent),
        ("./a.bin", PathFault::Dot),
        ("sub/./a.bin", PathFault::Dot),
        ("a.bin/.", PathFault::Dot),
        ("..", PathFault::DotDot),
        ("../model/a.bin", PathFault::DotDot),
        ("sub/../a.bin", PathFault::DotDot),
        ("a.bin/..", PathFault::DotDot),
        ("a.bin\0", PathFault::Control),
        ("a\nb", PathFault::Control),
        ("a\u{1b}[2J", PathFault::Control),
        ("a\u{7f}", PathFault::Control),
        ("a\u{85}", PathFault::Control),
        (&long, PathFault::TooLong),
    ] {
        let case = Case::new(&[("a.bin", b"a"), ("sub/a.bin", b"a")]);
        case.write_statement(&statement(vec![resource(name, b"a"), resource("sub/a.bin", b"a")]));
        match statement_fault(&case) {
            StatementFault::BadName { fault, .. } => assert_eq!(fault, expected, "{name:.80?}"),
            other => panic!("{other:?}: {name:.80?}"),
        }
    }
}

/// The lone `.` stands for the file of a single-file model and for nothing else.
#[test]
fn a_dot_among_other_names_or_for_a_folder() {
    let case = Case::new(&[("a.bin", b"a")]);
    for resources in [vec![resource(".", b"a")], vec![resource(".", b"a"), resource("a.bin", b"a")]] {
        case.write_statement(&statement(resources));
        let fault = statement_fault(&case);
        assert_eq!(fault, StatementFault::BadName { name: ".".into(), fault: PathFault::Dot });
    }
    // Among others it is wrong whatever the model is.
    let error = refused(inspect(&case.bundle(), &modelsig::Limits::default()));
    assert!(matches!(error, Error::Statement { fault: StatementFault::BadName { .. }, .. }), "{error:?}");
}

#[test]
fn digests_of_the_wrong_length_or_spelling() {
    let good = resource("a.bin", b"a")["digest"].as_str().unwrap().to_owned();
    for (hash, digits, text) in [
        ("sha256", 64, String::new()),
        ("sha256", 64, good[..62].into()),
        ("sha256", 64, good[..63].into()),
        ("sha256", 64, format!("{good}00")),
        ("sha256", 64, good.to_uppercase()),
        ("sha256", 64, format!("0x{}", &good[2..])),
        ("sha256", 64, format!(" {}", &good[1..])),
        ("sha256", 64, format!("{} {}", &good[..32], &good[33..])),
        ("sha256", 64, good.replacen(|_| true, "g", 1)),
        ("sha256", 64, format!("sha256:{good}")),
        ("blake3", 64, good[..32].into()),
        ("blake2b", 128, good.clone()),
        ("sha256", 64, good.repeat(2)),
    ] {
        let case = Case::new(&[("a.bin", b"a")]);
        let mut statement = statement(vec![json!({"name": "a.bin", "digest": text, "algorithm": hash})]);
        serialization(&mut statement)["hash_type"] = hash.into();
        case.write_statement(&statement);
        match statement_fault(&case) {
            StatementFault::BadDigest { name, expected, found } => {
                assert_eq!((name.as_str(), expected, found), ("a.bin", digits, text));
            }
            other => panic!("{other:?}: {text:?}"),
        }
    }
}

#[test]
fn hashes_outside_the_registry_and_hashes_that_contradict() {
    let (case, good) = two_files();
    for found in ["", "md5", "sha1", "sha512", "SHA256", "sha-256", "sha256 ", "none"] {
        let mut statement = good.clone();
        serialization(&mut statement)["hash_type"] = found.into();
        case.write_statement(&statement);
        assert_eq!(statement_fault(&case), StatementFault::UnknownHash { found: found.into() });

        let mut statement = good.clone();
        first_resource(&mut statement)["algorithm"] = found.into();
        case.write_statement(&statement);
        let expected = StatementFault::AlgorithmMismatch {
            name: "a.bin".into(),
            expected: "sha256",
            found: found.into(),
        };
        assert_eq!(statement_fault(&case), expected);
    }
    // Both known, but not the same; and the form of the shards where there are none.
    for found in ["blake3", "blake2b", "sha256-sharded-1000000000"] {
        let mut statement = good.clone();
        first_resource(&mut statement)["algorithm"] = found.into();
        case.write_statement(&statement);
        assert!(matches!(statement_fault(&case), StatementFault::AlgorithmMismatch { .. }), "{found}");
    }
    // The digest is a proper one by the resource's own hash: the statement's hash decides.
    let blake3 = resource_of(modelsig::hash::HashAlgorithm::Blake3, "a.bin", b"a");
    case.write_statement(&statement(vec![blake3, resource("b.bin", b"b")]));
    assert!(matches!(statement_fault(&case), StatementFault::AlgorithmMismatch { .. }));
}

#[test]
fn methods() {
    fn forbidden(fault: &StatementFault) -> bool {
        *fault == StatementFault::ShardSizeForbidden
    }
    assert_refused(&[
        (
            "unknown",
            |s| serialization(s)["method"] = "tensors".into(),
            |f| *f == StatementFault::UnknownMethod { found: "tensors".into() },
        ),
        (
            "upper case",
            |s| serialization(s)["method"] = "FILES".into(),
            |f| *f == StatementFault::UnknownMethod { found: "FILES".into() },
        ),
        (
            "shards without a size",
            |s| serialization(s)["method"] = "shards".into(),
            |f| *f == StatementFault::ShardSizeMissing,
        ),
        ("files with a size", |s| serialization(s)["shard_size"] = json!(4), forbidden),
        ("files with a size of Python's", |s| serialization(s)["shard_size"] = json!(4.0), forbidden),
        ("size 0", |s| serialization(s)["shard_size"] = json!(0), is_shape),
        ("negative size", |s| serialization(s)["shard_size"] = json!(-4), is_shape),
        ("broken size", |s| serialization(s)["shard_size"] = json!(4.5), is_shape),
        ("size as text", |s| serialization(s)["shard_size"] = "4".into(), is_shape),
        ("size beyond doubles", |s| serialization(s)["shard_size"] = json!(1e300), is_shape),
    ]);
    assert_eq!(PREDICATE_TYPE, "https://model_signing/signature/v1.0");
}
