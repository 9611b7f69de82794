//! Signing: model → manifest → statement → envelope → bundle.
//!
//! Refuses: an empty model, names that cannot be signed, links and special files, empty files under shards, and to
//! overwrite anything that is not a bundle. The bundle appears whole or not at all.

use std::path::Path;

use modelsig_hash::{
    Access, ByteRange, ChunkSize, Chunks, Digest, Engine, HashAlgorithm, Hashed, Job, Plan, Task,
};

use crate::bundle::{Bundle, Material};
use crate::dsse::{PAYLOAD_TYPE, pre_authentication_encoding};
use crate::keys::{KeyHint, KeyType, PublicKey, SignatureScheme, Signer};
use crate::manifest::{ChunkIndex, Method, Proof, RecordedIgnore, Serialization, SignedFile};
use crate::model::{
    Exclusions, GIT_DEFAULTS, Model, ModelPath, SkipReason, Skipped, Symlinks, Tree, TreeFile,
};
use crate::reuse::{OldBundle, Reuse, ReusedFile, Wanted};
use crate::statement;
#[cfg(feature = "certificate")]
use crate::trust::CertificateChain;
use crate::{Error, Limits, output};

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
    ignore_paths: Vec<ModelPath>,
    ignore_git_paths: bool,
    symlinks: Symlinks,
    allow_unsigned_empty: bool,
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

/// The files of a model with their proofs.
struct Digested {
    serialization: Serialization,
    subject: String,
    files: Vec<SignedFile>,
    bytes: u64,
    reused: Vec<ReusedFile>,
    skipped: Vec<Skipped>,
}

impl ModelSigner {
    /// The default.
    pub fn new() -> Self {
        Self {
            method: Method::Files,
            hash: HashAlgorithm::Sha256,
            chunks: Some(ChunkIndexing::default()),
            ignore_paths: Vec::new(),
            ignore_git_paths: true,
            symlinks: Symlinks::Reject,
            allow_unsigned_empty: false,
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

    /// Leaves out a path, relative to the root of the model, with its subtree; the bundle records it.
    #[must_use]
    pub fn ignore_path(mut self, path: ModelPath) -> Self {
        self.ignore_paths.push(path);
        self
    }

    /// Whether to leave out [`GIT_DEFAULTS`]. Other OMS tools leave them out when they verify.
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

    /// Lists a single file as `.`, as the Python tool wants it, instead of under its name.
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
    /// Any; then nothing was written.
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
        Ok(SignReport {
            root_digest,
            files: digested.files.len(),
            bytes: digested.bytes,
            bytes_hashed: digested.bytes.saturating_sub(digested.reused.iter().map(|file| file.bytes).sum()),
            reused: digested.reused,
            skipped: digested.skipped,
            key_type: key.key_type(),
            hint,
        })
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
            Ok(text) if Bundle::parse(&name, &text, limits).is_ok() => {}
            Ok(_) | Err(Error::NotAFile { .. } | Error::Limit { .. }) => {
                return Err(Error::NotABundle { path: name });
            }
            Err(error) => return Err(error),
        }
        let folder = output::folder_of(bundle);
        let not_a_folder = || std::io::ErrorKind::NotADirectory.into();
        let is_folder =
            folder.metadata().and_then(|found| found.is_dir().then_some(()).ok_or_else(not_a_folder));
        is_folder.map_err(|source| Error::io("write into", folder.to_string_lossy(), source))
    }

    fn statement(&self, digested: &Digested) -> Result<(Vec<u8>, Digest), Error> {
        let algorithm = digested.serialization.algorithm_name(self.sharded_algorithm_name);
        statement::write(&digested.subject, &digested.serialization, &algorithm, &digested.files)
    }

