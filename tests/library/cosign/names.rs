//! The names: each bundle has its own list, its own exclusions, and its own view of the folder.

use std::fs;
use std::os::unix::fs::symlink;

use modelsig::{
    Error, ErrorKind, Method, ModelPath, ModelSigner, Policy, Signer, SkipReason, Threshold, UnsignedFiles,
    Verifier, danger,
};
use modelsig_tests::{make_fifo, only_problem, problems, refused};

use super::{Team, at_least, error_of};

#[test]
fn a_file_that_one_signer_did_not_sign_is_unsigned_for_him() {
    let team = Team::new(&[("a.bin", b"a")]);
    team.sign(0, "before.sig");
    team.case.write("later.py", b"import os");
    team.sign(1, "after.sig");
    let bundles = ["before.sig", "after.sig"];
    let report = team.too_few(&bundles, Threshold::All);
    let problem = only_problem(error_of(&report.bundles()[0]));
    assert!(matches!(problem, Error::Unsigned { path } if path == "later.py"), "{problem:?}");
    assert!(report.bundles()[1].is_counted());

    // Who accepts unsigned files gets those only that everybody signed, and does not get two signers for one.
    let ignoring = danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
    let Error::Threshold(report) = refused(team.verify_by(ignoring.clone(), &bundles, Threshold::All)) else {
        panic!("another error")
    };
    assert_eq!((report.signers(), report.partly_signed()), (1, ["later.py".to_owned()].as_slice()));
    assert!(report.bundles().iter().all(|bundle| bundle.is_counted()));
    let model = team.verify_by(ignoring, &bundles, Threshold::Any).unwrap();
    assert_eq!(model.names().collect::<Vec<_>>(), ["a.bin"]);
    assert_eq!(model.read("a.bin").unwrap(), b"a");
    assert!(matches!(model.read("later.py"), Err(Error::Unsigned { .. })));
    assert_eq!(model.report().partly_signed(), ["later.py"]);
    assert!(model.report().verdict_line().contains(": 1 file, 1 bytes, signed by 1 of 2"));
}

/// Bundles of several models in one folder, each ignoring the files of the others: no file has more signers for that.
#[test]
fn bundles_of_different_models_do_not_add_up() {
    let team = Team::new(&[("NOTICE", b"shared"), ("other.bin", b"signed by the auditor")]);
    team.sign(1, "of-another-model.sig");
    fs::remove_file(team.case.file("other.bin")).unwrap();
    team.case.write("weights.bin", b"signed by one alone");
    team.sign(0, "evil.sig");
    team.case.write("other.bin", b"signed by the auditor");
    let ignoring = danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
    let verify = |bundles: &[&str], number| team.verify_by(ignoring.clone(), bundles, at_least(number));
    let bundles = ["evil.sig", "of-another-model.sig"];
    let Error::Threshold(report) = refused(verify(&bundles, 2)) else { panic!("another error") };
    assert_eq!(report.signers(), 1);
    assert!(verify(&bundles, 1).is_ok());

    // Two who did sign it are enough, whatever a third one ignores.
    fs::remove_file(team.case.file("other.bin")).unwrap();
    team.sign(2, "second.sig");
    let bundles = ["evil.sig", "of-another-model.sig", "second.sig"];
    team.case.write("other.bin", b"signed by the auditor");
    let Error::Threshold(report) = refused(verify(&bundles, 2)) else { panic!("another error") };
    assert_eq!((report.signers(), report.partly_signed().len()), (1, 2), "other.bin has one signer");
    let bundles = ["evil.sig", "second.sig"];
    assert_eq!(verify(&bundles, 2).unwrap().report().signers(), 2, "other.bin has none and is ignored");
}

/// Two signers of nothing in common are no two signers of anything.
#[test]
fn bundles_without_a_file_in_common_do_not_add_up() {
    // Also where all files are empty, on which it does not depend otherwise who signed them.
    for files in [[("a/a.bin", &b"a"[..]), ("b/b.bin", b"b")], [("a/a.bin", b""), ("b/b.bin", b"")]] {
        let team = Team::new(&files);
        for (key, other) in [(0, "b"), (1, "a")] {
            let signer = ModelSigner::new().ignore_path(ModelPath::parse(other).unwrap());
            team.sign_with(key, ["a.sig", "b.sig"][key], &signer);
        }
        assert_eq!(team.too_few(&["a.sig", "b.sig"], Threshold::All).signers(), 1);
        assert!(team.verify(&["a.sig", "b.sig"], Threshold::Any).is_ok());
    }
}

/// Shards cannot list them; who signs shards and who signs files are two signers all the same.
#[test]
fn an_empty_file_takes_no_signer_away() {
    let team = Team::new(&[("a.bin", b"a"), ("empty", b"")]);
    let shards = ModelSigner::new().method(Method::Shards { shard_size: 9 }).allow_unsigned_empty(true);
    team.sign_with(0, "shards.sig", &shards);
    team.sign(1, "files.sig");
    let policy = danger::allow_unsigned_empty(Policy::strict(), true);
    let model = team.verify_by(policy, &["shards.sig", "files.sig"], at_least(2)).unwrap();
    assert_eq!((model.report().signers(), model.report().partly_signed()), (2, &["empty".to_owned()][..]));
}

