//! The JSON forms of reports and errors: what programs read. Members are only ever added.

use modelsig_hash::{AccessUsed, ByteRange};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::{CertificateReport, Checked, FileReport, Note, PartReport, Report, SignerReport};
use crate::Error;

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Judged { report: self, verdict: self.verdict() }.serialize(serializer)
    }
}

/// A report with the verdict to which it belongs.
pub(crate) struct Judged<'r> {
    pub(crate) report: &'r Report,
    pub(crate) verdict: &'static str,
}

impl Serialize for Judged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { report: found, verdict } = self;
        let skipped: Vec<_> =
            found.skipped.iter().map(|skipped| (&skipped.path, skipped.reason.id())).collect();
        let notes: Vec<String> = found.notes.iter().map(Note::to_string).collect();
        let fields = if found.frozen.is_some() { 15 } else { 14 };
        let mut report = serializer.serialize_struct("Report", fields)?;
        report.serialize_field("verdict", verdict)?;
        report.serialize_field("model", &found.model)?;
        report.serialize_field("bundle", &found.bundle)?;
        report.serialize_field("signer", &found.signer)?;
        report.serialize_field("subject", &found.subject)?;
        report.serialize_field("root_digest", &found.root_digest.tagged())?;
        report.serialize_field("serialization", found.method.id())?;
        report.serialize_field("check", found.check.id())?;
        report.serialize_field("bytes_verified", &found.bytes_verified())?;
        report.serialize_field("part", &found.part)?;
        report.serialize_field("files", &found.files)?;
        report.serialize_field("skipped", &skipped.iter().map(SkippedEntry).collect::<Vec<_>>())?;
        report.serialize_field("weakened_by", &found.weakened_by)?;
        report.serialize_field("notes", &notes)?;
        if let Some(frozen) = &found.frozen {
            report.serialize_field("frozen", frozen)?;
        }
        report.end()
    }
}

struct SkippedEntry<'r>(&'r (&'r String, &'static str));

impl Serialize for SkippedEntry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = serializer.serialize_struct("Skipped", 2)?;
        entry.serialize_field("path", self.0.0)?;
        entry.serialize_field("reason", self.0.1)?;
        entry.end()
    }
}

impl Serialize for SignerReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut signer = serializer.serialize_struct("Signer", 6)?;
        signer.serialize_field("method", self.method())?;
        signer.serialize_field("key_type", self.key_type.id())?;
        signer.serialize_field("scheme", self.scheme.id())?;
        signer.serialize_field("hint", self.hint.as_str())?;
        signer.serialize_field("hint_in_bundle", &self.hint_in_bundle)?;
        signer.serialize_field("certificate", &self.certificate)?;
        signer.end()
    }
}

impl Serialize for CertificateReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut certificate = serializer.serialize_struct("Certificate", 12)?;
        certificate.serialize_field("subject", &self.subject)?;
        certificate.serialize_field("names", &self.names)?;
        certificate.serialize_field("issuer", &self.issuer)?;
        certificate.serialize_field("serial", &self.serial)?;
        certificate.serialize_field("fingerprint", &self.fingerprint)?;
        certificate.serialize_field("not_before", &self.not_before)?;
        certificate.serialize_field("not_after", &self.not_after)?;
        certificate.serialize_field("issuers", &self.issuers)?;
        certificate.serialize_field("anchor_fingerprint", &self.anchor_fingerprint)?;
        certificate.serialize_field("valid_at", &self.valid_at)?;
        certificate.serialize_field("time_given", &self.time_given)?;
        certificate.serialize_field("identity", &self.identity)?;
        certificate.end()
    }
}

impl Serialize for FileReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let access = self.access.map(|access| match access {
            AccessUsed::Map => "map",
            AccessUsed::Read => "read",
            AccessUsed::Memory => "memory",
        });
        let mut file = serializer.serialize_struct("File", 6)?;
        file.serialize_field("name", &self.name)?;
        file.serialize_field("size", &self.size)?;
        file.serialize_field("checked", &self.checked.map(Checked::id))?;
        file.serialize_field("access", &access)?;
        file.serialize_field("protection", &self.protection)?;
        let problem = self.problem.as_deref().map(|error| InReport {
            error,
            damaged: self.damaged(),
            most: usize::MAX,
        });
        file.serialize_field("problem", &problem)?;
        file.end()
    }
}

