//! Bundles that are a part of a file, or in memory.

use std::fs::{self, File};

use modelsig::{BundleSource, Content, Error, ErrorKind, Limits, Policy, inspect};
use modelsig_tests::{Case, assert_outcome, make_fifo, only_problem, refused};

fn case() -> Case {
    let case = Case::new(&[("a.bin", b"content of a"), ("sub/b.bin", b"content of b")]);
    case.sign();
    case
}

#[test]
fn a_bundle_is_the_same_wherever_it_lies() {
    let case = case();
    let bundle = fs::read(case.bundle()).unwrap();
    let length = bundle.len() as u64;
    fs::write(case.path("app.apk"), [b"before", &bundle[..], b"after"].concat()).unwrap();
    let places = [
        Content::path(case.bundle()),
        Content::file(File::open(case.bundle()).unwrap()),
        Content::path(case.bundle()).part(0, Some(length)),
        Content::path(case.path("app.apk")).part(6, Some(length)),
        Content::file(File::open(case.path("app.apk")).unwrap()).part(6, Some(length)),
    ];
    let verifier = case.verifier(Policy::strict());
    let a = || [("a.bin", Content::path(case.file("a.bin")))];
    let path = case.bundle();
    let all: Vec<BundleSource<'_>> = places
        .iter()
        .map(|content| BundleSource::Content("my bundle", content))
        .chain([BundleSource::Bytes("my bundle", &bundle), BundleSource::Path(&path)])
        .collect();
    for source in all {
        let model = verifier.verify(&case.model(), source).unwrap();
        assert_eq!(model.report().files().len(), 2, "{source:?}");
        let by_path = matches!(source, BundleSource::Path(_));
        assert!(by_path || model.report().bundle() == "my bundle");
        verifier.open(&case.model(), source).unwrap().load_all().unwrap();
        verifier.verify_resources(source, a()).unwrap();
        verifier.verify_bytes(source, "a.bin", b"content of a").unwrap();
        let limits = Limits::default();
        assert_eq!(inspect(source, &limits).unwrap(), inspect(&case.bundle(), &limits).unwrap());
        for (bundle_bytes, fits) in [(length, true), (length - 1, false)] {
            let mut limits = Limits::default();
            limits.bundle_bytes = bundle_bytes;
            let limited = verifier.clone().with_limits(limits);
            let result = limited.verify_resources(source, a());
            assert_eq!(result.is_ok(), fits, "{source:?}");
            if let Err(error) = result {
                assert!(matches!(error, Error::Limit { found, .. } if found == length), "{error:?}");
            }
        }
    }
}

#[test]
fn what_is_no_bundle_is_refused() {
    let case = case();
    let verifier = case.verifier(Policy::strict());
    let bundle = fs::read(case.bundle()).unwrap();
    make_fifo(&case.path("pipe"));
    let refusals = |content: &Content| {
        let source = BundleSource::Content("my bundle", content);
        let error =
            refused(verifier.verify_resources(source, [("a.bin", Content::path(case.file("a.bin")))]));
        assert_eq!(error.kind(), refused(inspect(source, &Limits::default())).kind());
        assert_eq!(error.kind(), refused(verifier.open(&case.model(), source)).kind());
        error
    };
    let at = |offset, length| Content::path(case.bundle()).part(offset, length);
    let length = bundle.len() as u64;
    assert_eq!(refusals(&at(1, None)).kind(), ErrorKind::Malformed);
    assert_eq!(refusals(&at(0, Some(length - 1))).kind(), ErrorKind::Malformed);
    assert_eq!(refusals(&at(0, Some(0))).kind(), ErrorKind::Malformed);
    assert!(matches!(refusals(&at(0, Some(length + 1))), Error::OutOfRange { .. }));
    assert!(matches!(refusals(&at(u64::MAX, Some(u64::MAX))), Error::OutOfRange { .. }));
    assert!(matches!(refusals(&Content::path(case.path("pipe")).part(0, Some(9))), Error::NotAFile { .. }));
    assert!(matches!(refusals(&Content::path("/dev/zero").part(0, Some(9))), Error::NotAFile { .. }));
    let bytes = BundleSource::Bytes("my bundle", &bundle[1..]);
    assert_outcome(&refused(verifier.open_resources(bytes, [])), ErrorKind::Malformed, "my bundle");
    assert_outcome(
        &refused(verifier.open_resources(BundleSource::Bytes("b", b""), [])),
        ErrorKind::Malformed,
        "b",
    );
}

/// Only a bundle that is named by its path is left out of what must be signed.
#[test]
fn a_bundle_inside_of_the_model() {
    let case = case();
    let inside = case.file("model.sig");
    fs::rename(case.bundle(), &inside).unwrap();
    let verifier = case.verifier(Policy::strict());
    verifier.verify(&case.model(), &inside).unwrap();
    let content = Content::path(&inside);
    verifier.verify(&case.model(), BundleSource::Content("b", &content)).unwrap();
    let length = fs::metadata(&inside).unwrap().len();
    let file = Content::file(File::open(&inside).unwrap());
    let part = Content::path(&inside).part(0, Some(length));
    for content in [&file, &part] {
        let error = refused(verifier.verify(&case.model(), BundleSource::Content("b", content)));
        assert!(matches!(only_problem(&error), Error::Unsigned { path } if path == "model.sig"), "{error:?}");
    }
}

/// Somebody else's signature does not hold because it came in another way.
#[test]
fn the_signature_counts_wherever_the_bundle_lies() {
    let (case, other) = (case(), case());
    let bundle = fs::read(other.bundle()).unwrap();
    let verifier = case.verifier(Policy::strict());
    let source = BundleSource::Bytes("their bundle", &bundle);
    for error in [
        refused(verifier.verify(&case.model(), source)),
        refused(verifier.open_resources(source, [])),
        refused(verifier.verify_bytes(source, "a.bin", b"content of a")),
        refused(verifier.verify_resources(source, [("a.bin", Content::path(case.file("a.bin")))])),
    ] {
        assert_eq!(error.kind().outcome().exit_code, 1, "{error}");
        assert!(matches!(error.kind(), ErrorKind::BadSignature | ErrorKind::Untrusted), "{error}");
    }
}
