//! Keys: Ed25519 and the three NIST curves of OMS (spec section 6), from PEM.
//!
//! Refuses: every other kind of key by its name, weak Ed25519 points, more than one key in a file.

mod ecdsa;
mod ed25519;
mod hint;
mod pem;
mod private;
mod public;

pub use pem::KeyFault;
#[cfg(feature = "sign")]
pub use private::{PrivateKey, Signer};
pub use public::{KeyType, PublicKey, SignatureScheme};

pub use hint::KeyHint;
#[cfg(feature = "certificate")]
pub(crate) use public::name_of;
