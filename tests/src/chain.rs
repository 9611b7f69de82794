//! Certificate chains made by rcgen: a root, an intermediate and a leaf, sound unless a test alters one of them.

use modelsig::{KeyType, PrivateKey, Signer};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm,
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
        Self::with_keys(KeyType::P256, KeyType::P256, alter)
    }

    /// The same with other kinds of keys for the issuers and for the leaf: not P-521, which rcgen does not know.
    pub fn with_keys(issuers: KeyType, leaf: KeyType, alter: impl Fn(Role, &mut CertificateParams)) -> Self {
        let (root_key, intermediate_key, leaf_key) = (Key::new(issuers), Key::new(issuers), Key::new(leaf));
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
        Self { root, intermediate, leaf, key: leaf_key.private }
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

/// The PEM text of a certificate.
pub fn pem(certificate: &Certificate) -> String {
    let base64 = craft::base64(certificate.der());
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// A key of ours that signs certificates by rcgen.
struct Key {
    private: PrivateKey,
    /// The contents of the bit string in its SubjectPublicKeyInfo.
    public: Vec<u8>,
}

impl Key {
    fn new(kind: KeyType) -> Self {
        let private = PrivateKey::generate(kind).expect("random numbers");
        let pem = private.public_key().to_pem();
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let info = craft::unbase64(&base64);
        let length = match kind {
            KeyType::Ed25519 => 32,
            KeyType::P256 => 65,
            KeyType::P384 => 97,
            other => panic!("rcgen has no {other}"),
        };
        Self { public: info[info.len() - length..].to_vec(), private }
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.private.public_key().key_type() {
            KeyType::Ed25519 => &rcgen::PKCS_ED25519,
            KeyType::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            _ => &rcgen::PKCS_ECDSA_P384_SHA384,
        }
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.private.sign(message).expect("the key signs"))
    }
}

fn sound(role: Role) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2120, 1, 1);
    params.serial_number = Some(SerialNumber::from(vec![role as u8 + 1]));
    params.key_identifier_method = KeyIdMethod::PreSpecified(vec![role as u8; 20]);
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
