//! The certificates that a signer embeds: its own, then the intermediates towards an anchor of the verifier.
//!
//! Refuses what no verifier would accept: a certificate for another key, one that is not valid now, or one that is
//! not for signing code.

use std::path::Path;
use std::time::SystemTime;

use super::certificate::seconds;
use super::x509::{Certificate, CertificateFault, Purpose, check_signer, read_anchors};
use crate::keys::PublicKey;
use crate::{Error, Limits, input};

/// A signing certificate with its intermediates.
#[derive(Clone, Debug)]
pub struct CertificateChain {
    /// Where the certificate came from, for messages.
    path: String,
    certificates: Vec<Certificate>,
}

impl CertificateChain {
    /// Reads PEM text: the signing certificate first, then its intermediates. The root need not be among them; a
    /// verifier brings its own.
    ///
    /// # Errors
    /// [`CertificateFault`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateFault> {
        Ok(Self { path: "the signing certificate".into(), certificates: read_anchors(text)? })
    }

    /// Reads PEM files: one that begins with the signing certificate, and any number with intermediates, in the order
    /// in which they are embedded.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Anchor`], [`Error::Limit`], [`Error::NotAFile`].
    pub fn from_files<P: AsRef<Path>>(
        certificate: &Path,
        intermediates: impl IntoIterator<Item = P>,
    ) -> Result<Self, Error> {
        let mut certificates = read(certificate)?;
        for path in intermediates {
            certificates.extend(read(path.as_ref())?);
        }
        Ok(Self { path: certificate.to_string_lossy().into(), certificates })
    }

    /// The chain as a bundle carries it, if it is one for `signer` that verifiers accept today.
    pub(crate) fn embed(&self, signer: &PublicKey) -> Result<Vec<Vec<u8>>, Error> {
        let path = || self.path.clone();
        let (limit, found) = (Limits::default().certificates as u64, self.certificates.len() as u64);
        if found > limit {
            return Err(Error::Limit { path: path(), what: "the number of certificates", limit, found });
        }
        let Some(leaf) = self.certificates.first() else { return Err(Error::NoTrust) };
        let key = PublicKey::from_der(leaf.public_key_info())
            .map_err(|fault| Error::Key { path: path(), fault })?;
        if key != *signer {
            let (expected, found) = (signer.hint().to_string(), key.hint().to_string());
            return Err(Error::CertificateOfOtherKey { path: path(), expected, found });
        }
        check_signer(leaf, seconds(SystemTime::now())?, Purpose::CodeSigning)
            .map_err(|fault| Error::Anchor { path: path(), fault })?;
        Ok(self.certificates.iter().map(|certificate| certificate.der().to_vec()).collect())
    }
}

fn read(path: &Path) -> Result<Vec<Certificate>, Error> {
    let text = input::read_certificates(path, &Limits::default())?;
    read_anchors(&text).map_err(|fault| Error::Anchor { path: path.to_string_lossy().into(), fault })
}
