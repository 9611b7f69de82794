//! PKCS#11 URIs (RFC 7512): which token, which key on it, which module, and where its PIN stands.
//!
//! Refuses: characters that had to be percent-encoded, attributes that stand twice, attributes of the path that are
//! not known (they would narrow the choice), a `type` other than `private`, a `pin-value`, and a `pin-source` or
//! `module-path` that is not a file. Vendor attributes of the query are passed over, as the RFC allows.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A PKCS#11 URI. An attribute that is absent fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pkcs11Uri {
    /// The text up to the query.
    shown: String,
    pub(super) token: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) model: Option<String>,
    pub(super) slot_description: Option<String>,
    pub(super) slot_manufacturer: Option<String>,
    pub(super) slot_id: Option<u64>,
    pub(super) library_manufacturer: Option<String>,
    pub(super) library_description: Option<String>,
    /// Major and minor.
    pub(super) library_version: Option<(u8, u8)>,
    /// The label of the key.
    pub(super) object: Option<String>,
    /// The CKA_ID of the key.
    pub(super) id: Option<Vec<u8>>,
    pub(super) module_path: Option<PathBuf>,
    pub(super) module_name: Option<String>,
    pin_source: Option<PathBuf>,
}

/// Why a text is no PKCS#11 URI that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11UriFault {
    /// Another scheme.
    #[error("a PKCS#11 URI begins with pkcs11:")]
    Scheme,
    /// More than 4,096 bytes.
    #[error("the URI has more than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A part that is not `name=value`.
    #[error("a part of the URI is not of the form name=value")]
    NotAnAttribute,
    /// A character that RFC 7512 does not allow there.
    #[error("{attribute} holds {found:?}, which must be percent-encoded there")]
    Character {
        /// The attribute.
        attribute: &'static str,
        /// The character.
        found: char,
    },
    /// A `%` without two hexadecimal digits.
    #[error("{attribute} holds a % that two hexadecimal digits do not follow")]
    PercentEncoding {
        /// The attribute.
        attribute: &'static str,
    },
    /// Text that is not UTF-8.
    #[error("{attribute} is not UTF-8")]
    NotUtf8 {
        /// The attribute.
        attribute: &'static str,
    },
    /// An attribute twice.
    #[error("{attribute} stands twice")]
    Duplicate {
        /// The attribute.
        attribute: &'static str,
    },
    /// An attribute that would narrow the choice, but is not known.
    #[error("the attribute {attribute:?} is not known")]
    Unknown {
        /// The attribute, cut to 40 characters.
        attribute: String,
    },
    /// A value that the attribute cannot have.
    #[error("{attribute} must be {expected}")]
    Value {
        /// The attribute.
        attribute: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A PIN in the URI.
    #[error(
        "pin-value is refused: a PIN on a command line can be seen by other users and stays in the shell's \
         history"
    )]
    PinValue,
}

const SCHEME: &str = "pkcs11:";
const LONGEST: usize = 4096;
/// What may stand unencoded in a value, besides letters, digits and `-._~`.
const IN_PATH: &str = ":[]@!$'()*+,=&";
const IN_QUERY: &str = ":[]@!$'()*+,=/?|";

impl Pkcs11Uri {
    /// True when a text says that it is a PKCS#11 URI.
    pub fn is_one(text: &str) -> bool {
        text.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
    }

    /// The file with the PIN, if the URI names one.
    pub fn pin_source(&self) -> Option<&Path> {
        self.pin_source.as_deref()
    }

    fn path_attribute(&mut self, name: &str, value: &str) -> Result<(), Pkcs11UriFault> {
        let text = |attribute| decode_text(attribute, value, IN_PATH);
        match name {
            "token" => once("token", &mut self.token, text("token")?),
            "manufacturer" => once("manufacturer", &mut self.manufacturer, text("manufacturer")?),
            "serial" => once("serial", &mut self.serial, text("serial")?),
            "model" => once("model", &mut self.model, text("model")?),
            "slot-description" => {
                once("slot-description", &mut self.slot_description, text("slot-description")?)
            }
            "slot-manufacturer" => {
                once("slot-manufacturer", &mut self.slot_manufacturer, text("slot-manufacturer")?)
            }
            "slot-id" => once("slot-id", &mut self.slot_id, number("slot-id", value)?),
            "library-manufacturer" => {
                once("library-manufacturer", &mut self.library_manufacturer, text("library-manufacturer")?)
            }
            "library-description" => {
                once("library-description", &mut self.library_description, text("library-description")?)
            }
            "library-version" => once("library-version", &mut self.library_version, version(value)?),
            "object" => once("object", &mut self.object, text("object")?),
            "id" => once("id", &mut self.id, decode("id", value, IN_PATH)?),
            "type" if value == "private" => Ok(()),
            "type" => {
                Err(Pkcs11UriFault::Value { attribute: "type", expected: "private: nothing else signs" })
            }
            "pin-value" => Err(Pkcs11UriFault::PinValue),
            other => Err(Pkcs11UriFault::Unknown { attribute: other.chars().take(40).collect() }),
        }
    }

