//! What `fstat` says of a file before and after it is read.

use std::fs::Metadata;

/// Length, modification time and change time (or their nearest relatives on this platform).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    #[cfg(unix)]
    times: [i64; 4],
    #[cfg(not(unix))]
    modified: Option<std::time::SystemTime>,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            length: metadata.len(),
            #[cfg(unix)]
            times: [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()],
            #[cfg(not(unix))]
            modified: metadata.modified().ok(),
        }
    }
}
