//! The `shards` method: names, tiling, sizes, and the empty files that no shard covers.

use modelsig::hash::ByteRange;
use modelsig::{
    Checked, Error, ErrorKind, Method, ModelSigner, PathFault, Policy, SkipReason, StatementFault, danger,
};
use modelsig_tests::{
    Case, assert_outcome, only_problem, refused, resource, resource_of, set_root, shard, sharded,
};
use serde_json::{Value, json};

use super::statement_fault;

const CONTENT: &[u8] = b"0123456789";

/// A model of ten bytes under these shards of four.
fn ten_bytes(ranges: &[(usize, usize)]) -> (Case, Value) {
    let case = Case::new(&[("f.bin", CONTENT)]);
    let resources = ranges.iter().map(|(start, end)| shard("f.bin", CONTENT, *start..*end)).collect();
    let statement = sharded(resources, 4);
    case.write_statement(&statement);
    (case, statement)
}

#[test]
fn shards_in_any_order_that_tile_the_file() {
    for ranges in [[(0, 4), (4, 8), (8, 10)], [(8, 10), (0, 4), (4, 8)]] {
        let (case, _) = ten_bytes(&ranges);
        assert_eq!(case.verified().report().files()[0].checked, Some(Checked::Shards));
    }
}

/// Ten bytes in shards of four, and the fault that other ranges must make.
#[test]
fn ranges_that_do_not_tile() {
    type Fits = fn(&StatementFault) -> bool;
    let gap_at_4: Fits = |f| matches!(f, StatementFault::ShardGap { name, at: 4 } if name == "f.bin");
    let gap_at_0: Fits = |f| matches!(f, StatementFault::ShardGap { at: 0, .. });
    let overlap: Fits = |f| matches!(f, StatementFault::ShardOverlap { name, .. } if name == "f.bin");
    let length: Fits = |f| matches!(f, StatementFault::ShardLength { shard_size: 4, .. });
    let twice: Fits = |f| matches!(f, StatementFault::DuplicateName { name } if name == "f.bin:4:8");
    let cases: [(&[(usize, usize)], Fits); 10] = [
        (&[(0, 4), (8, 10)], gap_at_4),
        (&[(4, 8), (8, 10)], gap_at_0),
        (&[(8, 10)], gap_at_0),
        (&[(0, 4), (2, 6), (6, 10)], overlap),
        (&[(0, 4), (4, 8), (6, 10)], overlap),
        (&[(0, 4), (4, 8), (4, 8), (8, 10)], twice),
        (&[(0, 10)], length),
        (&[(0, 5), (5, 10)], length),
        (&[(0, 3), (3, 7), (7, 10)], length),
        (&[(0, 4), (4, 7), (7, 10)], length),
    ];
    for (ranges, fits) in cases {
        let fault = statement_fault(&ten_bytes(ranges).0);
        assert!(fits(&fault), "{ranges:?}: {fault:?}");
    }
}

#[test]
fn shards_that_end_before_or_behind_the_file() {
    let (case, _) = ten_bytes(&[(0, 4), (4, 8)]);
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::Grown { expected: 8, found: 10, .. }), "{error:?}");
    assert_outcome(only_problem(&error), ErrorKind::Mismatch, "f.bin");

    let (case, _) = ten_bytes(&[(0, 4), (4, 8), (8, 10)]);
    case.write("f.bin", &CONTENT[..8]);
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::Truncated { expected: 10, found: 8, .. }), "{error:?}");
}

