//! The folder in which everything is made, and which is gone afterwards.

use std::fs;
use std::path::Path;
use std::process;

use tempfile::TempDir;

use crate::{Result, machine};

pub(crate) struct Scratch(TempDir);

impl Scratch {
    /// A folder inside `place`, or inside the target folder, that only its owner may use. Refuses a file system in
    /// memory: nothing could be cold there.
    pub(crate) fn make(place: Option<&Path>) -> Result<Self> {
        let place = match place {
            Some(place) => place.canonicalize().map_err(|error| format!("{}: {error}", place.display()))?,
            None => machine::target_folder()?,
        };
        if is_in_memory(&place)? {
            return Err(format!("{} is in memory; name a folder on a disk", place.display()).into());
        }
        let folder = tempfile::Builder::new().prefix("compare-").tempdir_in(place)?;
        // Nobody is left to drop it then.
        let path = folder.path().to_owned();
        ctrlc::set_handler(move || {
            let _ = fs::remove_dir_all(&path);
            process::exit(130);
        })?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

#[cfg(target_os = "linux")]
fn is_in_memory(place: &Path) -> Result<bool> {
    // tmpfs and ramfs, from linux/magic.h. The type of f_type differs between targets: compare 32 bits.
    const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
    let kind = rustix::fs::statfs(place)?.f_type as u64 & 0xffff_ffff;
    Ok(IN_MEMORY.contains(&kind))
}

#[cfg(not(target_os = "linux"))]
fn is_in_memory(_: &Path) -> Result<bool> {
    Ok(false)
}
