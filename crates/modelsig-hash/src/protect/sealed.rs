//! Copies in memory that nobody can write any more: memfd_create(2) and file seals, fcntl(2).
//!
//! The copy is sealed *before* it is hashed, so that nobody can write between. Afterwards writes, truncation, writable
//! maps and the removal of seals are refused by the kernel, for root as well.

use std::fs::File;

use crate::{Engine, Error};

/// Bytes that a worker copies at a time.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PIECE: u64 = 8 << 20;

/// A sealed copy of `length` bytes of a file from `offset` on, open for reading only. It is not hashed yet.
///
/// # Errors
/// [`Error::Io`]: without a memfd (other systems than Linux and Android) of the kind `Unsupported`. [`Error::Length`] when the file
/// is shorter. [`Error::Cancelled`].
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn sealed_copy(
    name: &str,
    file: &File,
    offset: u64,
    length: u64,
    engine: &Engine,
) -> Result<File, Error> {
    use std::io;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let failed =
        |operation, source: io::Error| Error::Io { operation, name: name.into(), offset: None, source };
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 do not know that a memfd need not be a program.
    let memfd = memfd_create("modelsig", flags | MemfdFlags::NOEXEC_SEAL)
        .or_else(|_| memfd_create("modelsig", flags));
    let memfd = File::from(memfd.map_err(|error| failed("make a sealed copy of", error.into()))?);
    memfd.set_len(length).map_err(|error| failed("make a sealed copy of", error))?;
    engine.spread(length, PIECE, &|range| {
        let mut buffer = crate::source::Buffer::default();
        for block in range.pieces(crate::BLOCK as u64) {
            let room = buffer.room(block.length() as usize);
            crate::source::read::fill(name, file, offset, block.start(), room)?;
            std::os::unix::fs::FileExt::write_all_at(&memfd, room, block.start())
                .map_err(|error| failed("make a sealed copy of", error))?;
        }
        Ok(())
    })?;
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    fcntl_add_seals(&memfd, seals).map_err(|error| failed("seal a copy of", error.into()))?;
    super::clone::reopened(&memfd).map_err(|error| failed("open a sealed copy of", error))
}

/// There is no memfd here.
///
/// # Errors
/// Always [`Error::Io`] of the kind `Unsupported`.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn sealed_copy(name: &str, _: &File, _: u64, _: u64, _: &Engine) -> Result<File, Error> {
    let source = std::io::ErrorKind::Unsupported.into();
    Err(Error::Io { operation: "make a sealed copy of", name: name.into(), offset: None, source })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::FileExt;

    use rustix::fs::{FallocateFlags, SealFlags, fallocate, fcntl_add_seals, fcntl_get_seals};
    use rustix::io::Errno;

    use super::*;

    fn copy(length: u64) -> (tempfile::NamedTempFile, File) {
        let original = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(original.path(), vec![7; length as usize]).unwrap();
        let engine = Engine::new(2).unwrap();
        let sealed = sealed_copy("w", original.as_file(), 0, length, &engine).unwrap();
        (original, sealed)
    }

    /// The tests of this crate run as root where root runs them: seals hold there too.
    #[test]
    fn nothing_can_be_written_or_cut_or_unsealed() {
        let (_original, sealed) = copy(100_000);
        assert_eq!(sealed.write_at(b"x", 0).unwrap_err().raw_os_error(), Some(Errno::BADF.raw_os_error()));
        let path = format!("/proc/self/fd/{}", sealed.as_raw_fd());
        let writable = File::options().read(true).write(true).open(path).unwrap();
        let denied = |result: std::io::Result<()>| {
            assert_eq!(result.unwrap_err().raw_os_error(), Some(Errno::PERM.raw_os_error()));
        };
        denied(writable.write_at(b"x", 0).map(drop));
        denied(writable.set_len(1));
        denied(writable.set_len(1 << 20));
        denied(
            fallocate(&writable, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 0, 4096)
                .map_err(Into::into),
        );
        denied(fcntl_add_seals(&writable, SealFlags::FUTURE_WRITE).map_err(Into::into));
        // SAFETY: the map is not made.
        let map = unsafe { memmap2::MmapOptions::new().map_mut(&writable) };
        denied(map.map(drop));
        let seals = fcntl_get_seals(&sealed).unwrap();
        assert!(seals.contains(SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL));
        let mut bytes = vec![0; 100_000];
        sealed.read_exact_at(&mut bytes, 0).unwrap();
        assert!(bytes.iter().all(|&byte| byte == 7));
    }

    #[test]
    fn a_part_of_a_file_is_copied_alone() {
        let original = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(original.path(), b"before, the part, after").unwrap();
        let engine = Engine::new(1).unwrap();
        let sealed = sealed_copy("w", original.as_file(), 8, 8, &engine).unwrap();
        assert_eq!(std::io::read_to_string(sealed).unwrap(), "the part");
        let error = sealed_copy("w", original.as_file(), 8, 16, &engine).unwrap_err();
        assert!(matches!(error, Error::Length { .. }), "{error}");
    }

    #[test]
    fn the_copy_is_as_long_as_was_asked_for_or_an_error() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5] {
            let (original, sealed) = copy(length);
            assert_eq!(sealed.metadata().unwrap().len(), length);
            original.as_file().write_all_at(b"another", 0).unwrap();
            let mut bytes = vec![0; length as usize];
            sealed.read_exact_at(&mut bytes, 0).unwrap();
            assert!(bytes.iter().all(|&byte| byte == 7), "{length}");
        }
        let (original, _) = copy(10);
        let engine = Engine::new(1).unwrap();
        let error = sealed_copy("w", original.as_file(), 0, 1 << 40, &engine).unwrap_err();
        assert!(matches!(error, Error::Length { .. }), "{error}");
    }
}
