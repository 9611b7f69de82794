//! Our own tool: how it is built, and its rows.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::args::Options;
use crate::case::Case;
use crate::machine::{self, WORKSPACE};
use crate::model::Model;
use crate::program::Program;
use crate::row::{Row, Work};
use crate::signed::Signed;

pub(crate) struct Modelsig {
    name: &'static str,
    program: Program,
}

impl Modelsig {
    /// The one to compare, and then the one from before if the caller has one.
    pub(crate) fn find_all(options: &Options) -> Result<Vec<Self>> {
        let (path, commit) = match &options.modelsig {
            Some(path) => (path.clone(), String::new()),
            None => (build()?, machine::commit()),
        };
        let mut all = vec![Self::find("modelsig", &path, commit)?];
        if let Some(path) = &options.before {
            all.push(Self::find("before", path, String::new())?);
        }
        Ok(all)
    }

    fn find(name: &'static str, path: &Path, commit: String) -> Result<Self> {
        // A bare name would be looked up in PATH.
        let path = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
        let program = Program::find(&path, &["--version"]);
        let program = program.ok_or_else(|| format!("{} does not run", path.display()))?;
        Ok(Self { name, program: Program { commit, ..program } })
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) const fn program(&self) -> &Program {
        &self.program
    }

    pub(crate) fn rows(&self, case: Case, model: &Model, signed: &Signed, threads: usize) -> Vec<Row> {
        if case == Case::Load {
            let load = |(name, mode): (&str, &str)| {
                let row =
                    |loader| Row::new(name.to_owned(), &loader, signed.load(mode, model)).threads(threads);
                loader().map(row)
            };
            let modes = [
                ("verify, then read into memory", "verify-then-read"),
                ("load_all, private", "private"),
                ("load_all, sealed", "sealed"),
            ];
            return if self.name == "modelsig" {
                modes.into_iter().filter_map(load).collect()
            } else {
                Vec::new()
            };
        }
        let chunks = signed.verify(model, &signed.chunks);
        let with = |arguments: &[OsString], more: [&str; 2]| {
            let more = more.iter().map(|argument| OsString::from(*argument));
            arguments.iter().cloned().chain(more).collect::<Vec<_>>()
        };
        let row = |name: &str, arguments: Vec<OsString>, work| {
            let mut all: Vec<OsString> = vec!["--threads".into(), threads.to_string().into()];
            all.extend(arguments);
            Row::new(format!("{} {name}", self.name), &self.program, all).work(work).threads(threads)
        };
        let hash = |name: &str, algorithm: &str, work| {
            let arguments = vec!["hash".into(), "--hash".into(), algorithm.into()];
            row(name, arguments, work).with_files(model)
        };
        let mut rows = vec![
            row("verify", chunks.clone(), Work::Sha256),
            row("verify --access read", with(&chunks, ["--access", "read"]), Work::Sha256),
            row("verify --check whole", with(&chunks, ["--check", "whole"]), Work::Sha256),
            row("sign", signed.sign(model), Work::Sha256),
            hash("hash", "sha256", Work::Sha256),
            hash("hash --hash blake3", "blake3", Work::Blake3),
        ];
        if case != Case::Cold {
            rows.extend([
                row("verify --check both", with(&chunks, ["--check", "both"]), Work::Sha256),
                row("verify of --no-chunks", signed.verify(model, &signed.whole), Work::Sha256),
                row("verify of blake3 chunks", signed.verify(model, &signed.blake3_chunks), Work::Blake3),
                row("verify of blake3 files", signed.verify(model, &signed.blake3_files), Work::Blake3),
                hash("hash --hash blake2b", "blake2b", Work::Blake2b),
            ]);
        }
        rows
    }
}

/// The program `load`, which is built together with this one.
pub(crate) fn loader() -> Option<Program> {
    let path = env::current_exe().ok()?.with_file_name(format!("load{}", env::consts::EXE_SUFFIX));
    Program::find(&path, &["--version"])
}

/// A release build of this workspace, in the target folder of this program.
fn build() -> Result<PathBuf> {
    let target = machine::target_folder()?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "-p", "modelsig-cli", "--target-dir"])
        .arg(&target)
        .current_dir(WORKSPACE)
        .status()?;
    if !status.success() {
        return Err("modelsig could not be built".into());
    }
    Ok(target.join("release").join(format!("modelsig{}", env::consts::EXE_SUFFIX)))
}
