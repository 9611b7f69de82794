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
    #[cfg(any(feature = "sign", test))]
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

#[cfg(test)]
mod tests {
    use super::super::parts::{CRITICAL, Parts, extension, name, tlv, utc};
    use super::*;

    #[track_caller]
    fn refused(spoil: impl FnOnce(&mut Parts)) -> CertificateFault {
        let mut parts = Parts::good();
        spoil(&mut parts);
        Certificate::parse(&parts.der()).expect_err("accepted")
    }

    #[track_caller]
    fn malformed(word: &str, spoil: impl FnOnce(&mut Parts)) {
        match refused(spoil) {
            CertificateFault::Malformed { what } => assert!(what.contains(word), "{what}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_certificate_gives_back_what_is_in_it() {
        let der = Parts::good().der();
        let certificate = Certificate::parse(&der).unwrap();
        assert_eq!(certificate.der(), der);
        assert_eq!((certificate.subject(), certificate.issuer()), ("CN=subject".into(), "CN=issuer".into()));
        assert_eq!(
            (certificate.serial(), certificate.validity()),
            ("07".into(), (1_577_836_800, 2_524_607_999))
        );
        let (signed, _, signature) = certificate.signed();
        assert!(der.windows(signed.len()).any(|bytes| bytes == signed) && signature == [5; 64]);
        assert_eq!(certificate.public_key_info(), Parts::good().key);
    }

    #[test]
    fn a_certificate_may_have_so_many_bytes_and_no_more() {
        let of = |length: usize| {
            let padding = tlv(0x30, &[&[6, 3, 0x2a, 3, 4], &tlv(4, &[&vec![0; length]])]);
            let der = Parts { extensions: vec![padding], ..Parts::good() }.der();
            (der.len(), Certificate::parse(&der).map(drop))
        };
        let around = of(LARGEST / 2).0 - LARGEST / 2;
        assert_eq!(of(LARGEST - around), (LARGEST, Ok(())));
        let too_large = CertificateFault::TooLarge { found: LARGEST + 1, limit: LARGEST };
        assert_eq!(of(LARGEST - around + 1), (LARGEST + 1, Err(too_large)));
    }

    #[test]
    fn a_serial_number_is_told_without_the_byte_of_its_sign() {
        let of = |integer: &[u8]| {
            let der = Parts { serial: tlv(2, &[integer]), ..Parts::good() }.der();
            Certificate::parse(&der).map(|certificate| certificate.serial())
        };
        assert_eq!(of(&[0]).as_deref(), Ok("00"));
        assert_eq!(of(&[0, 0x87]).as_deref(), Ok("87"));
        assert_eq!(of(&[&[0][..], &[0x87; 20]].concat()), Ok("87".repeat(20)));
        assert!(of(&[&[0][..], &[0x87; 21]].concat()).is_err());
    }

    #[test]
    fn versions_without_extensions_are_refused() {
        assert_eq!(refused(|parts| parts.version.clear()), CertificateFault::Version { found: 1 });
        assert_eq!(refused(|parts| parts.version[4] = 1), CertificateFault::Version { found: 2 });
        malformed("DER", |parts| parts.version[4] = 3);
    }

    #[test]
    fn a_second_way_to_write_the_same_is_refused() {
        malformed("DER", |parts| parts.after = vec![0]);
        malformed("DER", |parts| parts.serial = vec![2, 0x81, 1, 7]);
        malformed("DER", |parts| parts.serial = vec![2, 2, 0, 7]);
        malformed("DER", |parts| parts.extensions = vec![extension(15, &[1, 1, 0], &[3, 2, 7, 0x80])]);
        malformed("DER", |parts| parts.extensions = vec![extension(15, &[1, 1, 1], &[3, 2, 7, 0x80])]);
        let general = |text: &str| tlv(0x18, &[text.as_bytes()]);
        malformed("DER", |parts| {
            parts.validity = tlv(0x30, &[&tlv(0x17, &[b"200101000000Z"]), &general("20491231235959Z")]);
        });
        malformed("DER", |parts| parts.validity = utc("2001010000Z", "491231235959Z"));
        malformed("DER", |parts| parts.validity = utc("200101000000+0000", "491231235959Z"));
        malformed("DER", |parts| {
            let one = |oid: u8| tlv(0x30, &[&[6, 3, 0x55, 4, oid], &tlv(0x0c, &[b"x"])]);
            parts.subject = tlv(0x30, &[&tlv(0x31, &[&one(10), &one(3)])]);
        });
        let mut parts = Parts::good();
        parts.validity = tlv(0x30, &[&tlv(0x17, &[b"200101000000Z"]), &general("20500101000000Z")]);
        assert!(Certificate::parse(&parts.der()).is_ok());
    }

    #[test]
    fn numbers_names_and_times_keep_the_rules_of_the_standard() {
        malformed("serial", |parts| parts.serial = vec![2, 1, 0x87]);
        malformed("serial", |parts| parts.serial = tlv(2, &[&[7; 21]]));
        malformed("empty", |parts| parts.issuer = vec![0x30, 0]);
        malformed("empty", |parts| parts.issuer = vec![0x30, 2, 0x31, 0]);
        malformed("subject is empty", |parts| parts.subject = vec![0x30, 0]);
        malformed("subject is empty", |parts| {
            parts.subject = vec![0x30, 0];
            parts.extensions = vec![
                extension(17, CRITICAL, &[0x30, 3, 0x82, 1, b'a']),
                extension(19, CRITICAL, &[0x30, 3, 1, 1, 0xff]),
            ];
        });
        malformed("ends before", |parts| parts.validity = utc("300101000000Z", "200101000000Z"));
        malformed("two different", |parts| parts.outer_algorithm[6] = 0x71);
        malformed("whole bytes", |parts| parts.signature = vec![3, 2, 1, 2]);
        malformed("extensions is empty", |parts| parts.extensions.clear());
        assert!(matches!(
            refused(|parts| parts.subject = name(&[b'x'; LARGEST])),
            CertificateFault::TooLarge { .. }
        ));
    }

    #[test]
    fn an_extension_is_exactly_its_type() {
        let key_usage = |value: &[u8]| Parts::with(15, value).is_ok();
        assert!(key_usage(&[3, 2, 7, 0x80]) && key_usage(&[3, 3, 7, 0x80, 0x80]));
        for bad in [
            &[3, 1, 0][..],
            &[3, 2, 0, 0x80],
            &[3, 2, 7, 0xc0],
            &[3, 2, 7, 0],
            &[3, 3, 6, 0x80, 0x40],
            &[3, 2, 7, 0x80, 0],
        ] {
            assert!(!key_usage(bad), "{bad:x?}");
        }
        let basic =
            |value: &[u8]| Parts::with(19, value).map(|found| found.extensions.basic_constraints.unwrap());
        let path_length = |value: &[u8]| basic(value).unwrap().path_length;
        assert!(!basic(&[0x30, 0]).unwrap().ca);
        assert_eq!(path_length(&[0x30, 3, 1, 1, 0xff]), None);
        assert_eq!(path_length(&[0x30, 7, 1, 1, 0xff, 2, 2, 1, 0]), Some(256));
        assert_eq!(path_length(&[0x30, 10, 1, 1, 0xff, 2, 5, 1, 0, 0, 0, 0]), Some(u32::MAX));
        for bad in [
            &[0x30, 3, 1, 1, 0][..],
            &[0x30, 6, 1, 1, 0xff, 2, 1, 0x80],
            &[0x30, 6, 2, 1, 0, 1, 1, 0xff],
            &[0x30, 0, 0],
            &[0x31, 0],
        ] {
            assert!(basic(bad).is_err(), "{bad:x?}");
        }
        assert!(Parts::with(37, &[0x30, 0]).is_err());
        assert!(Parts::with(14, &[4, 1, 1]).is_ok() && Parts::with(14, &[4, 1, 1, 0]).is_err());
        assert!(Parts::with(35, &[0x30, 3, 0x80, 1, 1]).is_ok());
        for bad in [
            &[0x30, 3, 0x83, 1, 1][..],
            &[0x30, 6, 0x80, 1, 1, 0x80, 1, 1],
            &[0x30, 6, 0x82, 1, 1, 0x80, 1, 1],
        ] {
            assert!(Parts::with(35, bad).is_err(), "{bad:x?}");
        }
        // What only an authority has.
        assert!(Parts::with(15, &[3, 2, 2, 4]).is_err());
        assert!(Parts::with(30, &[0x30, 7, 0xa0, 5, 0x30, 3, 0x82, 1, b'a']).is_err());
    }

    #[test]
    fn an_alternative_name_is_text_that_can_be_shown() {
        let names = |value: &[u8]| Parts::with(17, &tlv(0x30, &[value])).map(|found| found.names());
        let one = |tag: u8, text: &str| names(&tlv(tag, &[text.as_bytes()]));
        assert_eq!(one(0x86, "spiffe://a/b"), Ok(vec![SubjectName::Uri("spiffe://a/b".into())]));
        assert_eq!(one(0x81, "a@b.c"), Ok(vec![SubjectName::Email("a@b.c".into())]));
        assert_eq!(one(0x82, "a.b"), Ok(vec![SubjectName::Dns("a.b".into())]));
        assert_eq!(one(0x87, "abcd"), Ok(vec![]));
        for (tag, text) in [
            (0x86, ""),
            (0x86, "a\0b"),
            (0x86, "a b"),
            (0x86, "a\u{1b}[2J"),
            (0x86, "ä"),
            (0x81, ""),
            (0x82, ""),
            (0x82, "a_b.c"),
            (0x82, "a..b"),
            (0x82, "a."),
            (0x82, "-a.b"),
            (0x82, "a.*.b"),
            (0x82, "127.0.0.1"),
            (0x87, "abc"),
            (0xa6, "a"),
            (0x89, "a"),
            (0x0c, "a"),
        ] {
            assert!(one(tag, text).is_err(), "{tag:x} {text:?}");
        }
        assert!(names(&[]).is_err());
        assert!(names(&tlv(0xa4, &[&name(b"x")])).is_ok());
        assert!(names(&[0xa4, 4, 0x30, 2, 0x31, 0]).is_err() && names(&[0xa4, 0]).is_err());
    }

    #[test]
    fn no_damage_anywhere_brings_the_parser_down() {
        let mut parts = Parts::good();
        parts.extensions.push(extension(
            17,
            &[],
            &tlv(0x30, &[&tlv(0x86, &[b"a://b"]), &tlv(0xa4, &[&name(b"x")])]),
        ));
        parts.extensions.push(extension(19, CRITICAL, &[0x30, 6, 1, 1, 0xff, 2, 1, 3]));
        parts.extensions.push(extension(30, CRITICAL, &[0x30, 7, 0xa0, 5, 0x30, 3, 0x82, 1, b'a']));
        let der = parts.der();
        assert!(Certificate::parse(&der).is_ok());
        for at in 0..der.len() {
            assert!(Certificate::parse(&der[..at]).is_err(), "cut at {at}");
            for flip in [1, 0x20, 0x80, 0xff] {
                let mut changed = der.clone();
                changed[at] ^= flip;
                if let Ok(found) = Certificate::parse(&changed) {
                    assert_eq!(found.der(), changed);
                    let _ = (found.subject(), found.names(), format!("{found:?}"));
                }
            }
        }
    }
}
