//! `modelsig sign`

use std::path::{Path, PathBuf};

use clap::Args;
use modelsig::hash::{ChunkSize, Progress};
use modelsig::{
    Bytes, CertificateChain, ChunkIndexing, Error, Escaped, KeyType, ModelSigner, PublicKey, Reuse,
    SignReport, SkipReason, danger,
};

use super::Run;
use super::private_key::KeyOptions;
use super::verify::talk_skipped;
use crate::args::{self, HashArgument, ManifestOptions, Output};
use crate::exit_code::Exit;
use crate::progress_bar::Bar;

/// Sign a model
///
/// Hashes every file of the model and writes a signature bundle. An older bundle in its place is overwritten, whoever
/// signed it; any other file is not.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder or file of the model
    model: PathBuf,
    #[command(flatten)]
    key: KeyOptions,
    /// Sign with the certificate method: a PEM file that begins with the certificate of the key
    #[arg(long, value_name = "CERTIFICATE")]
    signing_certificate: Option<PathBuf>,
    /// A PEM file with intermediate certificates to embed (may be repeated, issuers after those they issued)
    #[arg(long, value_name = "INTERMEDIATES", requires = "signing_certificate")]
    certificate_chain: Vec<PathBuf>,
    /// The bundle to write [default: MODEL/model.sig for a folder, MODEL.sig for a file]
    ///
    /// Bundles of other signers inside the model are signed as content of it, unless --ignore-paths names them: when
    /// one of them is made again, this signature breaks.
    #[arg(long, value_name = "BUNDLE")]
    signature: Option<PathBuf>,
    #[command(flatten)]
    manifest: ManifestOptions,
    /// Bytes in each chunk of the chunk index: a power of two from 65536 to 1073741824
    #[arg(long, value_name = "BYTES", conflicts_with = "no_chunks")]
    chunk_size: Option<u64>,
    /// Hash of the chunks [default: sha256]
    #[arg(long, value_name = "HASH", conflicts_with = "no_chunks")]
    chunk_hash: Option<HashArgument>,
    /// Leave out the chunk index
    #[arg(long)]
    no_chunks: bool,
    /// Refuse names that differ only in case, Unicode normalisation or what does not show, and names that Windows
    /// reserves
    #[arg(long)]
    portable: bool,
    /// Also sign the fs-verity digest of each file: Linux then verifies files under its guard in constant time
    ///
    /// See `modelsig protect`. The files need not be on a file system with fs-verity here.
    #[arg(long)]
    fsverity: bool,
    /// List a single file as ".", which is the only form that the Python tool verifies
    #[arg(long)]
    single_file_dot: bool,
    /// Write the algorithm of each shard as "sha256-sharded-N", which is the only form that the Python API verifies
    #[arg(long)]
    sharded_algorithm_name: bool,
    #[command(flatten)]
    reuse: ReuseOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Signing again without reading everything again.
#[derive(Args)]
struct ReuseOptions {
    /// Take over the digests of files that were left alone since this older bundle of the same folder was signed
    ///
    /// Length and times of a file decide: it must not be named with --changed, have its signed length, and have been
    /// modified and changed before the modification time of the bundle. All other files are hashed. What was taken over
    /// is listed; verify the model afterwards if you can.
    #[arg(
        long,
        value_name = "BUNDLE",
        requires = "public_key",
        help_heading = "Options that sign without reading"
    )]
    reuse: Option<PathBuf>,
    /// A key that is trusted to have signed the older bundle (may be repeated)
    #[arg(long, value_name = "KEY", requires = "reuse", help_heading = "Options that sign without reading")]
    public_key: Vec<PathBuf>,
    /// A file or folder that has changed, whatever its times say (relative to MODEL; may be repeated)
    #[arg(long, value_name = "PATH", requires = "reuse", help_heading = "Options that sign without reading")]
    changed: Vec<PathBuf>,
}

