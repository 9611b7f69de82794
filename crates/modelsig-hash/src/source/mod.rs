//! Where bytes come from: a path, an open file, a part of a descriptor, or memory.
//!
//! A [`Source`] only describes; it is opened when its first job starts and closed after its last one, so a plan of
//! a hundred thousand files holds a handful of descriptors. Refuses: anything that is not a regular file, and a
//! file whose length is not the planned one.

mod ahead;
mod buffer;
mod map;
pub(crate) mod read;
#[cfg(target_os = "linux")]
mod residency;
pub(crate) mod stable;
mod stamp;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::protect::Keep;
use crate::{ByteRange, Error, uninterrupted};
use ahead::ReadAhead;
pub(crate) use buffer::Buffer;
pub(crate) use map::Map;
pub(crate) use stable::cannot_change;
use stamp::Stamp;

/// How the bytes of a file are brought into memory.
///
/// A file that is truncated while it is mapped kills the process (SIGBUS), and a map shows later writes even in
/// pages that were already hashed. Positioned reads cost the same and do neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Map what cannot change or shrink under us, if that is faster, and read everything else. On Linux a file cannot
    /// change when it is a memfd sealed against writing and shrinking, when fs-verity guards it, when its file system
    /// can only be read (squashfs, erofs, iso9660, cramfs, romfs), or when nobody else can write it: a local file
    /// system, and the file and every folder above it owned by root or the current user and not writable by group or
    /// others. Which way is faster is tried out on the beginning of each file of 256 MiB or more that is cached and
    /// hashed in pieces; other files are read. Elsewhere everything is read.
    Auto,
    /// Always map, except where jobs overlap ([`Task::new`](crate::Task::new)), and except files over 64 MiB in a
    /// 32-bit process. A concurrent truncation kills the process.
    Map,
    /// Never map.
    #[default]
    Read,
}

/// The way that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessUsed {
    /// A read-only memory map.
    Map,
    /// Positioned reads into a buffer of our own.
    Read,
    /// The caller's bytes, in place.
    Memory,
}

type Opener<'a> = Box<dyn Fn() -> io::Result<File> + Send + Sync + 'a>;

enum Kind<'a> {
    Bytes(&'a [u8]),
    /// Opened when the first job starts: the whole file, or the bytes from an offset on.
    Lazy {
        open: Opener<'a>,
        offset: Option<u64>,
    },
    /// Bytes from `offset` on of a file that the source holds open.
    Part {
        file: Arc<File>,
        offset: u64,
    },
    /// A whole file that the source holds open.
    Whole(Arc<File>),
}

/// Something that has a name (for messages), a length, and bytes.
pub struct Source<'a> {
    name: String,
    length: u64,
    access: Access,
    kind: Kind<'a>,
    /// Where the bytes stay.
    keep: Option<Keep<'a>>,
}

