//! Symbolic links: refused unless signer and caller both allow them, and then only to files inside the model. Hard
//! links: told.

use std::fs;
use std::os::unix::fs::symlink;

use modelsig::{Error, ErrorKind, ModelSigner, Note, Policy, UnsignedFiles, danger};
use modelsig_tests::{Case, assert_outcome, make_fifo, only_problem, problems, refused, resource, statement};

fn following() -> Policy {
    danger::allow_symlinks(Policy::strict(), true)
}

/// A link to what: where it points, how its target is made, and what the error must be when links are followed.
struct Link {
    target: &'static str,
    make: fn(&Case),
    kind: ErrorKind,
    fits: fn(&Error) -> bool,
}

const BAD_LINKS: [Link; 9] = [
    Link {
        target: "odd",
        make: |_| {},
        kind: ErrorKind::ForbiddenFile,
        fits: |error| matches!(error, Error::SymlinkLoop { .. }),
    },
    Link {
        target: "sub/back",
        make: |case| {
            fs::create_dir(case.file("sub")).unwrap();
            symlink("../odd", case.file("sub/back")).unwrap();
        },
        kind: ErrorKind::ForbiddenFile,
        fits: |error| matches!(error, Error::SymlinkLoop { .. }),
    },
    Link {
        target: "../outside.bin",
        make: |case| fs::write(case.path("outside.bin"), b"x").unwrap(),
        kind: ErrorKind::ForbiddenFile,
        fits: |error| matches!(error, Error::SymlinkOutside { target, .. } if target.ends_with("outside.bin")),
    },
    Link {
        target: "/etc/passwd",
        make: |_| {},
        kind: ErrorKind::ForbiddenFile,
        fits: |error| matches!(error, Error::SymlinkOutside { target, .. } if target.ends_with("/etc/passwd")),
    },
    Link {
        // A folder beside the model whose name begins like the model's.
        target: "../model-2/x.bin",
        make: |case| {
            fs::create_dir(case.path("model-2")).unwrap();
            fs::write(case.path("model-2/x.bin"), b"x").unwrap();
        },
        kind: ErrorKind::ForbiddenFile,
        fits: |error| matches!(error, Error::SymlinkOutside { .. }),
    },
    Link {
        target: "sub",
        make: |case| fs::create_dir(case.file("sub")).unwrap(),
        kind: ErrorKind::ForbiddenFile,
        fits: |error| matches!(error, Error::SymlinkToFolder { .. }),
    },
    Link {
        target: "fifo",
        make: |case| make_fifo(&case.file("fifo")),
        kind: ErrorKind::ForbiddenFile,
        fits: |error| matches!(error, Error::SpecialFile { what: "FIFO", .. }),
    },
    Link {
        target: "nowhere",
        make: |_| {},
        kind: ErrorKind::ForbiddenFile,
        fits: |error| matches!(error, Error::SymlinkDangling { .. }),
    },
    Link {
        // Through a file.
        target: "a.bin/x",
        make: |_| {},
        kind: ErrorKind::ForbiddenFile,
        fits: |error| matches!(error, Error::SymlinkDangling { .. }),
    },
];

#[test]
fn links_are_refused_by_default_wherever_they_lead() {
    for link in BAD_LINKS {
        let case = Case::new(&[("a.bin", b"a")]);
        case.sign();
        (link.make)(&case);
        symlink(link.target, case.file("odd")).unwrap();
        let signed = case.sign_refused(&ModelSigner::new());
        let verified = refused(case.verify(Policy::strict()));
        let lenient = danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
        let ignoring = refused(case.verify(lenient));
        let odd = |error| problems(error).into_iter().find(|problem| problem.path() == Some("odd")).unwrap();
        for error in [odd(&verified), odd(&ignoring)] {
            assert!(matches!(error, Error::Symlink { .. }), "{}: {error:?}", link.target);
            assert_outcome(error, ErrorKind::ForbiddenFile, "odd");
        }
        // The signer stops at the first problem, which may be what stands beside the link.
        assert_outcome(&signed, ErrorKind::ForbiddenFile, signed.path().unwrap());
    }
}

#[test]
fn links_that_are_followed_must_end_at_a_file_inside_the_model() {
    for link in BAD_LINKS {
        let case = Case::new(&[("a.bin", b"a")]);
        let signer = ModelSigner::new().allow_symlinks(true);
        case.sign_with(&signer);
        (link.make)(&case);
        symlink(link.target, case.file("odd")).unwrap();
        let verified = refused(case.verify(following()));
        let found = problems(&verified).into_iter().find(|problem| problem.path() == Some("odd")).unwrap();
        assert!((link.fits)(found), "{}: {found:?}", link.target);
        assert_outcome(found, link.kind, "odd");
        let signed = case.sign_refused(&signer);
        assert!((link.fits)(&signed), "{}: {signed:?}", link.target);
        assert_outcome(&signed, link.kind, signed.path().unwrap());
    }
}

