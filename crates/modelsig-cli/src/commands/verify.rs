//! `modelsig verify`

use std::path::PathBuf;

use clap::Args;
use modelsig::hash::Progress;
use modelsig::{CosignReport, Error, Escaped, Report, SkipReason, Threshold, Verifier};
use serde::Serialize;

use super::Run;
use super::policy::PolicyOptions;
use super::trust::TrustOptions;
use crate::args::{self, Output};
use crate::exit_code::Exit;
use crate::progress_bar::Bar;

/// Verify a model
///
/// Checks the signature of the bundle, then that the model has exactly the signed files with exactly the signed
/// content. The verdict holds for the moment of reading.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder or file of the model
    model: PathBuf,
    #[command(flatten)]
    trust: TrustOptions,
    /// The bundle [default: MODEL/model.sig for a folder, MODEL.sig for a file]
    ///
    /// May be repeated with --require. None of the bundles is an unsigned file to the others.
    #[arg(long, value_name = "BUNDLE")]
    signature: Vec<PathBuf>,
    /// How many of the bundles' signers it takes: all, any, or a number of distinct ones
    ///
    /// A bundle that fails is not counted, and is reported. Signers are counted by their public keys and, under
    /// certificates, by their identities: "all" also means that no two bundles are by the same one. Where it takes
    /// more than one, whole files are checked.
    #[arg(long, value_name = "WHICH")]
    require: Option<Threshold>,
    #[command(flatten)]
    policy: PolicyOptions,
    /// Stop at the first problem
    #[arg(long)]
    fail_fast: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The JSON object of a model that enough signers have signed.
#[derive(Serialize)]
struct Cosigned<'r> {
    exit_code: u8,
    #[serde(flatten)]
    report: &'r CosignReport,
    error: Option<()>,
}

/// The JSON object of a verified model.
#[derive(Serialize)]
struct Verified<'r> {
    exit_code: u8,
    #[serde(flatten)]
    report: &'r Report,
    error: Option<()>,
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let progress = Progress::new();
        let verifier = Verifier::new(self.trust.read()?)
            .with_policy(self.policy.read(&self.model)?.fail_fast(self.fail_fast))
            .with_access(run.access)
            .with_engine(run.engine(&progress)?);
        let bundles = match &self.signature[..] {
            [] => vec![args::default_bundle(&self.model)],
            several => several.to_vec(),
        };
        let bundle = match (&bundles[..], self.require) {
            (_, Some(threshold)) => return self.several(run, &verifier, progress, &bundles, threshold),
            ([bundle], None) => bundle,
            (several, None) => return Err(undecided(several.len())),
        };

        let bar = Bar::follow(progress, run.printer.may_draw());
        let result = verifier.verify(&self.model, bundle);
        drop(bar);
        let model = result?;
        let report = model.report();
        if run.printer.is_json() {
            run.printer.json(&Verified { exit_code: 0, report, error: None });
        } else {
            run.printer.verdict(&report.verdict_line(), true);
            talk(run, report, report.weakened_by(), "");
        }
        Ok(Exit::SUCCESS)
    }

    fn several(
        &self,
        run: &Run<'_>,
        verifier: &Verifier,
        progress: Progress,
        bundles: &[PathBuf],
        threshold: Threshold,
    ) -> Result<Exit, Error> {
        let bar = Bar::follow(progress, run.printer.may_draw());
        let result = verifier.verify_several(&self.model, bundles, threshold);
        drop(bar);
        let model = result?;
        let report = model.report();
        if run.printer.is_json() {
            run.printer.json(&Cosigned { exit_code: 0, report, error: None });
            return Ok(Exit::SUCCESS);
        }
        run.printer.verdict(&report.verdict_line(), true);
        run.printer.bundles(report);
        let sound = report.bundles().iter().filter_map(|bundle| bundle.outcome.as_ref().ok());
        for (place, report) in sound.enumerate() {
            // What weakens the policy does so for all, and is told once.
            let weakened_by = if place == 0 { report.weakened_by() } else { &[] };
            talk(run, report, weakened_by, &format!("bundle '{}': ", Escaped(report.bundle())));
        }
        match report.partly_signed().len() {
            0 => {}
            count => run.printer.note(&format!(
                "files that only some of the counted bundles have signed: {count}; --json lists them"
            )),
        }
        Ok(Exit::SUCCESS)
    }
}

/// Nobody should have to guess what several bundles are for.
fn undecided(bundles: usize) -> Error {
    let what =
        format!("{bundles} bundles were given, but not how many signers it takes: --require all, any or N");
    Error::Usage { what }
}

/// What a person should know beside the verdict: notes, weakenings, and how much was skipped.
pub(super) fn talk(run: &Run<'_>, report: &Report, weakened_by: &[&str], of: &str) {
    report.notes().iter().for_each(|note| run.printer.note(&format!("{of}{note}")));
    weakened_by.iter().for_each(|words| run.printer.note(words));
    let skipped =
        |reason: SkipReason| report.skipped().iter().filter(|skipped| skipped.reason == reason).count();
    for (reason, words) in [
        (SkipReason::GitDefault, "git files that were not looked at (--strict-git covers them)"),
        (SkipReason::Caller, "files ignored as asked"),
        (SkipReason::Signer, "files left out by the signer (--no-bundle-ignores covers them)"),
        (SkipReason::Unsigned, "files that are not signed and were not verified"),
    ] {
        match skipped(reason) {
            0 => {}
            count => run.printer.note(&format!("{of}{words}: {count}; --json lists them")),
        }
    }
}