/// The largest numbers there are do not overflow, and nothing of that size is allocated.
#[test]
fn numbers_at_the_end_of_64_bits() {
    let digest = resource("", CONTENT)["digest"].clone();
    let end = u64::MAX;
    let case = Case::new(&[("f.bin", CONTENT)]);
    let one = |name: String| json!({"name": name, "digest": digest, "algorithm": "sha256"});
    case.write_statement(&sharded(vec![one(format!("f.bin:0:{end}"))], end));
    let error = refused(case.verify(Policy::strict()));
    assert!(
        matches!(only_problem(&error), Error::Truncated { expected: u64::MAX, found: 10, .. }),
        "{error:?}"
    );
    case.write_statement(&sharded(vec![one("f.bin:0:4".into()), one(format!("f.bin:4:{end}"))], 4));
    assert!(matches!(statement_fault(&case), StatementFault::ShardLength { shard_size: 4, .. }));
    case.write_statement(&sharded(vec![one(format!("f.bin:{}:{end}", end - 4))], 4));
    assert!(matches!(statement_fault(&case), StatementFault::ShardGap { at: 0, .. }));
}

#[test]
fn names_that_are_not_those_of_shards() {
    for name in [
        "f.bin",
        "f.bin:0",
        "f.bin:0:",
        "f.bin::4",
        "f.bin:4:0",
        "f.bin:0:0",
        "f.bin:00:4",
        "f.bin:0:04",
        "f.bin:0:0_4",
        "f.bin:+0:4",
        "f.bin:-1:4",
        "f.bin: 0:4",
        "f.bin:0:4 ",
        "f.bin:0x0:4",
        "f.bin:0:4:",
        "f.bin:0:4.0",
        "f.bin:0:18446744073709551616",
        "",
    ] {
        let case = Case::new(&[("f.bin", &CONTENT[..4])]);
        case.write_statement(&sharded(vec![resource(name, &CONTENT[..4])], 4));
        assert_eq!(statement_fault(&case), StatementFault::ShardName { name: name.into() }, "{name}");
    }
    for (name, expected) in [
        (":0:4", PathFault::Empty),
        ("/f.bin:0:4", PathFault::Absolute),
        ("./f.bin:0:4", PathFault::Dot),
        ("../f.bin:0:4", PathFault::DotDot),
        ("a//f.bin:0:4", PathFault::EmptyComponent),
        ("f\n.bin:0:4", PathFault::Control),
    ] {
        let case = Case::new(&[("f.bin", &CONTENT[..4])]);
        case.write_statement(&sharded(vec![resource(name, &CONTENT[..4])], 4));
        match statement_fault(&case) {
            StatementFault::BadName { fault, .. } => assert_eq!(fault, expected, "{name:?}"),
            other => panic!("{other:?}: {name:?}"),
        }
    }
}

#[test]
fn a_name_with_colons_is_read_from_its_end() {
    let case = Case::new(&[("a:0:4", &CONTENT[..4]), ("a", &CONTENT[4..8])]);
    let resources = vec![shard("a", &CONTENT[4..8], 0..4), shard("a:0:4", &CONTENT[..4], 0..4)];
    case.write_statement(&sharded(resources, 4));
    assert_eq!(case.verified().names().collect::<Vec<_>>(), ["a", "a:0:4"]);
}

#[test]
fn algorithms_of_shards() {
    let (case, good) = ten_bytes(&[(0, 4), (4, 8), (8, 10)]);
    let with = |algorithm: &str| {
        let mut statement = good.clone();
        statement["predicate"]["resources"][1]["algorithm"] = algorithm.into();
        case.write_statement(&statement);
    };
    // As the Python tool writes them.
    with("sha256-sharded-4");
    case.verified();
    for found in
        ["sha256-sharded-8", "sha256-sharded-04", "sha256-sharded-4.0", "blake3-sharded-4", "blake3", ""]
    {
        with(found);
        let expected = StatementFault::AlgorithmMismatch {
            name: "f.bin:4:8".into(),
            expected: "sha256",
            found: found.into(),
        };
        assert_eq!(statement_fault(&case), expected);
    }
    let mut floating = good.clone();
    floating["predicate"]["serialization"]["shard_size"] = json!(4.0);
    case.write_statement(&floating);
    case.verified();
}