impl<'a> Source<'a> {
    /// Bytes in memory.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        let length = bytes.len() as u64;
        Self { name: "memory".into(), length, access: Access::Read, kind: Kind::Bytes(bytes), keep: None }
    }

    /// The regular file at `path`, symbolic links followed. Its length is read now; it is opened when needed, and
    /// then refused if the length differs. A FIFO or device is refused without blocking.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NotRegular`].
    pub fn from_path(path: &'a Path) -> Result<Self, Error> {
        let name = path.to_string_lossy().into_owned();
        let metadata = uninterrupted(|| path.metadata()).map_err(|source| io_error("stat", &name, source))?;
        if !metadata.is_file() {
            return Err(Error::NotRegular { name });
        }
        Ok(Self::from_opener(name, metadata.len(), move || open_without_blocking(path)))
    }

    /// A whole file of `length` bytes that `open` opens for reading when the first job on it starts. `open` should
    /// not block on special files; what it returns is refused unless it is a regular file of that length.
    pub fn from_opener(
        name: String,
        length: u64,
        open: impl Fn() -> io::Result<File> + Send + Sync + 'a,
    ) -> Self {
        let kind = Kind::Lazy { open: Box::new(open), offset: None };
        Self { name, length, access: Access::default(), kind, keep: None }
    }

    /// Like [`Source::from_opener`], for `length` bytes from `offset` on of a regular file, which must have these bytes
    /// and may have more.
    pub fn from_part_opener(
        name: String,
        offset: u64,
        length: u64,
        open: impl Fn() -> io::Result<File> + Send + Sync + 'a,
    ) -> Self {
        let kind = Kind::Lazy { open: Box::new(open), offset: Some(offset) };
        Self { name, length, access: Access::default(), kind, keep: None }
    }

    /// A whole open file. Its position is neither used nor moved.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NotRegular`].
    pub fn from_file(name: String, file: File) -> Result<Self, Error> {
        let length = regular_length(&name, &file)?;
        Ok(Self { name, length, access: Access::default(), kind: Kind::Whole(Arc::new(file)), keep: None })
    }

    /// `length` bytes from `offset` on of an open file: an entry of an archive, say. `None` means up to the end of
    /// the file. The position of the file is neither used nor moved.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NotRegular`]; [`Error::OutOfRange`] when the file is shorter than that.
    pub fn from_file_part(name: String, file: File, offset: u64, length: Option<u64>) -> Result<Self, Error> {
        let available = regular_length(&name, &file)?;
        let end = match length {
            Some(length) => offset.saturating_add(length),
            None => available.max(offset),
        };
        if end > available {
            let range = ByteRange::new(offset, end)?;
            return Err(Error::OutOfRange { name, range, length: available });
        }
        let kind = Kind::Part { file: Arc::new(file), offset };
        Ok(Self { name, length: end.saturating_sub(offset), access: Access::default(), kind, keep: None })
    }

    /// Like [`Source::from_file_part`], for a descriptor that stays the caller's: it is duplicated, never closed,
    /// never moved.
    ///
    /// # Errors
    /// As [`Source::from_file_part`].
    #[cfg(unix)]
    pub fn from_fd_part(
        name: String,
        fd: std::os::fd::BorrowedFd<'_>,
        offset: u64,
        length: Option<u64>,
    ) -> Result<Self, Error> {
        let fd = fd.try_clone_to_owned().map_err(|source| io_error("duplicate", &name, source))?;
        Self::from_file_part(name, File::from(fd), offset, length)
    }

    /// Chooses between maps and reads. [`Access::Read`] unless set.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// What jobs read of the file stays in `memory`, and is hashed there: once the run has succeeded, these are exactly
    /// the bytes that were hashed, whatever becomes of the file; it may even change meanwhile. What no job covers stays
    /// zero. Such a source can be run once, and is never mapped.
    ///
    /// # Errors
    /// [`Error::Length`] unless the memory is as long as the source; [`Error::NotRegular`] for bytes that are in memory already.
    pub fn kept_in(mut self, memory: &'a mut [u8]) -> Result<Self, Error> {
        let keep = Keep::new(memory);
        if keep.length() != self.length {
            return Err(Error::Length { name: self.name, expected: self.length, found: keep.length() });
        }
        if matches!(self.kind, Kind::Bytes(_)) {
            return Err(Error::NotRegular { name: self.name });
        }
        self.keep = Some(keep);
        Ok(self)
    }

    /// The name given by the caller.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Length in bytes, fixed when the source was described.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Opens the source and checks that it is what was described.
    pub(crate) fn open(&self, opening: &Opening) -> Result<Opened<'_>, Error> {
        let (file, offset, whole) = match &self.kind {
            Kind::Bytes(bytes) => {
                return Ok(Opened { name: &self.name, length: self.length, bytes: Bytes::Memory(bytes) });
            }
            Kind::Part { file, offset } => (Arc::clone(file), *offset, false),
            Kind::Whole(file) => (Arc::clone(file), 0, true),
            Kind::Lazy { open, offset } => {
                let file = open().map_err(|source| io_error("open", &self.name, source))?;
                (Arc::new(file), offset.unwrap_or(0), offset.is_none())
            }
        };
        let metadata = crate::metadata(&file).map_err(|source| io_error("stat", &self.name, source))?;
        if !metadata.is_file() {
            return Err(Error::NotRegular { name: self.name.clone() });
        }
        if whole && metadata.len() != self.length {
            return Err(Error::Length {
                name: self.name.clone(),
                expected: self.length,
                found: metadata.len(),
            });
        }
        if self.keep.as_ref().is_some_and(|keep| !keep.claim()) {
            // The bytes of an earlier run are in somebody's hands.
            return Err(Error::Cancelled);
        }
        let ahead = (self.length >= ahead::WORTH_TELLING)
            .then(|| ReadAhead::new(&file, offset, self.length, opening.drop_behind));
        // What is mapped cannot be dropped from the page cache.
        let stays = ahead.as_ref().is_some_and(|ahead| !ahead.drops());
        let map = match self.access {
            _ if !opening.may_map || self.keep.is_some() || self.length > map::WORTH_ADDRESSES => None,
            Access::Map if self.length > 0 => {
                let map = Map::new(&file, offset, self.length, false);
                Some(map.map_err(|source| io_error("map", &self.name, source))?)
            }
            Access::Auto
                if self.length >= map::WORTH_MAPPING
                    && opening.in_pieces
                    && stays
                    && stable::cannot_change(&file)
                    // To ask about all of a large file takes longer than the trial.
                    && missing(&file, offset, map::SAMPLE) == Some(0)
                    && map::is_cheaper(&file, offset) =>
            {
                // The system may have taken a little of it back. That is brought in block by block.
                let missing =
                    missing(&file, offset, self.length).filter(|missing| *missing <= self.length / 16);
                missing.and_then(|missing| Map::new(&file, offset, self.length, missing == 0).ok())
            }
            _ => None,
        };
        let stamp = Stamp::of(&metadata);
        let seen_at_once = AtomicBool::new(false);
        let keep = self.keep.as_ref();
        let bytes = Bytes::File { file, offset, whole, map, keep, stamp, ahead, seen_at_once };
        Ok(Opened { name: &self.name, length: self.length, bytes })
    }
}

