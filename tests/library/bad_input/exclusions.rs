//! What is left out: by the signer, by the caller, by the four git defaults, as the bundle. No list is a door.

use std::fs;

use modelsig::{
    Error, ErrorKind, GIT_DEFAULTS, ModelPath, ModelSigner, PathFault, Policy, SkipReason, StatementFault,
    UnsignedFiles, VerifiedModel, danger,
};
use modelsig_tests::{
    Case, assert_outcome, ignoring, make_fifo, only_problem, problems, refused, resource, statement,
};
use serde_json::json;

use super::statement_fault;

/// A model of `a.bin` whose signer recorded these paths to ignore.
fn recorded(paths: &[&str]) -> Case {
    let case = Case::new(&[("a.bin", b"a")]);
    record(&case, paths);
    case
}

fn record(case: &Case, paths: &[&str]) {
    let mut statement = statement(vec![resource("a.bin", b"a")]);
    statement["predicate"]["serialization"]["ignore_paths"] = json!(paths);
    case.write_statement(&statement);
}

fn skipped(model: &VerifiedModel) -> Vec<(&str, SkipReason)> {
    model.report().skipped().iter().map(|one| (one.path.as_str(), one.reason)).collect()
}

#[test]
fn recorded_paths_that_would_swallow_the_model_or_lead_out_of_it() {
    for (path, expected) in [
        ("", PathFault::Empty),
        (".", PathFault::Dot),
        ("./", PathFault::Dot),
        ("./extra", PathFault::Dot),
        ("sub/.", PathFault::Dot),
        ("..", PathFault::DotDot),
        ("../model", PathFault::DotDot),
        ("a/../b", PathFault::DotDot),
        ("a/..", PathFault::DotDot),
    ] {
        for paths in [vec![path], vec!["harmless", path]] {
            match statement_fault(&recorded(&paths)) {
                StatementFault::IgnorePath { path: found, fault } => {
                    assert_eq!((found.as_str(), fault), (path, expected));
                }
                other => panic!("{other:?}: {path:?}"),
            }
        }
    }
    for path in ["/..", "/tmp/../tmp", ".//", "a//..", "a/\n/.."] {
        let fault = statement_fault(&recorded(&[path]));
        assert!(matches!(fault, StatementFault::IgnorePath { .. }), "{path:?}: {fault:?}");
    }
}

#[test]
fn recorded_absolute_paths() {
    let case = Case::new(&[("a.bin", b"a"), ("extra/evil.py", b"import os")]);
    let root = fs::canonicalize(case.model()).unwrap();
    for inside in ["", "/", "/a.bin", "/extra", "/not there"] {
        let path = format!("{}{inside}", root.display());
        record(&case, &[&path]);
        assert_eq!(statement_fault(&case), StatementFault::IgnorePathInside { path });
    }
    // Old builds of the Go tool recorded such paths. They match nothing, not even when they lie above the model.
    for outside in ["/", "//.", "/home/somebody/model/extra", root.parent().unwrap().to_str().unwrap()] {
        record(&case, &[outside]);
        let error = refused(case.verify(Policy::strict()));
        assert!(
            matches!(only_problem(&error), Error::Unsigned { path } if path == "extra/evil.py"),
            "{error:?}"
        );
    }
}

/// Patterns, and spellings that are not canonical, match nothing.
#[test]
fn recorded_paths_that_match_nothing_leave_nothing_out() {
    for path in ["*", "*.py", "evil.p?", "[e]vil.py", "evil.py/", "sub//", "EVIL.PY", "evil", "not/there"] {
        let case = recorded(&[path]);
        assert_eq!(skipped(&case.verified()), [], "{path}");
        case.write("evil.py", b"import os");
        let error = refused(case.verify(Policy::strict()));
        assert!(matches!(only_problem(&error), Error::Unsigned { path } if path == "evil.py"), "{error:?}");
    }
}

#[test]
fn what_is_signed_cannot_be_ignored_by_the_signer() {
    let case = Case::new(&[("sub/deep/a.bin", b"a")]);
    for ignored in ["sub/deep/a.bin", "sub/deep", "sub"] {
        let mut statement = statement(vec![resource("sub/deep/a.bin", b"a")]);
        statement["predicate"]["serialization"]["ignore_paths"] = json!(["other", ignored]);
        case.write_statement(&statement);
        let expected =
            StatementFault::ListedAndIgnored { name: "sub/deep/a.bin".into(), ignored: ignored.into() };
        assert_eq!(statement_fault(&case), expected);
    }
}

