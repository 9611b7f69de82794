//! Name constraints (RFC 5280, 4.2.1.10): which names an authority may certify below itself.
//!
//! Evaluated for DNS names, mail addresses, URIs, IP addresses and distinguished names, the last two also for the
//! subject itself. Whoever writes a certificate below also writes its names, so a comparison has three ends: inside,
//! outside, and undecided. A permitted subtree must have the name inside; an excluded one must have it outside.
//!
//! Refuses: names of a constrained form that is not evaluated here, constraints that are not well-formed, `minimum`
//! and `maximum`, which RFC 5280 does not use.

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Tag, TagNumber, Tagged};
use x509_cert::name::{Name, RelativeDistinguishedName};

use super::CertificateFault;
use super::certificate::Certificate;
use super::names::{
    EMAIL_ADDRESS, GeneralName, attribute_text, elements, is_host_name, is_scheme, sequence_of,
};
use super::path::Budget;

/// The names that an authority may and may not certify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

/// All names at and below a base.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subtree {
    Dns(String),
    /// A host, `.domain` for the hosts below it, or one mailbox.
    Email(String),
    /// A host, or `.domain` for the hosts below it.
    Uri(String),
    Ip {
        address: Vec<u8>,
        mask: Vec<u8>,
    },
    Directory(Name),
    Other(&'static str),
}

/// How a name lies to a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    OtherForm,
    Inside,
    Outside,
    /// A name of this form that cannot be compared: refused by either kind of subtree.
    Undecided,
}

impl NameConstraints {
    pub(super) fn parse(der: &[u8]) -> Result<Self, CertificateFault> {
        Self::of_der(der).ok_or(CertificateFault::Malformed { what: "the name constraints" })
    }

    /// `SEQUENCE { [0] GeneralSubtrees OPTIONAL, [1] GeneralSubtrees OPTIONAL }`, neither all nor one of them empty.
    fn of_der(der: &[u8]) -> Option<Self> {
        let fields: Vec<AnyRef<'_>> = sequence_of(der)?;
        let mut constraints = Self { permitted: Vec::new(), excluded: Vec::new() };
        let mut least = 0;
        for field in &fields {
            let Tag::ContextSpecific { constructed: true, number: TagNumber(number) } = field.tag() else {
                return None;
            };
            if number < least || number > 1 {
                return None;
            }
            let subtrees =
                elements(field.value())?.into_iter().map(Subtree::of_any).collect::<Option<Vec<_>>>()?;
            if subtrees.is_empty() {
                return None;
            }
            *(if number == 0 { &mut constraints.permitted } else { &mut constraints.excluded }) = subtrees;
            least = number.saturating_add(1);
        }
        (!fields.is_empty()).then_some(constraints)
    }

    /// Every name of `certificate`, a certificate below `issuer`, whose constraints these are.
    pub(super) fn check(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        budget: &mut Budget,
    ) -> Result<(), CertificateFault> {
        for name in names_of(certificate) {
            let mut is_permitted = None;
            for subtree in &self.permitted {
                budget.compare_names(subtree.cost_of(&name))?;
                match subtree.position_of(&name) {
                    Position::OtherForm => {}
                    position => {
                        is_permitted = Some(is_permitted == Some(true) || position == Position::Inside)
                    }
                }
            }
            let mut is_excluded = false;
            for subtree in &self.excluded {
                budget.compare_names(subtree.cost_of(&name))?;
                is_excluded |= matches!(subtree.position_of(&name), Position::Inside | Position::Undecided);
            }
            if is_excluded || is_permitted == Some(false) {
                return Err(CertificateFault::NameConstraint {
                    subject: certificate.subject(),
                    name: name.text(),
                    issuer: issuer.subject(),
                });
            }
        }
        Ok(())
    }
}

/// Everything in a certificate that constraints apply to: the alternative names, the subject, and the mail addresses
/// in the subject.
fn names_of(certificate: &Certificate) -> Vec<GeneralName> {
    let subject = certificate.subject_name();
    let mut names = certificate.general_names().to_vec();
    for attribute in subject.iter().filter(|attribute| attribute.oid == EMAIL_ADDRESS) {
        names.push(GeneralName::Email(attribute_text(attribute).unwrap_or_default()));
    }
    if !subject.is_empty() {
        names.push(GeneralName::Directory(subject.clone()));
    }
    names
}

