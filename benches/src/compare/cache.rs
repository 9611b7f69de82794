//! The page cache: files are dropped from it before each cold run.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use crate::Result;

/// What was used, and what remained nevertheless.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    everything: bool,
    /// The most bytes of the files that were still cached; `None` where nobody could tell.
    remained: Option<u64>,
}

impl Dropped {
    /// Drops `files`, which must have been written back, and everything else unless `keep` says that others need it.
    /// It is an error when more than a hundredth of them remains.
    pub(crate) fn drop_again(&mut self, files: &[PathBuf], bytes: u64, keep: bool) -> Result<()> {
        for file in files {
            dont_need(&File::open(file)?)?;
        }
        // Only root may.
        self.everything = !keep && fs::write("/proc/sys/vm/drop_caches", "3").is_ok();
        if let Some(remained) = cached(files) {
            if remained > bytes / 100 {
                return Err(
                    format!("{remained} of {bytes} bytes stay in the page cache: nothing is cold").into()
                );
            }
            self.remained = self.remained.max(Some(remained));
        }
        Ok(())
    }

    pub(crate) fn describe(&self) -> String {
        let how = if self.everything { "posix_fadvise and drop_caches" } else { "posix_fadvise" };
        match self.remained {
            Some(remained) => format!("{how} before each run; at most {remained} bytes remained (fincore)"),
            None => format!("{how} before each run; what remained is not known without fincore"),
        }
    }
}

#[cfg(target_os = "linux")]
fn dont_need(file: &File) -> Result<()> {
    Ok(rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?)
}

#[cfg(not(target_os = "linux"))]
fn dont_need(_: &File) -> Result<()> {
    Err("the page cache can be dropped on Linux only".into())
}

/// Bytes of the files in the page cache, as fincore(1) of util-linux tells.
fn cached(files: &[PathBuf]) -> Option<u64> {
    let mut command = Command::new("fincore");
    let output = command.args(["--bytes", "--noheadings", "--output", "RES"]).args(files).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    text.lines().map(|line| line.trim().parse::<u64>().ok()).sum()
}