#[test]
fn what_the_signer_left_out_is_listed_or_refused() {
    let case = Case::new(&[("a.bin", b"a"), ("notes/b/c.txt", b"c"), ("notes/a.txt", b"a"), ("extra", b"e")]);
    let path = |path| ModelPath::parse(path).unwrap();
    case.sign_with(&ModelSigner::new().ignore_path(path("notes")).ignore_path(path("extra")));
    let expected = ["extra", "notes/a.txt", "notes/b/c.txt"].map(|path| (path, SkipReason::Signer));
    assert_eq!(skipped(&case.verified()), expected);
    let error = refused(case.verify(Policy::strict().refuse_bundle_ignores(true)));
    let found: Vec<_> = problems(&error).iter().map(|one| (one.path().unwrap(), one.kind())).collect();
    assert_eq!(found, expected.map(|(path, _)| (path, ErrorKind::Unsigned)));
    // The caller may still leave out what the caller knows of.
    let policy = ignoring(Policy::strict().refuse_bundle_ignores(true), &["notes", "extra"]);
    let model = case.verify(policy).unwrap();
    assert_eq!(skipped(&model), expected.map(|(path, _)| (path, SkipReason::Caller)));
}

/// The recorded name of an older bundle would be a place for anything, if a bundle did not have to stand there.
#[test]
fn a_recorded_signature_must_be_one() {
    let case = recorded(&["old.sig", "sub/old.sig"]);
    let bundle = fs::read(case.bundle()).unwrap();
    for place in ["old.sig", "sub/old.sig"] {
        case.write(place, &bundle);
        assert_eq!(skipped(&case.verified()), [(place, SkipReason::Signer)]);
        for not_a_bundle in [b"import os".as_slice(), b"", &bundle[1..], b"{}", b"[]"] {
            case.write(place, not_a_bundle);
            let error = refused(case.verify(Policy::strict()));
            assert!(matches!(only_problem(&error), Error::Unsigned { .. }), "{error:?}");
            assert_outcome(only_problem(&error), ErrorKind::Unsigned, place);
        }
        fs::remove_file(case.file(place)).unwrap();
    }
    case.write("old.sig/evil.py", b"import os");
    let error = refused(case.verify(Policy::strict()));
    assert!(
        matches!(only_problem(&error), Error::Unsigned { path } if path == "old.sig/evil.py"),
        "{error:?}"
    );
}

#[test]
fn a_recorded_signature_that_is_no_regular_file() {
    let case = recorded(&["old.sig"]);
    std::os::unix::fs::symlink(case.bundle(), case.file("old.sig")).unwrap();
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::Symlink { path } if path == "old.sig"), "{error:?}");
    fs::remove_file(case.file("old.sig")).unwrap();
    make_fifo(&case.file("old.sig"));
    let error = modelsig_tests::within(std::time::Duration::from_secs(30), move || {
        refused(case.verify(Policy::strict()))
    });
    assert!(matches!(only_problem(&error), Error::SpecialFile { what: "FIFO", .. }), "{error:?}");
}

/// The bundle of this run is left out wherever it lies, and whatever the signer recorded of it.
#[test]
fn the_bundle_of_this_run_inside_the_model() {
    let case = recorded(&[]);
    let inside = case.file("any.name");
    fs::rename(case.bundle(), &inside).unwrap();
    for policy in [Policy::strict(), Policy::strict().refuse_bundle_ignores(true).strict_git(true)] {
        let model = case.verifier(policy).verify(&case.model(), &inside).unwrap();
        assert_eq!(skipped(&model), [("any.name", SkipReason::Signature)]);
    }
    // Renamed, it is an extra file.
    fs::copy(&inside, case.bundle()).unwrap();
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::Unsigned { path } if path == "any.name"), "{error:?}");
}

#[test]
fn the_caller_cannot_ignore_what_is_signed() {
    let case = Case::new(&[("a.bin", b"a"), ("sub/deep/b.bin", b"b")]);
    case.sign();
    case.flip("sub/deep/b.bin", 0);
    for ignored in ["a.bin", "sub", "sub/deep", "sub/deep/b.bin", "a.bin/below"] {
        let policy = ignoring(Policy::strict(), &["harmless", ignored]);
        let error = refused(case.verify(policy));
        assert!(matches!(error, Error::IgnoredButSigned { .. }), "{error:?}");
        assert_outcome(&error, ErrorKind::Policy, ignored);
    }
}

#[test]
fn the_caller_can_ignore_other_paths_and_the_report_says_so() {
    let case = Case::new(&[("a.bin", b"a"), ("sub/b.bin", b"b")]);
    case.sign();
    case.write("sub/notes/n.txt", b"n");
    case.write("mine", b"m");
    let policy = ignoring(Policy::strict(), &["mine", "sub/notes", "not there"]);
    let model = case.verify(policy).unwrap();
    assert_eq!(skipped(&model), [("mine", SkipReason::Caller), ("sub/notes/n.txt", SkipReason::Caller)]);
    assert_eq!(model.report().weakened_by().len(), 1);
}

