//! What a bundle says, without believing any of it.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use modelsig_hash::ByteRange;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::bundle::{Bundle, Material};
use crate::content::BundleSource;
use crate::limits::at_most;
use crate::loader::{ModelTensor, Stop};
use crate::manifest::{Manifest, Proof};
use crate::model::format::{TensorFormat, read_header};
use crate::model::{Exclusions, Model, Symlinks};
use crate::statement::{self, StatementFault};
use crate::trust::{Dialect, claims};
use crate::{Error, Limits};

/// The claims of a bundle. No signature was checked: anybody can write anything into a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// `"key"`, `"certificate"` or `"sigstore"`.
    pub method: &'static str,
    /// The hint of the key, for the `key` method.
    pub hint: Option<String>,
    /// Number of certificates, for the other methods.
    pub certificates: usize,
    /// Whom the first certificate names, and for a keyless one who vouched for it. Anybody can write a certificate.
    pub claimed_identity: Option<String>,
    /// The identity provider of a keyless signature, as claimed.
    pub claimed_issuer: Option<String>,
    /// A bundle of model-signing 0.2.0.
    pub legacy: bool,
    /// The name the signer gave the model.
    pub subject: String,
    /// `sha256:…`; it is that of the listed resources.
    pub root_digest: String,
    /// `"files"` or `"shards"`.
    pub serialization: &'static str,
    /// `"sha256"`, `"blake2b"` or `"blake3"`.
    pub hash: &'static str,
    /// Symbolic links were followed.
    pub allow_symlinks: bool,
    /// Paths left out.
    pub ignore_paths: Vec<String>,
    /// The files, in code-point order.
    pub resources: Vec<InspectedResource>,
}

/// A file that a bundle lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InspectedResource {
    /// Its name.
    pub name: String,
    /// The digest of the whole file, hexadecimal; absent for shards.
    pub digest: Option<String>,
    /// Its length in bytes, when chunk index or shards tell it.
    pub length: Option<u64>,
    /// Bytes in each chunk, when there is a chunk index.
    pub chunk_size: Option<u64>,
    /// Number of digests below the whole: chunks or shards.
    pub parts: usize,
    /// The fs-verity digest, hexadecimal, if there is one.
    pub fsverity: Option<String>,
}

/// Reads a bundle without verifying it.
///
/// # Errors
/// As verification, up to the point where it would need a key or the model.
pub fn inspect<'b>(bundle: impl Into<BundleSource<'b>>, limits: &Limits) -> Result<Inspection, Error> {
    let bundle = bundle.into();
    let name = bundle.name();
    let text = bundle.read(limits)?;
    let bundle = Bundle::parse(&name, text, limits)?;
    let payload = bundle.envelope.payload();
    // Which encoding was signed is not known without a key: whichever statement it is, is shown.
    let manifest =
        statement::parse(&name, payload, Dialect::Current, limits).or_else(|error| match error {
            Error::Statement { fault: StatementFault::MixedDialects { .. }, .. } => {
                statement::parse(&name, payload, Dialect::Legacy, limits)
            }
            other => Err(other),
        })?;
    Ok(Inspection::new(&bundle.material, &manifest))
}

/// The tensors of all safetensors and GGUF files below a folder, or of one such file, in order of the files and of
/// their data. Nothing is verified: [`SignedModel::tensors`](crate::SignedModel::tensors) is for that.
///
/// # Errors
/// As verification, for what cannot be opened or walked; [`Error::Format`] for a malformed header. What is no file and no
/// folder is passed over unless its name is that of a file of tensors.
pub fn inspect_tensors(model: &Path, limits: &Limits) -> Result<Vec<ModelTensor>, Error> {
    let model = Model::open(model)?;
    let tree = model.tree(&Exclusions::default(), Symlinks::Reject, limits)?;
    if let Some(problem) = tree.problems.into_iter().find(may_hide_tensors) {
        return Err(problem);
    }
    let (mut tensors, mut name_bytes) = (Vec::new(), 0usize);
    for file in &tree.files {
        let name = file.name.as_str();
        let Some(format) = TensorFormat::of_name(name) else { continue };
        let mut opened = model.open_file(file).map_err(|error| Error::io("open", name, error))?;
        let mut read = |range: ByteRange| -> Result<Vec<u8>, Stop> {
            let mut bytes = Vec::new();
            let read = opened
                .seek(SeekFrom::Start(range.start()))
                .and_then(|_| opened.by_ref().take(range.length()).read_to_end(&mut bytes));
            read.map_err(|error| Stop::Error(Error::io("read", name, error)))?;
            match bytes.len() as u64 == range.length() {
                true => Ok(bytes),
                false => Err(Stop::Error(Error::Changed { path: name.into() })),
            }
        };
        let header = read_header(format, file.length, limits, &mut read).map_err(|stop| stop.about(name))?;
        // Each file alone keeps to the limits of a header. All together are many, and each tensor has the name of its
        // file.
        let count = header.tensors.len();
        at_most(
            Path::new(name),
            "the number of tensors",
            limits.tensors,
            tensors.len().saturating_add(count),
        )?;
        name_bytes = name_bytes.saturating_add(name.len().saturating_mul(count));
        let what = "the length of the file names of all tensors in bytes";
        at_most(Path::new(name), what, limits.name_bytes, name_bytes)?;
        tensors.extend(header.tensors.into_iter().map(|tensor| ModelTensor { file: name.into(), tensor }));
    }
    Ok(tensors)
}

