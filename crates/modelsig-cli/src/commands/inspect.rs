//! `modelsig inspect`

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Args;
use modelsig::{Error, Escaped, Inspection, Limits, ModelTensor};
use serde::Serialize;

use super::Run;
use crate::args::{self, Output};
use crate::exit_code::Exit;
use crate::sandbox::Sandbox;

/// Show what a bundle claims, and which tensors a model has, without believing any of it
#[derive(Args)]
pub(crate) struct Options {
    /// A bundle; or the folder of a model, for the tensors of its safetensors and GGUF files and for its bundle if
    /// there is one in it; or one such file
    #[arg(value_name = "BUNDLE|MODEL")]
    place: PathBuf,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The JSON object.
#[derive(Serialize)]
struct Unverified<'i> {
    exit_code: u8,
    verdict: &'static str,
    #[serde(flatten)]
    inspection: Option<&'i Inspection>,
    tensors: &'i [ModelTensor],
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let limits = Limits::default();
        let is_model = self.place.is_dir() || has_tensors(&self.place);
        let bundle = if self.place.is_dir() { args::default_bundle(&self.place) } else { self.place.clone() };
        // A folder of links into a store is inspected as it stands: nothing is believed.
        let stored = bundle.canonicalize().unwrap_or_else(|_| bundle.clone());
        run.printer.sandboxed(Sandbox::enter(&self.place, &[stored]));
        let inspection = match is_model && (has_tensors(&self.place) || !bundle.exists()) {
            true => None,
            false => Some(modelsig::inspect(&bundle, &limits)?),
        };
        let tensors = || match is_model {
            true => modelsig::inspect_tensors(&self.place, &limits),
            false => Ok(Vec::new()),
        };
        if run.printer.is_json() {
            let (inspection, tensors) = (inspection.as_ref(), &tensors()?[..]);
            run.printer.json(&Unverified { exit_code: 0, verdict: "unverified", inspection, tensors });
            return Ok(Exit::SUCCESS);
        }
        let what = if is_model { "a model or a bundle" } else { "a bundle" };
        run.printer.line(&format!("NOT VERIFIED: anybody can write anything into {what}"));
        if let Some(inspection) = &inspection {
            show(run, inspection);
        }
        // The bundle is worth seeing also when a header is not.
        let tensors = tensors()?;
        if is_model {
            show_tensors(run, &tensors);
        }
        Ok(Exit::SUCCESS)
    }
}

/// By its name, a file of tensors.
fn has_tensors(path: &Path) -> bool {
    let is =
        |extension: &OsStr| ["safetensors", "gguf"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    !path.is_dir() && path.extension().is_some_and(is)
}

fn show_tensors(run: &Run<'_>, tensors: &[ModelTensor]) {
    run.printer.line(&format!("{:<14}{}", "tensors", tensors.len()));
    for file in tensors.chunk_by(|one, other| one.file == other.file) {
        run.printer.line(&format!("  {}", Escaped(&file[0].file)));
        for ModelTensor { tensor, .. } in file {
            let shape: Vec<String> = tensor.shape.iter().map(u64::to_string).collect();
            let (name, dtype, range) = (Escaped(&tensor.name), Escaped(&tensor.dtype), tensor.range);
            run.printer.line(&format!("    {name}  {dtype} [{}]  bytes {range}", shape.join(", ")));
        }
    }
}

fn show(run: &Run<'_>, inspection: &Inspection) {
    let line = |name: &str, value: &str| run.printer.line(&format!("{name:<14}{}", Escaped(value)));
    line("method", inspection.method);
    match (&inspection.hint, inspection.certificates) {
        (Some(hint), _) => line("key hint", hint),
        (None, 0) => line("key hint", "none"),
        (None, count) => line("certificates", &count.to_string()),
    }
    inspection.claimed_identity.iter().for_each(|identity| line("claims to be", identity));
    inspection.claimed_issuer.iter().for_each(|issuer| line("vouched by", issuer));
    if inspection.legacy {
        line("written by", "model-signing 0.2.0: verify with --legacy");
    }
    line("subject", &inspection.subject);
    line("root digest", &inspection.root_digest);
    line("serialization", &format!("{}, {}", inspection.serialization, inspection.hash));
    line("symlinks", if inspection.allow_symlinks { "followed" } else { "refused" });
    line(
        "left out",
        &if inspection.ignore_paths.is_empty() {
            "nothing recorded".to_owned()
        } else {
            inspection.ignore_paths.join(" ")
        },
    );
    line("resources", &inspection.resources.len().to_string());
    for resource in &inspection.resources {
        let length = resource.length.map_or("length unknown".into(), |length| format!("{length} bytes"));
        let parts = match (resource.chunk_size, resource.parts) {
            (_, 0) => String::new(),
            (Some(size), parts) => format!(", {parts} chunks of {size} bytes"),
            (None, parts) => format!(", {parts} shards"),
        };
        run.printer.line(&format!("  {}  {length}{parts}", Escaped(&resource.name)));
        if let Some(digest) = &resource.digest {
            run.printer.line(&format!("    {}:{digest}", inspection.hash));
        }
        if let Some(digest) = &resource.fsverity {
            run.printer.line(&format!("    fsverity-sha256:{digest}"));
        }
    }
}
