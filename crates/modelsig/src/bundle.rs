//! The Sigstore bundle (protobuf-specs, `sigstore_bundle.proto`, in its JSON form), as OMS spec 4 uses it.
//!
//! Refuses: any other media type, unknown members, no or two kinds of verification material, an empty or over-long
//! chain, and everything that the strict JSON pass and the DSSE envelope refuse.

use std::borrow::Cow;

#[cfg(feature = "sign")]
use base64ct::{Base64, Encoding};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::dsse::{Envelope, JsonEnvelope, base64};
use crate::json::{self, First, JsonFault, Object};
use crate::limits::MOST_CERTIFICATES;
use crate::{Error, Limits};

/// The media type of the bundles that OMS signers write.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Characters of a hint that are kept. One that is longer names no key: hints are hexadecimal digests.
const LONGEST_HINT: usize = 200;

/// A well-formed bundle. Nothing in it is trusted.
pub(crate) struct Bundle {
    pub(crate) material: Material,
    pub(crate) envelope: Envelope,
}

/// What the bundle says of its signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Material {
    /// The `key` method. Bundles written before 1.1 have no hint.
    Key { hint: Option<String> },
    /// The `certificate` method: certificates in DER, leaf first.
    Certificates(Vec<Vec<u8>>),
    /// The `certificate` method as the Go tool writes it for a leaf without intermediates: the member of the
    /// `sigstore` method, but no entry of a log. OMS knows no such form.
    LoneCertificate(Vec<u8>),
    /// The `sigstore` method: one short-lived certificate in DER.
    Sigstore(Vec<u8>),
}

impl Material {
    /// The name of the method in OMS.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Key { .. } => "key",
            Self::Certificates(_) | Self::LoneCertificate(_) => "certificate",
            Self::Sigstore(_) => "sigstore",
        }
    }
}

/// Why a bundle is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleFault {
    /// The JSON text itself.
    #[error(transparent)]
    Json(#[from] JsonFault),
    /// Another media type.
    #[error("media type expected {MEDIA_TYPE:?}, found {found:?}")]
    MediaType {
        /// The type found.
        found: String,
    },
    /// Nothing says who signed.
    #[error("verificationMaterial has none of publicKey, x509CertificateChain, certificate")]
    NoMaterial,
    /// Two signers at once.
    #[error("verificationMaterial has more than one of publicKey, x509CertificateChain, certificate")]
    MixedMaterial,
    /// A keyless signature without an entry of a transparency log. Only a caller who asks for the certificate method
    /// may read it as a signature of that method.
    #[error("tlogEntries is empty, which the sigstore method does not allow")]
    NoLogEntry,
    /// A chain without a certificate.
    #[error("x509CertificateChain holds no certificate")]
    NoCertificate,
    /// More certificates than any signer embeds.
    #[error("x509CertificateChain holds {found} certificates, at most {limit} are read")]
    TooManyCertificates {
        /// The limit.
        limit: usize,
        /// How many.
        found: usize,
    },
    /// Another payload type.
    #[error("payload type expected {:?}, found {found:?}", crate::dsse::PAYLOAD_TYPE)]
    PayloadType {
        /// The type found.
        found: String,
    },
    /// None or several signatures.
    #[error("expected exactly one signature, found {found}")]
    SignatureCount {
        /// How many.
        found: usize,
    },
    /// Not canonical base64, or of nothing.
    #[error("the {what} is not canonical base64")]
    Base64 {
        /// `"payload"`, `"signature"` or `"certificate"`.
        what: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct JsonBundle<'t> {
    media_type: String,
    #[serde(borrow)]
    verification_material: Object<JsonMaterial<'t>>,
    #[serde(borrow)]
    dsse_envelope: Object<JsonEnvelope<'t>>,
}

/// Log entries and timestamps are passed over, not kept: a bundle of nothing else costs no memory.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct JsonMaterial<'t> {
    #[serde(default)]
    public_key: Option<Object<JsonPublicKey>>,
    #[serde(borrow, default, rename = "x509CertificateChain")]
    chain: Option<Object<JsonChain<'t>>>,
    #[serde(borrow, default)]
    certificate: Option<Object<JsonCertificate<'t>>>,
    #[serde(default)]
    tlog_entries: Vec<IgnoredAny>,
    #[serde(default, rename = "timestampVerificationData")]
    _timestamps: IgnoredAny,
}

