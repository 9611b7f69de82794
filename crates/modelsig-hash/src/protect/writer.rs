//! Whether somebody holds a file open for writing, or has it mapped so: a read lease of fcntl(2) is not to be had then.

use std::fs::File;

/// True when another descriptor or a map is known through which the file could be written. False where nobody can tell:
/// a lease is for the owner of a file, and on Linux.
#[cfg(target_os = "linux")]
pub fn has_writer(file: &File) -> bool {
    use std::os::fd::AsRawFd;

    /// Of linux/fcntl.h, the same on every architecture that Rust knows.
    const F_SETSIG: libc::c_int = 10;
    let set = |command: libc::c_int, number: libc::c_int| {
        // SAFETY: the descriptor is open, and these commands take a number.
        unsafe { libc::fcntl(file.as_raw_fd(), command, number) }
    };
    // Whoever opens the file for writing while the lease is held has a signal sent to this process. By default that is
    // SIGIO, which ends it; SIGURG is ignored unless somebody waits for it.
    if set(F_SETSIG, libc::SIGURG) != 0 {
        return false;
    }
    if set(libc::F_SETLEASE, libc::F_RDLCK) == 0 {
        set(libc::F_SETLEASE, libc::F_UNLCK);
        return false;
    }
    std::io::Error::last_os_error().kind() == std::io::ErrorKind::WouldBlock
}

/// Nobody can tell here.
#[cfg(not(target_os = "linux"))]
pub fn has_writer(_: &File) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_and_a_shared_map_are_found() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, vec![0; 8192]).unwrap();
        let file = File::open(&path).unwrap();
        assert!(!has_writer(&file));
        let writer = File::options().read(true).write(true).open(&path).unwrap();
        assert!(has_writer(&file));
        // SAFETY: nobody looks at the bytes of the map.
        let map = unsafe { memmap2::MmapOptions::new().map_mut(&writer) }.unwrap();
        drop(writer);
        assert!(has_writer(&file), "the map outlives the descriptor");
        drop(map);
        assert!(!has_writer(&file));
    }
}
