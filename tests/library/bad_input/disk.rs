//! The model on disk: what is missing, cannot be read, is no regular file, or has a name that cannot be signed.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use modelsig::{
    Error, ErrorKind, ModelPath, ModelSigner, PathFault, Policy, SkipReason, UnsignedFiles, danger,
};
use modelsig_tests::{
    Case, as_ordinary_user, assert_outcome, make_fifo, only_problem, problems, refused, within,
};

#[test]
fn a_model_that_is_not_there() {
    let case = Case::new(&[("weights.bin", b"w")]);
    case.sign();
    fs::rename(case.model(), case.path("moved")).unwrap();
    let signed = case.sign_refused(&ModelSigner::new());
    let verified = refused(case.verify(Policy::strict()));
    let opened = refused(case.verifier(Policy::strict()).open(&case.model(), &case.bundle()));
    for error in [signed, verified, opened] {
        assert!(matches!(error, Error::ModelNotFound { .. }), "{error:?}");
        assert_outcome(&error, ErrorKind::NotFound, case.model().to_str().unwrap());
    }
}

#[test]
fn a_model_without_a_file_is_not_signed() {
    let empty = Case::new(&[]);
    fs::create_dir_all(empty.file("folder/in folder")).unwrap();
    let all_ignored = Case::new(&[("notes/a.txt", b"a"), (".gitignore", b"*"), (".git/config", b"c")]);
    let ignoring = ModelSigner::new().ignore_path(ModelPath::parse("notes").unwrap());
    for (case, signer) in [(&empty, ModelSigner::new()), (&all_ignored, ignoring)] {
        let error = case.sign_refused(&signer);
        assert!(matches!(error, Error::EmptyModel { .. }), "{error:?}");
        assert_outcome(&error, ErrorKind::Unsignable, case.model().to_str().unwrap());
    }
}

#[test]
fn a_file_that_cannot_be_opened() {
    as_ordinary_user("bad_input::disk::a_file_that_cannot_be_opened", || {
        let case = Case::new(&[("a.bin", b"a"), ("locked.bin", b"b")]);
        case.sign();
        fs::set_permissions(case.file("locked.bin"), fs::Permissions::from_mode(0o000)).unwrap();
        let signed = case.sign_refused(&ModelSigner::new());
        let verified = refused(case.verify(Policy::strict()));
        let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
        let read = refused(model.read("locked.bin"));
        for error in [&signed, only_problem(&verified), &read] {
            assert!(matches!(error, Error::Io { operation: "open", .. }), "{error:?}");
            assert_outcome(error, ErrorKind::Io, "locked.bin");
        }
        assert_eq!(model.read("a.bin").unwrap(), b"a", "the other file is not concerned");
    });
}

#[test]
fn a_folder_that_cannot_be_listed_is_never_passed_over() {
    as_ordinary_user("bad_input::disk::a_folder_that_cannot_be_listed_is_never_passed_over", || {
        let case = Case::new(&[("a.bin", b"a")]);
        case.sign();
        // 0111: what lies inside can be opened by its name, but not found by listing.
        for mode in [0, 0o111, 0o333] {
            case.write("sub/evil.py", b"import os");
            fs::set_permissions(case.file("sub"), fs::Permissions::from_mode(mode)).unwrap();
            let signed = case.sign_refused(&ModelSigner::new());
            let verified = refused(case.verify(Policy::strict()));
            let lenient = danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
            let ignoring = refused(case.verify(lenient));
            fs::set_permissions(case.file("sub"), fs::Permissions::from_mode(0o755)).unwrap();
            for error in [&signed, only_problem(&verified), only_problem(&ignoring)] {
                assert!(matches!(error, Error::Io { operation: "list folder", .. }), "{mode:o} {error:?}");
                assert_outcome(error, ErrorKind::Io, "sub");
            }
        }
    });
}

#[test]
fn signed_files_in_a_folder_that_cannot_be_listed_are_not_known_to_be_missing() {
    as_ordinary_user(
        "bad_input::disk::signed_files_in_a_folder_that_cannot_be_listed_are_not_known_to_be_missing",
        || {
            let case = Case::new(&[("sub/a.bin", b"a")]);
            case.sign();
            fs::set_permissions(case.file("sub"), fs::Permissions::from_mode(0o000)).unwrap();
            let error = refused(case.verify(Policy::strict()));
            fs::set_permissions(case.file("sub"), fs::Permissions::from_mode(0o755)).unwrap();
            // No verdict: nobody could look.
            assert_eq!(error.kind(), ErrorKind::Io, "{:?}", problems(&error));
        },
    );
}

