//! What signing writes, where, and over what; what verifying reports.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use modelsig::hash::{CancelToken, Engine, HashAlgorithm, Progress};
use modelsig::{
    Error, ErrorKind, GIT_DEFAULTS, MEDIA_TYPE, Method, ModelPath, ModelSigner, Note, PAYLOAD_TYPE,
    PREDICATE_TYPE, Policy, STATEMENT_TYPE, SignReport, SignatureScheme, Signer, SkipReason, Verifier,
};
use modelsig_tests::{
    Case, RaiseAtEnd, assert_outcome, digest_of, ignoring, only_problem, problems, refused, resource,
    set_root, statement,
};
use serde_json::{Value, json};

/// The folders and files of the specification's example of an order that is not that of path components.
const ORDER: [&str; 6] = [
    "model.safetensors",
    "model/x.bin",
    "onnx-int8/m.onnx",
    "onnx/m.onnx",
    "tokenizer.json",
    "tokenizer/vocab.txt",
];

fn ordered() -> Case {
    Case::new(&ORDER.map(|name| (name, name.as_bytes())))
}

#[test]
fn the_whole_bundle_member_by_member() {
    let case = ordered();
    case.write(".gitignore", b"*");
    let report =
        case.sign_with(&ModelSigner::new().chunks(None).ignore_path(ModelPath::parse("notes").unwrap()));
    let mut bundle = case.read_bundle();
    let signature = bundle["dsseEnvelope"]["signatures"][0]["sig"].take();
    assert!(signature.is_string());
    let payload = bundle["dsseEnvelope"]["payload"].take();
    assert_eq!(
        bundle,
        json!({
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": {
                "publicKey": {"hint": case.key.public_key().hint().as_str()}, "tlogEntries": []
            },
            "dsseEnvelope": {
                "payload": null, "payloadType": PAYLOAD_TYPE, "signatures": [{"sig": null, "keyid": ""}]
            }
        })
    );
    let mut expected = statement(ORDER.map(|name| resource(name, name.as_bytes())).into());
    expected["predicate"]["serialization"]["ignore_paths"] =
        json!([".git", ".gitattributes", ".github", ".gitignore", "notes"]);
    let written: Value =
        serde_json::from_slice(&modelsig_tests::unbase64(payload.as_str().unwrap())).unwrap();
    assert_eq!(written, expected);
    assert_eq!(written["_type"], STATEMENT_TYPE);
    assert_eq!(written["predicateType"], PREDICATE_TYPE);
    assert_eq!(written["subject"][0]["digest"]["sha256"], report.root_digest.to_string());
}

#[test]
fn resources_stand_in_code_point_order() {
    let case = ordered();
    for name in ["Z", "a", "ä", "é/1", "文", "\u{10000}", "a b", "a!"] {
        case.write(name, b"x");
    }
    for signer in [ModelSigner::new(), ModelSigner::new().method(Method::Shards { shard_size: 5 })] {
        case.sign_with(&signer);
        let statement = case.read_statement();
        let resources = statement["predicate"]["resources"].as_array().unwrap().iter();
        let names: Vec<&str> = resources.map(|resource| resource["name"].as_str().unwrap()).collect();
        assert!(names.windows(2).all(|pair| pair[0].chars().lt(pair[1].chars())), "{names:?}");
        assert!(names.len() >= 14);
        let model = case.verified();
        assert!(!model.report().notes().contains(&Note::Unsorted));
        assert_eq!(model.names().count(), 14);
    }
}

/// Other signers list by path components; the root digest follows the list.
#[test]
fn another_order_is_read_with_a_note() {
    let case = ordered();
    let mut other = statement(ORDER.map(|name| resource(name, name.as_bytes())).into());
    other["predicate"]["resources"].as_array_mut().unwrap().swap(0, 1);
    set_root(&mut other);
    case.write_statement(&other);
    let model = case.verified();
    assert_eq!(model.report().notes(), [Note::Unsorted]);
    assert_eq!(model.names().collect::<Vec<_>>(), ORDER);
    case.flip("model/x.bin", 0);
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::DigestMismatch { path, .. } if path == "model/x.bin"));
}

