//! What was found: the facts behind a verdict, for people and for programs.

mod json;

pub(crate) use json::Judged;

use std::fmt;

use modelsig_hash::{AccessUsed, ByteRange, Digest};

use crate::escape::clipped;
use crate::keys::{KeyHint, KeyType, SignatureScheme};
use crate::manifest::Method;
use crate::model::Skipped;
use crate::policy::Check;
use crate::{Error, ErrorKind, Escaped, ModelTensor, Protection};

/// Everything that a verification found out.
#[derive(Debug)]
pub struct Report {
    pub(crate) model: String,
    pub(crate) bundle: String,
    pub(crate) signer: SignerReport,
    pub(crate) subject: String,
    pub(crate) root_digest: Digest,
    pub(crate) method: Method,
    pub(crate) check: Check,
    pub(crate) files: Vec<FileReport>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) weakened_by: Vec<&'static str>,
    pub(crate) notes: Vec<Note>,
    /// Which files were frozen, where that was asked for.
    pub(crate) frozen: Option<Vec<String>>,
    /// Every file was checked, as opposed to signature and tree only.
    pub(crate) complete: bool,
    /// What was checked when only a part was asked for.
    pub(crate) part: Option<PartReport>,
    /// How many resources the caller gave, where there is no folder.
    pub(crate) resources: Option<usize>,
}

/// How much of a model was looked at when only a part was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartReport {
    /// Files that were checked whole.
    pub files: Vec<String>,
    /// Tensors that were checked, with the chunks or shards that they lie in.
    pub tensors: Vec<ModelTensor>,
    /// Bytes that were read and checked for all of these.
    pub bytes: u64,
    /// Bytes of all signed files, as far as they are there or their lengths are signed.
    pub of_bytes: u64,
    /// All signed files.
    pub of_files: usize,
    /// It is what the caller gave of a model, and not what was chosen in a folder.
    pub(crate) resources: bool,
}

/// Who signed, as far as the caller's trust proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignerReport {
    /// The kind of the trusted key that made the signature.
    pub key_type: KeyType,
    /// Its hint.
    pub hint: KeyHint,
    /// How it signed.
    pub scheme: SignatureScheme,
    /// The bundle named this key, by its hint or in a certificate.
    pub hint_in_bundle: bool,
    /// The certificate of the key, under the `certificate` method.
    pub certificate: Option<Box<CertificateReport>>,
}

/// A signing certificate that was found good under an anchor of the caller. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateReport {
    /// Its owner, as RFC 4514 writes it.
    pub subject: String,
    /// Its subject alternative names of the types URI, email and DNS name.
    pub names: Vec<String>,
    /// Who issued it, as RFC 4514 writes it.
    pub issuer: String,
    /// Its serial number in lower-case hexadecimal.
    pub serial: String,
    /// The SHA-256 of its DER in lower-case hexadecimal.
    pub fingerprint: String,
    /// From when on it is valid.
    pub not_before: String,
    /// Until when it is valid.
    pub not_after: String,
    /// The subjects of its issuers, up to and including the anchor.
    pub issuers: Vec<String>,
    /// The SHA-256 of the anchor's DER in lower-case hexadecimal.
    pub anchor_fingerprint: String,
    /// The time at which all of them were found valid.
    pub valid_at: String,
    /// The caller gave that time; otherwise it is the present.
    pub time_given: bool,
    /// The identity that the caller expects; without one, every certificate under the anchor may sign.
    pub identity: Option<String>,
}

impl SignerReport {
    /// `"key"` or `"certificate"`.
    pub fn method(&self) -> &'static str {
        if self.certificate.is_some() { "certificate" } else { "key" }
    }

    /// One line for people.
    pub fn line(&self) -> String {
        match &self.certificate {
            None => format!("{} key {}", self.key_type, self.hint),
            Some(certificate) => format!(
                "'{}' ({} certificate under '{}')",
                clipped(&Escaped(certificate.owner())),
                self.key_type,
                clipped(&Escaped(certificate.issuers.last().map_or("", String::as_str)))
            ),
        }
    }
}

impl CertificateReport {
    /// Under which names its owner is counted as one signer, beside the subject: the alternative names, and the
    /// identity that the caller expects. In lower case, since mail and host names do not tell case apart.
    pub(crate) fn identities(&self) -> Vec<String> {
        let names = self.names.iter().cloned().chain(self.identity.clone());
        names.map(|name| name.to_lowercase()).collect()
    }

    /// The name to call its owner by: the expected identity, else the first name, else the subject.
    fn owner(&self) -> &str {
        self.identity.as_ref().or(self.names.first()).unwrap_or(&self.subject)
    }
}

