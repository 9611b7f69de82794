//! Chains made here, with one defect each: refused with the fault of that defect, and accepted without it.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, NameConstraints, PublicKeyData, SanType,
    SerialNumber, SignatureAlgorithm, date_time_ymd,
};

use super::{Certificate, CertificateFault, Purpose, SubjectName, verify_path};
use crate::limits::MOST_CERTIFICATES;

/// 2030-01-01, within the validity of everything that is not about it.
const AT: u64 = 1_893_456_000;

/// A P-256 key that is the same in every run.
#[derive(Clone)]
struct Key(SigningKey, Vec<u8>);

impl Key {
    fn new(number: u8) -> Self {
        let key = SigningKey::from_slice(&[number; 32]).unwrap();
        let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        Self(key, point)
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.1
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: Signature = self.0.sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

/// What a certificate is made of.
#[derive(Clone)]
struct Plan {
    params: CertificateParams,
    key: Key,
}

impl Plan {
    fn new(name: &str, number: u8) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = Some(SerialNumber::from(vec![number]));
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2040, 1, 1);
        params.key_identifier_method = KeyIdMethod::PreSpecified(vec![number; 20]);
        params.use_authority_key_identifier_extension = true;
        Self { params, key: Key::new(number) }
    }

    fn authority(name: &str, number: u8) -> Self {
        let mut plan = Self::new(name, number);
        plan.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        plan.params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        plan
    }

    fn leaf(name: &str, number: u8) -> Self {
        let mut plan = Self::new(name, number);
        plan.params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        plan.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        plan.params.subject_alt_names = vec![
            SanType::URI("https://models.example.com/signer".try_into().unwrap()),
            SanType::Rfc822Name("signer@example.com".try_into().unwrap()),
            SanType::DnsName("signer.example.com".try_into().unwrap()),
        ];
        plan
    }

    fn issued_by(&self, issuer: &Plan) -> Vec<u8> {
        let issuer = Issuer::from_params(&issuer.params, &issuer.key);
        self.params.signed_by(&self.key, &issuer).unwrap().der().to_vec()
    }
}

/// The certificates from the anchor to the leaf, each issued by the one before, and what the verifier is given.
struct Scene {
    root: Plan,
    authority: Plan,
    leaf: Plan,
    /// The authority is in the bundle.
    complete: bool,
    /// The bundle and the anchors, after the certificates were made.
    spoil: fn(&mut Given),
    at: u64,
}

#[derive(Clone)]
struct Given {
    leaf: Vec<u8>,
    intermediates: Vec<Vec<u8>>,
    anchors: Vec<Vec<u8>>,
}

impl Scene {
    fn good() -> Self {
        Self {
            root: Plan::authority("root", 1),
            authority: Plan::authority("authority", 2),
            leaf: Plan::leaf("signer", 3),
            complete: true,
            spoil: |_| (),
            at: AT,
        }
    }

    /// The subjects of the path that was found, leaf first.
    fn verify(&self) -> Result<Vec<String>, CertificateFault> {
        let authority = self.authority.issued_by(&self.root);
        let mut given = Given {
            leaf: self.leaf.issued_by(&self.authority),
            intermediates: if self.complete { vec![authority] } else { Vec::new() },
            anchors: vec![self.root.issued_by(&self.root)],
        };
        (self.spoil)(&mut given);
        given.verify(self.at)
    }
}

impl Given {
    fn verify(&self, at: u64) -> Result<Vec<String>, CertificateFault> {
        let parse =
            |all: &[Vec<u8>]| all.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>();
        let leaf = Certificate::parse(&self.leaf)?;
        let (intermediates, anchors) = (parse(&self.intermediates)?, parse(&self.anchors)?);
        let path = verify_path(&leaf, &intermediates, &anchors, at, Purpose::CodeSigning)?;
        assert!(anchors.contains(path.issuers().last().unwrap()));
        Ok([&leaf].iter().chain(path.issuers()).map(|certificate| certificate.subject()).collect())
    }
}

