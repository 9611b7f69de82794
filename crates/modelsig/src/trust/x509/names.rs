//! The names in certificates: distinguished names as text (RFC 4514), general names (RFC 5280, 4.2.1.6).
//!
//! Refuses: general names that are empty, not printable ASCII or not tagged as the clause says, DNS names that are no
//! host names, addresses of another length than those of IPv4 and IPv6.

use std::fmt::Write;

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};
use x509_cert::name::Name;

use super::CertificateFault;

/// A name by which a certificate's owner can be identified: a subject alternative name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubjectName {
    /// A URI, as workload identities have it.
    Uri(String),
    /// A mail address.
    Email(String),
    /// A host name.
    Dns(String),
}

impl SubjectName {
    /// The name that a text without its type stands for: a scheme makes it a URI, `@` a mail address, and every other
    /// is a host name. A name of another type with the same text is not it: authorities whose host names or mail
    /// addresses are constrained may still certify any URI, and nothing makes them write a scheme.
    pub(crate) fn of_text(text: &str) -> Self {
        match text.split_once(':') {
            Some((scheme, _)) if is_scheme(scheme) => Self::Uri(text.into()),
            _ if text.contains('@') => Self::Email(text.into()),
            _ => Self::Dns(text.into()),
        }
    }

    /// The name as it stands in the certificate.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Uri(name) | Self::Email(name) | Self::Dns(name) => name,
        }
    }
}

/// A general name. What is only carried along has no content here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GeneralName {
    Email(String),
    Dns(String),
    Directory(Name),
    Uri(String),
    Ip(Vec<u8>),
    /// A form that is not evaluated: otherName, x400Address, ediPartyName, registeredID.
    Other(&'static str),
}

impl GeneralName {
    /// The contents of a `GeneralNames` extension.
    pub(super) fn parse_all(der: &[u8]) -> Result<Vec<Self>, CertificateFault> {
        let malformed = |what| CertificateFault::Malformed { what };
        let names: Vec<AnyRef<'_>> =
            sequence_of(der).ok_or(malformed("the subject alternative names are not a sequence"))?;
        if names.is_empty() {
            return Err(malformed("the list of subject alternative names is empty"));
        }
        names
            .into_iter()
            .map(|any| {
                Self::of_tagged(any)
                    .filter(Self::is_valid)
                    .ok_or(malformed("a subject alternative name has a form that RFC 5280 does not allow"))
            })
            .collect()
    }

    /// One general name, or the base of a constraint: the text may be empty and is not looked into.
    pub(super) fn of_tagged(any: AnyRef<'_>) -> Option<Self> {
        let Tag::ContextSpecific { constructed, number: TagNumber(number) } = any.tag() else { return None };
        let text = || {
            let printable = any.value().iter().all(|byte| (0x21..0x7f).contains(byte));
            std::str::from_utf8(any.value()).ok().filter(|_| printable).map(str::to_owned)
        };
        Some(match (number, constructed) {
            (0, true) => Self::Other("otherName"),
            (1, false) => Self::Email(text()?),
            (2, false) => Self::Dns(text()?),
            (3, true) => Self::Other("x400Address"),
            (4, true) => Self::Directory(exact(any.value())?),
            (5, true) => Self::Other("ediPartyName"),
            (6, false) => Self::Uri(text()?),
            (7, false) => Self::Ip(any.value().to_vec()),
            (8, false) => Self::Other("registeredID"),
            _ => return None,
        })
    }

    fn is_valid(&self) -> bool {
        match self {
            Self::Email(text) | Self::Uri(text) => !text.is_empty(),
            Self::Dns(text) => is_host_name(text.strip_prefix("*.").unwrap_or(text)),
            Self::Ip(bytes) => matches!(bytes.len(), 4 | 16),
            Self::Directory(_) | Self::Other(_) => true,
        }
    }

    /// For messages.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Email(text) => format!("email:{text}"),
            Self::Dns(text) => format!("DNS:{text}"),
            Self::Uri(text) => format!("URI:{text}"),
            Self::Directory(name) => format!("dirName:{}", distinguished_name(name)),
            Self::Ip(bytes) => match <[u8; 4]>::try_from(bytes.as_slice()) {
                Ok(v4) => format!("IP:{}", std::net::Ipv4Addr::from(v4)),
                Err(_) => match <[u8; 16]>::try_from(bytes.as_slice()) {
                    Ok(v6) => format!("IP:{}", std::net::Ipv6Addr::from(v6)),
                    Err(_) => format!("IP:{}", hex::encode(bytes)),
                },
            },
            Self::Other(form) => (*form).to_owned(),
        }
    }

    /// The forms that identify somebody.
    pub(super) fn subject_name(&self) -> Option<SubjectName> {
        match self {
            Self::Uri(text) => Some(SubjectName::Uri(text.clone())),
            Self::Email(text) => Some(SubjectName::Email(text.clone())),
            Self::Dns(text) => Some(SubjectName::Dns(text.clone())),
            Self::Directory(_) | Self::Ip(_) | Self::Other(_) => None,
        }
    }
}

