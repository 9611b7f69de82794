//! What happened, told to whoever listens through [`tracing`] (cargo feature `tracing`). The table in the documentation of
//! the crate lists the targets and their fields; it is a promise, as the names of functions are.
//!
//! Names and messages are escaped, and cut where they may repeat text from outside. No event carries a key, a passphrase or
//! a PIN, or bytes of a file.

use std::path::Path;

use modelsig_hash::Digest;
use tracing::{Level, event};

use crate::escape::clipped;
use crate::loader::{CosignedModel, SignedModel, VerifiedModel};
use crate::{CosignReport, Error, Escaped, RepairReport, Report};

/// Problems of one model that are told one by one.
const PROBLEMS: usize = 100;

/// What has a verdict to tell of.
pub(crate) trait Judged {
    fn tell(&self, operation: &'static str);
}

/// Tells of a verdict, or why there is none, and passes it on.
pub(crate) fn verdict<T: Judged>(
    operation: &'static str,
    model: &Path,
    result: Result<T, Error>,
) -> Result<T, Error> {
    match &result {
        Ok(judged) => judged.tell(operation),
        Err(Error::Rejected(report)) => report.tell(operation),
        Err(Error::Threshold(report)) => report.tell(operation),
        Err(Error::Unrepaired(repair)) => repair.tell(operation),
        Err(error) => {
            let verdict = match error.kind().outcome().exit_code {
                1 => "rejected",
                130 => "interrupted",
                _ => "error",
            };
            event!(
                target: "modelsig::verdict", Level::WARN, operation, verdict,
                model = %Escaped(&model.to_string_lossy()),
                kind = error.kind().outcome().name, reason = clipped(error)
            );
        }
    }
    result
}

/// Bytes of a file were handed out, or why they were not.
pub(crate) fn handed_out<T>(report: &Report, name: &str, result: Result<T, Error>) -> Result<T, Error> {
    let (model, file) = (Escaped(report.model()), Escaped(name));
    match &result {
        Ok(_) => event!(target: "modelsig::load", Level::DEBUG, %model, %file),
        Err(error) => {
            let kind = error.kind().outcome().name;
            event!(target: "modelsig::load", Level::WARN, %model, %file, kind, reason = clipped(error));
        }
    }
    result
}

/// A bundle was written.
#[cfg(feature = "sign")]
pub(crate) fn signed(model: &str, bundle: &str, report: &crate::SignReport) {
    event!(
        target: "modelsig::sign", Level::INFO, model = %Escaped(model), bundle = %Escaped(bundle),
        root_digest = ?report.root_digest, key_type = %report.key_type, hint = %report.hint, files = report.files,
        bytes = report.bytes, reused = report.reused.len()
    );
}

impl Judged for Report {
    fn tell(&self, operation: &'static str) {
        let (model, bundle, signer) = (Escaped(self.model()), Escaped(self.bundle()), self.signer().line());
        let root_digest: &Digest = self.root_digest();
        let (files, bytes) = (self.files().len(), self.bytes_verified());
        let (verdict, problems) = (self.verdict(), self.problems().count());
        match self.gravest() {
            None => event!(
                target: "modelsig::verdict", Level::INFO, operation, verdict, %model, %bundle, ?root_digest, signer,
                files, bytes
            ),
            Some(kind) => event!(
                target: "modelsig::verdict", Level::WARN, operation, verdict, %model, %bundle, ?root_digest, signer,
                files, bytes, problems, kind = kind.outcome().name
            ),
        }
        for problem in self.problems().take(PROBLEMS) {
            event!(
                target: "modelsig::problem", Level::WARN, operation, %model,
                file = %Escaped(problem.path().unwrap_or_default()), kind = problem.kind().outcome().name,
                reason = clipped(problem)
            );
        }
        for words in self.weakened_by() {
            event!(target: "modelsig::policy", Level::WARN, operation, %model, weakened_by = words);
        }
    }
}

impl Judged for CosignReport {
    fn tell(&self, operation: &'static str) {
        let (model, bundles, signers) = (Escaped(self.model()), self.bundles().len(), self.signers());
        let required = self.required();
        let verdict = self.verdict();
        match self.is_met() {
            true => event!(
                target: "modelsig::verdict", Level::INFO, operation, verdict, %model, bundles, signers, required
            ),
            false => event!(
                target: "modelsig::verdict", Level::WARN, operation, verdict, %model, bundles, signers, required,
                kind = self.kind().outcome().name
            ),
        }
        for bundle in self.bundles() {
            match &bundle.outcome {
                Ok(report) => report.tell(operation),
                Err(Error::Rejected(report)) => report.tell(operation),
                Err(error) => event!(
                    target: "modelsig::problem", Level::WARN, operation, %model, file = %Escaped(&bundle.bundle),
                    kind = error.kind().outcome().name, reason = clipped(error)
                ),
            }
        }
    }
}

impl Judged for RepairReport {
    fn tell(&self, operation: &'static str) {
        let (model, files, bytes) = (Escaped(self.report().model()), self.files().len(), self.bytes_copied());
        let failures = self.failures().len();
        event!(target: "modelsig::repair", Level::INFO, %model, files, bytes, failures);
        self.report().tell(operation);
    }
}

impl Judged for SignedModel {
    fn tell(&self, operation: &'static str) {
        self.report().tell(operation);
    }
}

impl Judged for VerifiedModel {
    fn tell(&self, operation: &'static str) {
        self.report().tell(operation);
    }
}

impl Judged for CosignedModel {
    fn tell(&self, operation: &'static str) {
        self.report().tell(operation);
    }
}
