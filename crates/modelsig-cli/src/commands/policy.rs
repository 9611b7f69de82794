//! What the user insists on, and what they let pass.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use modelsig::{Check, Error, Limits, Policy, UnsignedFiles, danger};

use crate::{args, audit};

/// The demands of `verify`, `protect` and `repair`: strict unless told otherwise.
#[derive(Args)]
#[group(skip)]
pub(super) struct PolicyOptions {
    /// Which digests to check: the chunk index where there is one, the whole files, or both
    #[arg(long, value_name = "WHAT", default_value = "chunks")]
    check: CheckArgument,
    /// Treat .git, .gitattributes, .github and .gitignore like any other file
    #[arg(long)]
    strict_git: bool,
    /// Do not leave out what only the signer's list leaves out
    #[arg(long)]
    no_bundle_ignores: bool,
    /// Refuse names that differ only in case, Unicode normalisation or what does not show, and names that Windows
    /// reserves
    #[arg(long)]
    portable: bool,
    /// Refuse models of more bytes than these
    #[arg(long, value_name = "BYTES")]
    max_model_bytes: Option<u64>,
    /// Accept files that were not signed; they are not verified
    #[arg(long, help_heading = "Options that weaken the verdict")]
    ignore_unsigned_files: bool,
    /// Leave out a path with everything below it (relative to MODEL; may be repeated)
    #[arg(long, value_name = "PATH", help_heading = "Options that weaken the verdict")]
    ignore_paths: Vec<PathBuf>,
    /// Follow symbolic links to files inside the model, if the signer did so too
    #[arg(long, help_heading = "Options that weaken the verdict")]
    allow_symlinks: bool,
    /// Accept empty files that a signature over shards does not cover
    #[arg(long, help_heading = "Options that weaken the verdict")]
    allow_unsigned_empty: bool,
    /// Accept bundles of model-signing 0.2.0, which sign less than later ones
    #[arg(long, help_heading = "Options that weaken the verdict")]
    legacy: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum CheckArgument {
    Chunks,
    Whole,
    Both,
}

impl From<CheckArgument> for Check {
    fn from(check: CheckArgument) -> Self {
        match check {
            CheckArgument::Chunks => Self::Chunks,
            CheckArgument::Whole => Self::Whole,
            CheckArgument::Both => Self::Both,
        }
    }
}

impl PolicyOptions {
    /// The policy, for the record; what weakens it is null where it could not be made.
    pub(super) fn on_record(&self, policy: Option<&Policy>) -> serde_json::Value {
        serde_json::json!({
            "check": Check::from(self.check).id(),
            "strict_git": self.strict_git,
            "no_bundle_ignores": self.no_bundle_ignores,
            "portable": self.portable,
            "max_model_bytes": self.max_model_bytes,
            "ignore_paths": self.ignore_paths.iter().map(|path| audit::text(path)).collect::<Vec<_>>(),
            "weakened_by": policy.map(Policy::weakened_by),
        })
    }

    /// What is looked at at all.
    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.model_bytes = self.max_model_bytes.unwrap_or(limits.model_bytes);
        limits
    }

    /// `model` is where paths to ignore lie.
    pub(super) fn read(&self, model: &Path) -> Result<Policy, Error> {
        let policy = Policy::strict()
            .check(self.check.into())
            .strict_git(self.strict_git)
            .refuse_bundle_ignores(self.no_bundle_ignores)
            .portable(self.portable);
        let unsigned = if self.ignore_unsigned_files { UnsignedFiles::Ignore } else { UnsignedFiles::Reject };
        let policy = danger::unsigned_files(policy, unsigned);
        let policy = danger::allow_symlinks(policy, self.allow_symlinks);
        let policy = danger::allow_unsigned_empty(policy, self.allow_unsigned_empty);
        let policy = danger::legacy(policy, self.legacy);
        self.ignore_paths.iter().try_fold(policy, |policy, path| {
            Ok(danger::ignore_path(policy, args::inside(model, path, "cannot ignore")?))
        })
    }
}