#[test]
fn signed_files_in_a_model_that_cannot_be_listed_are_not_known_to_be_missing() {
    as_ordinary_user(
        "bad_input::disk::signed_files_in_a_model_that_cannot_be_listed_are_not_known_to_be_missing",
        || {
            let case = Case::new(&[("a.bin", b"a"), ("sub/b.bin", b"b")]);
            case.sign();
            // It can be opened, and nothing can be looked up in it.
            fs::set_permissions(case.model(), fs::Permissions::from_mode(0o444)).unwrap();
            let verified = refused(case.verify(Policy::strict()));
            let lenient = danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
            let ignoring = refused(case.verify(lenient));
            fs::set_permissions(case.model(), fs::Permissions::from_mode(0o755)).unwrap();
            for error in [verified, ignoring] {
                assert!(matches!(only_problem(&error), Error::Io { .. }), "{:?}", problems(&error));
                assert_outcome(only_problem(&error), ErrorKind::Io, ".");
            }
        },
    );
}

/// The place of the signer's bundle is left out if a bundle stands there, which nobody can tell here.
#[test]
fn a_recorded_bundle_that_cannot_be_read_is_not_taken_for_an_unsigned_file() {
    as_ordinary_user(
        "bad_input::disk::a_recorded_bundle_that_cannot_be_read_is_not_taken_for_an_unsigned_file",
        || {
            let case = Case::new(&[("a.bin", b"a")]);
            let inside = case.file("model.sig");
            ModelSigner::new().sign(&case.model(), &inside, &case.key).unwrap();
            fs::copy(&inside, case.bundle()).unwrap();
            case.verified();
            fs::set_permissions(&inside, fs::Permissions::from_mode(0o000)).unwrap();
            let error = refused(case.verify(Policy::strict()));
            assert!(matches!(only_problem(&error), Error::Io { operation: "open", .. }), "{error:?}");
            assert_outcome(only_problem(&error), ErrorKind::Io, "model.sig");
        },
    );
}

/// False if this user cannot make such a file.
type Make = fn(&Path) -> bool;

/// Special files: the word for each, and how it is made.
const SPECIAL: [(&str, Make); 3] = [
    ("FIFO", |path| {
        make_fifo(path);
        true
    }),
    ("socket", |path| {
        drop(UnixListener::bind(path).unwrap());
        true
    }),
    // Only root may, and not in every container.
    ("character device", |path| {
        let made = Command::new("mknod").arg(path).args(["c", "1", "5"]).output();
        made.is_ok_and(|output| output.status.success())
    }),
];

#[test]
fn special_files_in_the_model_are_refused_without_being_opened() {
    for (what, make) in SPECIAL {
        let case = Case::new(&[("a.bin", b"a")]);
        case.sign();
        fs::create_dir(case.file("sub")).unwrap();
        if !make(&case.file("sub/odd")) {
            continue;
        }
        within(Duration::from_secs(30), move || {
            let signed = case.sign_refused(&ModelSigner::new());
            let verified = refused(case.verify(Policy::strict()));
            let lenient = danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
            let ignoring = refused(case.verify(lenient));
            for error in [&signed, only_problem(&verified), only_problem(&ignoring)] {
                assert!(
                    matches!(error, Error::SpecialFile { what: found, .. } if *found == what),
                    "{error:?}"
                );
                assert_outcome(error, ErrorKind::ForbiddenFile, "sub/odd");
                assert!(error.to_string().contains(what));
            }
        });
    }
}

#[test]
fn a_special_file_in_place_of_a_signed_one() {
    for (what, make) in SPECIAL {
        let case = Case::new(&[("a.bin", b"a"), ("b.bin", b"b")]);
        case.sign();
        let opened = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
        fs::remove_file(case.file("a.bin")).unwrap();
        if !make(&case.file("a.bin")) {
            continue;
        }
        within(Duration::from_secs(30), move || {
            let error = refused(case.verify(Policy::strict()));
            assert!(matches!(only_problem(&error), Error::SpecialFile { path, .. } if path == "a.bin"));
            // Swapped in after the model was opened. A socket cannot be opened at all.
            let error = refused(opened.read("a.bin"));
            match what {
                "socket" => assert!(matches!(error, Error::Io { operation: "open", .. }), "{error:?}"),
                _ => assert!(
                    matches!(&error, Error::SpecialFile { what: found, .. } if *found == what),
                    "{error:?}"
                ),
            }
        });
    }
}

#[test]
fn a_special_file_as_the_model() {
    for (what, make) in SPECIAL {
        let case = Case::new(&[]);
        fs::remove_dir(case.model()).unwrap();
        if !make(&case.model()) {
            continue;
        }
        within(Duration::from_secs(30), move || {
            let signed = case.sign_refused(&ModelSigner::new());
            let verified = refused(case.verify(Policy::strict()));
            for error in [signed, verified] {
                assert!(matches!(error, Error::NotAFile { what: found, .. } if found == what), "{error:?}");
                assert_outcome(&error, ErrorKind::Io, case.model().to_str().unwrap());
            }
        });
    }
}

