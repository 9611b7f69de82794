//! 9.10 and 2: one signature, by the caller's key, over the payload as it stands. Hint and keyid select nothing.

use modelsig::hash::HashAlgorithm;
use modelsig::{PAYLOAD_TYPE, Signer, pre_authentication_encoding};
use modelsig_tests::{base64, bundle, payload_of, resource, signature_over, statement, unbase64};
use p384::ecdsa::signature::hazmat::PrehashSigner;
use serde_json::{Value, json};

use crate::draft::{Case, Draft, corner};
use crate::keys;

fn payload() -> Vec<u8> {
    statement(vec![resource("a.bin", b"a")]).to_string().into_bytes()
}

/// The proper bundle of a key.
fn signed(key: &str) -> Value {
    bundle(&keys::private(key), &payload())
}

/// The same with other bytes as the signature.
fn resigned(key: &str, signature: &[u8]) -> Value {
    let mut bundle = signed(key);
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(signature).into();
    bundle
}

fn edited(key: &str, edit: impl Fn(&mut Value)) -> Value {
    let mut bundle = signed(key);
    edit(&mut bundle);
    bundle
}

fn model(name: &str, reason: &str) -> Draft {
    corner("9.10", name, reason).file("a.bin", "a")
}

/// Ed25519ph over the pre-authentication encoding, as the Go tool signs.
fn prehashed() -> Vec<u8> {
    use ed25519_dalek::pkcs8::DecodePrivateKey;
    use ed25519_dalek::{Digest, Sha512, SigningKey};
    let key = SigningKey::from_pkcs8_pem(&keys::pem("ed25519")).expect("a key of OpenSSL");
    let hash = Sha512::new().chain_update(pre_authentication_encoding(PAYLOAD_TYPE, &payload()));
    key.sign_prehashed(hash, None).expect("there is no context").to_bytes().to_vec()
}

/// P-384 over the SHA-256 of a message.
pub(crate) fn p384_with_sha256(key: &str, message: &[u8]) -> Vec<u8> {
    use p384::pkcs8::DecodePrivateKey;
    let key = p384::SecretKey::from_pkcs8_pem(&keys::pem(key)).expect("a key of OpenSSL");
    let hash = HashAlgorithm::Sha256.digest(message).expect("SHA-256 is built in");
    let signature: p384::ecdsa::Signature =
        p384::ecdsa::SigningKey::from(&key).sign_prehash(hash.as_bytes()).expect("a digest can be signed");
    signature.normalize_s().to_der().as_bytes().to_vec()
}

