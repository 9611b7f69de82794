//! What a verdict was asked for, as a line of the log tells it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use modelsig::hash::uninterrupted;
use modelsig::{CertificateTrust, Identity, PublicKey, Threshold};
use serde::{Serialize, Serializer};

/// What a verdict was asked for.
#[derive(Serialize)]
pub(crate) struct Case {
    command: &'static str,
    /// As the user gave it.
    model: Recorded,
    /// Absolute and without links; null if there is none.
    model_path: Option<Recorded>,
    bundles: Vec<Recorded>,
    /// How many signers it takes, if that was said.
    require: Option<Threshold>,
    /// The part of the model that was asked for; empty for all of it.
    selection: Selected,
    /// It stops at the first problem, and then lists no others.
    fail_fast: bool,
    /// The good copy of a repair.
    from: Option<Recorded>,
    pub(super) trusted: Trusted,
    policy: serde_json::Value,
}

/// Patterns of names.
#[derive(Default, Serialize)]
struct Selected {
    files: Vec<String>,
    tensors: Vec<String>,
}

/// Whom the user trusts.
#[derive(Serialize)]
pub(crate) struct Trusted {
    public_keys: Vec<Recorded>,
    /// Of the keys, in the same order. A path does not tell what was in the file. Null until they are read.
    key_hints: Option<Vec<String>>,
    certificate_chains: Vec<Recorded>,
    /// The SHA-256 of each certificate in these files. Null until they are read.
    anchor_fingerprints: Option<Vec<String>>,
    identities: Vec<String>,
    /// The time at which certificates are judged; null for the present.
    at: Option<String>,
}

/// A path that can be told from the log even if it is not UTF-8.
#[derive(Clone)]
pub(crate) struct Recorded(PathBuf);

impl Case {
    pub(crate) fn new(
        command: &'static str,
        model: &Path,
        bundles: &[PathBuf],
        trusted: Trusted,
        policy: serde_json::Value,
    ) -> Self {
        Self {
            command,
            model: model.into(),
            model_path: uninterrupted(|| model.canonicalize()).ok().map(Recorded),
            bundles: bundles.iter().map(|bundle| bundle.as_path().into()).collect(),
            require: None,
            selection: Selected::default(),
            fail_fast: false,
            from: None,
            trusted,
            policy,
        }
    }

    pub(crate) fn requiring(self, threshold: Option<Threshold>) -> Self {
        Self { require: threshold, ..self }
    }

    pub(crate) fn selecting(self, files: &[String], tensors: &[String]) -> Self {
        Self { selection: Selected { files: files.to_vec(), tensors: tensors.to_vec() }, ..self }
    }

    pub(crate) fn failing_fast(self, fail_fast: bool) -> Self {
        Self { fail_fast, ..self }
    }

    pub(crate) fn mending_from(self, copy: &Path) -> Self {
        Self { from: Some(copy.into()), ..self }
    }

    /// Folders, or single files, of which all is read.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&self.model).chain(&self.from).map(|path| path.0.as_path())
    }

    /// Other files that are read.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let trusted = self.trusted.public_keys.iter().chain(&self.trusted.certificate_chains);
        self.bundles.iter().chain(trusted).map(|path| path.0.as_path())
    }
}

impl Trusted {
    pub(crate) fn new(
        public_keys: &[PathBuf],
        certificate_chains: &[PathBuf],
        identities: &[Identity],
        at: Option<SystemTime>,
    ) -> Self {
        let recorded = |paths: &[PathBuf]| paths.iter().map(|path| path.as_path().into()).collect();
        Self {
            public_keys: recorded(public_keys),
            key_hints: None,
            certificate_chains: recorded(certificate_chains),
            anchor_fingerprints: None,
            identities: identities.iter().map(Identity::to_string).collect(),
            // It was read as a time of this kind.
            at: at.and_then(|at| jiff::Timestamp::try_from(at).ok()).map(|at| at.to_string()),
        }
    }

    /// What was in the files.
    pub(super) fn are(&mut self, keys: &[PublicKey], anchors: Option<&CertificateTrust>) {
        self.key_hints = Some(keys.iter().map(|key| key.hint().to_string()).collect());
        self.anchor_fingerprints =
            Some(anchors.map(CertificateTrust::anchor_fingerprints).unwrap_or_default());
    }
}

impl From<&Path> for Recorded {
    fn from(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl Serialize for Recorded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(&self.0))
    }
}

/// The path itself if it is UTF-8 and has no backslash. A byte that is not UTF-8 is `\xff`, and a backslash stands
/// twice, so that no two paths have one text.
pub(crate) fn text(path: &Path) -> String {
    // There it separates names, and these are UTF-16.
    if cfg!(windows) {
        return path.to_string_lossy().into_owned();
    }
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', r"\\"));
        text.extend(chunk.invalid().iter().map(|byte| format!(r"\x{byte:02x}")));
    }
    text
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn paths_that_differ_have_texts_that_differ() {
        let shown = |bytes: &[u8]| text(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(shown("模型/a b".as_bytes()), "模型/a b");
        assert_eq!(shown(b"m\xff\xfe/\xc3"), r"m\xff\xfe/\xc3");
        assert_eq!(shown(br"m\xff"), r"m\\xff");
    }
}
