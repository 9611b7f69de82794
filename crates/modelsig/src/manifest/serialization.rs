//! How files become resources (OMS spec 5.2.3): `files`, one digest each, or `shards`, one digest for each range.
//!
//! Refuses: unknown methods, a `shard_size` that does not belong or is missing, an `algorithm` that is not the
//! `hash_type`, names that stand twice or are not canonical, and paths to ignore that would swallow the model.

use std::borrow::Cow;
use std::collections::BTreeMap;

use modelsig_hash::{Digest, HashAlgorithm};
use serde::{Deserialize, Serialize};

use super::{Proof, SignedFile, hash_named, shards};
use crate::Limits;
use crate::json::Integral;
use crate::model::{ModelPath, PathFault};
use crate::statement::{JsonResource, StatementFault};

/// What a resource stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A file.
    Files,
    /// A range of so many bytes of a file.
    Shards {
        /// Bytes in each shard; the last one may be shorter.
        shard_size: u64,
    },
}

impl Method {
    /// `"files"` or `"shards"`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Shards { .. } => "shards",
        }
    }
}

/// A path that the signer left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecordedIgnore {
    /// Relative to the root of the model.
    Relative(ModelPath),
    /// Absolute, as old builds of the Go tool wrote them. It must lie outside the model.
    Absolute(String),
    /// Not canonical, so that it matches nothing.
    Inert(String),
}

/// The settings that a verifier must repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Serialization {
    pub(crate) method: Method,
    pub(crate) hash: HashAlgorithm,
    pub(crate) allow_symlinks: bool,
    pub(crate) ignore_paths: Vec<RecordedIgnore>,
}

impl Serialization {
    /// The `algorithm` of a resource: the name of the hash, or for shards also `<hash>-sharded-<shard_size>`.
    pub(crate) fn algorithm_name(&self, sharded: bool) -> Cow<'static, str> {
        match self.method {
            Method::Shards { shard_size } if sharded => {
                format!("{}-sharded-{shard_size}", self.hash.id()).into()
            }
            _ => self.hash.id().into(),
        }
    }
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonSerialization {
    method: String,
    hash_type: String,
    allow_symlinks: bool,
    #[serde(default, deserialize_with = "crate::json::present")]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "integral")]
    shard_size: Option<Integral>,
    #[serde(default)]
    ignore_paths: Vec<String>,
}

fn integral<S: serde::Serializer>(number: &Option<Integral>, serializer: S) -> Result<S::Ok, S::Error> {
    number.map(|number| number.0).serialize(serializer)
}

impl JsonSerialization {
    pub(crate) fn decode(self) -> Result<Serialization, StatementFault> {
        let method = match (self.method.as_str(), self.shard_size) {
            ("files", None) => Method::Files,
            ("files", Some(_)) => return Err(StatementFault::ShardSizeForbidden),
            ("shards", Some(Integral(shard_size))) => Method::Shards { shard_size },
            ("shards", None) => return Err(StatementFault::ShardSizeMissing),
            _ => return Err(StatementFault::UnknownMethod { found: self.method }),
        };
        let ignore_paths = self.ignore_paths.into_iter().map(recorded_ignore).collect::<Result<_, _>>()?;
        Ok(Serialization {
            method,
            hash: hash_named(&self.hash_type)?,
            allow_symlinks: self.allow_symlinks,
            ignore_paths,
        })
    }

    /// The form for a new statement.
    #[cfg(feature = "sign")]
    pub(crate) fn encode(serialization: &Serialization) -> Self {
        let shard_size = match serialization.method {
            Method::Files => None,
            Method::Shards { shard_size } => Some(Integral(shard_size)),
        };
        let text = |path: &RecordedIgnore| match path {
            RecordedIgnore::Relative(path) => path.to_string(),
            RecordedIgnore::Absolute(path) | RecordedIgnore::Inert(path) => path.clone(),
        };
        Self {
            method: serialization.method.id().into(),
            hash_type: serialization.hash.id().into(),
            allow_symlinks: serialization.allow_symlinks,
            shard_size,
            ignore_paths: serialization.ignore_paths.iter().map(text).collect(),
        }
    }
}

/// Entries that would cover the whole model, or reach out of it, are never harmless.
fn recorded_ignore(path: String) -> Result<RecordedIgnore, StatementFault> {
    match ModelPath::parse(&path) {
        Ok(path) => Ok(RecordedIgnore::Relative(path)),
        Err(PathFault::Absolute) if !path.split('/').any(|component| component == "..") => {
            Ok(RecordedIgnore::Absolute(path))
        }
        Err(PathFault::EmptyComponent | PathFault::Control | PathFault::Reserved | PathFault::TooLong)
            if !path.split('/').any(|component| matches!(component, "." | "..")) =>
        {
            Ok(RecordedIgnore::Inert(path))
        }
        Err(fault) => Err(StatementFault::IgnorePath { path, fault }),
    }
}

/// The resources as files, in code-point order. Also says whether they were listed in the order of the
/// specification.
pub(crate) fn group_by_file(
    resources: Vec<JsonResource<'_>>,
    serialization: &Serialization,
    digests: &[Digest],
    limits: &Limits,
) -> Result<(Vec<SignedFile>, bool), StatementFault> {
    let in_order = resources.is_sorted_by(|one, next| one.name < next.name);
    let mut files: BTreeMap<ModelPath, Proof> = BTreeMap::new();
    for (resource, digest) in resources.into_iter().zip(digests) {
        let listed = resource.name.to_string();
        match serialization.method {
            Method::Files => {
                let name = canonical(&listed, limits)?;
                let (chunks, verity) = resource.annotated(&listed)?;
                if files.insert(name, Proof::Whole { digest: *digest, chunks, verity }).is_some() {
                    return Err(StatementFault::DuplicateName { name: listed });
                }
            }
            Method::Shards { .. } => {
                let (path, range) = shards::parse_name(&listed)?;
                let proof =
                    files.entry(canonical(path, limits)?).or_insert_with(|| Proof::Shards(Vec::new()));
                if let Proof::Shards(shards) = proof {
                    shards.push((range, *digest));
                }
            }
        }
    }
    if let Method::Shards { shard_size } = serialization.method {
        for (name, proof) in &mut files {
            if let Proof::Shards(shards) = proof {
                shards::tile(name.as_str(), shards, shard_size)?;
            }
        }
    }
    if files.len() > 1 && files.keys().any(ModelPath::is_dot) {
        return Err(StatementFault::BadName { name: ".".into(), fault: PathFault::Dot });
    }
    let files = files.into_iter().map(|(name, proof)| SignedFile { name, proof }).collect();
    Ok((files, in_order))
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
pub(crate) fn check_algorithm(
    name: &str,
    algorithm: &str,
    serialization: &Serialization,
) -> Result<(), StatementFault> {
    let hash = serialization.hash.id();
    if algorithm == hash || algorithm == serialization.algorithm_name(true) {
        return Ok(());
    }
    Err(StatementFault::AlgorithmMismatch { name: name.into(), expected: hash, found: algorithm.into() })
}

/// The resources of a file cut into shards, for a new statement.
#[cfg(feature = "sign")]
pub(crate) fn sharded_resources<'f>(
    path: &'f str,
    shards: &'f [(modelsig_hash::ByteRange, Digest)],
) -> impl Iterator<Item = (Cow<'f, str>, &'f Digest)> {
    shards.iter().map(move |(range, digest)| (shards::name(path, *range).into(), digest))
}
