//! The schemas, vectors and historical models of the OMS project, read from the folder that `MODELSIG_OMS_DIR`
//! names; without it there is nothing to test here. The folder has `schemas/`, `vectors/` and `historical/`.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::{Registry, Validator};
use modelsig::hash::HashAlgorithm;
use modelsig::{
    BundleFault, CertificateTrust, ChunkIndexing, Error, ErrorKind, JsonFault, KeyType, Limits, Method,
    ModelPath, ModelSigner, Note, Policy, PublicKey, Signer, StatementFault, Trust, Verifier, danger,
    inspect,
};
use modelsig_tests::{Case, base64, ignoring, only_problem, payload_of, refused, unbase64};
use serde_json::Value;

/// The folder, if there is one.
fn data() -> Option<PathBuf> {
    match std::env::var_os("MODELSIG_OMS_DIR") {
        Some(folder) => Some(folder.into()),
        None => {
            println!("MODELSIG_OMS_DIR is not set: the data of the OMS project were not read");
            None
        }
    }
}

/// The files of a folder of test vectors, of which there must be some.
fn vectors(data: &Path, kind: &str) -> Vec<PathBuf> {
    let folder = data.join("vectors").join(kind);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a UTF-8 name")
}

/// The four schemas, each of which may refer to the others by their `$id`.
struct Schemas {
    bundle: Validator,
    statement: Validator,
}

impl Schemas {
    fn read(data: &Path) -> Self {
        let read = |name: &str| -> Value {
            let path = data.join("schemas").join(format!("{name}.schema.json"));
            let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            serde_json::from_slice(&text).expect("a schema is JSON")
        };
        let all = ["bundle", "envelope", "statement", "predicate"].map(read);
        let mut registry = Registry::new();
        for schema in &all {
            let id = schema["$id"].as_str().expect("a schema has an id");
            registry = registry.add(id, schema).expect("an id is a URI");
        }
        let registry = registry.prepare().expect("the schemas refer to each other only");
        let validator = |schema: &Value| {
            jsonschema::options().with_registry(&registry).build(schema).expect("a schema is valid")
        };
        Self { bundle: validator(&all[0]), statement: validator(&all[2]) }
    }

    /// What the schemas have against a bundle and the statement in it.
    fn faults(&self, bundle: &Value) -> Vec<String> {
        let words = |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
        let mut faults: Vec<_> = self.bundle.iter_errors(bundle).map(words).collect();
        if bundle["dsseEnvelope"]["payload"].is_string() {
            let statement = serde_json::from_slice(&payload_of(bundle)).expect("a statement is JSON");
            faults.extend(self.statement.iter_errors(&statement).map(words));
        }
        faults
    }
}

fn read_bundle(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).expect("it was listed")).ok()
}

#[test]
fn what_we_write_passes_the_schemas() {
    let Some(data) = data() else { return };
    let schemas = Schemas::read(&data);
    let large = vec![7; (1 << 20) + 1];
    let blake3_chunks = ChunkIndexing { size: None, algorithm: HashAlgorithm::Blake3 };
    for kind in KeyType::ALL {
        let case = Case::with_key(kind, &[("a.bin", b"a"), ("sub/ü 模型:1", &large), ("sub/b", b"b")]);
        for hash in HashAlgorithm::ALL {
            for signer in [
                ModelSigner::new(),
                ModelSigner::new().chunks(None),
                ModelSigner::new().chunks(Some(blake3_chunks)),
                ModelSigner::new().method(Method::Shards { shard_size: 300_000 }),
                ModelSigner::new().allow_symlinks(true).ignore_git_paths(false),
                ModelSigner::new().ignore_path(ModelPath::parse("sub/b").unwrap()),
            ] {
                case.sign_with(&signer.hash(hash));
                assert_eq!(schemas.faults(&case.read_bundle()), Vec::<String>::new(), "{kind} {hash}");
            }
        }
        for dot in [false, true] {
            let signer = ModelSigner::new().single_file_dot(dot);
            signer.sign(&case.file("a.bin"), &case.bundle(), &case.key).unwrap();
            assert_eq!(schemas.faults(&case.read_bundle()), Vec::<String>::new(), "{kind} single file");
        }
    }
}

#[test]
fn valid_vectors_are_read() {
    let Some(data) = data() else { return };
    let schemas = Schemas::read(&data);
    let mut methods = Vec::new();
    for path in vectors(&data, "valid") {
        assert_eq!(schemas.faults(&read_bundle(&path).unwrap()), Vec::<String>::new(), "{}", path.display());
        let found = inspect(&path, &Limits::default());
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(name_of(&path).starts_with(found.method), "{}: {}", path.display(), found.method);
        assert_eq!(found.hint.is_some(), found.method == "key");
        assert_eq!(found.certificates > 0, found.method != "key");
        let names: Vec<_> = found.resources.iter().map(|resource| resource.name.as_str()).collect();
        assert_eq!(names, ["signme-1", "signme-2"], "{}", path.display());
        methods.push(found.method);
    }
    assert_eq!(methods, ["certificate", "key", "sigstore"]);
}

