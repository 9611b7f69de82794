//! Names that are not signed, and content that is no content.

use std::fs::File;
use std::time::Duration;

use modelsig::{Content, Error, ErrorKind, Limits, Method, ModelSigner, Policy, UnsignedFiles, danger};
use modelsig_tests::{Case, assert_outcome, ignoring, make_fifo, only_problem, refused, within};

/// One file in a folder, and one beside it that nobody signed.
fn case() -> Case {
    let case = Case::new(&[("a.bin", b"content of a"), ("sub/b.bin", b"content of b")]);
    case.sign();
    case.write("evil.py", b"content of a");
    case
}

#[test]
fn a_name_that_is_not_signed_is_refused_whatever_the_policy() {
    let case = case();
    let ignore = || danger::unsigned_files(Policy::strict(), UnsignedFiles::Ignore);
    for policy in [
        Policy::strict(),
        ignore(),
        danger::allow_unsigned_empty(ignore(), true),
        ignoring(Policy::strict(), &["evil.py", "scratch"]),
        ignore().fail_fast(true),
    ] {
        let verifier = case.verifier(policy);
        for name in [
            "evil.py",
            "A.BIN",
            "a.bin/",
            "./a.bin",
            "sub",
            "sub/",
            "sub//b.bin",
            "sub/../a.bin",
            "../a.bin",
            "/a.bin",
            "",
            ".",
            "..",
            "a.bin\0",
            "sub\\b.bin",
            "b.bin",
        ] {
            let contents = || [(name, Content::path(case.file("a.bin")))];
            let refusals = [
                refused(verifier.verify_resources(&case.bundle(), contents())),
                refused(verifier.open_resources(&case.bundle(), contents())),
                refused(verifier.verify_bytes(&case.bundle(), name, b"content of a")),
                refused(verifier.open_resources(&case.bundle(), []).unwrap().stream(name)),
            ];
            for error in refusals {
                assert_outcome(&error, ErrorKind::Unsigned, "");
            }
            // Beside one that is signed, too.
            let both = [("sub/b.bin", Content::path(case.file("sub/b.bin"))), contents()[0].clone()];
            assert_eq!(refused(verifier.verify_resources(&case.bundle(), both)).kind(), ErrorKind::Unsigned);
        }
    }
}

/// A policy that leaves a path out of a folder has nothing to say about content that is handed over under its name.
#[test]
fn an_ignored_path_is_checked_all_the_same() {
    let case = case();
    let verifier = case.verifier(ignoring(Policy::strict(), &["scratch"]));
    let wrong = Content::path(case.file("a.bin"));
    let error = refused(verifier.verify_resources(&case.bundle(), [("sub/b.bin", wrong)]));
    assert_outcome(&error, ErrorKind::Mismatch, "sub/b.bin");
}

#[test]
fn an_empty_file_that_shards_cannot_cover() {
    let case = Case::new(&[("a.bin", b"content of a"), ("empty", b"")]);
    let method = Method::Shards { shard_size: 4 };
    case.sign_with(&ModelSigner::new().chunks(None).method(method).allow_unsigned_empty(true));
    for policy in [Policy::strict(), danger::allow_unsigned_empty(Policy::strict(), true)] {
        let verifier = case.verifier(policy);
        let error = refused(
            verifier.verify_resources(&case.bundle(), [("empty", Content::path(case.file("empty")))]),
        );
        assert_outcome(&error, ErrorKind::Unsigned, "empty");
        verifier.verify_resources(&case.bundle(), [("a.bin", Content::path(case.file("a.bin")))]).unwrap();
    }
}

#[test]
fn a_name_is_given_once() {
    let case = case();
    let content = || Content::path(case.file("a.bin"));
    let verifier = case.verifier(Policy::strict());
    let twice = [("a.bin", content()), ("sub/b.bin", content()), ("a.bin", content())];
    assert_outcome(
        &refused(verifier.open_resources(&case.bundle(), twice.clone())),
        ErrorKind::Usage,
        "a.bin",
    );
    assert_outcome(&refused(verifier.verify_resources(&case.bundle(), twice)), ErrorKind::Usage, "a.bin");
}

