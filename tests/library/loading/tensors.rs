//! Tensors by name: their headers are checked before they are parsed, and only the parts that they lie in are read.

use modelsig::hash::{ByteRange, ChunkSize, Engine, Progress};
use modelsig::{Error, ErrorKind, Limits, ModelSigner, Policy, inspect_tensors};
use modelsig_tests::{Case, assert_outcome, only_problem, refused};

use super::{in_chunks, noise};

/// Names, and elements of one byte.
pub(crate) const TENSORS: [(&str, usize); 5] = [
    ("embed", 100_000),
    ("layer.1.weight", 100_000),
    ("layer.2.weight", 300_000),
    ("layer.3.weight", 600_000),
    ("none", 0),
];

/// A file of the format, as the crate `safetensors` writes it: data in the order of the header, padded to 8 bytes.
pub(crate) fn safetensors(tensors: &[(&str, usize)]) -> Vec<u8> {
    let mut entries = serde_json::Map::new();
    let mut at = 0;
    for (name, length) in tensors {
        let entry = serde_json::json!({"dtype": "U8", "shape": [length], "data_offsets": [at, at + length]});
        entries.insert((*name).into(), entry);
        at += length;
    }
    let mut header = serde_json::Value::from(entries).to_string();
    header.extend(std::iter::repeat_n(' ', (8 - header.len() % 8) % 8));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(noise(at));
    file
}

fn case() -> Case {
    let case = Case::new(&[("model.safetensors", &safetensors(&TENSORS)), ("config.json", b"{}")]);
    case.sign_with(&in_chunks());
    case
}

/// Nobody has signed what is inspected: many files with many tensors are limited together.
#[test]
fn what_is_inspected_has_limits_for_all_files_together() {
    let file = safetensors(&[("a", 1), ("b", 1)]);
    let case = Case::new(&[("one.safetensors", &file), ("two.safetensors", &file)]);
    let inspect = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        inspect_tensors(&case.model(), &limits)
    };
    assert_eq!(inspect(|limits| limits.tensors = 4).unwrap().len(), 4);
    assert_eq!(inspect(|limits| limits.name_bytes = 60).unwrap()[3].file, "two.safetensors");
    for (change, limit, found) in
        [((|limits| limits.tensors = 3) as fn(&mut Limits), 3, 4), (|limits| limits.name_bytes = 59, 59, 60)]
    {
        let error = refused(inspect(change));
        let Error::Limit { limit: told, found: count, path, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*told, *count, path.as_str()), (limit, found, "two.safetensors"));
    }
}