/// The preferred name syntax of RFC 1034 with RFC 1123: labels of letters, digits and inner hyphens. A last label of
/// digits alone would be an address.
pub(super) fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253 && text.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// What stands before the first colon of a URI (RFC 3986, 3.1).
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// A distinguished name as RFC 4514 writes it: most specific first, `,` between, `+` inside. Attributes without a name
/// below are written as `oid=#hex`, so that names that look the same have the same characters in the same attributes,
/// in whatever string type.
pub(super) fn distinguished_name(name: &Name) -> String {
    let mut text = String::new();
    let relative: Vec<_> = name.iter_rdn().collect();
    for (at, relative) in relative.iter().rev().enumerate() {
        for (inner, attribute) in relative.iter().enumerate() {
            match (at, inner) {
                (0, 0) => {}
                (_, 0) => text.push(','),
                _ => text.push('+'),
            }
            write_attribute(&mut text, attribute);
        }
    }
    text
}

/// The names of RFC 4514, section 3, and the two others that certificates often have.
const ATTRIBUTES: [(ObjectIdentifier, &str); 11] = [
    (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
    (ObjectIdentifier::new_unwrap("2.5.4.9"), "STREET"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"), "DC"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"), "UID"),
    (EMAIL_ADDRESS, "emailAddress"),
    (ObjectIdentifier::new_unwrap("2.5.4.5"), "serialNumber"),
];

/// The mail address in a distinguished name (RFC 5280, 4.1.2.6).
pub(super) const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

