//! What can go wrong between a source of bytes and its digest.

use std::io;

use crate::{ByteRange, HashAlgorithm};

/// Every error of this crate. `name` is the name the caller gave the [`Source`](crate::Source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to open, read or describe the source.
    #[error("cannot {operation} {name:?}{}", at(.offset))]
    Io {
        /// What was tried: `"open"`, `"read"`, `"map"`, `"stat"`.
        operation: &'static str,
        /// The source.
        name: String,
        /// Byte offset of the failed read, when there is one.
        offset: Option<u64>,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The source is a directory, FIFO, socket or device.
    #[error("{name:?} is not a regular file")]
    NotRegular {
        /// The source.
        name: String,
    },
    /// The source has another length than its task was planned for, or it ended early or went on while it was read.
    #[error("{name:?} has {found} bytes where {expected} were expected")]
    Length {
        /// The source.
        name: String,
        /// The planned length in bytes.
        expected: u64,
        /// The length found in bytes.
        found: u64,
    },
    /// Size, modification time or change time moved while the source was being read.
    #[error("{name:?} changed while it was read")]
    Changed {
        /// The source.
        name: String,
    },
    /// A job asks for bytes outside its source.
    #[error("bytes {range} lie outside {name:?}, which has {length} bytes")]
    OutOfRange {
        /// The source.
        name: String,
        /// What was asked for.
        range: ByteRange,
        /// The length of the source in bytes.
        length: u64,
    },
    /// A range whose end lies before its start, or that does not fit 64 bits.
    #[error("{start}..{end} is not a byte range")]
    BadRange {
        /// First byte.
        start: u64,
        /// One past the last byte.
        end: u64,
    },
    /// A chunk size that is not a power of two between 64 KiB and 1 GiB.
    #[error(
        "chunk size {found} is not a power of two from {} to {}",
        crate::ChunkSize::MIN,
        crate::ChunkSize::MAX
    )]
    BadChunkSize {
        /// The value found, in bytes.
        found: u64,
    },
    /// Text that is not the lower-case hexadecimal digest of the algorithm.
    #[error("not a lower-case hexadecimal {algorithm} digest of {} characters: {found:?}", algorithm.digest_length().saturating_mul(2))]
    BadDigest {
        /// The algorithm whose digest was expected.
        algorithm: HashAlgorithm,
        /// The text found, cut to 200 characters.
        found: String,
    },
    /// The algorithm was left out when this program was built.
    #[error("{algorithm} was left out of this build")]
    AlgorithmNotBuilt {
        /// The algorithm.
        algorithm: HashAlgorithm,
    },
    /// The pool of threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// The reason the pool gives.
        reason: String,
    },
    /// The [`CancelToken`](crate::CancelToken) was used, or an earlier failure stopped the run.
    #[error("cancelled")]
    Cancelled,
}

/// One failure can concern several readers of a source. Of an I/O error the code of the system is kept, or its kind.
impl Clone for Error {
    fn clone(&self) -> Self {
        match self {
            Self::Io { operation, name, offset, source } => Self::Io {
                operation,
                name: name.clone(),
                offset: *offset,
                source: source
                    .raw_os_error()
                    .map_or_else(|| source.kind().into(), io::Error::from_raw_os_error),
            },
            Self::NotRegular { name } => Self::NotRegular { name: name.clone() },
            Self::Length { name, expected, found } => {
                Self::Length { name: name.clone(), expected: *expected, found: *found }
            }
            Self::Changed { name } => Self::Changed { name: name.clone() },
            Self::OutOfRange { name, range, length } => {
                Self::OutOfRange { name: name.clone(), range: *range, length: *length }
            }
            Self::BadRange { start, end } => Self::BadRange { start: *start, end: *end },
            Self::BadChunkSize { found } => Self::BadChunkSize { found: *found },
            Self::BadDigest { algorithm, found } => {
                Self::BadDigest { algorithm: *algorithm, found: found.clone() }
            }
            Self::AlgorithmNotBuilt { algorithm } => Self::AlgorithmNotBuilt { algorithm: *algorithm },
            Self::Threads { threads, reason } => Self::Threads { threads: *threads, reason: reason.clone() },
            Self::Cancelled => Self::Cancelled,
        }
    }
}

fn at(offset: &Option<u64>) -> String {
    offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default()
}
