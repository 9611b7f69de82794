//! X.509 certificates (RFC 5280) with fixed keys and deterministic signatures, proper or with one defect.

use modelsig::{KeyType, PrivateKey, Signer};
use modelsig_tests::{base64, unbase64};

use crate::{der, keys};

/// Bits of the key usage.
pub(crate) const DIGITAL_SIGNATURE: u8 = 0;
pub(crate) const KEY_AGREEMENT: u8 = 4;
pub(crate) const KEY_CERT_SIGN: u8 = 5;
pub(crate) const CRL_SIGN: u8 = 6;

pub(crate) const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
pub(crate) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub(crate) const ANY_USAGE: &str = "2.5.29.37.0";

/// The identity in every proper leaf.
pub(crate) const IDENTITY: &str = "https://example.com/signer";

/// What a certificate says.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) subject: &'static str,
    pub(crate) issuer: &'static str,
    /// Whose certificate it is: a key of the corpus.
    pub(crate) key: &'static str,
    /// Whose key signs it.
    pub(crate) signer: &'static str,
    pub(crate) not_before: &'static str,
    pub(crate) not_after: &'static str,
    /// `None`: no basic constraints.
    pub(crate) authority: Option<bool>,
    pub(crate) path_length: Option<u8>,
    pub(crate) usage: &'static [u8],
    pub(crate) extended_usage: &'static [&'static str],
    pub(crate) identity: Option<&'static str>,
    /// Another extension: identifier, critical, content.
    pub(crate) extension: Option<(&'static str, bool, Vec<u8>)>,
}

impl Certificate {
    /// The anchor of the corpus.
    pub(crate) fn root() -> Self {
        Self {
            subject: "Corner Root",
            issuer: "Corner Root",
            key: "root",
            signer: "root",
            not_before: "200101000000Z",
            not_after: "400101000000Z",
            authority: Some(true),
            path_length: None,
            usage: &[KEY_CERT_SIGN, CRL_SIGN],
            extended_usage: &[],
            identity: None,
            extension: None,
        }
    }

    /// The intermediate.
    pub(crate) fn issuer() -> Self {
        Self { subject: "Corner Issuer", key: "issuer", ..Self::root() }
    }

    /// The leaf.
    pub(crate) fn leaf() -> Self {
        Self {
            subject: "Corner Signer",
            issuer: "Corner Issuer",
            key: "p256",
            signer: "issuer",
            not_before: "250101000000Z",
            not_after: "270101000000Z",
            authority: Some(false),
            path_length: None,
            usage: &[DIGITAL_SIGNATURE],
            extended_usage: &[CODE_SIGNING],
            identity: Some(IDENTITY),
            extension: None,
        }
    }

    /// The DER form, signed.
    pub(crate) fn der(&self) -> Vec<u8> {
        let signer = keys::private(self.signer);
        let algorithm = der::sequence(&[&der::oid(signature_algorithm(&signer))]);
        let serial: u8 = self.subject.bytes().fold(1, |sum: u8, byte| sum.wrapping_mul(3) ^ byte) & 0x3f;
        let tbs = der::sequence(&[
            &der::context(0, &der::integer(2)),
            &der::integer(serial + 1),
            &algorithm,
            &name(self.issuer),
            &der::sequence(&[&der::utc_time(self.not_before), &der::utc_time(self.not_after)]),
            &name(self.subject),
            &public_key(self.key),
            &der::context(3, &der::sequence(&[&self.extensions()])),
        ]);
        let signature = signer.sign(&tbs).expect("the key signs");
        der::sequence(&[&tbs, &algorithm, &der::bit_string(&signature)])
    }

    fn extensions(&self) -> Vec<u8> {
        let mut extensions = Vec::new();
        let mut add = |identifier: &str, critical: bool, content: &[u8]| {
            let flag = if critical { der::boolean_true() } else { Vec::new() };
            extensions.extend(der::sequence(&[&der::oid(identifier), &flag, &der::octets(content)]));
        };
        if let Some(authority) = self.authority {
            let flag = if authority { der::boolean_true() } else { Vec::new() };
            let length = self.path_length.map(der::integer).unwrap_or_default();
            add("2.5.29.19", true, &der::sequence(&[&flag, &length]));
        }
        if !self.usage.is_empty() {
            add("2.5.29.15", true, &der::bits(self.usage));
        }
        if !self.extended_usage.is_empty() {
            let usages: Vec<u8> = self.extended_usage.iter().flat_map(|usage| der::oid(usage)).collect();
            add("2.5.29.37", false, &der::sequence(&[&usages]));
        }
        if let Some(identity) = self.identity {
            add("2.5.29.17", false, &der::sequence(&[&general_name(identity)]));
        }
        if let Some((identifier, critical, content)) = &self.extension {
            add(identifier, *critical, content);
        }
        extensions
    }
}

/// A name of one common name.
fn name(common_name: &str) -> Vec<u8> {
    let attribute = der::sequence(&[&der::oid("2.5.4.3"), &der::utf8(common_name)]);
    der::sequence(&[&der::tagged(0x31, &attribute)])
}

/// A URI, an address of electronic mail, or a host.
fn general_name(text: &str) -> Vec<u8> {
    let tag = match text {
        _ if text.contains("://") => 0x86,
        _ if text.contains('@') => 0x81,
        _ => 0x82,
    };
    der::tagged(tag, text.as_bytes())
}

fn signature_algorithm(key: &PrivateKey) -> &'static str {
    match key.public_key().key_type() {
        KeyType::P256 => "1.2.840.10045.4.3.2",
        KeyType::P384 => "1.2.840.10045.4.3.3",
        KeyType::P521 => "1.2.840.10045.4.3.4",
        _ => "1.3.101.112",
    }
}

/// SubjectPublicKeyInfo.
fn public_key(key: &str) -> Vec<u8> {
    if key == "secp256k1" {
        use k256::pkcs8::{DecodePrivateKey, EncodePublicKey};
        let key = k256::SecretKey::from_pkcs8_pem(&keys::pem(key)).expect("a key of OpenSSL");
        return key.public_key().to_public_key_der().expect("a point can be encoded").into_vec();
    }
    let pem = keys::private(key).public_key().to_pem();
    unbase64(&pem.lines().filter(|line| !line.starts_with('-')).collect::<String>())
}

/// The PEM form of a certificate.
pub(crate) fn pem(der: &[u8]) -> String {
    let base64 = base64(der);
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
