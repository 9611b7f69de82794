//! Signing: model → manifest → statement → envelope → bundle. Here are the settings, and the way from the manifest
//! on; `digests` makes the manifest.
//!
//! Refuses: an empty model, names that cannot be signed, links and special files, empty files under shards, and to
//! overwrite anything that is not a bundle. The bundle appears whole or not at all.

mod digests;

use std::path::Path;

use modelsig_hash::{Access, ChunkSize, Digest, Engine, HashAlgorithm, uninterrupted};

use crate::bundle::{Bundle, Material};
use crate::dsse::{PAYLOAD_TYPE, pre_authentication_encoding};
use crate::keys::{KeyHint, KeyType, PublicKey, SignatureScheme, Signer};
use crate::manifest::Method;
use crate::model::{Model, ModelPath, Skipped, Symlinks};
use crate::reuse::{OldBundle, Reuse, ReusedFile};
use crate::statement;
#[cfg(feature = "certificate")]
use crate::trust::CertificateChain;
use crate::{Error, Limits, events, output};
use digests::Digested;

/// The chunk index of the files of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkIndexing {
    /// `None`: the smallest size with which the index stays small ([`ChunkSize::for_lengths`]).
    pub size: Option<ChunkSize>,
    /// The hash of the chunks.
    pub algorithm: HashAlgorithm,
}

impl Default for ChunkIndexing {
    fn default() -> Self {
        Self { size: None, algorithm: HashAlgorithm::Sha256 }
    }
}

/// Signs models in one way. The default is what every OMS tool reads: one SHA-256 digest for each file, and a chunk
/// index beside it.
#[derive(Clone, Debug)]
pub struct ModelSigner {
    method: Method,
    hash: HashAlgorithm,
    chunks: Option<ChunkIndexing>,
    fsverity: bool,
    ignore_paths: Vec<ModelPath>,
    ignore_git_paths: bool,
    symlinks: Symlinks,
    allow_unsigned_empty: bool,
    #[cfg(feature = "portable")]
    portable: bool,
    single_file_dot: bool,
    sharded_algorithm_name: bool,
    #[cfg(feature = "certificate")]
    certificates: Option<CertificateChain>,
    limits: Limits,
    access: Access,
    engine: Option<Engine>,
    reuse: Option<Reuse>,
}

impl Default for ModelSigner {
    fn default() -> Self {
        Self::new()
    }
}

/// What was signed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignReport {
    /// The root digest of the statement.
    pub root_digest: Digest,
    /// How many files it covers.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of these were read and hashed.
    pub bytes_hashed: u64,
    /// Files whose digests were taken over from an older bundle without reading them: see
    /// [`danger::reuse_digests`](crate::danger::reuse_digests).
    pub reused: Vec<ReusedFile>,
    /// Files that it does not cover, each with the rule that left it out.
    pub skipped: Vec<Skipped>,
    /// The kind of key that signed.
    pub key_type: KeyType,
    /// Its hint.
    pub hint: KeyHint,
}

impl ModelSigner {
    /// The default.
    pub fn new() -> Self {
        Self {
            method: Method::Files,
            hash: HashAlgorithm::Sha256,
            chunks: Some(ChunkIndexing::default()),
            fsverity: false,
            ignore_paths: Vec::new(),
            ignore_git_paths: true,
            symlinks: Symlinks::Reject,
            allow_unsigned_empty: false,
            #[cfg(feature = "portable")]
            portable: false,
            single_file_dot: false,
            sharded_algorithm_name: false,
            #[cfg(feature = "certificate")]
            certificates: None,
            limits: Limits::default(),
            access: Access::Read,
            engine: None,
            reuse: None,
        }
    }

    /// Digests of files or of shards.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// The hash of files or shards. Other OMS tools can be counted on to read SHA-256 only.
    #[must_use]
    pub fn hash(mut self, hash: HashAlgorithm) -> Self {
        self.hash = hash;
        self
    }