/// The good scene holds; the same with one defect gives the fault.
#[track_caller]
fn refused(defect: impl FnOnce(&mut Scene), is_expected: impl FnOnce(&CertificateFault) -> bool) {
    let mut scene = Scene::good();
    assert_eq!(scene.verify().unwrap(), ["CN=signer", "CN=authority", "CN=root"]);
    defect(&mut scene);
    match scene.verify() {
        Ok(path) => panic!("accepted with its defect: {path:?}"),
        Err(fault) => assert!(is_expected(&fault), "another fault: {fault:?}"),
    }
}

/// The good scene holds, and so it does with this change.
#[track_caller]
fn accepted(change: impl FnOnce(&mut Scene)) {
    let mut scene = Scene::good();
    change(&mut scene);
    assert_eq!(scene.verify().unwrap().last().map(String::as_str), Some("CN=root"));
}

macro_rules! is {
    ($pattern:pat $(if $condition:expr)?) => {
        |fault: &CertificateFault| matches!(fault, $pattern $(if $condition)?)
    };
}

fn custom(oid: &[u64], critical: bool, content: &[u8]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, content.to_vec());
    extension.set_criticality(critical);
    extension
}

// -- validity --

#[test]
fn an_expired_leaf_is_refused() {
    refused(
        |scene| scene.leaf.params.not_after = date_time_ymd(2029, 12, 31),
        is!(CertificateFault::Expired { subject, not_after: 1_893_369_600, at: AT } if subject == "CN=signer"),
    );
}

#[test]
fn a_leaf_that_is_not_yet_valid_is_refused() {
    refused(
        |scene| scene.leaf.params.not_before = date_time_ymd(2030, 1, 2),
        is!(CertificateFault::NotYetValid { subject, at: AT, .. } if subject == "CN=signer"),
    );
}

#[test]
fn an_expired_authority_is_refused_as_expired() {
    refused(
        |scene| scene.authority.params.not_after = date_time_ymd(2029, 12, 31),
        is!(CertificateFault::Expired { subject, .. } if subject == "CN=authority"),
    );
}

#[test]
fn an_expired_anchor_is_refused_as_expired() {
    refused(
        |scene| scene.root.params.not_after = date_time_ymd(2029, 12, 31),
        is!(CertificateFault::Expired { subject, .. } if subject == "CN=root"),
    );
}

#[test]
fn the_first_and_the_last_second_of_a_validity_are_valid() {
    let (first, last) = (1_577_836_800, 2_208_988_800);
    accepted(|scene| scene.at = first);
    accepted(|scene| scene.at = last);
    refused(|scene| scene.at = first - 1, is!(CertificateFault::NotYetValid { .. }));
    refused(|scene| scene.at = last + 1, is!(CertificateFault::Expired { .. }));
    // A second that is both.
    let only = date_time_ymd(2030, 1, 1);
    accepted(|scene| (scene.leaf.params.not_before, scene.leaf.params.not_after) = (only, only));
}

// -- usage --

#[test]
fn a_leaf_for_servers_alone_is_refused() {
    refused(
        |scene| scene.leaf.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
        is!(CertificateFault::WrongExtendedKeyUsage { expected: "codeSigning", found, .. } if found == &["serverAuth"]),
    );
}

#[test]
fn a_leaf_for_any_purpose_or_none_is_refused() {
    refused(
        |scene| scene.leaf.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any],
        is!(CertificateFault::WrongExtendedKeyUsage { .. }),
    );
    refused(
        |scene| scene.leaf.params.extended_key_usages.clear(),
        is!(CertificateFault::WrongExtendedKeyUsage { found, .. } if found.is_empty()),
    );
}

#[test]
fn the_purposes_of_a_leaf_are_told_by_their_names() {
    let all = [
        ("anyExtendedKeyUsage", ExtendedKeyUsagePurpose::Any),
        ("serverAuth", ExtendedKeyUsagePurpose::ServerAuth),
        ("clientAuth", ExtendedKeyUsagePurpose::ClientAuth),
        ("emailProtection", ExtendedKeyUsagePurpose::EmailProtection),
        ("timeStamping", ExtendedKeyUsagePurpose::TimeStamping),
        ("OCSPSigning", ExtendedKeyUsagePurpose::OcspSigning),
        ("1.2.3.4", ExtendedKeyUsagePurpose::Other(vec![1, 2, 3, 4])),
    ];
    let (names, purposes): (Vec<&str>, Vec<_>) = all.into_iter().unzip();
    refused(
        |scene| scene.leaf.params.extended_key_usages = purposes,
        is!(fault @ CertificateFault::WrongExtendedKeyUsage { found, .. }
            if *found == names && fault.to_string().contains(&names.join(", "))),
    );
}

