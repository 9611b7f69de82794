//! How many signers it takes, and who counts as one.
//!
//! A signer is a public key (SubjectPublicKeyInfo), and under certificates also an identity: each alternative name of
//! the certificate, and where one of two has none, the subject of both. Signatures that share a key or an identity are
//! by one signer, and so are those that are joined by a chain of such pairs: the number errs on the low side on
//! purpose. Bundles are never told apart by their file names, their root digests, or who they say they are.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::Error;
use crate::report::{CertificateReport, SignerReport};

/// How many distinct signers a model must have among the bundles that were given for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// As many as there are bundles: every bundle must hold, and no two may be by the same signer. Otherwise who holds
    /// one of the keys could stand in for all the others.
    All,
    /// One.
    Any,
    /// So many.
    AtLeast(NonZeroUsize),
}

impl Threshold {
    /// How many signers that are, of `bundles` bundles.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no bundle, or fewer than it takes.
    pub fn required(self, bundles: usize) -> Result<usize, Error> {
        let required = match self {
            Self::All => bundles,
            Self::Any => 1,
            Self::AtLeast(number) => number.get(),
        };
        match (bundles, required) {
            (0, _) => Err(Error::Usage { what: "no bundle was given".into() }),
            (_, required) if required > bundles => Err(Error::Usage {
                what: format!(
                    "{required} signers are required, but only {bundles} can come of the bundles given"
                ),
            }),
            (_, required) => Ok(required),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Any => f.write_str("any"),
            Self::AtLeast(number) => number.fmt(f),
        }
    }
}

/// `"all"`, `"any"` or a number.
impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AtLeast(number) => number.serialize(serializer),
            named => serializer.collect_str(named),
        }
    }
}

impl FromStr for Threshold {
    type Err = BadThreshold;

    /// Reads `all`, `any`, or a plain decimal number from 1 on.
    fn from_str(text: &str) -> Result<Self, BadThreshold> {
        match text {
            "all" => Ok(Self::All),
            "any" => Ok(Self::Any),
            _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(Self::AtLeast).map_err(|_| BadThreshold)
            }
            _ => Err(BadThreshold),
        }
    }
}

/// The text is no [`Threshold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither all nor any nor a number of signers from 1 on")]
pub struct BadThreshold;

/// What tells one signer from another: nothing that a bundle says by itself, only what its signature proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignerKey {
    /// The hint of the key that made the signature, which is a digest of its SubjectPublicKeyInfo.
    key: String,
    /// The names that the certificate of the key proves.
    identities: Vec<String>,
    /// Its owner. Authorities give many owners one subject beside alternative names; so it tells who somebody is only
    /// where these cannot be compared.
    subject: Option<String>,
    /// The certificate has alternative names.
    is_named: bool,
}

impl SignerKey {
    /// The one place where a signer becomes countable.
    pub(crate) fn of(signer: &SignerReport) -> Self {
        let certificate = signer.certificate.as_deref();
        Self {
            key: signer.hint.to_string(),
            identities: certificate.map(CertificateReport::identities).unwrap_or_default(),
            subject: certificate.map(|certificate| certificate.subject.to_lowercase()),
            is_named: certificate.is_some_and(|certificate| !certificate.names.is_empty()),
        }
    }

    fn is_same_as(&self, other: &Self) -> bool {
        let by_subject =
            self.subject.is_some() && self.subject == other.subject && !(self.is_named && other.is_named);
        self.key == other.key
            || by_subject
            || self.identities.iter().any(|name| other.identities.contains(name))
    }
}

/// Signatures sorted by signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally(Vec<usize>);

