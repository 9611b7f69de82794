//! `modelsig hash`: checksums of files, in the formats of sha256sum, b2sum and b3sum.

mod check;
mod list;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use modelsig::hash::{Digest, HashAlgorithm, Plan, Progress, Source, Task};
use modelsig::{Error, Escaped};

use super::Run;
use crate::args::{HashArgument, Output};
use crate::exit_code::Exit;
use crate::progress_bar::Bar;

/// Print or check the digests of files
///
/// The lines are those of sha256sum, b2sum and b3sum, and these check them.
#[derive(Args)]
pub(crate) struct Options {
    /// The files
    #[arg(required_unless_present = "check", conflicts_with = "check")]
    files: Vec<PathBuf>,
    /// The hash; with --check, that of lines that do not name theirs
    #[arg(long, default_value = "sha256")]
    hash: HashArgument,
    /// Print lines that name the hash: SHA256 (file) = digest
    #[arg(long, conflicts_with = "check")]
    tag: bool,
    /// Check the digests in LIST against the files it names
    #[arg(long, value_name = "LIST")]
    check: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        match &self.check {
            Some(list) => check::run(run, list, self.hash.into()),
            None => self.print(run),
        }
    }

    fn print(&self, run: &Run<'_>) -> Result<Exit, Error> {
        let algorithm = self.hash.into();
        let wanted: Vec<(&Path, HashAlgorithm)> =
            self.files.iter().map(|path| (path.as_path(), algorithm)).collect();
        let mut exit = Exit::SUCCESS;
        let mut objects = Vec::new();
        for (path, result) in self.files.iter().zip(digests(run, &wanted)?) {
            let name = path.as_os_str().as_encoded_bytes();
            if result.is_err() {
                exit = Exit::NO_VERDICT;
            }
            match result {
                result if run.printer.is_json() => {
                    let digest = result.as_ref().ok().map(ToString::to_string);
                    let name = path.to_string_lossy();
                    objects.push(serde_json::json!({"name": name, "digest": digest, "error": result.err()}));
                }
                Ok(digest) if std::io::stdout().is_terminal() => {
                    let shown = Escaped(&path.to_string_lossy()).to_string();
                    run.printer.bytes(&list::line(shown.as_bytes(), &digest, self.tag));
                }
                Ok(digest) => run.printer.bytes(&list::line(name, &digest, self.tag)),
                Err(error) => {
                    run.printer.failure(&error);
                }
            }
        }
        if run.printer.is_json() {
            run.printer.json(&serde_json::json!({
                "verdict": exit.verdict(),
                "exit_code": exit.code(),
                "algorithm": algorithm.id(),
                "files": objects,
            }));
        }
        Ok(exit)
    }
}

/// The digests of files, in order; each file fails for itself.
fn digests(run: &Run<'_>, wanted: &[(&Path, HashAlgorithm)]) -> Result<Vec<Result<Digest, Error>>, Error> {
    let progress = Progress::new();
    let engine = run.engine(&progress)?;
    let mut plan = Plan::new();
    let mut described: Vec<Option<Error>> = Vec::new();
    for (path, algorithm) in wanted {
        let task = Source::from_path(path)
            .and_then(|source| Task::whole(source.with_access(run.access), *algorithm));
        match task {
            Ok(task) => {
                plan.push(task);
                described.push(None);
            }
            Err(error) => described.push(Some(Error::from_hashing(&path.to_string_lossy(), error))),
        }
    }
    let bar = Bar::follow(progress, run.printer.may_draw());
    let mut hashed = engine.run(&plan).into_iter();
    drop(bar);
    let mut digests = Vec::with_capacity(wanted.len());
    for ((path, _), failed) in wanted.iter().zip(described) {
        digests.push(match failed {
            Some(error) => Err(error),
            None => match hashed.next() {
                Some(Ok(hashed)) if hashed.digests.len() == 1 => Ok(hashed.digests[0].digest),
                Some(Err(error)) => Err(Error::from_hashing(&path.to_string_lossy(), error)),
                _ => Err(Error::Internal { what: "a file was not hashed".into() }),
            },
        });
    }
    match digests.iter().any(|digest| matches!(digest, Err(Error::Cancelled))) {
        true => Err(Error::Cancelled),
        false => Ok(digests),
    }
}