#[test]
fn a_leaf_without_digital_signature_is_refused() {
    refused(
        |scene| scene.leaf.params.key_usages.clear(),
        is!(CertificateFault::WrongKeyUsage { found, .. } if found == "none"),
    );
    refused(
        |scene| scene.leaf.params.key_usages = vec![KeyUsagePurpose::KeyAgreement],
        is!(CertificateFault::WrongKeyUsage { found, .. } if found == "keyAgreement"),
    );
}

#[test]
fn a_leaf_that_is_an_authority_needs_digital_signature_like_any_other() {
    accepted(|scene| scene.leaf.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    refused(
        |scene| {
            scene.leaf.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            scene.leaf.params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        },
        is!(CertificateFault::WrongKeyUsage { found, .. } if found == "keyCertSign"),
    );
}

#[test]
fn an_authority_for_other_purposes_is_refused() {
    refused(
        |scene| scene.authority.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
        is!(CertificateFault::WrongExtendedKeyUsage { subject, .. } if subject == "CN=authority"),
    );
    for purpose in [ExtendedKeyUsagePurpose::CodeSigning, ExtendedKeyUsagePurpose::Any] {
        accepted(|scene| scene.authority.params.extended_key_usages = vec![purpose]);
    }
}

#[test]
fn an_unknown_critical_extension_is_refused_wherever_it_is() {
    for name in ["CN=signer", "CN=authority", "CN=root"] {
        refused(
            |scene| {
                let plan = match name {
                    "CN=signer" => &mut scene.leaf,
                    "CN=authority" => &mut scene.authority,
                    _ => &mut scene.root,
                };
                plan.params.custom_extensions = vec![custom(&[1, 2, 3, 4], true, &[5, 0])];
            },
            is!(CertificateFault::UnknownCriticalExtension { subject, oid } if subject == name && oid == "1.2.3.4"),
        );
    }
    accepted(|scene| scene.leaf.params.custom_extensions = vec![custom(&[1, 2, 3, 4], false, &[5, 0])]);
}

#[test]
fn critical_policy_constraints_are_refused() {
    refused(
        |scene| {
            scene.authority.params.custom_extensions =
                vec![custom(&[2, 5, 29, 36], true, &[0x30, 3, 0x80, 1, 0])]
        },
        is!(CertificateFault::UnknownCriticalExtension { oid, .. } if oid == "2.5.29.36"),
    );
}

#[test]
fn a_critical_key_identifier_is_refused_as_it_decides_nothing() {
    for (oid, content) in [(14, &[4, 1, 1][..]), (35, &[0x30, 3, 0x80, 1, 1])] {
        refused(
            |scene| {
                scene.leaf.params.use_authority_key_identifier_extension = false;
                scene.leaf.params.custom_extensions = vec![custom(&[2, 5, 29, oid], true, content)];
            },
            is!(CertificateFault::UnknownCriticalExtension { oid: found, .. } if *found == format!("2.5.29.{oid}")),
        );
    }
}

#[test]
fn an_extension_that_is_there_twice_is_refused() {
    refused(
        |scene| scene.leaf.params.custom_extensions = vec![custom(&[1, 2, 3], false, &[5, 0]); 2],
        is!(CertificateFault::DuplicateExtension { oid } if oid == "1.2.3"),
    );
}

// -- issuers --

#[test]
fn an_issuer_that_is_no_authority_is_refused() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        refused(
            |scene| {
                scene.authority.params.is_ca = is_ca;
                scene.authority.params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            },
            is!(CertificateFault::NotACa { subject } if subject == "CN=authority"),
        );
    }
}

