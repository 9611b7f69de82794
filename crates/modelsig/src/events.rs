//! What happened, told to whoever listens through [`tracing`] (cargo feature `tracing`). The table in the documentation
//! of the crate lists the targets and their fields; it is a promise, as the names of functions are.
//!
//! Names and messages are escaped, and cut where they may repeat text from outside. No event carries a key, a
//! passphrase or a PIN, or bytes of a file.

use std::path::Path;

use modelsig_hash::Digest;
use tracing::{Level, event};

use crate::escape::clipped;
use crate::loader::{CosignedModel, SignedModel, VerifiedModel};
use crate::{CosignReport, Done, Error, Escaped, RepairReport, RepairedFile, Report};

/// Problems of one model that are told one by one.
const PROBLEMS: usize = 100;

/// What has a verdict to tell of.
pub(crate) trait Judged {
    fn tell(&self, operation: &'static str);
}

/// Tells what came of a bundle: the verdict, or what is counted with others for one. A target is part of the program.
macro_rules! tell_outcome {
    ($report:expr, $target:literal, $operation:expr) => {{
        let report: &Report = $report;
        let (model, bundle) = (escaped(report.model()), escaped(report.bundle()));
        let (signer, root_digest): (_, &Digest) = (report.signer().line(), report.root_digest());
        let (operation, verdict) = ($operation, report.verdict());
        let (files, bytes, problems) = (report.files().len(), report.bytes_verified(), report.problems().count());
        match report.gravest() {
            None => event!(
                target: $target, Level::INFO, operation, verdict, model, bundle, ?root_digest, signer, files, bytes
            ),
            Some(kind) => event!(
                target: $target, Level::WARN, operation, verdict, model, bundle, ?root_digest, signer, files, bytes,
                problems, kind = kind.outcome().name
            ),
        }
    }};
}

/// A name as a string: what listens can then put it in quotes, so that it does not pass for other fields.
fn escaped(name: &str) -> String {
    Escaped(name).to_string()
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
            if let Error::HalfDone { done, .. } = error {
                tell_done(done, &model.to_string_lossy(), error);
            }
            let verdict = match error.kind().outcome().exit_code {
                1 => "rejected",
                130 => "interrupted",
                _ => "error",
            };
            event!(
                target: "modelsig::verdict", Level::WARN, operation, verdict,
                model = escaped(&model.to_string_lossy()),
                kind = error.kind().outcome().name, reason = clipped(error)
            );
        }
    }
    result
}

/// What stays done without a verdict.
fn tell_done(done: &Done, model: &str, error: &Error) {
    if let Done::Repaired(written) = done {
        let (model, files) = (escaped(model), written.len());
        let bytes = written.iter().map(RepairedFile::bytes).fold(0, u64::saturating_add);
        event!(target: "modelsig::repair", Level::WARN, model, files, bytes, reason = clipped(error));
    }
}

/// Bytes of a file were handed out, or why they were not.
pub(crate) fn handed_out<T>(report: &Report, name: &str, result: Result<T, Error>) -> Result<T, Error> {
    match &result {
        Ok(_) => event!(
            target: "modelsig::load", Level::DEBUG, model = escaped(report.model()), file = escaped(name)
        ),
        Err(error) => event!(
            target: "modelsig::load", Level::WARN, model = escaped(report.model()), file = escaped(name),
            kind = error.kind().outcome().name, reason = clipped(error)
        ),
    }
    result
}

/// A bundle was written.
#[cfg(feature = "sign")]
pub(crate) fn signed(model: &str, bundle: &str, report: &crate::SignReport) {
    event!(
        target: "modelsig::sign", Level::INFO, model = escaped(model), bundle = escaped(bundle),
        root_digest = ?report.root_digest, key_type = %report.key_type, hint = %report.hint, files = report.files,
        bytes = report.bytes, reused = report.reused.len()
    );
}

impl Judged for Report {
    fn tell(&self, operation: &'static str) {
        tell_outcome!(self, "modelsig::verdict", operation);
        tell_details(self, operation);
    }
}

/// Problems, and what weakens the policy.
fn tell_details(report: &Report, operation: &'static str) {
    let model = escaped(report.model());
    for problem in report.problems().take(PROBLEMS) {
        event!(
            target: "modelsig::problem", Level::WARN, operation, model,
            file = escaped(problem.path().unwrap_or_default()), kind = problem.kind().outcome().name,
            reason = clipped(problem)
        );
    }
    for words in report.weakened_by() {
        event!(target: "modelsig::policy", Level::WARN, operation, model, weakened_by = words);
    }
}

impl Judged for CosignReport {
    fn tell(&self, operation: &'static str) {
        let (model, bundles, signers) = (escaped(self.model()), self.bundles().len(), self.signers());
        let required = self.required();
        let verdict = self.verdict();
        match self.is_met() {
            true => event!(
                target: "modelsig::verdict", Level::INFO, operation, verdict, model, bundles, signers, required
            ),
            false => event!(
                target: "modelsig::verdict", Level::WARN, operation, verdict, model, bundles, signers, required,
                kind = self.kind().outcome().name
            ),
        }
        for bundle in self.bundles() {
            match &bundle.outcome {
                Ok(report) => tell_bundle(report, operation),
                Err(Error::Rejected(report)) => tell_bundle(report, operation),
                Err(error) => event!(
                    target: "modelsig::problem", Level::WARN, operation, model, file = escaped(&bundle.bundle),
                    kind = error.kind().outcome().name, reason = clipped(error)
                ),
            }
        }
    }
}

/// One of several bundles, which is no verdict by itself.
fn tell_bundle(report: &Report, operation: &'static str) {
    tell_outcome!(report, "modelsig::bundle", operation);
    tell_details(report, operation);
}

impl Judged for RepairReport {
    fn tell(&self, operation: &'static str) {
        let (model, files, bytes) = (escaped(self.report().model()), self.files().len(), self.bytes_copied());
        let failures = self.failures().len();
        event!(target: "modelsig::repair", Level::INFO, model, files, bytes, failures);
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
