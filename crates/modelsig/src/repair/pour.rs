//! The one way bytes come from a source: each byte of a range once, in blocks, hashed as they are handed on.

use std::io;

use modelsig_hash::{CancelToken, Digest, Engine, HashAlgorithm, Hasher, Progress};

use super::source::RepairSource;
use crate::Error;
use crate::model::ModelPath;

/// Bytes that are asked for at a time.
pub(super) const BLOCK: usize = 1 << 20;

/// Why a range did not come.
pub(super) enum Fault {
    /// It is the source's, and concerns this range.
    Source(io::Error),
    /// It is not, and ends the work on this file.
    Stop(Error),
}

/// What is read of a file.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) name: &'w ModelPath,
    pub(super) start: u64,
    /// One past the last byte; without it, everything up to the end of the file.
    pub(super) end: Option<u64>,
    pub(super) algorithm: HashAlgorithm,
    /// Where no end is known, more than that ends it.
    pub(super) limit: u64,
}

/// Who is told of the work, and who can stop it.
#[derive(Clone, Default)]
pub(super) struct Watch {
    progress: Progress,
    cancel: CancelToken,
}

impl Watch {
    pub(super) fn of(engine: &Engine) -> Self {
        Self { progress: engine.progress().clone(), cancel: engine.cancel().clone() }
    }
}

/// What came.
pub(super) struct Poured {
    pub(super) digest: Digest,
    /// Where it ended.
    pub(super) end: u64,
}

/// Reads what is wanted and hands it on, each block with its place.
pub(super) fn pour(
    source: &dyn RepairSource,
    wanted: Wanted<'_>,
    watch: &Watch,
    block: &mut [u8],
    sink: &mut dyn FnMut(u64, &[u8]) -> io::Result<()>,
) -> Result<Poured, Fault> {
    let Wanted { name, start, end, algorithm, limit } = wanted;
    let stopped = Fault::Stop;
    let mut hasher =
        Hasher::new(algorithm).map_err(|error| stopped(Error::from_hashing(name.as_str(), error)))?;
    let mut at = start;
    while end.is_none_or(|end| at < end) {
        if watch.cancel.is_cancelled() {
            return Err(Fault::Stop(Error::Cancelled));
        }
        let room = end.map_or(u64::MAX, |end| end.saturating_sub(at));
        let (room, _) = block.split_at_mut((block.len() as u64).min(room) as usize);
        let count = match source.read_at(name, at, room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result.map_err(Fault::Source)?,
        };
        let bytes = match room.get(..count) {
            Some([]) if end.is_none() => break,
            Some([]) => {
                let ended = format!("it ends at byte {at}");
                return Err(Fault::Source(io::Error::new(io::ErrorKind::UnexpectedEof, ended)));
            }
            Some(bytes) => bytes,
            None => return Err(Fault::Source(io::Error::other("it returned more than it was asked for"))),
        };
        hasher.update(bytes);
        sink(at, bytes).map_err(|error| stopped(Error::io("write", name.as_str(), error)))?;
        at = at.saturating_add(count as u64);
        if end.is_none() {
            watch.progress.planned(count as u64);
            if at > limit {
                let what = "the size of a file from the source in bytes";
                return Err(stopped(Error::Limit { path: name.to_string(), what, limit, found: at }));
            }
        }
        watch.progress.advanced(count as u64);
    }
    Ok(Poured { digest: hasher.finalize(), end: at })
}