#[test]
fn an_issuer_that_may_not_sign_certificates_is_refused() {
    refused(
        |scene| scene.authority.params.key_usages = vec![KeyUsagePurpose::CrlSign],
        is!(CertificateFault::NoCertSign { subject, found } if subject == "CN=authority" && found == "cRLSign"),
    );
    refused(
        |scene| scene.root.params.key_usages.clear(),
        is!(CertificateFault::NoCertSign { subject, found } if subject == "CN=root" && found == "none"),
    );
}

#[test]
fn a_wrong_anchor_is_refused() {
    refused(
        |scene| {
            scene.spoil = |given| {
                let other = Plan::authority("other root", 9);
                given.anchors = vec![other.issued_by(&other)];
            };
        },
        is!(CertificateFault::NotAnchored { subject, issuer } if subject == "CN=authority" && issuer == "CN=root"),
    );
}

#[test]
fn a_wrong_anchor_of_the_right_name_is_refused() {
    refused(
        |scene| {
            scene.spoil = |given| {
                let other = Plan::authority("root", 9);
                given.anchors = vec![other.issued_by(&other)];
            };
        },
        is!(CertificateFault::BadSignature { subject, issuer } if subject == "CN=authority" && issuer == "CN=root"),
    );
}

#[test]
fn no_anchor_at_all_is_refused() {
    refused(|scene| scene.spoil = |given| given.anchors.clear(), is!(CertificateFault::NotAnchored { .. }));
}

#[test]
fn a_root_in_the_bundle_is_no_anchor() {
    refused(
        |scene| scene.spoil = |given| given.intermediates.append(&mut given.anchors),
        is!(CertificateFault::NotAnchored { subject, issuer } if subject == "CN=root" && issuer == "CN=root"),
    );
}

#[test]
fn a_missing_intermediate_is_refused() {
    refused(
        |scene| scene.complete = false,
        is!(CertificateFault::NoIssuer { subject, issuer } if subject == "CN=signer" && issuer == "CN=authority"),
    );
}

#[test]
fn an_authority_may_be_the_anchor_and_its_root_unknown() {
    let mut scene = Scene::good();
    scene.spoil = |given| given.anchors = given.intermediates.clone();
    assert_eq!(scene.verify().unwrap(), ["CN=signer", "CN=authority"]);
}

#[test]
fn a_leaf_as_its_own_anchor_is_refused() {
    refused(
        |scene| {
            scene.complete = false;
            scene.spoil = |given| given.anchors = vec![given.leaf.clone()];
        },
        is!(CertificateFault::LeafIsAnchor { subject } if subject == "CN=signer"),
    );
    let mut own = Plan::leaf("alone", 5);
    own.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    own.params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    let der = own.issued_by(&own);
    let given = Given { leaf: der.clone(), intermediates: vec![der.clone()], anchors: vec![der] };
    assert!(matches!(given.verify(AT), Err(CertificateFault::LeafIsAnchor { .. })));
}

#[test]
fn a_changed_signature_is_refused() {
    refused(
        |scene| {
            scene.spoil = |given| {
                // Another leaf's signature: well-formed, and over something else.
                let other = Plan::leaf("other", 4).issued_by(&Plan::authority("authority", 8));
                let own = Plan::leaf("other", 4).issued_by(&Plan::authority("authority", 2));
                assert!(Given { leaf: own, ..given.clone() }.verify(AT).is_ok());
                given.leaf = other;
            };
        },
        is!(CertificateFault::BadSignature { subject, issuer } if subject == "CN=other" && issuer == "CN=authority"),
    );
}

// -- length --

#[test]
fn a_path_that_is_longer_than_an_authority_allows_is_refused() {
    refused(
        |scene| scene.root.params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
        is!(CertificateFault::PathTooLong { subject, limit: 0, found: 1 } if subject == "CN=root"),
    );
    accepted(|scene| scene.root.params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1)));
    accepted(|scene| scene.authority.params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
}