/// A keyless bundle says who claims to have signed; nothing of it is believed.
#[test]
fn the_keyless_vector_is_refused_with_its_claim() {
    let Some(data) = data() else { return };
    let case = Case::new(&[("signme-1", b"signme-1"), ("signme-2", b"signme-2")]);
    fs::copy(data.join("vectors/valid/sigstore.bundle.json"), case.bundle()).unwrap();
    let anchor = CertificateTrust::from_files([data.join("historical/keys/ca-cert.pem")]).unwrap();
    let key = case.key.public_key().clone();
    for trust in [Trust::from(anchor), Trust::from(key)] {
        let error = refused(Verifier::new(trust).verify(&case.model(), &case.bundle()));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        let Error::KeylessUnsupported { identity: Some(identity), issuer: Some(issuer), .. } = &error else {
            panic!("{error:?}");
        };
        let message = error.to_string();
        assert!(message.contains("unverified claim") && message.contains(identity), "{message}");
        assert!(issuer.starts_with("https://"), "{issuer}");
    }
}

#[test]
fn invalid_vectors_are_malformed_bundles() {
    let Some(data) = data() else { return };
    let schemas = Schemas::read(&data);
    let mut accepted = Vec::new();
    for path in vectors(&data, "invalid") {
        let is_valid = read_bundle(&path).is_some_and(|bundle| schemas.faults(&bundle).is_empty());
        assert!(!is_valid, "the schemas accept {}", path.display());
        let case = Case::new(&[("signme-1", b"signme-1")]);
        fs::write(case.bundle(), fs::read(&path).unwrap()).unwrap();
        match case.verify(Policy::strict()) {
            Err(Error::Bundle { fault: BundleFault::Json(fault), .. }) => {
                let fits = matches!(fault, JsonFault::NotJson { .. } | JsonFault::Shape { .. });
                assert!(fits, "{}: {fault}", path.display());
            }
            Err(Error::Bundle { .. }) => {}
            Err(other) => panic!("{}: {other:?}", path.display()),
            Ok(_) => accepted.push(name_of(&path).to_owned()),
        }
    }
    assert!(accepted.is_empty(), "accepted: {accepted:?}");
}

#[test]
fn invalid_payloads_are_malformed_statements() {
    let Some(data) = data() else { return };
    let schemas = Schemas::read(&data);
    for path in vectors(&data, "invalid-payload") {
        assert!(!schemas.faults(&read_bundle(&path).unwrap()).is_empty(), "{}", path.display());
        let error = refused(inspect(&path, &Limits::default()));
        assert!(matches!(error, Error::Statement { .. }), "{}: {error:?}", path.display());
        if name_of(&path).starts_with("wrong-predicate") {
            let fits = matches!(error, Error::Statement { fault: StatementFault::PredicateType { .. }, .. });
            assert!(fits, "{error:?}");
        }
    }
}

/// A copy of a historical model, to change it.
struct Historical {
    folder: tempfile::TempDir,
    /// The part of the folder that was signed.
    model: &'static str,
    verifier: Verifier,
}