#[test]
fn a_name_that_is_not_utf8() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    let bad = case.model().join(OsStr::from_bytes(b"caf\xe9.bin"));
    // Some file systems refuse such a name themselves.
    if fs::write(bad, b"x").is_err() {
        return;
    }
    let error = case.sign_refused(&ModelSigner::new());
    assert!(matches!(error, Error::NameNotUtf8 { .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::Unsignable, "caf\u{fffd}.bin");
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::Unsigned { .. }), "{error:?}");
    assert_outcome(only_problem(&error), ErrorKind::Unsigned, "caf\u{fffd}.bin");
}

/// Who leaves unsigned files alone leaves those alone too that nobody could have signed, and is told.
#[test]
fn names_that_cannot_be_signed_are_unsigned_files_like_others() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    let names = [OsStr::new("two\nlines"), OsStr::from_bytes(b"caf\xe9.bin")];
    let written = names.into_iter().filter(|name| fs::write(case.model().join(name), b"x").is_ok()).count();
    let ignoring = danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
    let model = case.verify(ignoring).unwrap();
    let skipped = model.report().skipped();
    let unsigned = skipped.iter().filter(|skipped| skipped.reason == SkipReason::Unsigned);
    assert_eq!(unsigned.count(), written, "{skipped:?}");
    assert_eq!(model.names().collect::<Vec<_>>(), ["a.bin"]);
}

/// In a message both names look the same; the verdicts on the two files are told apart all the same.
#[test]
fn a_name_that_only_looks_like_a_signed_one() {
    let case = Case::new(&[("caf\u{fffd}.bin", b"signed")]);
    case.sign();
    if fs::write(case.model().join(OsStr::from_bytes(b"caf\xe9.bin")), b"x").is_err() {
        return;
    }
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::Unsigned { .. }), "{error:?}");
    let Error::Rejected(report) = &error else { panic!("{error:?}") };
    let sound = report.files().iter().filter(|file| file.checked.is_some() && file.problem.is_none());
    assert_eq!(sound.count(), 1, "{report:?}");
    case.flip("caf\u{fffd}.bin", 0);
    let error = refused(case.verify(Policy::strict()));
    let mut found: Vec<_> = problems(&error).iter().map(|problem| problem.kind()).collect();
    found.sort_unstable();
    assert_eq!(found, [ErrorKind::Mismatch, ErrorKind::Unsigned]);
}

#[test]
fn names_with_control_characters_are_refused_and_shown_escaped() {
    for bad in ["two\nlines", "esc\u{1b}[2Jape", "tab\there", "del\u{7f}", "c1\u{9b}31m", "return\rVERIFIED"]
    {
        let case = Case::new(&[("a.bin", b"a")]);
        case.sign();
        case.write(bad, b"x");
        let error = case.sign_refused(&ModelSigner::new());
        assert!(matches!(error, Error::BadName { fault: PathFault::Control, .. }), "{error:?}");
        assert_outcome(&error, ErrorKind::Unsignable, bad);
        let error = refused(case.verify(Policy::strict()));
        assert!(matches!(only_problem(&error), Error::Unsigned { path } if path == bad), "{error:?}");
        assert_outcome(only_problem(&error), ErrorKind::Unsigned, bad);
    }
}

#[test]
fn names_that_reorder_what_is_read_are_shown_escaped() {
    let name = "innocent\u{202e}nib.py";
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    case.write(name, b"x");
    let error = refused(case.verify(Policy::strict()));
    assert_outcome(only_problem(&error), ErrorKind::Unsigned, name);
    assert!(!only_problem(&error).to_string().contains('\u{202e}'));
}

#[test]
fn a_signed_name_stands_for_a_file_in_no_other_way() {
    // A folder where a file was signed, a link with the right target, other spellings of the name.
    let case = Case::new(&[("a.bin", b"a"), ("sub/b.bin", b"b")]);
    case.sign();
    fs::rename(case.file("a.bin"), case.path("a.bin")).unwrap();
    let changes: [(&str, &dyn Fn()); 4] = [
        ("a folder", &|| fs::create_dir(case.file("a.bin")).unwrap()),
        ("a link", &|| symlink(case.path("a.bin"), case.file("a.bin")).unwrap()),
        ("another case", &|| fs::write(case.file("A.bin"), b"a").unwrap()),
        ("another form", &|| fs::write(case.file("a.bin "), b"a").unwrap()),
    ];
    for (what, change) in changes {
        change();
        let error = refused(case.verify(Policy::strict()));
        let named = problems(&error).iter().any(|problem| problem.path() == Some("a.bin"));
        assert!(named, "{what}: {error:?}");
        for name in ["a.bin", "A.bin", "a.bin "] {
            let path = case.file(name);
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
        }
    }
    fs::rename(case.path("a.bin"), case.file("a.bin")).unwrap();
    case.verified();
}