/// How a source is opened.
pub(crate) struct Opening {
    /// The bytes are looked at once, so that a map is a way to bring them in.
    pub(crate) may_map: bool,
    /// It is hashed in several passes, which are under way next to each other. Streams far apart in the address space,
    /// one in each of several files, cost more page walks than reads cost copies.
    pub(crate) in_pieces: bool,
    /// What was not cached before is not to be cached after.
    pub(crate) drop_behind: bool,
}

/// A source that is open.
pub(crate) struct Opened<'a> {
    name: &'a str,
    length: u64,
    bytes: Bytes<'a>,
}

enum Bytes<'a> {
    Memory(&'a [u8]),
    File {
        file: Arc<File>,
        offset: u64,
        whole: bool,
        map: Option<Map>,
        keep: Option<&'a Keep<'a>>,
        stamp: Stamp,
        /// For files that are long enough.
        ahead: Option<ReadAhead>,
        /// All of it was seen in one read, so that it had no time to change in between.
        seen_at_once: AtomicBool,
    },
}

impl Opened<'_> {
    pub(crate) fn access(&self) -> AccessUsed {
        match &self.bytes {
            Bytes::Memory(_) => AccessUsed::Memory,
            Bytes::File { map: Some(_), .. } => AccessUsed::Map,
            Bytes::File { map: None, .. } => AccessUsed::Read,
        }
    }

    /// Brings the range into memory, in place or in the buffer. More will be read up to `limit`. No two threads load
    /// ranges that overlap, and nobody looks at a range while it is loaded: passes do not overlap, and are swept block
    /// by block.
    pub(crate) fn load(&self, range: ByteRange, limit: u64, buffer: &mut Buffer) -> Result<(), Error> {
        let Bytes::File { file, offset, whole, map, keep, ahead, seen_at_once, .. } = &self.bytes else {
            return Ok(());
        };
        if let Some(ahead) = ahead {
            ahead.on(file, range, limit);
        }
        if let Some(map) = map {
            return map.load(range).map_err(|source| Error::Io {
                operation: "read",
                name: self.name.into(),
                offset: Some(offset.saturating_add(range.start())),
                source,
            });
        }
        // A range that is loaded at once fits memory, and usize.
        let length = range.length() as usize;
        let is_all = *whole && range.length() == self.length && range.length() <= read::AT_ONCE;
        if is_all && read::at_once(self.name, file, buffer, length)? {
            seen_at_once.store(true, Ordering::Relaxed);
            if let Some(keep) = keep {
                // SAFETY: the source was claimed when it was opened; for the rest see above.
                unsafe { keep.room(range) }.copy_from_slice(buffer.bytes(length));
            }
            return Ok(());
        }
        if let Some(keep) = keep {
            // SAFETY: as above.
            let room = unsafe { keep.room(range) };
            return read::fill(self.name, file, *offset, range.start(), room);
        }
        read::fill(self.name, file, *offset, range.start(), buffer.room(length))
    }

    /// The bytes of a range that was [loaded](Self::load) with this buffer.
    #[expect(clippy::indexing_slicing, reason = "jobs lie in the source: `Task::new` looks")]
    pub(crate) fn loaded<'b>(&'b self, range: ByteRange, buffer: &'b Buffer) -> &'b [u8] {
        // What is in memory as a whole has places that fit usize. A file may be longer than that.
        let in_memory = || range.start() as usize..range.end() as usize;
        match &self.bytes {
            Bytes::Memory(bytes) => &bytes[in_memory()],
            Bytes::File { map: Some(map), .. } => &map.bytes()[in_memory()],
            // SAFETY: the source was claimed when it was opened, and what was loaded is not written again.
            Bytes::File { keep: Some(keep), .. } => unsafe { keep.bytes(range) },
            Bytes::File { map: None, .. } => buffer.bytes(range.length() as usize),
        }
    }

    /// After the last job: the file still has its length and nobody touched it.
    ///
    /// This catches accidents. A writer who holds a shared map can change bytes without moving any time stamp.
    pub(crate) fn check_unchanged(&self) -> Result<(), Error> {
        let Bytes::File { file, whole, stamp, ahead, keep, seen_at_once, .. } = &self.bytes else {
            return Ok(());
        };
        if let Some(ahead) = ahead {
            ahead.close(file);
        }
        // What was kept is what was hashed, and nobody will look at the file again.
        if keep.is_some() || seen_at_once.load(Ordering::Relaxed) {
            return Ok(());
        }
        let metadata = crate::metadata(file).map_err(|source| io_error("stat", self.name, source))?;
        if *whole && metadata.len() != self.length {
            let found = metadata.len();
            return Err(Error::Length { name: self.name.into(), expected: self.length, found });
        }
        if Stamp::of(&metadata) != *stamp {
            return Err(Error::Changed { name: self.name.into() });
        }
        if *whole && read::at(file, &mut [0], self.length).map_err(|e| io_error("read", self.name, e))? != 0 {
            return Err(Error::Length {
                name: self.name.into(),
                expected: self.length,
                found: self.length.saturating_add(1),
            });
        }
        Ok(())
    }
}