    /// The chunk index, or `None` for a bundle without one. Shards have none.
    #[must_use]
    pub fn chunks(mut self, chunks: Option<ChunkIndexing>) -> Self {
        self.chunks = chunks;
        self
    }

    /// Whether to sign the [fs-verity digest](modelsig_hash::protect::verity) of each file too, in the annotation
    /// [`VERITY_DIGEST`](crate::VERITY_DIGEST), so that files that the Linux kernel guards are verified in constant
    /// time. It is computed from the bytes in the same pass; the files need not be guarded here. Shards have none.
    #[must_use]
    pub fn fsverity(mut self, fsverity: bool) -> Self {
        self.fsverity = fsverity;
        self
    }

    /// Leaves out a path, relative to the root of the model, with its subtree; the bundle records it.
    #[must_use]
    pub fn ignore_path(mut self, path: ModelPath) -> Self {
        self.ignore_paths.push(path);
        self
    }

    /// Whether to leave out [`GIT_DEFAULTS`](crate::GIT_DEFAULTS). Other OMS tools leave them out when they verify.
    #[must_use]
    pub fn ignore_git_paths(mut self, ignore: bool) -> Self {
        self.ignore_git_paths = ignore;
        self
    }

    /// Whether to sign the targets of symbolic links to files inside the model under the links' names.
    #[must_use]
    pub fn allow_symlinks(mut self, allow: bool) -> Self {
        self.symlinks = if allow { Symlinks::FollowInside } else { Symlinks::Reject };
        self
    }

    /// Whether a model with empty files may be signed by shards, which do not cover them.
    #[must_use]
    pub fn allow_unsigned_empty(mut self, allow: bool) -> Self {
        self.allow_unsigned_empty = allow;
        self
    }

    /// Whether to refuse names that mean something else on other systems: see
    /// [`Policy::portable`](crate::Policy::portable).
    #[cfg(feature = "portable")]
    #[must_use]
    pub fn portable(mut self, portable: bool) -> Self {
        self.portable = portable;
        self
    }

    /// Lists a single file as `.`, as the Python tool wants it, instead of under its name. A folder cannot be signed
    /// so.
    #[must_use]
    pub fn single_file_dot(mut self, dot: bool) -> Self {
        self.single_file_dot = dot;
        self
    }

    /// Writes the algorithm of each shard as `sha256-sharded-<shard_size>`, as the Python API wants it, instead of
    /// the name of the hash alone, as the specification does.
    #[must_use]
    pub fn sharded_algorithm_name(mut self, sharded: bool) -> Self {
        self.sharded_algorithm_name = sharded;
        self
    }

    /// Signs with the `certificate` method: the bundle carries these certificates instead of the hint of the key.
    #[cfg(feature = "certificate")]
    #[must_use]
    pub fn with_certificates(mut self, certificates: CertificateChain) -> Self {
        self.certificates = Some(certificates);
        self
    }

    /// Replaces the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How files are read; see [`Access`].
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Hashes with this engine. Otherwise each call makes one with a thread for each CPU.
    #[must_use]
    pub fn with_engine(mut self, engine: Engine) -> Self {
        self.engine = Some(engine);
        self
    }

    pub(crate) fn with_reuse(mut self, reuse: Reuse) -> Self {
        self.reuse = Some(reuse);
        self
    }

