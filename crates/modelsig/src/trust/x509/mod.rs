//! X.509 certificates for signing models: parsing, path building and validation after RFC 5280, without revocation,
//! policies, and the web's rules for host names.
//!
//! No library does this: rustls-webpki refuses leaves with CA:TRUE, which OMS signers have, and certval comes with a
//! large tree of dependencies as a release candidate. This one is for chains of a few certificates: `certificate` and
//! `extensions` parse, `names` and `constraints` compare names, `signature` checks one signature, `path` puts it
//! together under a budget of work. Each module says what it refuses; a doubt is a refusal.
//!
//! Who is trusted is the caller's word alone: nothing in a bundle makes an anchor, and any certificate of an authority
//! can be one, a root or not.

mod anchors;
mod certificate;
mod constraints;
mod extensions;
mod fault;
#[cfg(fuzzing)]
mod fuzzing;
#[cfg(test)]
mod limbo;
#[cfg(test)]
mod matrix;
mod names;
#[cfg(test)]
pub(super) mod parts;
mod path;
mod signature;
#[cfg(test)]
mod tests;

pub(crate) use anchors::read_anchors;
pub(crate) use certificate::Certificate;
pub use fault::CertificateFault;
pub(crate) use fault::time;
#[cfg(fuzzing)]
pub(crate) use fuzzing::exercise;
pub(crate) use names::SubjectName;
#[cfg(feature = "sign")]
pub(crate) use path::check_signer;
pub(crate) use path::{Purpose, verify_path};
