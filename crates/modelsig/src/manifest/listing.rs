//! From the list of resources in a statement (OMS spec 5.2) to the files of a manifest, one resource at a time, so that
//! memory is needed for what the manifest keeps of them and no more.
//!
//! Refuses: no resources, or more of them, or more, longer or deeper names, than the limits allow; an `algorithm` that
//! is not the `hash_type`; names that stand twice or are not canonical; digests and annotations that are malformed.

use std::path::Path;

use modelsig_hash::Hasher;

use super::{ChunkIndex, Manifest, Method, Proof, Serialization, SignedFile, shards};
use crate::limits::at_most;
use crate::model::{ModelPath, PathFault};
use crate::statement::{JsonResource, StatementFault};
use crate::trust::Dialect;
use crate::{Error, Limits};

/// The resources that were listed so far.
pub(crate) struct Listing<'l> {
    /// The bundle, for messages.
    path: &'l str,
    limits: &'l Limits,
    serialization: Serialization,
    /// Over the digests in the order in which they are listed.
    root: Hasher,
    files: Vec<SignedFile>,
    /// How many resources there were.
    resources: usize,
    /// Bytes in their names.
    name_bytes: usize,
    /// Digests in chunk indexes.
    chunks: usize,
    /// The name of the resource before.
    last: String,
    in_order: bool,
}

impl<'l> Listing<'l> {
    pub(crate) fn new(
        path: &'l str,
        serialization: Serialization,
        limits: &'l Limits,
    ) -> Result<Self, Error> {
        let root = super::root_hasher()?;
        let (files, last) = (Vec::new(), String::new());
        Ok(Self {
            path,
            limits,
            serialization,
            root,
            files,
            resources: 0,
            name_bytes: 0,
            chunks: 0,
            last,
            in_order: true,
        })
    }

    pub(crate) fn add(&mut self, resource: JsonResource<'_>) -> Result<(), Error> {
        self.resources = self.resources.saturating_add(1);
        self.limit("the number of resources", self.limits.resources, self.resources)?;
        self.name_bytes = self.name_bytes.saturating_add(resource.name.len());
        self.limit("the length of all names together in bytes", self.limits.name_bytes, self.name_bytes)?;
        self.limit("the depth of folders", self.limits.folder_depth, resource.name.matches('/').count())?;
        self.take(resource).map_err(|fault| self.fault(fault))?;
        self.limit("the number of chunks", self.limits.chunks, self.chunks)
    }

    /// In code-point order, each name once.
    pub(crate) fn into_manifest(mut self, subject: String, dialect: Dialect) -> Result<Manifest, Error> {
        if self.resources == 0 {
            return Err(self.fault(StatementFault::EmptyResources));
        }
        let files = self.grouped().map_err(|fault| self.fault(fault))?;
        let (serialization, in_order) = (self.serialization, self.in_order);
        let root_digest = self.root.finalize();
        Ok(Manifest { subject, root_digest, serialization, files, in_order, dialect })
    }

    fn fault(&self, fault: StatementFault) -> Error {
        Error::Statement { path: self.path.into(), fault }
    }

    fn limit(&self, what: &'static str, limit: usize, found: usize) -> Result<(), Error> {
        at_most(Path::new(self.path), what, limit, found)
    }

    fn take(&mut self, resource: JsonResource<'_>) -> Result<(), StatementFault> {
        check_algorithm(&resource.name, &resource.algorithm, &self.serialization)?;
        let digest = resource.digest(self.serialization.hash)?;
        self.root.update(digest.as_bytes());
        let listed = resource.name.clone();
        self.in_order &= self.resources == 1 || *self.last < *listed;
        self.last.clear();
        self.last.push_str(&listed);
        match self.serialization.method {
            Method::Files => {
                let name = canonical(&listed, self.limits)?;
                let (chunks, verity) = resource.annotated(&listed)?;
                self.chunks = self.chunks.saturating_add(chunks.as_ref().map_or(0, ChunkIndex::count));
                self.files.push(SignedFile { name, proof: Proof::Whole { digest, chunks, verity } });
            }
            Method::Shards { .. } => {
                let (path, range) = shards::parse_name(&listed)?;
                let shard = (range, digest);
                match self.files.last_mut() {
                    Some(SignedFile { name, proof: Proof::Shards(shards) }) if name.as_str() == path => {
                        shards.push(shard);
                    }
                    _ => {
                        let name = canonical(path, self.limits)?;
                        self.files.push(SignedFile { name, proof: Proof::Shards(vec![shard]) });
                    }
                }
            }
        }
        Ok(())
    }

    /// The files in code-point order, each with all of its shards.
    fn grouped(&mut self) -> Result<Vec<SignedFile>, StatementFault> {
        let mut files = std::mem::take(&mut self.files);
        // What is sorted already, as most lists are, takes one look.
        files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        match self.serialization.method {
            Method::Files => {
                let twice = files.iter().zip(files.iter().skip(1)).find(|(one, next)| one.name == next.name);
                if let Some((one, _)) = twice {
                    return Err(StatementFault::DuplicateName { name: one.name.to_string() });
                }
            }
            Method::Shards { shard_size } => {
                files.dedup_by(|again, first| {
                    let is_same = again.name == first.name;
                    if let (true, Proof::Shards(more), Proof::Shards(shards)) =
                        (is_same, &mut again.proof, &mut first.proof)
                    {
                        shards.append(more);
                    }
                    is_same
                });
                for file in &mut files {
                    if let Proof::Shards(shards) = &mut file.proof {
                        shards.shrink_to_fit();
                        shards::tile(file.name.as_str(), shards, shard_size)?;
                    }
                }
            }
        }
        if files.len() > 1 && files.iter().any(|file| file.name.is_dot()) {
            return Err(StatementFault::BadName { name: ".".into(), fault: PathFault::Dot });
        }
        files.shrink_to_fit();
        Ok(files)
    }
}

/// A canonical name, or the lone `.` of a single-file model.
fn canonical(name: &str, limits: &Limits) -> Result<ModelPath, StatementFault> {
    let bad = |fault| StatementFault::BadName { name: name.chars().take(limits.path_bytes).collect(), fault };
    match name {
        "." => Ok(ModelPath::dot()),
        _ if name.len() > limits.path_bytes => Err(bad(PathFault::TooLong)),
        _ => ModelPath::parse(name).map_err(bad),
    }
}

/// Checks `algorithm` of a resource: the hash of the statement, or in shard mode also the form
/// `<hash>-sharded-<size>` that the Python API writes.
fn check_algorithm(name: &str, algorithm: &str, serialization: &Serialization) -> Result<(), StatementFault> {
    let hash = serialization.hash.id();
    if algorithm == hash || algorithm == serialization.algorithm_name(true) {
        return Ok(());
    }
    Err(StatementFault::AlgorithmMismatch { name: name.into(), expected: hash, found: algorithm.into() })
}