    fn query_attribute(&mut self, name: &str, value: &str) -> Result<(), Pkcs11UriFault> {
        let text = |attribute| decode_text(attribute, value, IN_QUERY);
        match name {
            // However it is spelled, it stands on a command line.
            _ if name.replace('_', "-").eq_ignore_ascii_case("pin-value") => Err(Pkcs11UriFault::PinValue),
            "pin-source" => once("pin-source", &mut self.pin_source, file(&text("pin-source")?)?),
            "module-name" => once("module-name", &mut self.module_name, module_name(text("module-name")?)?),
            "module-path" => once("module-path", &mut self.module_path, absolute(&text("module-path")?)?),
            _ => text("a vendor's attribute").map(drop),
        }
    }
}

impl FromStr for Pkcs11Uri {
    type Err = Pkcs11UriFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(Pkcs11UriFault::TooLong { limit: LONGEST });
        }
        let (shown, query) = text.split_once('?').unwrap_or((text, ""));
        let path = shown.get(SCHEME.len()..).filter(|_| Self::is_one(text)).ok_or(Pkcs11UriFault::Scheme)?;
        let mut uri = Self { shown: shown.to_owned(), ..Self::default() };
        let mut types = 0;
        for attribute in attributes(path, ';') {
            let (name, value) = attribute?;
            uri.path_attribute(name, value)?;
            types = usize::from(name == "type").saturating_add(types);
        }
        if types > 1 {
            return Err(Pkcs11UriFault::Duplicate { attribute: "type" });
        }
        for attribute in attributes(query, '&') {
            let (name, value) = attribute?;
            uri.query_attribute(name, value)?;
        }
        Ok(uri)
    }
}

/// The URI without its query: which token and key, nothing about the PIN.
impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// `name=value` with a proper name, one after another.
fn attributes(text: &str, separator: char) -> impl Iterator<Item = Result<(&str, &str), Pkcs11UriFault>> {
    let proper = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    let parts = (!text.is_empty()).then(|| text.split(separator)).into_iter().flatten();
    parts.map(move |part| {
        part.split_once('=').filter(|(name, _)| proper(name)).ok_or(Pkcs11UriFault::NotAnAttribute)
    })
}

fn once<T>(attribute: &'static str, place: &mut Option<T>, value: T) -> Result<(), Pkcs11UriFault> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Pkcs11UriFault::Duplicate { attribute }),
    }
}

fn decode(attribute: &'static str, value: &str, allowed: &str) -> Result<Vec<u8>, Pkcs11UriFault> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        let plain = character.is_ascii_alphanumeric() || "-._~".contains(character);
        if plain || allowed.contains(character) {
            bytes.push(character as u8);
        } else if character == '%' {
            let mut digit = || characters.next().and_then(|digit| digit.to_digit(16));
            let byte = digit().zip(digit()).map(|(high, low)| (high << 4 | low) as u8);
            bytes.push(byte.ok_or(Pkcs11UriFault::PercentEncoding { attribute })?);
        } else {
            return Err(Pkcs11UriFault::Character { attribute, found: character });
        }
    }
    Ok(bytes)
}

fn decode_text(attribute: &'static str, value: &str, allowed: &str) -> Result<String, Pkcs11UriFault> {
    String::from_utf8(decode(attribute, value, allowed)?).map_err(|_| Pkcs11UriFault::NotUtf8 { attribute })
}

/// Decimal digits and nothing else.
fn number<N: FromStr>(attribute: &'static str, text: &str) -> Result<N, Pkcs11UriFault> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.ok_or(Pkcs11UriFault::Value { attribute, expected: "a decimal number in range" })
}

fn version(text: &str) -> Result<(u8, u8), Pkcs11UriFault> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    Ok((number("library-version", major)?, number("library-version", minor)?))
}

