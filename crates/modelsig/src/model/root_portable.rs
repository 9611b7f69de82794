//! The opened root of a model folder where there is no `openat`: checked component by component, by path.
//!
//! Between the check and the use a folder could be replaced by a link; on these platforms the folders of a model
//! must not be writable by others.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::ModelPath;
use super::walk::{Entry, EntryKind};

pub(super) struct Root {
    canonical: PathBuf,
}

/// A folder beneath the root: the files in it are made, written and renamed by their last component.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Opens a file that is there.
    pub(crate) fn open(&self, file: &str) -> io::Result<File> {
        File::open(self.no_link(file)?)
    }

    /// Opens a file that is there for reading and writing.
    pub(crate) fn open_for_writing(&self, file: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.no_link(file)?)
    }

    /// Makes a file where nothing is.
    pub(crate) fn create(&self, file: &str, _private: bool) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.0.join(file))
    }

    /// Removes a file, or a link itself; never a folder.
    pub(crate) fn remove(&self, file: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(file))
    }

    /// Puts a file in the place of another one of this folder.
    pub(crate) fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// Gives a file a name that nothing has.
    pub(crate) fn rename_to_new(&self, from: &str, to: &str) -> io::Result<()> {
        match self.0.join(to).symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.replace(from, to),
            Err(error) => Err(error),
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    /// Files have no identity that could be asked for here: it is taken for the one that was made.
    pub(crate) fn holds(&self, file: &str, _opened: &File) -> io::Result<bool> {
        Ok(self.0.join(file).symlink_metadata()?.is_file())
    }

    /// Folders cannot be flushed here.
    pub(crate) fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    fn no_link(&self, file: &str) -> io::Result<PathBuf> {
        let path = self.0.join(file);
        if path.symlink_metadata()?.is_symlink() {
            Err(io::Error::other("a symbolic link"))
        } else {
            Ok(path)
        }
    }
}

/// Nobody is kept away.
pub(crate) struct Lock<'r>(std::marker::PhantomData<&'r Root>);

/// Other names of a file cannot be counted here, so there may always be one.
pub(super) fn has_one_name(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// There are no modes here.
pub(super) fn dress_like(_: &File, _: &File) -> io::Result<()> {
    Ok(())
}

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { canonical: path.canonicalize()? })
    }

    pub(super) fn canonical(&self) -> &Path {
        &self.canonical
    }

    /// What is in a folder, `None` for the root, sorted by name. Stops after `most` entries, or `bytes` in
    /// their names, and one more.
    pub(super) fn list(
        &self,
        folder: Option<&ModelPath>,
        most: usize,
        bytes: usize,
    ) -> io::Result<Vec<Entry>> {
        let path = match folder {
            None => self.canonical.clone(),
            Some(folder) => self.beneath(folder)?,
        };
        let (mut entries, mut taken) = (Vec::new(), 0usize);
        for entry in fs::read_dir(path)? {
            if entries.len() > most || taken > bytes {
                break;
            }
            let entry = entry?;
            let kind = match entry.path().symlink_metadata() {
                Err(error) => EntryKind::Unknown(error),
                Ok(metadata) if metadata.is_symlink() => EntryKind::Symlink,
                Ok(metadata) if metadata.is_dir() => EntryKind::Folder,
                Ok(metadata) if metadata.is_file() => {
                    EntryKind::File { length: metadata.len(), has_more_names: false }
                }
                Ok(_) => EntryKind::Special("special file"),
            };
            let name = entry.file_name();
            taken = taken.saturating_add(name.len());
            entries.push(Entry { name, kind });
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

    /// The folder of a file that is going to be written, and the last component of its name. Folders that are not there
    /// are made.
    pub(super) fn folder_of<'n>(&self, name: &'n ModelPath) -> io::Result<(Folder, &'n str)> {
        let (folders, file) = name.as_str().rsplit_once('/').unwrap_or(("", name.as_str()));
        let mut path = self.canonical.clone();
        for component in folders.split('/').filter(|component| !component.is_empty()) {
            path.push(component);
            if let Err(error) = fs::create_dir(&path)
                && !path.symlink_metadata()?.is_dir()
            {
                return Err(error);
            }
        }
        Ok((Folder(path), file))
    }

    /// There is no lock here: nobody is kept away.
    pub(super) fn lock(&self) -> Option<Lock<'_>> {
        Some(Lock(std::marker::PhantomData))
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