impl Subtree {
    /// `SEQUENCE { base GeneralName, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }`, without the last two.
    fn of_any(any: AnyRef<'_>) -> Option<Self> {
        if any.tag() != Tag::Sequence {
            return None;
        }
        let [base] = <[AnyRef<'_>; 1]>::try_from(elements(any.value())?).ok()?;
        match GeneralName::of_tagged(base)? {
            GeneralName::Dns(host) if host.is_empty() || is_host_name(&host) => {
                Some(Self::Dns(host.to_ascii_lowercase()))
            }
            GeneralName::Email(text) => {
                let is_valid = match text.rsplit_once('@') {
                    Some((local, host)) => is_local_part(local) && is_host_name(host),
                    None => text.is_empty() || is_host_name(text.strip_prefix('.').unwrap_or(&text)),
                };
                is_valid.then_some(Self::Email(text))
            }
            GeneralName::Uri(host) => is_host_name(host.strip_prefix('.').unwrap_or(&host))
                .then(|| Self::Uri(host.to_ascii_lowercase())),
            GeneralName::Ip(bytes) if matches!(bytes.len(), 8 | 32) => {
                let (address, mask) = bytes.split_at(bytes.len() / 2);
                is_prefix(mask).then(|| Self::Ip { address: address.to_vec(), mask: mask.to_vec() })
            }
            GeneralName::Directory(name) => Some(Self::Directory(name)),
            GeneralName::Other(form) => Some(Self::Other(form)),
            GeneralName::Dns(_) | GeneralName::Ip(_) => None,
        }
    }

    /// What it costs to find the position, in comparisons of two short texts: names may be as long as a certificate.
    fn cost_of(&self, name: &GeneralName) -> usize {
        match (self, name) {
            (Self::Email(base) | Self::Uri(base), GeneralName::Email(name) | GeneralName::Uri(name)) => {
                (base.len().saturating_add(name.len()) / SHORT).saturating_add(1)
            }
            (Self::Directory(base), GeneralName::Directory(name)) => {
                let pairs = base.iter_rdn().zip(name.iter_rdn());
                pairs.map(|(base, name)| relative_cost(base, name)).fold(1, usize::saturating_add)
            }
            _ => 1,
        }
    }

    fn position_of(&self, name: &GeneralName) -> Position {
        match (self, name) {
            (Self::Dns(base), GeneralName::Dns(name)) => dns_position(base, &name.to_ascii_lowercase()),
            (Self::Email(base), GeneralName::Email(name)) => email_position(base, name),
            (Self::Uri(base), GeneralName::Uri(name)) => match host_of(name) {
                Some(host) => inside_if(host_matches(base, &host.to_ascii_lowercase())),
                None => Position::Undecided,
            },
            (Self::Ip { address, mask }, GeneralName::Ip(name)) => {
                let masked = || address.iter().zip(mask).zip(name);
                inside_if(
                    address.len() == name.len()
                        && masked().all(|((base, mask), byte)| (base ^ byte) & mask == 0),
                )
            }
            (Self::Directory(base), GeneralName::Directory(name)) => directory_position(base, name),
            (Self::Other(form), GeneralName::Other(other)) if form == other => Position::Undecided,
            _ => Position::OtherForm,
        }
    }
}

/// Bytes of a text that are compared for the price of one comparison.
const SHORT: usize = 64;

/// Every attribute of one is compared with every attribute of the other.
fn relative_cost(base: &RelativeDistinguishedName, name: &RelativeDistinguishedName) -> usize {
    let bytes = |relative: &RelativeDistinguishedName| {
        relative.iter().map(|attribute| attribute.value.value().len()).sum::<usize>()
    };
    let (ours, theirs) = (base.len(), name.len());
    let compared = bytes(base).saturating_mul(theirs).saturating_add(bytes(name).saturating_mul(ours));
    ours.saturating_mul(theirs).saturating_add(compared / SHORT)
}

fn inside_if(inside: bool) -> Position {
    if inside { Position::Inside } else { Position::Outside }
}

/// A wildcard is inside when all that it stands for is, and undecided when some of it may be.
fn dns_position(base: &str, name: &str) -> Position {
    let is_below = |name: &str, base: &str| {
        base.is_empty() || name.strip_suffix(base).is_some_and(|left| left.is_empty() || left.ends_with('.'))
    };
    match name.strip_prefix("*.") {
        Some(stem) if !is_below(stem, base) && is_below(base, stem) => Position::Undecided,
        Some(stem) => inside_if(is_below(stem, base)),
        None => inside_if(is_below(name, base)),
    }
}

/// The part before `@` counts letter by letter, though most hosts do not care; so `Root@` is undecided under `root@`.
fn email_position(base: &str, name: &str) -> Position {
    let Some((local, host)) =
        name.rsplit_once('@').filter(|(local, host)| is_local_part(local) && is_host_name(host))
    else {
        return Position::Undecided;
    };
    match base.rsplit_once('@') {
        Some((base_local, base_host)) if base_host.eq_ignore_ascii_case(host) => {
            if base_local == local {
                Position::Inside
            } else if base_local.eq_ignore_ascii_case(local) {
                Position::Undecided
            } else {
                Position::Outside
            }
        }
        Some(_) => Position::Outside,
        None => {
            inside_if(base.is_empty() || host_matches(&base.to_ascii_lowercase(), &host.to_ascii_lowercase()))
        }
    }
}

/// A host matches itself; `.domain` is matched by the hosts below it, not by `domain`.
fn host_matches(base: &str, host: &str) -> bool {
    if base.starts_with('.') { host.ends_with(base) } else { host == base }
}

/// An unquoted local part (RFC 5321, dot-string).
fn is_local_part(text: &str) -> bool {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

/// The host in a URI with an authority (RFC 3986, 3.2). An address or an escaped host is none.
fn host_of(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let authority = rest.strip_prefix("//").filter(|_| is_scheme(scheme))?.split(['/', '?', '#']).next()?;
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    // What is not allowed here, `\\` above all, ends the authority for some readers and not for others.
    if !user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%".contains(&byte)) {
        return None;
    }
    let host = match host.split_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) => return None,
        None => host,
    };
    is_host_name(host).then_some(host)
}

