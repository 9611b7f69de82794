//! How files become resources (OMS spec 5.2.3): `files`, one digest each, or `shards`, one digest for each range.
//!
//! Refuses: unknown methods, a `shard_size` that does not belong or is missing, and paths to ignore that would swallow
//! the model, or are more or longer than the limits allow. One that stands there again counts once: some signers repeat
//! them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

#[cfg(feature = "sign")]
use modelsig_hash::Digest;
use modelsig_hash::HashAlgorithm;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::hash_named;
#[cfg(feature = "sign")]
use super::shards;
use crate::json::{self, Integral, Name, present};
use crate::limits::at_most;
use crate::model::{ModelPath, PathFault};
use crate::statement::StatementFault;
use crate::{Error, Limits};

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

/// The JSON form, in which the paths to ignore are text when it is read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "P: Deserialize<'de>"))]
pub(crate) struct JsonSerialization<P> {
    method: String,
    hash_type: String,
    allow_symlinks: bool,
    #[serde(default, deserialize_with = "present")]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "integral")]
    shard_size: Option<Integral>,
    #[serde(default, deserialize_with = "present")]
    ignore_paths: Option<P>,
}

fn integral<S: serde::Serializer>(number: &Option<Integral>, serializer: S) -> Result<S::Ok, S::Error> {
    number.map(|number| number.0).serialize(serializer)
}

impl JsonSerialization<&RawValue> {
    /// The strict pass must have been made. `path` is the bundle's, for messages.
    pub(crate) fn decode(self, path: &str, limits: &Limits) -> Result<Serialization, Error> {
        let fault = |fault| Error::Statement { path: path.into(), fault };
        let method = match (self.method.as_str(), self.shard_size) {
            ("files", None) => Ok(Method::Files),
            ("files", Some(_)) => Err(StatementFault::ShardSizeForbidden),
            ("shards", Some(Integral(shard_size))) => Ok(Method::Shards { shard_size }),
            ("shards", None) => Err(StatementFault::ShardSizeMissing),
            _ => Err(StatementFault::UnknownMethod { found: self.method }),
        };
        let mut ignore_paths = Vec::new();
        let mut met = BTreeSet::new();
        let mut add = |Name(ignored)| {
            if met.contains(&ignored) {
                return Ok(());
            }
            let recorded = recorded_ignore(&ignored, limits).map_err(fault)?;
            ignore_paths.push(recorded);
            met.insert(ignored);
            at_most(Path::new(path), "the number of ignored paths", limits.ignore_paths, ignore_paths.len())
        };
        let method = method.map_err(fault)?;
        if let Some(listed) = self.ignore_paths {
            json::each(listed, &mut add).map_err(|json| fault(json.into()))??;
        }
        Ok(Serialization {
            method,
            hash: hash_named(&self.hash_type).map_err(fault)?,
            allow_symlinks: self.allow_symlinks,
            ignore_paths,
        })
    }
}

#[cfg(feature = "sign")]
impl JsonSerialization<Vec<String>> {
    /// The form for a new statement.
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
            ignore_paths: Some(serialization.ignore_paths.iter().map(text).collect()),
        }
    }
}

/// An entry that is empty or has `.` or `..` could stand for the whole model or lead out of it. Others that are not
/// canonical match nothing, so that they do no harm: `a//b`, and absolute ones, `/` too. Those that lie inside the
/// model are refused when that is known.
fn recorded_ignore(path: &str, limits: &Limits) -> Result<RecordedIgnore, StatementFault> {
    let has = |one: &str| path.split('/').any(|component| component == one);
    let too_long = path.len() > limits.path_bytes;
    let parsed = if too_long { Err(PathFault::TooLong) } else { ModelPath::parse(path) };
    let fault = match parsed {
        Ok(path) => return Ok(RecordedIgnore::Relative(path)),
        Err(PathFault::Absolute) if !has("..") => return Ok(RecordedIgnore::Absolute(path.into())),
        Err(PathFault::EmptyComponent | PathFault::Control | PathFault::Reserved)
            if !has(".") && !has("..") =>
        {
            return Ok(RecordedIgnore::Inert(path.into()));
        }
        Err(fault) => fault,
    };
    Err(StatementFault::IgnorePath { path: path.chars().take(limits.path_bytes).collect(), fault })
}

/// The resources of a file cut into shards, for a new statement.
#[cfg(feature = "sign")]
pub(crate) fn sharded_resources<'f>(
    path: &'f str,
    shards: &'f [(modelsig_hash::ByteRange, Digest)],
) -> impl Iterator<Item = (Cow<'f, str>, &'f Digest)> {
    shards.iter().map(move |(range, digest)| (shards::name(path, *range).into(), digest))
}