#[test]
fn a_damaged_shard_is_named() {
    for (at, expected) in [(0, (0, 4)), (3, (0, 4)), (4, (4, 8)), (9, (8, 10))] {
        let (case, _) = ten_bytes(&[(0, 4), (4, 8), (8, 10)]);
        case.flip("f.bin", at);
        let error = refused(case.verify(Policy::strict()));
        let Error::DigestMismatch { ranges, .. } = only_problem(&error) else { panic!("{error:?}") };
        assert_eq!(ranges, &[ByteRange::new(expected.0, expected.1).unwrap()], "byte {at}");
    }
}

#[test]
fn empty_files_are_not_covered_by_shards() {
    let shards = ModelSigner::new().method(Method::Shards { shard_size: 4 });
    let case = Case::new(&[("__init__.py", b""), ("f.bin", CONTENT)]);
    let error = case.sign_refused(&shards);
    assert!(matches!(error, Error::EmptyNotCovered { .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::Unsigned, "__init__.py");

    let report = case.sign_with(&shards.allow_unsigned_empty(true));
    assert_eq!(report.files, 1);
    let skipped: Vec<_> = report.skipped.iter().map(|one| (one.path.as_str(), one.reason)).collect();
    assert_eq!(skipped, [("__init__.py", SkipReason::Unsigned)]);

    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::EmptyNotCovered { .. }), "{error:?}");
    assert_outcome(only_problem(&error), ErrorKind::Unsigned, "__init__.py");

    let lenient = || danger::allow_unsigned_empty(Policy::strict(), true);
    let model = case.verify(lenient()).unwrap();
    assert_eq!(model.report().weakened_by().len(), 1);
    let skipped: Vec<_> =
        model.report().skipped().iter().map(|one| (one.path.as_str(), one.reason)).collect();
    assert_eq!(skipped, [("__init__.py", SkipReason::Unsigned)]);
    assert!(matches!(refused(model.read("__init__.py")), Error::Unsigned { .. }));

    // Only what is empty.
    case.write("__init__.py", b"import os");
    let error = refused(case.verify(lenient()));
    assert!(matches!(only_problem(&error), Error::Unsigned { .. }), "{error:?}");
}

/// The permission is about shards: a signature over files covers empty ones, so an empty extra is unsigned.
#[test]
fn empty_files_under_the_method_files() {
    let case = Case::new(&[("f.bin", CONTENT)]);
    case.sign();
    case.write("__init__.py", b"");
    let error = refused(case.verify(danger::allow_unsigned_empty(Policy::strict(), true)));
    assert!(matches!(only_problem(&error), Error::Unsigned { .. }), "{error:?}");
}

/// A model of nothing but empty files leaves nothing to sign.
#[test]
fn nothing_but_empty_files() {
    let case = Case::new(&[("empty", b"")]);
    let signer = ModelSigner::new().method(Method::Shards { shard_size: 4 }).allow_unsigned_empty(true);
    let error = case.sign_refused(&signer);
    assert!(matches!(error, Error::EmptyModel { .. }), "{error:?}");
}

/// A statement over shards of no bytes could not be read back.
#[test]
fn shards_of_no_bytes_are_not_written() {
    let case = Case::new(&[("f.bin", CONTENT)]);
    let error = case.sign_refused(&ModelSigner::new().method(Method::Shards { shard_size: 0 }));
    assert_eq!(error.kind(), ErrorKind::Usage, "{error:?}");
}

#[test]
fn the_hash_of_the_statement_is_the_hash_of_the_shards() {
    use modelsig::hash::HashAlgorithm;
    let case = Case::new(&[("f.bin", CONTENT)]);
    let resources = vec![resource_of(HashAlgorithm::Blake3, "f.bin:0:10", CONTENT)];
    let mut statement = sharded(resources, 100);
    statement["predicate"]["serialization"]["hash_type"] = "blake3".into();
    set_root(&mut statement);
    case.write_statement(&statement);
    case.verified();
}
