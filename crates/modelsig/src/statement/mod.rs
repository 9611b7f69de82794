//! The in-toto Statement v1 with the OMS predicate (OMS spec 5), read from bytes whose signature already holds.
//!
//! Refuses: other statement and predicate types, no or several subjects, a subject with an overlong name, an empty
//! resource list, digests of the wrong length or case, and everything that [`manifest`](crate::manifest) refuses. The
//! root digest is recomputed in the listed order. [`legacy`] reads the statement of model-signing 0.2.0 into the same
//! manifest.

mod legacy;

use std::borrow::Cow;
use std::path::Path;

use modelsig_hash::{ByteRange, Digest, HashAlgorithm, VerityDigest};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json::{self, First, JsonFault, Object, present};
use crate::limits::at_most;
use crate::manifest::{
    ChunkIndex, ChunkIndexFault, JsonChunkIndex, JsonSerialization, JsonVerity, Listing, Manifest,
    VerityFault,
};
use crate::model::PathFault;
use crate::trust::Dialect;
use crate::{Error, Limits};

/// The type of every in-toto statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The predicate of OMS v1.0.
pub const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";

/// Why a signed statement is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementFault {
    /// The JSON text itself.
    #[error(transparent)]
    Json(#[from] JsonFault),
    /// Another statement type.
    #[error("statement type expected {STATEMENT_TYPE:?}, found {found:?}")]
    StatementType {
        /// The type found.
        found: String,
    },
    /// Another predicate type.
    #[error("predicate type expected {PREDICATE_TYPE:?}, found {found:?}")]
    PredicateType {
        /// The type found.
        found: String,
    },
    /// A statement of one age in the encoding of another, which no signer ever wrote.
    #[error("the predicate type {found:?} does not belong to the way in which the bundle was signed")]
    MixedDialects {
        /// The type found.
        found: String,
    },
    /// None or several subjects.
    #[error("expected exactly one subject, found {found}")]
    SubjectCount {
        /// How many.
        found: usize,
    },
    /// The subject has no name.
    #[error("the subject has an empty name")]
    SubjectName,
    /// The subject has no SHA-256 digest, or not in lower-case hexadecimal.
    #[error("the subject has no proper sha256 digest")]
    SubjectDigest,
    /// No resources: such a statement would verify nothing.
    #[error("the list of resources is empty")]
    EmptyResources,
    /// A name twice.
    #[error("{name:?} is listed twice")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A name that is not canonical.
    #[error("the name {name:?} is not canonical: {fault}")]
    BadName {
        /// The name.
        name: String,
        /// What is wrong.
        fault: PathFault,
    },
    /// A digest of the wrong length, in upper case, or not hexadecimal.
    #[error("the digest of {name:?} is not {expected} lower-case hexadecimal digits: {found:?}")]
    BadDigest {
        /// The resource.
        name: String,
        /// How many digits.
        expected: usize,
        /// The text, cut to 200 characters.
        found: String,
    },
    /// Not one of `sha256`, `blake2b`, `blake3`.
    #[error("unknown hash {found:?}")]
    UnknownHash {
        /// The identifier.
        found: String,
    },
    /// A resource with another hash than the statement.
    #[error("{name:?} has algorithm {found:?} where {expected:?} was expected")]
    AlgorithmMismatch {
        /// The resource.
        name: String,
        /// The `hash_type` of the statement.
        expected: &'static str,
        /// The `algorithm` of the resource.
        found: String,
    },
    /// Neither `files` nor `shards`.
    #[error("unknown serialization method {found:?}")]
    UnknownMethod {
        /// The method.
        found: String,
    },
    /// `shards` without a size.
    #[error("the method is shards, but shard_size is missing")]
    ShardSizeMissing,
    /// `files` with a size.
    #[error("the method is files, but there is a shard_size")]
    ShardSizeForbidden,
    /// Not `path:start:end`.
    #[error("{name:?} is not the name of a shard (path:start:end)")]
    ShardName {
        /// The name.
        name: String,
    },
    /// Bytes that no shard covers.
    #[error("no shard covers {name:?} from byte {at} on")]
    ShardGap {
        /// The file.
        name: String,
        /// The first byte that is not covered.
        at: u64,
    },
    /// Bytes that two shards cover.
    #[error("two shards of {name:?} cover byte {at}")]
    ShardOverlap {
        /// The file.
        name: String,
        /// The first byte that is covered twice.
        at: u64,
    },
    /// A shard that is longer than recorded, or shorter and not the last.
    #[error("shard {range} of {name:?} does not have {shard_size} bytes")]
    ShardLength {
        /// The file.
        name: String,
        /// The shard.
        range: ByteRange,
        /// The recorded size in bytes.
        shard_size: u64,
    },
    /// A path to ignore that covers the whole model, leads out of it, or is too long.
    #[error("the ignored path {path:?} is not acceptable: {fault}")]
    IgnorePath {
        /// The path.
        path: String,
        /// What is wrong.
        fault: PathFault,
    },
    /// An absolute path to ignore that lies inside the model.
    #[error("the ignored path {path:?} is absolute and lies inside the model")]
    IgnorePathInside {
        /// The path.
        path: String,
    },
    /// Both signed and ignored.
    #[error("{name:?} is listed although {ignored:?} is ignored")]
    ListedAndIgnored {
        /// The file.
        name: String,
        /// The ignored path that covers it.
        ignored: String,
    },
    /// A malformed chunk index.
    #[error("the chunk index of {name:?}: {fault}")]
    ChunkIndex {
        /// The file.
        name: String,
        /// What is wrong.
        fault: ChunkIndexFault,
    },
    /// A malformed fs-verity digest.
    #[error("the fs-verity digest of {name:?}: {fault}")]
    Verity {
        /// The file.
        name: String,
        /// What is wrong.
        fault: VerityFault,
    },
}

