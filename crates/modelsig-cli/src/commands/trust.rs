//! Whom the user trusts: public keys, or certificates that vouch for others.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{ArgGroup, Args};
use modelsig::{CertificateTrust, Error, Identity, PublicKey, Trust};

use crate::audit::{Audit, Trusted};

/// At least one key or anchor; a bundle is judged by those that are for its method.
#[derive(Args)]
#[group(skip)]
#[command(group(ArgGroup::new("trusted").args(["public_key", "certificate_chain"]).required(true).multiple(true)))]
pub(super) struct TrustOptions {
    /// A trusted public key in PEM (may be repeated: any one of the keys may have signed)
    #[arg(long, value_name = "KEY")]
    public_key: Vec<PathBuf>,
    /// A file with trusted issuers in PEM (may be repeated): a certificate under any of them may have signed
    #[arg(long, value_name = "ANCHORS")]
    certificate_chain: Vec<PathBuf>,
    /// The expected owner of the signing certificate: an exact URI, email or DNS name, or subject:CN=...,O=... (may be
    /// repeated)
    ///
    /// Of certificates only: a signature by a --public-key holds whoever is expected here.
    #[arg(long, value_name = "NAME", requires = "certificate_chain")]
    identity: Vec<Identity>,
    /// Judge certificates at this time (RFC 3339) instead of now
    #[arg(long, value_name = "TIME", requires = "certificate_chain", value_parser = rfc3339)]
    at: Option<SystemTime>,
}

impl TrustOptions {
    /// Whom the user trusts, for the record.
    pub(super) fn on_record(&self) -> Trusted {
        Trusted::new(&self.public_key, &self.certificate_chain, &self.identity, self.at)
    }

    /// Reads the files, and tells the audit log what was in them.
    pub(super) fn read(&self, audit: Option<&Audit>) -> Result<Trust, Error> {
        let keys: Vec<PublicKey> =
            self.public_key.iter().map(|path| PublicKey::from_file(path)).collect::<Result<_, _>>()?;
        let certificates = match &self.certificate_chain[..] {
            [] => None,
            _ => Some(self.read_certificates()?),
        };
        if let Some(audit) = audit {
            audit.trusted(&keys, certificates.as_ref());
        }
        Ok(match certificates {
            None => keys.into(),
            Some(certificates) if keys.is_empty() => certificates.into(),
            Some(certificates) => Trust::Any(vec![keys.into(), certificates.into()]),
        })
    }

    fn read_certificates(&self) -> Result<CertificateTrust, Error> {
        let mut certificates = CertificateTrust::from_files(&self.certificate_chain)?;
        for identity in &self.identity {
            certificates = certificates.with_identity(identity.clone());
        }
        if let Some(at) = self.at {
            certificates = certificates.at(at);
        }
        Ok(certificates)
    }
}

/// A moment with its offset: `2026-11-23T12:00:00Z`.
fn rfc3339(text: &str) -> Result<SystemTime, String> {
    let time: jiff::Timestamp = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    // The last second before 1970 would be cut up to its end.
    let seconds = u64::try_from(time.as_second()).ok().filter(|_| time >= jiff::Timestamp::UNIX_EPOCH);
    let seconds = seconds.ok_or("it lies before 1970")?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_an_offset_and_lies_after_1970() {
        let seconds = |text: &str| {
            let time = rfc3339(text).ok()?;
            Some(time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
        };
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("1970-01-01T01:00:01.9+01:00"), Some(1));
        for bad in ["1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z", "2026-01-01T00:00:00", "2026-01-01", ""]
        {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