/// One file of the model.
#[derive(Debug)]
#[non_exhaustive]
pub struct FileReport {
    /// Its name inside the model.
    pub name: String,
    /// Its size in bytes on disk; `None` when it is missing or could not be looked at.
    pub size: Option<u64>,
    /// How it was verified; `None` when it was not.
    pub checked: Option<Checked>,
    /// How its bytes were brought into memory.
    pub access: Option<AccessUsed>,
    /// On which rung its bytes stand, when they were loaded; `None` when it was looked at in place.
    pub protection: Option<Protection>,
    /// Its signed size in bytes, when chunk index or shards tell it.
    pub signed_size: Option<u64>,
    /// What is wrong with it. In a box, since there are reports of millions of files, and few have a problem.
    pub problem: Option<Box<Error>>,
}

impl FileReport {
    /// A file that was not verified.
    pub(crate) fn unverified(
        name: String,
        size: Option<u64>,
        signed_size: Option<u64>,
        problem: Option<Error>,
    ) -> Self {
        let problem = problem.map(Box::new);
        Self { name, size, checked: None, access: None, protection: None, signed_size, problem }
    }

    /// The byte ranges that do not hold, as [`Error::damaged`] tells them, and all of a missing file whose size is
    /// signed.
    pub fn damaged(&self) -> Vec<ByteRange> {
        match (self.problem.as_deref(), self.signed_size) {
            (Some(Error::Missing { .. }), Some(size)) if size > 0 => vec![ByteRange::whole(size)],
            (problem, _) => problem.map(Error::damaged).unwrap_or_default(),
        }
    }
}

/// Which signed digests a file was compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Checked {
    /// The whole-file digest.
    Whole,
    /// The chunk index.
    Chunks,
    /// Both.
    Both,
    /// The shards.
    Shards,
    /// The fs-verity digest, under which the kernel guards the file. No byte of it was read: one that is damaged on the
    /// disk is an I/O error for whoever reads it.
    FsVerity,
}

impl Checked {
    /// `"whole"`, `"chunks"`, `"whole+chunks"`, `"shards"` or `"fsverity"`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Chunks => "chunks",
            Self::Both => "whole+chunks",
            Self::Shards => "shards",
            Self::FsVerity => "fsverity",
        }
    }
}

/// Something worth knowing that is no reason to reject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Note {
    /// The bundle does not name its key; the caller's key decided.
    NoHint,
    /// The resources are not in code-point order, as some signers write them.
    Unsorted,
    /// A single file listed as `.`, as older signers write it.
    SingleFileDot,
    /// The signer followed symbolic links; the caller does not.
    SymlinksRecorded,
    /// The prehashed dialect of Ed25519, which the Go tool writes.
    Ed25519ph,
    /// Any certificate under the anchors may sign, since the caller expects no identity.
    AnyIdentity,
    /// Files have names outside of the model too, through which they can be written. Told where the policy demands more
    /// than OMS does ([`Policy::strict_git`](crate::Policy::strict_git) and the like).
    HardLinks,
    /// A bundle of model-signing 0.2.0, which signs neither a root digest nor how the files were chosen.
    Legacy,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHint => "the bundle names no key; the trusted key alone decided",
            Self::Unsorted => "the resources are not listed in code-point order",
            Self::SingleFileDot => "the single file is listed as \".\", so its name is not signed",
            Self::SymlinksRecorded => "the signer followed symbolic links; here none is followed",
            Self::Ed25519ph => "the signature is in the prehashed dialect of Ed25519",
            Self::HardLinks => {
                "some files have other names too (hard links), through which they can be written"
            }
            Self::AnyIdentity => "any certificate under the anchor may sign; no identity is expected",
            Self::Legacy => "a bundle of model-signing 0.2.0; the root digest is computed, not signed",
        })
    }
}

impl Report {
    /// The path of the model as the caller gave it. Of [resources](crate::Verifier::open_resources) the name of the
    /// only one, or how many there are.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The path of the bundle as the caller gave it.
    pub fn bundle(&self) -> &str {
        &self.bundle
    }

    /// Who signed.
    pub fn signer(&self) -> &SignerReport {
        &self.signer
    }

    /// The name the signer gave the model. It proves nothing.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The root digest of the statement.
    pub fn root_digest(&self) -> &Digest {
        &self.root_digest
    }

    /// Signed files and files with problems, in order of name.
    pub fn files(&self) -> &[FileReport] {
        &self.files
    }

    /// Files that were not looked at, each with the rule that left it out.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// What makes the policy weaker than the default.
    pub fn weakened_by(&self) -> &[&'static str] {
        &self.weakened_by
    }