#[test]
fn an_authority_that_renewed_its_key_does_not_count_for_the_length() {
    let mut root = Plan::authority("root", 1);
    root.params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let renewed = Plan::authority("root", 2);
    let given = |authority: &Plan| Given {
        leaf: Plan::leaf("signer", 3).issued_by(authority),
        intermediates: vec![authority.issued_by(&root)],
        anchors: vec![root.issued_by(&root)],
    };
    assert_eq!(given(&renewed).verify(AT).unwrap().len(), 3);
    let fault = given(&Plan::authority("another", 2)).verify(AT);
    assert!(matches!(fault, Err(CertificateFault::PathTooLong { .. })), "{fault:?}");
}

/// Authorities `1..=count`, each issued by the one before; the first is the anchor.
fn line(count: u8) -> Given {
    let plans: Vec<Plan> = (1..=count).map(|at| Plan::authority(&format!("authority {at}"), at)).collect();
    Given {
        leaf: Plan::leaf("signer", 100).issued_by(plans.last().unwrap()),
        intermediates: plans.windows(2).map(|pair| pair[1].issued_by(&pair[0])).collect(),
        anchors: vec![plans[0].issued_by(&plans[0])],
    }
}

#[test]
fn a_path_of_eight_certificates_is_the_longest() {
    assert_eq!(line(7).verify(AT).unwrap().len(), 8);
    let fault = line(8).verify(AT);
    assert!(matches!(fault, Err(CertificateFault::WorkBudget { limit: 8, .. })), "{fault:?}");
}

#[test]
fn more_certificates_than_a_bundle_may_have_are_refused() {
    let mut given = line(3);
    let one = given.intermediates[0].clone();
    given.intermediates.resize(MOST_CERTIFICATES - 1, one.clone());
    assert!(given.verify(AT).is_ok());
    given.intermediates.push(one);
    let fault = given.verify(AT);
    assert!(matches!(fault, Err(CertificateFault::TooMany { found: 17, limit: 16 })), "{fault:?}");
}

#[test]
fn a_maze_of_authorities_with_one_name_ends_with_the_budget() {
    let plans: Vec<Plan> = (1..=16)
        .map(|at| {
            let mut plan = Plan::authority("maze", at);
            plan.params.use_authority_key_identifier_extension = false;
            plan
        })
        .collect();
    let mut leaf = Plan::leaf("signer", 100);
    leaf.params.use_authority_key_identifier_extension = false;
    let anchors: Vec<_> = (0..100_u8)
        .map(|at| Plan::authority("maze", 101 + at % 100).issued_by(&Plan::authority("maze", 101)))
        .collect();
    let given = Given {
        leaf: leaf.issued_by(&plans[15]),
        intermediates: plans.windows(2).map(|pair| pair[1].issued_by(&pair[0])).collect(),
        anchors,
    };
    let fault = given.verify(AT);
    assert!(matches!(fault, Err(CertificateFault::WorkBudget { limit: 100, .. })), "{fault:?}");
}

// -- several ways --

#[test]
fn an_expired_certificate_of_an_authority_does_not_hide_the_renewed_one() {
    let scene = Scene::good();
    let mut expired = scene.authority.clone();
    expired.params.not_after = date_time_ymd(2025, 1, 1);
    let (old, new) = (expired.issued_by(&scene.root), scene.authority.issued_by(&scene.root));
    for intermediates in [vec![old.clone(), new.clone()], vec![new, old]] {
        let given = Given {
            leaf: scene.leaf.issued_by(&scene.authority),
            intermediates,
            anchors: vec![scene.root.issued_by(&scene.root)],
        };
        assert_eq!(given.verify(AT).unwrap().len(), 3);
    }
}

#[test]
fn a_key_identifier_that_does_not_fit_only_comes_last() {
    let mut scene = Scene::good();
    let leaf = scene.leaf.issued_by(&scene.authority);
    scene.authority.params.key_identifier_method = KeyIdMethod::PreSpecified(vec![77; 20]);
    let given = Given {
        leaf,
        intermediates: vec![scene.authority.issued_by(&scene.root)],
        anchors: vec![scene.root.issued_by(&scene.root)],
    };
    assert_eq!(given.verify(AT).unwrap().len(), 3);
}

