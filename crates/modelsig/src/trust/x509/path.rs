//! The path from a leaf to an anchor (RFC 5280, section 6): found by name, proved by signature, checked at each step.
//!
//! Issuers are looked for among the anchors first, then in the bundle, by the name as it is encoded, since authorities
//! write their name the same in both places (RFC 5280, 4.1.2.6). A key identifier that fits puts a candidate
//! first and one that does not puts it last, nothing more: only the signature decides (RFC 4158, 3.5.12). A candidate
//! that fails is left for the next; when no path is found, the fault told is the most telling one on the way.
//!
//! Every certificate of the path, the anchor too, is valid at the time given and has no critical extension that is
//! not understood. Issuers have CA:TRUE and keyCertSign, keep their path length and their name constraints, and when
//! they name purposes, the one needed is among them or anyExtendedKeyUsage, which restricts nothing. The leaf names
//! the purpose itself, and digitalSignature. A leaf that is itself an anchor proves nothing.

use x509_cert::der::asn1::ObjectIdentifier;

use super::CertificateFault;
use super::certificate::Certificate;
use super::extensions::KeyUsage;
use super::signature;
use crate::limits::MOST_CERTIFICATES;

/// Certificates on a path, leaf and anchor included: the bound of webpki, six authorities between the two.
const LONGEST_PATH: u32 = 8;

/// Signatures checked in one search: the bound that Go took against CVE-2018-16875, as did webpki.
const MOST_SIGNATURES: u32 = 100;

/// Comparisons of a name with a constraint in one search: the default of Go's crypto/x509, and of webpki. A long name
/// counts for several.
const MOST_COMPARISONS: u32 = 250_000;

/// What the leaf's key must be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signing models: the extended key usage codeSigning, and digitalSignature.
    CodeSigning,
    /// What the corpora of the web have leaves for.
    #[cfg(test)]
    ServerAuth,
    #[cfg(test)]
    ClientAuth,
}

/// A path that was checked from end to end. Only [`verify_path`] makes one.
#[derive(Clone, Debug)]
pub(crate) struct VerifiedPath<'c> {
    issuers: Vec<&'c Certificate>,
}

impl<'c> VerifiedPath<'c> {
    /// From the issuer of the leaf up to the anchor, that one included. Never empty.
    pub(crate) fn issuers(&self) -> &[&'c Certificate] {
        &self.issuers
    }
}

/// Finds and checks a path from `leaf` over any of `intermediates` to one of `anchors`, at `at` seconds since 1970.
pub(crate) fn verify_path<'c>(
    leaf: &'c Certificate,
    intermediates: &'c [Certificate],
    anchors: &'c [Certificate],
    at: u64,
    purpose: Purpose,
) -> Result<VerifiedPath<'c>, CertificateFault> {
    let found = intermediates.len().saturating_add(1);
    if found > MOST_CERTIFICATES {
        return Err(CertificateFault::TooMany { found, limit: MOST_CERTIFICATES });
    }
    check_standing(leaf, at)?;
    check_leaf(leaf, purpose)?;
    let mut search = Search { intermediates, anchors, at, purpose, budget: Budget::default(), fault: None };
    let mut path = vec![leaf];
    if search.extend(&mut path)? {
        return Ok(VerifiedPath { issuers: path.split_off(1) });
    }
    Err(search.fault.map_or_else(|| no_issuer(&path, anchors), |(_, fault)| fault))
}

/// What a certificate must keep by itself to sign at `at`. Whether anybody trusts it is another question.
#[cfg(feature = "sign")]
pub(crate) fn check_signer(leaf: &Certificate, at: u64, purpose: Purpose) -> Result<(), CertificateFault> {
    check_standing(leaf, at)?;
    check_leaf(leaf, purpose)
}

struct Search<'c> {
    intermediates: &'c [Certificate],
    anchors: &'c [Certificate],
    at: u64,
    purpose: Purpose,
    budget: Budget,
    /// The most telling fault so far.
    fault: Option<((Weight, usize), CertificateFault)>,
}

/// How much a fault tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Nobody of that name was there to be tried.
    Absent,
    /// Somebody of that name was, with another key.
    OtherKey,
    /// The issuer was found, and something is wrong with it.
    Wrong,
}

impl<'c> Search<'c> {
    /// Extends a path that holds as far as it goes. True when it ends at an anchor; otherwise the path is as it was.
    /// An error ends the search.
    fn extend(&mut self, path: &mut Vec<&'c Certificate>) -> Result<bool, CertificateFault> {
        let Some(&last) = path.last() else { return Ok(false) };
        let candidates = self.candidates(path, last);
        if candidates.is_empty() {
            self.note(Weight::Absent, path.len(), no_issuer(path, self.anchors));
        }
        for (candidate, is_anchor) in candidates {
            self.budget.check_signature()?;
            if let Err(fault) = signature::verify(last, candidate) {
                let is_other_key = matches!(fault, CertificateFault::BadSignature { .. });
                self.note(if is_other_key { Weight::OtherKey } else { Weight::Wrong }, path.len(), fault);
                continue;
            }
            match self.check_issuer(candidate, path) {
                Ok(()) => {}
                Err(fault @ CertificateFault::WorkBudget { .. }) => return Err(fault),
                Err(fault) => {
                    self.note(Weight::Wrong, path.len(), fault);
                    continue;
                }
            }
            path.push(candidate);
            if is_anchor {
                return Ok(true);
            }
            if path.len() >= LONGEST_PATH as usize {
                let fault =
                    CertificateFault::WorkBudget { what: "certificates on a path", limit: LONGEST_PATH };
                self.note(Weight::Wrong, path.len(), fault);
            } else if self.extend(path)? {
                return Ok(true);
            }
            path.pop();
        }
        Ok(false)
    }

