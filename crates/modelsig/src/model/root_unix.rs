//! The opened root of a model folder on Unix: every lookup starts at its descriptor and stays beneath it. What is
//! written goes through the opened folder that it lies in, by its last component.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use modelsig_hash::uninterrupted;
use rustix::fs::{
    AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, flock, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::{Errno, retry_on_intr};

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
/// Never with TRUNC: what is there is kept until something better is known.
const WRITABLE: OFlags = OFlags::RDWR.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
/// With EXCL nothing that stands there is opened, links included.
const NEW: OFlags = WRITABLE.union(OFlags::CREATE).union(OFlags::EXCL);

/// A folder beneath the root, opened: the files in it are made, written and renamed through its descriptor.
pub(crate) struct Folder(File);

impl Folder {
    /// Opens a file that is there.
    pub(crate) fn open(&self, file: &str) -> io::Result<File> {
        Ok(File::from(open_beneath(self.0.as_fd(), file, REGULAR, Mode::empty())?))
    }

    /// Opens a file that is there for reading and writing.
    pub(crate) fn open_for_writing(&self, file: &str) -> io::Result<File> {
        Ok(File::from(open_beneath(self.0.as_fd(), file, WRITABLE, Mode::empty())?))
    }

    /// Makes a file where nothing is. The umask takes its share of the mode.
    pub(crate) fn create(&self, file: &str, private: bool) -> io::Result<File> {
        let mode = Mode::from_raw_mode(if private { 0o600 } else { 0o666 });
        Ok(File::from(open_beneath(self.0.as_fd(), file, NEW, mode)?))
    }

    /// Removes a file, or a link itself; never a folder.
    pub(crate) fn remove(&self, file: &str) -> io::Result<()> {
        Ok(retry_on_intr(|| unlinkat(&self.0, file, AtFlags::empty()))?)
    }

    /// Puts a file in the place of another one of this folder.
    pub(crate) fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(retry_on_intr(|| renameat(&self.0, from, &self.0, to))?)
    }

    /// Gives a file a name that nothing has.
    pub(crate) fn rename_to_new(&self, from: &str, to: &str) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        {
            use rustix::fs::{RenameFlags, renameat_with};
            match retry_on_intr(|| renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE)) {
                // Not every kernel and file system can: then it is looked first.
                Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => {}
                result => return Ok(result?),
            }
        }
        match retry_on_intr(|| statat(&self.0, to, AtFlags::SYMLINK_NOFOLLOW)) {
            Err(Errno::NOENT) => self.replace(from, to),
            Ok(_) => Err(Errno::EXIST.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// True when this is the file that stands there under that name.
    pub(crate) fn holds(&self, file: &str, opened: &File) -> io::Result<bool> {
        let named = retry_on_intr(|| statat(&self.0, file, AtFlags::SYMLINK_NOFOLLOW))?;
        let opened = retry_on_intr(|| rustix::fs::fstat(opened))?;
        Ok((named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino))
    }

    /// Flushes the names in the folder to the device.
    pub(crate) fn flush(&self) -> io::Result<()> {
        modelsig_hash::flush_names(&self.0)
    }
}

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let folder = retry_on_intr(|| rustix::fs::open(path, FOLDER, Mode::empty()))?;
        Ok(Self { folder, canonical: uninterrupted(|| path.canonicalize())?, last: Mutex::default() })
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
        let fd = match folder {
            // A fresh descriptor: the position in a folder is shared by its duplicates.
            None => self.anew()?,
            Some(folder) => open_beneath(self.folder.as_fd(), folder.as_str(), FOLDER, Mode::empty())?,
        };
        let (mut entries, mut taken) = (Vec::new(), 0usize);
        for entry in retry_on_intr(|| Dir::read_from(&fd))? {
            if entries.len() > most || taken > bytes {
                break;
            }
            let entry = entry?;
            let name = entry.file_name();
            if name != c"." && name != c".." {
                let kind = kind_of(fd.as_fd(), name);
                taken = taken.saturating_add(name.to_bytes().len());
                entries.push(Entry { name: OsString::from(OsStr::from_bytes(name.to_bytes())), kind });
            }
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    pub(super) fn folder(&self) -> io::Result<File> {
        Ok(File::from(self.anew()?))
    }

    /// The folder, with a position of its own.
    fn anew(&self) -> io::Result<OwnedFd> {
        Ok(retry_on_intr(|| openat(&self.folder, c".", FOLDER, Mode::empty()))?)
    }

    pub(super) fn open_file(&self, name: &ModelPath) -> io::Result<File> {
        let Some((folder, file)) = name.as_str().rsplit_once('/') else {
            return Ok(File::from(open_beneath(self.folder.as_fd(), name.as_str(), REGULAR, Mode::empty())?));
        };
        let folder = self.subfolder(folder)?;
        let flags = REGULAR | OFlags::NOFOLLOW;
        Ok(File::from(retry_on_intr(|| openat(&*folder, file, flags, Mode::empty()))?))
    }

    fn subfolder(&self, name: &str) -> io::Result<Arc<OwnedFd>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, folder)) = last.as_ref().filter(|(of, _)| of == name) {
            return Ok(Arc::clone(folder));
        }
        let folder = Arc::new(open_beneath(self.folder.as_fd(), name, FOLDER, Mode::empty())?);
        *last = Some((name.to_owned(), Arc::clone(&folder)));
        Ok(folder)
    }

    /// The folder of a file that is going to be written, and the last component of its name. Folders that are not there
    /// are made.
    pub(super) fn folder_of<'n>(&self, name: &'n ModelPath) -> io::Result<(Folder, &'n str)> {
        let mut components: Vec<&str> = name.components().collect();
        let file = components.pop().unwrap_or_default();
        let mut at = self.anew()?;
        for component in components {
            match retry_on_intr(|| mkdirat(&at, component, Mode::from_raw_mode(0o777))) {
                Ok(()) => Folder(at.try_clone()?.into()).flush()?,
                Err(Errno::EXIST) => {}
                // Where nothing may be made, what is there can still be opened.
                Err(Errno::ROFS | Errno::ACCESS | Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
            at = open_beneath(at.as_fd(), component, FOLDER, Mode::empty())?;
        }
        Ok((Folder(at.into()), file))
    }

    /// Keeps other writers away, unless there is one already. Where a file system has no locks, nobody is kept away.
    pub(super) fn lock(&self) -> Option<Lock<'_>> {
        let locked = retry_on_intr(|| flock(&self.folder, FlockOperation::NonBlockingLockExclusive));
        (locked != Err(Errno::WOULDBLOCK)).then_some(Lock(&self.folder))
    }
}

