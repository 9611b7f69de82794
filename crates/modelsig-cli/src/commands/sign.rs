//! `modelsig sign`

use std::path::PathBuf;

use clap::Args;
use modelsig::hash::{ChunkSize, Progress};
use modelsig::{Bytes, ChunkIndexing, Error, Escaped, KeyType, ModelSigner};

use super::Run;
use super::private_key::KeyOptions;
use crate::args::{self, HashArgument, ManifestOptions, Output};
use crate::exit_code::Exit;
use crate::progress_bar::Bar;

/// Sign a model
///
/// Hashes every file of the model and writes a signature bundle: MODEL/model.sig for a folder, MODEL.sig for a file.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder or file of the model
    model: PathBuf,
    #[command(flatten)]
    key: KeyOptions,
    /// The bundle to write
    #[arg(long, value_name = "BUNDLE")]
    signature: Option<PathBuf>,
    #[command(flatten)]
    manifest: ManifestOptions,
    /// Bytes in each chunk of the chunk index: a power of two from 65536 to 1073741824
    #[arg(long, value_name = "BYTES", conflicts_with = "no_chunks")]
    chunk_size: Option<u64>,
    /// Hash of the chunks
    #[arg(long, value_name = "HASH", default_value = "sha256", conflicts_with = "no_chunks")]
    chunk_hash: HashArgument,
    /// Leave out the chunk index
    #[arg(long)]
    no_chunks: bool,
    /// List a single file as ".", which is the only form that the Python tool verifies
    #[arg(long)]
    single_file_dot: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let size = self.chunk_size.map(ChunkSize::new).transpose();
        let size = size.map_err(|error| Error::Usage { what: error.to_string() })?;
        let indexing = ChunkIndexing { size, algorithm: self.chunk_hash.into() };
        let key = self.key.open()?;
        let progress = Progress::new();
        let signer = ModelSigner::new()
            .chunks((!self.no_chunks).then_some(indexing))
            .single_file_dot(self.single_file_dot)
            .with_access(run.access)
            .with_engine(args::engine(run.threads, &progress)?);
        let signer = self.manifest.apply(&self.model, signer)?;
        let bundle = self.signature.unwrap_or_else(|| args::default_bundle(&self.model));

        let bar = Bar::follow(progress, run.printer.may_draw());
        let result = signer.sign(&self.model, &bundle, key.as_ref());
        drop(bar);
        let report = result?;
        if run.printer.is_json() {
            let skipped: Vec<_> = report
                .skipped
                .iter()
                .map(|skipped| serde_json::json!({"path": skipped.path, "reason": skipped.reason.id()}))
                .collect();
            run.printer.json(&serde_json::json!({
                "verdict": "signed",
                "exit_code": 0,
                "model": self.model.to_string_lossy(),
                "bundle": bundle.to_string_lossy(),
                "root_digest": format!("{:?}", report.root_digest),
                "files": report.files,
                "bytes": report.bytes,
                "key_type": report.key_type.id(),
                "hint": report.hint.as_str(),
                "skipped": skipped,
            }));
            return Ok(Exit::SUCCESS);
        }
        run.printer.verdict(
            &format!(
                "SIGNED '{}': {} {}, {}, in '{}'",
                Escaped(&self.model.to_string_lossy()),
                report.files,
                if report.files == 1 { "file" } else { "files" },
                Bytes(report.bytes),
                Escaped(&bundle.to_string_lossy()),
            ),
            true,
        );
        if key.public_key().key_type() == KeyType::Ed25519 {
            run.printer
                .hint("other OMS tools do not read Ed25519; sign with a p256 key if they must verify this");
        }
        Ok(Exit::SUCCESS)
    }
}
