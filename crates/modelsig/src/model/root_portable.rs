//! The opened root of a model folder where there is no `openat`: checked component by component, by path.
//!
//! Between the check and the use a folder could be replaced by a link; on these platforms the folders of a model
//! must not be writable by others.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::ModelPath;
use super::walk::{Entry, EntryKind};

pub(super) struct Root {
    canonical: PathBuf,
}

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { canonical: path.canonicalize()? })
    }

    pub(super) fn canonical(&self) -> &Path {
        &self.canonical
    }

    /// What is in a folder, `None` for the root, sorted by name. Stops after `most` entries and one more.
    pub(super) fn list(&self, folder: Option<&ModelPath>, most: usize) -> io::Result<Vec<Entry>> {
        let path = match folder {
            None => self.canonical.clone(),
            Some(folder) => self.beneath(folder)?,
        };
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)?.take(most.saturating_add(1)) {
            let entry = entry?;
            let metadata = entry.path().symlink_metadata()?;
            let kind = if metadata.is_symlink() {
                EntryKind::Symlink
            } else if metadata.is_dir() {
                EntryKind::Folder
            } else if metadata.is_file() {
                EntryKind::File(metadata.len())
            } else {
                EntryKind::Special("special file")
            };
            entries.push(Entry { name: entry.file_name(), kind });
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    pub(super) fn folder(&self) -> io::Result<File> {
        File::open(&self.canonical)
    }

    pub(super) fn open_file(&self, name: &ModelPath) -> io::Result<File> {
        crate::input::open(&self.beneath(name)?)
    }

    /// The path of a name, none of whose components is a link.
    fn beneath(&self, name: &ModelPath) -> io::Result<PathBuf> {
        let mut path = self.canonical.clone();
        for component in name.components() {
            path.push(component);
            if path.symlink_metadata()?.is_symlink() {
                return Err(io::Error::other("a symbolic link"));
            }
        }
        Ok(path)
    }
}