pub(crate) fn cases() -> Vec<Case> {
    let good = unbase64(signed("p256")["dsseEnvelope"]["signatures"][0]["sig"].as_str().expect("base64"));
    let parsed = p256::ecdsa::Signature::from_der(&good).expect("DER");
    let high = p256::ecdsa::Signature::from_scalars(parsed.r(), -*parsed.s()).expect("not zero");
    let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload());
    let bad = json!({"sig": base64(&[0x30, 6, 2, 1, 1, 2, 1, 1]), "keyid": ""});
    let entry = signed("p256")["dsseEnvelope"]["signatures"][0].clone();
    let signatures = |list: Value| edited("p256", |b| b["dsseEnvelope"]["signatures"] = list.clone());
    let hint = |hint: Value| edited("p256", |b| b["verificationMaterial"]["publicKey"] = hint.clone());
    let keyid = |keyid: &str| edited("p256", |b| b["dsseEnvelope"]["signatures"][0]["keyid"] = keyid.into());
    let own = keys::private("p256").public_key().clone();
    let strangers = keys::private("stranger");
    let signed_by = |key: &'static str| {
        model(&format!("by-{key}"), "a key of this kind, with the hash that goes with it")
            .keys(&[key])
            .bundle(&signed(key))
            .verified()
    };
    let denied = |name: &str, reason: &str, bundle: &Value| {
        model(name, reason).bundle(bundle).denied("bad-signature", "BadSignature")
    };
    let count = |name: &str, reason: &str, list: Value| {
        model(name, reason).bundle(&signatures(list)).malformed("Bundle/SignatureCount")
    };
    // The statement signed in one spelling and shipped in another that means the same.
    let spaced = serde_json::to_string_pretty(&statement(vec![resource("a.bin", b"a")])).unwrap_or_default();
    let length_off = {
        let payload = payload();
        let text = format!("DSSEv1 28 {PAYLOAD_TYPE} {} ", payload.len() + 1);
        [text.as_bytes(), &payload].concat()
    };
    let sign = |message: &[u8]| keys::private("p256").sign(message).expect("the key signs");
    vec![
        signed_by("p256"),
        signed_by("p384"),
        signed_by("p521"),
        signed_by("ed25519"),
        model("by-ed25519ph", "the prehashed dialect of Ed25519, which the Go tool writes")
            .keys(&["ed25519"])
            .bundle(&resigned("ed25519", &prehashed()))
            .notes(&["Ed25519ph"])
            .verified(),
        model("one-of-several-keys", "any one of the trusted keys may have signed")
            .keys(&["stranger", "p256"])
            .bundle(&signed("p256"))
            .verified(),
        count("good-then-bad", "exactly one signature: the second would not be checked", json!([entry, bad])),
        count("bad-then-good", "exactly one signature: the first would not be checked", json!([bad, entry])),
        count("twice-the-same", "exactly one signature, if twice the same", json!([entry, entry])),
        count("none", "exactly one signature", json!([])),
        model("hint-of-another-key", "a hint that is not of the trusted key is refused")
            .bundle(&hint(json!({"hint": strangers.public_key().hint().as_str()})))
            .denied("untrusted", "HintMismatch"),
        model("hint-in-upper-case", "a hint is in lower case")
            .bundle(&hint(json!({"hint": own.hint().as_str().to_uppercase()})))
            .denied("untrusted", "HintMismatch"),
        model("hint-cut", "a hint is whole")
            .bundle(&hint(json!({"hint": &own.hint().as_str()[..16]})))
            .denied("untrusted", "HintMismatch"),
        model("hint-empty", "an empty hint names no key")
            .bundle(&hint(json!({"hint": ""})))
            .notes(&["NoHint"])
            .verified(),
        model("hint-absent", "without a hint the caller's key decides")
            .bundle(&hint(json!({})))
            .notes(&["NoHint"])
            .verified(),
        model("hint-null", "null is no hint")
            .bundle(&hint(json!({"hint": null})))
            .notes(&["NoHint"])
            .verified(),
        model("raw-bytes-of-pem", "bundles before 1.1 carry the PEM text of the key, which selects nothing")
            .bundle(&hint(
                json!({"rawBytes": base64(own.to_pem().as_bytes()), "keyDetails": "PKIX_ECDSA_P256_SHA_256"}),
            ))
            .notes(&["NoHint"])
            .verified(),
        model("raw-bytes-of-another-key", "a key that the bundle brings along is not trusted")
            .bundle(&{
                let mut bundle = bundle(&strangers, &payload());
                let pem = strangers.public_key().to_pem();
                bundle["verificationMaterial"]["publicKey"] = json!({"rawBytes": base64(pem.as_bytes())});
                bundle
            })
            .denied("bad-signature", "BadSignature"),
        model("another-key", "another key made the signature and says so")
            .bundle(&signed("stranger"))
            .denied("untrusted", "HintMismatch"),
        model(
            "another-key-with-our-hint",
            "another key made the signature under the hint of the trusted one",
        )
        .bundle(&{
            let mut bundle = signed("stranger");
            bundle["verificationMaterial"]["publicKey"]["hint"] = own.hint().as_str().into();
            bundle
        })
        .denied("bad-signature", "BadSignature"),
        model("keyid-null", "keyid means nothing")
            .bundle(&edited("p256", |b| b["dsseEnvelope"]["signatures"][0]["keyid"] = Value::Null))
            .verified(),
        model("keyid-absent", "keyid may be absent")
            .bundle(&signatures(json!([{"sig": entry["sig"]}])))
            .verified(),
        model("keyid-any", "keyid may be anything").bundle(&keyid("any")).verified(),
        model("keyid-of-another-key", "keyid selects no trust")
            .bundle(&keyid(strangers.public_key().hint().as_str()))
            .verified(),
        denied(
            "raw-r-and-s",
            "a signature is DER, not the two numbers one after the other",
            &resigned("p256", &parsed.to_bytes()),
        ),
        denied(
            "trailing-byte",
            "nothing follows the DER of a signature",
            &resigned("p256", &[&good[..], &[0]].concat()),
        ),
        denied("cut", "a signature is whole", &resigned("p256", &good[..good.len() - 1])),
        denied("zero", "r and s are not zero", &resigned("p256", &[0x30, 6, 2, 1, 0, 2, 1, 0])),
        model("high-s", "a high s is accepted, as all Sigstore verifiers do")
            .bundle(&resigned("p256", high.to_der().as_bytes()))
            .verified(),
        model("p384-with-sha256", "the hash follows the curve: P-384 goes with SHA-384")
            .keys(&["p384"])
            .bundle(&resigned("p384", &p384_with_sha256("p384", &message)))
            .denied("bad-signature", "BadSignature"),
        denied(
            "over-the-payload-alone",
            "what is signed is the pre-authentication encoding",
            &resigned("p256", &sign(&payload())),
        ),
        denied(
            "length-off-by-one",
            "the encoding has the exact length of the payload",
            &resigned("p256", &sign(&length_off)),
        ),
        denied(
            "empty-type",
            "the encoding has the payload type",
            &resigned("p256", &signature_over(&keys::private("p256"), "", &payload())),
        ),
        denied(
            "payload-in-another-spelling",
            "the decoded bytes are signed as they are, not what they mean",
            &edited("p256", |b| b["dsseEnvelope"]["payload"] = base64(spaced.as_bytes()).into()),
        ),
        denied(
            "payload-changed",
            "one byte of the signed payload is another one",
            &edited("p256", |b| {
                let mut payload = payload_of(b);
                let at = payload.len() / 2;
                payload[at] ^= 1;
                b["dsseEnvelope"]["payload"] = base64(&payload).into();
            }),
        ),
    ]
}