#[test]
fn a_fitting_key_identifier_finds_one_among_many_anchors_of_one_name() {
    let scene = Scene::good();
    let mut anchors: Vec<Vec<u8>> =
        (100..=220).map(|at| Plan::authority("root", at)).map(|other| other.issued_by(&other)).collect();
    anchors.push(scene.root.issued_by(&scene.root));
    let given = Given {
        leaf: scene.leaf.issued_by(&scene.authority),
        intermediates: vec![scene.authority.issued_by(&scene.root)],
        anchors,
    };
    assert_eq!(given.verify(AT).unwrap().len(), 3);
}

#[test]
fn the_most_telling_fault_is_told_in_whatever_order_the_certificates_come() {
    let scene = Scene::good();
    let mut expired = scene.authority.clone();
    expired.params.not_after = date_time_ymd(2025, 1, 1);
    let expired = expired.issued_by(&scene.root);
    let impostor = Plan::authority("authority", 9);
    let impostor = impostor.issued_by(&impostor);
    for intermediates in [vec![expired.clone(), impostor.clone()], vec![impostor, expired]] {
        let anchors = vec![scene.root.issued_by(&scene.root)];
        let given = Given { leaf: scene.leaf.issued_by(&scene.authority), intermediates, anchors };
        let fault = given.verify(AT);
        assert!(matches!(fault, Err(CertificateFault::Expired { .. })), "{fault:?}");
    }
}

#[test]
fn of_faults_that_tell_as_much_the_first_is_told() {
    let scene = Scene::good();
    let expired = |year| {
        let mut authority = scene.authority.clone();
        authority.params.not_after = date_time_ymd(year, 1, 1);
        authority.issued_by(&scene.root)
    };
    let told = |intermediates| {
        let anchors = vec![scene.root.issued_by(&scene.root)];
        let given = Given { leaf: scene.leaf.issued_by(&scene.authority), intermediates, anchors };
        match given.verify(AT) {
            Err(CertificateFault::Expired { not_after, .. }) => not_after,
            other => panic!("{other:?}"),
        }
    };
    let (early, late) = (1_704_067_200, 1_735_689_600);
    assert_eq!(told(vec![expired(2024), expired(2025)]), early);
    assert_eq!(told(vec![expired(2025), expired(2024)]), late);
}

#[test]
fn two_authorities_may_have_one_key_under_different_names() {
    let mut scene = Scene::good();
    scene.authority = Plan::authority("authority", 1);
    assert_eq!(scene.verify().unwrap().len(), 3);
}

#[test]
fn two_authorities_that_certify_each_other_do_not_turn_in_circles() {
    let (one, two) = (Plan::authority("one", 1), Plan::authority("two", 2));
    let given = Given {
        leaf: Plan::leaf("signer", 3).issued_by(&one),
        intermediates: vec![one.issued_by(&two), two.issued_by(&one)],
        anchors: Vec::new(),
    };
    assert!(matches!(given.verify(AT), Err(CertificateFault::NotAnchored { .. })));
}

// -- names --

fn permitted(subtrees: Vec<GeneralSubtree>) -> Option<NameConstraints> {
    Some(NameConstraints { permitted_subtrees: subtrees, excluded_subtrees: Vec::new() })
}

fn excluded(subtrees: Vec<GeneralSubtree>) -> Option<NameConstraints> {
    Some(NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees: subtrees })
}

#[test]
fn a_name_outside_the_permitted_names_is_refused() {
    let dns = |name: &str| permitted(vec![GeneralSubtree::DnsName(name.into())]);
    refused(
        |scene| scene.root.params.name_constraints = dns("example.org"),
        is!(CertificateFault::NameConstraint { subject, name, issuer }
            if subject == "CN=signer" && name == "DNS:signer.example.com" && issuer == "CN=root"),
    );
    accepted(|scene| scene.root.params.name_constraints = dns("example.com"));
    for names in [["example.com", "example.org"], ["example.org", "example.com"]] {
        let subtrees = names.map(|name| GeneralSubtree::DnsName(name.into())).to_vec();
        accepted(|scene| scene.root.params.name_constraints = permitted(subtrees));
    }
    let ten = || permitted(vec![GeneralSubtree::IpAddress(CidrSubnet::V4([10, 0, 0, 0], [255, 0, 0, 0]))]);
    accepted(|scene| scene.root.params.name_constraints = ten());
    let address = |text: &str| vec![SanType::IpAddress(text.parse().unwrap())];
    accepted(|scene| {
        scene.root.params.name_constraints = ten();
        scene.leaf.params.subject_alt_names = address("10.1.2.3");
    });
    // A constraint on addresses is one on those of the other family too.
    for (outside, shown) in [("11.1.2.3", "IP:11.1.2.3"), ("2001:db8::1", "IP:2001:db8::1")] {
        refused(
            |scene| {
                scene.root.params.name_constraints = ten();
                scene.leaf.params.subject_alt_names = address(outside);
            },
            is!(CertificateFault::NameConstraint { name, .. } if name == shown),
        );
    }
}