#[test]
fn the_reports_of_both_sides() {
    let case = ordered();
    case.write(".git/config", b"[core]");
    let signed: SignReport = case.sign();
    let bytes: usize = ORDER.iter().map(|name| name.len()).sum();
    assert_eq!((signed.files, signed.bytes), (6, bytes as u64));
    assert_eq!(signed.key_type, case.key.public_key().key_type());
    assert_eq!(signed.hint, case.key.public_key().hint());
    let all: Vec<u8> = ORDER
        .iter()
        .flat_map(|name| HashAlgorithm::Sha256.digest(name.as_bytes()).unwrap().as_bytes().to_vec())
        .collect();
    assert_eq!(signed.root_digest.to_string(), digest_of(HashAlgorithm::Sha256, &all));
    assert_eq!(ModelSigner::new().root_digest(&case.model(), None).unwrap(), signed.root_digest);

    let model = case.verified();
    let report = model.report();
    assert_eq!(report.model(), case.model().to_str().unwrap());
    assert_eq!(report.bundle(), case.bundle().to_str().unwrap());
    assert_eq!(report.subject(), "model");
    assert_eq!(report.root_digest(), &signed.root_digest);
    assert_eq!(report.signer().hint, signed.hint);
    assert_eq!(report.signer().scheme, SignatureScheme::Ed25519);
    assert!(report.signer().hint_in_bundle);
    assert_eq!(report.bytes_verified(), bytes as u64);
    assert!(report.weakened_by().is_empty() && report.notes().is_empty());
    assert_eq!(report.problems().count(), 0);
    for skipped in [report.skipped(), &signed.skipped] {
        let skipped: Vec<_> = skipped.iter().map(|one| (one.path.as_str(), one.reason)).collect();
        assert_eq!(skipped, [(".git/config", SkipReason::GitDefault)]);
    }
    assert!(report.verdict_line().starts_with("VERIFIED"), "{}", report.verdict_line());

    let json = serde_json::to_value(report).unwrap();
    assert_eq!(json["verdict"], "verified");
    assert_eq!(json["root_digest"], format!("sha256:{}", signed.root_digest));
    assert_eq!(json["files"].as_array().unwrap().len(), 6);
    assert_eq!(json["files"][0]["checked"], "whole");
    // What was only opened does not say it was verified.
    let opened = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
    assert!(opened.report().verdict_line().starts_with("OPENED"), "{}", opened.report().verdict_line());
    assert_eq!(serde_json::to_value(opened.report()).unwrap()["verdict"], "opened");
    assert!(opened.report().files().iter().all(|file| file.checked.is_none()));
    case.flip("tokenizer.json", 0);
    let error = refused(case.verify(Policy::strict()));
    let Error::Rejected(report) = &error else { panic!("{error:?}") };
    let json = serde_json::to_value(report).unwrap();
    assert_eq!(json["verdict"], "rejected");
    assert_eq!(json["files"][4]["problem"]["kind"], "mismatch");
    assert_eq!(json["files"][4]["problem"]["path"], "tokenizer.json");
}

