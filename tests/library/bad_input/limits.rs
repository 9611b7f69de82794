//! Limits on everything that comes from outside.

use std::fs;

use modelsig::hash::ChunkSize;
use modelsig::{
    ChunkIndexing, Error, ErrorKind, JsonFault, Limits, ModelPath, ModelSigner, PathFault, Policy,
    StatementFault, inspect,
};
use modelsig_tests::{Case, assert_outcome, only_problem, problems, refused, resource, statement};
use serde_json::json;

/// A limit, a model that is over it by one, and the words and numbers of the error.
struct Over {
    what: &'static str,
    limits: fn(&mut Limits),
    limit: u64,
    found: u64,
    /// Signing walks the same tree.
    signing_too: bool,
}

#[test]
fn what_is_over_a_limit_is_refused_with_both_numbers() {
    let case = Case::new(&[("a/b/c.bin", b"cc"), ("d.bin", b"d")]);
    case.sign();
    let bundle_bytes = fs::metadata(case.bundle()).unwrap().len();
    let table = [
        Over {
            what: "the size of a bundle in bytes",
            limits: |limits| limits.bundle_bytes -= 1,
            limit: bundle_bytes - 1,
            found: bundle_bytes,
            signing_too: false,
        },
        Over {
            what: "the number of resources",
            limits: |limits| limits.resources = 1,
            limit: 1,
            found: 2,
            signing_too: false,
        },
        Over {
            what: "the number of files and folders",
            limits: |limits| limits.resources = 3,
            limit: 3,
            found: 4,
            signing_too: true,
        },
        Over {
            what: "the depth of folders",
            limits: |limits| limits.folder_depth = 1,
            limit: 1,
            found: 2,
            signing_too: true,
        },
        Over {
            what: "the length of all names together in bytes",
            limits: |limits| limits.name_bytes = 13,
            limit: 13,
            found: 14,
            signing_too: false,
        },
        Over {
            what: "the length of all paths together in bytes",
            limits: |limits| limits.name_bytes = 17,
            limit: 17,
            found: 18,
            signing_too: true,
        },
        Over {
            what: "the number of ignored paths",
            limits: |limits| limits.ignore_paths = 3,
            limit: 3,
            found: 4,
            signing_too: true,
        },
        Over {
            what: "the length of the subject's name in bytes",
            limits: |limits| limits.path_bytes = 4,
            limit: 4,
            found: 5,
            signing_too: false,
        },
        Over {
            what: "the size of all files together in bytes",
            limits: |limits| limits.model_bytes = 2,
            limit: 2,
            found: 3,
            signing_too: false,
        },
    ];
    let mut enough = Limits::default();
    enough.bundle_bytes = bundle_bytes;
    enough.resources = 4;
    enough.folder_depth = 2;
    // What is listed, and the folders a and a/b.
    enough.name_bytes = "a/b/c.bin".len() + "d.bin".len() + "a".len() + "a/b".len();
    // Those of git.
    enough.ignore_paths = 4;
    enough.model_bytes = 3;
    let verifier = case.verifier(Policy::strict());
    assert!(verifier.clone().with_limits(enough.clone()).verify(&case.model(), &case.bundle()).is_ok());
    for over in table {
        let mut limits = enough.clone();
        (over.limits)(&mut limits);
        let verified = verifier.clone().with_limits(limits.clone()).verify(&case.model(), &case.bundle());
        let mut errors = vec![refused(verified)];
        if over.signing_too {
            errors.push(case.sign_refused(&ModelSigner::new().with_limits(limits)));
        }
        for error in errors {
            let Error::Limit { what, limit, found, ref path } = error else { panic!("{error:?}") };
            assert_eq!((what, limit, found), (over.what, over.limit, over.found));
            assert_outcome(&error, ErrorKind::Limit, path);
            assert!([case.model(), case.bundle()].iter().any(|one| path == one.to_str().unwrap()), "{path}");
        }
    }
}

#[test]
fn chunks_over_the_limit() {
    let case = Case::new(&[("a.bin", &[1; 300_000]), ("b.bin", &[2; 100_000]), ("one.bin", b"1")]);
    let chunks = ChunkIndexing { size: Some(ChunkSize::new(65_536).unwrap()), ..ChunkIndexing::default() };
    let signer = ModelSigner::new().chunks(Some(chunks));
    case.sign_with(&signer);
    // 300,000 bytes are five chunks, and 100,000 two.
    for (most, accepted) in [(7, true), (6, false), (0, false)] {
        let mut limits = Limits::default();
        limits.chunks = most;
        let verifier = case.verifier(Policy::strict()).with_limits(limits.clone());
        let verified = verifier.verify(&case.model(), &case.bundle());
        assert_eq!(verified.is_ok(), accepted, "{most}");
        let Err(error) = verified else { continue };
        for error in [error, case.sign_refused(&signer.clone().with_limits(limits))] {
            assert!(matches!(error, Error::Limit { what: "the number of chunks", .. }), "{error:?}");
        }
    }
}

