//! What a signal has interrupted is done once more. On network and FUSE file systems that can be any call with a file.

use std::fs::{File, Metadata};
use std::io;

/// Makes a system call again as long as a signal interrupts it (EINTR). The standard library does so for some calls,
/// such as those that open and read files, and leaves others to its callers: stat(2), realpath(3), rename(2),
/// unlink(2).
///
/// # Errors
/// Those of the call, but never [`io::ErrorKind::Interrupted`].
pub fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// What fstat(2) tells of an open file, whatever signals come in between.
///
/// # Errors
/// Those of the call.
#[inline(never)]
pub fn metadata(file: &File) -> io::Result<Metadata> {
    uninterrupted(|| file.metadata())
}

/// Flushes the names in an opened folder to the device (fsync(2)), where its file system can do that.
///
/// # Errors
/// Those of the call, without EINVAL and EBADF: so say those that flush no folders.
#[cfg(unix)]
pub fn flush_names(folder: &File) -> io::Result<()> {
    const BAD_DESCRIPTOR: i32 = rustix::io::Errno::BADF.raw_os_error();
    match folder.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        Err(error) if error.raw_os_error() == Some(BAD_DESCRIPTOR) => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stand-ins for folders that cannot be flushed.
    #[cfg(target_os = "linux")]
    #[test]
    fn names_are_flushed_where_they_can_be() {
        use std::os::unix::fs::OpenOptionsExt;

        let opened = |path: &str, flags: rustix::fs::OFlags| {
            File::options().read(true).custom_flags(flags.bits() as i32).open(path).unwrap()
        };
        let none = rustix::fs::OFlags::empty();
        let invalid = opened("/dev/null", none);
        assert_eq!(invalid.sync_all().unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let bad = opened("/", rustix::fs::OFlags::PATH);
        assert_eq!(bad.sync_all().unwrap_err().raw_os_error(), Some(9));
        for folder in [invalid, bad, opened(".", none)] {
            flush_names(&folder).unwrap();
        }
    }

    #[test]
    fn a_call_is_made_until_nothing_interrupts_it() {
        let mut answers = [
            Err(io::ErrorKind::Interrupted.into()),
            Err(io::Error::from_raw_os_error(4)),
            Ok(7),
            Err(io::ErrorKind::Other.into()),
        ]
        .into_iter();
        #[cfg(unix)]
        assert_eq!(uninterrupted(|| answers.next().unwrap()).unwrap(), 7);
        #[cfg(not(unix))]
        drop(answers.by_ref().take(3).collect::<Vec<_>>());
        assert_eq!(uninterrupted(|| answers.next().unwrap()).unwrap_err().kind(), io::ErrorKind::Other);
    }
}
