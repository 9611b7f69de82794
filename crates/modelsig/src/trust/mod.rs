//! Who may sign. The caller's trust decides the method; the bundle never does.

mod key;
#[cfg(feature = "certificate")]
pub(crate) mod x509;

use crate::Error;
use crate::bundle::{Bundle, Material};
use crate::dsse::{PAYLOAD_TYPE, pre_authentication_encoding};
use crate::keys::PublicKey;
use crate::report::SignerReport;

/// What the caller trusts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Trust {
    /// The `key` method: any one of these keys may have signed.
    Keys(Vec<PublicKey>),
}

impl From<PublicKey> for Trust {
    fn from(key: PublicKey) -> Self {
        Self::Keys(vec![key])
    }
}

impl From<Vec<PublicKey>> for Trust {
    fn from(keys: Vec<PublicKey>) -> Self {
        Self::Keys(keys)
    }
}

/// Verifies the signature of a bundle over its payload as it stands. Nothing of the payload has been parsed yet.
pub(crate) fn verify(path: &str, bundle: &Bundle, trust: &Trust) -> Result<SignerReport, Error> {
    let message = pre_authentication_encoding(PAYLOAD_TYPE, &bundle.envelope.payload);
    match (trust, &bundle.material) {
        (Trust::Keys(keys), Material::Key { hint }) => {
            key::verify(path, keys, hint.as_deref(), &message, &bundle.envelope.signature)
        }
        (Trust::Keys(_), other) => {
            Err(Error::MethodMismatch { path: path.into(), expected: "key", found: other.method() })
        }
    }
}