    /// Those of the issuer's name that are not on the path yet (RFC 4158, 5.2: by name and key), anchors first.
    fn candidates(&self, path: &[&Certificate], last: &Certificate) -> Vec<(&'c Certificate, bool)> {
        let is_new = |candidate: &Certificate| {
            !path.iter().any(|certificate| {
                certificate.subject_name() == candidate.subject_name()
                    && certificate.public_key_info() == candidate.public_key_info()
            })
        };
        let anchors = self.anchors.iter().map(|anchor| (anchor, true));
        let mut candidates: Vec<_> = anchors
            .chain(self.intermediates.iter().map(|intermediate| (intermediate, false)))
            .filter(|(candidate, _)| candidate.subject_name() == last.issuer_name() && is_new(candidate))
            .collect();
        candidates.sort_by_key(|(candidate, is_anchor)| (!is_anchor, key_id_rank(last, candidate)));
        candidates
    }

    /// Everything but the signature that `candidate` needs to be the issuer of the last certificate on `path`.
    fn check_issuer(
        &mut self,
        candidate: &Certificate,
        path: &[&Certificate],
    ) -> Result<(), CertificateFault> {
        check_standing(candidate, self.at)?;
        check_authority(candidate, self.purpose)?;
        check_path_length(candidate, path)?;
        let Some(constraints) = &candidate.extensions().name_constraints else { return Ok(()) };
        for (at, certificate) in path.iter().enumerate() {
            // RFC 5280, 6.1.3 (b): an authority that renews its own key is no new name; the leaf is always checked.
            if at == 0 || !certificate.is_self_issued() {
                constraints.check(certificate, candidate, &mut self.budget)?;
            }
        }
        Ok(())
    }

    fn note(&mut self, weight: Weight, depth: usize, fault: CertificateFault) {
        if self.fault.as_ref().is_none_or(|(heaviest, _)| (weight, depth) > *heaviest) {
            self.fault = Some(((weight, depth), fault));
        }
    }
}

/// What every certificate on a path keeps.
fn check_standing(certificate: &Certificate, at: u64) -> Result<(), CertificateFault> {
    let subject = || certificate.subject();
    let (not_before, not_after) = certificate.validity();
    if at < not_before {
        return Err(CertificateFault::NotYetValid { subject: subject(), not_before, at });
    }
    if at > not_after {
        return Err(CertificateFault::Expired { subject: subject(), not_after, at });
    }
    match certificate.extensions().unknown_critical {
        Some(oid) => {
            Err(CertificateFault::UnknownCriticalExtension { subject: subject(), oid: oid.to_string() })
        }
        None => Ok(()),
    }
}

/// The leaf names the purpose; anyExtendedKeyUsage does not count, being for everything and nothing in particular.
fn check_leaf(leaf: &Certificate, purpose: Purpose) -> Result<(), CertificateFault> {
    let extensions = leaf.extensions();
    let purposes = extensions.extended_key_usage.as_deref();
    if !purposes.map_or(purpose.may_be_unsaid(), |purposes| purposes.contains(&purpose.oid())) {
        return Err(wrong_purpose(leaf, purpose, purposes));
    }
    if !extensions.key_usage.map_or(purpose.may_be_unsaid(), KeyUsage::may_sign) {
        let found = KeyUsage::text(extensions.key_usage);
        return Err(CertificateFault::WrongKeyUsage { subject: leaf.subject(), found });
    }
    Ok(())
}

fn check_authority(issuer: &Certificate, purpose: Purpose) -> Result<(), CertificateFault> {
    let extensions = issuer.extensions();
    if !extensions.is_ca() {
        return Err(CertificateFault::NotACa { subject: issuer.subject() });
    }
    if !extensions.key_usage.is_some_and(KeyUsage::may_sign_certificates) {
        let found = KeyUsage::text(extensions.key_usage);
        return Err(CertificateFault::NoCertSign { subject: issuer.subject(), found });
    }
    match extensions.extended_key_usage.as_deref() {
        Some(purposes) if !purposes.iter().any(|oid| *oid == ANY_PURPOSE || *oid == purpose.oid()) => {
            Err(wrong_purpose(issuer, purpose, Some(purposes)))
        }
        _ => Ok(()),
    }
}

