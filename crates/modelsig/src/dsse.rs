//! DSSE v1 envelopes (secure-systems-lab/dsse, `envelope.md` and `protocol.md`).
//!
//! Besides DSSE's encoding of what is signed there is the faulty one of model-signing 0.2.0, for bundles of that age.
//!
//! Refuses: any payload type but in-toto's, any number of signatures but one, base64 that is not canonical.

use std::borrow::Cow;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use crate::bundle::BundleFault;
use crate::json::{First, Object};

/// The media type of an in-toto statement, the only payload of OMS.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// An envelope with its base64 undone.
pub(crate) struct Envelope {
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
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

impl JsonEnvelope<'_> {
    pub(crate) fn decode(self) -> Result<Envelope, BundleFault> {
        if self.payload_type != PAYLOAD_TYPE {
            return Err(BundleFault::PayloadType { found: self.payload_type });
        }
        let First { kept, found } = self.signatures;
        let ([Object(signature)], 1) = (kept.as_slice(), found) else {
            return Err(BundleFault::SignatureCount { found });
        };
        Ok(Envelope {
            payload: base64("payload", &self.payload)?,
            signature: base64("signature", &signature.sig)?,
        })
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
    let header = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [header.as_bytes(), payload].concat()
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
