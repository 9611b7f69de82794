//! 9.6 and 13.6: who is the signer, by certificates that the caller's anchors vouch for.

use std::fs;
use std::path::Path;

use modelsig::{PAYLOAD_TYPE, pre_authentication_encoding};
use modelsig_tests::corner::CornerTrust;
use modelsig_tests::{base64, bundle, resource, statement};
use serde_json::{Value, json};

use crate::certificate::{
    ANY_USAGE, CODE_SIGNING, CRL_SIGN, Certificate, DIGITAL_SIGNATURE, IDENTITY, KEY_AGREEMENT,
    KEY_CERT_SIGN, SERVER_AUTH, pem,
};
use crate::draft::{Case, Draft, corner};
use crate::signatures::p384_with_sha256;
use crate::{der, keys};

/// 2026-01-01T00:00:00Z, when everything proper is valid.
const AT: u64 = 1_767_225_600;

/// Anchors by the names of their files.
fn anchors() -> Vec<(&'static str, Certificate)> {
    let root = Certificate::root();
    vec![
        ("root", root.clone()),
        ("issuer", Certificate::issuer()),
        ("expired-root", Certificate { not_after: "250101000000Z", ..root.clone() }),
        (
            "no-authority-root",
            Certificate { authority: Some(false), usage: &[DIGITAL_SIGNATURE], ..root.clone() },
        ),
        ("short-root", Certificate { path_length: Some(0), ..root.clone() }),
        ("other-root", Certificate { key: "stranger", signer: "stranger", ..root.clone() }),
        (
            "other-name-root",
            Certificate {
                subject: "Other Root",
                issuer: "Other Root",
                key: "stranger",
                signer: "stranger",
                ..root.clone()
            },
        ),
        ("leaf", Certificate::leaf()),
        (
            "constrained-root",
            Certificate {
                extension: Some((
                    "2.5.29.30",
                    true,
                    // Excluded: the host of the identity of the leaf.
                    der::sequence(&[&der::context(1, &der::sequence(&[&der::tagged(0x86, b"example.com")]))]),
                )),
                ..root
            },
        ),
    ]
}

pub(crate) fn write_anchors(folder: &Path) {
    for (name, certificate) in anchors() {
        let path = folder.join(format!("{name}.crt.pem"));
        fs::write(path, pem(&certificate.der())).expect("a certificate can be written");
    }
}

fn payload() -> Vec<u8> {
    statement(vec![resource("a.bin", b"a")]).to_string().into_bytes()
}

/// A bundle of the certificate method, signed with the key of the leaf.
fn signed(key: &str, chain: &[Vec<u8>]) -> Value {
    with_chain(bundle(&keys::private(key), &payload()), chain)
}

pub(crate) fn with_chain(mut bundle: Value, chain: &[Vec<u8>]) -> Value {
    let certificates: Vec<Value> = chain.iter().map(|der| json!({"rawBytes": base64(der)})).collect();
    bundle["verificationMaterial"] =
        json!({"x509CertificateChain": {"certificates": certificates}, "tlogEntries": []});
    bundle
}

pub(crate) fn proper_leaf() -> Vec<u8> {
    Certificate::leaf().der()
}

pub(crate) fn proper_chain() -> Vec<Vec<u8>> {
    vec![proper_leaf(), Certificate::issuer().der()]
}

pub(crate) fn proper_bundle() -> Value {
    signed("p256", &proper_chain())
}

/// The root of the corpus, and the identity of the proper leaf.
pub(crate) fn trust() -> CornerTrust {
    trusting("root", Some(IDENTITY))
}

fn trusting(anchor: &str, identity: Option<&str>) -> CornerTrust {
    CornerTrust::Certificates { anchors: vec![anchor.into()], identity: identity.map(Into::into), at: AT }
}

/// A bundle of the form that keyless signers write: one certificate, one log entry.
pub(crate) fn keyless() -> Value {
    let mut bundle = bundle(&keys::private("p256"), &payload());
    let leaf = Certificate { identity: Some("somebody@example.com"), ..Certificate::leaf() };
    bundle["verificationMaterial"] = json!({
        "certificate": {"rawBytes": base64(&leaf.der())},
        "tlogEntries": [{"logIndex": "1", "kindVersion": {"kind": "dsse", "version": "0.0.1"}}]
    });
    bundle
}

fn model(name: &str, reason: &str) -> Draft {
    corner("9.6", name, reason).file("a.bin", "a").trust(trust())
}

/// A chain whose leaf or issuer was edited.
fn chain(leaf: impl Fn(&mut Certificate), issuer: impl Fn(&mut Certificate)) -> Value {
    let (mut one, mut two) = (Certificate::leaf(), Certificate::issuer());
    leaf(&mut one);
    issuer(&mut two);
    signed("p256", &[one.der(), two.der()])
}