    fn digest_model(
        &self,
        model: &Model,
        bundle: Option<&Path>,
        old: Option<&OldBundle>,
    ) -> Result<Digested, Error> {
        if self.method == (Method::Shards { shard_size: 0 }) {
            return Err(Error::Usage { what: "a shard has at least one byte".into() });
        }
        if self.sharded_algorithm_name && self.method == Method::Files {
            return Err(Error::Usage { what: "the names of sharded algorithms are for shards only".into() });
        }
        if model.is_file() && !self.ignore_paths.is_empty() {
            return Err(Error::Usage { what: "a model that is a single file has no paths to ignore".into() });
        }
        if let Some(path) = self.ignore_paths.iter().find(|path| path.as_str().contains(['*', '?', '['])) {
            let what = format!("cannot ignore '{path}': OMS has no patterns, only whole paths");
            return Err(Error::Usage { what });
        }
        let (exclusions, ignore_paths) = match model.is_file() {
            true => (Exclusions::default(), Vec::new()),
            false => {
                let inside = bundle.map(|bundle| model.relative(bundle)).transpose()?;
                self.exclusions(inside.flatten())
            }
        };
        let mut tree = model.tree(&exclusions, self.symlinks, &self.limits)?;
        if let Some(problem) = tree.problems.drain(..).next() {
            return Err(problem);
        }
        if let Method::Shards { .. } = self.method {
            self.set_empty_files_apart(&mut tree)?;
        }
        if tree.files.is_empty() {
            return Err(Error::EmptyModel { path: model.shown() });
        }
        old.map_or(Ok(()), |old| old.check_changed(&tree))?;
        let chunks = self.indexing(&tree, old);
        self.limit_bundle(model, &tree, chunks)?;
        let (files, reused) = self.prove_files(model, &tree, chunks, old)?;
        let serialization = Serialization {
            method: self.method,
            hash: self.hash,
            allow_symlinks: self.symlinks == Symlinks::FollowInside,
            ignore_paths,
        };
        let bytes = tree.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.length));
        let (subject, skipped) = (model.subject_name(), tree.skipped);
        Ok(Digested { serialization, subject, files, bytes, reused, skipped })
    }

    /// A bundle that no verifier would read is not worth hours of hashing.
    fn limit_bundle(&self, model: &Model, tree: &Tree, chunks: Option<Chunks>) -> Result<(), Error> {
        let limit = |what, limit: u64, found: u64| match found <= limit {
            true => Ok(()),
            false => Err(Error::Limit { path: model.shown(), what, limit, found }),
        };
        let sum = |each: &dyn Fn(u64) -> u64| {
            tree.files.iter().fold(0u64, |sum, file| sum.saturating_add(each(file.length)))
        };
        if let Method::Shards { shard_size } = self.method {
            let shards = sum(&|length| length.div_ceil(shard_size));
            limit("the number of shards", self.limits.resources as u64, shards)?;
        }
        if let (Method::Files, Some(chunks)) = (self.method, chunks) {
            let size = chunks.algorithm.digest_length() as u64;
            // Base64 twice: in the statement, and the statement in the envelope.
            let text = sum(&|length| chunks.size.count(length).saturating_mul(size)).saturating_mul(16) / 9;
            limit("the size of the chunk index in bytes", self.limits.bundle_bytes, text)?;
        }
        Ok(())
    }

    fn indexing(&self, tree: &Tree, old: Option<&OldBundle>) -> Option<Chunks> {
        let indexing = self.chunks?;
        let kept = || old.and_then(|old| old.chunk_size(indexing.algorithm, tree));
        let fitting = || ChunkSize::for_lengths(tree.files.iter().map(|file| file.length));
        let size = indexing.size.or_else(kept).unwrap_or_else(fitting);
        Some(Chunks { size, algorithm: indexing.algorithm })
    }

    /// What is left out, and how the bundle records it: sorted, each path once.
    fn exclusions(&self, bundle: Option<ModelPath>) -> (Exclusions, Vec<RecordedIgnore>) {
        let mut exclusions = Exclusions::default();
        let mut recorded: Vec<ModelPath> = Vec::new();
        if let Some(bundle) = bundle {
            recorded.push(bundle.clone());
            exclusions.add(bundle, SkipReason::Signature);
        }
        for path in &self.ignore_paths {
            recorded.push(path.clone());
            exclusions.add(path.clone(), SkipReason::Caller);
        }
        if self.ignore_git_paths {
            exclusions.add_git_defaults(|_| false);
            recorded.extend(GIT_DEFAULTS.iter().filter_map(|path| ModelPath::parse(path).ok()));
        }
        recorded.sort_unstable();
        recorded.dedup();
        (exclusions, recorded.into_iter().map(RecordedIgnore::Relative).collect())
    }

    fn set_empty_files_apart(&self, tree: &mut Tree) -> Result<(), Error> {
        let (empty, files) = std::mem::take(&mut tree.files).into_iter().partition(|file| file.length == 0);
        tree.files = files;
        let empty: Vec<TreeFile> = empty;
        match empty.first() {
            Some(first) if !self.allow_unsigned_empty => {
                Err(Error::EmptyNotCovered { path: first.name.to_string() })
            }
            _ => {
                let skipped =
                    |file: &TreeFile| Skipped { path: file.name.to_string(), reason: SkipReason::Unsigned };
                tree.skipped.extend(empty.iter().map(skipped));
                Ok(())
            }
        }
    }

    /// The proof of each file, taken over where that is possible, otherwise by hashing.
    fn prove_files(
        &self,
        model: &Model,
        tree: &Tree,
        chunks: Option<Chunks>,
        old: Option<&OldBundle>,
    ) -> Result<(Vec<SignedFile>, Vec<ReusedFile>), Error> {
        let wanted = Wanted { method: self.method, hash: self.hash, chunks };
        let taken = |file: &TreeFile| old.and_then(|old| old.proof(model, file, &wanted));
        let taken: Vec<Option<Proof>> = tree.files.iter().map(taken).collect();
        let unread =
            || tree.files.iter().zip(&taken).filter_map(|(file, taken)| taken.is_some().then_some(file));
        let reused: Vec<ReusedFile> =
            unread().map(|file| ReusedFile { name: file.name.to_string(), bytes: file.length }).collect();
        let to_hash: Vec<&TreeFile> = tree
            .files
            .iter()
            .zip(&taken)
            .filter_map(|(file, taken)| taken.is_none().then_some(file))
            .collect();
        let hashed = self.hash_files(model, &to_hash, chunks)?;
        if let Some(touched) = unread().find(|file| old.is_some_and(|old| !old.is_older(model, file))) {
            return Err(Error::Changed { path: touched.name.to_string() });
        }
        let mut hashed = hashed.into_iter();
        let files = tree.files.iter().zip(taken).map(|(file, taken)| {
            let proof = taken.or_else(|| hashed.next());
            let proof = proof.ok_or_else(|| Error::Internal { what: "a file was not hashed".into() })?;
            let dot = self.single_file_dot && model.is_file();
            Ok(SignedFile { name: if dot { ModelPath::dot() } else { file.name.clone() }, proof })
        });
        Ok((files.collect::<Result<_, Error>>()?, reused))
    }

    fn hash_files(
        &self,
        model: &Model,
        files: &[&TreeFile],
        chunks: Option<Chunks>,
    ) -> Result<Vec<Proof>, Error> {
        let fresh;
        let engine = match &self.engine {
            Some(engine) => engine,
            None => {
                fresh = Engine::new(0).map_err(|error| Error::from_hashing("", error))?;
                &fresh
            }
        };
        let mut plan = Plan::new();
        for file in files {
            let source = model.source(file, self.access);
            let task = match self.method {
                Method::Shards { shard_size } => Task::pieces(source, shard_size, self.hash),
                Method::Files => {
                    let chunks = chunks.filter(|chunks| file.length > chunks.size.bytes());
                    let range = ByteRange::whole(file.length);
                    Task::new(source, vec![Job { range, algorithm: self.hash, chunks }])
                }
            };
            plan.push(task.map_err(|error| Error::from_hashing(file.name.as_str(), error))?);
        }
        let results = engine.run(&plan);
        drop(plan);
        // A cancelled run leaves many cancelled files; the error that comes first in the list is as good as any.
        let named = files.iter().zip(results);
        named
            .map(|(file, result)| {
                let hashed = result.map_err(|error| Error::from_hashing(file.name.as_str(), error))?;
                self.proof(file.length, hashed, chunks)
            })
            .collect()
    }

    fn proof(&self, length: u64, hashed: Hashed, chunks: Option<Chunks>) -> Result<Proof, Error> {
        if let Method::Shards { shard_size } = self.method {
            let ranges = ByteRange::whole(length).pieces(shard_size);
            return Ok(Proof::Shards(ranges.zip(hashed.digests.iter().map(|job| job.digest)).collect()));
        }
        let whole = hashed.digests.into_iter().next();
        let whole = whole.ok_or_else(|| Error::Internal { what: "a file was not hashed".into() })?;
        let index = |chunks: Chunks| ChunkIndex::new(chunks.algorithm, chunks.size, length, &whole.chunks);
        Ok(Proof::Whole { digest: whole.digest, chunks: chunks.map(index) })
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
