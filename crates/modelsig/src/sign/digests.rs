//! The manifest of a model that is going to be signed: what belongs to it, and the proof of each file, hashed or taken
//! over from an older bundle.

use std::path::Path;

use modelsig_hash::{ByteRange, ChunkSize, Chunks, Engine, Hashed, Job, Plan, Task};

use super::ModelSigner;
use crate::Error;
use crate::manifest::{ChunkIndex, Method, Proof, RecordedIgnore, Serialization, SignedFile};
use crate::model::{
    Exclusions, GIT_DEFAULTS, Model, ModelPath, PathFault, SkipReason, Skipped, Symlinks, Tree, TreeFile,
};
use crate::reuse::{OldBundle, ReusedFile, Wanted};

/// The files of a model with their proofs.
pub(super) struct Digested {
    pub(super) serialization: Serialization,
    pub(super) subject: String,
    pub(super) files: Vec<SignedFile>,
    pub(super) bytes: u64,
    pub(super) reused: Vec<ReusedFile>,
    pub(super) skipped: Vec<Skipped>,
}

impl ModelSigner {
    pub(super) fn digest_model(
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
        if self.single_file_dot && !model.is_file() {
            return Err(Error::Usage {
                what: "only a model that is a single file can be listed as \".\"".into(),
            });
        }
        if self.fsverity && self.method != Method::Files {
            return Err(Error::Usage { what: "fs-verity digests are of files, not of shards".into() });
        }
        if model.is_file() && !self.ignore_paths.is_empty() {
            return Err(Error::Usage { what: "a model that is a single file has no paths to ignore".into() });
        }
        if let Some(path) = self.ignore_paths.iter().find(|path| path.as_str().contains(['*', '?', '['])) {
            let what = format!("cannot ignore '{path}': OMS has no patterns, only whole paths");
            return Err(Error::Usage { what });
        }
        if let Some(path) = self.ignore_paths.iter().find(|path| path.as_str().len() > self.limits.path_bytes)
        {
            return Err(Error::BadName { path: path.to_string(), fault: PathFault::TooLong });
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
        #[cfg(feature = "portable")]
        if self.portable {
            crate::model::check_portable(tree.files.iter().map(|file| &file.name))?;
        }
        old.map_or(Ok(()), |old| old.check_changed(&tree))?;
        let chunks = self.indexing(&tree, old);
        self.limit_bundle(model, &tree, chunks, ignore_paths.len())?;
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
    fn limit_bundle(
        &self,
        model: &Model,
        tree: &Tree,
        chunks: Option<Chunks>,
        ignored: usize,
    ) -> Result<(), Error> {
        let limit = |what, limit: u64, found: u64| match found <= limit {
            true => Ok(()),
            false => Err(Error::Limit { path: model.shown(), what, limit, found }),
        };
        limit("the number of ignored paths", self.limits.ignore_paths as u64, ignored as u64)?;
        let sum = |each: &dyn Fn(u64) -> u64| {
            tree.files.iter().fold(0u64, |sum, file| sum.saturating_add(each(file.length)))
        };
        if let Method::Shards { shard_size } = self.method {
            let shards = sum(&|length| length.div_ceil(shard_size));
            limit("the number of shards", self.limits.resources as u64, shards)?;
        }
        if let (Method::Files, Some(chunks)) = (self.method, chunks) {
            let size = chunks.algorithm.digest_length() as u64;
            // A file of one chunk has no digests.
            let count =
                sum(&|length| Some(chunks.size.count(length)).filter(|count| *count > 1).unwrap_or(0));
            limit("the number of chunks", self.limits.chunks as u64, count)?;
            // Base64 twice: in the statement, and the statement in the envelope.
            let text = count.saturating_mul(size).saturating_mul(16) / 9;
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
        let wanted = Wanted { method: self.method, hash: self.hash, chunks, verity: self.fsverity };
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
            let task = task.map_err(|error| Error::from_hashing(file.name.as_str(), error))?;
            plan.push(if self.fsverity { task.with_verity() } else { task });
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
        Ok(Proof::Whole { digest: whole.digest, chunks: chunks.map(index), verity: hashed.verity })
    }
}
