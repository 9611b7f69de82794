//! The statement of model-signing 0.2.0 (predicate `Digests/v0.1`): one subject for each file, SHA-256 throughout.
//!
//! It names neither how the files were chosen nor a root digest, so that an order or a list of paths left out cannot
//! be checked. Refuses everything that a statement of OMS v1.0 is refused for, where it has the like.

use std::borrow::Cow;

use modelsig_hash::HashAlgorithm;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{JsonResource, StatementFault};
use crate::json::{self, Object};
use crate::manifest::{Listing, Manifest, Method, Serialization};
use crate::trust::Dialect;
use crate::{Error, Limits};

/// The predicate of 0.2.0. It carries nothing.
pub(crate) const PREDICATE_TYPE: &str = "https://model_signing/Digests/v0.1";

/// The only hash that 0.2.0 wrote for whole files.
const ALGORITHM: &str = "file-sha256";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct JsonStatement<'t> {
    #[serde(rename = "_type")]
    _statement_type: IgnoredAny,
    #[serde(borrow)]
    subject: &'t RawValue,
    #[serde(rename = "predicateType")]
    _predicate_type: IgnoredAny,
    #[serde(rename = "predicate")]
    _predicate: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonSubject<'t> {
    #[serde(borrow)]
    name: Cow<'t, str>,
    #[serde(borrow)]
    digest: Object<JsonDigest<'t>>,
    #[serde(borrow)]
    annotations: Object<JsonAnnotations<'t>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonDigest<'t> {
    #[serde(borrow)]
    sha256: Cow<'t, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonAnnotations<'t> {
    #[serde(borrow)]
    actual_hash_algorithm: Cow<'t, str>,
}

/// Reads a payload whose types were checked.
pub(super) fn parse(path: &str, payload: &[u8], limits: &Limits) -> Result<Manifest, Error> {
    let fault = |fault| Error::Statement { path: path.into(), fault };
    let Object(statement): Object<JsonStatement<'_>> =
        serde_json::from_slice(payload).map_err(|error| fault(json::shape(&error).into()))?;
    let serialization = Serialization {
        method: Method::Files,
        hash: HashAlgorithm::Sha256,
        allow_symlinks: false,
        ignore_paths: Vec::new(),
    };
    let mut listing = Listing::new(path, serialization, limits)?;
    json::each(statement.subject, &mut |Object(subject): Object<JsonSubject<'_>>| {
        listing.add(subject.into_resource().map_err(fault)?)
    })
    .map_err(|json| fault(json.into()))??;
    listing.into_manifest(String::new(), Dialect::Legacy)
}

impl<'t> JsonSubject<'t> {
    fn into_resource(self) -> Result<JsonResource<'t>, StatementFault> {
        let Object(JsonAnnotations { actual_hash_algorithm: found }) = self.annotations;
        if found != ALGORITHM {
            let name = self.name.into_owned();
            return Err(StatementFault::AlgorithmMismatch { name, expected: ALGORITHM, found: found.into() });
        }
        let Object(JsonDigest { sha256 }) = self.digest;
        Ok(JsonResource {
            name: self.name,
            digest: sha256,
            algorithm: HashAlgorithm::Sha256.id().into(),
            annotations: None,
        })
    }
}
