//! Certificates from PEM text (RFC 7468): the anchors that the caller trusts.
//!
//! Text around the blocks is skipped, as OpenSSL and most lists of anchors put some there. Refuses: a block that is no
//! certificate, by its label, and everything that a certificate may not be; one bad block spoils the whole text.

use super::CertificateFault;
use super::certificate::Certificate;

/// The certificates in a text, in their order: one at least.
pub(crate) fn read_anchors(text: &str) -> Result<Vec<Certificate>, CertificateFault> {
    const BEGIN: &str = "-----BEGIN ";
    let mut starts: Vec<usize> = text.match_indices(BEGIN).map(|(start, _)| start).collect();
    if starts.is_empty() {
        return Err(CertificateFault::NotPem);
    }
    starts.push(text.len());
    starts.windows(2).map(|ends| block(text.get(ends[0]..ends[1]).unwrap_or_default())).collect()
}

fn block(text: &str) -> Result<Certificate, CertificateFault> {
    let malformed = || CertificateFault::Malformed { what: "its PEM encoding" };
    let label = text.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
    let (label, _) = label.filter(|(label, _)| !label.contains('\n')).ok_or_else(malformed)?;
    if label != "CERTIFICATE" {
        return Err(CertificateFault::Label { found: label.into() });
    }
    // The decoder wants nothing but blank space after the END line.
    const END: &str = "-----END CERTIFICATE-----";
    let end = text.find(END).ok_or_else(malformed)? + END.len();
    let block = text.get(..end).ok_or_else(malformed)?;
    let (_, der) = pem_rfc7468::decode_vec(block.as_bytes()).map_err(|_| malformed())?;
    Certificate::parse(&der)
}
