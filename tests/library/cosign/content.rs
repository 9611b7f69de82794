//! The bytes: read once for all bundles, and each bundle's digests hold for them by themselves.

use modelsig::hash::{ChunkSize, Engine, HashAlgorithm, Progress};
use modelsig::{
    CHUNK_INDEX, Check, ChunkIndexing, Error, Method, ModelSigner, Policy, Threshold, VerifiedModel,
};
use modelsig_tests::{base64, only_problem, refused, resource, set_root, statement};
use serde_json::{Value, json};

use super::{Team, at_least, error_of};

const CHUNK: usize = 65_536;

fn weights() -> Vec<u8> {
    (0..5 * CHUNK + 77).map(|at| (at / 256 + at) as u8).collect()
}

fn chunked(size: usize, algorithm: HashAlgorithm) -> ModelSigner {
    let size = Some(ChunkSize::new(size as u64).unwrap());
    ModelSigner::new().chunks(Some(ChunkIndexing { size, algorithm }))
}

/// Three bundles that have nothing in common but the bytes.
fn three_forms() -> (Team, u64) {
    let weights = weights();
    let team = Team::new(&[("config.json", b"{}"), ("one.bin", &weights), ("two.bin", &weights[..CHUNK])]);
    team.sign_with(0, "files.sig", &chunked(CHUNK, HashAlgorithm::Sha256));
    team.sign_with(1, "b2.sig", &chunked(2 * CHUNK, HashAlgorithm::Blake3).hash(HashAlgorithm::Blake2b));
    team.sign_with(2, "shards.sig", &ModelSigner::new().method(Method::Shards { shard_size: 50_001 }));
    (team, (2 + weights.len() + CHUNK) as u64)
}

const FORMS: [&str; 3] = ["files.sig", "b2.sig", "shards.sig"];

#[test]
fn every_byte_is_read_once_for_all_bundles() {
    let (team, bytes) = three_forms();
    for (threshold, bundles) in [
        (Threshold::All, &FORMS[..]),
        (Threshold::Any, &FORMS),
        (at_least(2), &FORMS[1..]),
        (Threshold::Any, &FORMS[..1]),
    ] {
        for threads in [1, 3] {
            let progress = Progress::new();
            let engine = Engine::new(threads).unwrap().with_progress(progress.clone());
            let verifier = team.verifier(Policy::strict()).with_engine(engine);
            let model = verifier.verify_several(&team.case.model(), &team.paths(bundles), threshold).unwrap();
            assert_eq!((progress.done(), progress.total()), (bytes, bytes), "{threshold} {bundles:?}");
            assert_eq!(model.report().signers(), bundles.len());
        }
    }
}

#[test]
fn a_changed_byte_is_found_by_every_form_and_located_as_it_can() {
    let (team, _) = three_forms();
    for at in [0, CHUNK, 5 * CHUNK + 76] {
        team.case.flip("one.bin", at);
        for threshold in [Threshold::All, Threshold::Any] {
            let report = team.too_few(&FORMS, threshold);
            assert_eq!(report.signers(), 0);
            for (bundle, part) in report.bundles().iter().zip([CHUNK, 2 * CHUNK, 50_001]) {
                let Error::DigestMismatch { path, ranges, .. } = only_problem(error_of(bundle)) else {
                    panic!("{bundle}")
                };
                assert_eq!((path.as_str(), ranges.len()), ("one.bin", 1));
                assert_eq!(ranges[0].start(), (at / part * part) as u64, "{bundle}");
            }
        }
        team.case.flip("one.bin", at);
    }
    assert!(team.verify(&FORMS, Threshold::All).is_ok());
}

