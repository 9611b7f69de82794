//! `modelsig digest`

use std::path::PathBuf;

use clap::Args;
use modelsig::hash::Progress;
use modelsig::{Error, ModelSigner};

use super::Run;
use crate::args::{self, ManifestOptions, Output};
use crate::exit_code::Exit;
use crate::progress_bar::Bar;

/// Print the root digest of a model
///
/// The digest that a signature over the model would carry. The default bundle, or the one given, is left out.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder or file of the model
    model: PathBuf,
    /// The bundle to leave out
    #[arg(long, value_name = "BUNDLE")]
    signature: Option<PathBuf>,
    #[command(flatten)]
    manifest: ManifestOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let progress = Progress::new();
        let signer =
            ModelSigner::new().chunks(None).with_access(run.access).with_engine(run.engine(&progress)?);
        let signer = self.manifest.apply(&self.model, signer)?;
        let bundle = self.signature.unwrap_or_else(|| args::default_bundle(&self.model));
        let bar = Bar::follow(progress, run.printer.may_draw());
        let result = signer.root_digest(&self.model, Some(&bundle));
        drop(bar);
        let digest = result?.tagged();
        if run.printer.is_json() {
            run.printer.json(&serde_json::json!({
                "verdict": "ok",
                "exit_code": 0,
                "model": self.model.to_string_lossy(),
                "root_digest": digest,
            }));
        } else {
            run.printer.line(&digest);
        }
        Ok(Exit::SUCCESS)
    }
}
