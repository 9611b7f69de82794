//! A certificate from its parts, to spoil one of them in a test.

use super::{Certificate, CertificateFault};

/// The parts of a certificate, each with its tag and length. The signature is none.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) version: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) algorithm: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) validity: Vec<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) extensions: Vec<Vec<u8>>,
    pub(super) outer_algorithm: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) after: Vec<u8>,
}

pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = contents.len();
    let header = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [header, contents].concat()
}

pub(super) fn name(value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(0x31, &[&tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &[value])])])])
}

/// `2.5.29.last`, with the bytes between the identifier and the value.
pub(super) fn extension(last: u8, critical: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&[6, 3, 0x55, 0x1d, last], critical, &tlv(4, &[value])])
}

pub(super) const CRITICAL: &[u8] = &[1, 1, 0xff];
pub(super) const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];

pub(super) fn utc(from: &str, to: &str) -> Vec<u8> {
    tlv(0x30, &[&tlv(0x17, &[from.as_bytes()]), &tlv(0x17, &[to.as_bytes()])])
}

impl Parts {
    pub(super) fn good() -> Self {
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

    pub(super) fn der(&self) -> Vec<u8> {
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
    pub(super) fn with(last: u8, value: &[u8]) -> Result<Certificate, CertificateFault> {
        Certificate::parse(&Self { extensions: vec![extension(last, &[], value)], ..Self::good() }.der())
    }
}
