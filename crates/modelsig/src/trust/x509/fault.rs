//! Why a certificate, or a path of certificates, is refused. Each fault says which certificate it is about.

use std::time::Duration;

use x509_cert::der::DateTime;

use crate::escape::clipped;

/// Why a certificate or a path is refused. Certificates are named by their subject (RFC 4514), times are seconds
/// since 1970.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    // -- the text around certificates --
    /// No `-----BEGIN CERTIFICATE-----` line.
    #[error("it holds no PEM block of a certificate")]
    NotPem,
    /// A PEM block that is not a certificate: a private key, for example.
    #[error("expected certificates only, found a PEM block labelled {}", short(.found))]
    Label {
        /// The label found.
        found: String,
    },

    // -- one certificate --
    /// Larger than any certificate of this field.
    #[error("a certificate of {found} bytes; at most {limit} are read")]
    TooLarge {
        /// Its length in bytes.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Not the strict DER of a certificate, or contrary to RFC 5280.
    #[error("a certificate is malformed: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// Version 1 or 2. Those have no extensions, so nothing would say what the certificate is for.
    #[error("a certificate is of version {found}; only version 3 says what its key may do")]
    Version {
        /// The version found.
        found: u8,
    },
    /// The same extension twice.
    #[error("a certificate has the extension {oid} twice")]
    DuplicateExtension {
        /// The extension.
        oid: String,
    },

    // -- a certificate on the path --
    /// A critical extension that is not understood here.
    #[error("certificate {} has the critical extension {oid}, which is not understood", shown(.subject))]
    UnknownCriticalExtension {
        /// The certificate.
        subject: String,
        /// The extension.
        oid: String,
    },
    /// Its validity is over.
    #[error("certificate {} expired on {}; the time of checking is {}", shown(.subject), time(*.not_after), time(*.at))]
    Expired {
        /// The certificate.
        subject: String,
        /// The last second at which it is valid.
        not_after: u64,
        /// The time at which it was checked.
        at: u64,
    },
    /// Its validity has not begun.
    #[error("certificate {} is valid from {}; the time of checking is {}", shown(.subject), time(*.not_before), time(*.at))]
    NotYetValid {
        /// The certificate.
        subject: String,
        /// The first second at which it is valid.
        not_before: u64,
        /// The time at which it was checked.
        at: u64,
    },
    /// A leaf whose key may not make signatures.
    #[error("certificate {} has the key usage {found}; expected digitalSignature", shown(.subject))]
    WrongKeyUsage {
        /// The certificate.
        subject: String,
        /// The usages that it has, or `none`.
        found: String,
    },
    /// A certificate for something else.
    #[error("certificate {} is for {}; expected {expected}", shown(.subject), listed(.found))]
    WrongExtendedKeyUsage {
        /// The certificate.
        subject: String,
        /// The purpose that was needed.
        expected: &'static str,
        /// The purposes that it has. Empty when it names none.
        found: Vec<String>,
    },

    // -- issuers --
    /// An issuer that is no certificate authority.
    #[error("certificate {} is no certificate authority (CA:TRUE), yet it issued another", shown(.subject))]
    NotACa {
        /// The issuer.
        subject: String,
    },
    /// An issuer whose key may not sign certificates.
    #[error("certificate {} may not sign certificates: expected the key usage keyCertSign, found {found}", shown(.subject))]
    NoCertSign {
        /// The issuer.
        subject: String,
        /// The usages that it has, or `none`.
        found: String,
    },
    /// More authorities below an issuer than its path length allows.
    #[error("certificate {} allows {limit} authorities below it, found {found}", shown(.subject))]
    PathTooLong {
        /// The issuer.
        subject: String,
        /// Its path length constraint.
        limit: u32,
        /// The authorities below it.
        found: u32,
    },
    /// A name outside the names that an issuer may certify.
    #[error("certificate {} has the name {}, which its authority {} may not certify", shown(.subject), short(.name), shown(.issuer))]
    NameConstraint {
        /// The certificate with the name.
        subject: String,
        /// The name.
        name: String,
        /// The authority with the constraint.
        issuer: String,
    },
    /// The leaf itself was given as an anchor. An anchor says who may issue, not who may sign.
    #[error("certificate {} is the signer's own; expected the certificate of its issuer as anchor", shown(.subject))]
    LeafIsAnchor {
        /// The leaf.
        subject: String,
    },
    /// The issuer of the leaf is neither in the bundle nor an anchor.
    #[error("no certificate of the issuer {} of {} is in the bundle or among the anchors", shown(.issuer), shown(.subject))]
    NoIssuer {
        /// The leaf.
        subject: String,
        /// Its issuer.
        issuer: String,
    },
    /// There is a chain, but it does not end at an anchor.
    #[error("the chain ends at {}, issued by {}, which is not among the anchors", shown(.subject), shown(.issuer))]
    NotAnchored {
        /// The last certificate of the chain.
        subject: String,
        /// Its issuer.
        issuer: String,
    },
    /// There is a certificate of the issuer's name, but its key did not sign.
    #[error("the signature on certificate {} was not made by the key of {}", shown(.subject), shown(.issuer))]
    BadSignature {
        /// The certificate.
        subject: String,
        /// The certificate of its supposed issuer.
        issuer: String,
    },

    // -- algorithms --
    /// Signed over a hash that is broken.
    #[error("the signature on certificate {} uses {hash}, which is broken", shown(.subject))]
    WeakHash {
        /// The certificate.
        subject: String,
        /// The hash.
        hash: &'static str,
    },
    /// An issuer with an RSA key that is too short to be safe or too long to be checked.
    #[error("certificate {} has an RSA key of {bits} bits; expected 2048 to 4096", shown(.subject))]
    RsaSize {
        /// The issuer.
        subject: String,
        /// The length of its modulus.
        bits: usize,
    },
    /// A key, or the parameters of an algorithm, that are not what their identifier says.
    #[error("certificate {}: {what} is malformed", shown(.subject))]
    MalformedAlgorithm {
        /// The certificate.
        subject: String,
        /// What is wrong.
        what: &'static str,
    },
    /// An algorithm that is not supported.
    #[error("certificate {}: {} is not supported", shown(.subject), short(.algorithm))]
    UnsupportedAlgorithm {
        /// The certificate.
        subject: String,
        /// The algorithm, by its name or its object identifier.
        algorithm: String,
    },

    // -- limits --
    /// More certificates than a bundle may have.
    #[error("{found} certificates; at most {limit} are read")]
    TooMany {
        /// How many.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The search for a path costs more than it may.
    #[error("the search for a path was given up after {limit} {what}")]
    WorkBudget {
        /// What was counted.
        what: &'static str,
        /// The limit.
        limit: u32,
    },
}

/// A name that somebody else wrote, quoted, escaped and cut.
fn shown(name: &str) -> String {
    format!("'{}'", short(name))
}

/// Escaped, and cut so that three of them leave room for what is wrong.
fn short(text: &str) -> String {
    const LONGEST: usize = 200;
    let shown = clipped(&text);
    match shown.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
        None => shown,
    }
}

fn listed(purposes: &[String]) -> String {
    if purposes.is_empty() { "no purpose".into() } else { short(&purposes.join(", ")) }
}

/// RFC 3339 in UTC, as far as certificates count: to the end of 9999.
pub(crate) fn time(seconds: u64) -> String {
    match DateTime::from_unix_duration(Duration::from_secs(seconds)) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{seconds} seconds after 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_and_names_are_escaped_and_cut() {
        let fault = |subject: &str| CertificateFault::Expired {
            subject: subject.into(),
            not_after: 1_748_736_000,
            at: u64::MAX,
        };
        assert_eq!(
            fault("CN=a\u{1b}[2J").to_string(),
            r"certificate 'CN=a\u{1b}[2J' expired on 2025-06-01T00:00:00Z; the time of checking is 18446744073709551615 seconds after 1970"
        );
        for name in ["x".repeat(100_000), "\u{202e}".repeat(1_000)] {
            let message = clipped(&fault(&name));
            assert!(message.ends_with("seconds after 1970"), "the name hides what is wrong: {message}");
            let outside = CertificateFault::NameConstraint {
                subject: name.clone(),
                name: name.clone(),
                issuer: name.clone(),
            };
            assert!(clipped(&outside).contains("may not certify"));
        }
    }
}
