//! Keys on PKCS#11 tokens: hardware modules, smart cards, SoftHSM. The key is named by a URI (RFC 7512) and signs
//! through the module of the token's vendor (PKCS#11 2.40: CKM_ECDSA over a digest made here, CKM_EDDSA).
//!
//! Refuses: a PIN in the URI, a PIN file that others can read, and to choose: exactly one token, one private key
//! and one public key must fit the URI. A wrong PIN is not tried twice, since tokens count and lock.

mod module;
mod public_key;
mod signer;
mod uri;

use std::path::PathBuf;

use crate::keys::KeyFault;

pub use signer::Pkcs11Signer;
pub use uri::{Pkcs11Uri, Pkcs11UriFault};

/// Why a key on a PKCS#11 token cannot be used. No variant carries a PIN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11Fault {
    /// The URI itself.
    #[error(transparent)]
    Uri(#[from] Pkcs11UriFault),
    /// Neither the URI nor the caller says which module to load.
    #[error("no PKCS#11 module is named")]
    NoModule,
    /// No module of that name is where modules are kept.
    #[error("no PKCS#11 module {name:?} is in {}", listed(.searched))]
    ModuleNotFound {
        /// The `module-name` of the URI.
        name: String,
        /// The folders that were searched.
        searched: Vec<PathBuf>,
    },
    /// The module cannot be loaded.
    #[error("PKCS#11 module {path:?} cannot be used: {reason}")]
    Module {
        /// The shared library.
        path: PathBuf,
        /// What the loader or the module says.
        reason: String,
    },
    /// Not exactly one token fits the URI.
    #[error("exactly one token must fit, {found} do; there are: {}", listed(.tokens))]
    TokenCount {
        /// How many fit.
        found: usize,
        /// The labels and serial numbers of all tokens of the module.
        tokens: Vec<String>,
    },
    /// The token wants a PIN, and none was given.
    #[error("token {token:?} wants a PIN and none was given")]
    PinNeeded {
        /// The label of the token.
        token: String,
    },
    /// The token does not take the PIN. It was tried once.
    #[error("token {token:?} does not take the PIN, which was tried once{}", if *.last_try { "; one more wrong PIN locks it" } else { "" })]
    PinIncorrect {
        /// The label of the token.
        token: String,
        /// The token says that the next wrong PIN will lock it.
        last_try: bool,
    },
    /// After too many wrong PINs.
    #[error("the PIN of token {token:?} is locked")]
    PinLocked {
        /// The label of the token.
        token: String,
    },
    /// A PIN file that other users can read.
    #[error("PIN file {path:?} can be read by other users (mode {mode:03o})")]
    PinReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A PIN file that holds no PIN.
    #[error("PIN file {path:?} does not hold one line of text")]
    PinFile {
        /// The file.
        path: PathBuf,
    },
    /// Not exactly one key fits the URI.
    #[error("exactly one {what} must fit, {found} do; there are: {}", listed(.keys))]
    KeyCount {
        /// `"private key"` or `"public key"`.
        what: &'static str,
        /// How many fit.
        found: usize,
        /// Labels and ids of those that fit, or if none does, of all of that kind on the token (100 at the most).
        keys: Vec<String>,
    },
    /// A kind of key that OMS or modelsig does not use, or damaged.
    #[error("{0}")]
    Key(#[from] KeyFault),
    /// The token cannot do what the key needs.
    #[error("the token does not have the mechanism {mechanism}")]
    Mechanism {
        /// `"CKM_ECDSA"` or `"CKM_EDDSA"`.
        mechanism: &'static str,
    },
    /// The key asks for the PIN at every signature (CKA_ALWAYS_AUTHENTICATE), which this version cannot do.
    #[error("the key wants a PIN for each signature (CKA_ALWAYS_AUTHENTICATE), which is not supported")]
    AlwaysAuthenticate,
    /// What the token returned is no signature of that kind of key.
    #[error("the token returned no ECDSA signature of this curve")]
    Signature,
    /// Any other failure of the module or the token.
    #[error("C_{function} failed: {reason}")]
    Call {
        /// The function of PKCS#11.
        function: String,
        /// The name of its return value.
        reason: String,
    },
}

impl From<cryptoki::error::Error> for Pkcs11Fault {
    fn from(error: cryptoki::error::Error) -> Self {
        match error {
            cryptoki::error::Error::Pkcs11(value, function) => {
                Self::Call { function: format!("{function:?}"), reason: format!("{value:?}") }
            }
            other => Self::Call { function: "?".into(), reason: other.to_string() },
        }
    }
}

fn listed<T: std::fmt::Debug>(things: &[T]) -> String {
    match things {
        [] => "none".into(),
        some => some.iter().map(|thing| format!("{thing:?}")).collect::<Vec<_>>().join(", "),
    }
}