/// What must be known before the predicate can be read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Types {
    #[serde(rename = "_type")]
    statement_type: String,
    predicate_type: String,
}

/// The JSON form, in which the resources `R` and the paths to ignore `P` are text when it is read: there can be
/// millions of them, and what they say is taken in one by one.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct JsonStatement<'t, R, P> {
    #[serde(rename = "_type")]
    statement_type: Cow<'t, str>,
    subject: First<Object<JsonSubject>, 1>,
    predicate_type: Cow<'t, str>,
    predicate: Object<JsonPredicate<R, P>>,
}

#[derive(Serialize, Deserialize)]
struct JsonSubject {
    name: String,
    digest: Object<JsonRoot>,
}

/// Digests by other hashes are ignored: OMS knows this one.
#[derive(Serialize, Deserialize)]
struct JsonRoot {
    #[serde(default)]
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonPredicate<R, P> {
    resources: R,
    serialization: Object<JsonSerialization<P>>,
}

/// An in-toto resource descriptor. Members that are not named here are ignored, as OMS demands.
#[derive(Serialize, Deserialize)]
pub(crate) struct JsonResource<'t> {
    #[serde(borrow)]
    pub(crate) name: Cow<'t, str>,
    #[serde(borrow)]
    digest: Cow<'t, str>,
    #[serde(borrow)]
    pub(crate) algorithm: Cow<'t, str>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    annotations: Option<Object<JsonAnnotations<'t>>>,
}

/// The annotations of which modelsig knows the meaning; others are ignored.
#[derive(Serialize, Deserialize)]
struct JsonAnnotations<'t> {
    #[serde(borrow, default, deserialize_with = "present", rename = "modelsig.chunks.v1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    chunks: Option<Object<JsonChunkIndex<'t>>>,
    #[serde(borrow, default, deserialize_with = "present", rename = "modelsig.fsverity.v1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    verity: Option<Object<JsonVerity<'t>>>,
}

impl JsonResource<'_> {
    /// What stands in the annotations.
    pub(crate) fn annotated(
        self,
        name: &str,
    ) -> Result<(Option<ChunkIndex>, Option<VerityDigest>), StatementFault> {
        let Some(Object(JsonAnnotations { chunks, verity })) = self.annotations else {
            return Ok((None, None));
        };
        let chunks = chunks.map(|index| index.0.decode()).transpose();
        let verity = verity.map(|digest| digest.0.decode()).transpose();
        Ok((
            chunks.map_err(|fault| StatementFault::ChunkIndex { name: name.into(), fault })?,
            verity.map_err(|fault| StatementFault::Verity { name: name.into(), fault })?,
        ))
    }

    pub(crate) fn digest(&self, hash: HashAlgorithm) -> Result<Digest, StatementFault> {
        Digest::from_hex(hash, &self.digest).map_err(|_| StatementFault::BadDigest {
            name: self.name.to_string(),
            expected: hash.digest_length().saturating_mul(2),
            found: self.digest.chars().take(200).collect(),
        })
    }
}

