//! Who is counted, and what is said of the others.

use std::fs;

use modelsig::hash::{CancelToken, Engine, Progress};
use modelsig::{Error, ErrorKind, KeyType, ModelSigner, Policy, PrivateKey, Signer, Threshold};
use modelsig_tests::{Case, assert_outcome, only_problem, refused};
use serde_json::Value;

use super::{Team, at_least, error_of};

fn team() -> Team {
    let team = Team::new(&[("config.json", b"{}"), ("sub/weights.bin", &[7; 200_000])]);
    (0..3).for_each(|key| team.sign(key, ["a.sig", "b.sig", "c.sig"][key]));
    team
}

#[test]
fn every_threshold_that_is_met() {
    let team = team();
    let all = ["a.sig", "b.sig", "c.sig"];
    for (bundles, threshold, required) in [
        (&all[..1], Threshold::Any, 1),
        (&all[..1], Threshold::All, 1),
        (&all[..], Threshold::Any, 1),
        (&all[..], Threshold::All, 3),
        (&all[..], at_least(1), 1),
        (&all[..], at_least(2), 2),
        (&all[..2], at_least(2), 2),
    ] {
        let model = team.verify(bundles, threshold).unwrap();
        let report = model.report();
        assert_eq!((report.required(), report.signers()), (required, bundles.len()));
        assert!(report.is_met());
        assert!(report.bundles().iter().all(|bundle| bundle.is_counted()));
        assert!(report.partly_signed().is_empty());
        assert_eq!(model.names().collect::<Vec<_>>(), ["config.json", "sub/weights.bin"]);
        assert_eq!(model.read("config.json").unwrap(), b"{}");
        let (signers, model) = (bundles.len(), team.case.model());
        let line = format!("signed by {signers} of {signers} ({required} required)");
        let start = format!("VERIFIED '{}': 2 files, 200.0 kB, ", model.display());
        assert_eq!(report.verdict_line(), start + &line);
    }
}

/// Each kind of failure, in every place among the bundles: reported as what it is, and the others hold as before.
#[test]
fn a_bundle_that_fails_is_not_counted_and_is_reported() {
    let team = team();
    let stranger = PrivateKey::generate(KeyType::P256).unwrap();
    ModelSigner::new().sign(&team.case.model(), &team.case.path("stranger.sig"), &stranger).unwrap();
    fs::write(team.case.path("garbage.sig"), b"{}").unwrap();
    let good = fs::read_to_string(team.case.path("a.sig")).unwrap();
    let mut forged: Value = serde_json::from_str(&good).unwrap();
    forged["dsseEnvelope"]["payload"] = modelsig_tests::base64(b"{}").into();
    fs::write(team.case.path("forged.sig"), forged.to_string()).unwrap();
    team.case.write("new", b"");
    team.sign(0, "other-model.sig");
    fs::remove_file(team.case.file("new")).unwrap();
    for (bad, kind) in [
        ("stranger.sig", ErrorKind::Untrusted),
        ("garbage.sig", ErrorKind::Malformed),
        ("forged.sig", ErrorKind::BadSignature),
        ("nowhere.sig", ErrorKind::NotFound),
        ("other-model.sig", ErrorKind::Missing),
    ] {
        for place in 0..3 {
            let mut bundles = vec!["b.sig", "c.sig"];
            bundles.insert(place, bad);
            let model = team.verify(&bundles, at_least(2)).unwrap();
            let report = model.report();
            assert_eq!((report.signers(), report.bundles().len()), (2, 3));
            for (at, bundle) in report.bundles().iter().enumerate() {
                assert_eq!(bundle.bundle, team.case.path(bundles[at]).to_string_lossy());
                assert_eq!(bundle.is_counted(), at != place, "{bundle}");
            }
            assert_eq!(error_of(&report.bundles()[place]).kind(), kind, "{bad}");
            assert_eq!(model.read("config.json").unwrap(), b"{}");

            let report = team.too_few(&bundles, Threshold::All);
            assert_eq!((report.required(), report.signers()), (3, 2));
            assert_eq!(error_of(&report.bundles()[place]).kind(), kind, "{bad}");
            team.too_few(&bundles, at_least(3));
        }
        let report = team.too_few(&[bad], Threshold::Any);
        assert_eq!((report.required(), report.signers()), (1, 0));
    }
}

#[test]
fn a_model_that_was_changed_is_nobody_s() {
    let team = team();
    team.case.flip("sub/weights.bin", 100_000);
    for threshold in [Threshold::Any, Threshold::All, at_least(2)] {
        let error = refused(team.verify(&["a.sig", "b.sig", "c.sig"], threshold));
        assert_outcome(&error, ErrorKind::Threshold, &team.case.model().to_string_lossy());
        let Error::Threshold(report) = &error else { panic!("{error:?}") };
        assert!(error.to_string().starts_with("REJECTED "), "{error}");
        assert_eq!(report.signers(), 0);
        for bundle in report.bundles() {
            assert!(matches!(only_problem(error_of(bundle)), Error::DigestMismatch { .. }), "{bundle}");
        }
    }
}

