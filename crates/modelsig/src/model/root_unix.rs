//! The opened root of a model folder on Unix: every lookup starts at its descriptor and stays beneath it.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::ModelPath;
use super::walk::{Entry, EntryKind};

pub(super) struct Root {
    folder: OwnedFd,
    canonical: PathBuf,
    /// The folder that the last file was opened in: files are opened folder by folder, and by many threads.
    last: Mutex<Option<(String, Arc<OwnedFd>)>>,
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// Opening a FIFO must not block, opening a terminal must not adopt it.
const REGULAR: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let folder = rustix::fs::open(path, FOLDER, Mode::empty())?;
        Ok(Self { folder, canonical: path.canonicalize()?, last: Mutex::default() })
    }

    pub(super) fn canonical(&self) -> &Path {
        &self.canonical
    }

    /// What is in a folder, `None` for the root, sorted by name. Stops after `most` entries and one more.
    pub(super) fn list(&self, folder: Option<&ModelPath>, most: usize) -> io::Result<Vec<Entry>> {
        let fd = match folder {
            // A fresh descriptor: the position in a folder is shared by its duplicates.
            None => openat(&self.folder, c".", FOLDER, Mode::empty())?,
            Some(folder) => open_beneath(self.folder.as_fd(), folder.as_str(), FOLDER)?,
        };
        let mut entries = Vec::new();
        for entry in Dir::read_from(&fd)? {
            if entries.len() > most {
                break;
            }
            let entry = entry?;
            let name = entry.file_name();
            if name != c"." && name != c".." {
                let kind = kind_of(fd.as_fd(), name)?;
                entries.push(Entry { name: OsString::from(OsStr::from_bytes(name.to_bytes())), kind });
            }
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    pub(super) fn folder(&self) -> io::Result<File> {
        Ok(File::from(openat(&self.folder, c".", FOLDER, Mode::empty())?))
    }

    pub(super) fn open_file(&self, name: &ModelPath) -> io::Result<File> {
        let Some((folder, file)) = name.as_str().rsplit_once('/') else {
            return Ok(File::from(open_beneath(self.folder.as_fd(), name.as_str(), REGULAR)?));
        };
        let folder = self.subfolder(folder)?;
        Ok(File::from(openat(&*folder, file, REGULAR | OFlags::NOFOLLOW, Mode::empty())?))
    }

    fn subfolder(&self, name: &str) -> io::Result<Arc<OwnedFd>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, folder)) = last.as_ref().filter(|(of, _)| of == name) {
            return Ok(Arc::clone(folder));
        }
        let folder = Arc::new(open_beneath(self.folder.as_fd(), name, FOLDER)?);
        *last = Some((name.to_owned(), Arc::clone(&folder)));
        Ok(folder)
    }
}

fn kind_of(folder: BorrowedFd<'_>, name: &CStr) -> io::Result<EntryKind> {
    let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        // A regular file's size is never negative.
        FileType::RegularFile => EntryKind::File(stat.st_size as u64),
        FileType::Directory => EntryKind::Folder,
        FileType::Symlink => EntryKind::Symlink,
        FileType::Fifo => EntryKind::Special("FIFO"),
        FileType::Socket => EntryKind::Special("socket"),
        FileType::BlockDevice => EntryKind::Special("block device"),
        FileType::CharacterDevice => EntryKind::Special("character device"),
        FileType::Unknown => EntryKind::Special("special file"),
    })
}

/// The one way to open something inside the root: no component is a symbolic link, nothing leads out.
fn open_beneath(root: BorrowedFd<'_>, name: &str, flags: OFlags) -> io::Result<OwnedFd> {
    // Not on Android, where the sandbox of an app kills a process that makes this call.
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{ResolveFlags, openat2};
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match openat2(root, name, flags, Mode::empty(), resolve) {
            // Kernels before 5.6 lack the call, some sandboxes forbid it: the other way is as strict.
            Err(Errno::NOSYS | Errno::PERM) => {}
            result => return Ok(result?),
        }
    }
    open_by_components(root, name, flags)
}

/// One `openat` for each component, none of which may be a symbolic link.
fn open_by_components(root: BorrowedFd<'_>, name: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let mut folder: Option<OwnedFd> = None;
    let mut components = name.split('/').peekable();
    while let Some(component) = components.next() {
        let at = folder.as_ref().map_or(root, AsFd::as_fd);
        let is_last = components.peek().is_none();
        let opened =
            openat(at, component, OFlags::NOFOLLOW | if is_last { flags } else { FOLDER }, Mode::empty())?;
        if is_last {
            return Ok(opened);
        }
        folder = Some(opened);
    }
    Err(Errno::NOENT.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// Both ways of opening must agree, so that old kernels are as safe as new ones.
    #[test]
    fn no_link_is_followed_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("root/d/e")).unwrap();
        fs::write(at("root/d/e/file"), b"x").unwrap();
        fs::write(at("outside"), b"x").unwrap();
        symlink("file", at("root/d/e/link")).unwrap();
        symlink("../../outside", at("root/d/out")).unwrap();
        symlink("d", at("root/linked")).unwrap();
        let root = Root::open(&at("root")).unwrap();
        let beneath = |name: &str| open_beneath(root.folder.as_fd(), name, REGULAR);
        let by_components = |name: &str| open_by_components(root.folder.as_fd(), name, REGULAR);
        let file = |name: &str| root.open_file(&ModelPath::parse(name).unwrap()).map(OwnedFd::from);
        type Way<'w> = &'w dyn Fn(&str) -> io::Result<OwnedFd>;
        for open in [&beneath as Way<'_>, &by_components, &file] {
            assert!(open("d/e/file").is_ok());
            // From the folder that was open a moment ago, and from another one.
            for bad in ["d/e/link", "d/out", "linked/e/file", "linked", "nothing", "d/e/file/x"] {
                assert!(open(bad).is_err(), "{bad}");
            }
        }
    }
}