#[test]
fn a_bundle_is_written_over_an_older_one_and_never_lists_itself() {
    let case = Case::new(&[("a.bin", b"a")]);
    let inside = case.file("model.sig");
    let verifier = Verifier::new(case.key.public_key().clone());
    let mut sizes = Vec::new();
    for round in 0..3 {
        case.write("round.bin", &[round; 5]);
        let report = ModelSigner::new().sign(&case.model(), &inside, &case.key).unwrap();
        assert_eq!(report.files, 2);
        let model = verifier.verify(&case.model(), &inside).unwrap();
        assert_eq!(model.names().collect::<Vec<_>>(), ["a.bin", "round.bin"]);
        sizes.push(fs::metadata(&inside).unwrap().len());
    }
    assert_eq!(sizes, [sizes[0]; 3]);
    let statement: Value = serde_json::from_slice(&modelsig_tests::payload_of(
        &serde_json::from_slice(&fs::read(&inside).unwrap()).unwrap(),
    ))
    .unwrap();
    let ignored = statement["predicate"]["serialization"]["ignore_paths"].as_array().unwrap().clone();
    assert_eq!(ignored.len(), GIT_DEFAULTS.len() + 1);
    assert!(ignored.contains(&json!("model.sig")));
    // Nothing is left of the writing.
    let names: Vec<_> = fs::read_dir(case.model()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn nothing_but_a_bundle_is_written_over() {
    type Make = fn(&Case);
    let cases: [(&str, Make); 5] = [
        ("weights", |case| fs::write(case.bundle(), b"weights").unwrap()),
        ("an empty file", |case| fs::write(case.bundle(), b"").unwrap()),
        ("other JSON", |case| fs::write(case.bundle(), b"{\"mediaType\":\"x\"}").unwrap()),
        ("a folder", |case| fs::create_dir(case.bundle()).unwrap()),
        ("a large file", |case| {
            fs::File::create(case.bundle()).unwrap().set_len((256 << 20) + 1).unwrap();
        }),
    ];
    for (what, make) in cases {
        let case = Case::new(&[("a.bin", b"a")]);
        make(&case);
        let before = fs::metadata(case.bundle()).unwrap();
        let error = refused(ModelSigner::new().sign(&case.model(), &case.bundle(), &case.key));
        assert!(matches!(error, Error::NotABundle { .. }), "{what}: {error:?}");
        assert_outcome(&error, ErrorKind::Exists, case.bundle().to_str().unwrap());
        let after = fs::metadata(case.bundle()).unwrap();
        assert_eq!((before.len(), before.modified().ok()), (after.len(), after.modified().ok()), "{what}");
    }
    // A file of the model itself.
    let case = Case::new(&[("a.bin", b"a")]);
    let error = refused(ModelSigner::new().sign(&case.model(), &case.file("a.bin"), &case.key));
    assert!(matches!(error, Error::NotABundle { .. }), "{error:?}");
    let error = refused(ModelSigner::new().sign(&case.model(), &case.path("not there/model.sig"), &case.key));
    assert_outcome(&error, ErrorKind::NotFound, case.path("not there").to_str().unwrap());
}

/// Whatever can be signed must verify, in particular a single file that is called like one of the git defaults.
#[test]
fn a_single_file_with_an_ignored_name() {
    for name in [".gitattributes", "weights.bin"] {
        let case = Case::new(&[(name, b"content")]);
        let signer = ModelSigner::new().ignore_path(ModelPath::parse("weights.bin").unwrap());
        let signed = signer.sign(&case.file(name), &case.bundle(), &case.key);
        if signed.is_ok() {
            let verified =
                Verifier::new(case.key.public_key().clone()).verify(&case.file(name), &case.bundle());
            assert!(verified.is_ok(), "{name}: {verified:?}");
        }
    }
}

/// The file is so large that nobody could read it to its end in the time of a test, and takes no room on disk.
#[test]
fn cancelling_before_and_during_the_work() {
    const LENGTH: u64 = 64 << 30;
    let case = Case::new(&[("large.bin", b"")]);
    let file = fs::OpenOptions::new().write(true).open(case.file("large.bin")).unwrap();
    file.set_len(LENGTH).unwrap();
    case.write_statement(&statement(vec![resource("large.bin", b"other content")]));
    let bundle = fs::read(case.bundle()).unwrap();
    type Work = fn(&Case, Engine) -> Error;
    let verify: Work = |case, engine| {
        refused(case.verifier(Policy::strict()).with_engine(engine).verify(&case.model(), &case.bundle()))
    };
    let sign: Work = |case, engine| {
        refused(ModelSigner::new().with_engine(engine).sign(&case.model(), &case.bundle(), &case.key))
    };
    for (work, during, threads) in [
        (verify, false, 1),
        (verify, true, 1),
        (verify, true, 2),
        (sign, false, 1),
        (sign, true, 1),
        (sign, true, 2),
    ] {
        let (progress, cancel, ended) = (Progress::new(), CancelToken::new(), AtomicBool::new(false));
        let engine = Engine::new(threads).unwrap();
        let engine = engine.with_progress(progress.clone()).with_cancel(cancel.clone());
        if !during {
            cancel.cancel();
        }
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                while progress.done() == 0 && !ended.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                cancel.cancel();
            });
            let _end = RaiseAtEnd(&ended);
            work(&case, engine)
        });
        assert!(matches!(error, Error::Cancelled), "{error:?}");
        assert_outcome(&error, ErrorKind::Cancelled, "");
        assert_eq!(progress.done() > 0, during, "{} of {LENGTH}", progress.done());
        assert!(progress.done() < LENGTH);
        assert!(fs::read(case.bundle()).unwrap() == bundle, "something was written");
    }
}