/// Other members (`rawBytes`, `keyDetails` of old bundles) are claims that nothing depends on.
#[derive(Deserialize)]
struct JsonPublicKey {
    #[serde(default)]
    hint: Option<String>,
}

#[derive(Deserialize)]
struct JsonChain<'t> {
    #[serde(borrow)]
    certificates: First<Object<JsonCertificate<'t>>, MOST_CERTIFICATES>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonCertificate<'t> {
    #[serde(borrow)]
    raw_bytes: Cow<'t, str>,
}

/// A new bundle.
#[cfg(feature = "sign")]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewBundle {
    media_type: &'static str,
    verification_material: NewMaterial,
    dsse_envelope: JsonEnvelope<'static>,
}

#[cfg(feature = "sign")]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewMaterial {
    #[serde(flatten)]
    signer: NewSigner,
    tlog_entries: [(); 0],
}

#[cfg(feature = "sign")]
#[derive(Serialize)]
enum NewSigner {
    #[serde(rename = "publicKey")]
    PublicKey { hint: Option<String> },
    #[serde(rename = "x509CertificateChain")]
    Chain { certificates: Vec<JsonCertificate<'static>> },
}

impl Bundle {
    /// Reads the text of a bundle, whose memory the envelope takes over; `path` is for messages.
    pub(crate) fn parse(path: &str, text: Vec<u8>, limits: &Limits) -> Result<Self, Error> {
        Self::read(text, limits).map_err(|fault| Error::Bundle { path: path.into(), fault })
    }

    fn read(text: Vec<u8>, limits: &Limits) -> Result<Self, BundleFault> {
        let Object(bundle): Object<JsonBundle<'_>> = json::parse(&text, limits.json_depth)?;
        if bundle.media_type != MEDIA_TYPE {
            return Err(BundleFault::MediaType { found: bundle.media_type });
        }
        let material = bundle.verification_material.0.decode(limits)?;
        let encoded = bundle.dsse_envelope.0.encoded(&text)?;
        Ok(Self { material, envelope: encoded.decode(text)? })
    }

    /// The current form (OMS 1.1): no log entries, one signature.
    #[cfg(feature = "sign")]
    pub(crate) fn write(material: &Material, payload: &[u8], signature: &[u8]) -> Result<Vec<u8>, Error> {
        let verification_material = NewMaterial::new(material)?;
        let bundle = NewBundle {
            media_type: MEDIA_TYPE,
            verification_material,
            dsse_envelope: JsonEnvelope::encode(payload, signature),
        };
        serde_json::to_vec(&bundle).map_err(|error| Error::Internal { what: error.to_string() })
    }
}

#[cfg(feature = "sign")]
impl NewMaterial {
    fn new(material: &Material) -> Result<Self, Error> {
        let signer = match material {
            Material::Key { hint } => NewSigner::PublicKey { hint: hint.clone() },
            Material::Certificates(chain) => NewSigner::Chain {
                certificates: chain
                    .iter()
                    .map(|der| JsonCertificate { raw_bytes: Base64::encode_string(der).into() })
                    .collect(),
            },
            Material::LoneCertificate(_) | Material::Sigstore(_) => {
                return Err(Error::Internal { what: "only key and certificate bundles are written".into() });
            }
        };
        Ok(Self { signer, tlog_entries: [] })
    }
}

impl JsonMaterial<'_> {
    fn decode(self, limits: &Limits) -> Result<Material, BundleFault> {
        match (self.public_key, self.chain, self.certificate) {
            (Some(Object(key)), None, None) => {
                let hint = key.hint.filter(|hint| !hint.is_empty());
                let hint = hint.map(|hint| hint.chars().take(LONGEST_HINT).collect());
                Ok(Material::Key { hint })
            }
            (None, Some(Object(chain)), None) => {
                let First { kept, found } = chain.certificates;
                let limit = limits.certificates.min(MOST_CERTIFICATES);
                if found == 0 {
                    return Err(BundleFault::NoCertificate);
                }
                if found > limit {
                    return Err(BundleFault::TooManyCertificates { limit, found });
                }
                let chain = kept.iter().map(|Object(one)| one.decode());
                Ok(Material::Certificates(chain.collect::<Result<_, _>>()?))
            }
            (None, None, Some(Object(certificate))) if self.tlog_entries.is_empty() => {
                certificate.decode().map(Material::LoneCertificate)
            }
            (None, None, Some(Object(certificate))) => certificate.decode().map(Material::Sigstore),
            (None, None, None) => Err(BundleFault::NoMaterial),
            _ => Err(BundleFault::MixedMaterial),
        }
    }
}