    /// Signs the model and writes the bundle, over an older bundle if one stands there. The modification time of the
    /// bundle is that of the moment before the first file was read, so that whatever was touched later is newer.
    ///
    /// # Errors
    /// Any; then nothing was written. Except that a new bundle stands there, whole, when it is its folder that could not
    /// be flushed to the device.
    pub fn sign(&self, model: &Path, bundle: &Path, signer: &dyn Signer) -> Result<SignReport, Error> {
        let opened = Model::open(model)?;
        self.check_target(&opened, bundle)?;
        let material = self.material(signer.public_key())?;
        let began = output::time_beside(bundle)?;
        let old =
            self.reuse.as_ref().map(|reuse| OldBundle::open(reuse, &opened, &self.limits)).transpose()?;
        let digested = self.digest_model(&opened, Some(bundle), old.as_ref())?;
        let (payload, root_digest) = self.statement(&digested)?;
        let signature = signature_over(&payload, signer)?;
        let (key, hint) = (signer.public_key(), signer.public_key().hint());
        let text = Bundle::write(&material, &payload, &signature)?;
        if text.len() as u64 > self.limits.bundle_bytes {
            let (limit, found) = (self.limits.bundle_bytes, text.len() as u64);
            let what = "the size of the bundle in bytes";
            return Err(Error::Limit { path: bundle.to_string_lossy().into(), what, limit, found });
        }
        // Hours may have passed.
        self.check_target(&opened, bundle)?;
        output::write_whole(bundle, &text, began)?;
        let report = SignReport {
            root_digest,
            files: digested.files.len(),
            bytes: digested.bytes,
            bytes_hashed: digested
                .reused
                .iter()
                .fold(digested.bytes, |left, file| left.saturating_sub(file.bytes)),
            reused: digested.reused,
            skipped: digested.skipped,
            key_type: key.key_type(),
            hint,
        };
        events::signed(&opened.shown(), &bundle.to_string_lossy(), &report);
        Ok(report)
    }

    /// The root digest that a signature would have. `bundle` is left out if it lies in the model.
    ///
    /// # Errors
    /// Any that signing could meet before it signs.
    pub fn root_digest(&self, model: &Path, bundle: Option<&Path>) -> Result<Digest, Error> {
        let digested = self.digest_model(&Model::open(model)?, bundle, None)?;
        self.statement(&digested).map(|(_, root)| root)
    }

    /// How the bundle will name the signer.
    fn material(&self, key: &PublicKey) -> Result<Material, Error> {
        #[cfg(feature = "certificate")]
        if let Some(certificates) = &self.certificates {
            return certificates.embed(key).map(Material::Certificates);
        }
        Ok(Material::Key { hint: Some(key.hint().to_string()) })
    }

    /// The path must be free or hold a bundle; finding out comes before hours of hashing.
    fn check_target(&self, model: &Model, bundle: &Path) -> Result<(), Error> {
        let name = bundle.to_string_lossy().into_owned();
        let limits = &self.limits;
        match model.read_bundle(bundle, limits) {
            Err(Error::BundleNotFound { .. }) => {}
            Ok(text) => {
                Bundle::parse(&name, text, limits).map_err(|_| Error::NotABundle { path: name.clone() })?;
            }
            Err(Error::NotAFile { .. } | Error::Limit { .. }) => {
                return Err(Error::NotABundle { path: name });
            }
            Err(error) => return Err(error),
        }
        let folder = crate::model::folder_around(bundle);
        let not_a_folder = || std::io::ErrorKind::NotADirectory.into();
        let is_folder = uninterrupted(|| folder.metadata())
            .and_then(|found| found.is_dir().then_some(()).ok_or_else(not_a_folder));
        is_folder.map_err(|source| Error::io("write into", folder.to_string_lossy(), source))
    }

    fn statement(&self, digested: &Digested) -> Result<(Vec<u8>, Digest), Error> {
        let algorithm = digested.serialization.algorithm_name(self.sharded_algorithm_name);
        statement::write(&digested.subject, &digested.serialization, &algorithm, &digested.files)
    }
}

/// The signature of the envelope. One that the signer's own public key does not verify is never written down: the
/// wrong key, hash, mechanism or encoding of a token or service.
fn signature_over(payload: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, Error> {
    let message = pre_authentication_encoding(PAYLOAD_TYPE, payload);
    let signature = signer.sign(&message)?;
    let key = signer.public_key();
    match key.verify(&message, &signature) {
        // Verifies, but is not what a signer is asked for.
        Some(scheme) if scheme != SignatureScheme::Ed25519ph => Ok(signature),
        _ => Err(Error::SignerMismatch { key_type: key.key_type(), hint: key.hint() }),
    }
}