pub(crate) fn cases() -> Vec<Case> {
    let asis = |_: &mut Certificate| {};
    let denied = |name: &str, reason: &str, bundle: &Value, fault: &str| {
        model(name, reason).bundle(bundle).denied("untrusted", &format!("Certificate/{fault}"))
    };
    let leaf = |name: &str, reason: &str, edit: fn(&mut Certificate), fault: &str| {
        denied(name, reason, &chain(edit, asis), fault)
    };
    let issuer = |name: &str, reason: &str, edit: fn(&mut Certificate), fault: &str| {
        denied(name, reason, &chain(asis, edit), fault)
    };
    let by_anchor = |name: &str, reason: &str, anchor: &str| {
        model(name, reason).trust(trusting(anchor, Some(IDENTITY))).bundle(&proper_bundle())
    };
    let leaf_of = |key: &'static str| {
        signed(key, &[Certificate { key, ..Certificate::leaf() }.der(), Certificate::issuer().der()])
    };
    let p384_leaf = Certificate { key: "p384", ..Certificate::leaf() }.der();
    let p384_chain = [p384_leaf, Certificate::issuer().der()];
    let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload());
    let p384_sha256 = {
        let mut bundle = signed("p384", &p384_chain);
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(&p384_with_sha256("p384", &message)).into();
        bundle
    };
    let identified = |name: &str, reason: &str, identity: &'static str| {
        model(name, reason)
            .trust(trusting("root", Some(identity)))
            .bundle(&chain(move |leaf| leaf.identity = Some(identity), asis))
            .verified()
    };
    let raw = |chain: Value| {
        let mut bundle = proper_bundle();
        bundle["verificationMaterial"]["x509CertificateChain"] = chain;
        bundle
    };
    let unknown = |critical| {
        move |certificate: &mut Certificate| {
            certificate.extension = Some(("1.3.6.1.4.1.99999.1", critical, der::octets(b"?")));
        }
    };
    vec![
        model("proper", "a chain without a defect and the identity that was asked for")
            .bundle(&proper_bundle())
            .verified(),
        model(
            "no-identity-asked",
            "without an identity any certificate under the anchor may sign, and the report says so",
        )
        .trust(trusting("root", None))
        .bundle(&proper_bundle())
        .notes(&["AnyIdentity"])
        .verified(),
        identified("identity-email", "an address of electronic mail as the identity", "signer@example.com"),
        identified("identity-host", "a host as the identity", "signer.example.com"),
        model("identity-subject", "the subject as the identity")
            .trust(trusting("root", Some("subject:CN=Corner Signer")))
            .bundle(&proper_bundle())
            .verified(),
        model("identity-wrong", "the signer is not whom the caller asked for")
            .trust(trusting("root", Some("https://example.com/somebody-else")))
            .bundle(&proper_bundle())
            .denied("untrusted", "IdentityMismatch"),
        model("identity-prefix", "an identity is compared whole")
            .trust(trusting("root", Some("https://example.com/sign")))
            .bundle(&proper_bundle())
            .denied("untrusted", "IdentityMismatch"),
        leaf(
            "leaf-expired",
            "the leaf is no longer valid",
            |leaf| {
                leaf.not_before = "230101000000Z";
                leaf.not_after = "250101000000Z";
            },
            "Expired",
        ),
        model(
            "leaf-expired-with-timestamp",
            "a timestamp that nobody verified is no proof of an earlier signature",
        )
        .bundle(&{
            let mut bundle = chain(|leaf| leaf.not_after = "251231235959Z", asis);
            bundle["verificationMaterial"]["timestampVerificationData"] =
                json!({"rfc3161Timestamps": [{"signedTimestamp": base64(b"a token")}]});
            bundle
        })
        .denied("untrusted", "Certificate/Expired"),
        model("leaf-in-its-last-second", "a certificate is valid to the last second that it names")
            .bundle(&chain(|leaf| leaf.not_after = "260101000000Z", asis))
            .verified(),
        model("leaf-in-its-first-second", "a certificate is valid from the first second that it names")
            .bundle(&chain(|leaf| leaf.not_before = "260101000000Z", asis))
            .verified(),
        leaf(
            "leaf-not-yet-valid",
            "the leaf starts in 2035",
            |leaf| {
                leaf.not_before = "350101000000Z";
                leaf.not_after = "370101000000Z";
            },
            "NotYetValid",
        ),
        issuer(
            "issuer-expired",
            "the issuer is no longer valid",
            |issuer| issuer.not_after = "251231235959Z",
            "Expired",
        ),
        by_anchor("root-expired", "the anchor is no longer valid", "expired-root")
            .denied("untrusted", "Certificate/Expired"),
        leaf(
            "server-auth",
            "a certificate for TLS servers signs no models",
            |leaf| leaf.extended_usage = &[SERVER_AUTH],
            "WrongExtendedKeyUsage",
        ),
        leaf(
            "any-usage",
            "code signing must be named",
            |leaf| leaf.extended_usage = &[ANY_USAGE],
            "WrongExtendedKeyUsage",
        ),
        leaf(
            "no-extended-usage",
            "code signing must be named",
            |leaf| leaf.extended_usage = &[],
            "WrongExtendedKeyUsage",
        ),
        model("code-signing-among-others", "code signing may stand beside other usages")
            .bundle(&chain(|leaf| leaf.extended_usage = &[SERVER_AUTH, CODE_SIGNING], asis))
            .verified(),
        leaf(
            "key-agreement",
            "a key for key agreement signs nothing",
            |leaf| leaf.usage = &[KEY_AGREEMENT],
            "WrongKeyUsage",
        ),
        leaf("no-key-usage", "the key usage must be named", |leaf| leaf.usage = &[], "WrongKeyUsage"),
        leaf(
            "neither-usage",
            "neither usage of the leaf fits",
            |leaf| {
                leaf.usage = &[KEY_AGREEMENT];
                leaf.extended_usage = &[SERVER_AUTH];
            },
            "WrongExtendedKeyUsage",
        ),
        issuer(
            "issuer-no-authority",
            "the issuer is no authority",
            |issuer| {
                issuer.authority = Some(false);
                issuer.usage = &[DIGITAL_SIGNATURE];
            },
            "NotACa",
        ),
        issuer(
            "issuer-no-constraints",
            "the issuer does not say that it is an authority",
            |issuer| {
                issuer.authority = None;
                issuer.usage = &[DIGITAL_SIGNATURE];
            },
            "NotACa",
        ),
        model(
            "issuer-contradicts-itself",
            "no authority has a key that signs certificates (RFC 5280, 4.2.1.3)",
        )
        .bundle(&chain(asis, |issuer| issuer.authority = Some(false)))
        .malformed("Certificate/Malformed"),
        issuer(
            "issuer-without-cert-sign",
            "the key of the issuer signs no certificates",
            |issuer| issuer.usage = &[DIGITAL_SIGNATURE, CRL_SIGN],
            "NoCertSign",
        ),
        denied(
            "intermediate-missing",
            "nothing leads from the leaf to the anchor",
            &signed("p256", &[proper_leaf()]),
            "NoIssuer",
        ),
        by_anchor("root-unknown", "the chain ends at another anchor of the same name", "other-root")
            .denied("untrusted", "Certificate/BadSignature"),
        by_anchor(
            "root-of-another-name",
            "the chain ends below an anchor that the caller did not give",
            "other-name-root",
        )
        .denied("untrusted", "Certificate/NotAnchored"),
        denied(
            "self-signed",
            "a leaf that vouches for itself leads to no anchor",
            &signed(
                "p256",
                &[Certificate { issuer: "Corner Signer", signer: "p256", ..Certificate::leaf() }.der()],
            ),
            "NoIssuer",
        ),
        issuer(
            "issuer-by-name-only",
            "an issuer of the right name did not sign the leaf",
            |issuer| issuer.key = "stranger",
            "BadSignature",
        ),
        by_anchor("path-too-long", "the anchor allows no intermediate", "short-root")
            .denied("untrusted", "Certificate/PathTooLong"),
        by_anchor(
            "name-constraint",
            "the anchor excludes the host of the leaf's identity",
            "constrained-root",
        )
        .denied("untrusted", "Certificate/NameConstraint"),
        by_anchor("anchor-no-authority", "the anchor is no authority", "no-authority-root")
            .denied("untrusted", "Certificate/NotACa"),
        by_anchor("intermediate-as-anchor", "any authority that the caller names is an anchor", "issuer")
            .verified(),
        model("intermediate-as-anchor-alone", "the anchor itself need not stand in the bundle")
            .trust(trusting("issuer", Some(IDENTITY)))
            .bundle(&signed("p256", &[proper_leaf()]))
            .verified(),
        model("leaf-as-anchor", "an anchor says who may issue, not who may sign")
            .trust(trusting("leaf", Some(IDENTITY)))
            .bundle(&signed("p256", &[proper_leaf()]))
            .denied("untrusted", "Certificate/LeafIsAnchor"),
        model("root-in-the-bundle", "an anchor may stand in the bundle; that does not make it one")
            .bundle(&signed("p256", &[proper_leaf(), Certificate::issuer().der(), Certificate::root().der()]))
            .verified(),
        model("own-root-in-the-bundle", "a root that the bundle brings along is not trusted")
            .trust(trusting("other-root", Some(IDENTITY)))
            .bundle(&signed("p256", &[proper_leaf(), Certificate::issuer().der(), Certificate::root().der()]))
            .denied("untrusted", "Certificate/BadSignature"),
        model(
            "leaf-is-authority",
            "a leaf that is an authority too may sign, as the usual OpenSSL set-up makes it",
        )
        .bundle(&chain(
            |leaf| {
                leaf.authority = Some(true);
                leaf.usage = &[DIGITAL_SIGNATURE, KEY_CERT_SIGN];
            },
            asis,
        ))
        .verified(),
        leaf(
            "leaf-is-only-authority",
            "an authority that may not sign data signs no models",
            |leaf| {
                leaf.authority = Some(true);
                leaf.usage = &[KEY_CERT_SIGN];
            },
            "WrongKeyUsage",
        ),
        model("leaf-named-like-its-issuer", "a leaf with its issuer's name is not self-signed by that")
            .bundle(&chain(|leaf| leaf.subject = "Corner Issuer", asis))
            .verified(),
        denied(
            "unknown-critical-extension",
            "what is critical must be understood",
            &chain(unknown(true), asis),
            "UnknownCriticalExtension",
        ),
        denied(
            "unknown-critical-in-issuer",
            "what is critical must be understood, in issuers too",
            &chain(asis, unknown(true)),
            "UnknownCriticalExtension",
        ),
        model("unknown-extension", "what is not critical may be unknown")
            .bundle(&chain(unknown(false), asis))
            .verified(),
        model("order-reversed", "the leaf comes first")
            .bundle(&signed("p256", &[Certificate::issuer().der(), proper_leaf()]))
            .denied("untrusted", "Certificate/WrongExtendedKeyUsage"),
        model("stranger-among-issuers", "certificates that lead nowhere are passed over")
            .bundle(&signed(
                "p256",
                &[
                    proper_leaf(),
                    Certificate { subject: "Somebody", key: "stranger", ..Certificate::issuer() }.der(),
                    Certificate::issuer().der(),
                ],
            ))
            .verified(),
        model("signed-by-another-key", "the certificate is proper, but its key did not sign")
            .bundle(&signed("stranger", &proper_chain()))
            .denied("bad-signature", "BadSignature"),
        model("p384-leaf", "a P-384 leaf signs with SHA-384").bundle(&signed("p384", &p384_chain)).verified(),
        model("p521-leaf", "a P-521 leaf signs with SHA-512").bundle(&leaf_of("p521")).verified(),
        model("ed25519-leaf", "an Ed25519 leaf, which OMS does not list and this reader knows")
            .bundle(&leaf_of("ed25519"))
            .verified(),
        model("p384-leaf-with-sha256", "SHA-256 under P-384 was a fault of 0.2.0 alone")
            .bundle(&p384_sha256)
            .denied("bad-signature", "BadSignature"),
        model("secp256k1-leaf", "the curve of the leaf's key is not in the registry")
            .bundle(&secp256k1(&message))
            .error("unsupported", "Unsupported"),
        model("no-certificate", "a chain has at least a leaf")
            .bundle(&raw(json!({"certificates": []})))
            .malformed("Bundle/NoCertificate"),
        model("certificate-not-base64", "a certificate is in base64")
            .bundle(&raw(json!({"certificates": [{"rawBytes": "A A="}]})))
            .malformed("Bundle/Base64"),
        model("certificate-not-der", "a certificate is DER")
            .bundle(&raw(json!({"certificates": [{"rawBytes": base64(b"leaf")}]})))
            .malformed("Certificate/Malformed"),
        model("certificate-with-trailing-data", "nothing follows the DER of a certificate")
            .bundle(&signed("p256", &[[proper_leaf(), vec![0]].concat(), Certificate::issuer().der()]))
            .malformed("Certificate/Malformed"),
        model("singular-certificate", "the Go tool writes one certificate alone where it was given no chain")
            .trust(trusting("issuer", Some(IDENTITY)))
            .bundle(&{
                let mut bundle = proper_bundle();
                bundle["verificationMaterial"] = json!({"certificate": {"rawBytes": base64(&proper_leaf())}});
                bundle
            })
            .verified(),
    ]
}

/// A proper chain whose leaf key is on a curve that OMS does not have, and its signature.
fn secp256k1(message: &[u8]) -> Value {
    use k256::ecdsa::signature::Signer;
    use k256::pkcs8::DecodePrivateKey;
    let key = k256::SecretKey::from_pkcs8_pem(&keys::pem("secp256k1")).expect("a key of OpenSSL");
    let signature: k256::ecdsa::Signature = k256::ecdsa::SigningKey::from(&key).sign(message);
    let leaf = Certificate { key: "secp256k1", ..Certificate::leaf() };
    let mut bundle = signed("p256", &[leaf.der(), Certificate::issuer().der()]);
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(signature.to_der().as_bytes()).into();
    bundle
}