impl Historical {
    fn copy(data: &Path, case: &str, model: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = data.join("historical").join(case);
        let entries = fs::read_dir(&source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        for entry in entries {
            let entry = entry.unwrap();
            fs::write(folder.path().join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
        }
        let key = data.join("historical/keys/signing-key-pub.pem");
        let key = PublicKey::from_file(&key).unwrap_or_else(|error| panic!("{error}"));
        Self { folder, model, verifier: Verifier::new(key) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn verify(&self) -> Result<modelsig::VerifiedModel, Error> {
        self.verifier.verify(&self.path(self.model), &self.path("model.sig"))
    }

    /// Writes the file with each single byte changed in turn, and back again.
    fn change_each_byte(&self, name: &str, mut each: impl FnMut(usize)) {
        let good = fs::read(self.path(name)).unwrap();
        assert!(!good.is_empty(), "{name}");
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1;
            fs::write(self.path(name), changed).unwrap();
            each(at);
        }
        fs::write(self.path(name), good).unwrap();
    }

    /// The same inside the base64 of the bundle, one byte in `step`.
    fn change_bundle(&self, pointer: &str, step: usize, mut each: impl FnMut(Error)) {
        let bundle = read_bundle(&self.path("model.sig")).unwrap();
        let good = unbase64(bundle.pointer(pointer).and_then(Value::as_str).unwrap());
        for at in (0..good.len()).step_by(step) {
            let (mut changed, mut bytes) = (bundle.clone(), good.clone());
            bytes[at] ^= 1;
            *changed.pointer_mut(pointer).unwrap() = base64(&bytes).into();
            fs::write(self.path("model.sig"), changed.to_string()).unwrap();
            each(refused(self.verify()));
        }
        fs::write(self.path("model.sig"), bundle.to_string()).unwrap();
    }
}

#[test]
fn historical_models_verify_and_stop_verifying_after_any_change() {
    let Some(data) = data() else { return };
    for (name, model, signed) in [
        ("v1.1.0-elliptic-key", ".", &["signme-1", "signme-2"][..]),
        ("v0.3.1-elliptic-key", "signme-1", &["signme-1"]),
    ] {
        let case = Historical::copy(&data, name, model);
        let verified = case.verify().unwrap_or_else(|error| panic!("{name}: {error}"));
        let listed: Vec<_> = verified.names().map(str::to_owned).collect();
        if model == "." {
            assert_eq!(listed, signed);
            let skipped: Vec<_> = verified.report().skipped().iter().map(|one| one.path.as_str()).collect();
            assert_eq!(skipped, ["ignore-me", "model.sig"], "what the signer left out is told");
        } else {
            assert_eq!(listed, ["."]);
        }
        for file in signed {
            case.change_each_byte(file, |at| {
                let error = refused(case.verify());
                assert!(matches!(only_problem(&error), Error::DigestMismatch { .. }), "{name} {file} {at}");
            });
        }
        // P-384 arithmetic takes its time: every fifth byte.
        for pointer in ["/dsseEnvelope/payload", "/dsseEnvelope/signatures/0/sig"] {
            case.change_bundle(pointer, 5, |error| {
                assert!(matches!(error, Error::BadSignature { .. }), "{name} {pointer}: {error:?}");
            });
        }
        case.verify().unwrap_or_else(|error| panic!("{name}, put right again: {error}"));
    }
}

/// Without the word of the signer, the file that was left out is an extra one, until the caller names it.
#[test]
fn historical_ignored_file() {
    let Some(data) = data() else { return };
    let mut case = Historical::copy(&data, "v1.1.0-elliptic-key", ".");
    let strict = Policy::strict().refuse_bundle_ignores(true);
    case.verifier = case.verifier.with_policy(strict.clone());
    let error = refused(case.verify());
    assert!(matches!(only_problem(&error), Error::Unsigned { path } if path == "ignore-me"), "{error:?}");
    case.verifier = case.verifier.with_policy(ignoring(strict, &["ignore-me"]));
    assert!(case.verify().is_ok());
}

#[test]
fn historical_models_signed_with_certificates_verify_and_stop_verifying_after_any_change() {
    let Some(data) = data() else { return };
    for (name, legacy, ignored) in
        [("v1.0.1-certificate", false, &["ignore-me"][..]), ("v0.2.0-certificate", true, &[])]
    {
        let mut case = Historical::copy(&data, name, ".");
        let by_key = refused(case.verify());
        let fits = matches!(by_key, Error::MethodMismatch { expected: "key", found: "certificate", .. });
        assert!(fits, "{name}: {by_key:?}");

        let anchor = data.join("historical/keys/ca-cert.pem");
        let trust = CertificateTrust::from_files([anchor]).unwrap_or_else(|error| panic!("{error}"));
        let owner = "subject:CN=intermediate-ca".parse().unwrap();
        let policy = ignoring(danger::legacy(Policy::strict(), legacy), ignored);
        case.verifier = Verifier::new(trust.clone().with_identity(owner)).with_policy(policy);
        let verified = case.verify().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(verified.names().collect::<Vec<_>>(), ["signme-1", "signme-2"], "{name}");
        assert_eq!(verified.report().notes().contains(&Note::Legacy), legacy, "{name}");
        for file in ["signme-1", "signme-2"] {
            case.change_each_byte(file, |at| {
                let error = refused(case.verify());
                assert!(matches!(only_problem(&error), Error::DigestMismatch { .. }), "{name} {file} {at}");
            });
        }
        for pointer in ["/dsseEnvelope/payload", "/dsseEnvelope/signatures/0/sig"] {
            case.change_bundle(pointer, 5, |error| {
                assert!(matches!(error, Error::BadSignature { .. }), "{name} {pointer}: {error:?}");
            });
        }
        // In a certificate no byte is free either: whatever is changed in it, the chain no longer holds.
        for certificate in 0..2 {
            let pointer =
                format!("/verificationMaterial/x509CertificateChain/certificates/{certificate}/rawBytes");
            case.change_bundle(&pointer, 11, |error| {
                assert!(matches!(error, Error::Certificate { .. }), "{name} {certificate}: {error:?}");
            });
        }
        if legacy {
            case.verifier = Verifier::new(trust);
            assert!(matches!(refused(case.verify()), Error::BadSignature { .. }), "without --legacy");
        }
    }
}
