//! A certificate from its parts, to spoil one of them in a test.

use super::{Certificate, CertificateFault};

/// The parts of a certificate, each with its tag and length. The signature is none.
#[derive(Clone)]
pub(in crate::trust) struct Parts {
    pub(in crate::trust) version: Vec<u8>,
    pub(in crate::trust) serial: Vec<u8>,
    pub(in crate::trust) algorithm: Vec<u8>,
    pub(in crate::trust) issuer: Vec<u8>,
    pub(in crate::trust) validity: Vec<u8>,
    pub(in crate::trust) subject: Vec<u8>,
    pub(in crate::trust) key: Vec<u8>,
    pub(in crate::trust) extensions: Vec<Vec<u8>>,
    pub(in crate::trust) outer_algorithm: Vec<u8>,
    pub(in crate::trust) signature: Vec<u8>,
    pub(in crate::trust) after: Vec<u8>,
}

pub(in crate::trust) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = contents.len();
    let header = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [header, contents].concat()
}

pub(in crate::trust) fn name(value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(0x31, &[&tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &[value])])])])
}

/// `2.5.29.last`, with the bytes between the identifier and the value.
pub(in crate::trust) fn extension(last: u8, critical: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&[6, 3, 0x55, 0x1d, last], critical, &tlv(4, &[value])])
}

pub(in crate::trust) const CRITICAL: &[u8] = &[1, 1, 0xff];
pub(in crate::trust) const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];

pub(in crate::trust) fn utc(from: &str, to: &str) -> Vec<u8> {
    tlv(0x30, &[&tlv(0x17, &[from.as_bytes()]), &tlv(0x17, &[to.as_bytes()])])
}

impl Parts {
    pub(in crate::trust) fn good() -> Self {
        Self {
            version: vec![0xa0, 3, 2, 1, 2],
            serial: vec![2, 1, 7],
            algorithm: ED25519.into(),
            issuer: name(b"issuer"),
            validity: utc("200101000000Z", "491231235959Z"),
            subject: name(b"subject"),
            key: tlv(0x30, &[ED25519, &tlv(3, &[&[0], &[9; 32]])]),
            extensions: vec![extension(15, CRITICAL, &[3, 2, 7, 0x80])],
            outer_algorithm: ED25519.into(),
            signature: tlv(3, &[&[0], &[5; 64]]),
            after: Vec::new(),
        }
    }

    pub(in crate::trust) fn der(&self) -> Vec<u8> {
        let extensions = tlv(0xa3, &[&tlv(0x30, &[&self.extensions.concat()])]);
        let signed = tlv(
            0x30,
            &[
                &self.version,
                &self.serial,
                &self.algorithm,
                &self.issuer,
                &self.validity,
                &self.subject,
                &self.key,
                &extensions,
            ],
        );
        [tlv(0x30, &[&signed, &self.outer_algorithm, &self.signature]), self.after.clone()].concat()
    }

    /// With one extension, `2.5.29.last`.
    pub(in crate::trust) fn with(last: u8, value: &[u8]) -> Result<Certificate, CertificateFault> {
        Certificate::parse(&Self { extensions: vec![extension(last, &[], value)], ..Self::good() }.der())
    }
}