#[test]
fn a_cancelled_engine_hands_out_no_bytes() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    let cancel = CancelToken::new();
    let engine = Engine::new(1).unwrap().with_cancel(cancel.clone());
    let verifier = case.verifier(Policy::strict()).with_engine(engine);
    let model = verifier.verify(&case.model(), &case.bundle()).unwrap();
    assert_eq!(model.read("a.bin").unwrap(), b"a");
    cancel.cancel();
    assert!(matches!(refused(model.read("a.bin")), Error::Cancelled));
    assert!(matches!(refused(verifier.verify(&case.model(), &case.bundle())), Error::Cancelled));
    assert!(matches!(refused(verifier.verify_bytes(&case.bundle(), "a.bin", b"a")), Error::Cancelled));
    assert!(matches!(refused(verifier.verify_bytes(&case.bundle(), "a.bin", b"b")), Error::Cancelled));
}

/// Nothing of one model is remembered when the next one is verified.
#[test]
fn verifications_by_one_verifier_are_independent() {
    let case = Case::new(&[("a.bin", b"a")]);
    let leaving_out = ModelSigner::new().ignore_path(ModelPath::parse("evil.py").unwrap());
    case.sign_with(&leaving_out);
    case.write("evil.py", b"harmless here");
    // The other model has a file at the path that the first one ignores.
    let other = (case.path("other"), case.path("other.sig"));
    fs::create_dir(&other.0).unwrap();
    fs::write(other.0.join("a.bin"), b"a").unwrap();
    ModelSigner::new().sign(&other.0, &other.1, &case.key).unwrap();
    fs::write(other.0.join("evil.py"), b"import os").unwrap();

    for policy in
        [Policy::strict(), Policy::strict().fail_fast(true), ignoring(Policy::strict(), &["unrelated"])]
    {
        let verifier = case.verifier(policy);
        let judge_other = || {
            let error = refused(verifier.verify(&other.0, &other.1));
            problems(&error).iter().map(|problem| problem.to_string()).collect::<Vec<_>>()
        };
        let alone = judge_other();
        assert_eq!(alone, ["'evil.py' is not signed"]);
        for _ in 0..2 {
            assert!(verifier.verify(&case.model(), &case.bundle()).is_ok());
            assert_eq!(judge_other(), alone);
        }
    }
}

/// The form that the Python API wants says the size of the shards once more; everything else stays.
#[test]
fn sharded_algorithm_names_are_written_when_asked_for() {
    let case = Case::new(&[("weights.bin", b"0123456789")]);
    for hash in HashAlgorithm::ALL {
        let plain = ModelSigner::new().method(Method::Shards { shard_size: 4 }).hash(hash);
        let root_digest = case.sign_with(&plain).root_digest;
        let mut expected = case.read_statement();
        let algorithms = |statement: &Value| -> Vec<String> {
            let resources = statement["predicate"]["resources"].as_array().unwrap().iter();
            resources.map(|resource| resource["algorithm"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(algorithms(&expected), [hash.id(); 3]);

        let report = case.sign_with(&plain.clone().sharded_algorithm_name(true));
        assert_eq!(report.root_digest, root_digest);
        let sharded = format!("{}-sharded-4", hash.id());
        for resource in expected["predicate"]["resources"].as_array_mut().unwrap() {
            resource["algorithm"] = sharded.as_str().into();
        }
        assert_eq!(case.read_statement(), expected);
        assert_eq!(expected["predicate"]["serialization"]["shard_size"].to_string(), "4");
        case.verified();
        case.flip("weights.bin", 5);
        assert!(case.verify(Policy::strict()).is_err());
        case.flip("weights.bin", 5);
    }
}

#[test]
fn sharded_algorithm_names_without_shards_are_refused() {
    let case = Case::new(&[("weights.bin", b"0123456789")]);
    let error = case.sign_refused(&ModelSigner::new().sharded_algorithm_name(true));
    assert!(matches!(error, Error::Usage { .. }), "{error:?}");
}
