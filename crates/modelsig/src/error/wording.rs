//! Parts of messages that several errors share. What others wrote is escaped and cut.

use modelsig_hash::ByteRange;

use crate::escape::{Escaped, clipped};

/// A name in quotes.
pub(super) fn shown(name: &str) -> String {
    format!("'{}'", Escaped(name))
}

/// Where the damage is, as far as it is known: at most four ranges.
pub(super) fn damaged(ranges: &[ByteRange]) -> String {
    let shown: Vec<String> = ranges.iter().take(4).map(ByteRange::to_string).collect();
    match ranges.len() {
        0 => String::new(),
        1..=4 => format!(" in bytes {}", shown.join(", ")),
        more => format!(" in bytes {} and {} more ranges", shown.join(", "), more - 4),
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
