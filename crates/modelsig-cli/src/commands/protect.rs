//! `modelsig protect`

use std::path::PathBuf;

use clap::Args;
use modelsig::hash::Progress;
use modelsig::{Error, Verifier};

use super::Run;
use super::policy::PolicyOptions;
use super::trust::TrustOptions;
use super::verify::{Verified, talk};
use crate::args::{self, Output};
use crate::audit::{Audit, AuditOptions, Case};
use crate::exit_code::Exit;
use crate::printer::Changed;
use crate::progress_bar::Bar;

/// Verify a model, freeze its files with fs-verity, and verify them again
///
/// Linux then lets nobody change them, root included, and checks every page that is read. THIS CANNOT BE UNDONE: a
/// frozen file can be read, renamed and removed, but never written. Nothing is frozen unless the whole model verifies.
/// The second look, through the descriptor by which a file was frozen, takes no time where its fs-verity digest is
/// signed (sign --fsverity). The folder is not frozen: a file in it can be replaced by another one, which verifying
/// again shows.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder or file of the model
    model: PathBuf,
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

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let bundle = self.signature.clone().unwrap_or_else(|| args::default_bundle(&self.model));
        let policy = self.policy.read(&self.model);
        run.record(&self.audit, || {
            let policy = self.policy.on_record(policy.as_ref().ok());
            let bundles = std::slice::from_ref(&bundle);
            Case::new("protect", &self.model, bundles, self.trust.on_record(), policy)
        })?;
        let policy = policy?;
        let progress = Progress::new();
        let verifier = Verifier::new(self.trust.read(run.audit())?)
            .with_policy(policy)
            .with_limits(self.policy.limits())
            .with_access(run.access)
            .with_engine(run.engine(&progress)?);
        // While nothing has happened yet.
        run.audit().map_or(Ok(()), Audit::begun)?;

        let bar = Bar::follow(progress, run.printer.may_draw());
        let result = verifier.protect(&self.model, &bundle);
        drop(bar);
        let model = result?;
        let report = model.report();
        if let Err(unrecorded) = run.audit().map_or(Ok(()), |audit| audit.verified(report, None)) {
            let frozen = report.frozen().unwrap_or_default();
            return Ok(run.printer.failure_after(&unrecorded, Changed::Frozen { frozen }));
        }
        if run.printer.is_json() {
            run.printer.json(&Verified { exit_code: 0, report, error: None });
        } else {
            run.printer.outcomes(report);
            run.printer.verdict(&report.verdict_line(), true);
            talk(run, report, report.weakened_by(), "");
        }
        Ok(Exit::SUCCESS)
    }
}