/// `{"kind", "message", "path"}`, with `expected` and `found` where they are known, `damaged` (byte ranges; none when
/// they are not known) where there are wrong bytes, and `claimed_identity` and `claimed_issuer` of a keyless bundle.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        InReport { error: self, damaged: self.damaged(), most: usize::MAX }.serialize(serializer)
    }
}

impl Error {
    /// What a report tells of the error, where there is not room for all of it: at most so many of the damaged ranges
    /// and tensors. How many there are is told in `damaged_count` and `damaged_tensors_count` where some are left out.
    pub fn in_brief(&self, most: usize) -> impl Serialize + '_ {
        InReport { error: self, damaged: self.damaged(), most }
    }
}

/// An error beside what else is known of the file.
struct InReport<'r> {
    error: &'r Error,
    damaged: Vec<ByteRange>,
    /// No more ranges and tensors than that.
    most: usize,
}

impl Serialize for InReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut error = serializer.serialize_map(None)?;
        error.serialize_entry("kind", self.error.kind().outcome().name)?;
        error.serialize_entry("message", &self.error.to_string())?;
        error.serialize_entry("path", &self.error.path())?;
        let facts =
            if let Error::FrozenUnverified { problem, .. } = self.error { problem } else { self.error };
        match facts {
            Error::DigestMismatch { expected, found, .. } | Error::SourceMismatch { expected, found, .. } => {
                error.serialize_entry("expected", expected)?;
                error.serialize_entry("found", found)?;
            }
            Error::Truncated { expected, found, .. } | Error::Grown { expected, found, .. } => {
                error.serialize_entry("expected", expected)?;
                error.serialize_entry("found", found)?;
            }
            Error::IdentityMismatch { expected, found, .. } => {
                error.serialize_entry("expected", expected)?;
                error.serialize_entry("found", found)?;
            }
            Error::KeylessUnsupported { identity, issuer, .. } => {
                error.serialize_entry("claimed_identity", identity)?;
                error.serialize_entry("claimed_issuer", issuer)?;
            }
            _ => {}
        }
        if facts.is_damage() {
            let pairs = |range: &ByteRange| [range.start(), range.end()];
            let first = self.damaged.iter().take(self.most).map(pairs);
            error.serialize_entry("damaged", &first.collect::<Vec<_>>())?;
            if self.damaged.len() > self.most {
                error.serialize_entry("damaged_count", &self.damaged.len())?;
            }
        }
        if let Error::DigestMismatch { tensors, .. } = facts {
            error.serialize_entry("damaged_tensors", tensors.get(..self.most).unwrap_or(tensors))?;
            if tensors.len() > self.most {
                error.serialize_entry("damaged_tensors_count", &tensors.len())?;
            }
        }
        error.end()
    }
}

impl Serialize for PartReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut part = serializer.serialize_struct("Part", 5)?;
        part.serialize_field("files", &self.files)?;
        let tensors: Vec<[&str; 2]> =
            self.tensors.iter().map(|one| [one.file.as_str(), one.tensor.name.as_str()]).collect();
        part.serialize_field("tensors", &tensors)?;
        part.serialize_field("bytes", &self.bytes)?;
        part.serialize_field("of_bytes", &self.of_bytes)?;
        part.serialize_field("of_files", &self.of_files)?;
        part.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_brief_an_error_has_the_first_of_many_ranges_and_tensors() {
        let (expected, found) = ("e".to_owned(), "f".to_owned());
        let ranges = (0..5).map(|at| ByteRange::new(2 * at, 2 * at + 1).unwrap()).collect();
        let tensors = (0..4).map(|at| format!("t{at}")).collect();
        let problem = Error::DigestMismatch { path: "a".into(), expected, found, ranges, tensors };
        let error = Error::FrozenUnverified { path: "a".into(), problem: Box::new(problem) };
        let told = |most| serde_json::to_value(error.in_brief(most)).unwrap();
        let brief = told(2);
        assert_eq!(brief["damaged"], serde_json::json!([[0, 1], [2, 3]]));
        assert_eq!(brief["damaged_tensors"], serde_json::json!(["t0", "t1"]));
        assert_eq!((&brief["damaged_count"], &brief["damaged_tensors_count"]), (&5.into(), &4.into()));
        // Where there is room, it is as in a report.
        assert_eq!(told(5), serde_json::to_value(&error).unwrap());
        assert_ne!(told(4), told(5));
    }
}
