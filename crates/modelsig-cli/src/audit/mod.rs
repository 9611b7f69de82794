//! `--audit-log FILE`: one JSON line for each verdict, appended and flushed to the device before the verdict is
//! printed. Where the line cannot be written there is no positive verdict: nobody can then claim one that is not on
//! record. A negative one is told, with the reason why it is not on record. What changes a model also has a line before
//! that, so that a change is on record even if nothing after it is.
//!
//! The log is opened before anything is read that somebody else could have written.

mod apart;
mod case;
mod file;
mod line;

use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;

use clap::Args;
use modelsig::{CertificateTrust, CosignReport, Error, PublicKey, RepairReport, Report};

pub(crate) use case::{Case, Trusted, text};
use file::LogFile;
use line::Outcome;

use crate::sandbox::Sandbox;

#[derive(Args)]
#[group(skip)]
pub(crate) struct AuditOptions {
    /// Append a line of JSON to this file for each verdict, before it is printed
    ///
    /// With time, model, root digest, signers, what was asked for, verdict and reason. Commands that change a model
    /// append another line before they do. What cannot be written and flushed is taken back; then there is no positive
    /// verdict, and a negative one is told with the reason why it is not on record. The exit code in a line is that of
    /// the verdict: a command that can then not print it ends with 2. The file is made if it is not there; it must be
    /// readable, as must its folder, lie outside of the model, and be neither a link nor (on Unix) have a second name.
    #[arg(long, value_name = "FILE")]
    audit_log: Option<PathBuf>,
}

/// An opened audit log, and what it is going to tell.
pub(crate) struct Audit {
    file: LogFile,
    case: RefCell<Case>,
    /// A line could not be written, and why not is an error that ends the command: that one would need another line.
    gave_up: Cell<bool>,
}

impl AuditOptions {
    /// Opens the log, if there is to be one.
    pub(crate) fn open(&self, case: impl FnOnce() -> Case) -> Result<Option<Audit>, Error> {
        let Some(path) = &self.audit_log else { return Ok(None) };
        let case = case();
        apart::lies_elsewhere(path, &case)?;
        let file = LogFile::open(path)?;
        apart::is_nothing_else(path, file.file(), &case)?;
        file.can_be_locked()?;
        Ok(Some(Audit { file, case: RefCell::new(case), gave_up: Cell::new(false) }))
    }
}

impl Audit {
    /// The files with what the user trusts were read.
    pub(crate) fn trusted(&self, keys: &[PublicKey], anchors: Option<&CertificateTrust>) {
        self.case.borrow_mut().trusted.are(keys, anchors);
    }

    /// From now on the model may be changed.
    pub(crate) fn begun(&self) -> Result<(), Error> {
        self.append(line::begun)
    }

    /// The model holds.
    pub(crate) fn verified(&self, report: &Report, sandbox: Option<&Sandbox>) -> Result<(), Error> {
        self.ended(Outcome::verified(report), sandbox)
    }

    /// The model is signed by enough.
    pub(crate) fn cosigned(&self, report: &CosignReport, sandbox: Option<&Sandbox>) -> Result<(), Error> {
        self.ended(Outcome::cosigned(report), sandbox)
    }

    /// The model holds now.
    pub(crate) fn repaired(&self, repair: &RepairReport) -> Result<(), Error> {
        self.ended(Outcome::repaired(repair), None)
    }

    /// It does not, or there is no verdict.
    pub(crate) fn failed(&self, error: &Error, sandbox: Option<&Sandbox>) -> Result<(), Error> {
        self.ended(Outcome::failed(error), sandbox)
    }

    fn ended(&self, outcome: Outcome<'_>, sandbox: Option<&Sandbox>) -> Result<(), Error> {
        self.append(|case| line::ended(case, outcome.inside(sandbox)))
    }

    fn append(&self, line: impl FnOnce(&Case) -> io::Result<Vec<u8>>) -> Result<(), Error> {
        if self.gave_up.get() {
            return Ok(());
        }
        let made = line(&self.case.borrow()).map_err(|source| self.file.cannot("write", source));
        let appended = made.and_then(|line| self.file.append(&line));
        self.gave_up.set(appended.is_err());
        appended
    }
}