#[test]
fn names_longer_than_the_limit() {
    let case = Case::new(&[("a/twelve.bin", b"x")]);
    let signer = ModelSigner::new().ignore_git_paths(false);
    case.sign_with(&signer);
    let mut limits = Limits::default();
    let verify = |limits: &Limits| {
        case.verifier(Policy::strict()).with_limits(limits.clone()).verify(&case.model(), &case.bundle())
    };
    limits.path_bytes = "a/twelve.bin".len();
    verify(&limits).unwrap();
    limits.path_bytes -= 1;
    let error = refused(verify(&limits));
    assert!(
        matches!(
            &error,
            Error::Statement { fault: StatementFault::BadName { fault: PathFault::TooLong, .. }, .. }
        ),
        "{error:?}"
    );
    assert_outcome(&error, ErrorKind::Malformed, case.bundle().to_str().unwrap());
    let error = case.sign_refused(&signer.with_limits(limits));
    assert!(matches!(error, Error::BadName { fault: PathFault::TooLong, .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::Unsignable, "a/twelve.bin");
}

#[test]
fn ignored_paths_longer_than_the_limit() {
    let case = Case::new(&[("a.bin", b"a")]);
    let mut statement = statement(vec![resource("a.bin", b"a")]);
    for start in ["", "/", "a//"] {
        let mut ignore = |length: usize| {
            let path = format!("{start}{}", "n".repeat(length - start.len()));
            statement["predicate"]["serialization"]["ignore_paths"] = json!([path]);
            case.write_statement(&statement);
            path
        };
        ignore(4_096);
        case.verified();
        let mut expected = ignore(4_097);
        expected.pop();
        match super::statement_fault(&case) {
            StatementFault::IgnorePath { path, fault: PathFault::TooLong } => assert!(path == expected),
            other => panic!("{other:?}"),
        }
    }
    // No such bundle is written.
    let path = ModelPath::parse(&"n".repeat(4_097)).unwrap();
    let error = case.sign_refused(&ModelSigner::new().ignore_path(path.clone()));
    assert!(matches!(error, Error::BadName { fault: PathFault::TooLong, .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::Unsignable, path.as_str());
}

/// Some signers repeat them.
#[test]
fn ignored_paths_that_are_repeated_count_once() {
    let case = Case::new(&[("a.bin", b"a")]);
    let mut statement = statement(vec![resource("a.bin", b"a")]);
    let mut limits = Limits::default();
    limits.ignore_paths = 3;
    for (listed, accepted) in
        [(vec!["z", "/b", "z", "z//", "/b", "z", "z//", "z"], true), (vec!["z", "/b", "z//", "y"], false)]
    {
        statement["predicate"]["serialization"]["ignore_paths"] = json!(listed);
        case.write_statement(&statement);
        let verifier = case.verifier(Policy::strict()).with_limits(limits.clone());
        let verified = verifier.verify(&case.model(), &case.bundle());
        match (verified, inspect(&case.bundle(), &limits)) {
            (Ok(_), Ok(inspection)) => {
                assert!(accepted);
                // In the order of the list.
                assert_eq!(inspection.ignore_paths, ["z", "/b", "z//"]);
            }
            (Err(one), Err(other)) => {
                assert!(!accepted, "{one:?}");
                for error in [one, other] {
                    assert!(
                        matches!(error, Error::Limit { what: "the number of ignored paths", found: 4, .. }),
                        "{error:?}"
                    );
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What stands where the signer has recorded a bundle is read to see that it is one, however many such places there
/// are.
#[test]
fn ignored_bundles_are_limited_together() {
    let case = Case::new(&[("a.bin", b"a")]);
    let ignored = |name| ModelPath::parse(name).unwrap();
    case.sign_with(&ModelSigner::new().ignore_path(ignored("one.sig")).ignore_path(ignored("two.sig")));
    let bundle = fs::read_to_string(case.bundle()).unwrap();
    let verify = |length: usize| {
        for name in ["one.sig", "two.sig"] {
            case.write(name, format!("{bundle:length$}").as_bytes());
        }
        let mut limits = Limits::default();
        limits.bundle_bytes = 10_000;
        case.verifier(Policy::strict()).with_limits(limits).verify(&case.model(), &case.bundle())
    };
    verify(5_000).unwrap();
    let error = refused(verify(5_001));
    let problem = only_problem(&error);
    let what = "the size of all ignored bundles in bytes";
    assert!(
        matches!(problem, Error::Limit { what: told, limit: 10_000, found: 10_002, .. } if *told == what),
        "{error:?}"
    );
    assert!(problem.path().is_some_and(|path| path.ends_with(".sig")), "{error:?}");
    // What is longer than any bundle is none, and is not read.
    let error = refused(verify(10_001));
    assert!(problems(&error).iter().all(|problem| matches!(problem, Error::Unsigned { .. })), "{error:?}");
    assert_eq!(problems(&error).len(), 2);
}

#[test]
fn json_deeper_than_the_limit() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    for (depth, accepted) in [(9, true), (3, false), (0, false)] {
        let mut limits = Limits::default();
        limits.json_depth = depth;
        let result =
            case.verifier(Policy::strict()).with_limits(limits).verify(&case.model(), &case.bundle());
        match result {
            Ok(_) => assert!(accepted, "{depth}"),
            Err(Error::Bundle { fault: modelsig::BundleFault::Json(fault), .. }) => {
                assert!(!accepted, "{depth}");
                assert_eq!(fault, JsonFault::TooDeep { limit: depth });
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Far deeper than any limit or path: the walk neither recurses nor builds a path of that length.
#[test]
fn a_tree_deeper_than_paths_can_be() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    // One path of 300 folders at a time stays under PATH_MAX.
    case.write(&format!("{}x", "d/".repeat(300)), b"x");
    let error = refused(case.verify(Policy::strict()));
    assert!(
        matches!(error, Error::Limit { what: "the depth of folders", limit: 255, found: 256, .. }),
        "{error:?} {:?}",
        problems(&error)
    );
    let mut limits = Limits::default();
    limits.folder_depth = 1000;
    let verifier = case.verifier(Policy::strict()).with_limits(limits);
    let error = refused(verifier.verify(&case.model(), &case.bundle()));
    assert!(matches!(only_problem(&error), Error::Unsigned { .. }), "{error:?}");
}
