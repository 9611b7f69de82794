//! The extensions that decide something (RFC 5280, 4.2.1): basic constraints, key usage, extended key usage, subject
//! alternative names, name constraints; and the key identifiers, which only order candidates.
//!
//! Refuses: an extension twice, contents that are not exactly the DER of their type, empty lists, and extensions that
//! contradict each other. Every other extension is passed over, or, when it is critical, remembered: a path with such
//! a certificate is refused. That includes the policy extensions, since nobody here states a policy to hold them to.

use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use x509_cert::der::{Decode, Tag, TagNumber, Tagged};
use x509_cert::ext::Extension;

use super::CertificateFault;
use super::constraints::NameConstraints;
use super::names::{GeneralName, elements, sequence_of};

const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const SUBJECT_ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");

/// What the extensions of one certificate say.
#[derive(Clone, Debug, Default)]
pub(super) struct Extensions {
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) extended_key_usage: Option<Vec<ObjectIdentifier>>,
    pub(super) names: Vec<GeneralName>,
    pub(super) names_are_critical: bool,
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    pub(super) unknown_critical: Option<ObjectIdentifier>,
}

/// CA or not, and how many authorities may come below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BasicConstraints {
    pub(super) ca: bool,
    /// Numbers beyond 32 bits bound nothing and are cut down.
    pub(super) path_length: Option<u32>,
}

/// The nine usages, bit 0 first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyUsage(u16);

impl Extensions {
    pub(super) fn parse(extensions: &[Extension]) -> Result<Self, CertificateFault> {
        let mut parsed = Self::default();
        for (at, extension) in extensions.iter().enumerate() {
            if extensions.iter().take(at).any(|earlier| earlier.extn_id == extension.extn_id) {
                return Err(CertificateFault::DuplicateExtension { oid: extension.extn_id.to_string() });
            }
            parsed.read(extension)?;
        }
        parsed.check_consistency()?;
        Ok(parsed)
    }

    fn read(&mut self, extension: &Extension) -> Result<(), CertificateFault> {
        let malformed = |what| CertificateFault::Malformed { what };
        let der = extension.extn_value.as_bytes();
        let mut decides = true;
        match extension.extn_id {
            BASIC_CONSTRAINTS => {
                let constraints = BasicConstraints::parse(der);
                self.basic_constraints = Some(constraints.ok_or(malformed("the basic constraints"))?);
            }
            KEY_USAGE => self.key_usage = Some(KeyUsage::parse(der).ok_or(malformed("the key usage"))?),
            EXTENDED_KEY_USAGE => {
                let purposes = sequence_of(der).filter(|purposes| !purposes.is_empty());
                self.extended_key_usage = Some(purposes.ok_or(malformed("the extended key usage"))?);
            }
            SUBJECT_ALTERNATIVE_NAME => {
                self.names = GeneralName::parse_all(der)?;
                self.names_are_critical = extension.critical;
            }
            NAME_CONSTRAINTS => self.name_constraints = Some(NameConstraints::parse(der)?),
            SUBJECT_KEY_IDENTIFIER => {
                let id = <&OctetStringRef>::from_der(der).map(|id| id.as_bytes().to_vec());
                self.subject_key_id = Some(id.map_err(|_| malformed("the subject key identifier"))?);
                decides = false;
            }
            AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_id =
                    authority_key_id(der).ok_or(malformed("the authority key identifier"))?;
                decides = false;
            }
            _ => decides = false,
        }
        if extension.critical && !decides {
            self.unknown_critical.get_or_insert(extension.extn_id);
        }
        Ok(())
    }

    /// RFC 5280, 4.2.1.3, 4.2.1.9 and 4.2.1.10: only an authority signs certificates, bounds paths and names.
    fn check_consistency(&self) -> Result<(), CertificateFault> {
        let malformed = |what| Err(CertificateFault::Malformed { what });
        if self.is_ca() {
            return Ok(());
        }
        if self.key_usage.is_some_and(KeyUsage::may_sign_certificates) {
            return malformed("keyCertSign without CA:TRUE");
        }
        if self.name_constraints.is_some() {
            return malformed("name constraints without CA:TRUE");
        }
        Ok(())
    }

    pub(super) fn is_ca(&self) -> bool {
        self.basic_constraints.is_some_and(|constraints| constraints.ca)
    }
}

impl BasicConstraints {
    /// `SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL }`. DER does not write a
    /// default.
    fn parse(der: &[u8]) -> Option<Self> {
        let fields: Vec<AnyRef<'_>> = sequence_of(der)?;
        let (ca, rest) = match fields.split_first() {
            Some((first, rest)) if first.tag() == Tag::Boolean => (first.decode_as::<bool>().ok()?, rest),
            _ => (false, fields.as_slice()),
        };
        let writes_default = !ca && rest.len() != fields.len();
        let path_length = match rest {
            [] => None,
            [length] => {
                let length = length.decode_as::<UintRef<'_>>().ok()?;
                let digits = length.as_bytes().iter().try_fold(0_u32, |sum, byte| {
                    sum.checked_mul(256).and_then(|sum| sum.checked_add(u32::from(*byte)))
                });
                Some(digits.unwrap_or(u32::MAX))
            }
            _ => return None,
        };
        (!writes_default).then_some(Self { ca, path_length })
    }
}