/// Other writers are kept away.
pub(crate) struct Lock<'r>(&'r OwnedFd);

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // Closing the descriptor would not do while a process that was just forked has it too.
        let _ = flock(self.0, FlockOperation::Unlock);
    }
}

/// True when writing to the file shows under no other name. The file must be opened.
pub(super) fn has_one_name(file: &File) -> io::Result<bool> {
    Ok(modelsig_hash::metadata(file)?.nlink() <= 1)
}

/// Gives a new file the mode of the one that it is to replace, and its owner where that is allowed.
pub(super) fn dress_like(new: &File, old: &File) -> io::Result<()> {
    let (is, was) = (modelsig_hash::metadata(new)?, modelsig_hash::metadata(old)?);
    if (is.uid(), is.gid()) != (was.uid(), was.gid()) {
        // Only root may give files away.
        let _ = fchown(new, Some(was.uid()), Some(was.gid()));
    }
    new.set_permissions(Permissions::from_mode(was.mode() & 0o777))
}

fn kind_of(folder: BorrowedFd<'_>, name: &CStr) -> EntryKind {
    let stat = match retry_on_intr(|| statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)) {
        Ok(stat) => stat,
        Err(error) => return EntryKind::Unknown(error.into()),
    };
    match FileType::from_raw_mode(stat.st_mode) {
        // A regular file's size is never negative.
        FileType::RegularFile => {
            EntryKind::File { length: stat.st_size as u64, has_more_names: stat.st_nlink > 1 }
        }
        FileType::Directory => EntryKind::Folder,
        FileType::Symlink => EntryKind::Symlink,
        FileType::Fifo => EntryKind::Special("FIFO"),
        FileType::Socket => EntryKind::Special("socket"),
        FileType::BlockDevice => EntryKind::Special("block device"),
        FileType::CharacterDevice => EntryKind::Special("character device"),
        FileType::Unknown => EntryKind::Special("special file"),
    }
}

