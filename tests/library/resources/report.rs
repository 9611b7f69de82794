//! What a report on some of the signed files says: never more than was checked.

use modelsig::{Content, Policy, Report, Selection};
use modelsig_tests::{Case, refused};
use serde_json::{Value, json};

use crate::loading::in_chunks;

fn case() -> Case {
    let case = Case::new(&[("a.bin", b"content of a"), ("b.bin", b"and of b"), ("sub/c.bin", b"c")]);
    case.sign_with(&in_chunks());
    case
}

fn json_of(report: &Report) -> Value {
    serde_json::to_value(report).unwrap()
}

fn content<'n>(case: &Case, name: &'n str) -> (&'n str, Content) {
    (name, Content::path(case.file(name)))
}

#[test]
fn some_of_the_files_are_a_part() {
    let case = case();
    let verifier = case.verifier(Policy::strict());
    let signer = verifier.verify(&case.model(), &case.bundle()).unwrap().report().signer().line();
    let one = verifier.verify_resources(&case.bundle(), [content(&case, "a.bin")]).unwrap();
    let in_memory = verifier.verify_bytes(&case.bundle(), "a.bin", b"content of a").unwrap();
    let loaded = verifier.open_resources(&case.bundle(), [content(&case, "a.bin")]).unwrap();
    let loaded = loaded.load_all().unwrap();
    for report in [one.report(), &in_memory, loaded.report()] {
        let json = json_of(report);
        assert_eq!((&json["verdict"], &json["model"]), (&json!("verified-part"), &json!("a.bin")));
        let part = json!({"files": ["a.bin"], "tensors": [], "bytes": 12, "of_bytes": 21, "of_files": 3});
        assert_eq!(json["part"], part);
        assert_eq!(json["bytes_verified"], 12);
        assert_eq!(json["files"].as_array().unwrap().len(), 1);
        assert_eq!(
            report.verdict_line(),
            format!(
                "VERIFIED only 'a.bin', 1 of 3 signed files: 12 bytes of 21 bytes were read, signed by {signer}"
            )
        );
    }
    let two = ["b.bin", "sub/c.bin"].map(|name| content(&case, name));
    let two = verifier.verify_resources(&case.bundle(), two).unwrap();
    let json = json_of(two.report());
    assert_eq!((&json["verdict"], &json["model"]), (&json!("verified-part"), &json!("2 resources")));
    assert_eq!(
        two.report().verdict_line(),
        format!("VERIFIED only 2 of 3 signed files: 9 bytes of 21 bytes were read, signed by {signer}")
    );
}

#[test]
fn all_of_the_files_are_a_model() {
    let case = case();
    let verifier = case.verifier(Policy::strict());
    let all = ["a.bin", "b.bin", "sub/c.bin"].map(|name| content(&case, name));
    let all = verifier.verify_resources(&case.bundle(), all).unwrap();
    let json = json_of(all.report());
    assert_eq!((&json["verdict"], &json["part"]), (&json!("verified"), &Value::Null));
    let line = all.report().verdict_line();
    assert!(line.starts_with("VERIFIED 3 resources: 3 files, 21 bytes, signed by "), "{line}");

    let case = Case::new(&[("only.bin", b"one")]);
    case.sign();
    let report = case.verifier(Policy::strict()).verify_bytes(&case.bundle(), "only.bin", b"one").unwrap();
    assert_eq!(json_of(&report)["verdict"], "verified");
    let line = report.verdict_line();
    assert!(line.starts_with("VERIFIED 'only.bin': 1 file, 3 bytes, signed by "), "{line}");
}

/// Sizes that nobody has signed are not made up.
#[test]
fn where_no_length_is_signed() {
    let case = case();
    case.sign_with(&modelsig::ModelSigner::new().chunks(None));
    let verifier = case.verifier(Policy::strict());
    let one = verifier.verify_resources(&case.bundle(), [content(&case, "a.bin")]).unwrap();
    let line = one.report().verdict_line();
    assert!(
        line.starts_with("VERIFIED only 'a.bin', 1 of 3 signed files: 12 bytes were read, signed by "),
        "{line}"
    );
}

#[test]
fn nothing_was_checked_of_what_was_only_opened() {
    let case = case();
    let verifier = case.verifier(Policy::strict());
    let of = |names: &[&'static str]| {
        let contents: Vec<_> = names.iter().map(|name| content(&case, name)).collect();
        verifier.open_resources(&case.bundle(), contents).unwrap()
    };
    for (names, line) in [
        (&["a.bin"][..], "OPENED 'a.bin': the signature holds, no file was checked yet"),
        (&["a.bin", "b.bin"], "OPENED 2 resources: the signature holds, no file was checked yet"),
        (&[], "OPENED no resources: the signature holds, no file was checked yet"),
    ] {
        let model = of(names);
        let json = json_of(model.report());
        assert_eq!(
            (&json["verdict"], &json["part"], &json["bytes_verified"]),
            (&json!("opened"), &Value::Null, &json!(0))
        );
        assert!(model.report().files().iter().all(|file| file.checked.is_none()));
        assert_eq!(model.report().verdict_line(), line);
    }
}

#[test]
fn what_does_not_hold_is_rejected() {
    let case = case();
    case.write("a.bin", b"content of A");
    case.write("b.bin", b"and of b, and more");
    let verifier = case.verifier(Policy::strict());
    let contents = || ["a.bin", "b.bin", "sub/c.bin"].map(|name| content(&case, name));
    let error = refused(verifier.verify_resources(&case.bundle(), contents()));
    let modelsig::Error::Rejected(report) = &error else { panic!("{error:?}") };
    let json = json_of(report);
    assert_eq!((&json["verdict"], &json["part"]), (&json!("rejected"), &Value::Null));
    assert_eq!(report.verdict_line(), "REJECTED 3 resources: 2 problems");
    let error = refused(verifier.verify_bytes(&case.bundle(), "a.bin", b"content of A"));
    let modelsig::Error::Rejected(report) = &error else { panic!("{error:?}") };
    assert_eq!(report.verdict_line(), "REJECTED 'a.bin': 1 problem");
    assert_eq!(json_of(report)["verdict"], "rejected");
    // Even if all others hold, what was not looked at is told as such.
    let error = refused(verifier.open_resources(&case.bundle(), contents()));
    let modelsig::Error::Rejected(report) = &error else { panic!("{error:?}") };
    assert_eq!(report.verdict_line(), "REJECTED 3 resources: 1 problem");
    assert!(report.files().iter().all(|file| file.checked.is_none()));
}

/// A selection counts all signed files, not only those that were given.
#[test]
fn a_selection_of_what_was_given() {
    let case = case();
    let verifier = case.verifier(Policy::strict());
    let opened = || {
        let contents = ["a.bin", "b.bin"].map(|name| content(&case, name));
        verifier.open_resources(&case.bundle(), contents).unwrap()
    };
    let report = opened().verify_selection(&Selection::new().files("*.bin")).unwrap();
    let part = report.part().unwrap();
    assert_eq!((part.files.len(), part.of_files, part.bytes, part.of_bytes), (2, 3, 20, 21));
    assert_eq!(json_of(&report)["verdict"], "verified-part");
    let error = refused(opened().verify_selection(&Selection::new().files("sub/*")));
    assert!(matches!(error, modelsig::Error::NothingFits { .. }), "{error:?}");
}