/// Ones, then zeros.
fn is_prefix(mask: &[u8]) -> bool {
    let ones: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
    let bits: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let full = mask.iter().take_while(|byte| **byte == 0xff).count();
    ones == bits && mask.iter().skip(full.saturating_add(1)).all(|byte| *byte == 0)
}

/// Inside when the base is a prefix.
fn directory_position(base: &Name, name: &Name) -> Position {
    if base.len() > name.len() {
        return Position::Outside;
    }
    base.iter_rdn().zip(name.iter_rdn()).map(|(base, name)| relative_position(base, name)).fold(
        Position::Inside,
        |all, one| match (all, one) {
            (Position::Outside, _) | (_, Position::Outside) => Position::Outside,
            (Position::Undecided, _) | (_, Position::Undecided) => Position::Undecided,
            _ => Position::Inside,
        },
    )
}

/// Sets of attributes: each of the base among those of the name. A name with more of them is not the base by the
/// standard, though whoever excluded `O=Example` hardly meant to let `O=Example+OU=x` pass: undecided.
fn relative_position(base: &RelativeDistinguishedName, name: &RelativeDistinguishedName) -> Position {
    let best = |wanted: &AttributeTypeAndValue| {
        let found = name.iter().map(|attribute| attribute_position(wanted, attribute));
        found.fold(Position::Outside, |best, one| match (best, one) {
            (Position::Inside, _) | (_, Position::Inside) => Position::Inside,
            (Position::Undecided, _) | (_, Position::Undecided) => Position::Undecided,
            _ => Position::Outside,
        })
    };
    let all = base.iter().map(best).collect::<Vec<_>>();
    if all.contains(&Position::Outside) {
        Position::Outside
    } else if all.contains(&Position::Undecided) || base.len() != name.len() {
        Position::Undecided
    } else {
        Position::Inside
    }
}

