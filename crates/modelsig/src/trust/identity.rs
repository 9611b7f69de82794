//! Whom the caller expects: one name of the signing certificate, compared byte for byte.

use std::fmt;
use std::str::FromStr;

use super::x509::{Certificate, SubjectName};

/// The expected owner of a signing certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identity {
    /// A subject alternative name (RFC 5280 section 4.2.1.6), exactly: no wildcards, no folding of case. With a scheme
    /// (`https:`) it is one of the type URI, with `@` and no scheme an email address, otherwise a DNS name; a name of
    /// another type is not it, even with the same characters.
    AlternativeName(String),
    /// The whole subject, as RFC 4514 writes it: `CN=Release,O=Example`.
    Subject(String),
}

impl Identity {
    pub(super) fn matches(&self, certificate: &Certificate) -> bool {
        match self {
            // A certificate may have an empty subject or no name at all; nobody expects that.
            Self::AlternativeName(expected) => {
                !expected.is_empty() && certificate.names().contains(&SubjectName::of_text(expected))
            }
            Self::Subject(expected) => !expected.is_empty() && certificate.subject() == *expected,
        }
    }
}

/// `subject:` and a subject, otherwise an alternative name.
impl FromStr for Identity {
    type Err = EmptyIdentity;

    fn from_str(text: &str) -> Result<Self, EmptyIdentity> {
        match text.strip_prefix("subject:") {
            Some("") => Err(EmptyIdentity),
            Some(subject) => Ok(Self::Subject(subject.into())),
            None if text.is_empty() => Err(EmptyIdentity),
            None => Ok(Self::AlternativeName(text.into())),
        }
    }
}

/// An identity of no characters, which no certificate proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identity has at least one character")]
pub struct EmptyIdentity;

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlternativeName(name) => f.write_str(name),
            Self::Subject(subject) => write!(f, "subject:{subject}"),
        }
    }
}
