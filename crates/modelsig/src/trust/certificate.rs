//! The `certificate` method (OMS spec 4.2): a certificate under one of the caller's anchors must have made the
//! signature.
//!
//! Refuses, besides what [`x509`](super::x509) refuses: a leaf key that OMS does not know, and an owner whom the
//! caller does not expect. No anchor is ever taken from the bundle or the system.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::x509::{Certificate, CertificateFault, Purpose, read_anchors, time, verify_path};
use super::{Dialect, Identity, Signed};
use crate::keys::{KeyFault, PublicKey};
use crate::report::{CertificateReport, SignerReport};
use crate::{Error, Limits, input};

/// The anchors of the caller, and what else a signing certificate must satisfy.
#[derive(Clone, Debug)]
pub struct CertificateTrust {
    anchors: Vec<Certificate>,
    identities: Vec<Identity>,
    at: Option<SystemTime>,
}

impl CertificateTrust {
    /// Reads anchors from PEM text: one or more certificates, each an issuer that the caller trusts. They need not be
    /// self-signed.
    ///
    /// # Errors
    /// [`CertificateFault`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateFault> {
        Ok(Self { anchors: read_anchors(text)?, identities: Vec::new(), at: None })
    }

    /// Reads anchors from PEM files.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Anchor`], [`Error::Limit`], [`Error::NotAFile`]; [`Error::NoTrust`] without a file.
    pub fn from_files<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self, Error> {
        let mut anchors = Vec::new();
        for path in paths {
            let path = path.as_ref();
            let text = input::read_certificates(path, &Limits::default())?;
            let found = read_anchors(&text)
                .map_err(|fault| Error::Anchor { path: path.to_string_lossy().into(), fault })?;
            anchors.extend(found);
        }
        if anchors.is_empty() {
            Err(Error::NoTrust)
        } else {
            Ok(Self { anchors, identities: Vec::new(), at: None })
        }
    }

    /// Expects this owner of the signing certificate, or another one that was given in this way. Without any, every
    /// certificate under the anchors may sign.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.identities.push(identity);
        self
    }

    /// The SHA-256 of the DER of each anchor in lower-case hexadecimal, in the order of the files.
    pub fn anchor_fingerprints(&self) -> Vec<String> {
        self.anchors.iter().map(Certificate::fingerprint).collect()
    }

    /// Judges validity at this time instead of the present. The report records it.
    #[must_use]
    pub fn at(mut self, time: SystemTime) -> Self {
        self.at = Some(time);
        self
    }
}

pub(super) fn verify(
    signed: &Signed<'_>,
    trust: &CertificateTrust,
    chain: &[Vec<u8>],
) -> Result<(SignerReport, Dialect), Error> {
    let path = || signed.path.to_owned();
    let refused = |fault| Error::Certificate { path: path(), fault };
    let chain: Vec<Certificate> =
        chain.iter().map(|der| Certificate::parse(der)).collect::<Result<_, _>>().map_err(refused)?;
    let Some((leaf, intermediates)) = chain.split_first() else { return Err(Error::NoTrust) };
    let at = seconds(trust.at.unwrap_or_else(SystemTime::now))?;
    let verified =
        verify_path(leaf, intermediates, &trust.anchors, at, Purpose::CodeSigning).map_err(refused)?;
    let key = PublicKey::from_der(leaf.public_key_info()).map_err(|fault| unsupported(signed.path, fault))?;
    let (scheme, dialect) = signed
        .holds(&key, PublicKey::verify_sha256)
        .ok_or_else(|| Error::BadSignature { path: path(), keys: vec![key.hint().to_string()] })?;
    let pinned = trust.identities.iter().find(|identity| identity.matches(leaf));
    if pinned.is_none() && !trust.identities.is_empty() {
        return Err(Error::IdentityMismatch {
            path: path(),
            expected: trust.identities.iter().map(Identity::to_string).collect(),
            found: claimed(leaf),
        });
    }
    let issuers = verified.issuers();
    let (not_before, not_after) = leaf.validity();
    let certificate = CertificateReport {
        subject: leaf.subject(),
        names: leaf.names().iter().map(|name| name.as_str().to_owned()).collect(),
        issuer: leaf.issuer(),
        serial: leaf.serial(),
        fingerprint: leaf.fingerprint(),
        not_before: time(not_before),
        not_after: time(not_after),
        issuers: issuers.iter().map(|issuer| issuer.subject()).collect(),
        anchor_fingerprint: issuers.last().map(|anchor| anchor.fingerprint()).unwrap_or_default(),
        valid_at: time(at),
        time_given: trust.at.is_some(),
        identity: pinned.map(Identity::to_string),
    };
    let signer = SignerReport {
        key_type: key.key_type(),
        hint: key.hint(),
        scheme,
        hint_in_bundle: true,
        certificate: Some(Box::new(certificate)),
    };
    Ok((signer, dialect))
}

/// What a certificate says of its owner.
fn claimed(leaf: &Certificate) -> Vec<String> {
    let names = leaf.names();
    names.iter().map(|name| name.as_str().to_owned()).chain([format!("subject:{}", leaf.subject())]).collect()
}

fn unsupported(path: &str, fault: KeyFault) -> Error {
    Error::Unsupported { path: path.into(), what: format!("the key of the signing certificate ({fault})") }
}

/// Seconds since 1970, the way certificates count.
pub(super) fn seconds(time: SystemTime) -> Result<u64, Error> {
    let since = time.duration_since(UNIX_EPOCH);
    since.map(|since| since.as_secs()).map_err(|_| Error::Usage {
        what: "the time at which certificates are to be valid lies before 1970".into(),
    })
}
