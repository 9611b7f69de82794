//! One certificate (RFC 5280, 4.1), parsed once and strictly.
//!
//! What was parsed is encoded again and must give the same bytes: that refuses every second way to write the same
//! certificate (BER forms, written defaults, unsorted sets, a GeneralizedTime before 2050), which a lenient parser
//! would read and a stricter one not. Beyond that refused: versions other than 3, serial numbers that are
//! negative or longer than 20 bytes, an empty issuer, an empty subject without a critical alternative name, a validity
//! that ends before it begins, two different signature algorithms, and all that the extensions refuse.

use sha2::{Digest, Sha256};
use x509_cert::certificate::Version;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::extensions::Extensions;
use super::names::{GeneralName, distinguished_name, has_no_empty_part};
use super::{CertificateFault, SubjectName};

/// Bytes of one certificate. Those of the web PKI have 1 to 3 KiB; what is larger is a list of names or an attack.
pub(crate) const LARGEST: usize = 16 << 10;

/// A certificate that keeps its DER. Nothing is known of its signature.
#[derive(Clone)]
pub(crate) struct Certificate {
    der: Vec<u8>,
    signed: Vec<u8>,
    signature: Vec<u8>,
    algorithm: AlgorithmIdentifierOwned,
    serial: Vec<u8>,
    issuer: Name,
    subject: Name,
    not_before: u64,
    not_after: u64,
    public_key_info: Vec<u8>,
    key: SubjectPublicKeyInfoOwned,
    extensions: Extensions,
}

impl Certificate {
    /// Reads the DER of one certificate.
    pub(crate) fn parse(der: &[u8]) -> Result<Self, CertificateFault> {
        let malformed = |what| CertificateFault::Malformed { what };
        if der.len() > LARGEST {
            return Err(CertificateFault::TooLarge { found: der.len(), limit: LARGEST });
        }
        let parsed = x509_cert::Certificate::from_der(der).map_err(|_| malformed("its DER encoding"))?;
        let fields = parsed.tbs_certificate();
        match fields.version() {
            Version::V3 => {}
            Version::V2 => return Err(CertificateFault::Version { found: 2 }),
            Version::V1 => return Err(CertificateFault::Version { found: 1 }),
        }
        if parsed.to_der().ok().as_deref() != Some(der) {
            return Err(malformed("it is not the one DER encoding of its contents"));
        }
        let serial = serial(fields.serial_number().as_bytes())
            .ok_or(malformed("the serial number is negative or longer than 20 bytes"))?;
        if parsed.signature_algorithm() != fields.signature() {
            return Err(malformed("it names two different signature algorithms"));
        }
        let (issuer, subject) = (fields.issuer(), fields.subject());
        if issuer.is_empty() || !has_no_empty_part(issuer) || !has_no_empty_part(subject) {
            return Err(malformed("the issuer, or a part of a name, is empty"));
        }
        let validity = fields.validity();
        let (not_before, not_after) = (
            validity.not_before.to_unix_duration().as_secs(),
            validity.not_after.to_unix_duration().as_secs(),
        );
        if not_before > not_after {
            return Err(malformed("its validity ends before it begins"));
        }
        let extensions = match fields.extensions() {
            Some(extensions) if extensions.is_empty() => {
                return Err(malformed("the list of extensions is empty"));
            }
            Some(extensions) => Extensions::parse(extensions)?,
            None => Extensions::default(),
        };
        if subject.is_empty() && (extensions.is_ca() || !extensions.names_are_critical) {
            return Err(malformed("the subject is empty and no critical alternative name stands in for it"));
        }
        let key = fields.subject_public_key_info();
        Ok(Self {
            signed: signed_part(der).ok_or(malformed("its DER encoding"))?.to_vec(),
            signature: parsed
                .signature()
                .as_bytes()
                .ok_or(malformed("the signature is not whole bytes"))?
                .to_vec(),
            algorithm: fields.signature().clone(),
            serial,
            issuer: issuer.clone(),
            subject: subject.clone(),
            not_before,
            not_after,
            public_key_info: key.to_der().map_err(|_| malformed("the public key"))?,
            key: key.clone(),
            extensions,
            der: der.to_vec(),
        })
    }

    /// The bytes that were parsed.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The DER of the SubjectPublicKeyInfo.
    pub(crate) fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    /// Whom it is about, as RFC 4514 writes it. Escape it before showing it.
    pub(crate) fn subject(&self) -> String {
        distinguished_name(&self.subject)
    }

    /// Who says so, as RFC 4514 writes it. Escape it before showing it.
    pub(crate) fn issuer(&self) -> String {
        distinguished_name(&self.issuer)
    }

    /// The serial number in lower-case hexadecimal, without leading zero bytes.
    pub(crate) fn serial(&self) -> String {
        hex::encode(&self.serial)
    }

    /// SHA-256 of the DER in lower-case hexadecimal.
    pub(crate) fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(&self.der))
    }

    /// First and last second of its validity, counted from 1970.
    pub(crate) fn validity(&self) -> (u64, u64) {
        (self.not_before, self.not_after)
    }

    /// The alternative names that identify somebody, in their order.
    pub(crate) fn names(&self) -> Vec<SubjectName> {
        self.extensions.names.iter().filter_map(GeneralName::subject_name).collect()
    }

    pub(super) fn general_names(&self) -> &[GeneralName] {
        &self.extensions.names
    }

    pub(super) fn subject_name(&self) -> &Name {
        &self.subject
    }

    pub(super) fn issuer_name(&self) -> &Name {
        &self.issuer
    }

    /// True when issuer and subject are one name (RFC 5280, 3.2). That says nothing of the key.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    pub(super) fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    pub(super) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        &self.key
    }

    /// What its issuer signed, with which algorithm, and the signature.
    pub(super) fn signed(&self) -> (&[u8], &AlgorithmIdentifierOwned, &[u8]) {
        (&self.signed, &self.algorithm, &self.signature)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Certificate").field(&self.subject()).field(&self.fingerprint()).finish()
    }
}

/// The magnitude of a DER integer that is not negative, at most 20 bytes (RFC 5280, 4.1.2.2). The byte for the sign is
/// not counted, and zero is let pass: public roots that everybody trusts have it.
fn serial(integer: &[u8]) -> Option<Vec<u8>> {
    let is_negative = integer.first().is_none_or(|first| first & 0x80 != 0);
    let magnitude = integer.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(integer);
    (!is_negative && magnitude.len() <= 20).then(|| magnitude.to_vec())
}

/// The bytes of the `tbsCertificate`, as they stand.
fn signed_part(der: &[u8]) -> Option<&[u8]> {
    SliceReader::new(AnyRef::from_der(der).ok()?.value()).ok()?.tlv_bytes().ok()
}