/// RFC 5280, 7.1: letters count whatever their case, runs of spaces as one, the string type not at all. Beyond
/// printable ASCII that needs the tables of RFC 4518, which are not here and by which some characters count for
/// nothing: such values are the same or undecided, never different.
fn attribute_position(base: &AttributeTypeAndValue, name: &AttributeTypeAndValue) -> Position {
    if base.oid != name.oid {
        return Position::Outside;
    }
    if base.value == name.value {
        return Position::Inside;
    }
    let is_printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match (attribute_text(base), attribute_text(name)) {
        (Some(base), Some(name)) if is_printable(&base) && is_printable(&name) => {
            let folded = |text: &str| {
                text.split_ascii_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ")
            };
            inside_if(folded(&base) == folded(&name))
        }
        (Some(base), Some(name)) if base == name => Position::Inside,
        _ => Position::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use x509_cert::der::Decode;

    use super::super::parts::{Parts, tlv};
    use super::Position::{Inside, Outside, Undecided};
    use super::*;

    #[test]
    fn dns_names_are_inside_with_all_their_labels() {
        for (base, name, expected) in [
            ("example.com", "example.com", Inside),
            ("example.com", "a.b.example.com", Inside),
            ("example.com", "notexample.com", Outside),
            ("a.example.com", "example.com", Outside),
            ("", "example.com", Inside),
            ("example.com", "*.example.com", Inside),
            ("a.example.com", "*.example.com", Undecided),
            ("a.b.example.com", "*.example.com", Undecided),
            ("example.org", "*.example.com", Outside),
        ] {
            assert_eq!(dns_position(base, name), expected, "{name} under {base}");
        }
    }

    #[test]
    fn mail_addresses_are_inside_a_mailbox_a_host_or_a_domain() {
        for (base, name, expected) in [
            ("a@example.com", "a@EXAMPLE.com", Inside),
            ("a@example.com", "A@example.com", Undecided),
            ("a@example.com", "b@example.com", Outside),
            ("a@example.com", "a@x.example.com", Outside),
            ("example.com", "b@Example.com", Inside),
            ("example.com", "b@x.example.com", Outside),
            (".example.com", "b@x.example.com", Inside),
            (".example.com", "b@example.com", Outside),
            ("example.com", "\"a@evil.org\"@example.com", Undecided),
            ("example.com", "example.com", Undecided),
            ("example.com", "a@[127.0.0.1]", Undecided),
            ("", "a@example.com", Inside),
        ] {
            assert_eq!(email_position(base, name), expected, "{name} under {base}");
        }
    }

    #[test]
    fn uris_are_inside_by_their_host_and_undecided_without_one() {
        let position =
            |base: &str, uri: &str| Subtree::Uri(base.into()).position_of(&GeneralName::Uri(uri.into()));
        for (base, uri, expected) in [
            ("example.com", "https://example.com/x", Inside),
            ("example.com", "https://user@EXAMPLE.com:443?x", Inside),
            ("example.com", "https://a.example.com/", Outside),
            (".example.com", "https://a.example.com/", Inside),
            (".example.com", "https://example.com/", Outside),
            ("example.com", "https://example.com@evil.org/", Outside),
            ("example.com", "https://evil.org#@example.com", Outside),
            ("example.com", "https://evil.org\\@example.com", Undecided),
            ("example.com", "https://evil.org@x@example.com", Undecided),
            ("example.com", "https://example.com\\.evil.org", Undecided),
            ("example.com", "https://example%2ecom/", Undecided),
            ("example.com", "https://127.0.0.1/", Undecided),
            ("example.com", "https://[::1]/", Undecided),
            ("example.com", "https://example.com:x/", Undecided),
            ("example.com", "urn:example.com", Undecided),
            ("example.com", "//example.com", Undecided),
        ] {
            assert_eq!(position(base, uri), expected, "{uri} under {base}");
        }
    }

    #[test]
    fn addresses_are_inside_by_their_prefix() {
        let base = Subtree::Ip { address: vec![10, 1, 0, 0], mask: vec![255, 255, 0, 0] };
        let position = |bytes: &[u8]| base.position_of(&GeneralName::Ip(bytes.to_vec()));
        assert_eq!(position(&[10, 1, 2, 3]), Inside);
        assert_eq!(position(&[10, 2, 2, 3]), Outside);
        assert_eq!(position(&[0; 16]), Outside);
        for (mask, expected) in [
            (&[255, 255, 0, 0][..], true),
            (&[255, 240, 0, 0], true),
            (&[0, 0, 0, 0], true),
            (&[255, 255, 255, 255], true),
            (&[255, 0, 255, 0], false),
            (&[240, 240, 0, 0], false),
            (&[0, 0, 0, 1], false),
            (&[15, 0, 0, 0], false),
        ] {
            assert_eq!(is_prefix(mask), expected, "{mask:?}");
        }
    }

    #[test]
    fn distinguished_names_are_inside_by_their_first_parts() {
        let name = |text: &str| Name::from_str(text).unwrap();
        for (base, found, expected) in [
            ("O=Example", "CN=x,O=Example", Inside),
            ("O=Example", "CN=x,O=  eXAMPLE ", Inside),
            ("O=Example Org", "CN=x,O=Example   Org", Inside),
            ("O=Example", "CN=x,O=Other", Outside),
            ("O=Example", "O=Example,CN=x", Outside),
            ("CN=x,O=Example", "O=Example", Outside),
            ("O=Example", "CN=x,O=Example+OU=y", Undecided),
            ("O=Example", "CN=x,O=Other+OU=y", Outside),
            ("O=Example+OU=y", "CN=x,O=Example", Outside),
            ("O=Example+OU=y", "CN=x,OU=Y+O=Example", Inside),
            ("O=Exämple", "CN=x,O=Exämple", Inside),
            ("O=Exämple", "CN=x,O=EXÄMPLE", Undecided),
            ("O=Example", "CN=x,O=Ｅxample", Undecided),
            ("O=Exämple", "CN=x,OU=Exämple", Outside),
            ("O=Example", "CN=x,O=Exam\\00ple", Undecided),
            ("O=Example", "CN=x,O=Example\\7f", Undecided),
            ("O=Exam\\00ple", "CN=x,O=Exam\\00ple", Inside),
            ("", "CN=x", Inside),
        ] {
            let base = if base.is_empty() { Name::default() } else { name(base) };
            assert_eq!(directory_position(&base, &name(found)), expected, "{found} under {base}");
        }
    }

    /// What is not ASCII is the same only character by character, in whatever encoding.
    #[test]
    fn one_text_in_two_encodings_is_one_name() {
        let organisation = |tag: u8, value: &[u8]| {
            let attribute = tlv(0x30, &[&[6, 3, 0x55, 4, 10], &tlv(tag, &[value])]);
            Name::from_der(&tlv(0x30, &[&tlv(0x31, &[&attribute])])).unwrap()
        };
        let (utf8, bmp) = (organisation(0x0c, "Ä".as_bytes()), organisation(0x1e, &[0, 0xc4]));
        assert_eq!(directory_position(&utf8, &bmp), Inside);
        assert_eq!(directory_position(&bmp, &utf8), Inside);
        assert_eq!(directory_position(&utf8, &organisation(0x1e, &[0, 0xe4])), Undecided);
    }

    #[test]
    fn comparing_costs_by_the_number_of_attributes_and_by_their_length() {
        let cost = |base: &str, name: &str| {
            let (base, name) = (Name::from_str(base).unwrap(), Name::from_str(name).unwrap());
            let first = |name: &Name| name.iter_rdn().next().unwrap().clone();
            relative_cost(&first(&base), &first(&name))
        };
        let long = "a".repeat(640);
        assert_eq!(cost("O=a", "O=b"), 1);
        assert_eq!(cost("O=a+OU=b", "O=a+OU=b+CN=c"), 6);
        assert_eq!(cost(&format!("O={long}"), "O=b"), 11);
        assert_eq!(cost("O=b+OU=c", &format!("O={long}")), 2 + 20);
    }

    #[test]
    fn constraints_that_are_not_well_formed_are_refused() {
        // One subtree, permitted.
        let one = |base: &[u8], rest: &[u8]| {
            let subtree = [&[0x30, (base.len() + rest.len()) as u8], base, rest].concat();
            let list = [&[0xa0, subtree.len() as u8], subtree.as_slice()].concat();
            NameConstraints::parse(&[&[0x30, list.len() as u8], list.as_slice()].concat()).is_ok()
        };
        let dns = |text: &str| [&[0x82, text.len() as u8], text.as_bytes()].concat();
        assert!(one(&dns("example.com"), &[]) && one(&dns(""), &[]));
        assert!(
            !one(&dns(".example.com"), &[]) && !one(&dns("*.example.com"), &[]) && !one(&dns("a b"), &[])
        );
        assert!(!one(&dns("example.com"), &[0x80, 1, 1]), "a minimum");
        assert!(!one(&dns("example.com"), &[0x81, 1, 1]), "a maximum");
        assert!(one(&[0x87, 8, 10, 0, 0, 0, 255, 0, 0, 0], &[]));
        assert!(!one(&[0x87, 8, 10, 0, 0, 0, 255, 0, 255, 0], &[]));
        assert!(!one(&[0x87, 4, 10, 0, 0, 0], &[]));
        assert!(!one(&[0x81, 2, b'@', b'a'], &[]));
        assert!(NameConstraints::parse(&[0x30, 0]).is_err());
        assert!(NameConstraints::parse(&[0x30, 2, 0xa0, 0]).is_err());
        let [permitted, excluded] = [0xa0, 0xa1].map(|tag| vec![tag, 5, 0x30, 3, 0x82, 1, b'a']);
        let both =
            |one: &[u8], other: &[u8]| NameConstraints::parse(&[&[0x30, 14], one, other].concat()).is_ok();
        assert!(both(&permitted, &excluded));
        assert!(!both(&excluded, &permitted) && !both(&permitted, &permitted));
        assert!(NameConstraints::parse(&[0x30, 7, 0xa2, 5, 0x30, 3, 0x82, 1, b'a']).is_err());
    }

    #[test]
    fn a_form_that_is_not_evaluated_is_undecided_for_its_names_and_no_matter_for_others() {
        let base = Subtree::Other("otherName");
        assert_eq!(base.position_of(&GeneralName::Other("otherName")), Undecided);
        assert_eq!(base.position_of(&GeneralName::Other("registeredID")), Position::OtherForm);
        assert_eq!(base.position_of(&GeneralName::Dns("a".into())), Position::OtherForm);
    }

    #[test]
    fn long_names_and_large_sets_cost_as_much_as_they_take() {
        // One relative name of many attributes.
        let subject = |count: u16| {
            let attribute = |at: u16| {
                let oid = [6, 4, 0x55, 4, 0x81 + (at >> 7) as u8, (at & 0x7f) as u8];
                tlv(0x30, &[&oid, &[0x0c, 0]])
            };
            tlv(0x30, &[&tlv(0x31, &[&(0..count).map(attribute).collect::<Vec<_>>().concat()])])
        };
        let check = |parts: Parts, base: Subtree| {
            let certificate = Certificate::parse(&parts.der()).unwrap();
            let constraints = NameConstraints { permitted: vec![base; 400], excluded: Vec::new() };
            constraints.check(&certificate, &certificate, &mut Budget::default())
        };
        let uri = |length: usize| Subtree::Uri("a".into()).cost_of(&GeneralName::Uri("a".repeat(length)));
        assert!(uri(10) == 1 && uri(16_000) > 50, "{}", uri(16_000));
        for (count, is_over) in [(20, false), (30, true)] {
            let parts = Parts { subject: subject(count), ..Parts::good() };
            let base = Subtree::Directory(Certificate::parse(&parts.der()).unwrap().subject_name().clone());
            let found = check(parts, base);
            assert_eq!(
                matches!(found, Err(CertificateFault::WorkBudget { .. })),
                is_over,
                "{count}: {found:?}"
            );
        }
    }
}