/// The one way to open something inside the root: no component is a symbolic link, nothing leads out.
fn open_beneath(root: BorrowedFd<'_>, name: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    // Not on Android, where the sandbox of an app kills a process that makes this call.
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{ResolveFlags, openat2};
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match retry_on_intr(|| openat2(root, name, flags, mode, resolve)) {
            // Kernels before 5.6 lack the call, some sandboxes forbid it: the other way is as strict.
            Err(Errno::NOSYS | Errno::PERM) => {}
            result => return Ok(result?),
        }
    }
    open_by_components(root, name, flags, mode)
}

/// One `openat` for each component, none of which may be a symbolic link.
fn open_by_components(root: BorrowedFd<'_>, name: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    let mut folder: Option<OwnedFd> = None;
    let mut components = name.split('/').peekable();
    while let Some(component) = components.next() {
        let at = folder.as_ref().map_or(root, AsFd::as_fd);
        let is_last = components.peek().is_none();
        let (flags, mode) = if is_last { (flags, mode) } else { (FOLDER, Mode::empty()) };
        let opened = retry_on_intr(|| openat(at, component, OFlags::NOFOLLOW | flags, mode))?;
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
        let empty = Mode::empty();
        let beneath = |name: &str| open_beneath(root.folder.as_fd(), name, REGULAR, empty);
        let by_components = |name: &str| open_by_components(root.folder.as_fd(), name, REGULAR, empty);
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

    #[test]
    fn no_more_of_a_folder_is_listed_than_there_is_room_for() {
        let folder = tempfile::tempdir().unwrap();
        ["aaaa", "bbbb", "cccc"].iter().for_each(|name| fs::write(folder.path().join(name), b"").unwrap());
        let root = Root::open(folder.path()).unwrap();
        for (most, bytes, expected) in [(3, 12, 3), (1, 12, 2), (0, 12, 1), (3, 7, 2), (3, 4, 2), (3, 3, 1)] {
            assert_eq!(root.list(None, most, bytes).unwrap().len(), expected, "{most} of {bytes} bytes");
        }
    }

    #[test]
    fn nothing_is_written_through_a_link_or_over_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("root/d")).unwrap();
        fs::create_dir(at("away")).unwrap();
        fs::write(at("away/file"), b"x").unwrap();
        symlink("../away/file", at("root/link")).unwrap();
        symlink("../away/new", at("root/dangling")).unwrap();
        symlink("../away", at("root/linked")).unwrap();
        fs::write(at("root/d/file"), b"y").unwrap();
        let root = Root::open(&at("root")).unwrap();
        let path = |name: &str| ModelPath::parse(name).unwrap();
        for linked in ["linked/file", "linked/new", "linked/sub/new", "d/file/x"] {
            assert!(root.folder_of(&path(linked)).is_err(), "{linked}");
        }
        for both in [open_beneath, open_by_components] {
            for name in ["link", "dangling", "linked/file", "linked/new", "d/file"] {
                assert!(both(root.folder.as_fd(), name, NEW, Mode::from_raw_mode(0o600)).is_err(), "{name}");
            }
            for name in ["link", "dangling", "linked/file"] {
                assert!(both(root.folder.as_fd(), name, WRITABLE, Mode::empty()).is_err(), "{name}");
            }
        }
        let top = path("link");
        let (top, link) = root.folder_of(&top).unwrap();
        drop(top.create("new", true).unwrap());
        assert!(top.rename_to_new("new", link).is_err(), "a link is something that is there");
        assert!(top.rename_to_new("new", "d").is_err());
        // A rename replaces the link and not what it leads to.
        top.replace("new", link).unwrap();
        assert!(at("root/link").symlink_metadata().unwrap().is_file());
        assert_eq!(fs::read(at("away/file")).unwrap(), b"x");
        assert_eq!(fs::read_dir(at("away")).unwrap().count(), 1);

        let deep = path("d/e/f/new");
        let (inner, new) = root.folder_of(&deep).unwrap();
        let file = inner.create("temporary", false).unwrap();
        assert!(inner.holds("temporary", &file).unwrap());
        inner.rename_to_new("temporary", new).unwrap();
        assert!(inner.holds(new, &file).unwrap() && at("root/d/e/f/new").is_file());
        inner.remove(new).unwrap();
        drop(inner.create(new, false).unwrap());
        assert!(!inner.holds(new, &file).unwrap());
    }

    #[test]
    fn one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Root::open(folder.path()).unwrap(), Root::open(folder.path()).unwrap());
        let lock = one.lock();
        assert!(lock.is_some() && other.lock().is_none());
        drop(lock);
        assert!(other.lock().is_some());
    }
}
