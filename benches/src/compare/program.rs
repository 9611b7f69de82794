//! A program that is installed: where it is, and which version it says it is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// The first line of what it prints about itself.
    pub(crate) version: String,
    /// What it was built from; empty when somebody else built it.
    pub(crate) commit: String,
}

impl Program {
    /// Runs `path` with `arguments`, which make it tell its version. `None` if there is no such program.
    pub(crate) fn find<A: AsRef<OsStr>>(path: &Path, arguments: &[A]) -> Option<Self> {
        let output = Command::new(path).args(arguments).stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.lines().next().unwrap_or_default().trim().to_owned();
        output.status.success().then(|| Self { path: path.to_owned(), version, commit: String::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_found() {
        assert!(Program::find(Path::new("/no/such/program"), &["--version"]).is_none());
        assert!(Program::find(Path::new("false"), &["--version"; 0]).is_none());
    }
}
