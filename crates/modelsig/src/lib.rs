//! Checks that model weights are exactly what a trusted signer released, *before* anything loads them.
//!
//! modelsig reads and writes OpenSSF Model Signing (OMS) v1.0. The way of the data, and of this crate:
//!
//! ```text
//! sign    model ─▶ manifest ─▶ statement ─▶ envelope (DSSE) ─▶ bundle
//! verify  bundle ─▶ envelope ─▶ trust ─▶ statement ─▶ manifest ─▶ model ─▶ digests ─▶ report
//! ```
//!
//! A [`Verifier`] holds the caller's [`Trust`] and [`Policy`]. [`Verifier::verify`] checks everything and returns a
//! [`VerifiedModel`]; [`Verifier::open`] checks signature and folder, and each file when it is read. Both hand out
//! verified *bytes* of signed names, not paths that could change between the check and the use.
//! [`Verifier::open_resources`] does the same for files that lie in no folder (in an archive, behind a descriptor), and
//! a [`ResourceStream`] for those that are still on their way.
//! [`Verifier::repair`] mends a damaged model from a good copy.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let model_path = folder.path().join("model");
//! # std::fs::create_dir(&model_path)?;
//! # std::fs::write(model_path.join("weights.bin"), b"the weights")?;
//! # let key = modelsig::PrivateKey::generate(modelsig::KeyType::Ed25519)?;
//! # let public_pem = key.public_key().to_pem();
//! # use modelsig::Signer;
//! # modelsig::ModelSigner::new().sign(&model_path, &model_path.join("model.sig"), &key)?;
//! use modelsig::{PublicKey, Verifier};
//!
//! let key = PublicKey::from_pem(&public_pem)?;
//! let model = Verifier::new(key).verify(&model_path, &model_path.join("model.sig"))?;
//! let weights: Vec<u8> = model.read("weights.bin")?;
//! assert_eq!(weights, b"the weights");
//! # Ok(())
//! # }
//! ```
//!
//! # Cargo features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `sign` | yes | making keys and signing models |
//! | `pkcs11` | no | signing with keys in hardware, through a PKCS#11 module |
//! | `blake2b` | yes | BLAKE2b-512 digests |
//! | `certificate` | yes | the `certificate` method: `Trust::Certificates` |
//! | `tensors` | yes | reading the headers of safetensors and GGUF files |
//! | `tracing` | yes | telling listeners what happens, see below |
//! | `portable` | yes | `Policy::portable`, which refuses names that mean something else on other systems |
//! | `rayon` | yes | a pool of threads; without it the caller's thread does all the work |
//!
//! A feature never changes a verdict: what a missing one would have handled is [`ErrorKind::Unsupported`].
//!
//! # Events
//!
//! With the feature `tracing` it is told what happens, to whoever has installed a
//! [subscriber](https://docs.rs/tracing). Names are escaped ([`Escaped`]); no event carries a key, a passphrase or a
//! PIN, or bytes of a file.
//!
//! | target | level | when | fields |
//! |---|---|---|---|
//! | `modelsig::verdict` | INFO | a model holds, or was opened | `operation`, `verdict`, `model`, `bundle`, `root_digest`, `signer`, `files`, `bytes`; of several bundles `bundles`, `signers`, `required` |
//! | `modelsig::verdict` | WARN | it does not, or there is no verdict | the same as far as it is known, `kind`, and `problems` or `reason` |
//! | `modelsig::bundle` | INFO, WARN | after that, for each of several bundles with a signature that holds | as for one bundle |
//! | `modelsig::problem` | WARN | for each of its first 100 problems, failures of a repair among them | `operation`, `model`, `file`, `kind`, `reason` |
//! | `modelsig::policy` | WARN | for each thing that weakens the policy | `operation`, `model`, `weakened_by` |
//! | `modelsig::load` | DEBUG | bytes of a signed file were checked and handed out | `model`, `file` |
//! | `modelsig::load` | WARN | they were not | `model`, `file`, `kind`, `reason` |
//! | `modelsig::sign` | INFO | a bundle was written | `model`, `bundle`, `root_digest`, `key_type`, `hint`, `files`, `bytes`, `reused` |
//! | `modelsig::repair` | INFO | a repair ended | `model`, `files`, `bytes`, `failures` |
//! | `modelsig::repair` | WARN | it was cut short after it had written something | `model`, `files`, `bytes`, `reason` |
//!
//! `operation` is the name of the function, `kind` that of the [`ErrorKind`] in reports.
//!
//! # Panics
//!
//! Nothing that stands in a bundle, a certificate, a key, a header or a folder makes this crate panic, signed or not:
//! it takes no element that may not be there and computes nothing that could overflow, which clippy checks for all of
//! its code. What is excepted says why.

