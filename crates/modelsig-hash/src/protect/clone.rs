//! Reflink clones: another file with the same blocks, which costs nothing and has no name. Writes and truncation of the
//! original do not show in it. FICLONE of ioctl_ficlone(2) on btrfs, xfs and other file systems; clonefile(2) on APFS.

use std::fs::File;
use std::io;

/// A clone of `file` without a name, open for reading only. `folder` is one on the same file system that can be written
/// to.
///
/// # Errors
/// Those of the system: mostly that the file system cannot, or that the folder cannot be written to.
#[cfg(target_os = "linux")]
pub fn clone(file: &File, folder: &File) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, ioctl_ficlone, openat};
    use rustix::io::retry_on_intr;

    // With EXCL it can never be given a name.
    let flags = OFlags::TMPFILE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
    let clone = retry_on_intr(|| openat(folder, c".", flags, Mode::RUSR | Mode::WUSR))?;
    retry_on_intr(|| ioctl_ficlone(&clone, file))?;
    reopened(&File::from(clone))
}

/// As on Linux, by way of a name that only its owner could have opened, and that is gone before this returns.
#[cfg(target_vendor = "apple")]
pub fn clone(file: &File, folder: &File) -> io::Result<File> {
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::fs::{AtFlags, CloneFlags, Mode, OFlags, fclonefileat, mkdirat, openat, unlinkat};

    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let place = format!(".modelsig-{}-{count}", std::process::id());
    mkdirat(folder, &place, Mode::RWXU)?;
    let inside = openat(folder, &place, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let clone = inside.and_then(|inside| {
        fclonefileat(file, &inside, c"clone", CloneFlags::NOFOLLOW)?;
        let clone =
            openat(&inside, c"clone", OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
        unlinkat(&inside, c"clone", AtFlags::empty()).and(clone)
    });
    unlinkat(folder, &place, AtFlags::REMOVEDIR)?;
    Ok(File::from(clone?))
}

/// There are no clones here.
///
/// # Errors
/// Always of the kind `Unsupported`.
#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
pub fn clone(_: &File, _: &File) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The same file once more, for reading only and with a position of its own. Linux and Android.
///
/// # Errors
/// Those of the system: mostly that this user may not open the file, or that there is no `/proc`.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn reopened(file: &File) -> io::Result<File> {
    use std::os::fd::AsRawFd;

    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// What `/dev/fd` opens here is the same descriptor.
///
/// # Errors
/// Always of the kind `Unsupported`.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn reopened(_: &File) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}