const GIT: [&str; 4] =
    [".git/hooks/post-checkout", ".gitattributes", ".github/workflows/w.yml", ".gitignore"];

#[test]
fn git_defaults_are_skipped_and_listed() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    GIT.iter().for_each(|path| case.write(path, b"x"));
    assert_eq!(skipped(&case.verified()), GIT.map(|path| (path, SkipReason::GitDefault)));
    // Only at the top of the model.
    for nested in GIT_DEFAULTS {
        let nested = format!("sub/{nested}");
        case.write(&nested, b"x");
        let error = refused(case.verify(Policy::strict()));
        assert!(matches!(only_problem(&error), Error::Unsigned { path } if *path == nested), "{error:?}");
        fs::remove_file(case.file(&nested)).unwrap();
    }
}

/// `strict_git` holds against the signer's list too, where every signer records the four.
#[test]
fn strict_git_treats_them_like_any_file() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    let recorded = case.read_statement()["predicate"]["serialization"]["ignore_paths"].clone();
    assert_eq!(recorded, json!(GIT_DEFAULTS));
    assert!(case.verify(Policy::strict().strict_git(true)).is_ok());
    GIT.iter().for_each(|path| case.write(path, b"x"));
    let error = refused(case.verify(Policy::strict().strict_git(true)));
    let found: Vec<_> = problems(&error).iter().map(|one| (one.path().unwrap(), one.kind())).collect();
    assert_eq!(found, GIT.map(|path| (path, ErrorKind::Unsigned)));

    // What else the signer left out stays so.
    let case = Case::new(&[("a.bin", b"a"), ("cache/x", b"x")]);
    case.sign_with(&ModelSigner::new().ignore_path(ModelPath::parse("cache").unwrap()));
    let model = case.verify(Policy::strict().strict_git(true)).unwrap();
    assert_eq!(skipped(&model), [("cache/x", SkipReason::Signer)]);
}

/// Who signs them wants them checked.
#[test]
fn git_paths_that_are_signed_are_checked() {
    let case = Case::new(&[("a.bin", b"a"), (".gitattributes", b"* -text"), (".github/w.yml", b"w")]);
    case.sign_with(&ModelSigner::new().ignore_git_paths(false));
    assert_eq!(case.verified().names().collect::<Vec<_>>(), [".gitattributes", ".github/w.yml", "a.bin"]);
    case.flip(".gitattributes", 0);
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::DigestMismatch { .. }), "{error:?}");
    case.flip(".gitattributes", 0);
    case.write(".github/evil.yml", b"x");
    let error = refused(case.verify(Policy::strict()));
    assert!(
        matches!(only_problem(&error), Error::Unsigned { path } if path == ".github/evil.yml"),
        "{error:?}"
    );
}

#[test]
fn unsigned_files_that_are_ignored_are_listed_and_cannot_be_read() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    case.write("evil.py", b"import os");
    let policy = danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
    let model = case.verify(policy.clone()).unwrap();
    assert_eq!(skipped(&model), [("evil.py", SkipReason::Unsigned)]);
    assert_eq!(model.report().weakened_by().len(), 1);
    assert!(matches!(refused(model.read("evil.py")), Error::Unsigned { .. }));
    // Signed files are checked as ever.
    case.flip("a.bin", 0);
    assert!(matches!(only_problem(&refused(case.verify(policy))), Error::DigestMismatch { .. }));
}

/// What signing leaves out it lists, and does not have to understand.
#[test]
fn what_is_ignored_may_be_anything() {
    use std::os::unix::ffi::OsStrExt;
    let case = Case::new(&[("a.bin", b"a"), ("cache/x\ny", b"x")]);
    make_fifo(&case.file("cache/fifo"));
    std::os::unix::fs::symlink("/", case.file("cache/link")).unwrap();
    let not_utf8 = case.file("cache").join(std::ffi::OsStr::from_bytes(b"\xff"));
    let mut expected = vec!["cache/fifo", "cache/link", "cache/x\ny"];
    if fs::write(not_utf8, b"x").is_ok() {
        expected.push("cache/\u{fffd}");
    }
    let report = case.sign_with(&ModelSigner::new().ignore_path(ModelPath::parse("cache").unwrap()));
    let paths: Vec<_> = report.skipped.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, expected);
    assert_eq!(case.verified().report().skipped().len(), expected.len());
}
