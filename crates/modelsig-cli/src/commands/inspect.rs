//! `modelsig inspect`

use std::path::PathBuf;

use clap::Args;
use modelsig::{Error, Escaped, Inspection, Limits};
use serde::Serialize;

use super::Run;
use crate::args::Output;
use crate::exit_code::Exit;

/// Show what a bundle claims, without believing it
#[derive(Args)]
pub(crate) struct Options {
    /// The bundle
    bundle: PathBuf,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The JSON object.
#[derive(Serialize)]
struct Unverified<'i> {
    exit_code: u8,
    verdict: &'static str,
    #[serde(flatten)]
    inspection: &'i Inspection,
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let inspection = modelsig::inspect(&self.bundle, &Limits::default())?;
        if run.printer.is_json() {
            run.printer.json(&Unverified { exit_code: 0, verdict: "unverified", inspection: &inspection });
        } else {
            show(run, &inspection);
        }
        Ok(Exit::SUCCESS)
    }
}

fn show(run: &Run<'_>, inspection: &Inspection) {
    let line = |name: &str, value: &str| run.printer.line(&format!("{name:<14}{}", Escaped(value)));
    run.printer.line("NOT VERIFIED: anybody can write anything into a bundle");
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
