//! The `sigstore` method (OMS spec 4.3): recognised, and refused as not supported yet. What the certificate claims
//! about its owner is told as a claim: neither chain, log entry nor time was checked.

use crate::Error;

pub(super) fn unsupported(path: &str, leaf: &[u8]) -> Error {
    let (identity, issuer) = claims(leaf);
    Error::KeylessUnsupported { path: path.into(), identity, issuer }
}

/// Whom the certificate names, and which identity provider it says vouched for that. Without the feature `certificate`
/// nobody reads it.
pub(crate) fn claims(leaf: &[u8]) -> (Option<String>, Option<String>) {
    // First of all for its limits.
    #[cfg(feature = "certificate")]
    if let Ok(certificate) = super::x509::Certificate::parse(leaf) {
        let name = certificate.names().into_iter().next().map(|name| name.as_str().to_owned());
        return (name.or_else(|| Some(format!("subject:{}", certificate.subject()))), issuer(leaf));
    }
    #[cfg(not(feature = "certificate"))]
    let _ = leaf;
    (None, None)
}

/// The identity provider in Fulcio's extensions: a DER string and, in older certificates, plain text.
#[cfg(feature = "certificate")]
fn issuer(leaf: &[u8]) -> Option<String> {
    use x509_cert::der::Decode;
    use x509_cert::der::asn1::ObjectIdentifier;

    const ISSUER_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.8");
    const ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.1");

    let leaf = x509_cert::Certificate::from_der(leaf).ok()?;
    let value = |oid| {
        let extensions = leaf.tbs_certificate().extensions()?;
        extensions.iter().find(|one| one.extn_id == oid).map(|one| one.extn_value.as_bytes())
    };
    let newer = value(ISSUER_V2).and_then(|value| String::from_der(value).ok());
    newer.or_else(|| value(ISSUER).and_then(|value| String::from_utf8(value.to_vec()).ok()))
}

#[cfg(all(test, feature = "certificate"))]
mod tests {
    use super::super::x509::parts::{Parts, tlv};
    use super::*;

    /// `1.3.6.1.4.1.57264.1.last`
    fn of_fulcio(last: u8, value: &[u8]) -> Vec<u8> {
        let identifier = tlv(6, &[&[0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1, last]]);
        tlv(0x30, &[&identifier, &tlv(4, &[value])])
    }

    #[test]
    fn the_identity_provider_is_in_either_extension() {
        let issuer = |extensions: &[Vec<u8>]| {
            let mut parts = Parts::good();
            parts.extensions.extend_from_slice(extensions);
            claims(&parts.der()).1
        };
        let (newer, older) = (of_fulcio(8, &tlv(0x0c, &[b"https://new"])), of_fulcio(1, b"https://old"));
        assert_eq!(issuer(&[older.clone(), newer.clone()]).as_deref(), Some("https://new"));
        assert_eq!(issuer(&[newer]).as_deref(), Some("https://new"));
        assert_eq!(issuer(&[of_fulcio(8, b"no DER"), older]).as_deref(), Some("https://old"));
        assert_eq!(issuer(&[of_fulcio(2, b"push"), of_fulcio(1, b"\xff")]), None);
        assert_eq!(issuer(&[]), None);
    }
}