impl KeyUsage {
    const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// A named bit list: at least one bit, no bits set that have no name, no zeros at the end.
    fn parse(der: &[u8]) -> Option<Self> {
        let bits = BitStringRef::from_der(der).ok()?;
        let ends_in_one = bits.bit_len().checked_sub(1).and_then(|last| bits.get(last)) == Some(true);
        let zeros = bits.raw_bytes().last().map_or(0, |last| last.trailing_zeros());
        if !ends_in_one || zeros < bits.unused_bits().into() || bits.bit_len() > Self::NAMES.len() {
            return None;
        }
        let set = (0..bits.bit_len()).filter(|at| bits.get(*at) == Some(true));
        Some(Self(set.fold(0, |all, at| all | 1 << at)))
    }

    pub(super) fn may_sign(self) -> bool {
        self.0 & 1 != 0
    }

    pub(super) fn may_sign_certificates(self) -> bool {
        self.0 & 1 << 5 != 0
    }

    /// For messages.
    pub(super) fn text(usage: Option<Self>) -> String {
        let Some(Self(bits)) = usage else { return "none".into() };
        let set = Self::NAMES.iter().enumerate().filter(|(at, _)| bits & 1 << at != 0);
        set.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// The key identifier of `SEQUENCE { [0] KeyIdentifier, [1] GeneralNames, [2] serial }`, each OPTIONAL. The other two
/// are not used.
fn authority_key_id(der: &[u8]) -> Option<Option<Vec<u8>>> {
    let fields: Vec<AnyRef<'_>> = sequence_of(der)?;
    let mut least = 0;
    let mut id = None;
    for field in fields {
        let Tag::ContextSpecific { constructed, number: TagNumber(number) } = field.tag() else {
            return None;
        };
        if number < least || number > 2 || constructed != (number == 1) {
            return None;
        }
        if number == 1 {
            elements::<AnyRef<'_>>(field.value())?;
        }
        if number == 0 {
            id = Some(field.value().to_vec());
        }
        least = number.saturating_add(1);
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::super::parts::{Parts, tlv};

    /// `FALSE` is the default, which DER does not write; a length may stand there alone.
    #[test]
    fn basic_constraints_are_read_as_der_writes_them() {
        let of = |fields: &[&[u8]]| {
            let parsed = Parts::with(19, &tlv(0x30, fields)).ok()?;
            parsed.extensions().basic_constraints.map(|one| (one.ca, one.path_length))
        };
        let (yes, no) = ([1, 1, 0xff], [1, 1, 0]);
        assert_eq!(of(&[]), Some((false, None)));
        assert_eq!(of(&[&yes]), Some((true, None)));
        assert_eq!(of(&[&yes, &[2, 1, 3]]), Some((true, Some(3))));
        assert_eq!(of(&[&[2, 1, 3]]), Some((false, Some(3))));
        assert_eq!(of(&[&yes, &[2, 5, 1, 0, 0, 0, 0]]), Some((true, Some(u32::MAX))));
        for bad in [&[&no[..]][..], &[&yes, &[2, 1, 0x80]], &[&yes, &yes], &[&yes, &[2, 1, 3], &[2, 1, 3]]] {
            assert_eq!(of(bad), None, "{bad:x?}");
        }
    }

    #[test]
    fn an_authority_key_identifier_has_its_parts_in_order_and_once() {
        let (id, serial) = (tlv(0x80, &[b"id"]), tlv(0x82, &[&[7]]));
        let issuer = tlv(0xa1, &[&tlv(0x82, &[b"example.com"])]);
        let of = |parts: &[&[u8]]| {
            Parts::with(35, &tlv(0x30, parts)).ok().map(|one| one.extensions().authority_key_id.clone())
        };
        for good in [&[&id[..]][..], &[&id, &issuer, &serial], &[&id, &serial]] {
            assert_eq!(of(good), Some(Some(b"id".to_vec())), "{good:x?}");
        }
        assert_eq!(of(&[&issuer, &serial]), Some(None));
        assert_eq!(of(&[]), Some(None));
        for bad in [
            &[&serial[..], &id][..],
            &[&id, &id],
            &[&[2, 1, 7]],
            &[&tlv(0xa0, &[&id])],
            &[&tlv(0x81, &[b"x"])],
            &[&tlv(0xa1, &[b"x"])],
            &[&tlv(0x83, &[b"x"])],
        ] {
            assert_eq!(of(bad), None, "{bad:x?}");
        }
    }
}
