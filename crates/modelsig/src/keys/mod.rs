//! Keys: Ed25519 and the three NIST curves of OMS (spec section 6), from PEM.
//!
//! Refuses: every other kind of key by its name, weak Ed25519 points, more than one key in a file.

mod ecdsa;
mod ed25519;
mod encrypted;
mod hint;
mod pem;
#[cfg(feature = "pkcs11")]
pub(crate) mod pkcs11;
mod private;
mod public;
mod signer;

pub use pem::KeyFault;
#[cfg(feature = "certificate")]
pub(crate) use pem::until_end;
#[cfg(feature = "sign")]
pub use private::PrivateKey;
pub use public::{KeyType, PublicKey, SignatureScheme};

pub use hint::KeyHint;
#[cfg(feature = "certificate")]
pub(crate) use public::name_of;
#[cfg(feature = "sign")]
pub use signer::Signer;
