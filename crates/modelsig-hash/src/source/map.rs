//! Read-only memory maps of whole sources.

use std::fs::File;
use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use memmap2::{Mmap, MmapOptions};

use super::buffer::Buffer;
use super::read;
#[cfg(target_os = "linux")]
use crate::uninterrupted;
use crate::{BLOCK, ByteRange};

/// Under this length it is not worth finding out whether a map is cheaper than reads.
pub(crate) const WORTH_MAPPING: u64 = 256 << 20;

/// Bytes on which that is tried out.
pub(crate) const SAMPLE: u64 = 2 << 20;

/// Over this length the addresses of a 32-bit process are too precious for a map.
pub(crate) const WORTH_ADDRESSES: u64 = if usize::BITS < 64 { 64 << 20 } else { 1 << 46 };

/// Bytes of a file, in place.
pub(crate) struct Map {
    map: Mmap,
    /// All of it was in memory when it was mapped.
    is_cached: bool,
}

impl Map {
    /// `is_cached` says that nothing of it need be brought in.
    pub(crate) fn new(file: &File, offset: u64, length: u64, is_cached: bool) -> io::Result<Self> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: the map is read-only. memmap2 asks that the file is not changed meanwhile: `Access::Auto` maps only
        // files that cannot change or that nobody else may write (see `stable`), `Access::Map` is the caller's explicit
        // word that this holds, and `residency` does not look at the bytes. Of a `View` its maker says so: it is for
        // sealed copies, clones and files under fs-verity, and for others only where a policy has named the danger. The
        // bytes are plain numbers without an invariant that a change could break.
        let map = unsafe { MmapOptions::new().offset(offset).len(length).map(file) }?;
        Ok(Self { map, is_cached })
    }

    /// Brings the range into memory, so that a device that cannot deliver it is an error here and no signal later.
    pub(crate) fn load(&self, range: ByteRange) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if !self.is_cached {
            let (start, length) = (range.start() as usize, range.length() as usize);
            let populate = || self.map.advise_range(memmap2::Advice::PopulateRead, start, length);
            return match uninterrupted(populate) {
                // Kernels before 5.14 do not know how.
                Err(error) if error.raw_os_error() != Some(libc::EINVAL) => Err(error),
                _ => Ok(()),
            };
        }
        let _ = (range, self.is_cached);
        Ok(())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }
}

/// True if the file, which is cached, can be mapped for much less than it can be read for: that depends on the CPU, on
/// the hypervisor, and most on the size of the pieces in which the page cache holds this file. Tried out on its
/// beginning.
pub(crate) fn is_cheaper(file: &File, offset: u64) -> bool {
    let range = ByteRange::whole(SAMPLE);
    let mut buffer = Buffer::default();
    let mut read = || {
        let mut pieces = range.pieces(BLOCK as u64);
        pieces.try_for_each(|piece| read::fill("", file, offset, piece.start(), buffer.room(BLOCK))).is_ok()
    };
    let map = || {
        let touch = |map: Map| black_box(map.bytes().iter().step_by(4096).fold(0u8, |sum, byte| sum ^ byte));
        Map::new(file, offset, SAMPLE, true).map(touch).is_ok()
    };
    let (mut reads, mut maps) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        reads = reads.min(time(&mut read).unwrap_or(reads));
        maps = maps.min(time(map).unwrap_or(maps));
    }
    // What is mapped is still to come from memory, what was read is in the CPU's cache.
    reads.checked_div(2).is_some_and(|half| maps < half)
}

/// How long it takes, if it succeeds.
fn time(what: impl FnOnce() -> bool) -> Option<Duration> {
    let began = Instant::now();
    what().then(|| began.elapsed())
}