/// Tensors that are not shown for want of a look at their file would be missed.
#[test]
#[cfg(unix)]
fn what_may_hide_tensors_is_told() {
    let case = Case::new(&[("one.safetensors", &safetensors(&[("a", 1)])), ("notes", b"")]);
    let inspect = || inspect_tensors(&case.model(), &Limits::default());
    std::os::unix::fs::symlink("notes", case.file("link")).unwrap();
    assert_eq!(inspect().unwrap().len(), 1);
    std::os::unix::fs::symlink("one.safetensors", case.file("two.gguf")).unwrap();
    let error = refused(inspect());
    assert!(matches!(error, Error::Symlink { .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::ForbiddenFile, "two.gguf");
}

#[test]
fn tensors_are_found_by_name() {
    let case = case();
    let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
    let listed = model.tensors().unwrap();
    let names: Vec<&str> = listed.iter().map(|one| one.tensor.name.as_str()).collect();
    assert_eq!(names, ["embed", "layer.1.weight", "layer.2.weight", "layer.3.weight", "none"]);
    let data = noise(1_100_000);
    let mut at = 0;
    for (name, length) in TENSORS {
        let tensor = model.tensor(name).unwrap();
        assert_eq!(
            (tensor.tensor().dtype.as_str(), &tensor.tensor().shape[..]),
            ("U8", &[length as u64][..])
        );
        assert!(**tensor.bytes() == data[at..at + length], "{name}");
        assert!(*model.tensor_in("model.safetensors", name).unwrap() == data[at..at + length]);
        at += length;
    }
    let error = refused(model.tensor("layer.9"));
    assert_outcome(&error, ErrorKind::Missing, "layer.9");
    assert!(matches!(refused(model.tensor_in("config.json", "embed")), Error::NoTensor { .. }));
    assert!(matches!(refused(model.tensor_in("../x", "embed")), Error::Unsigned { .. }));
}

#[test]
fn damage_is_told_by_the_tensors_it_lies_in() {
    let case = case();
    let header = safetensors(&TENSORS).len() - 1_100_000;
    // In the middle of layer.2, whose chunk has nothing else in it.
    case.flip("model.safetensors", header + 350_000);
    let verifier = case.verifier(Policy::strict());
    let error = refused(verifier.verify(&case.model(), &case.bundle()));
    let problem = only_problem(&error);
    let Error::DigestMismatch { tensors, ranges, .. } = problem else { panic!("{error:?}") };
    assert_eq!((tensors.as_slice(), ranges.len()), (&["layer.2.weight".to_owned()][..], 1));
    assert!(problem.to_string().contains("(tensors layer.2.weight)"), "{problem}");
    let json = serde_json::to_value(problem).unwrap();
    assert_eq!(json["damaged_tensors"], serde_json::json!(["layer.2.weight"]));

    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    assert!(matches!(refused(model.tensor("layer.2.weight")), Error::DigestMismatch { .. }));
    assert_eq!(model.tensor("layer.3.weight").unwrap().len(), 600_000);

    // Nothing is believed of a header that was changed.
    case.flip("model.safetensors", 20);
    let error = refused(verifier.verify(&case.model(), &case.bundle()));
    assert!(matches!(only_problem(&error), Error::DigestMismatch { tensors, .. } if tensors.is_empty()));
    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    assert!(matches!(refused(model.tensor("layer.3.weight")), Error::DigestMismatch { .. }));
}

#[test]
fn a_signed_header_that_lies_is_refused() {
    let mut bytes = safetensors(&TENSORS);
    bytes.truncate(bytes.len() - 1);
    let case = Case::new(&[("model.safetensors", &bytes)]);
    case.sign();
    let verifier = case.verifier(Policy::strict());
    // It is what was signed; only as tensors it makes no sense.
    verifier.verify(&case.model(), &case.bundle()).unwrap();
    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    let error = refused(model.tensors());
    assert!(matches!(error, Error::Format { .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::Malformed, "model.safetensors");
}

#[test]
fn of_several_files_the_index_decides() {
    let one = safetensors(&[("a", 10), ("b", 20)]);
    let other = safetensors(&[("a", 30), ("c", 20)]);
    let case = Case::new(&[("x/model-1.safetensors", &one), ("x/model-2.safetensors", &other)]);
    case.sign_with(&ModelSigner::new());
    let verifier = case.verifier(Policy::strict());
    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    let error = refused(model.tensor("a"));
    assert!(matches!(error, Error::AmbiguousTensor { .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::Usage, "x/model-2.safetensors");
    assert_eq!(model.tensor_in("x/model-2.safetensors", "a").unwrap().len(), 30);
    assert_eq!(
        model.tensor("c").unwrap().tensor().range,
        ByteRange::new(other.len() as u64 - 20, other.len() as u64).unwrap()
    );

    let index = br#"{"metadata":{"total_size":80},"weight_map":{"a":"model-2.safetensors","b":"model-1.safetensors","c":"model-2.safetensors"}}"#;
    case.write("x/model.safetensors.index.json", index);
    case.sign_with(&ModelSigner::new());
    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    assert_eq!(model.tensor("a").unwrap().len(), 30);
    assert_eq!(model.tensors().unwrap().len(), 4);
}

/// What is read and hashed for one tensor is its header and its chunks, however large the model is.
#[test]
fn a_tensor_costs_its_chunks() {
    let case =
        Case::new(&[("model.safetensors", &safetensors(&[("head", 9), ("large", 20 << 20), ("tail", 9)]))]);
    case.sign_with(&in_chunks());
    let progress = Progress::new();
    let engine = Engine::new(1).unwrap().with_progress(progress.clone());
    let verifier = case.verifier(Policy::strict()).with_engine(engine);
    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    assert_eq!(progress.done(), 0, "nothing is read before it is asked for");
    assert_eq!(model.tensor("tail").unwrap().len(), 9);
    assert!(progress.done() <= 2 * ChunkSize::MIN, "{}", progress.done());
    // The header is known by now.
    assert_eq!(model.tensor("head").unwrap().len(), 9);
    assert!(progress.done() <= 3 * ChunkSize::MIN, "{}", progress.done());
}
