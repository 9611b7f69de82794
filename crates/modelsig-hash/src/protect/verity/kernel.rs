//! The two requests to the kernel: FS_IOC_MEASURE_VERITY and FS_IOC_ENABLE_VERITY (linux/fsverity.h).

use std::fs::File;
use std::io;

use super::VerityDigest;

/// The digest under which the kernel guards an open file, in constant time. `None` where it does not guard it, or not
/// with SHA-256, and where nobody can tell: on other systems, and on file systems whose answer is not the kernel's own.
/// A FUSE server could answer the request as it likes, so it is only asked on ext4, f2fs and btrfs.
///
/// # Errors
/// What the system answers beyond that.
pub fn measure(file: &File) -> io::Result<Option<VerityDigest>> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return linux::measure(file);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = file;
        Ok(None)
    }
}

/// The kernel guards the file. Since when?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guarded {
    /// Since this request.
    Now,
    /// Since an earlier one, which may have chosen another hash function, block size or salt.
    Before,
}

/// Why a file was not put under guard.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnableError {
    /// The file system, the kernel or the platform has no fs-verity, or it is not switched on there.
    #[error("its file system has no fs-verity")]
    Unsupported,
    /// Somebody holds the file open for writing, or has a writable shared map of it.
    #[error("somebody holds it open for writing")]
    HeldForWriting,
    /// What else the system answers.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Puts an open file under the guard of the kernel, for ever: it can be read, renamed and removed, but never changed.
/// The kernel reads all of it once. The descriptor must be open for reading only; it takes the right to write the file.
///
/// # Errors
/// An [`EnableError`]; then the file is as it was.
pub fn enable(file: &File) -> Result<Guarded, EnableError> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return linux::enable(file);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = file;
        Err(EnableError::Unsupported)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use super::*;
    use crate::protect::verity::BLOCK_SIZE;
    use crate::source::stable::may_have_verity;

    use rustix::io::Errno;
    use rustix::ioctl::{Opcode, Setter, Updater, ioctl, opcode};

    /// FS_VERITY_HASH_ALG_SHA256
    const SHA256: u16 = 1;

    /// `struct fsverity_digest` with room for the longest digest there is.
    #[repr(C)]
    struct Measured {
        algorithm: u16,
        size: u16,
        digest: [u8; 64],
    }

    /// `struct fsverity_enable_arg`.
    #[repr(C)]
    struct Enable {
        version: u32,
        hash_algorithm: u32,
        block_size: u32,
        salt_size: u32,
        salt: u64,
        signature_size: u32,
        reserved: u32,
        signature: u64,
        reserved_too: [u64; 11],
    }

    /// The number of the request is made from the size of the structure without the digest.
    const MEASURE: Opcode = opcode::read_write::<[u16; 2]>(b'f', 134);
    const ENABLE: Opcode = opcode::write::<Enable>(b'f', 133);

    pub(super) fn measure(file: &File) -> io::Result<Option<VerityDigest>> {
        if !may_have_verity(file) {
            return Ok(None);
        }
        let mut measured = Measured { algorithm: 0, size: 64, digest: [0; 64] };
        let told = retry(|| {
            // SAFETY: the number is that of FS_IOC_MEASURE_VERITY, whose argument is a `struct fsverity_digest` with
            // the room that `size` says.
            let request = unsafe { Updater::<MEASURE, Measured>::new(&mut measured) };
            // SAFETY: the request reads and writes no memory but its argument.
            unsafe { ioctl(file, request) }
        });
        match told {
            // NOSYS: some emulators and sandboxes do not pass the request on.
            Err(Errno::NODATA | Errno::NOTTY | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(()) if (measured.algorithm, measured.size) == (SHA256, 32) => {
                Ok(measured.digest.first_chunk().copied().map(VerityDigest::from_bytes))
            }
            Ok(()) => Ok(None),
        }
    }

    pub(super) fn enable(file: &File) -> Result<Guarded, EnableError> {
        // As with measuring, an answer of a user-space server is worth nothing.
        if !may_have_verity(file) {
            return Err(EnableError::Unsupported);
        }
        let argument = || Enable {
            version: 1,
            hash_algorithm: SHA256.into(),
            block_size: BLOCK_SIZE as u32,
            salt_size: 0,
            salt: 0,
            signature_size: 0,
            reserved: 0,
            signature: 0,
            reserved_too: [0; 11],
        };
        let told = retry(|| {
            // SAFETY: the number is that of FS_IOC_ENABLE_VERITY, whose argument is a `struct fsverity_enable_arg`; its
            // salt and signature have no bytes, so that their addresses are not looked at.
            let request = unsafe { Setter::<ENABLE, Enable>::new(argument()) };
            // SAFETY: the request reads no memory but its argument.
            unsafe { ioctl(file, request) }
        });
        match told {
            Ok(()) => Ok(Guarded::Now),
            Err(Errno::EXIST) => Ok(Guarded::Before),
            Err(Errno::TXTBSY) => Err(EnableError::HeldForWriting),
            Err(Errno::OPNOTSUPP | Errno::NOTTY | Errno::NOSYS) => Err(EnableError::Unsupported),
            Err(error) => Err(EnableError::Io(error.into())),
        }
    }

    /// Building the tree of a large file takes long enough to be interrupted by a signal.
    fn retry(mut request: impl FnMut() -> Result<(), Errno>) -> Result<(), Errno> {
        loop {
            match request() {
                Err(Errno::INTR) => {}
                told => return told,
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// The numbers of linux/fsverity.h on every architecture but MIPS, PowerPC, SPARC and Alpha.
        #[test]
        fn the_requests_have_the_numbers_and_sizes_of_linux() {
            assert_eq!(size_of::<Enable>(), 128);
            assert_eq!(size_of::<Measured>(), 68);
            if cfg!(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "arm")) {
                assert_eq!((ENABLE, MEASURE), (0x4080_6685, 0xc004_6686));
            }
        }
    }
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::*;

    /// What a guarded file answers is tried in a virtual machine: `.ci/verity-vm`.
    #[test]
    fn nothing_is_measured_where_nothing_is_guarded() {
        assert_eq!(measure(&File::open("/proc/self/maps").unwrap()).unwrap(), None);
        let file = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        assert_eq!(measure(&file).unwrap(), None);
    }

    #[test]
    fn where_the_answer_would_not_be_the_kernels_it_is_not_asked() {
        let file = File::open("/proc/self/maps").unwrap();
        assert!(matches!(enable(&file), Err(EnableError::Unsupported)));
    }

    #[test]
    fn what_is_open_for_writing_is_not_frozen() {
        let file = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let refused = enable(&file);
        assert!(
            matches!(refused, Err(EnableError::HeldForWriting | EnableError::Unsupported)),
            "{refused:?}"
        );
        assert_eq!(measure(&file).unwrap(), None);
    }
}
