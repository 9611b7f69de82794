//! `modelsig verify`

use std::path::PathBuf;

use clap::Args;
use modelsig::hash::Progress;
use modelsig::{CosignReport, Error, Escaped, Report, Selection, SkipReason, Skipped, Threshold, Verifier};
use serde::Serialize;

use super::Run;
use super::policy::PolicyOptions;
use super::trust::TrustOptions;
use crate::args::{self, Output};
use crate::audit::{AuditOptions, Case};
use crate::exit_code::Exit;
use crate::progress_bar::Bar;
use crate::sandbox::Sandbox;

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
    /// Check only the signed files whose names fit, such as '*.json' (may be repeated)
    ///
    /// The verdict then says that it is one on a part. * stands for any characters, also /, and ? for any one of them.
    /// The names of all files are compared in any case.
    #[arg(long, value_name = "PATTERN")]
    files: Vec<String>,
    /// Check only the tensors whose names fit, such as 'model.layers.0.*' (may be repeated)
    ///
    /// Of safetensors and GGUF files. Read are their headers, and the chunks that the tensors lie in.
    #[arg(long, value_name = "PATTERN")]
    tensor: Vec<String>,
    #[command(flatten)]
    policy: PolicyOptions,
    /// Stop at the first problem with what the files contain
    ///
    /// Problems that are found before, with names and lengths, are all listed, and then nothing is read.
    #[arg(long, conflicts_with_all = ["files", "tensor"])]
    fail_fast: bool,
    /// Keep the right to read more than the model and the bundles
    ///
    /// On Linux the command gives that up before it reads them (Landlock); --json tells whether it could.
    #[arg(long)]
    no_sandbox: bool,
    /// No verdict where that cannot be given up, as on kernels without Landlock
    #[arg(long, conflicts_with = "no_sandbox")]
    require_sandbox: bool,
    #[command(flatten)]
    audit: AuditOptions,
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
pub(super) struct Verified<'r> {
    pub(super) exit_code: u8,
    #[serde(flatten)]
    pub(super) report: &'r Report,
    pub(super) error: Option<()>,
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let bundles = match &self.signature[..] {
            [] => vec![args::default_bundle(&self.model)],
            several => several.to_vec(),
        };
        let policy = self.policy.read(&self.model);
        run.record(&self.audit, || {
            let policy = self.policy.on_record(policy.as_ref().ok());
            Case::new("verify", &self.model, &bundles, self.trust.on_record(), policy)
                .requiring(self.require)
                .selecting(&self.files, &self.tensor)
                .failing_fast(self.fail_fast)
        })?;
        let policy = policy?.fail_fast(self.fail_fast);
        let trust = self.trust.read(run.audit())?;
        // All that was read so far is the caller's own.
        run.printer.sandboxed(match self.no_sandbox {
            true => Sandbox::declined(),
            false => Sandbox::enter(&self.model, &bundles),
        });
        match run.printer.sandbox().and_then(Sandbox::missing) {
            Some(reason) if self.require_sandbox => {
                return Err(Error::Usage { what: format!("--require-sandbox, but there is none: {reason}") });
            }
            _ => {}
        }
        let progress = Progress::new();
        let verifier = Verifier::new(trust)
            .with_policy(policy)
            .with_limits(self.policy.limits())
            .with_access(run.access)
            .with_engine(run.engine(&progress)?);
        let is_part = !self.files.is_empty() || !self.tensor.is_empty();
        let bundle = match (&bundles[..], self.require) {
            (_, Some(_)) if is_part => {
                let what = "--files and --tensor check one bundle, without --require".into();
                return Err(Error::Usage { what });
            }
            (_, Some(threshold)) => return self.several(run, &verifier, progress, &bundles, threshold),
            ([bundle], None) => bundle,
            (several, None) => return Err(undecided(several.len())),
        };

        let bar = Bar::follow(progress, run.printer.may_draw());
        if is_part {
            let result = verifier
                .open(&self.model, bundle)
                .and_then(|model| model.verify_selection(&self.selection()));
            drop(bar);
            return verified(run, &result?);
        }
        let result = verifier.verify(&self.model, bundle);
        drop(bar);
        verified(run, result?.report())
    }

    fn selection(&self) -> Selection {
        let files = self.files.iter().fold(Selection::new(), |all, pattern| all.files(pattern));
        self.tensor.iter().fold(files, |all, pattern| all.tensors(pattern))
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
        run.audit().map_or(Ok(()), |audit| audit.cosigned(report, run.printer.sandbox()))?;
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

fn verified(run: &Run<'_>, report: &Report) -> Result<Exit, Error> {
    run.audit().map_or(Ok(()), |audit| audit.verified(report, run.printer.sandbox()))?;
    if run.printer.is_json() {
        run.printer.json(&Verified { exit_code: 0, report, error: None });
    } else {
        run.printer.verdict(&report.verdict_line(), true);
        talk(run, report, report.weakened_by(), "");
    }
    Ok(Exit::SUCCESS)
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
    let words = [
        (SkipReason::GitDefault, "git files that were not looked at (--strict-git covers them)"),
        (SkipReason::Caller, "files ignored as asked"),
        (SkipReason::Signer, "files left out by the signer (--no-bundle-ignores covers them)"),
        (SkipReason::Unsigned, "files that are not signed and were not verified"),
    ];
    talk_skipped(run, report.skipped(), &words, of);
}

/// How many files were passed over, for each of these reasons.
pub(super) fn talk_skipped(run: &Run<'_>, skipped: &[Skipped], words: &[(SkipReason, &str)], of: &str) {
    for (reason, words) in words {
        match skipped.iter().filter(|skipped| skipped.reason == *reason).count() {
            0 => {}
            count => run.printer.note(&format!("{of}{words}: {count}; --json lists them")),
        }
    }
}
