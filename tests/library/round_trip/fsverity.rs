//! The signed fs-verity digest: written where it is asked for, taken over, compared where everything is. What the kernel
//! measures is tried in a virtual machine (`.ci/verity-vm`); on a file that it does not guard the digest changes nothing.

use std::thread::sleep;
use std::time::Duration;

use modelsig::hash::{Engine, HashAlgorithm, Source};
use modelsig::{
    Check, Checked, ChunkIndexing, Error, ErrorKind, Limits, Method, ModelSigner, Policy, Reuse, Signer,
    StatementFault, VERITY_DIGEST, VerityFault, danger, inspect,
};
use modelsig_tests::{Case, only_problem, refused, resource, statement};
use serde_json::{Value, json};

const LARGE: usize = (3 << 20) + 1;

fn case() -> Case {
    let large: Vec<u8> = (0..LARGE).map(|at| (at % 251) as u8).collect();
    Case::new(&[("empty", b""), ("small.json", b"{}"), ("weights.bin", &large)])
}

fn annotation(case: &Case, name: &str) -> Option<Value> {
    let statement = case.read_statement();
    let resources = statement["predicate"]["resources"].as_array().unwrap().clone();
    let of_name = resources.into_iter().find(|resource| resource["name"] == name).unwrap();
    of_name["annotations"].get(VERITY_DIGEST).cloned()
}

/// What stands in the bundle of a file of these bytes.
fn expected(bytes: &[u8]) -> Value {
    let digest = Engine::new(1).unwrap().verity_digest(Source::from_bytes(bytes)).unwrap();
    json!({"algorithm": "sha256", "block_size": 4096, "digest": digest.to_string()})
}

#[test]
fn it_is_written_where_it_is_asked_for_and_changes_nothing_else() {
    let case = case();
    let plain = case.sign().root_digest;
    assert_eq!(annotation(&case, "weights.bin"), None);
    for chunks in [Some(ChunkIndexing::default()), None] {
        for hash in [HashAlgorithm::Sha256, HashAlgorithm::Blake3] {
            let report = case.sign_with(&ModelSigner::new().chunks(chunks).hash(hash).fsverity(true));
            assert_eq!(report.root_digest == plain, hash == HashAlgorithm::Sha256);
            for name in ["empty", "small.json", "weights.bin"] {
                let bytes = std::fs::read(case.file(name)).unwrap();
                assert_eq!(annotation(&case, name), Some(expected(&bytes)), "{name}");
            }
            for check in [Check::Chunks, Check::Whole, Check::Both] {
                let model = case.verify(Policy::strict().check(check)).unwrap();
                assert!(model.report().files().iter().all(|file| file.checked != Some(Checked::FsVerity)));
                assert_eq!(model.report().bytes_verified(), report.bytes);
            }
        }
    }
    let shown = inspect(&case.bundle(), &Limits::default()).unwrap();
    let digests: Vec<_> = shown.resources.iter().map(|resource| resource.fsverity.is_some()).collect();
    assert_eq!(digests, [true; 3]);
}

#[test]
fn shards_have_none() {
    let case = case();
    let signer = ModelSigner::new().method(Method::Shards { shard_size: 1000 }).fsverity(true);
    let error = case.sign_refused(&signer.allow_unsigned_empty(true));
    assert_eq!(error.kind(), ErrorKind::Usage);
}

