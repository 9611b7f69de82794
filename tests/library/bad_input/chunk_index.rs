//! The chunk index: malformed in each way, and at odds with the whole-file digest.

use modelsig::hash::{ByteRange, HashAlgorithm};
use modelsig::{
    CHUNK_INDEX, Check, Checked, ChunkIndexFault, Error, ErrorKind, JsonFault, Policy, StatementFault,
};
use modelsig_tests::{Case, assert_outcome, base64, only_problem, refused, resource, set_root, statement};
use serde_json::{Value, json};

use super::statement_fault;

const CHUNK: usize = 65_536;
const LENGTH: usize = 2 * CHUNK + 1;

fn content() -> Vec<u8> {
    (0..LENGTH).map(|at| (at % 251) as u8).collect()
}

/// The raw SHA-256 digests of the chunks of `content`, one after another.
fn chunk_digests(content: &[u8]) -> Vec<u8> {
    let digest = |chunk: &[u8]| HashAlgorithm::Sha256.digest(chunk).unwrap().as_bytes().to_vec();
    content.chunks(CHUNK).flat_map(digest).collect()
}

fn index(content: &[u8]) -> Value {
    json!({
        "algorithm": "sha256",
        "chunk_size": CHUNK,
        "length": content.len(),
        "digests": base64(&chunk_digests(content))
    })
}

/// A model of one file of three chunks, the last of one byte, with a chunk index.
fn three_chunks() -> (Case, Value) {
    let content = content();
    let case = Case::new(&[("f.bin", &content)]);
    let mut resource = resource("f.bin", &content);
    resource["annotations"] = json!({CHUNK_INDEX: index(&content)});
    let statement = statement(vec![resource]);
    case.write_statement(&statement);
    case.verified();
    (case, statement)
}

fn index_of(statement: &mut Value) -> &mut Value {
    &mut statement["predicate"]["resources"][0]["annotations"][CHUNK_INDEX]
}

#[test]
fn an_index_that_is_malformed() {
    let digests = chunk_digests(&content());
    let (case, good) = three_chunks();
    let with = |member: &str, value: Value| {
        let mut statement = good.clone();
        index_of(&mut statement)[member] = value;
        case.write_statement(&statement);
        statement_fault(&case)
    };
    let of_index = |fault| StatementFault::ChunkIndex { name: "f.bin".into(), fault };

    for found in ["", "md5", "SHA256", "sha512"] {
        let expected = of_index(ChunkIndexFault::UnknownHash { found: found.into() });
        assert_eq!(with("algorithm", found.into()), expected);
    }
    for found in [0, 1, 32_768, 65_535, 65_537, 3 << 16, 1 << 31, u64::MAX] {
        assert_eq!(with("chunk_size", found.into()), of_index(ChunkIndexFault::ChunkSize { found }));
    }
    for found in ["AA=", "AA", "A A=", "*", "-_8=", "AA==\n"] {
        assert_eq!(with("digests", found.into()), of_index(ChunkIndexFault::Base64), "{found:?}");
    }
    let count = |expected, found| of_index(ChunkIndexFault::Count { expected, found });
    for found in [0, 1, 32, 64, 95] {
        assert_eq!(with("digests", base64(&digests[..found]).into()), count(96, found as u64));
    }
    assert_eq!(with("digests", base64(&[&digests[..], &[0]].concat()).into()), count(96, 97));
    assert_eq!(with("digests", base64(&digests.repeat(2)).into()), count(96, 192));
    assert!(matches!(with("digests", Value::Null), StatementFault::Json(_)));
    // Right digests for another length, size or hash.
    assert_eq!(with("length", (2 * CHUNK).into()), count(64, 96));
    assert_eq!(with("length", (3 * CHUNK + 1).into()), count(128, 96));
    assert_eq!(with("length", CHUNK.into()), count(0, 96));
    assert_eq!(with("length", 0.into()), count(0, 96));
    assert_eq!(with("chunk_size", (1 << 20).into()), count(0, 96));
    assert_eq!(with("algorithm", "blake2b".into()), count(192, 96));
    assert!(matches!(
        with("length", u64::MAX.into()),
        StatementFault::ChunkIndex { fault: ChunkIndexFault::Count { found: 96, .. }, .. }
    ));
}