/// Reads the payload of an envelope whose signature was verified. `path` is the bundle's, for messages. Only the
/// statement that belongs to the `dialect` of the signature is read.
pub(crate) fn parse(
    path: &str,
    payload: &[u8],
    dialect: Dialect,
    limits: &Limits,
) -> Result<Manifest, Error> {
    let fault = |fault| Error::Statement { path: path.into(), fault };
    let Object(types): Object<Types> =
        json::parse(payload, limits.json_depth).map_err(|json| fault(json.into()))?;
    if types.statement_type != STATEMENT_TYPE {
        return Err(fault(StatementFault::StatementType { found: types.statement_type }));
    }
    match (dialect, types.predicate_type.as_str()) {
        (Dialect::Current, PREDICATE_TYPE) => {}
        (Dialect::Legacy, legacy::PREDICATE_TYPE) => return legacy::parse(path, payload, limits),
        (_, PREDICATE_TYPE | legacy::PREDICATE_TYPE) => {
            return Err(fault(StatementFault::MixedDialects { found: types.predicate_type }));
        }
        _ => return Err(fault(StatementFault::PredicateType { found: types.predicate_type })),
    }
    // The strict pass has been made; this only reads the shape.
    let Object(statement): Object<JsonStatement<'_, &RawValue, &RawValue>> =
        serde_json::from_slice(payload).map_err(|error| fault(json::shape(&error).into()))?;
    let (subject, listed_root) = subject(statement.subject).map_err(fault)?;
    at_most(Path::new(path), "the length of the subject's name in bytes", limits.path_bytes, subject.len())?;
    let JsonPredicate { resources, serialization } = statement.predicate.0;
    let mut listing = Listing::new(path, serialization.0.decode(path, limits)?, limits)?;
    json::each(resources, &mut |Object(resource)| listing.add(resource))
        .map_err(|json| fault(json.into()))??;
    let manifest = listing.into_manifest(subject, dialect)?;
    if manifest.root_digest != listed_root {
        return Err(Error::RootDigestMismatch {
            path: path.into(),
            expected: listed_root.to_string(),
            found: manifest.root_digest.to_string(),
        });
    }
    Ok(manifest)
}

fn subject(subjects: First<Object<JsonSubject>, 1>) -> Result<(String, Digest), StatementFault> {
    let First { mut kept, found } = subjects;
    let (Some(Object(subject)), 1) = (kept.pop(), found) else {
        return Err(StatementFault::SubjectCount { found });
    };
    if subject.name.is_empty() {
        return Err(StatementFault::SubjectName);
    }
    let digest = Digest::from_hex(HashAlgorithm::Sha256, &subject.digest.0.sha256)
        .map_err(|_| StatementFault::SubjectDigest)?;
    Ok((subject.name, digest))
}

/// The payload of a new envelope, with the resources in code-point order, each with this `algorithm`, and its root
/// digest.
#[cfg(feature = "sign")]
pub(crate) fn write(
    subject: &str,
    serialization: &crate::manifest::Serialization,
    algorithm: &str,
    files: &[crate::manifest::SignedFile],
) -> Result<(Vec<u8>, Digest), Error> {
    use crate::manifest::{Proof, root_digest, sharded_resources};

    let mut resources: Vec<(JsonResource<'_>, Digest)> = Vec::with_capacity(files.len());
    for file in files {
        let mut push = |name: Cow<'_, str>, digest: &Digest, annotations| {
            let name = Cow::Owned(name.into_owned());
            let hex = digest.to_string().into();
            resources.push((
                JsonResource { name, digest: hex, algorithm: algorithm.into(), annotations },
                *digest,
            ));
        };
        match &file.proof {
            Proof::Whole { digest, chunks, verity } => {
                let chunks = chunks.as_ref().map(|index| Object(index.encode()));
                let verity = verity.as_ref().map(|digest| Object(JsonVerity::encode(digest)));
                let annotations = (chunks.is_some() || verity.is_some())
                    .then_some(Object(JsonAnnotations { chunks, verity }));
                push(file.name.as_str().into(), digest, annotations);
            }
            Proof::Shards(shards) => {
                sharded_resources(file.name.as_str(), shards)
                    .for_each(|(name, digest)| push(name, digest, None));
            }
        }
    }
    resources.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let root = root_digest(resources.iter().map(|(_, digest)| digest))?;
    let statement = JsonStatement {
        statement_type: STATEMENT_TYPE.into(),
        subject: First {
            kept: vec![Object(JsonSubject {
                name: subject.into(),
                digest: Object(JsonRoot { sha256: root.to_string() }),
            })],
            found: 1,
        },
        predicate_type: PREDICATE_TYPE.into(),
        predicate: Object(JsonPredicate {
            resources: resources.into_iter().map(|(resource, _)| Object(resource)).collect::<Vec<_>>(),
            serialization: Object(JsonSerialization::encode(serialization)),
        }),
    };
    let payload =
        serde_json::to_vec(&statement).map_err(|error| Error::Internal { what: error.to_string() })?;
    Ok((payload, root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{CHUNK_INDEX, VERITY_DIGEST};

    /// Those of another shape are refused: it is by these names that they are known.
    #[test]
    fn annotations_are_known_by_the_names_that_are_told_to_callers() {
        let read =
            |name: &str| serde_json::from_str::<JsonAnnotations<'_>>(&format!("{{\"{name}\":7}}")).is_ok();
        assert_eq!([CHUNK_INDEX, VERITY_DIGEST, "modelsig.other"].map(read), [false, false, true]);
    }
}