#[test]
fn a_signed_file_that_is_gone_is_missing_for_who_signed_it() {
    let team = Team::new(&[("a.bin", b"a"), ("b.bin", b"b")]);
    team.sign(0, "before.sig");
    fs::remove_file(team.case.file("b.bin")).unwrap();
    team.sign(1, "after.sig");
    let report = team.too_few(&["before.sig", "after.sig"], Threshold::All);
    let problem = only_problem(error_of(&report.bundles()[0]));
    assert!(matches!(problem, Error::Missing { path } if path == "b.bin"), "{problem:?}");
    assert!(report.bundles()[1].is_counted());
}

/// A path that one signer left out is no hole for the others: there it is a file like any other.
#[test]
fn what_one_signer_left_out_is_looked_at_for_the_others() {
    let team = Team::new(&[("a.bin", b"a")]);
    let leaving_out = ModelSigner::new().ignore_path(ModelPath::parse("cache").unwrap());
    team.sign_with(0, "loose.sig", &leaving_out);
    team.sign(1, "tight.sig");
    team.case.write("cache/evil.py", b"import os");
    let report = team.too_few(&["loose.sig", "tight.sig"], Threshold::All);
    assert!(report.bundles()[0].is_counted());
    let problem = only_problem(error_of(&report.bundles()[1]));
    assert!(matches!(problem, Error::Unsigned { path } if path == "cache/evil.py"), "{problem:?}");

    // Left out by the one, signed by the other: both hold, but two signers it has not, and it is not handed out.
    team.sign(1, "tight.sig");
    let report = team.too_few(&["loose.sig", "tight.sig"], Threshold::All);
    assert_eq!((report.signers(), report.partly_signed()), (1, ["cache/evil.py".to_owned()].as_slice()));
    assert!(report.bundles().iter().all(|bundle| bundle.is_counted()));
    let model = team.verify(&["loose.sig", "tight.sig"], Threshold::Any).unwrap();
    assert_eq!(model.report().partly_signed(), ["cache/evil.py"]);
    assert!(matches!(model.read("cache/evil.py"), Err(Error::Unsigned { .. })));
}

/// Files of git are left out unasked, which makes no signer of who left them out.
#[test]
fn files_of_git_need_as_many_signers_as_others() {
    let team = Team::new(&[("a.bin", b"a"), (".github/tool.py", b"tool")]);
    team.sign_with(0, "a.sig", &ModelSigner::new().ignore_git_paths(false));
    team.sign(1, "b.sig");
    let report = team.too_few(&["a.sig", "b.sig"], Threshold::All);
    assert_eq!(
        (report.signers(), report.bundles().iter().filter(|bundle| bundle.outcome.is_ok()).count()),
        (1, 2)
    );
    team.verify(&["a.sig", "b.sig"], at_least(1)).unwrap();
    // Where nobody lists them they are nobody's matter.
    team.sign(0, "a.sig");
    team.verify(&["a.sig", "b.sig"], Threshold::All).unwrap();
}

#[test]
fn bundles_inside_the_model_are_no_unsigned_files_to_each_other() {
    let team = Team::new(&[("a.bin", b"a")]);
    let inside = ["model/org.sig", "model/sub/other.sig", "model/third.bundle"];
    // Each is signed as if it were the only one.
    ["0", "1", "2"].into_iter().enumerate().for_each(|(key, spare)| team.sign(key, spare));
    fs::create_dir(team.case.file("sub")).unwrap();
    for (spare, bundle) in ["0", "1", "2"].into_iter().zip(inside) {
        fs::rename(team.case.path(spare), team.case.path(bundle)).unwrap();
    }
    let model = team.verify(&inside, Threshold::All).unwrap();
    for bundle in model.report().bundles() {
        let skipped = bundle.outcome.as_ref().unwrap().skipped();
        let skipped: Vec<_> = skipped.iter().map(|one| (one.path.as_str(), one.reason)).collect();
        let reason = SkipReason::Signature;
        assert_eq!(skipped, [("org.sig", reason), ("sub/other.sig", reason), ("third.bundle", reason)]);
    }
    assert!(matches!(model.read("org.sig"), Err(Error::Unsigned { .. })));

    // One that is not passed is an unsigned file to all.
    let report = team.too_few(&inside[..2], Threshold::Any);
    for bundle in report.bundles() {
        let problem = only_problem(error_of(bundle));
        assert!(matches!(problem, Error::Unsigned { path } if path == "third.bundle"), "{problem:?}");
    }

    // One that is passed and fails is still no file of the model.
    fs::write(team.case.path("model/third.bundle"), b"garbage").unwrap();
    let model = team.verify(&inside, at_least(2)).unwrap();
    assert_eq!(error_of(&model.report().bundles()[2]).kind(), ErrorKind::Malformed);
    assert!(matches!(model.read("third.bundle"), Err(Error::Unsigned { .. })));
}

