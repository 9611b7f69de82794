//! Which open files cannot change or shrink while we look at them: the only ones that [`Access::Auto`] maps.
//!
//! [`Access::Auto`]: crate::Access::Auto

use std::fs::File;

/// True when the kernel forbids changes to the file, or nobody but root and the current user could make them.
#[cfg(target_os = "linux")]
pub(crate) fn cannot_change(file: &File) -> bool {
    linux::is_sealed(file)
        || linux::has_verity(file)
        || linux::file_system_of(file).is_some_and(|kind| match kind {
            linux::FileSystem::ReadOnly => true,
            linux::FileSystem::Local => linux::only_we_can_write(file),
            linux::FileSystem::Other => false,
        })
}

/// Nothing is known of other platforms, so nothing is promised.
#[cfg(not(target_os = "linux"))]
pub(crate) fn cannot_change(_: &File) -> bool {
    false
}

/// True on the file systems where an answer about fs-verity comes from the kernel and not from a user-space server.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn may_have_verity(file: &File) -> bool {
    magic::of(file).is_some_and(|magic| magic::VERITY.contains(&magic))
}

/// Magic numbers of statfs(2), from linux/magic.h.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod magic {
    use std::fs::File;

    pub(super) const EXT4: u64 = 0xef53;
    pub(super) const BTRFS: u64 = 0x9123_683e;
    pub(super) const F2FS: u64 = 0xf2f5_2010;
    /// Where the kernel has fs-verity.
    pub(super) const VERITY: [u64; 3] = [EXT4, BTRFS, F2FS];

    pub(super) fn of(file: &File) -> Option<u64> {
        // The type of f_type differs between targets and is signed on some: compare 32 bits.
        rustix::fs::fstatfs(file).ok().map(|stat| stat.f_type as u64 & 0xffff_ffff)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{File, Metadata};
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use rustix::fs::{AtFlags, SealFlags, StatxFlags, fcntl_get_seals, statx};

    use super::magic::{self, BTRFS, EXT4, F2FS};

    pub(super) enum FileSystem {
        /// Its format has no way to change a file.
        ReadOnly,
        /// On a disk or in the memory of this machine, answered by this kernel.
        Local,
        /// A network, FUSE, or something unknown.
        Other,
    }

    const READ_ONLY: [u64; 6] =
        [0x7371_7368, 0xe0f5_e1e2, 0x9660, 0x28cd_3d45, 0x453d_cd28, 0x7275 /* squashfs … romfs */];
    const XFS: u64 = 0x5846_5342;
    const TMPFS: u64 = 0x0102_1994;
    const RAMFS: u64 = 0x8584_58f6;
    const OVERLAYFS: u64 = 0x794c_7630;
    const ZFS: u64 = 0x2fc1_2fc1;
    const LOCAL: [u64; 8] = [EXT4, BTRFS, F2FS, XFS, TMPFS, RAMFS, OVERLAYFS, ZFS];

    pub(super) fn file_system_of(file: &File) -> Option<FileSystem> {
        let magic = magic::of(file)?;
        Some(match magic {
            _ if READ_ONLY.contains(&magic) => FileSystem::ReadOnly,
            _ if LOCAL.contains(&magic) => FileSystem::Local,
            _ => FileSystem::Other,
        })
    }

    /// A memfd that can neither be written nor shrink, for anybody.
    pub(super) fn is_sealed(file: &File) -> bool {
        fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SealFlags::WRITE | SealFlags::SHRINK))
    }

    pub(super) fn has_verity(file: &File) -> bool {
        super::may_have_verity(file)
            && statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::empty())
                .is_ok_and(|stat| stat.stx_attributes.contains(rustix::fs::StatxAttributes::VERITY))
    }

    /// The file and every folder above it belong to root or to us and are closed to group and others.
    pub(super) fn only_we_can_write(file: &File) -> bool {
        let us = rustix::process::geteuid().as_raw();
        let closed = |stat: Metadata| (stat.uid() == 0 || stat.uid() == us) && stat.mode() & 0o022 == 0;
        let Ok(path) = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())) else {
            return false;
        };
        // The link names the file that is open, free of symbolic links; a deleted one does not resolve.
        let folders = path.ancestors().skip(1).filter(|folder| *folder != Path::new(""));
        path.is_absolute()
            && path.symlink_metadata().is_ok()
            && file.metadata().is_ok_and(closed)
            && folders.map(Path::symlink_metadata).all(|stat| stat.is_ok_and(closed))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn set_mode(path: &std::path::Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_that_others_may_write_can_change() {
        // The build folder is used because /tmp is open to everybody, which the check refuses.
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let path = folder.path().join("weights");
        std::fs::write(&path, b"x").unwrap();
        set_mode(&path, 0o644);
        let file = File::open(&path).unwrap();
        let above_is_closed = folder.path().ancestors().all(|folder| {
            let mode = folder.metadata().unwrap().permissions().mode();
            mode & 0o022 == 0
        });
        assert_eq!(linux::only_we_can_write(&file), above_is_closed);
        for mode in [0o664, 0o646] {
            set_mode(&path, mode);
            assert!(!linux::only_we_can_write(&file), "{mode:o}");
        }
        set_mode(&path, 0o644);
        set_mode(folder.path(), 0o777);
        assert!(!linux::only_we_can_write(&file));
        set_mode(folder.path(), 0o700);
        std::fs::remove_file(&path).unwrap();
        assert!(!linux::only_we_can_write(&file), "a deleted file has no folder to judge");
    }

    #[test]
    fn a_sealed_memfd_cannot_change() {
        use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
        let file = File::from(memfd_create("test", MemfdFlags::ALLOW_SEALING).unwrap());
        assert!(!cannot_change(&file));
        fcntl_add_seals(&file, SealFlags::SHRINK).unwrap();
        assert!(!cannot_change(&file));
        fcntl_add_seals(&file, SealFlags::WRITE).unwrap();
        assert!(cannot_change(&file));
    }

    #[test]
    fn the_proc_file_system_is_not_local() {
        assert!(!cannot_change(&File::open("/proc/self/maps").unwrap()));
    }
}