#[test]
fn an_excluded_name_is_refused() {
    let mail = |name: &str| excluded(vec![GeneralSubtree::Rfc822Name(name.into())]);
    refused(
        |scene| scene.authority.params.name_constraints = mail("example.com"),
        is!(CertificateFault::NameConstraint { name, .. } if name == "email:signer@example.com"),
    );
    accepted(|scene| scene.authority.params.name_constraints = mail("example.org"));
    // The mail address in the subject is one too.
    refused(
        |scene| {
            scene.authority.params.name_constraints = mail("example.org");
            let address = rcgen::DnValue::Ia5String("signer@example.org".try_into().unwrap());
            let oid = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
            scene.leaf.params.distinguished_name.push(oid, address);
        },
        is!(CertificateFault::NameConstraint { name, .. } if name == "email:signer@example.org"),
    );
}

#[test]
fn the_subject_itself_is_constrained_for_authorities_and_leaves() {
    let named = |organization: &str| {
        let mut name = rcgen::DistinguishedName::new();
        name.push(DnType::OrganizationName, organization);
        name
    };
    let with = |plan: &mut Plan, organization: &str| {
        let mut name = named(organization);
        name.push(DnType::CommonName, "x");
        plan.params.distinguished_name = name;
    };
    let constraint = permitted(vec![GeneralSubtree::DirectoryName(named("Example"))]);
    accepted(|scene| {
        with(&mut scene.authority, "Example");
        with(&mut scene.leaf, "EXAMPLE ");
        scene.root.params.name_constraints = constraint.clone();
    });
    for (authority, leaf) in [("Example", "Other"), ("Other", "Example")] {
        refused(
            |scene| {
                with(&mut scene.authority, authority);
                with(&mut scene.leaf, leaf);
                scene.root.params.name_constraints = constraint.clone();
            },
            is!(CertificateFault::NameConstraint { name, .. } if name == "dirName:CN=x,O=Other"),
        );
    }
}

#[test]
fn an_authority_that_renewed_its_key_is_no_new_name_but_a_leaf_always_is() {
    let mut root = Plan::authority("root", 1);
    root.params.name_constraints = permitted(vec![GeneralSubtree::DnsName("example.com".into())]);
    let outside = vec![SanType::DnsName("example.org".try_into().unwrap())];
    let mut authority = Plan::authority("root", 2);
    authority.params.subject_alt_names = outside.clone();
    let given = |authority: &Plan, leaf: &Plan| Given {
        leaf: leaf.issued_by(authority),
        intermediates: vec![authority.issued_by(&root)],
        anchors: vec![root.issued_by(&root)],
    };
    assert_eq!(given(&authority, &Plan::leaf("signer", 3)).verify(AT).unwrap().len(), 3);
    let mut leaf = Plan::leaf("root", 3);
    leaf.params.subject_alt_names = outside;
    for authority in [&authority, &Plan::authority("root", 2)] {
        let fault = given(authority, &leaf).verify(AT);
        assert!(matches!(fault, Err(CertificateFault::NameConstraint { .. })), "{fault:?}");
    }
    let mut other = authority.clone();
    other.params.distinguished_name.push(DnType::CommonName, "authority");
    let fault = given(&other, &Plan::leaf("signer", 3)).verify(AT);
    assert!(matches!(fault, Err(CertificateFault::NameConstraint { .. })), "{fault:?}");
}