/// RFC 5280, 6.1.4 (l) and (m): the leaf does not count, nor does an authority that renews its own key.
fn check_path_length(issuer: &Certificate, path: &[&Certificate]) -> Result<(), CertificateFault> {
    let below = path.iter().skip(1).filter(|certificate| !certificate.is_self_issued()).count();
    let found = u32::try_from(below).unwrap_or(u32::MAX);
    match issuer.extensions().basic_constraints.and_then(|constraints| constraints.path_length) {
        Some(limit) if found > limit => {
            Err(CertificateFault::PathTooLong { subject: issuer.subject(), limit, found })
        }
        _ => Ok(()),
    }
}

/// Why a path does not go on, when nobody has the name of the issuer.
fn no_issuer(path: &[&Certificate], anchors: &[Certificate]) -> CertificateFault {
    let (subject, issuer) = path.last().map(|last| (last.subject(), last.issuer())).unwrap_or_default();
    match path {
        [leaf] if anchors.contains(leaf) => CertificateFault::LeafIsAnchor { subject },
        [_] => CertificateFault::NoIssuer { subject, issuer },
        _ => CertificateFault::NotAnchored { subject, issuer },
    }
}

fn wrong_purpose(
    certificate: &Certificate,
    purpose: Purpose,
    found: Option<&[ObjectIdentifier]>,
) -> CertificateFault {
    CertificateFault::WrongExtendedKeyUsage {
        subject: certificate.subject(),
        expected: purpose.name(),
        found: found.unwrap_or_default().iter().map(purpose_name).collect(),
    }
}

/// 0 when the key identifiers fit, 1 when there is nothing to compare, 2 when they differ.
fn key_id_rank(certificate: &Certificate, issuer: &Certificate) -> u8 {
    match (&certificate.extensions().authority_key_id, &issuer.extensions().subject_key_id) {
        (Some(wanted), Some(found)) if wanted == found => 0,
        (Some(_), Some(_)) => 2,
        _ => 1,
    }
}

/// What a search may still cost.
#[derive(Debug)]
pub(super) struct Budget {
    signatures: u32,
    comparisons: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { signatures: MOST_SIGNATURES, comparisons: MOST_COMPARISONS }
    }
}

impl Budget {
    fn check_signature(&mut self) -> Result<(), CertificateFault> {
        Self::spend(&mut self.signatures, 1, "checks of a signature", MOST_SIGNATURES)
    }

    /// `cost` is counted in comparisons of two short texts.
    pub(super) fn compare_names(&mut self, cost: usize) -> Result<(), CertificateFault> {
        Self::spend(&mut self.comparisons, cost, "comparisons with name constraints", MOST_COMPARISONS)
    }

    fn spend(left: &mut u32, cost: usize, what: &'static str, limit: u32) -> Result<(), CertificateFault> {
        let rest = u32::try_from(cost).ok().and_then(|cost| left.checked_sub(cost));
        *left = rest.ok_or(CertificateFault::WorkBudget { what, limit })?;
        Ok(())
    }
}

const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");

impl Purpose {
    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::CodeSigning => CODE_SIGNING,
            #[cfg(test)]
            Self::ServerAuth => ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"),
            #[cfg(test)]
            Self::ClientAuth => ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::CodeSigning => "codeSigning",
            #[cfg(test)]
            Self::ServerAuth => "serverAuth",
            #[cfg(test)]
            Self::ClientAuth => "clientAuth",
        }
    }

    /// Leaves for signing models say so and have a key usage. On the web both extensions may be missing.
    fn may_be_unsaid(self) -> bool {
        self != Self::CodeSigning
    }
}

/// The purposes that people know by name.
fn purpose_name(oid: &ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "2.5.29.37.0" => "anyExtendedKeyUsage".into(),
        "1.3.6.1.5.5.7.3.1" => "serverAuth".into(),
        "1.3.6.1.5.5.7.3.2" => "clientAuth".into(),
        "1.3.6.1.5.5.7.3.3" => "codeSigning".into(),
        "1.3.6.1.5.5.7.3.4" => "emailProtection".into(),
        "1.3.6.1.5.5.7.3.8" => "timeStamping".into(),
        "1.3.6.1.5.5.7.3.9" => "OCSPSigning".into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::{Parts, tlv};
    use super::*;

    /// Others that have the name of the issuer may be many; signatures are dear.
    #[test]
    fn issuers_are_tried_by_what_their_key_identifiers_say() {
        let plain = Certificate::parse(&Parts::good().der()).unwrap();
        let wants = Parts::with(35, &tlv(0x30, &[&tlv(0x80, &[b"key"])])).unwrap();
        let (fits, differs) = (&tlv(4, &[b"key"]), &tlv(4, &[b"other"]));
        let [fits, differs] = [fits, differs].map(|identifier| Parts::with(14, identifier).unwrap());
        let ranks = [&fits, &plain, &differs].map(|issuer| key_id_rank(&wants, issuer));
        assert_eq!(ranks, [0, 1, 2]);
        assert_eq!(key_id_rank(&plain, &fits), 1);
    }
}