fn may_hide_tensors(problem: &Error) -> bool {
    match problem {
        Error::Symlink { path } | Error::SpecialFile { path, .. } => TensorFormat::of_name(path).is_some(),
        _ => true,
    }
}

impl Inspection {
    fn new(material: &Material, manifest: &Manifest) -> Self {
        let (hint, chain) = match material {
            Material::Key { hint } => (hint.clone(), &[][..]),
            Material::Certificates(chain) => (None, chain.as_slice()),
            Material::LoneCertificate(leaf) | Material::Sigstore(leaf) => (None, std::slice::from_ref(leaf)),
        };
        let (claimed_identity, claimed_issuer) = chain.first().map(|leaf| claims(leaf)).unwrap_or_default();
        let ignored = |path: &crate::manifest::RecordedIgnore| match path {
            crate::manifest::RecordedIgnore::Relative(path) => path.to_string(),
            crate::manifest::RecordedIgnore::Absolute(path)
            | crate::manifest::RecordedIgnore::Inert(path) => path.clone(),
        };
        let resource = |file: &crate::manifest::SignedFile| {
            let (digest, chunk_size, parts) = match &file.proof {
                Proof::Whole { digest, chunks, .. } => (
                    Some(digest.to_string()),
                    chunks.as_ref().map(|chunks| chunks.chunk_size.bytes()),
                    chunks.as_ref().map_or(0, |chunks| chunks.chunks().count()),
                ),
                Proof::Shards(shards) => (None, None, shards.len()),
            };
            InspectedResource {
                name: file.name.to_string(),
                digest,
                length: file.length(),
                chunk_size,
                parts,
                fsverity: file.verity().map(|digest| digest.to_string()),
            }
        };
        Self {
            method: material.method(),
            hint,
            certificates: chain.len(),
            claimed_identity,
            claimed_issuer,
            legacy: manifest.dialect == Dialect::Legacy,
            subject: manifest.subject.clone(),
            root_digest: manifest.root_digest.tagged(),
            serialization: manifest.serialization.method.id(),
            hash: manifest.serialization.hash.id(),
            allow_symlinks: manifest.serialization.allow_symlinks,
            ignore_paths: manifest.serialization.ignore_paths.iter().map(ignored).collect(),
            resources: manifest.files.iter().map(resource).collect(),
        }
    }
}

impl Serialize for Inspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Inspection", 14)?;
        object.serialize_field("trusted", &false)?;
        object.serialize_field("method", self.method)?;
        object.serialize_field("key_hint", &self.hint)?;
        object.serialize_field("certificates", &self.certificates)?;
        object.serialize_field("claimed_identity", &self.claimed_identity)?;
        object.serialize_field("claimed_issuer", &self.claimed_issuer)?;
        object.serialize_field("legacy", &self.legacy)?;
        object.serialize_field("subject", &self.subject)?;
        object.serialize_field("root_digest", &self.root_digest)?;
        object.serialize_field("serialization", self.serialization)?;
        object.serialize_field("hash", self.hash)?;
        object.serialize_field("allow_symlinks", &self.allow_symlinks)?;
        object.serialize_field("ignore_paths", &self.ignore_paths)?;
        object.serialize_field("resources", &self.resources)?;
        object.end()
    }
}

impl Serialize for InspectedResource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Resource", 6)?;
        object.serialize_field("name", &self.name)?;
        object.serialize_field("digest", &self.digest)?;
        object.serialize_field("length", &self.length)?;
        object.serialize_field("chunk_size", &self.chunk_size)?;
        object.serialize_field("parts", &self.parts)?;
        object.serialize_field("fsverity", &self.fsverity)?;
        object.end()
    }
}
