//! What became of each of several bundles for one model, and whether their signers are enough.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::report::{Bytes, Report};
use crate::threshold::Threshold;
use crate::{Error, ErrorKind, Escaped};

/// Everything that a verification of several bundles found out.
#[derive(Debug)]
pub struct CosignReport {
    pub(crate) model: String,
    pub(crate) threshold: Threshold,
    pub(crate) required: usize,
    pub(crate) signers: usize,
    pub(crate) bundles: Vec<BundleReport>,
    /// How many files every bundle that holds has signed, and their bytes.
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    pub(crate) partly_signed: Vec<String>,
}

/// What became of one bundle.
#[derive(Debug)]
#[non_exhaustive]
pub struct BundleReport {
    /// Its path as the caller gave it.
    pub bundle: String,
    /// What was found, if signature, names and every byte hold; otherwise why not.
    pub outcome: Result<Report, Error>,
    /// The place of an earlier bundle that holds and is by the same signer, so that this one adds none.
    pub same_signer_as: Option<usize>,
}

impl BundleReport {
    /// True when everything holds and its signer was not counted before.
    pub fn is_counted(&self) -> bool {
        self.outcome.is_ok() && self.same_signer_as.is_none()
    }
}

impl CosignReport {
    /// The path of the model as the caller gave it.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// What the caller asked for.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// How many distinct signers that takes.
    pub fn required(&self) -> usize {
        self.required
    }

    /// How many distinct signers there are, among the bundles that hold. Fewer, if a file that one of them signs and
    /// another leaves out or ignores as unsigned has fewer; no more than one, if they have no file in common.
    pub fn signers(&self) -> usize {
        self.signers
    }

    /// Each bundle, in the order in which they were given.
    pub fn bundles(&self) -> &[BundleReport] {
        &self.bundles
    }

    /// How many files every bundle that holds has signed.
    pub fn files_verified(&self) -> usize {
        self.files
    }

    /// The bytes of these files.
    pub fn bytes_verified(&self) -> u64 {
        self.bytes
    }

    /// Files that some bundle that holds has signed and another one has left out. They hold what those who signed
    /// them signed, and are not handed out.
    pub fn partly_signed(&self) -> &[String] {
        &self.partly_signed
    }

    /// True when there are enough signers.
    pub fn is_met(&self) -> bool {
        self.required > 0 && self.signers >= self.required
    }

    /// Why there are too few: a negative verdict weighs more than no verdict. What was not looked at to the end,
    /// because there was no hope left, has no say.
    pub(crate) fn kind(&self) -> ErrorKind {
        let failed = self.bundles.iter().filter_map(|bundle| bundle.outcome.as_ref().err());
        let kinds = failed.map(Error::kind).filter(|kind| *kind != ErrorKind::Cancelled);
        match kinds.min_by_key(|kind| (kind.outcome().exit_code, *kind)) {
            Some(kind) if kind.outcome().exit_code != ErrorKind::Threshold.outcome().exit_code => kind,
            _ => ErrorKind::Threshold,
        }
    }

    /// `"verified"`, `"rejected"`, `"error"` when something kept it from a verdict.
    pub(crate) fn verdict(&self) -> &'static str {
        if self.is_met() { "verified" } else { self.kind().outcome().verdict() }
    }

    /// One line that says it all.
    pub fn verdict_line(&self) -> String {
        let (model, bundles) = (Escaped(&self.model), self.bundles.len());
        let signers = format!("signed by {} of {bundles} ({} required)", self.signers, self.required);
        match self.verdict() {
            "verified" => {
                let files = if self.files == 1 { "file" } else { "files" };
                format!("VERIFIED '{model}': {} {files}, {}, {signers}", self.files, Bytes(self.bytes))
            }
            "rejected" => format!("REJECTED '{model}': {signers}"),
            _ => format!("UNDECIDED '{model}': {signers}"),
        }
    }
}

impl fmt::Display for BundleReport {
    /// One line for people: what became of it, without the error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bundle '{}': ", Escaped(&self.bundle))?;
        match (&self.outcome, self.same_signer_as) {
            (Ok(report), None) => write!(f, "verified, signed by {}", report.signer().line()),
            (Ok(report), Some(_)) => {
                write!(f, "verified, not counted again: signed by {} as well", report.signer().line())
            }
            (Err(Error::Cancelled), _) => f.write_str("not counted: not looked at to the end"),
            (Err(_), _) => f.write_str("not counted"),
        }
    }
}

/// `{"verdict", "model", "require", "required", "counted", "files_verified", "bytes_verified", "partly_signed",
/// "bundles"}`, where `require` is `"all"`, `"any"` or a number.
impl Serialize for CosignReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("CosignReport", 9)?;
        report.serialize_field("verdict", self.verdict())?;
        report.serialize_field("model", &self.model)?;
        report.serialize_field("require", &self.threshold)?;
        report.serialize_field("required", &self.required)?;
        report.serialize_field("counted", &self.signers)?;
        report.serialize_field("files_verified", &self.files)?;
        report.serialize_field("bytes_verified", &self.bytes)?;
        report.serialize_field("partly_signed", &self.partly_signed)?;
        report.serialize_field("bundles", &self.bundles)?;
        report.end()
    }
}

/// The members of a [`Report`] where there is one, otherwise `bundle` and `verdict` (`"interrupted"` if it was not
/// looked at to the end); and `counted`, `same_signer_as`, `error`.
impl Serialize for BundleReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        #[serde(untagged)]
        enum Findings<'r> {
            Report(&'r Report),
            Nothing { verdict: &'static str, bundle: &'r str },
        }
        #[derive(serde::Serialize)]
        struct Entry<'r> {
            counted: bool,
            same_signer_as: Option<usize>,
            #[serde(flatten)]
            findings: Findings<'r>,
            error: Option<&'r Error>,
        }
        let findings = match &self.outcome {
            Ok(report) => Findings::Report(report),
            Err(Error::Rejected(report)) => Findings::Report(report),
            Err(error) => {
                let verdict = error.kind().outcome().verdict();
                Findings::Nothing { verdict, bundle: &self.bundle }
            }
        };
        let (counted, same_signer_as) = (self.is_counted(), self.same_signer_as);
        Entry { counted, same_signer_as, findings, error: self.outcome.as_ref().err() }.serialize(serializer)
    }
}