#![forbid(unsafe_code)]
// No panic is reachable from bytes that nobody signed, nor from those that somebody did: see "Panics" above.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod bundle;
mod content;
mod cosign;
mod done;
mod dsse;
mod error;
mod escape;
#[cfg(feature = "tracing")]
mod events;
#[cfg(not(feature = "tracing"))]
#[path = "events_off.rs"]
mod events;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod guarded;
mod input;
mod inspect;
mod json;
mod keys;
mod limits;
mod loader;
mod manifest;
mod model;
mod outcome;
#[cfg(feature = "sign")]
mod output;
mod policy;
mod protection;
mod repair;
mod report;
#[cfg(feature = "sign")]
mod reuse;
#[cfg(feature = "sign")]
mod sign;
mod statement;
mod threshold;
mod trust;
mod verify;

pub use bundle::{BundleFault, MEDIA_TYPE};
pub use content::{BundleSource, Content};
pub use cosign::{BundleReport, CosignReport};
pub use done::Done;
pub use dsse::{PAYLOAD_TYPE, pre_authentication_encoding};
pub use error::Error;
pub use escape::Escaped;
pub use inspect::{InspectedResource, Inspection, inspect, inspect_tensors};
pub use json::JsonFault;
#[cfg(feature = "pkcs11")]
pub use keys::pkcs11::{Pkcs11Fault, Pkcs11Signer, Pkcs11Uri, Pkcs11UriFault};
pub use keys::{KeyFault, KeyHint, KeyType, PublicKey, SignatureScheme};
#[cfg(feature = "sign")]
pub use keys::{PrivateKey, Signer};
pub use limits::Limits;
#[cfg(unix)]
pub use loader::VerifiedFd;
pub use loader::{
    CosignedModel, ModelTensor, ResourceStream, Selection, SignedModel, VerifiedBytes, VerifiedFile,
    VerifiedModel, VerifiedReader, VerifiedTensor,
};
pub use manifest::{CHUNK_INDEX, ChunkIndexFault, Method, VERITY_DIGEST, VerityFault};
pub use model::format::{
    FormatFault, GgufMetadata, GgufSplit, Header, SafetensorsIndex, Tensor, TensorFormat,
};
pub use model::{GIT_DEFAULTS, ModelPath, PathFault, SkipReason, Skipped};
pub use modelsig_hash as hash;
pub use outcome::{ErrorKind, OUTCOMES, Outcome};
pub use policy::{Check, Policy, UnsignedFiles, danger};
pub use protection::Protection;
pub use repair::{LocalSource, Mended, RepairReport, RepairSource, RepairedFile};
pub use report::{Bytes, CertificateReport, Checked, FileReport, Note, PartReport, Report, SignerReport};
#[cfg(feature = "sign")]
pub use reuse::{Reuse, ReusedFile};
#[cfg(feature = "sign")]
pub use sign::{ChunkIndexing, ModelSigner, SignReport};
pub use statement::{PREDICATE_TYPE, STATEMENT_TYPE, StatementFault};
pub use threshold::{BadThreshold, Threshold};
#[cfg(all(feature = "certificate", feature = "sign"))]
pub use trust::CertificateChain;
pub use trust::Trust;
#[cfg(feature = "certificate")]
pub use trust::x509::CertificateFault;
#[cfg(feature = "certificate")]
pub use trust::{CertificateTrust, EmptyIdentity, Identity};
pub use verify::Verifier;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
