//! What a source did not have of one file, told as one error of each kind.

use std::io;

use modelsig_hash::{ByteRange, Digest};

use crate::Error;
use crate::model::ModelPath;

/// The ranges of one file that were not to be had.
#[derive(Default)]
pub(super) struct Faults {
    unlike: Option<(Digest, Digest)>,
    unlike_in: Vec<ByteRange>,
    unreadable: Option<io::Error>,
    unreadable_in: Vec<ByteRange>,
}

impl Faults {
    /// The source has other bytes than those that were signed.
    pub(super) fn unlike(&mut self, range: ByteRange, expected: Digest, found: Digest) {
        self.unlike.get_or_insert((expected, found));
        add(&mut self.unlike_in, range);
    }

    /// The source could not be read. An empty range stands for one of which the end is not known.
    pub(super) fn unreadable(&mut self, range: ByteRange, error: io::Error) {
        self.unreadable.get_or_insert(error);
        if !range.is_empty() {
            add(&mut self.unreadable_in, range);
        }
    }

    pub(super) fn into_errors(self, name: &ModelPath) -> impl Iterator<Item = Error> {
        let path = name.to_string();
        let unlike = self.unlike.map(|(expected, found)| Error::SourceMismatch {
            path: path.clone(),
            expected: expected.tagged(),
            found: found.tagged(),
            ranges: self.unlike_in,
        });
        let unreadable = self.unreadable.map(|source| Error::SourceUnreadable {
            path,
            ranges: self.unreadable_in,
            source,
        });
        unlike.into_iter().chain(unreadable)
    }
}

/// Adds a range; neighbours are told as one.
pub(super) fn add(ranges: &mut Vec<ByteRange>, range: ByteRange) {
    match ranges.last_mut() {
        Some(last) if last.end() == range.start() => {
            *last = ByteRange::new(last.start(), range.end()).unwrap_or(range);
        }
        _ => ranges.push(range),
    }
}
