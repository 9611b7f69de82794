//! What stands between verified bytes and whoever would change them before they are used.

use std::fmt;

use serde::{Serialize, Serializer};

/// On which rung bytes that were handed out stand: who could still change them after they were checked.
///
/// | | another process writes, truncates, renames | the storage answers differently next time | another process of the same user, at the memory of this one | root |
/// |---|---|---|---|---|
/// | `Kernel` | refused by the kernel | an I/O error¹ | refused by the kernel² | refused by the kernel² |
/// | `Sealed` | not reached | not asked | refused by the kernel² | refused by the kernel² |
/// | `Clone` | not reached | **seen** | **seen** | **seen** |
/// | `Private` | not reached | not asked | **seen** | **seen** |
/// | `Stable` | only the same user and root can: **seen**, and truncation kills the process where it is mapped | **seen** | **seen** | **seen** |
/// | `Unprotected` | **seen**, and truncation kills the process where it is mapped | **seen** | **seen** | **seen** |
///
/// ¹ A page that was dropped from memory and is damaged on the disk is SIGBUS where the file is mapped.
/// ² The bytes of the file; a process that may trace this one can still change its variables.
///
/// The order is that of what other processes can do. `Clone` leaves the bytes to storage, which can answer differently
/// when they are used: where storage is not trusted, `Private` is better, and comes first unless it is asked otherwise.
///
/// Where each can be had:
///
/// | | Linux | Android | macOS, iOS | Windows |
/// |---|---|---|---|---|
/// | `Kernel` | ext4, f2fs and btrfs with fs-verity on | likewise | no | no |
/// | `Sealed` | yes | yes | no | no |
/// | `Clone` | btrfs, xfs and others with reflinks, if the model's folder can be written to | no | APFS, likewise | no |
/// | `Private` | yes | yes | yes | yes |
/// | `Stable` | local file systems, files and folders closed to other users | no | no | while nobody writes: files are opened so that nobody can |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protection {
    /// The file in place, whoever can write it: only by [`danger::unprotected`](crate::danger::unprotected).
    Unprotected,
    /// The file in place, which nobody but this user and root can write, and which did not change while it was checked.
    Stable,
    /// Memory of this process: the bytes were hashed there, while they were read.
    #[default]
    Private,
    /// A clone of the file without a name, made before it was checked.
    Clone,
    /// A copy in memory that was sealed against writing before it was checked.
    Sealed,
    /// fs-verity: the kernel lets nobody write to the file, and checks each page that it reads.
    Kernel,
}

impl Protection {
    /// `"unprotected"`, `"stable"`, `"private"`, `"clone"`, `"sealed"` or `"kernel"`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Unprotected => "unprotected",
            Self::Stable => "stable",
            Self::Private => "private",
            Self::Clone => "clone",
            Self::Sealed => "sealed",
            Self::Kernel => "kernel",
        }
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Protection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