impl Tally {
    /// The one function that counts signers.
    pub(crate) fn of<'k>(signatures: impl IntoIterator<Item = &'k SignerKey>) -> Self {
        let signatures: Vec<&SignerKey> = signatures.into_iter().collect();
        // For each signature the first one by the same signer.
        let mut first: Vec<usize> = Vec::with_capacity(signatures.len());
        for (place, signature) in signatures.iter().enumerate() {
            // Of those before it that are by the same signer, who may only now be known to be one.
            let same = signatures.iter().zip(&first).filter(|(earlier, _)| signature.is_same_as(earlier));
            let joined: Vec<usize> = same.map(|(_, first)| *first).collect();
            let least = joined.iter().copied().min().unwrap_or(place);
            first.iter_mut().filter(|place| joined.contains(place)).for_each(|place| *place = least);
            first.push(least);
        }
        Self(first)
    }

    /// The number of distinct signers.
    pub(crate) fn signers(&self) -> usize {
        self.0.iter().enumerate().filter(|(place, first)| place == *first).count()
    }

    /// The number of distinct signers of some of the signatures.
    pub(crate) fn signers_among(&self, signatures: impl IntoIterator<Item = usize>) -> usize {
        let first = signatures.into_iter().filter_map(|signature| self.0.get(signature));
        first.collect::<BTreeSet<_>>().len()
    }

    /// The first signature by the same signer, if this is another one.
    pub(crate) fn same_as(&self, signature: usize) -> Option<usize> {
        self.0.get(signature).copied().filter(|first| *first != signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(signatures: &[(&str, &[&str])]) -> (usize, Vec<Option<usize>>) {
        let of = |(key, names): &(&str, &[&str])| SignerKey {
            key: (*key).into(),
            identities: names.iter().map(|name| (*name).into()).collect(),
            subject: None,
            is_named: !names.is_empty(),
        };
        let keys: Vec<SignerKey> = signatures.iter().map(of).collect();
        let tally = Tally::of(&keys);
        (tally.signers(), (0..keys.len()).map(|place| tally.same_as(place)).collect())
    }

    #[test]
    fn signers_are_counted_once_by_key_and_by_identity() {
        assert_eq!(tally(&[]), (0, vec![]));
        assert_eq!(tally(&[("a", &[]), ("b", &[])]), (2, vec![None, None]));
        assert_eq!(tally(&[("a", &[]), ("b", &[]), ("a", &[])]), (2, vec![None, None, Some(0)]));
        // A renewed certificate: other key, same name.
        assert_eq!(tally(&[("a", &["x"]), ("b", &["x"])]), (1, vec![None, Some(0)]));
        // One key under two names.
        assert_eq!(tally(&[("a", &["x"]), ("a", &["y"])]), (1, vec![None, Some(0)]));
        // A key without a certificate has no name to share.
        assert_eq!(tally(&[("a", &[]), ("b", &["x"]), ("c", &["y", "z"])]), (3, vec![None, None, None]));
        assert_eq!(tally(&[("a", &["x", "y"]), ("b", &["y"])]), (1, vec![None, Some(0)]));
    }

    #[test]
    fn who_is_joined_by_way_of_others_is_one_signer() {
        let chain: [(&str, &[&str]); 4] = [("a", &["x"]), ("b", &["y"]), ("c", &["z"]), ("a", &["y", "z"])];
        assert_eq!(tally(&chain), (1, vec![None, Some(0), Some(0), Some(0)]));
        let late: [(&str, &[&str]); 4] = [("a", &[]), ("b", &["x"]), ("c", &["y"]), ("d", &["x", "y"])];
        assert_eq!(tally(&late), (2, vec![None, None, Some(1), Some(1)]));
    }

    #[test]
    fn thresholds_are_read_strictly() {
        for good in ["all", "any", "1", "20"] {
            assert_eq!(good.parse::<Threshold>().unwrap().to_string(), good);
        }
        for bad in
            ["", "0", "00", "-1", "+1", " 1", "1 ", "ALL", "some", "1.0", "99999999999999999999999", "٢"]
        {
            assert_eq!(bad.parse::<Threshold>(), Err(BadThreshold), "{bad}");
        }
    }

    #[test]
    fn no_more_signers_can_be_required_than_bundles_are_given() {
        let at_least = |number| Threshold::AtLeast(NonZeroUsize::new(number).unwrap());
        assert_eq!(Threshold::All.required(3).unwrap(), 3);
        assert_eq!(Threshold::Any.required(3).unwrap(), 1);
        assert_eq!(at_least(3).required(3).unwrap(), 3);
        assert!(matches!(at_least(4).required(3), Err(Error::Usage { .. })));
        for threshold in [Threshold::All, Threshold::Any, at_least(1)] {
            assert!(matches!(threshold.required(0), Err(Error::Usage { .. })), "{threshold}");
        }
    }
}
