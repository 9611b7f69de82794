//! Parts of messages that several errors share. What others wrote is escaped and cut.

use modelsig_hash::ByteRange;

use crate::escape::{Escaped, clipped};

/// A name in quotes.
pub(super) fn shown(name: &str) -> String {
    format!("'{}'", Escaped(name))
}

/// Where the damage is, as far as it is known: at most four ranges and four tensors.
pub(super) fn damaged(ranges: &[ByteRange], tensors: &[String]) -> String {
    let ranges = few(ranges.iter().map(ByteRange::to_string), "ranges");
    let names = few(tensors.iter().map(|name| clipped(&Escaped(name)).to_string()), "tensors");
    match (ranges, names) {
        (None, _) => String::new(),
        (Some(ranges), None) => format!(" in bytes {ranges}"),
        (Some(ranges), Some(names)) => format!(" in bytes {ranges} (tensors {names})"),
    }
}

/// The first four of many things, and how many more there are.
fn few(all: impl ExactSizeIterator<Item = String>, what: &str) -> Option<String> {
    let more = all.len().saturating_sub(4);
    let shown: Vec<String> = all.take(4).collect();
    match (shown.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(shown.join(", ")),
        (false, more) => Some(format!("{} and {more} more {what}", shown.join(", "))),
    }
}

/// What a keyless bundle says of its signer.
pub(super) fn claim(identity: &Option<String>, issuer: &Option<String>) -> String {
    match (identity, issuer) {
        (None, _) => String::new(),
        (Some(identity), None) => format!(" (unverified claim: {})", clipped(&Escaped(identity))),
        (Some(identity), Some(issuer)) => {
            let (identity, issuer) = (clipped(&Escaped(identity)), clipped(&Escaped(issuer)));
            format!(" (unverified claim: {identity}, vouched for by {issuer})")
        }
    }
}

pub(super) fn trusted(hints: &[String]) -> String {
    match hints {
        [one] => format!("the trusted key {one}"),
        many => format!("any of the {} trusted keys {}", many.len(), many.join(", ")),
    }
}
