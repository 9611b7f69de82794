//! `modelsig repair`

use std::path::PathBuf;

use clap::Args;
use modelsig::hash::Progress;
use modelsig::{Error, LocalSource, RepairReport, Verifier};
use serde::Serialize;

use super::Run;
use super::policy::PolicyOptions;
use super::trust::TrustOptions;
use super::verify;
use crate::args::{self, Output};
use crate::audit::{Audit, AuditOptions, Case};
use crate::exit_code::Exit;
use crate::printer::Changed;
use crate::progress_bar::Bar;

/// Repair a damaged model from a good copy
///
/// Verifies the model, copies the damaged chunks, shards or files from the copy, and verifies what was written. Of the
/// copy nothing is believed: each range is checked against the signed digest before it is written. After an
/// interruption, run it again. Files that were not signed are reported and left alone.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder or file of the model
    model: PathBuf,
    /// A good copy: a folder with files of the same names, or the copy of the one damaged file
    #[arg(long, value_name = "DIR_OR_FILE")]
    from: PathBuf,
    #[command(flatten)]
    trust: TrustOptions,
    /// The bundle [default: MODEL/model.sig for a folder, MODEL.sig for a file]
    #[arg(long, value_name = "BUNDLE")]
    signature: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    audit: AuditOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The JSON object of a model that holds now.
#[derive(Serialize)]
struct Repaired<'r> {
    exit_code: u8,
    verdict: &'static str,
    #[serde(flatten)]
    repair: &'r RepairReport,
    error: Option<()>,
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let bundle = self.signature.clone().unwrap_or_else(|| args::default_bundle(&self.model));
        let policy = self.policy.read(&self.model);
        run.record(&self.audit, || {
            let policy = self.policy.on_record(policy.as_ref().ok());
            let bundles = std::slice::from_ref(&bundle);
            Case::new("repair", &self.model, bundles, self.trust.on_record(), policy).mending_from(&self.from)
        })?;
        let policy = policy?;
        let progress = Progress::new();
        let verifier = Verifier::new(self.trust.read(run.audit())?)
            .with_policy(policy)
            .with_limits(self.policy.limits())
            .with_access(run.access)
            .with_engine(run.engine(&progress)?);
        let source = LocalSource::open(&self.from)?;
        // While nothing has happened yet.
        run.audit().map_or(Ok(()), Audit::begun)?;

        let bar = Bar::follow(progress, run.printer.may_draw());
        let result = verifier.repair(&self.model, &bundle, &source);
        drop(bar);
        let repair = result?;
        if let Err(unrecorded) = run.audit().map_or(Ok(()), |audit| audit.repaired(&repair)) {
            return Ok(run
                .printer
                .failure_after(&unrecorded, Changed::Repaired { repaired: repair.files() }));
        }
        if run.printer.is_json() {
            let verdict = if repair.files().is_empty() { "verified" } else { "repaired" };
            run.printer.json(&Repaired { exit_code: 0, verdict, repair: &repair, error: None });
            return Ok(Exit::SUCCESS);
        }
        run.printer.verdict(&repair.verdict_line(), true);
        if repair.files().is_empty() {
            run.printer.note("nothing is damaged; nothing was written");
        }
        let report = repair.report();
        verify::talk(run, report, report.weakened_by(), "");
        Ok(Exit::SUCCESS)
    }
}