/// Both must allow links; what the signer recorded is the policy of the bundle, not permission by the caller.
#[test]
fn signer_and_caller_must_both_allow_links() {
    for (signer_allows, caller_allows) in [(false, false), (false, true), (true, false), (true, true)] {
        let case = Case::new(&[("real.bin", b"content")]);
        symlink("real.bin", case.file("link.bin")).unwrap();
        // Written by hand: the library does not list a link that it does not follow.
        let mut statement =
            statement(vec![resource("link.bin", b"content"), resource("real.bin", b"content")]);
        statement["predicate"]["serialization"]["allow_symlinks"] = signer_allows.into();
        case.write_statement(&statement);
        let result = case.verify(danger::allow_symlinks(Policy::strict(), caller_allows));
        if signer_allows && caller_allows {
            let model = result.unwrap();
            assert_eq!(model.read("link.bin").unwrap(), b"content");
            assert_eq!(model.report().weakened_by().len(), 1);
            continue;
        }
        let error = refused(result);
        assert!(matches!(only_problem(&error), Error::Symlink { path } if path == "link.bin"), "{error:?}");
        let Error::Rejected(report) = &error else { panic!("{error:?}") };
        assert_eq!(report.notes().contains(&Note::SymlinksRecorded), signer_allows, "{:?}", report.notes());
        assert_eq!(report.weakened_by().len(), usize::from(caller_allows));
    }
}

#[test]
fn followed_links_are_signed_with_their_content() {
    let case = Case::new(&[("blobs/0123", b"content")]);
    fs::create_dir(case.file("snapshot")).unwrap();
    symlink("../blobs/0123", case.file("snapshot/model.bin")).unwrap();
    symlink("snapshot/model.bin", case.file("twice")).unwrap();
    let report = case.sign_with(&ModelSigner::new().allow_symlinks(true));
    assert_eq!((report.files, report.bytes), (3, 21));
    let model = case.verify(following()).unwrap();
    assert_eq!(model.names().collect::<Vec<_>>(), ["blobs/0123", "snapshot/model.bin", "twice"]);
    assert_eq!(model.read("twice").unwrap(), b"content");
    case.write("blobs/0123", b"CONTENT");
    let error = refused(case.verify(following()));
    let damaged: Vec<_> = problems(&error).iter().map(|problem| problem.path().unwrap()).collect();
    assert_eq!(damaged, ["blobs/0123", "snapshot/model.bin", "twice"]);
}

/// A signed name below a folder that became a link: what it leads to is never opened.
#[test]
fn a_linked_folder_is_not_entered() {
    let case = Case::new(&[("d/x.bin", b"content")]);
    case.sign_with(&ModelSigner::new().allow_symlinks(true));
    let opened = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
    fs::rename(case.file("d"), case.path("d")).unwrap();
    symlink(case.path("d"), case.file("d")).unwrap();
    let lenient = danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
    for policy in [Policy::strict(), following(), lenient] {
        let error = refused(case.verify(policy));
        let found = problems(&error);
        assert_eq!((found[0].path(), found[0].kind()), (Some("d"), ErrorKind::ForbiddenFile), "{found:?}");
        assert!(found[1..].iter().all(|problem| problem.kind() == ErrorKind::Missing), "{found:?}");
    }
    let error = refused(opened.read("d/x.bin"));
    assert!(matches!(error, Error::Io { operation: "open", .. }), "{error:?}");
}

/// The path of the model is the caller's own word.
#[test]
fn the_root_itself_may_be_a_link() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    symlink(case.model(), case.path("linked")).unwrap();
    let model = case.verifier(Policy::strict()).verify(&case.path("linked"), &case.bundle()).unwrap();
    assert_eq!(model.read("a.bin").unwrap(), b"a");
}

#[test]
fn hard_links_are_told_to_those_who_demand_more() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    let is_told = |policy: Policy| case.verify(policy).unwrap().report().notes().contains(&Note::HardLinks);
    let stricter = || Policy::strict().strict_git(true);
    assert!(!is_told(stricter()));
    fs::hard_link(case.file("a.bin"), case.path("elsewhere")).unwrap();
    assert!(is_told(stricter()));
    assert!(!is_told(Policy::strict()));
}