impl ReuseOptions {
    fn apply(&self, model: &Path, signer: ModelSigner) -> Result<ModelSigner, Error> {
        let Some(bundle) = &self.reuse else { return Ok(signer) };
        let keys: Vec<PublicKey> =
            self.public_key.iter().map(|path| PublicKey::from_file(path)).collect::<Result<_, _>>()?;
        let reuse = self.changed.iter().try_fold(Reuse::new(bundle, keys), |reuse, path| {
            Ok(reuse.changed(args::inside(model, path, "cannot take as changed")?))
        })?;
        Ok(danger::reuse_digests(signer, reuse))
    }

    /// What was taken on trust.
    fn talk(&self, run: &Run<'_>, report: &SignReport) {
        let Some(old) = &self.reuse else { return };
        run.printer.note(&format!(
            "taken over from '{}' without reading: {}, {}; --json lists them",
            Escaped(&old.to_string_lossy()),
            files(report.reused.len()),
            Bytes(report.bytes.saturating_sub(report.bytes_hashed)),
        ));
        if report.reused.is_empty() {
            run.printer.hint(
                "an old bundle helps if it has a chunk index, the same settings, and a later time than the files",
            );
        }
    }
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        if self.manifest.has_shards() && (self.chunk_size.is_some() || self.chunk_hash.is_some()) {
            let what = "--chunk-size and --chunk-hash are for --serialization files only";
            return Err(Error::Usage { what: what.into() });
        }
        let size = self.chunk_size.map(ChunkSize::new).transpose();
        let size = size.map_err(|error| Error::Usage { what: error.to_string() })?;
        let indexing =
            ChunkIndexing { size, algorithm: self.chunk_hash.unwrap_or(HashArgument::Sha256).into() };
        let key = self.key.open()?;
        let progress = Progress::new();
        let signer = ModelSigner::new()
            .chunks((!self.no_chunks).then_some(indexing))
            .fsverity(self.fsverity)
            .single_file_dot(self.single_file_dot)
            .portable(self.portable)
            .sharded_algorithm_name(self.sharded_algorithm_name)
            .with_access(run.access)
            .with_engine(run.engine(&progress)?);
        let signer = self.reuse.apply(&self.model, self.manifest.apply(&self.model, signer)?)?;
        let signer = match &self.signing_certificate {
            Some(certificate) => {
                signer.with_certificates(CertificateChain::from_files(certificate, &self.certificate_chain)?)
            }
            None => signer,
        };
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
            let reused: Vec<_> = report
                .reused
                .iter()
                .map(|file| serde_json::json!({"path": file.name, "bytes": file.bytes}))
                .collect();
            run.printer.json(&serde_json::json!({
                "verdict": "signed",
                "exit_code": 0,
                "model": self.model.to_string_lossy(),
                "bundle": bundle.to_string_lossy(),
                "root_digest": report.root_digest.tagged(),
                "files": report.files,
                "bytes": report.bytes,
                "bytes_hashed": report.bytes_hashed,
                "reused": reused,
                "key_type": report.key_type.id(),
                "key_hint": report.hint.as_str(),
                "skipped": skipped,
            }));
            return Ok(Exit::SUCCESS);
        }
        run.printer.verdict(
            &format!(
                "SIGNED '{}': {}, {}, in '{}'",
                Escaped(&self.model.to_string_lossy()),
                files(report.files),
                Bytes(report.bytes),
                Escaped(&bundle.to_string_lossy()),
            ),
            true,
        );
        let left_out = [
            (SkipReason::GitDefault, "git files that are not signed (--no-ignore-git-paths signs them)"),
            (SkipReason::Caller, "files left out as asked"),
            (SkipReason::Unsigned, "empty files, which a signature over shards does not cover"),
        ];
        talk_skipped(run, &report.skipped, &left_out, "");
        self.reuse.talk(run, &report);
        if key.public_key().key_type() == KeyType::Ed25519 {
            run.printer
                .hint("other OMS tools do not read Ed25519; sign with a p256 key if they must verify this");
        }
        Ok(Exit::SUCCESS)
    }
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".into() } else { format!("{count} files") }
}