/// Bytes of the range that are not in the page cache, if that is known.
fn missing(file: &File, offset: u64, length: u64) -> Option<u64> {
    #[cfg(target_os = "linux")]
    return residency::missing(file, offset, length);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (file, offset, length);
        None
    }
}

/// Fills `bytes` from `offset` of a file on. On Unix its position is neither used nor moved.
///
/// # Errors
/// [`Error::Io`]; [`Error::Length`] when the file is too short.
pub fn read_at(name: &str, file: &File, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
    read::fill(name, file, offset, 0, bytes)
}

fn regular_length(name: &str, file: &File) -> Result<u64, Error> {
    let metadata = crate::metadata(file).map_err(|source| io_error("stat", name, source))?;
    if metadata.is_file() { Ok(metadata.len()) } else { Err(Error::NotRegular { name: name.into() }) }
}

/// Opens a file to be read. What it is must be asked of what was opened: a FIFO without a writer, for which an ordinary
/// open would wait for ever, is opened too, and no terminal becomes that of the process.
///
/// # Errors
/// Those of the system.
pub fn open_without_blocking(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits() as i32);
    }
    options.open(path)
}

fn io_error(operation: &'static str, name: &str, source: io::Error) -> Error {
    Error::Io { operation, name: name.into(), offset: None, source }
}