/// One key cannot be two signers, whatever its bundles are called and whatever they list.
#[test]
fn the_same_signer_counts_once() {
    let team = team();
    fs::copy(team.case.path("a.sig"), team.case.path("copy.sig")).unwrap();
    fs::hard_link(team.case.path("a.sig"), team.case.path("linked.sig")).unwrap();
    team.sign_with(0, "again.sig", &ModelSigner::new().chunks(None));
    for other in ["a.sig", "copy.sig", "linked.sig", "again.sig"] {
        let bundles = ["a.sig", other];
        for threshold in [Threshold::All, at_least(2)] {
            let report = team.too_few(&bundles, threshold);
            assert_eq!((report.required(), report.signers()), (2, 1));
            assert!(report.bundles().iter().all(|bundle| bundle.outcome.is_ok()));
            let same: Vec<_> = report.bundles().iter().map(|bundle| bundle.same_signer_as).collect();
            assert_eq!(same, [None, Some(0)]);
            assert!(report.bundles()[1].to_string().contains("not counted again"));
            let error = Error::Threshold(report);
            assert_outcome(&error, ErrorKind::Threshold, "signed by 1 of 2 (2 required)");
        }
        let model = team.verify(&bundles, Threshold::Any).unwrap();
        assert_eq!(model.report().signers(), 1);
        let model = team.verify(&["a.sig", other, "b.sig"], at_least(2)).unwrap();
        assert_eq!(model.report().signers(), 2);
        assert_eq!(model.report().bundles()[2].same_signer_as, None);
        team.too_few(&["a.sig", other, "b.sig"], Threshold::All);
    }
}

/// A bundle that fails does not use up its signer: another bundle by the same one still counts.
#[test]
fn a_signer_whose_first_bundle_fails_may_have_another() {
    let team = team();
    team.case.write("new", b"");
    team.sign(0, "stale.sig");
    fs::remove_file(team.case.file("new")).unwrap();
    let model = team.verify(&["stale.sig", "a.sig", "b.sig"], at_least(2)).unwrap();
    let counted: Vec<bool> = model.report().bundles().iter().map(|bundle| bundle.is_counted()).collect();
    assert_eq!(counted, [false, true, true]);
}

#[test]
fn a_threshold_that_can_never_be_met_is_a_wrong_argument() {
    let team = team();
    let error = refused(team.verify(&["a.sig", "b.sig"], at_least(3)));
    assert_outcome(&error, ErrorKind::Usage, "3 signers are required");
    for threshold in [Threshold::All, Threshold::Any, at_least(1)] {
        assert_outcome(&refused(team.verify(&[], threshold)), ErrorKind::Usage, "no bundle");
    }
}

/// A negative verdict weighs more than none; where there was none, it is said so.
#[test]
fn without_a_verdict_on_any_bundle_there_is_none_on_the_model() {
    let team = team();
    fs::write(team.case.path("garbage.sig"), b"{}").unwrap();
    let kind = |bundles: &[&str], threshold| Error::Threshold(team.too_few(bundles, threshold)).kind();
    assert_eq!(kind(&["garbage.sig"], Threshold::Any), ErrorKind::Malformed);
    assert_eq!(kind(&["garbage.sig", "nowhere.sig"], Threshold::Any), ErrorKind::NotFound);
    assert_eq!(kind(&["a.sig", "garbage.sig"], Threshold::All), ErrorKind::Malformed);
    assert_eq!(kind(&["a.sig", "a.sig"], Threshold::All), ErrorKind::Threshold);
    let stranger = PrivateKey::generate(KeyType::Ed25519).unwrap();
    ModelSigner::new().sign(&team.case.model(), &team.case.path("stranger.sig"), &stranger).unwrap();
    assert_eq!(kind(&["garbage.sig", "stranger.sig"], Threshold::Any), ErrorKind::Threshold);
    let report = team.too_few(&["garbage.sig", "a.sig"], at_least(2));
    assert!(report.verdict_line().starts_with("UNDECIDED "), "{}", report.verdict_line());

    let gone = team.verifier(Policy::strict());
    let error =
        refused(gone.verify_several(&team.case.path("gone"), &team.paths(&["a.sig"]), Threshold::Any));
    assert_outcome(&error, ErrorKind::NotFound, "gone");
}

/// What is said of a bundle is what it would be told alone.
#[test]
fn one_bundle_is_a_special_case_of_several() {
    let team = team();
    let alone = |bundle: &str| {
        team.verifier(Policy::strict()).verify(&team.case.model(), &team.case.path(bundle)).unwrap()
    };
    let model = team.verify(&["a.sig", "b.sig"], Threshold::Any).unwrap();
    for (bundle, name) in model.report().bundles().iter().zip(["a.sig", "b.sig"]) {
        let (together, alone) = (bundle.outcome.as_ref().unwrap(), alone(name));
        assert_eq!(serde_json::to_value(together).unwrap(), serde_json::to_value(alone.report()).unwrap());
    }
    team.case.write("unsigned", b"");
    let report = team.too_few(&["a.sig"], Threshold::Any);
    let alone = refused(team.verifier(Policy::strict()).verify(&team.case.model(), &team.case.path("a.sig")));
    assert_eq!(
        serde_json::to_value(error_of(&report.bundles()[0])).unwrap(),
        serde_json::to_value(&alone).unwrap()
    );
}