fn write_attribute(text: &mut String, attribute: &AttributeTypeAndValue) {
    let name = ATTRIBUTES.iter().find(|(oid, _)| *oid == attribute.oid).map(|(_, name)| name);
    let (Some(name), Some(value)) = (name, attribute_text(attribute)) else {
        let der = attribute.value.to_der().unwrap_or_default();
        let _ = write!(text, "{}=#{}", attribute.oid, hex::encode(der));
        return;
    };
    text.push_str(name);
    text.push('=');
    let last = value.chars().count().saturating_sub(1);
    for (at, character) in value.chars().enumerate() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', character]),
            '#' if at == 0 => text.push_str("\\#"),
            ' ' if at == 0 || at == last => text.push_str("\\ "),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(text, "\\{:02x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
}

/// The text of an attribute, where its type is one of text and its bytes fit the type.
pub(super) fn attribute_text(attribute: &AttributeTypeAndValue) -> Option<String> {
    let bytes = attribute.value.value();
    match attribute.value.tag() {
        Tag::Utf8String => std::str::from_utf8(bytes).ok().map(str::to_owned),
        // T.61 is not Latin-1, whatever wrote it; beyond ASCII nobody knows what was meant.
        Tag::PrintableString | Tag::Ia5String | Tag::TeletexString if bytes.is_ascii() => {
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        }
        Tag::BmpString if bytes.len().is_multiple_of(2) => {
            let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

/// A name from exactly these bytes: nothing after it, and no other way to write it.
fn exact(der: &[u8]) -> Option<Name> {
    let name = Name::from_der(der).ok()?;
    (name.to_der().ok()? == der && has_no_empty_part(&name)).then_some(name)
}

/// A relative distinguished name has at least one attribute.
pub(super) fn has_no_empty_part(name: &Name) -> bool {
    name.iter_rdn().all(|relative| !relative.is_empty())
}

/// The elements of a DER sequence that is the whole of `der`.
pub(super) fn sequence_of<'d, T: Decode<'d, Error = x509_cert::der::Error>>(der: &'d [u8]) -> Option<Vec<T>> {
    elements(AnyRef::from_der(der).ok().filter(|any| any.tag() == Tag::Sequence)?.value())
}

/// Elements until the end of `contents`.
pub(super) fn elements<'d, T: Decode<'d, Error = x509_cert::der::Error>>(
    contents: &'d [u8],
) -> Option<Vec<T>> {
    let mut reader = SliceReader::new(contents).ok()?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(T::decode(&mut reader).ok()?);
    }
    Some(elements)
}

#[cfg(test)]
mod tests {
    use x509_cert::attr::AttributeTypeAndValue;
    use x509_cert::der::asn1::{Any, SetOfVec};
    use x509_cert::name::{RdnSequence, RelativeDistinguishedName};

    use super::super::parts::tlv;
    use super::*;

    fn name(attributes: &[(&str, Tag, &[u8])]) -> Name {
        let relative = attributes.iter().map(|(oid, tag, value)| {
            let oid = ObjectIdentifier::new_unwrap(oid);
            let attribute = AttributeTypeAndValue { oid, value: Any::new(*tag, *value).unwrap() };
            RelativeDistinguishedName::from(SetOfVec::try_from(vec![attribute]).unwrap())
        });
        let der = RdnSequence::from(relative.collect::<Vec<_>>()).to_der().unwrap();
        Name::from_der(&der).unwrap()
    }

    #[test]
    fn a_text_stands_for_one_type_of_name() {
        let (uri, email, dns) = (SubjectName::Uri, SubjectName::Email, SubjectName::Dns);
        for (text, form) in [
            ("https://example.com/x", uri as fn(String) -> SubjectName),
            ("spiffe://example.com/a@b", uri),
            ("urn:x", uri),
            ("mailto:a@example.com", uri),
            ("a@example.com", email),
            ("\"a:b\"@example.com", email),
            ("example.com", dns),
            ("*.example.com", dns),
            ("1a:b", dns),
            ("a_b:c", dns),
            (":a@b", email),
        ] {
            assert_eq!(SubjectName::of_text(text), form(text.into()));
        }
    }

    #[test]
    fn a_distinguished_name_is_written_as_rfc_4514_says_and_no_two_alike() {
        let cn = |value: &str| distinguished_name(&name(&[("2.5.4.3", Tag::Utf8String, value.as_bytes())]));
        assert_eq!(cn("James \"Jim\" Smith, III"), r#"CN=James \"Jim\" Smith\, III"#);
        assert_eq!(cn("a,O=b"), r"CN=a\,O=b");
        assert_eq!(cn(" #x\\ "), r"CN=\ #x\\\ ");
        assert_eq!(cn("#x"), r"CN=\#x");
        assert_eq!(cn("a\r\0b\u{7f}"), r"CN=a\0d\00b\7f");
        assert_eq!(cn(" "), r"CN=\ ");
        assert_eq!(cn("模型"), "CN=模型");
        let several = name(&[
            ("2.5.4.6", Tag::PrintableString, b"DE"),
            ("2.5.4.10", Tag::BmpString, &[0, b'O', 0, b'x']),
            ("1.2.3.4", Tag::Utf8String, b"x"),
            ("1.2.840.113549.1.9.1", Tag::Ia5String, b"a@b.c"),
            ("2.5.4.3", Tag::Utf8String, &[0xff]),
        ]);
        assert_eq!(
            distinguished_name(&several),
            "2.5.4.3=#0c01ff,emailAddress=a@b.c,1.2.3.4=#0c0178,O=Ox,C=DE"
        );
        assert_eq!(distinguished_name(&Name::default()), "");
        // Two attributes in one step are not two steps.
        let one = |oid: u8, value: &[u8]| tlv(0x30, &[&[6, 3, 0x55, 4, oid], &tlv(0x0c, &[value])]);
        let together = tlv(0x30, &[&tlv(0x31, &[&one(3, b"x"), &one(11, b"y")])]);
        assert_eq!(distinguished_name(&Name::from_der(&together).unwrap()), "CN=x+OU=y");
    }

    #[test]
    fn the_text_of_an_attribute_fits_its_type() {
        let text = |tag, value: &[u8]| {
            let name = name(&[("2.5.4.3", tag, value)]);
            let mut attributes = name.iter();
            attribute_text(attributes.next().unwrap())
        };
        assert_eq!(text(Tag::BmpString, &[0, b'O', 0x6a, 0x21]).as_deref(), Some("O模"));
        assert_eq!(text(Tag::BmpString, &[0, b'O', 0]), None);
        assert_eq!(text(Tag::BmpString, &[0xd8, 0]), None);
        assert_eq!(text(Tag::PrintableString, b"Ox").as_deref(), Some("Ox"));
        assert_eq!(text(Tag::TeletexString, "Ä".as_bytes()), None);
        assert_eq!(text(Tag::Utf8String, &[0xc4]), None);
        assert_eq!(text(Tag::OctetString, b"Ox"), None);
    }

    /// They may be there; nobody is known by them.
    #[test]
    fn forms_that_are_not_evaluated_are_read_and_identify_nobody() {
        for (tag, form) in
            [(0xa0, "otherName"), (0xa3, "x400Address"), (0xa5, "ediPartyName"), (0x88, "registeredID")]
        {
            let names = GeneralName::parse_all(&tlv(0x30, &[&tlv(tag, &[&[0x2a]])])).unwrap();
            assert_eq!(names.iter().map(GeneralName::text).collect::<Vec<_>>(), [form]);
            assert!(names[0].subject_name().is_none());
        }
        for tag in [0x80, 0x83, 0x85, 0xa8, 0x89, 0x02] {
            assert!(GeneralName::parse_all(&tlv(0x30, &[&tlv(tag, &[&[0x2a]])])).is_err(), "{tag:x}");
        }
    }
}
