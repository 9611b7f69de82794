//! `--audit-log FILE`: one JSON line for each verdict, appended and flushed to the device before the verdict is printed.
//! Where the line cannot be written there is no verdict: nobody can then claim one that is not on record.
//!
//! The file is opened before anything is read that somebody else could have written. It is made for its owner alone if it is
//! not there; what is in it stays.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use modelsig::{CosignReport, Error, RepairReport, Report, SignerReport};
use serde::Serialize;

use crate::exit_code::Exit;
use crate::printer::ascii_line;
use crate::sandbox::Sandbox;

/// Problems that a line lists.
const PROBLEMS: usize = 100;

#[derive(Args)]
#[group(skip)]
pub(crate) struct AuditOptions {
    /// Append a line of JSON to this file for each verdict, before it is printed
    ///
    /// With time, model, root digest, signer, policy, verdict and reason. If it cannot be written and flushed, there is no
    /// verdict.
    #[arg(long, value_name = "FILE")]
    audit_log: Option<PathBuf>,
}

/// What a verdict was asked for.
#[derive(Clone, Serialize)]
pub(crate) struct Case {
    pub(crate) command: &'static str,
    pub(crate) model: String,
    pub(crate) bundles: Vec<String>,
    pub(crate) trusted: serde_json::Value,
    pub(crate) policy: serde_json::Value,
}

/// An opened audit log, and what it is going to tell.
pub(crate) struct Audit {
    path: String,
    file: File,
    case: Case,
    /// A line could not be written: why not is told already, and another one would not be.
    is_broken: Cell<bool>,
}

/// A line of the log.
#[derive(Serialize)]
struct Line<'l> {
    /// RFC 3339 in UTC.
    time: String,
    version: &'static str,
    #[serde(flatten)]
    case: &'l Case,
    sandbox: Option<&'l Sandbox>,
    verdict: &'static str,
    exit_code: u8,
    root_digest: Option<String>,
    /// Those whose bundles hold.
    signers: Vec<&'l SignerReport>,
    files_verified: usize,
    bytes_verified: u64,
    problem_count: usize,
    /// The first hundred.
    problems: Vec<&'l Error>,
    /// Null for a model that holds.
    reason: Option<Reason>,
}

#[derive(Serialize)]
struct Reason {
    kind: &'static str,
    message: String,
}

/// What a line tells of a verdict.
#[derive(Default)]
struct Facts<'f> {
    root_digest: Option<String>,
    signers: Vec<&'f SignerReport>,
    files: usize,
    bytes: u64,
    problems: Vec<&'f Error>,
}

impl AuditOptions {
    /// Opens the log, if there is to be one.
    pub(crate) fn open(&self, case: impl FnOnce() -> Case) -> Result<Option<Audit>, Error> {
        let Some(path) = &self.audit_log else { return Ok(None) };
        let name = path.to_string_lossy().into_owned();
        let file =
            open(path).map_err(|source| Error::Io { operation: "open", path: name.clone(), source })?;
        Ok(Some(Audit { path: name, file, case: case(), is_broken: Cell::new(false) }))
    }
}

impl Audit {
    /// The model holds.
    pub(crate) fn verified(&self, report: &Report, sandbox: Option<&Sandbox>) -> Result<(), Error> {
        let verdict = if report.part().is_some() { "verified-part" } else { "verified" };
        self.write(verdict, Exit::SUCCESS, of_report(report), None, sandbox)
    }

    /// The model is signed by enough.
    pub(crate) fn cosigned(&self, report: &CosignReport, sandbox: Option<&Sandbox>) -> Result<(), Error> {
        self.write("verified", Exit::SUCCESS, of_several(report), None, sandbox)
    }

    /// The model holds now.
    pub(crate) fn repaired(&self, repair: &RepairReport) -> Result<(), Error> {
        let verdict = if repair.files().is_empty() { "verified" } else { "repaired" };
        self.write(verdict, Exit::SUCCESS, of_report(repair.report()), None, None)
    }

    /// It does not, or there is no verdict.
    pub(crate) fn failed(&self, error: &Error, sandbox: Option<&Sandbox>) -> Result<(), Error> {
        let exit = Exit::from(error);
        let facts = match error {
            Error::Rejected(report) => of_report(report),
            Error::Threshold(report) => of_several(report),
            Error::Unrepaired(repair) => of_report(repair.report()),
            _ => Facts::default(),
        };
        let (kind, message) = (error.kind().outcome().name, error.to_string());
        self.write(exit.verdict(), exit, facts, Some(Reason { kind, message }), sandbox)
    }

    fn write(
        &self,
        verdict: &'static str,
        exit: Exit,
        facts: Facts<'_>,
        reason: Option<Reason>,
        sandbox: Option<&Sandbox>,
    ) -> Result<(), Error> {
        if self.is_broken.replace(true) {
            return Ok(());
        }
        let Facts { root_digest, signers, files: files_verified, bytes: bytes_verified, mut problems } =
            facts;
        let problem_count = problems.len();
        problems.truncate(PROBLEMS);
        let line = Line {
            time: now(),
            version: env!("CARGO_PKG_VERSION"),
            case: &self.case,
            sandbox,
            verdict,
            exit_code: exit.code(),
            root_digest,
            signers,
            files_verified,
            bytes_verified,
            problem_count,
            problems,
            reason,
        };
        let failed = |operation| move |source| Error::Io { operation, path: self.path.clone(), source };
        let mut line = ascii_line(&line).map_err(failed("write"))?;
        // What a process that was killed has left of a line is not to take this one with it.
        if !ends_in_newline(&self.file).map_err(failed("read"))? {
            line.insert(0, b'\n');
        }
        // In one call: lines of several processes do not mix.
        (&self.file).write_all(&line).map_err(failed("write"))?;
        self.file.sync_all().map_err(failed("flush"))?;
        self.is_broken.set(false);
        Ok(())
    }
}

fn of_report(report: &Report) -> Facts<'_> {
    Facts {
        root_digest: Some(format!("{:?}", report.root_digest())),
        signers: vec![report.signer()],
        files: report.files().iter().filter(|file| file.checked.is_some()).count(),
        bytes: report.bytes_verified(),
        problems: report.problems().collect(),
    }
}

fn of_several(report: &CosignReport) -> Facts<'_> {
    let sound = || report.bundles().iter().filter_map(|bundle| bundle.outcome.as_ref().ok());
    // Bundles by different signers may list different files, and then have different digests.
    let mut digests: Vec<String> = sound().map(|report| format!("{:?}", report.root_digest())).collect();
    digests.dedup();
    Facts {
        root_digest: if let [only] = &digests[..] { Some(only.clone()) } else { None },
        signers: sound().map(Report::signer).collect(),
        files: report.files_verified(),
        bytes: report.bytes_verified(),
        problems: report.bundles().iter().filter_map(|bundle| bundle.outcome.as_ref().err()).collect(),
    }
}

/// For appending. What is no regular file is refused: it could block, and keeps nothing.
fn open(path: &Path) -> io::Result<File> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // A new name is on the device when its folder is.
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Not every file system flushes folders.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(file)
}

fn ends_in_newline(mut file: &File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn now() -> String {
    jiff::Timestamp::try_from(SystemTime::now()).map(|time| time.to_string()).unwrap_or_default()
}
