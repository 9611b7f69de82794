//! 9.11, 1.1 and 13.9: the bundle around the envelope. Exactly one kind of material, of the method that the caller
//! trusts, and no member that nobody knows.

use modelsig_tests::{base64, bundle, resource, statement};
use serde_json::{Value, json};

use crate::certificates;
use crate::draft::{Case, Draft, corner};
use crate::keys;

fn signed() -> Value {
    bundle(&keys::private("p256"), statement(vec![resource("a.bin", b"a")]).to_string().as_bytes())
}

fn edited(edit: impl Fn(&mut Value)) -> Value {
    let mut bundle = signed();
    edit(&mut bundle);
    bundle
}

fn model(name: &str, reason: &str) -> Draft {
    corner("9.11", name, reason).file("a.bin", "a")
}

pub(crate) fn cases() -> Vec<Case> {
    let refused = |name: &str, reason: &str, variant: &str, edit: fn(&mut Value)| {
        model(name, reason).bundle(&edited(edit)).malformed(variant)
    };
    let media_type = |name: &str, reason: &str, media_type: &str| {
        model(name, reason)
            .bundle(&edited(|b| b["mediaType"] = media_type.into()))
            .malformed("Bundle/MediaType")
    };
    let shape = "Bundle/Json/Shape";
    let chain = || json!({"certificates": [{"rawBytes": base64(&certificates::proper_leaf())}]});
    let material = |material: Value| edited(|b| b["verificationMaterial"] = material.clone());
    let own = signed()["verificationMaterial"]["publicKey"].clone();
    let leaf = json!({"rawBytes": base64(&certificates::proper_leaf())});
    vec![
        model("key-and-chain", "two signers at once")
            .bundle(&material(json!({"publicKey": own, "x509CertificateChain": chain()})))
            .malformed("Bundle/MixedMaterial"),
        model("key-and-certificate", "two signers at once")
            .bundle(&material(json!({"publicKey": own, "certificate": leaf, "tlogEntries": [{}]})))
            .malformed("Bundle/MixedMaterial"),
        model("chain-and-certificate", "two signers at once")
            .bundle(&material(json!({"x509CertificateChain": chain(), "certificate": leaf})))
            .malformed("Bundle/MixedMaterial"),
        model("no-material", "nothing says who signed")
            .bundle(&material(json!({})))
            .malformed("Bundle/NoMaterial"),
        model("null-material", "null is no signer")
            .bundle(&material(json!({"publicKey": null})))
            .malformed("Bundle/NoMaterial"),
        refused("message-signature-too", "a second content beside the envelope", shape, |b| {
            b["messageSignature"] = json!({"signature": "AA=="});
        }),
        refused("message-signature-only", "the content of an OMS bundle is an envelope", shape, |b| {
            if let Some(members) = b.as_object_mut() {
                members.remove("dsseEnvelope");
            }
            b["messageSignature"] = json!({"signature": "AA=="});
        }),
        refused("unknown-in-bundle", "a bundle has three members", shape, |b| b["extra"] = json!(1)),
        refused("unknown-in-material", "unknown material", shape, |b| {
            b["verificationMaterial"]["extra"] = json!(1)
        }),
        refused("unknown-in-envelope", "an envelope has three members", shape, |b| {
            b["dsseEnvelope"]["extra"] = json!(1);
        }),
        refused("unknown-in-signature", "a signature has two members", shape, |b| {
            b["dsseEnvelope"]["signatures"][0]["extra"] = json!(1);
        }),
        model("unknown-in-public-key", "other claims about the key are passed over: nothing depends on them")
            .bundle(&edited(|b| {
                b["verificationMaterial"]["publicKey"]["validFor"] = json!({"start": "2026"})
            }))
            .verified(),
        refused("no-envelope", "a bundle has an envelope", shape, |b| {
            drop(b.as_object_mut().map(|b| b.remove("dsseEnvelope")))
        }),
        refused("no-media-type", "a bundle has a media type", shape, |b| {
            drop(b.as_object_mut().map(|b| b.remove("mediaType")))
        }),
        refused("no-material-member", "a bundle has verification material", shape, |b| {
            drop(b.as_object_mut().map(|b| b.remove("verificationMaterial")))
        }),
        refused("array", "a bundle is an object", shape, |b| *b = json!([b.clone()])),
        refused("log-entries-null", "null is no list of log entries", shape, |b| {
            b["verificationMaterial"]["tlogEntries"] = Value::Null;
        }),
        model("log-entries-absent", "the key method needs no log entries")
            .bundle(&material(json!({"publicKey": own})))
            .verified(),
        model("timestamps-empty", "timestamps may stand beside any material, also none")
            .bundle(&edited(|b| b["verificationMaterial"]["timestampVerificationData"] = json!({})))
            .verified(),
        media_type(
            "media-type-v0.1",
            "another version of the bundle",
            "application/vnd.dev.sigstore.bundle.v0.1+json",
        ),
        media_type(
            "media-type-v0.2",
            "another version of the bundle",
            "application/vnd.dev.sigstore.bundle.v0.2+json",
        ),
        media_type(
            "media-type-v0.4",
            "a version of the bundle that does not exist yet",
            "application/vnd.dev.sigstore.bundle.v0.4+json",
        ),
        media_type(
            "media-type-with-parameter",
            "the older spelling of the version",
            "application/vnd.dev.sigstore.bundle+json;version=0.3",
        ),
        media_type(
            "media-type-upper-case",
            "the media type is compared exactly",
            "APPLICATION/vnd.dev.sigstore.bundle.v0.3+json",
        ),
        media_type("media-type-empty", "the media type is compared exactly", ""),
        model("chain-for-a-key", "the caller trusts a key, the bundle brings certificates")
            .bundle(&certificates::proper_bundle())
            .error("usage", "MethodMismatch"),
        model("key-for-certificates", "the caller trusts certificates, the bundle names a key")
            .trust(certificates::trust())
            .bundle(&signed())
            .error("usage", "MethodMismatch"),
        model("certificate-without-log", "a single certificate without a log entry is no keyless signature")
            .bundle(&material(json!({"certificate": leaf})))
            .malformed("Bundle/NoLogEntry"),
        model("keyless", "a keyless signature is recognised and not supported yet")
            .bundle(&certificates::keyless())
            .error("unsupported", "KeylessUnsupported"),
        model("keyless-for-certificates", "a keyless signature is recognised, whatever the caller trusts")
            .trust(certificates::trust())
            .bundle(&certificates::keyless())
            .error("unsupported", "KeylessUnsupported"),
    ]
}