#[test]
fn an_index_of_another_shape() {
    let (case, good) = three_chunks();
    type Edit = (&'static str, fn(&mut Value));
    let edits: [Edit; 13] = [
        ("unknown member", |index| index["extra"] = json!(1)),
        ("no algorithm", |index| drop(index.as_object_mut().unwrap().remove("algorithm"))),
        ("no size", |index| drop(index.as_object_mut().unwrap().remove("chunk_size"))),
        ("no length", |index| drop(index.as_object_mut().unwrap().remove("length"))),
        ("negative length", |index| index["length"] = json!(-1)),
        ("broken length", |index| index["length"] = json!(3.5)),
        ("length as a float", |index| index["length"] = json!(131073.0)),
        ("length as text", |index| index["length"] = "131073".into()),
        ("size as text", |index| index["chunk_size"] = "65536".into()),
        ("digests as a list", |index| index["digests"] = json!([])),
        ("a list", |index| *index = json!([1])),
        ("text", |index| *index = "index".into()),
        ("true", |index| *index = json!(true)),
    ];
    for (what, edit) in edits {
        let mut statement = good.clone();
        edit(index_of(&mut statement));
        case.write_statement(&statement);
        let fault = statement_fault(&case);
        assert!(matches!(fault, StatementFault::Json(JsonFault::Shape { .. })), "{what}: {fault:?}");
    }
}

/// A file of one chunk or less has no digests in its index: the whole-file digest proves it.
#[test]
fn a_file_of_one_chunk_needs_no_digests() {
    for length in [0, 1, CHUNK] {
        let content = vec![7; length];
        let case = Case::new(&[("f.bin", &content)]);
        let mut resource = resource("f.bin", &content);
        let index = json!({"algorithm": "sha256", "chunk_size": CHUNK, "length": length});
        resource["annotations"] = json!({CHUNK_INDEX: index, "by others": [1, 2]});
        case.write_statement(&statement(vec![resource.clone()]));
        assert_eq!(case.verified().report().files()[0].checked, Some(Checked::Whole));
        // One digest too many, though it be the right one.
        resource["annotations"][CHUNK_INDEX]["digests"] = base64(&[7; 32]).into();
        case.write_statement(&statement(vec![resource]));
        let expected = ChunkIndexFault::Count { expected: 0, found: 32 };
        assert_eq!(
            statement_fault(&case),
            StatementFault::ChunkIndex { name: "f.bin".into(), fault: expected }
        );
    }
}

#[test]
fn a_length_at_odds_with_the_file() {
    let (case, good) = three_chunks();
    for (length, check) in [LENGTH - 1, LENGTH + 1]
        .into_iter()
        .flat_map(|length| [Check::Chunks, Check::Whole, Check::Both].map(|check| (length, check)))
    {
        let mut statement = good.clone();
        index_of(&mut statement)["length"] = length.into();
        // 2 * CHUNK would be two chunks.
        if length == 2 * CHUNK {
            index_of(&mut statement)["digests"] = base64(&chunk_digests(&content())[..64]).into();
        }
        case.write_statement(&statement);
        let error = refused(case.verify(Policy::strict().check(check)));
        let (expected, found) = (length as u64, LENGTH as u64);
        match only_problem(&error) {
            Error::Truncated { expected: e, found: f, .. } => {
                assert_eq!((*e, *f), (expected.max(found), found))
            }
            Error::Grown { expected: e, found: f, .. } => assert_eq!((*e, *f), (expected.min(found), found)),
            other => panic!("{other:?}"),
        }
        assert_outcome(only_problem(&error), ErrorKind::Mismatch, "f.bin");
    }
}

/// A signer who lies can make whole digest and chunks disagree. Each check says what it looked at, `Both` finds out.
#[test]
fn whole_digest_and_chunks_that_contradict_each_other() {
    let second = ByteRange::new(CHUNK as u64, 2 * CHUNK as u64).unwrap();
    let mut other = content();
    other[CHUNK] ^= 1;
    let good = three_chunks().1;

    let mut wrong_whole = good.clone();
    wrong_whole["predicate"]["resources"][0]["digest"] = resource("", &other)["digest"].clone();
    set_root(&mut wrong_whole);
    let mut wrong_chunk = good;
    *index_of(&mut wrong_chunk) = index(&other);

    for (what, statement, check, expected) in [
        ("whole", &wrong_whole, Check::Chunks, Ok(Checked::Chunks)),
        ("whole", &wrong_whole, Check::Whole, Err(vec![])),
        ("whole", &wrong_whole, Check::Both, Err(vec![])),
        ("chunk", &wrong_chunk, Check::Chunks, Err(vec![second])),
        ("chunk", &wrong_chunk, Check::Whole, Ok(Checked::Whole)),
        ("chunk", &wrong_chunk, Check::Both, Err(vec![second])),
    ] {
        let (case, _) = three_chunks();
        case.write_statement(statement);
        let policy = Policy::strict().check(check);
        let opened = case.verifier(policy.clone()).open(&case.model(), &case.bundle()).unwrap();
        let verdict = match (case.verify(policy), opened.read("f.bin")) {
            (Ok(model), Ok(bytes)) => {
                assert_eq!(bytes, content());
                Ok(model.report().files()[0].checked.unwrap())
            }
            (Err(error), Err(Error::DigestMismatch { ranges: when_read, .. })) => {
                let Error::DigestMismatch { ranges, .. } = only_problem(&error) else { panic!("{error:?}") };
                assert_eq!(*ranges, when_read);
                Err(when_read)
            }
            other => panic!("{what} {check:?}: verifying and reading disagree: {other:?}"),
        };
        assert_eq!(verdict, expected, "{what} {check:?}");
    }
}