/// It may be in the model, where it would be an unsigned file.
#[test]
fn the_place_of_every_bundle_must_be_known() {
    let team = Team::new(&[("a.bin", b"a")]);
    team.sign(0, "a.sig");
    symlink("loop", team.case.path("loop")).unwrap();
    let report = team.too_few(&["a.sig", "loop/b.sig"], Threshold::Any);
    assert!(report.bundles().iter().all(|bundle| matches!(error_of(bundle), Error::Io { .. })), "{report:?}");
}

/// The place of a bundle holds one file, not a folder of files that nobody looks at, and no link or pipe.
#[test]
fn the_place_of_a_bundle_is_no_hole() {
    let team = Team::new(&[("a.bin", b"a")]);
    team.sign(0, "good.sig");
    let bundles = ["good.sig", "model/slot.sig"];
    let slot = team.case.file("slot.sig");
    assert!(team.verify(&bundles, Threshold::Any).is_ok(), "there is nothing in it");

    team.case.write("slot.sig/__init__.py", b"import os");
    let report = team.too_few(&bundles, Threshold::Any);
    let problem = only_problem(error_of(&report.bundles()[0]));
    assert!(matches!(problem, Error::Unsigned { path } if path == "slot.sig/__init__.py"), "{problem:?}");
    fs::remove_dir_all(&slot).unwrap();

    symlink("a.bin", &slot).unwrap();
    let report = team.too_few(&bundles, Threshold::Any);
    assert!(matches!(only_problem(error_of(&report.bundles()[0])), Error::Symlink { .. }));
    fs::remove_file(&slot).unwrap();

    make_fifo(&slot);
    let report = team.too_few(&bundles, Threshold::Any);
    assert!(matches!(only_problem(error_of(&report.bundles()[0])), Error::SpecialFile { .. }));
}

/// Who signs last finds the first bundle in the folder and signs it with the rest.
#[test]
fn a_bundle_that_another_lists_is_checked_like_any_file() {
    let team = Team::new(&[("a.bin", b"a")]);
    team.sign(0, "model/first.sig");
    team.sign(1, "model/second.sig");
    let bundles = ["model/first.sig", "model/second.sig"];
    let model = team.verify(&bundles, Threshold::All).unwrap();
    assert_eq!(model.names().collect::<Vec<_>>(), ["a.bin"]);
    assert_eq!(model.report().partly_signed(), ["first.sig"]);

    // As good for its own purposes, but not what the second signer signed.
    team.sign_with(
        0,
        "model/first.sig",
        &ModelSigner::new().chunks(None).ignore_path(ModelPath::parse("second.sig").unwrap()),
    );
    let report = team.too_few(&bundles, Threshold::All);
    assert!(report.bundles()[0].is_counted(), "{}", report.bundles()[0]);
    let error = error_of(&report.bundles()[1]);
    let names: Vec<_> = problems(error).into_iter().filter_map(Error::path).collect();
    assert_eq!(names, ["first.sig"], "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Mismatch);
}

/// Links count only for a bundle that says so itself.
#[test]
fn links_are_followed_for_who_signed_them_only() {
    let team = Team::new(&[("a.bin", b"a")]);
    symlink("a.bin", team.case.file("link.bin")).unwrap();
    team.sign_with(0, "follows.sig", &ModelSigner::new().allow_symlinks(true));
    fs::remove_file(team.case.file("link.bin")).unwrap();
    team.case.write("link.bin", b"a");
    team.sign(1, "plain.sig");
    let bundles = ["follows.sig", "plain.sig"];
    let policy = danger::allow_symlinks(Policy::strict(), true);
    assert!(team.verify_by(policy.clone(), &bundles, Threshold::All).is_ok());
    fs::remove_file(team.case.file("link.bin")).unwrap();
    symlink("a.bin", team.case.file("link.bin")).unwrap();
    let model = team.verify_by(policy, &bundles, Threshold::Any).unwrap();
    assert!(model.report().bundles()[0].is_counted());
    assert!(matches!(only_problem(error_of(&model.report().bundles()[1])), Error::Symlink { .. }));
}

/// Each bundle is judged by all the trust that the caller gave, and by no more.
#[test]
fn a_key_that_is_not_trusted_is_not_counted() {
    let team = Team::new(&[("a.bin", b"a")]);
    team.sign(0, "a.sig");
    team.sign(1, "b.sig");
    let verifier = Verifier::new(team.keys[0].public_key().clone());
    let paths = team.paths(&["a.sig", "b.sig"]);
    let model = verifier.verify_several(&team.case.model(), &paths, Threshold::Any).unwrap();
    assert!(matches!(error_of(&model.report().bundles()[1]), Error::HintMismatch { .. }));
    assert!(verifier.verify_several(&team.case.model(), &paths, Threshold::All).is_err());
}
