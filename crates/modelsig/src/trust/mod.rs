//! Who may sign. The caller's trust decides the method; the bundle never does.

#[cfg(feature = "certificate")]
mod certificate;
#[cfg(all(feature = "certificate", feature = "sign"))]
mod chain;
#[cfg(feature = "certificate")]
mod identity;
mod key;
mod keyless;
#[cfg(feature = "certificate")]
pub(crate) mod x509;

use crate::Error;
use crate::bundle::{Bundle, BundleFault, Material};
use crate::dsse::{Envelope, PAYLOAD_TYPE, legacy_pre_authentication_encoding};
use crate::keys::{PublicKey, SignatureScheme};
use crate::report::SignerReport;
#[cfg(feature = "certificate")]
pub use certificate::CertificateTrust;
#[cfg(all(feature = "certificate", feature = "sign"))]
pub use chain::CertificateChain;
#[cfg(feature = "certificate")]
pub use identity::{EmptyIdentity, Identity};
pub(crate) use keyless::claims;

/// What the caller trusts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Trust {
    /// The `key` method: any one of these keys may have signed.
    Keys(Vec<PublicKey>),
    /// The `certificate` method: a certificate under one of these anchors may have signed.
    #[cfg(feature = "certificate")]
    Certificates(CertificateTrust),
    /// Any one of these is enough. A bundle is judged by those that are for its method.
    Any(Vec<Trust>),
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

#[cfg(feature = "certificate")]
impl From<CertificateTrust> for Trust {
    fn from(trust: CertificateTrust) -> Self {
        Self::Certificates(trust)
    }
}

/// Which encoding was signed. It decides which statement may follow, so that neither can stand in for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// DSSE, with the statement of OMS v1.0.
    Current,
    /// What model-signing 0.2.0 wrote.
    Legacy,
}

/// Verifies the signature of a bundle over its payload as it stands. Nothing of the payload has been parsed yet.
/// `legacy` also admits the encoding of model-signing 0.2.0.
pub(crate) fn verify(
    path: &str,
    bundle: &Bundle,
    trust: &Trust,
    legacy: bool,
) -> Result<(SignerReport, Dialect), Error> {
    if let Material::Sigstore(leaf) = &bundle.material {
        return Err(keyless::unsupported(path, leaf));
    }
    let signed = Signed { path, envelope: &bundle.envelope, legacy };
    signed.by(trust, &bundle.material)
}

/// Errors that say nothing of the signature: this trust is for another method, or there is none.
fn is_other_method(error: &Error) -> bool {
    matches!(
        error,
        Error::NoTrust | Error::MethodMismatch { .. } | Error::Bundle { fault: BundleFault::NoLogEntry, .. }
    )
}

/// An envelope whose signature is to be checked.
struct Signed<'b> {
    path: &'b str,
    envelope: &'b Envelope,
    legacy: bool,
}

impl Signed<'_> {
    fn by(&self, trust: &Trust, material: &Material) -> Result<(SignerReport, Dialect), Error> {
        match (trust, material) {
            (Trust::Keys(keys), Material::Key { hint }) => key::verify(self, keys, hint.as_deref()),
            (Trust::Keys(_), Material::LoneCertificate(_)) => {
                Err(Error::Bundle { path: self.path.into(), fault: BundleFault::NoLogEntry })
            }
            (Trust::Keys(_), other) => Err(self.mismatch("key", other)),
            #[cfg(feature = "certificate")]
            (Trust::Certificates(trust), Material::Certificates(chain)) => {
                certificate::verify(self, trust, chain)
            }
            #[cfg(feature = "certificate")]
            (Trust::Certificates(trust), Material::LoneCertificate(leaf)) => {
                certificate::verify(self, trust, std::slice::from_ref(leaf))
            }
            #[cfg(feature = "certificate")]
            (Trust::Certificates(_), other) => Err(self.mismatch("certificate", other)),
            (Trust::Any(several), material) => self.by_any(several, material),
        }
    }

    /// The first trust that holds. If none does, the first error that is more than "not my method".
    fn by_any(&self, several: &[Trust], material: &Material) -> Result<(SignerReport, Dialect), Error> {
        let mut refusal = Error::NoTrust;
        for trust in several {
            match self.by(trust, material) {
                Ok(signer) => return Ok(signer),
                Err(error) => {
                    if is_other_method(&refusal) {
                        refusal = error;
                    }
                }
            }
        }
        Err(refusal)
    }

    fn mismatch(&self, expected: &'static str, found: &Material) -> Error {
        Error::MethodMismatch { path: self.path.into(), expected, found: found.method() }
    }

    /// The one check of a bundle's signature. 0.2.0 hashed with SHA-256 for every curve when it signed with a
    /// certificate, as `legacy_scheme` says.
    fn holds(
        &self,
        key: &PublicKey,
        legacy_scheme: fn(&PublicKey, &[u8], &[u8]) -> Option<SignatureScheme>,
    ) -> Option<(SignatureScheme, Dialect)> {
        let signature = &self.envelope.signature;
        let current = key.verify(self.envelope.message(), signature);
        if let Some(scheme) = current {
            return Some((scheme, Dialect::Current));
        }
        if !self.legacy {
            return None;
        }
        let message = legacy_pre_authentication_encoding(PAYLOAD_TYPE, self.envelope.payload());
        legacy_scheme(key, &message, signature).map(|scheme| (scheme, Dialect::Legacy))
    }
}