/// With more than one signer the whole files are compared; with one it is as for a single bundle.
#[test]
fn more_than_one_signer_takes_whole_digests() {
    let (team, _) = three_forms();
    let checks = |policy: Policy, threshold| {
        let model = team.verify_by(policy, &FORMS[..2], threshold).unwrap();
        let bundles = serde_json::to_value(model.report()).unwrap()["bundles"].take();
        let told = |bundle: &Value| {
            let checked = |file: usize| bundle["files"][file]["checked"].as_str().unwrap().to_owned();
            (bundle["check"].as_str().unwrap().to_owned(), checked(0), checked(1))
        };
        let told: Vec<_> = bundles.as_array().unwrap().iter().map(told).collect();
        assert_eq!(told[0], told[1]);
        told[0].clone()
    };
    let is = |check: &str, small: &str, large: &str| (check.into(), small.into(), large.into());
    for threshold in [Threshold::All, at_least(2)] {
        assert_eq!(checks(Policy::strict(), threshold), is("both", "whole", "whole+chunks"));
    }
    assert_eq!(checks(Policy::strict(), Threshold::Any), is("chunks", "whole", "chunks"));
    assert_eq!(checks(Policy::strict(), at_least(1)), is("chunks", "whole", "chunks"));
    let whole = Policy::strict().check(Check::Whole);
    assert_eq!(checks(whole, Threshold::All), is("whole", "whole", "whole"));
}

/// A signer whose chunk index is right and whose digest is of something else: other tools see another model signed.
#[test]
fn a_signer_whose_lists_disagree_is_not_counted_beside_another() {
    let weights = weights();
    let team = Team::new(&[("one.bin", &weights)]);
    team.sign(0, "honest.sig");
    let chunks = weights.chunks(CHUNK).map(|chunk| HashAlgorithm::Sha256.digest(chunk).unwrap());
    let digests: Vec<u8> = chunks.flat_map(|digest| digest.as_bytes().to_vec()).collect();
    let mut lie = resource("one.bin", b"something else");
    lie["annotations"] = json!({CHUNK_INDEX: {
        "algorithm": "sha256", "chunk_size": CHUNK, "length": weights.len(), "digests": base64(&digests)
    }});
    team.sign_statement(1, "liar.sig", &statement(vec![lie]));

    let alone = team.verify(&["liar.sig"], Threshold::Any).unwrap();
    assert_eq!(alone.read("one.bin").unwrap(), weights, "its chunks are those of the file");
    let bundles = ["honest.sig", "liar.sig"];
    for threshold in [Threshold::All, at_least(2)] {
        let report = team.too_few(&bundles, threshold);
        assert_eq!(report.signers(), 1);
        assert!(report.bundles()[0].is_counted());
        let problem = only_problem(error_of(&report.bundles()[1]));
        assert!(matches!(problem, Error::DigestMismatch { ranges, .. } if ranges.is_empty()), "{problem:?}");
    }
}

/// The same digests in the same order, so the same root digest, under exchanged names.
#[test]
fn equal_root_digests_prove_nothing() {
    let team = Team::new(&[("a.bin", b"first"), ("b.bin", b"second")]);
    team.sign(0, "honest.sig");
    let mut swapped = statement(vec![resource("b.bin", b"first"), resource("a.bin", b"second")]);
    set_root(&mut swapped);
    team.sign_statement(1, "swapped.sig", &swapped);
    let report = team.too_few(&["honest.sig", "swapped.sig"], Threshold::All);
    let honest = report.bundles()[0].outcome.as_ref().unwrap();
    let Error::Rejected(other) = error_of(&report.bundles()[1]) else { panic!("{}", report.bundles()[1]) };
    assert_eq!(honest.root_digest(), other.root_digest());
    assert_eq!(report.signers(), 1);
    assert_eq!(other.problems().count(), 2);
    assert!(other.problems().all(|problem| matches!(problem, Error::DigestMismatch { .. })));
}

#[test]
fn what_is_handed_out_is_what_every_signer_signed() {
    let (team, _) = three_forms();
    let model = team.verify(&FORMS, Threshold::All).unwrap();
    let alone: VerifiedModel =
        team.verifier(Policy::strict()).verify(&team.case.model(), &team.case.path("shards.sig")).unwrap();
    assert_eq!(model.names().collect::<Vec<_>>(), alone.names().collect::<Vec<_>>());
    for name in ["config.json", "one.bin", "two.bin"] {
        assert_eq!(model.read(name).unwrap(), alone.read(name).unwrap());
    }
    for name in ["", ".", "nothing", "../model.sig", "./config.json", "ONE.BIN"] {
        assert!(matches!(model.read(name), Err(Error::Unsigned { .. })), "{name}");
    }
    team.case.flip("one.bin", 3 * CHUNK);
    let error = refused(model.read("one.bin"));
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error:?}");
    team.case.write("config.json", b"{ }");
    assert!(matches!(model.read("config.json"), Err(Error::Grown { .. })));
}
