//! What a repair did, and the verdict on the model afterwards.

use modelsig_hash::ByteRange;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::report::{Judged, Report};
use crate::{Bytes, Error, ErrorKind, Escaped};

/// What a repair did, and the verdict on the model afterwards.
#[derive(Debug)]
pub struct RepairReport {
    pub(super) report: Report,
    pub(super) files: Vec<RepairedFile>,
    pub(super) failures: Vec<Error>,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairedFile {
    /// Its name inside the model.
    pub name: String,
    /// How it was written.
    pub how: Mended,
    /// The ranges that were copied from the source, in order; neighbours are told as one.
    pub ranges: Vec<ByteRange>,
    /// Bytes after the signed end that were cut off.
    pub cut: u64,
}

/// How a file was mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mended {
    /// Only the damaged ranges were written.
    InPlace,
    /// A new file took its place, since the old one cannot be written, has other names, could not be read, or is
    /// signed as a whole.
    Replaced,
    /// It was missing.
    Created,
}

impl Mended {
    /// `"in-place"`, `"replaced"` or `"created"`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::InPlace => "in-place",
            Self::Replaced => "replaced",
            Self::Created => "created",
        }
    }
}

impl RepairedFile {
    /// Bytes that were copied from the source.
    pub fn bytes(&self) -> u64 {
        self.ranges.iter().fold(0, |sum, range| sum.saturating_add(range.length()))
    }
}

impl RepairReport {
    /// The verdict on the whole model after the repair.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The files that were written, in order of name.
    pub fn files(&self) -> &[RepairedFile] {
        &self.files
    }

    /// What could not be mended, and why.
    pub fn failures(&self) -> &[Error] {
        &self.failures
    }

    /// How many ranges were copied from the source.
    pub fn ranges(&self) -> usize {
        self.files.iter().map(|file| file.ranges.len()).sum()
    }

    /// How many bytes were copied from the source.
    pub fn bytes_copied(&self) -> u64 {
        self.files.iter().map(RepairedFile::bytes).fold(0, u64::saturating_add)
    }

    /// How many files a new one took the place of.
    pub fn files_replaced(&self) -> usize {
        self.files.iter().filter(|file| file.how == Mended::Replaced).count()
    }

    /// The kind of the gravest failure, or problem that is left.
    pub(crate) fn kind(&self) -> ErrorKind {
        let kinds = self.report.problems().chain(&self.failures).map(Error::kind);
        kinds.min_by_key(|kind| (kind.outcome().exit_code, *kind)).unwrap_or(ErrorKind::Internal)
    }

    /// True when the model holds and nothing was left undone.
    pub(crate) fn is_sound(&self) -> bool {
        self.failures.is_empty() && self.report.problems().next().is_none()
    }

    /// `"verified"`; otherwise the word for the gravest of what is wrong, also with a model that verifies: what could
    /// not be flushed, say, may be gone tomorrow.
    pub(crate) fn verdict(&self) -> &'static str {
        if self.is_sound() { self.report.verdict() } else { self.kind().outcome().verdict() }
    }

    /// What was done, in words: `3 ranges in 2 files, 4.2 MB copied`.
    pub fn done(&self) -> String {
        let (ranges, files) = (self.ranges(), self.files.len());
        let s = |count: usize| if count == 1 { "" } else { "s" };
        let copied = Bytes(self.bytes_copied());
        let cut = match self.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.cut)) {
            0 => String::new(),
            cut => format!(", {} cut off", Bytes(cut)),
        };
        format!("{ranges} range{} in {files} file{}, {copied} copied{cut}", s(ranges), s(files))
    }

    /// One line that says it all.
    pub fn verdict_line(&self) -> String {
        if !self.is_sound() && self.report.problems().next().is_none() {
            return format!("UNDECIDED '{}': not all could be repaired", Escaped(self.report.model()));
        }
        let verdict = self.report.verdict_line();
        match verdict.strip_prefix("VERIFIED ") {
            Some(rest) if !self.files.is_empty() => {
                let model = format!("'{}': ", Escaped(self.report.model()));
                let rest = rest.strip_prefix(&model).unwrap_or(rest);
                format!("REPAIRED {model}{}, now verified: {rest}", self.done())
            }
            _ => verdict,
        }
    }
}

impl Serialize for RepairReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut repair = serializer.serialize_struct("Repair", 5)?;
        repair.serialize_field("bytes_copied", &self.bytes_copied())?;
        repair.serialize_field("files_replaced", &self.files_replaced())?;
        repair.serialize_field("repaired", &self.files)?;
        repair.serialize_field("failures", &self.failures)?;
        repair.serialize_field("report", &Judged { report: &self.report, verdict: self.verdict() })?;
        repair.end()
    }
}

impl Serialize for RepairedFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ranges: Vec<_> = self.ranges.iter().map(|range| [range.start(), range.end()]).collect();
        let mut file = serializer.serialize_struct("RepairedFile", 5)?;
        file.serialize_field("name", &self.name)?;
        file.serialize_field("how", self.how.id())?;
        file.serialize_field("ranges", &ranges)?;
        file.serialize_field("bytes", &self.bytes())?;
        file.serialize_field("cut", &self.cut)?;
        file.end()
    }
}
