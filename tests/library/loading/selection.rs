//! A part of a model: only what fits is read, and the report says that it was a part.

use modelsig::{Check, Error, ErrorKind, Policy, Selection};
use modelsig_tests::{Case, assert_outcome, only_problem, refused};

use super::tensors::{TENSORS, safetensors};
use super::{in_chunks, noise};

fn case() -> Case {
    let case = Case::new(&[
        ("config.json", b"{}"),
        ("model.safetensors", &safetensors(&TENSORS)),
        ("onnx/model.onnx", &noise(300_000)),
        ("tokenizer/vocab.json", b"[]"),
    ]);
    case.sign_with(&in_chunks());
    case
}

#[test]
fn only_what_fits_is_looked_at() {
    let case = case();
    let select = |selection: &Selection| {
        case.verifier(Policy::strict()).open(&case.model(), &case.bundle())?.verify_selection(selection)
    };
    case.flip("onnx/model.onnx", 200_000);
    let report = select(&Selection::new().files("*.json")).unwrap();
    let part = report.part().unwrap();
    assert_eq!(part.files, ["config.json", "tokenizer/vocab.json"]);
    assert_eq!((part.bytes, part.of_files, part.tensors.len()), (4, 4, 0));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["verdict"], "verified-part");
    assert!(report.verdict_line().starts_with("VERIFIED only a part of"), "{}", report.verdict_line());
    let checked = report.files().iter().filter(|file| file.checked.is_some()).count();
    assert_eq!(checked, 2);

    let error = refused(select(&Selection::new().files("onnx/*")));
    assert!(matches!(only_problem(&error), Error::DigestMismatch { path, .. } if path == "onnx/model.onnx"));
    for (selection, pattern) in [
        (Selection::new().files("*.bin"), "*.bin"),
        (Selection::new().files("*.json").files("nothing"), "nothing"),
        (Selection::new().tensors("layer.9.*"), "layer.9.*"),
        (Selection::new().files("evil.py"), "evil.py"),
    ] {
        let error = refused(select(&selection));
        assert!(matches!(error, Error::NothingFits { .. }), "{error:?}");
        assert_outcome(&error, ErrorKind::Usage, pattern);
    }
    // Nothing was asked for, so nothing would be checked: that is no verdict.
    assert_eq!(refused(select(&Selection::new())).kind(), ErrorKind::Usage);
    // Names and lengths are those of the whole model.
    case.write("evil.py", b"import os");
    assert!(matches!(refused(select(&Selection::new().files("*.json"))), Error::Rejected(_)));
}

#[test]
fn a_tensor_is_checked_with_its_chunks_only() {
    let case = case();
    let select = |check, pattern: &str| {
        let policy = Policy::strict().check(check);
        let model = case.verifier(policy).open(&case.model(), &case.bundle())?;
        model.verify_selection(&Selection::new().tensors(pattern))
    };
    let report = select(Check::Chunks, "layer.1.*").unwrap();
    let part = report.part().unwrap();
    assert_eq!(
        part.tensors.iter().map(|one| one.tensor.name.as_str()).collect::<Vec<_>>(),
        ["layer.1.weight"]
    );
    assert!(part.bytes < 200_000, "{}", part.bytes);
    // Far away from it.
    case.flip("model.safetensors", 900_000);
    select(Check::Chunks, "layer.1.*").unwrap();
    let error = refused(select(Check::Chunks, "*"));
    let Error::DigestMismatch { tensors, .. } = only_problem(&error) else { panic!("{error:?}") };
    assert_eq!(tensors, &["layer.3.weight"]);
    // Where whole files are what counts, it is all of its file.
    assert!(matches!(refused(select(Check::Whole, "layer.1.*")), Error::DigestMismatch { .. }));
}
