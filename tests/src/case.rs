//! A model, a key and the place of a bundle, in a temporary folder of their own.

use std::fs;
use std::path::{Path, PathBuf};

use modelsig::{
    Error, KeyType, ModelPath, ModelSigner, Policy, PrivateKey, SignReport, Signer, VerifiedModel, Verifier,
    danger,
};
use serde_json::Value;

use crate::craft;

/// The policy, but the caller leaves out these paths.
pub fn ignoring(policy: Policy, paths: &[&str]) -> Policy {
    let paths = paths.iter().map(|path| ModelPath::parse(path).expect("a canonical path"));
    paths.fold(policy, danger::ignore_path)
}

/// The model is the folder `model`, its bundle the file `model.sig` beside it.
pub struct Case {
    folder: tempfile::TempDir,
    /// What signs, and is trusted.
    pub key: PrivateKey,
}

impl Case {
    /// A model of these files and a new Ed25519 key.
    pub fn new(files: &[(&str, &[u8])]) -> Self {
        Self::with_key(KeyType::Ed25519, files)
    }

    /// The same with another kind of key.
    pub fn with_key(kind: KeyType, files: &[(&str, &[u8])]) -> Self {
        let case = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            key: PrivateKey::generate(kind).expect("random numbers"),
        };
        fs::create_dir(case.model()).expect("an empty folder");
        files.iter().for_each(|(name, content)| case.write(name, content));
        case
    }

    /// A path in the temporary folder, outside the model.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of the model.
    pub fn model(&self) -> PathBuf {
        self.path("model")
    }

    /// A path in the model.
    pub fn file(&self, name: &str) -> PathBuf {
        self.model().join(name)
    }

    /// Where the bundle is written.
    pub fn bundle(&self) -> PathBuf {
        self.path("model.sig")
    }

    /// Writes a file of the model, with the folders above it.
    pub fn write(&self, name: &str, content: &[u8]) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
        fs::write(path, content).expect("the file can be written");
    }

    /// Makes the byte at `at` of a file another one.
    pub fn flip(&self, name: &str, at: usize) {
        let mut bytes = fs::read(self.file(name)).expect("the file is there");
        bytes[at] ^= 1;
        self.write(name, &bytes);
    }

    /// Signs the model in the default way.
    pub fn sign(&self) -> SignReport {
        self.sign_with(&ModelSigner::new())
    }

    /// Signs the model in some way.
    pub fn sign_with(&self, signer: &ModelSigner) -> SignReport {
        signer.sign(&self.model(), &self.bundle(), &self.key).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Signing must fail and leave everything as it was.
    #[track_caller]
    pub fn sign_refused(&self, signer: &ModelSigner) -> Error {
        let before = self.listing();
        let error = crate::refused(signer.sign(&self.model(), &self.bundle(), &self.key));
        assert_eq!(self.listing(), before, "something was written although: {error}");
        error
    }

    /// Writes the text of a bundle as it is.
    pub fn write_bundle(&self, text: impl AsRef<[u8]>) {
        fs::write(self.bundle(), text).expect("the bundle can be written");
    }

    /// Writes a bundle over a payload, signed properly.
    pub fn write_payload(&self, payload: impl AsRef<[u8]>) {
        self.write_bundle(craft::bundle(&self.key, payload.as_ref()).to_string());
    }

    /// Writes a bundle over a statement, signed properly.
    pub fn write_statement(&self, statement: &Value) {
        self.write_payload(statement.to_string());
    }

    /// The bundle as JSON.
    pub fn read_bundle(&self) -> Value {
        serde_json::from_slice(&fs::read(self.bundle()).expect("the bundle is there")).expect("it is JSON")
    }

    /// The statement in the bundle as JSON.
    pub fn read_statement(&self) -> Value {
        serde_json::from_slice(&craft::payload_of(&self.read_bundle())).expect("the payload is JSON")
    }

    /// A verifier that trusts the key.
    pub fn verifier(&self, policy: Policy) -> Verifier {
        Verifier::new(self.key.public_key().clone()).with_policy(policy)
    }

    /// Verifies the model.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify(&self, policy: Policy) -> Result<VerifiedModel, Error> {
        self.verifier(policy).verify(&self.model(), &self.bundle())
    }

    /// Verifies the model by a strict policy, which must succeed.
    #[track_caller]
    pub fn verified(&self) -> VerifiedModel {
        self.verify(Policy::strict()).unwrap_or_else(|error| panic!("{error}: {:?}", crate::problems(&error)))
    }

    /// Everything in the temporary folder: each path with the content of the file, the target of the link, or
    /// nothing.
    pub fn listing(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        list(self.folder.path(), &mut found);
        found.sort();
        found
    }
}

fn list(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    // A folder that cannot be listed is there all the same.
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        let kind = path.symlink_metadata().expect("it was listed").file_type();
        let content = if kind.is_file() {
            fs::read(&path).unwrap_or_default()
        } else if kind.is_symlink() {
            fs::read_link(&path).expect("it is a link").into_os_string().into_encoded_bytes()
        } else {
            Vec::new()
        };
        found.push((path.clone(), content));
        if kind.is_dir() {
            list(&path, found);
        }
    }
}