/// The file of a `pin-source`: a path, or a `file:` URI of this machine. Never a command (`|`), never the network.
fn file(text: &str) -> Result<PathBuf, Pkcs11UriFault> {
    let fault = Pkcs11UriFault::Value { attribute: "pin-source", expected: "a file: a path or a file: URI" };
    let is_scheme = |scheme: &str| scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric());
    let path = match text.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => {
            let rest = rest.strip_prefix("//localhost").or(rest.strip_prefix("//")).unwrap_or(rest);
            // A percent sign would mean encoding inside encoding.
            if !rest.starts_with('/') || rest.contains('%') {
                return Err(fault);
            }
            rest
        }
        Some((scheme, _)) if is_scheme(scheme) => return Err(fault),
        _ => text,
    };
    if path.is_empty() || path.starts_with('|') { Err(fault) } else { Ok(path.into()) }
}

/// Only a path that does not depend on where the loader looks.
fn absolute(text: &str) -> Result<PathBuf, Pkcs11UriFault> {
    let path = PathBuf::from(text);
    let expected = "an absolute path";
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(Pkcs11UriFault::Value { attribute: "module-path", expected })
    }
}

fn module_name(name: String) -> Result<String, Pkcs11UriFault> {
    let proper = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let expected = "letters, digits, - and _: the name of a module without folder, lib and .so";
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(proper) {
        Ok(name)
    } else {
        Err(Pkcs11UriFault::Value { attribute: "module-name", expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Pkcs11Uri, Pkcs11UriFault> {
        text.parse()
    }

    /// RFC 7512, section 3, in its order. Those that do not name a private key are refused for just that.
    #[test]
    fn the_examples_of_the_rfc() {
        assert_eq!(parse("pkcs11:").unwrap().token, None);
        let not_private = |text: &str| match parse(text) {
            Err(Pkcs11UriFault::Value { attribute: "type", .. }) => {}
            other => panic!("{text}: {other:?}"),
        };
        not_private("pkcs11:object=my-pubkey;type=public");
        let key = parse("pkcs11:object=my-key;type=private?pin-source=file:/etc/token").unwrap();
        assert_eq!(key.object.as_deref(), Some("my-key"));
        assert_eq!(key.pin_source(), Some(Path::new("/etc/token")));
        assert_eq!(key.to_string(), "pkcs11:object=my-key;type=private");
        let certificate = "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;\
                           manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;type=cert;\
                           id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin";
        not_private(certificate);
        let key = parse(&certificate.replace("type=cert;", "")).unwrap();
        assert_eq!(key.token.as_deref(), Some("The Software PKCS#11 Softtoken"));
        assert_eq!(key.manufacturer.as_deref(), Some("Snake Oil, Inc."));
        assert_eq!(key.model.as_deref(), Some("1.0"));
        assert_eq!(key.serial.as_deref(), Some(""), "empty is not absent");
        assert_eq!(key.id.as_deref(), Some(b"\x69\x95\x3e\x5c\xf4\xbd\xec\x91".as_slice()));
        let key = parse("pkcs11:object=my-sign-key;type=private?module-name=mypkcs11").unwrap();
        assert_eq!(key.module_name.as_deref(), Some("mypkcs11"));
        #[cfg(unix)]
        assert_eq!(
            parse("pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1")
                .unwrap()
                .module_path,
            Some("/mnt/libmypkcs11.so.1".into())
        );
        let with_pin = "pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.?pin-value=the-pin";
        assert_eq!(parse(with_pin), Err(Pkcs11UriFault::PinValue));
        assert_eq!(
            parse("pkcs11:slot-description=Sun%20Metaslot").unwrap().slot_description.as_deref(),
            Some("Sun Metaslot")
        );
        let library = parse(
            "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;\
             library-version=1.23",
        )
        .unwrap();
        assert_eq!(library.library_manufacturer.as_deref(), Some("Snake Oil, Inc."));
        assert_eq!(library.library_description.as_deref(), Some("Soft Token Library"));
        assert_eq!(library.library_version, Some((1, 23)));
        let token = parse(
            "pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;\
             id=%01%02%03%Ba%dd%Ca%fe%04%05%06",
        )
        .unwrap();
        assert_eq!(token.token.as_deref(), Some("My token% created by Joe"));
        assert_eq!(token.library_version, Some((3, 0)));
        assert_eq!(token.id.as_deref(), Some(b"\x01\x02\x03\xba\xdd\xca\xfe\x04\x05\x06".as_slice()));
        let token = "pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate;type=cert";
        not_private(token);
        assert_eq!(
            parse(&token.replace("type=cert", "type=private")).unwrap().token.as_deref(),
            Some("A name with a substring %;")
        );
        let token = "pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;object=my-certificate";
        assert_eq!(parse(token).unwrap().token.as_deref(), Some("Name with a small A with acute: á"));
        // A vendor's attribute would narrow the choice in the path; in the query it may be passed over.
        let vendor = "pkcs11:token=my-token;object=my-certificate;vendor-aaa=value-a\
                      ?pin-source=file:/etc/token_pin&vendor-bbb=value-b";
        assert_eq!(parse(vendor), Err(Pkcs11UriFault::Unknown { attribute: "vendor-aaa".into() }));
        let key = parse(&vendor.replace(";vendor-aaa=value-a", "")).unwrap();
        assert_eq!(key.pin_source(), Some(Path::new("/etc/token_pin")));
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        use Pkcs11UriFault::*;
        let value = |text: &str, name: &str| match parse(text) {
            Err(Value { attribute, .. }) if attribute == name => {}
            other => panic!("{text}: {other:?}"),
        };
        for (text, expected) in [
            ("", Scheme),
            ("pkcs11", Scheme),
            ("pkcs12:token=a", Scheme),
            ("key.pem", Scheme),
            ("pkcs11:token", NotAnAttribute),
            ("pkcs11:=a", NotAnAttribute),
            ("pkcs11:token=a;", NotAnAttribute),
            ("pkcs11:;token=a", NotAnAttribute),
            ("pkcs11:to ken=a", NotAnAttribute),
            ("pkcs11:token=a?pin-source=/a&", NotAnAttribute),
            ("pkcs11:token=a b", Character { attribute: "token", found: ' ' }),
            ("pkcs11:token=a#b", Character { attribute: "token", found: '#' }),
            ("pkcs11:token=a/b", Character { attribute: "token", found: '/' }),
            ("pkcs11:token=á", Character { attribute: "token", found: 'á' }),
            ("pkcs11:token=a%2", PercentEncoding { attribute: "token" }),
            ("pkcs11:token=%zz", PercentEncoding { attribute: "token" }),
            ("pkcs11:token=%+1", PercentEncoding { attribute: "token" }),
            ("pkcs11:token=%ff", NotUtf8 { attribute: "token" }),
            ("pkcs11:token=a;token=a", Duplicate { attribute: "token" }),
            ("pkcs11:id=%01;id=%01", Duplicate { attribute: "id" }),
            ("pkcs11:type=private;type=private", Duplicate { attribute: "type" }),
            ("pkcs11:?pin-source=/a&pin-source=/a", Duplicate { attribute: "pin-source" }),
            ("pkcs11:Token=a", Unknown { attribute: "Token".into() }),
            ("pkcs11:module-path=a", Unknown { attribute: "module-path".into() }),
            ("pkcs11:?pin-value=1", PinValue),
            ("pkcs11:pin-value=1", PinValue),
            ("pkcs11:?PIN-Value=1", PinValue),
            ("pkcs11:?pin_value=1", PinValue),
            ("pkcs11:?vendor=%", PercentEncoding { attribute: "a vendor's attribute" }),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
        assert!(matches!(parse(&format!("pkcs11:token={}", "a".repeat(5000))), Err(TooLong { .. })));
        for number in ["", "-1", "+1", "1.5", "0x1", "99999999999999999999"] {
            value(&format!("pkcs11:slot-id={number}"), "slot-id");
        }
        for version in ["", "1.", ".1", "1.2.3", "256", "a"] {
            value(&format!("pkcs11:library-version={version}"), "library-version");
        }
        for place in
            ["", "|cat", "%7Ccat", "http:/x", "https://h/x", "file:pin", "file://host/pin", "file:/a%2541"]
        {
            value(&format!("pkcs11:?pin-source={place}"), "pin-source");
        }
        value("pkcs11:?module-path=softhsm.so", "module-path");
        for name in ["", "../x", "a/b", ".x", "a%20b"] {
            value(&format!("pkcs11:?module-name={name}"), "module-name");
        }
    }

    #[test]
    fn a_pin_source_is_a_file() {
        for place in
            ["/etc/pin", "file:/etc/pin", "file:///etc/pin", "file://localhost/etc/pin", "FILE:/etc/pin"]
        {
            let uri = parse(&format!("PKCS11:token=a?pin-source={place}")).unwrap();
            assert_eq!(uri.pin_source(), Some(Path::new("/etc/pin")), "{place}");
        }
        assert_eq!(parse("pkcs11:?pin-source=pin%20file").unwrap().pin_source(), Some(Path::new("pin file")));
    }
}