#[test]
fn nothing_given_is_nothing_verified() {
    let case = case();
    let verifier = case.verifier(Policy::strict());
    assert_outcome(&refused(verifier.verify_resources(&case.bundle(), [])), ErrorKind::Usage, "");
    let model = verifier.open_resources(&case.bundle(), []).unwrap();
    assert_eq!(model.names().collect::<Vec<_>>(), ["a.bin", "sub/b.bin"]);
    assert_eq!(model.length("a.bin").unwrap(), 12, "as it was signed");
    assert!(matches!(refused(model.length("evil.py")), Error::Unsigned { .. }));
    assert!(matches!(refused(model.get("a.bin")), Error::Missing { .. }));
    assert!(matches!(refused(model.range("a.bin", 0..0)), Error::Missing { .. }));
    assert!(model.tensors().unwrap().is_empty());
    assert_outcome(&refused(model.load_all()), ErrorKind::Usage, "");
    // Where no length is signed nothing tells it.
    case.write("evil.py", b"");
    std::fs::remove_file(case.file("evil.py")).unwrap();
    case.sign_with(&ModelSigner::new().chunks(None));
    let model = verifier.open_resources(&case.bundle(), []).unwrap();
    assert!(matches!(refused(model.length("a.bin")), Error::Missing { .. }));
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let case = case();
    make_fifo(&case.path("pipe"));
    let (bundle, verifier) = (case.bundle(), case.verifier(Policy::strict()));
    let folder = File::open(case.model()).unwrap();
    let null = File::open("/dev/zero").unwrap();
    let contents = [
        (Content::path(case.path("pipe")), "NotAFile"),
        (Content::path(case.path("pipe")).part(3, Some(5)), "NotAFile"),
        (Content::path(case.model()), "NotAFile"),
        (Content::path("/dev/zero"), "NotAFile"),
        (Content::file(folder), "NotAFile"),
        (Content::file(null).part(0, Some(12)), "NotAFile"),
        (Content::path(case.path("nowhere")), "Missing"),
        (Content::path(case.file("a.bin/x")), "Io"),
    ];
    within(Duration::from_secs(20), move || {
        for (content, expected) in contents {
            for error in [
                refused(verifier.open_resources(&bundle, [("a.bin", content.clone())])),
                refused(verifier.verify_resources(&bundle, [("a.bin", content.clone())])),
            ] {
                let problem = only_problem(&error);
                assert!(format!("{problem:?}").starts_with(expected), "{expected}: {problem:?}");
                assert_outcome(&error, problem.kind(), "");
                assert_eq!(problem.path(), Some("a.bin"));
            }
        }
    });
}

/// What was regular when it was opened may be a pipe later.
#[test]
fn a_fifo_in_its_place_is_refused_without_waiting() {
    let case = case();
    let (bundle, verifier, path) = (case.bundle(), case.verifier(Policy::strict()), case.file("a.bin"));
    let model = verifier.open_resources(&bundle, [("a.bin", Content::path(&path))]).unwrap();
    let part = verifier.open_resources(&bundle, [("a.bin", Content::path(&path).part(0, Some(12)))]).unwrap();
    std::fs::remove_file(&path).unwrap();
    make_fifo(&path);
    within(Duration::from_secs(20), move || {
        for model in [model, part] {
            for error in
                [refused(model.get("a.bin")), refused(model.read("a.bin")), refused(model.fd("a.bin"))]
            {
                assert_eq!(error.path(), Some("a.bin"), "{error:?}");
            }
            assert!(refused(model.load_all()).kind() != ErrorKind::Internal);
        }
    });
}

#[test]
fn a_descriptor_that_cannot_be_read_is_an_error() {
    let case = case();
    let file = File::options().write(true).open(case.file("a.bin")).unwrap();
    let verifier = case.verifier(Policy::strict());
    let error = refused(verifier.verify_resources(&case.bundle(), [("a.bin", Content::file(file))]));
    assert_outcome(&error, ErrorKind::Io, "a.bin");
}

#[test]
fn all_contents_together_have_a_limit() {
    let case = case();
    let contents = || ["a.bin", "sub/b.bin"].map(|name| (name, Content::path(case.file(name))));
    let limited = |model_bytes| {
        let mut limits = Limits::default();
        limits.model_bytes = model_bytes;
        case.verifier(Policy::strict()).with_limits(limits)
    };
    limited(24).verify_resources(&case.bundle(), contents()).unwrap();
    let error = refused(limited(23).verify_resources(&case.bundle(), contents()));
    assert_outcome(&error, ErrorKind::Limit, "");
}

#[test]
fn bytes_in_memory_and_streams_have_the_same_limit() {
    for lengths_are_signed in [true, false] {
        let case = Case::new(&[("a.bin", b"content of a")]);
        match lengths_are_signed {
            true => case.sign(),
            false => case.sign_with(&ModelSigner::new().chunks(None)),
        };
        let limited = |model_bytes| {
            let mut limits = Limits::default();
            limits.model_bytes = model_bytes;
            case.verifier(Policy::strict()).with_limits(limits)
        };
        limited(12).verify_bytes(&case.bundle(), "a.bin", b"content of a").unwrap();
        let error = refused(limited(11).verify_bytes(&case.bundle(), "a.bin", b"content of a"));
        assert_outcome(&error, ErrorKind::Limit, "a.bin");

        let mut stream = limited(12).open_resources(&case.bundle(), []).unwrap().stream("a.bin").unwrap();
        stream.update(b"content of a").unwrap();
        assert_eq!(stream.finish().unwrap(), 12);
        let stream = limited(11).open_resources(&case.bundle(), []).unwrap().stream("a.bin");
        if lengths_are_signed {
            assert_outcome(&refused(stream), ErrorKind::Limit, "a.bin");
            continue;
        }
        // What is too much is not taken, and so all of it can never be found good.
        let mut stream = stream.unwrap();
        stream.update(b"content of ").unwrap();
        assert_outcome(&refused(stream.update(b"a")), ErrorKind::Limit, "a.bin");
        assert_outcome(&refused(stream.update(b"a")), ErrorKind::Limit, "a.bin");
        assert_outcome(&refused(stream.finish()), ErrorKind::Mismatch, "a.bin");
    }
}