#[test]
fn a_multitude_of_names_and_constraints_ends_with_the_budget() {
    let many = |count: usize| (0..count).map(|at| format!("a{at}")).collect::<Vec<_>>();
    refused(
        |scene| {
            let subtrees = many(600).into_iter().map(GeneralSubtree::DnsName);
            scene.root.params.name_constraints = excluded(subtrees.collect());
            let names = many(600)
                .into_iter()
                .map(|name| SanType::DnsName(("b".to_owned() + &name).try_into().unwrap()));
            scene.leaf.params.subject_alt_names = names.collect();
        },
        is!(CertificateFault::WorkBudget { limit: 250_000, .. }),
    );
}

#[test]
fn a_constraint_on_a_form_that_is_not_evaluated_refuses_its_names_alone() {
    // Excluded: an otherName.
    let constraint =
        custom(&[2, 5, 29, 30], true, &[0x30, 12, 0xa1, 10, 0x30, 8, 0xa0, 6, 6, 1, 42, 0xa0, 1, 5]);
    accepted(|scene| scene.root.params.custom_extensions = vec![constraint.clone()]);
    refused(
        |scene| {
            scene.root.params.custom_extensions = vec![constraint];
            scene.leaf.params.subject_alt_names =
                vec![SanType::OtherName((vec![1, 2, 3], rcgen::OtherNameValue::Utf8String("x".into())))];
        },
        is!(CertificateFault::NameConstraint { name, .. } if name == "otherName"),
    );
}

#[test]
fn names_come_as_they_stand_and_in_their_order() {
    let scene = Scene::good();
    let leaf = Certificate::parse(&scene.leaf.issued_by(&scene.authority)).unwrap();
    assert_eq!(
        leaf.names(),
        [
            SubjectName::Uri("https://models.example.com/signer".into()),
            SubjectName::Email("signer@example.com".into()),
            SubjectName::Dns("signer.example.com".into()),
        ]
    );
    assert_eq!((leaf.subject().as_str(), leaf.issuer().as_str()), ("CN=signer", "CN=authority"));
    assert_eq!(leaf.serial(), "03");
    assert_eq!(leaf.validity(), (1_577_836_800, 2_208_988_800));
    assert_eq!(leaf.fingerprint().len(), 64);
    assert!(leaf.der().windows(leaf.public_key_info().len()).any(|bytes| bytes == leaf.public_key_info()));
}

/// A DER value with the length in its one form.
fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let header = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [&header, contents].concat()
}

/// A directory name of one relative name with 1,000 common names, each of another value and beginning with `first`.
fn wide_name(first: u8) -> Vec<u8> {
    let attributes = (0..1_000).map(|at| {
        let value = [&[first], format!("{at:03}").as_bytes()].concat();
        der(0x30, &[&[6, 3, 0x55, 4, 3], der(0x0c, &value).as_slice()].concat())
    });
    der(0xa4, &der(0x30, &der(0x31, &attributes.collect::<Vec<_>>().concat())))
}

#[test]
fn long_names_and_wide_ones_count_for_many_comparisons() {
    let long =
        |tag: u8, start: &str, end: &str| der(tag, format!("{start}{}{end}", "a".repeat(15_000)).as_bytes());
    let subtrees = |base: Vec<u8>, count: usize| der(0x30, &der(0xa1, &der(0x30, &base).repeat(count)));
    for (constraints, name) in [
        (subtrees(der(0x81, b"a"), 2_000), long(0x81, "", "@b")),
        (subtrees(der(0x86, b"a"), 2_000), long(0x86, "x://", "@b")),
        (subtrees(wide_name(b'a'), 1), wide_name(b'b')),
    ] {
        refused(
            |scene| {
                scene.authority.params.custom_extensions = vec![custom(&[2, 5, 29, 30], true, &constraints)];
                scene.leaf.params.subject_alt_names.clear();
                scene.leaf.params.custom_extensions = vec![custom(&[2, 5, 29, 17], false, &der(0x30, &name))];
            },
            is!(CertificateFault::WorkBudget { limit: 250_000, .. }),
        );
    }
}