impl JsonCertificate<'_> {
    fn decode(&self) -> Result<Vec<u8>, BundleFault> {
        base64("certificate", &self.raw_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Bundle, BundleFault> {
        Bundle::parse("b", text.into(), &Limits::default()).map_err(|error| match error {
            Error::Bundle { fault, .. } => fault,
            other => panic!("{other}"),
        })
    }

    fn with(media_type: &str, material: &str, envelope: &str) -> String {
        format!(
            r#"{{"mediaType":"{media_type}","verificationMaterial":{material},"dsseEnvelope":{envelope}}}"#
        )
    }

    const ENVELOPE: &str =
        r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AA=="}]}"#;

    #[test]
    fn the_forms_that_signers_write() {
        for (material, expected) in [
            (r#"{"publicKey":{"hint":"ab"},"tlogEntries":[]}"#, Material::Key { hint: Some("ab".into()) }),
            (r#"{"publicKey":{"rawBytes":"AA==","keyDetails":"X"}}"#, Material::Key { hint: None }),
            (r#"{"publicKey":{"hint":""}}"#, Material::Key { hint: None }),
            (
                r#"{"x509CertificateChain":{"certificates":[{"rawBytes":"AA=="}]},"timestampVerificationData":{}}"#,
                Material::Certificates(vec![vec![0]]),
            ),
            (r#"{"certificate":{"rawBytes":"AA=="},"tlogEntries":[{}]}"#, Material::Sigstore(vec![0])),
            (r#"{"certificate":{"rawBytes":"AA=="}}"#, Material::LoneCertificate(vec![0])),
        ] {
            assert_eq!(parse(&with(MEDIA_TYPE, material, ENVELOPE)).map(|b| b.material).unwrap(), expected);
        }
        for keyid in [r#","keyid":"""#, r#","keyid":null"#, r#","keyid":"x""#] {
            let envelope = ENVELOPE.replace(r#""AA==""#, &format!(r#""AA=="{keyid}"#));
            assert!(parse(&with(MEDIA_TYPE, r#"{"publicKey":{"hint":"ab"}}"#, &envelope)).is_ok(), "{keyid}");
        }
    }

    /// Whatever the limit of the caller is.
    #[test]
    fn no_more_certificates_are_kept_than_any_verifier_wants() {
        for count in [MOST_CERTIFICATES, MOST_CERTIFICATES + 1] {
            let certificates = vec![r#"{"rawBytes":"AA=="}"#; count].join(",");
            let material = format!(r#"{{"x509CertificateChain":{{"certificates":[{certificates}]}}}}"#);
            let limits = Limits { certificates: 100, ..Limits::default() };
            let text = with(MEDIA_TYPE, &material, ENVELOPE);
            match Bundle::parse("b", text.into(), &limits).map(|bundle| bundle.material) {
                Ok(Material::Certificates(chain)) => assert_eq!((chain.len(), count), (16, 16)),
                Err(Error::Bundle { fault, .. }) => {
                    assert_eq!(fault, BundleFault::TooManyCertificates { limit: 16, found: 17 });
                    assert_eq!(count, 17);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let key = r#"{"publicKey":{"hint":"ab"}}"#;
        type Fits = fn(&BundleFault) -> bool;
        let shape: Fits = |fault| matches!(fault, BundleFault::Json(JsonFault::Shape { .. }));
        let cases: Vec<(String, Fits)> = vec![
            (
                with("application/vnd.dev.sigstore.bundle.v0.2+json", key, ENVELOPE),
                |f| matches!(f, BundleFault::MediaType { found } if found.contains("v0.2")),
            ),
            (with(MEDIA_TYPE, "{}", ENVELOPE), |f| *f == BundleFault::NoMaterial),
            (
                with(MEDIA_TYPE, r#"{"publicKey":{"hint":"a"},"certificate":{"rawBytes":"AA=="}}"#, ENVELOPE),
                |f| *f == BundleFault::MixedMaterial,
            ),
            (with(MEDIA_TYPE, r#"{"publicKey":{},"extra":1}"#, ENVELOPE), shape),
            (with(MEDIA_TYPE, r#"{"x509CertificateChain":{"certificates":[]}}"#, ENVELOPE), |f| {
                *f == BundleFault::NoCertificate
            }),
            (
                with(
                    MEDIA_TYPE,
                    &format!(
                        r#"{{"x509CertificateChain":{{"certificates":[{}]}}}}"#,
                        [r#"{"rawBytes":"AA=="}"#; 17].join(",")
                    ),
                    ENVELOPE,
                ),
                |f| *f == BundleFault::TooManyCertificates { limit: 16, found: 17 },
            ),
            (with(MEDIA_TYPE, r#"{"certificate":{"rawBytes":"A"}}"#, ENVELOPE), |f| {
                *f == BundleFault::Base64 { what: "certificate" }
            }),
            (with(MEDIA_TYPE, r#"{"publicKey":{},"tlogEntries":null}"#, ENVELOPE), shape),
            (with(MEDIA_TYPE, key, ENVELOPE).replacen('{', r#"{"extra":1,"#, 1), shape),
            (with(MEDIA_TYPE, r#"[{"hint":"ab"}]"#, ENVELOPE), shape),
            (with(MEDIA_TYPE, r#"{"publicKey":["ab"]}"#, ENVELOPE), shape),
            (with(MEDIA_TYPE, r#"{"publicKey":null}"#, ENVELOPE), |f| *f == BundleFault::NoMaterial),
            (with(MEDIA_TYPE, key, &ENVELOPE.replace(r#"{"sig":"AA=="}"#, r#"["AA==",""]"#)), shape),
            (format!(r#"["{MEDIA_TYPE}",{key},{ENVELOPE}]"#), shape),
            (with(MEDIA_TYPE, key, "{}"), shape),
            (format!(r#"{{"mediaType":"{MEDIA_TYPE}","verificationMaterial":{key}}}"#), shape),
            (with(MEDIA_TYPE, key, &ENVELOPE.replace("in-toto", "other")), |f| {
                matches!(f, BundleFault::PayloadType { .. })
            }),
            (with(MEDIA_TYPE, key, &ENVELOPE.replace(r#"{"sig":"AA=="}"#, "")), |f| {
                *f == BundleFault::SignatureCount { found: 0 }
            }),
            (
                with(
                    MEDIA_TYPE,
                    key,
                    &ENVELOPE.replace(r#"{"sig":"AA=="}"#, r#"{"sig":"AA=="},{"sig":"AA=="}"#),
                ),
                |f| *f == BundleFault::SignatureCount { found: 2 },
            ),
            (with(MEDIA_TYPE, key, &ENVELOPE.replace("e30=", "e3 0=")), |f| {
                *f == BundleFault::Base64 { what: "payload" }
            }),
            (with(MEDIA_TYPE, key, &ENVELOPE.replace("AA==", "AA")), |f| {
                *f == BundleFault::Base64 { what: "signature" }
            }),
            (with(MEDIA_TYPE, key, ENVELOPE) + "x", |f| {
                matches!(f, BundleFault::Json(JsonFault::TrailingData { .. }))
            }),
            (with(MEDIA_TYPE, key, ENVELOPE).replacen('{', r#"{"mediaType":"x","#, 1), |f| {
                matches!(f, BundleFault::Json(JsonFault::DuplicateMember { .. }))
            }),
            (String::new(), |f| matches!(f, BundleFault::Json(JsonFault::NotJson { .. }))),
        ];
        for (text, fits) in cases {
            match parse(&text) {
                Ok(_) => panic!("accepted: {text}"),
                Err(fault) => assert!(fits(&fault), "{fault:?}: {text}"),
            }
        }
    }
}
