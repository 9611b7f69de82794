//! Ways into the parsers for the fuzz targets, each with the promises that it makes. Compiled only by the fuzzer.

mod keys;
mod manifest;
mod signed;
mod tensors;

use std::fmt::Display;

use crate::bundle::Bundle;
use crate::escape::must_be_escaped;
use crate::model::check_portable;
use crate::{ErrorKind, Limits, ModelPath, inspect, json};

pub use keys::{KeyDocument, key_documents, key_in_der, key_in_pem};
pub use manifest::{chunk_index, predicate, statement};
pub use signed::{Age, GENUINE, Genuine, SIGNERS, public_key, verify};
pub use tensors::{header, safetensors_index, tensors};

/// A bundle, and the statement in it. Whoever inspects it is told the same as whoever verifies it.
pub fn bundle(text: &[u8]) {
    let limits = Limits::default();
    let inspected = inspect(crate::BundleSource::Bytes("bundle", text), &limits);
    match Bundle::parse("bundle", text.into(), &limits) {
        Ok(bundle) => {
            let payload = bundle.envelope.payload();
            assert!(!payload.is_empty() && !bundle.envelope.signature.is_empty());
            let sound = statement(payload);
            assert_eq!(inspected.as_ref().ok().map(|bundle| bundle.resources.len()), sound);
            if let Ok(inspected) = &inspected {
                assert_eq!(inspected.method, bundle.material.method());
            }
        }
        Err(error) => {
            refused(&error);
            assert!(inspected.is_err());
        }
    }
    if let Err(error) = inspected {
        refused(&error);
        serde_json::to_string(&error).expect("every error can be told in JSON");
    }
}

/// An error of a parser: its kind is one of bytes that cannot be read, and its words can be shown.
fn refused(error: &crate::Error) {
    let kind = error.kind();
    let expected = [ErrorKind::Malformed, ErrorKind::Unsupported, ErrorKind::Limit, ErrorKind::RootDigest];
    assert!(expected.contains(&kind), "{kind:?}: {error:?}");
    message(error);
}

/// The words of an error move no cursor, forge no line and reorder nothing.
pub fn message(error: &impl Display) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.chars().any(must_be_escaped), "{text:?}");
}

/// Whether names mean the same on every system, one beside the other.
pub fn portable_names(names: &[&ModelPath]) -> bool {
    let checked = check_portable(names.iter().copied());
    checked.inspect_err(|error| message(error)).is_ok()
}

/// The strict pass over JSON against serde_json.
pub fn strict_json(text: &[u8]) {
    for depth in [0, 3, 32] {
        if let Err(fault) = json::oracle::compare(text, depth, 4) {
            message(&fault);
        }
    }
}

/// Certificates one after the other, leaf first, the last one trusted; or the PEM text of anchors.
#[cfg(feature = "certificate")]
pub fn certificate(bytes: &[u8]) {
    crate::trust::x509::exercise(bytes);
}
