//! The file of the log: opened once, and each line appended under a lock, whole and flushed, or not at all, unless the
//! process is killed in between. What that leaves of a line is ended before the next one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use modelsig::hash::metadata;
use modelsig::{Error, Escaped};

/// How long others may keep the lock. It takes one for a line, not for a model: who holds it longer hangs, or wants us
/// to; or so many want it that there is no end to it.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct LogFile {
    /// As the user gave it.
    path: String,
    file: File,
}

/// Other processes that append are kept away.
struct Locked<'f>(&'f File);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Closing does it as well, but that comes late.
        let _ = self.0.unlock();
    }
}

impl LogFile {
    /// For appending; made for its owner alone if it is not there. What is no regular file is refused: it could block,
    /// and keeps nothing. So is a link, since it is for others to say where it leads.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let name = path.to_string_lossy().into_owned();
        let is_link = || path.symlink_metadata().is_ok_and(|found| found.is_symlink());
        // Where opening does not refuse links.
        if cfg!(not(unix)) && is_link() {
            return Err(link(&name));
        }
        let opened = options().open(path);
        let log = match opened {
            Err(_) if is_link() => return Err(link(&name)),
            Err(source) => return Err(Error::Io { operation: "open", path: name, source }),
            Ok(file) => Self { path: name, file },
        };
        let found = metadata(&log.file).map_err(|source| log.cannot("stat", source))?;
        if !found.is_file() {
            let source = io::Error::new(ErrorKind::InvalidInput, "it is not a regular file");
            return Err(log.cannot("open", source));
        }
        // Whoever wrote the first line has flushed the name before it.
        #[cfg(unix)]
        if found.len() == 0 {
            log.flush_name(path)?;
        }
        Ok(log)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Adds a line, and flushes it to the device. Where that fails the log is as it was: half a line could not be read,
    /// and a whole one would contradict how the process ends.
    pub(super) fn append(&self, line: &[u8]) -> Result<(), Error> {
        let _locked = self.lock()?;
        let (before, is_whole) = self.end().map_err(|source| self.cannot("read", source))?;
        let line = match is_whole {
            true => line.to_vec(),
            // What a process that was killed has left of a line is not to take this one with it.
            false => [b"\n", line].concat(),
        };
        let added = self.write(&line).map_err(|error| ("write", error));
        let added = added.and_then(|()| self.file.sync_all().map_err(|error| ("flush", error)));
        let added = added.and_then(|()| self.is_still_there().map_err(|error| ("write", error)));
        added.map_err(|(operation, error)| {
            self.cannot(operation, self.taken_back(before, line.len() as u64, error))
        })
    }

    fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut file = &self.file;
        if cfg!(not(unix)) {
            file.seek(SeekFrom::End(0))?;
        }
        file.write_all(line)
    }

    /// That the lock is to be had: better known before hours of hashing than after them.
    pub(super) fn can_be_locked(&self) -> Result<(), Error> {
        self.lock().map(drop)
    }

    /// The lock of the file, which everybody takes who appends by this command.
    fn lock(&self) -> Result<Locked<'_>, Error> {
        let began = Instant::now();
        loop {
            let source = match self.file.try_lock() {
                Ok(()) => return Ok(Locked(&self.file)),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    thread::sleep(PAUSE);
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    let seconds = PATIENCE.as_secs();
                    let what = format!("it was locked for {seconds} seconds");
                    io::Error::new(ErrorKind::TimedOut, what)
                }
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => continue,
                Err(TryLockError::Error(error)) => error,
            };
            return Err(self.cannot("lock", source));
        }
    }

    /// The length of the log, and whether its last line has an end.
    fn end(&self) -> io::Result<(u64, bool)> {
        let mut file = &self.file;
        let length = file.seek(SeekFrom::End(0))?;
        let Some(last) = length.checked_sub(1) else { return Ok((length, true)) };
        file.seek(SeekFrom::Start(last))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        Ok((length, byte == *b"\n"))
    }

    /// Cuts off what was added since the log was `before` bytes long. Why that was, and what of it did not succeed.
    fn taken_back(&self, before: u64, added: u64, why: io::Error) -> io::Error {
        let mut file = &self.file;
        let cut = file.seek(SeekFrom::End(0)).and_then(|length| {
            // Who does not take the lock may have added lines behind, or emptied the log.
            match length.checked_sub(before) {
                Some(more) if more > added => Err(io::Error::other("others have written behind it")),
                Some(1..) => file.set_len(before).and_then(|()| file.sync_all()),
                Some(0) | None => Ok(()),
            }
        });
        match cut {
            Ok(()) => why,
            Err(error) => {
                io::Error::new(why.kind(), format!("{why}; the line may still stand there, in part: {error}"))
            }
        }
    }

    /// A line in a file that has no name any more is on record nowhere.
    fn is_still_there(&self) -> io::Result<()> {
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::nlink(&metadata(&self.file)?) == 0 {
            return Err(io::Error::new(ErrorKind::NotFound, "it was removed meanwhile"));
        }
        Ok(())
    }

    /// A new name is on the device when its folder is.
    #[cfg(unix)]
    fn flush_name(&self, path: &Path) -> Result<(), Error> {
        let folder = File::open(crate::args::folder_of(path))
            .map_err(|source| self.cannot("open the folder of", source))?;
        modelsig::hash::flush_names(&folder).map_err(|source| self.cannot("flush the folder of", source))
    }

    pub(super) fn cannot(&self, operation: &'static str, source: io::Error) -> Error {
        Error::Io { operation, path: self.path.clone(), source }
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    // Windows lets nobody cut a file who may only append to it. There the lock keeps all others from writing.
    options.read(true).write(true).append(cfg!(unix)).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits() as i32);
    }
    options
}

fn link(path: &str) -> Error {
    Error::Usage {
        what: format!("the audit log '{}' is a symbolic link; give the file itself", Escaped(path)),
    }
}