/// Whoever checks everything sees a signer whose digests disagree; otherwise the digest that was checked decides.
#[test]
fn a_digest_that_disagrees_with_the_content() {
    let case = Case::new(&[("a.bin", b"abc")]);
    let mut listed = resource("a.bin", b"abc");
    listed["annotations"] = json!({VERITY_DIGEST: expected(b"abd")});
    case.write_statement(&statement(vec![listed]));
    for check in [Check::Chunks, Check::Whole] {
        case.verify(Policy::strict().check(check)).unwrap();
    }
    let error = refused(case.verify(Policy::strict().check(Check::Both)));
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    let of = |bytes: &[u8]| format!("fsverity-sha256:{}", expected(bytes)["digest"].as_str().unwrap());
    match only_problem(&error) {
        Error::DigestMismatch { path, expected, found, .. } => {
            assert_eq!((path.as_str(), expected, found), ("a.bin", &of(b"abd"), &of(b"abc")));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_that_is_malformed_is_refused() {
    let case = Case::new(&[("a.bin", b"abc")]);
    let with = |edit: &dyn Fn(&mut Value)| {
        let mut listed = resource("a.bin", b"abc");
        let mut digest = expected(b"abc");
        edit(&mut digest);
        listed["annotations"] = json!({VERITY_DIGEST: digest, "others": 1});
        case.write_statement(&statement(vec![listed]));
        match case.verify(Policy::strict()) {
            Err(Error::Statement { fault, .. }) => Some(fault),
            Err(other) => panic!("{other:?}"),
            Ok(_) => None,
        }
    };
    assert_eq!(with(&|_| ()), None);
    let fault = |fault| Some(StatementFault::Verity { name: "a.bin".into(), fault });
    for found in ["", "sha512", "SHA256"] {
        let expected = fault(VerityFault::Algorithm { found: found.into() });
        assert_eq!(with(&|digest| digest["algorithm"] = found.into()), expected);
    }
    for found in [0, 1024, 4095, 65536, u64::MAX] {
        let expected = fault(VerityFault::BlockSize { found });
        assert_eq!(with(&|digest| digest["block_size"] = found.into()), expected);
    }
    let upper = expected(b"abc")["digest"].as_str().unwrap().to_uppercase();
    for found in ["", "ab", &upper, &"ab".repeat(64), &"zz".repeat(32)] {
        let expected = fault(VerityFault::Digest { found: found.into() });
        assert_eq!(with(&|digest| digest["digest"] = found.into()), expected);
    }
    type Edit = fn(&mut Value);
    let edits: [Edit; 7] = [
        |digest| digest["salt"] = "".into(),
        |digest| drop(digest.as_object_mut().unwrap().remove("algorithm")),
        |digest| drop(digest.as_object_mut().unwrap().remove("block_size")),
        |digest| drop(digest.as_object_mut().unwrap().remove("digest")),
        |digest| digest["block_size"] = json!(4096.0),
        |digest| *digest = Value::Null,
        |digest| *digest = "abc".into(),
    ];
    for edit in edits {
        assert!(matches!(with(&edit), Some(StatementFault::Json(_))));
    }
}

/// Taken over with the other digests; where the old bundle has none, the file is read.
#[test]
fn signing_again_takes_it_over_or_computes_it() {
    let case = case();
    let tick = || sleep(Duration::from_millis(30));
    let again = |fsverity: bool| {
        tick();
        let reuse = Reuse::new(&case.bundle(), case.key.public_key().clone());
        let report = case.sign_with(&danger::reuse_digests(ModelSigner::new().fsverity(fsverity), reuse));
        case.verify(Policy::strict().check(Check::Both)).unwrap();
        (report.reused.len(), report.bytes_hashed == 0, annotation(&case, "weights.bin").is_some())
    };
    tick();
    case.sign();
    assert_eq!(again(true), (0, false, true), "the old bundle had none");
    assert_eq!(again(true), (3, true, true));
    let bytes = std::fs::read(case.file("weights.bin")).unwrap();
    assert_eq!(annotation(&case, "weights.bin"), Some(expected(&bytes)));
    assert_eq!(again(false), (3, true, false), "not asked for, not written");
}

#[test]
fn protecting_a_model_verifies_it_first() {
    let case = case();
    case.sign_with(&ModelSigner::new().fsverity(true));
    case.flip("weights.bin", 7);
    let protect = || case.verifier(Policy::strict()).protect(&case.model(), &case.bundle());
    let error = refused(protect());
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(matches!(error, Error::Rejected(report) if report.frozen().is_none()));
    case.write("weights.bin", b"can still be written");
    case.sign();
    let error = refused(case.verifier(Policy::strict()).protect(&case.model(), &case.path("none.sig")));
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