    /// Things worth knowing.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The files that [`Verifier::protect`](crate::Verifier::protect) froze, in order of name; those that were frozen
    /// before are not among them. `None` unless it came that far.
    pub fn frozen(&self) -> Option<&[String]> {
        self.frozen.as_deref()
    }

    /// What is wrong, in order of the files' names.
    pub fn problems(&self) -> impl Iterator<Item = &Error> {
        self.files.iter().filter_map(|file| file.problem.as_deref())
    }

    /// The kind of the gravest problem: a negative verdict weighs more than no verdict.
    pub fn gravest(&self) -> Option<ErrorKind> {
        self.problems().map(Error::kind).min_by_key(|kind| (kind.outcome().exit_code, *kind))
    }

    /// What was checked, when only a part was asked for.
    pub fn part(&self) -> Option<&PartReport> {
        self.part.as_ref()
    }

    /// `"verified"`, `"verified-part"`, `"rejected"`, `"error"` when problems kept it from a verdict, `"opened"` when
    /// no content was checked yet.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.gravest().map(|kind| kind.outcome().exit_code) {
            None if self.complete => "verified",
            None if self.part.is_some() => "verified-part",
            None => "opened",
            Some(1) => "rejected",
            Some(_) => "error",
        }
    }

    /// Bytes of the files that were verified.
    pub fn bytes_verified(&self) -> u64 {
        if let Some(part) = &self.part {
            return part.bytes;
        }
        let verified = self.files.iter().filter(|file| file.checked.is_some());
        verified.filter_map(|file| file.size).fold(0, u64::saturating_add)
    }

    /// One line that says it all.
    pub fn verdict_line(&self) -> String {
        // Several resources have a number and no name.
        let model = match self.resources {
            Some(count) if count != 1 => self.model.clone(),
            _ => format!("'{}'", Escaped(&self.model)),
        };
        let verified = self.files.iter().filter(|file| file.checked.is_some()).count();
        let problems = self.problems().count();
        let problems = format!("{problems} {}", if problems == 1 { "problem" } else { "problems" });
        match self.verdict() {
            "verified" => format!(
                "{} {model}: {verified} {}, {}, signed by {}",
                if self.frozen.is_some() { "PROTECTED" } else { "VERIFIED" },
                if verified == 1 { "file" } else { "files" },
                Bytes(self.bytes_verified()),
                self.signer.line()
            ),
            "verified-part" => {
                let (what, signer) = (self.part.as_ref().map(|part| part.line(&model)), self.signer.line());
                format!("VERIFIED only {}, signed by {signer}", what.unwrap_or_default())
            }
            "opened" => format!("OPENED {model}: the signature holds, no file was checked yet"),
            "rejected" => format!("REJECTED {model}: {problems}"),
            _ => format!("UNDECIDED {model}: {problems}"),
        }
    }
}

impl PartReport {
    /// For example `a part of 'llama': 2 tensors, 1 file; 3.2 MB of 4.3 GB were read`.
    fn line(&self, model: &str) -> String {
        let count = |count: usize, one: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            many => Some(format!("{many} {one}s")),
        };
        let what: Vec<String> = [count(self.tensors.len(), "tensor"), count(self.files.len(), "file")]
            .into_iter()
            .flatten()
            .collect();
        let untold = self.files.len() < self.of_files && self.bytes >= self.of_bytes;
        let read = match self.resources && untold {
            // Nobody has signed how long the others are.
            true => format!("{} were read", Bytes(self.bytes)),
            false => format!("{} of {} were read", Bytes(self.bytes), Bytes(self.of_bytes)),
        };
        match (&self.files[..], self.tensors.is_empty() && self.resources) {
            ([only], true) => format!("'{}', 1 of {} signed files: {read}", Escaped(only), self.of_files),
            (files, true) => format!("{} of {} signed files: {read}", files.len(), self.of_files),
            _ => format!("a part of {model}: {}; {read}", what.join(", ")),
        }
    }
}

/// A number of bytes for people: `3.2 MB`, in powers of ten as file managers and networks count.
#[derive(Clone, Copy, Debug)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 5] = [
            ("PB", 1_000_000_000_000_000),
            ("TB", 1_000_000_000_000),
            ("GB", 1_000_000_000),
            ("MB", 1_000_000),
            ("kB", 1_000),
        ];
        match UNITS.into_iter().find(|(_, size)| self.0 >= *size) {
            Some((unit, size)) => {
                // Rounded, and without the arithmetic of floats, which takes more room than all of this.
                #[expect(clippy::arithmetic_side_effects, reason = "64 bits in 128, and no unit is zero")]
                let tenths = (u128::from(self.0) * 10 + u128::from(size / 2)) / u128::from(size);
                write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
            }
            None => write!(f, "{} bytes", self.0),
        }
    }
}
