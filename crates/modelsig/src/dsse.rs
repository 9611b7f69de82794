//! DSSE v1 envelopes (secure-systems-lab/dsse, `envelope.md` and `protocol.md`).
//!
//! Besides DSSE's encoding of what is signed there is the faulty one of model-signing 0.2.0, for bundles of that age.
//!
//! Refuses: any payload type but in-toto's, any number of signatures but one, base64 that is not canonical.

use std::borrow::Cow;
use std::ops::Range;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use crate::bundle::BundleFault;
use crate::json::{First, Object};

/// The media type of an in-toto statement, the only payload of OMS.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// An envelope with its base64 undone.
pub(crate) struct Envelope {
    /// At its end the payload, with what is signed around it before it: a large payload stands in memory once.
    text: Vec<u8>,
    /// Where these two begin.
    message: usize,
    payload: usize,
    pub(crate) signature: Vec<u8>,
}

impl Envelope {
    /// What is signed: the pre-authentication encoding of the payload.
    pub(crate) fn message(&self) -> &[u8] {
        self.text.get(self.message..).unwrap_or_default()
    }

    /// The payload as it stands.
    pub(crate) fn payload(&self) -> &[u8] {
        self.text.get(self.payload..).unwrap_or_default()
    }
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct JsonEnvelope<'t> {
    #[serde(borrow)]
    payload: Cow<'t, str>,
    payload_type: String,
    signatures: First<Object<JsonSignature>, 1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonSignature {
    sig: String,
    /// Carries no meaning in OMS: absent, null, empty or anything else.
    #[serde(default)]
    keyid: Option<String>,
}

/// An envelope that was read and found well-formed, but for the base64 of the payload.
pub(crate) struct Encoded {
    payload: Place,
    signature: Vec<u8>,
}

/// Where the base64 of a payload is.
enum Place {
    /// In the text that the envelope was read from.
    In(Range<usize>),
    /// It was written with escapes, which some writers of JSON use for `/`.
    Apart(String),
}

impl Encoded {
    /// Undoes the base64 of the payload, in place of the text, which must be the one that the envelope was read from.
    pub(crate) fn decode(self, mut text: Vec<u8>) -> Result<Envelope, BundleFault> {
        let place = match self.payload {
            Place::In(place) => place,
            Place::Apart(payload) => {
                text = payload.into_bytes();
                0..text.len()
            }
        };
        let start = place.start;
        let encoded = text.get_mut(place).ok_or(NOT_BASE64)?;
        // Unlike `decode`, `decode_in_place` does not look at the bits that the last block leaves over.
        let last = encoded.get(encoded.len().saturating_sub(4)..).unwrap_or_default();
        Base64::decode(last, &mut [0; 3]).map_err(|_| NOT_BASE64)?;
        let length = Base64::decode_in_place(encoded).map_err(|_| NOT_BASE64)?.len();
        if length == 0 {
            return Err(NOT_BASE64);
        }
        let header = header(PAYLOAD_TYPE, length);
        text.truncate(start.saturating_add(length));
        // The header takes the place of what stood before the payload. There is no room where it stands at the very
        // beginning.
        let room = start.checked_sub(header.len()).and_then(|from| Some((from, text.get_mut(from..start)?)));
        let (message, payload) = match room {
            Some((from, room)) => {
                room.copy_from_slice(header.as_bytes());
                (from, start)
            }
            None => {
                text = [header.as_bytes(), text.get(start..).unwrap_or_default()].concat();
                (0, header.len())
            }
        };
        text.shrink_to_fit();
        Ok(Envelope { text, message, payload, signature: self.signature })
    }
}

const NOT_BASE64: BundleFault = BundleFault::Base64 { what: "payload" };

impl JsonEnvelope<'_> {
    /// The envelope without its payload, which is left in the `text` that this was read from.
    pub(crate) fn encoded(self, text: &[u8]) -> Result<Encoded, BundleFault> {
        if self.payload_type != PAYLOAD_TYPE {
            return Err(BundleFault::PayloadType { found: self.payload_type });
        }
        let First { kept, found } = self.signatures;
        let ([Object(signature)], 1) = (kept.as_slice(), found) else {
            return Err(BundleFault::SignatureCount { found });
        };
        let signature = base64("signature", &signature.sig)?;
        let payload = match self.payload {
            Cow::Owned(payload) => Place::Apart(payload),
            // What was borrowed from the text lies in it, so that the difference of the addresses is its place.
            Cow::Borrowed(payload) => {
                let start = payload.as_ptr().addr().saturating_sub(text.as_ptr().addr());
                Place::In(start..start.saturating_add(payload.len()))
            }
        };
        Ok(Encoded { payload, signature })
    }

    /// The form that every tool reads: one signature with an empty `keyid`.
    #[cfg(feature = "sign")]
    pub(crate) fn encode(payload: &[u8], signature: &[u8]) -> JsonEnvelope<'static> {
        JsonEnvelope {
            payload: Base64::encode_string(payload).into(),
            payload_type: PAYLOAD_TYPE.into(),
            signatures: First {
                kept: vec![Object(JsonSignature {
                    sig: Base64::encode_string(signature),
                    keyid: Some(String::new()),
                })],
                found: 1,
            },
        }
    }
}

