//! Certificate chains made by rcgen: a root, an intermediate and a leaf, sound unless a test alters one of them.

use modelsig::PrivateKey;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SignatureAlgorithm,
};
use serde_json::{Value, json};

use crate::craft;

/// Which certificate of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The anchor of the verifier, unless a test has another one.
    Root,
    /// Embedded in the bundle.
    Intermediate,
    /// Embedded in the bundle; its key signs.
    Leaf,
}

/// A chain and the key of its leaf.
pub struct Chain {
    /// Self-signed.
    pub root: Certificate,
    /// Issued by the root.
    pub intermediate: Certificate,
    /// Issued by the intermediate.
    pub leaf: Certificate,
    /// The key of the leaf.
    pub key: PrivateKey,
}

/// The names that every sound leaf has.
pub const URI: &str = "https://example.com/release";
/// The second of them.
pub const EMAIL: &str = "release@example.com";
/// The third of them.
pub const DNS: &str = "release.example.com";
/// The subject of every sound leaf.
pub const SUBJECT: &str = "O=Example,CN=Release";

impl Chain {
    /// A chain without a defect, with P-256 keys.
    pub fn sound() -> Self {
        Self::altered(|_, _| {})
    }

    /// A chain with something altered before each certificate is signed.
    pub fn altered(alter: impl Fn(Role, &mut CertificateParams)) -> Self {
        Self::with_keys(&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256, alter)
    }

    /// The same with other kinds of keys for the issuers and for the leaf.
    pub fn with_keys(
        issuers: &'static SignatureAlgorithm,
        leaf: &'static SignatureAlgorithm,
        alter: impl Fn(Role, &mut CertificateParams),
    ) -> Self {
        let key = |kind| KeyPair::generate_for(kind).expect("random numbers");
        let (root_key, intermediate_key, leaf_key) = (key(issuers), key(issuers), key(leaf));
        let params = |role| {
            let mut params = sound(role);
            alter(role, &mut params);
            params
        };
        let root_params = params(Role::Root);
        let root = root_params.self_signed(&root_key).expect("a certificate");
        let root_issuer = Issuer::new(root_params, root_key);
        let intermediate_params = params(Role::Intermediate);
        let intermediate =
            intermediate_params.signed_by(&intermediate_key, &root_issuer).expect("a certificate");
        let intermediate_issuer = Issuer::new(intermediate_params, intermediate_key);
        let leaf = params(Role::Leaf).signed_by(&leaf_key, &intermediate_issuer).expect("a certificate");
        let key = PrivateKey::from_pem(&leaf_key.serialize_pem(), None).expect("a key of ours");
        Self { root, intermediate, leaf, key }
    }

    /// A bundle of the `certificate` method over a payload.
    pub fn bundle(&self, payload: &[u8]) -> Value {
        self.bundle_with(&[&self.leaf, &self.intermediate], payload)
    }

    /// The same with other certificates embedded.
    pub fn bundle_with(&self, embedded: &[&Certificate], payload: &[u8]) -> Value {
        let mut bundle = craft::bundle(&self.key, payload);
        let certificates: Vec<Value> =
            embedded.iter().map(|one| json!({"rawBytes": craft::base64(one.der())})).collect();
        bundle["verificationMaterial"] =
            json!({"x509CertificateChain": {"certificates": certificates}, "tlogEntries": []});
        bundle
    }
}

fn sound(role: Role) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2120, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    let common_name = match role {
        Role::Root => "Root",
        Role::Intermediate => "Intermediate",
        Role::Leaf => "Release",
    };
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.distinguished_name.push(DnType::OrganizationName, "Example");
    if role == Role::Leaf {
        let text = |text: &str| text.try_into().expect("ASCII");
        params.subject_alt_names =
            vec![SanType::URI(text(URI)), SanType::Rfc822Name(text(EMAIL)), SanType::DnsName(text(DNS))];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        params.use_authority_key_identifier_extension = true;
    } else {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    }
    params
}
