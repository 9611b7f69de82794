//! Certificates from PEM text (RFC 7468): the anchors that the caller trusts.
//!
//! Text around the blocks is skipped, as OpenSSL and most lists of anchors put some there. Refuses: a block that is no
//! certificate, by its label, one that does not begin its line, and everything that a certificate may not be; one bad
//! block spoils the whole text.

use super::CertificateFault;
use super::certificate::Certificate;
use crate::keys::until_end;

/// The certificates in a text, in their order: one at least.
pub(crate) fn read_anchors(text: &str) -> Result<Vec<Certificate>, CertificateFault> {
    const BEGIN: &str = "-----BEGIN ";
    let mut starts: Vec<usize> = text.match_indices(BEGIN).map(|(start, _)| start).collect();
    if starts.is_empty() {
        return Err(CertificateFault::NotPem);
    }
    // Somebody who put a word before the line may have meant to take the certificate out.
    let begins_its_line = |start: &usize| {
        let before = text.get(..*start).unwrap_or_default();
        before.is_empty() || before.ends_with(['\n', '\r', '\u{feff}'])
    };
    if !starts.iter().all(begins_its_line) {
        return Err(CertificateFault::Malformed { what: "a PEM block does not begin its line" });
    }
    starts.push(text.len());
    let blocks = starts.iter().zip(starts.iter().skip(1));
    blocks.map(|(start, end)| block(text.get(*start..*end).unwrap_or_default())).collect()
}

fn block(text: &str) -> Result<Certificate, CertificateFault> {
    let malformed = || CertificateFault::Malformed { what: "its PEM encoding" };
    let label = text.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
    let (label, _) = label.filter(|(label, _)| !label.contains('\n')).ok_or_else(malformed)?;
    if label != "CERTIFICATE" {
        return Err(CertificateFault::Label { found: label.into() });
    }
    let (_, der) = pem_rfc7468::decode_vec(until_end(text).as_bytes()).map_err(|_| malformed())?;
    Certificate::parse(&der)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: &str = include_str!("../../../../../testdata/certificates/accepted-ed25519.pem");

    #[test]
    fn certificates_come_in_their_order_with_anything_around_them() {
        let subjects = |text: &str| -> Result<Vec<String>, CertificateFault> {
            Ok(read_anchors(text)?.iter().map(Certificate::subject).collect())
        };
        let expected = Ok(vec!["CN=leaf accepted-ed25519".to_owned(), "CN=root accepted-ed25519".to_owned()]);
        assert_eq!(subjects(CHAIN), expected);
        assert_eq!(subjects(&CHAIN.replace('\n', "\r\n")), expected);
        assert_eq!(subjects(&format!("\u{feff}{CHAIN}")), expected);
        assert_eq!(
            subjects(&format!("# leaf\n{}# root\n", CHAIN.replace("-----BEGIN", "Data:\n-----BEGIN"))),
            expected
        );
    }

    #[test]
    fn a_text_with_anything_but_certificates_is_refused() {
        assert_eq!(read_anchors(""), Err(CertificateFault::NotPem));
        assert_eq!(read_anchors("MIIB"), Err(CertificateFault::NotPem));
        let key = CHAIN.to_owned() + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(read_anchors(&key), Err(CertificateFault::Label { found: "PRIVATE KEY".into() }));
        for bad in [
            CHAIN.replace("-----END CERTIFICATE-----", ""),
            CHAIN.replace("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE"),
            CHAIN.replacen("MII", "MI", 1),
            format!("# {CHAIN}"),
            CHAIN.replacen("\nMII", "\nProc-Type: 4\n\nMII", 1),
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".into(),
        ] {
            assert!(matches!(read_anchors(&bad), Err(CertificateFault::Malformed { .. })), "{bad}");
        }
    }
}