/// What is signed (DSSE `PAE`): both lengths in front, so that type and payload cannot be shifted into each other.
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    [header(payload_type, payload.len()).as_bytes(), payload].concat()
}

/// What stands before a payload of so many bytes.
fn header(payload_type: &str, length: usize) -> String {
    format!("DSSEv1 {} {payload_type} {length} ", payload_type.len())
}

/// What model-signing 0.2.0 signed instead: a capital `V`, and the payload as Python shows bytes (`repr`).
pub(crate) fn legacy_pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let header = format!("DSSEV1 {} {payload_type} {} ", payload_type.len(), payload.len());
    let mut message = header.into_bytes();
    // Python quotes with ' unless the bytes hold ' and no ".
    let quote = if payload.contains(&b'\'') && !payload.contains(&b'"') { b'"' } else { b'\'' };
    message.extend([b'b', quote]);
    for &byte in payload {
        match byte {
            b'\n' => message.extend(b"\\n"),
            b'\t' => message.extend(b"\\t"),
            b'\r' => message.extend(b"\\r"),
            b'\\' => message.extend(b"\\\\"),
            _ if byte == quote => message.extend([b'\\', byte]),
            b' '..=b'~' => message.push(byte),
            _ => message.extend(format!("\\x{byte:02x}").bytes()),
        }
    }
    message.push(quote);
    message
}

/// Base64 with the standard alphabet and padding (RFC 4648 section 4), nothing inside it that is not base64.
pub(crate) fn base64(what: &'static str, text: &str) -> Result<Vec<u8>, BundleFault> {
    let bytes = Base64::decode_vec(text).map_err(|_| BundleFault::Base64 { what })?;
    if bytes.is_empty() { Err(BundleFault::Base64 { what }) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of DSSE's `protocol.md`.
    #[test]
    fn the_published_example() {
        let pae = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(pae, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    /// Whatever stands around it in the text, and however it is written there.
    #[test]
    fn the_payload_is_decoded_in_place_behind_its_header() {
        let payload = |length: usize| (0..length).map(|place| (place * 37 % 251) as u8).collect::<Vec<u8>>();
        let decoded = |text: String| {
            let envelope: JsonEnvelope<'_> = serde_json::from_str(&text).unwrap();
            let encoded = envelope.encoded(text.as_bytes()).unwrap();
            encoded.decode(text.into_bytes())
        };
        for length in [1, 2, 3, 47, 48, 100, 5000] {
            let payload = payload(length);
            let text = Base64::encode_string(&payload);
            let rest = format!(r#""payloadType":"{PAYLOAD_TYPE}","signatures":[{{"sig":"AA=="}}]"#);
            for text in [
                format!(r#"{{"payload":"{text}",{rest}}}"#),
                format!(r#"{{{rest},"payload":"{text}"}}"#),
                format!(r#"{{"payload":"{}",{rest}}}"#, text.replace('/', r"\/")),
                format!(r#"{{{rest},"payload":"\u{:04x}{}"}}"#, text.as_bytes()[0], &text[1..]),
            ] {
                let envelope = decoded(text.clone()).unwrap();
                assert_eq!(envelope.payload(), payload, "{text}");
                assert_eq!(envelope.message(), pre_authentication_encoding(PAYLOAD_TYPE, &payload), "{text}");
            }
            // The same bytes, with bits of another character that decoding drops.
            let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
            let other = text.trim_end_matches('=');
            let other = match (padding, other.as_bytes()[other.len() - 1]) {
                (0, _) => "A".repeat(5),
                (_, last) => {
                    format!("{}{}{}", &other[..other.len() - 1], char::from(last + 1), &text[other.len()..])
                }
            };
            for bad in [
                other,
                format!(" {text}"),
                format!("{text}\\n"),
                format!("{text}="),
                "=".into(),
                String::new(),
            ] {
                let text = format!(r#"{{"payload":"{bad}",{rest}}}"#);
                assert!(matches!(decoded(text), Err(BundleFault::Base64 { what: "payload" })), "{bad:?}");
            }
        }
    }

    /// Expected values as Python prints them: `f"DSSEV1 1 t {len(p)} {p}"`.
    #[test]
    fn the_encoding_of_0_2_0_shows_bytes_as_python_does() {
        for (payload, shown) in [
            (&b"{\n\t\r}"[..], r"b'{\n\t\r}'"),
            (b"\\ \x00\x7f\xc3\xa9", r"b'\\ \x00\x7f\xc3\xa9'"),
            (b"it's", r#"b"it's""#),
            (b"\"it's\"", r#"b'"it\'s"'"#),
            (b"\"", r#"b'"'"#),
        ] {
            let expected = format!("DSSEV1 1 t {} {shown}", payload.len());
            assert_eq!(
                String::from_utf8(legacy_pre_authentication_encoding("t", payload)).unwrap(),
                expected
            );
        }
    }

    #[test]
    fn base64_is_read_strictly() {
        assert_eq!(base64("payload", "aGk=").unwrap(), b"hi");
        for bad in ["", "aGk", "aGk =", "aGk=\n", " aGk=", "aGl=", "aGk==", "a-_=", "aG\nk="] {
            assert!(base64("payload", bad).is_err(), "{bad:?}");
        }
    }
}