#[test]
fn the_report_as_json() {
    let team = team();
    fs::write(team.case.path("garbage.sig"), b"{}").unwrap();
    let bundles = ["garbage.sig", "a.sig", "a.sig", "b.sig"];
    let model = team.verify(&bundles, at_least(2)).unwrap();
    let report = serde_json::to_value(model.report()).unwrap();
    assert_eq!(report["verdict"], "verified");
    assert_eq!(
        (&report["require"], &report["required"], &report["counted"]),
        (&2.into(), &2.into(), &2.into())
    );
    assert_eq!((&report["files_verified"], &report["bytes_verified"]), (&2.into(), &200_002.into()));
    let bundle = |place: usize| &report["bundles"][place];
    let told: Vec<_> = (0..4).map(|place| (&bundle(place)["verdict"], &bundle(place)["counted"])).collect();
    assert_eq!(
        serde_json::to_value(told).unwrap(),
        serde_json::json!([["error", false], ["verified", true], ["verified", false], ["verified", true]])
    );
    assert_eq!(bundle(0)["error"]["kind"], "malformed");
    assert_eq!(bundle(2)["same_signer_as"], 1);
    assert_eq!(bundle(3)["signer"]["hint"], team.keys[1].public_key().hint().as_str());
    assert_eq!(bundle(3)["error"], Value::Null);
}

/// In a hurry the run ends when there is no hope left, and not before.
#[test]
fn failing_fast_ends_when_the_threshold_is_out_of_reach() {
    let content = vec![1; 3 << 20];
    let team = Team::new(&[("a", &content), ("b", &content), ("c", &content)]);
    team.sign(0, "good.sig");
    team.case.flip("a", 0);
    team.sign(1, "stale.sig");
    team.case.flip("a", 0);
    let run = |bundles: &[&str], threshold| {
        let progress = Progress::new();
        let engine = Engine::new(1).unwrap().with_progress(progress.clone());
        let verifier = team.verifier(Policy::strict().fail_fast(true)).with_engine(engine);
        let result = verifier.verify_several(&team.case.model(), &team.paths(bundles), threshold);
        (result, progress.done())
    };
    let (result, bytes) = run(&["stale.sig", "good.sig"], Threshold::Any);
    assert_eq!((result.unwrap().report().signers(), bytes), (1, 9 << 20));

    let (result, bytes) = run(&["stale.sig", "good.sig"], Threshold::All);
    let Error::Threshold(report) = refused(result) else { panic!("another error") };
    assert_eq!(Error::Threshold(report).kind(), ErrorKind::Threshold);
    assert!(bytes < 9 << 20, "{bytes}");

    // Known before any byte is read.
    let (result, bytes) = run(&["good.sig", "good.sig"], Threshold::All);
    let error = refused(result);
    assert_eq!((error.kind(), bytes), (ErrorKind::Threshold, 0));
    let Error::Threshold(report) = error else { panic!("another error") };
    assert!(matches!(error_of(&report.bundles()[0]), Error::Cancelled));
    assert!(report.bundles()[0].to_string().ends_with("not looked at to the end"));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        (&json["verdict"], &json["bundles"][0]["verdict"]),
        (&"rejected".into(), &"interrupted".into())
    );
}

#[test]
fn who_cancels_gets_no_verdict() {
    let team = team();
    for fail_fast in [false, true] {
        let cancel = CancelToken::new();
        cancel.cancel();
        let engine = Engine::new(2).unwrap().with_cancel(cancel);
        let verifier = team.verifier(Policy::strict().fail_fast(fail_fast)).with_engine(engine);
        let paths = team.paths(&["a.sig", "b.sig"]);
        let error = refused(verifier.verify_several(&team.case.model(), &paths, Threshold::Any));
        assert!(matches!(error, Error::Cancelled), "{error:?}");
    }
}

#[test]
fn a_single_file_is_cosigned_under_either_name() {
    let case = Case::new(&[("weights.bin", b"weights")]);
    let team = Team { case, ..Team::new(&[]) };
    let model = team.case.file("weights.bin");
    let sign = |key: usize, name: &str, signer: ModelSigner| {
        signer.sign(&model, &team.case.path(name), &team.keys[key]).unwrap()
    };
    sign(0, "name.sig", ModelSigner::new());
    sign(1, "dot.sig", ModelSigner::new().single_file_dot(true));
    let paths = team.paths(&["name.sig", "dot.sig"]);
    let verifier = team.verifier(Policy::strict());
    let cosigned = verifier.verify_several(&model, &paths, Threshold::All).unwrap();
    assert_eq!(cosigned.names().collect::<Vec<_>>(), ["weights.bin"]);
    assert_eq!(cosigned.read("weights.bin").unwrap(), b"weights");
    assert!(matches!(cosigned.read("."), Err(Error::Unsigned { .. })));
    team.case.write("weights.bin", b"wEights");
    assert!(matches!(cosigned.read("weights.bin"), Err(Error::DigestMismatch { .. })));
}
