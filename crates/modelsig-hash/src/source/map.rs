//! Read-only memory maps of whole sources.

use std::fs::File;
use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use memmap2::{Mmap, MmapOptions};

use super::buffer::Buffer;
use super::read;
use crate::{BLOCK, ByteRange};

/// Under this length it is not worth finding out whether a map is cheaper than reads.
pub(crate) const WORTH_MAPPING: u64 = 256 << 20;

/// Over this length the addresses of a 32-bit process are too precious for a map.
pub(crate) const WORTH_ADDRESSES: u64 = if usize::BITS < 64 { 64 << 20 } else { 1 << 46 };

/// Bytes of a file, in place.
pub(crate) struct Map(Mmap);

impl Map {
    pub(crate) fn new(file: &File, offset: u64, length: u64) -> io::Result<Self> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: the map is read-only and private to the source. memmap2 asks that the file is not changed meanwhile:
        // `Access::Auto` comes here only for files that cannot change or that nobody else may write (see `stable`), and
        // `Access::Map` is the caller's explicit word that this holds. The bytes are only ever fed to a hash function,
        // which has no invariant that a changing byte could break.
        unsafe { MmapOptions::new().offset(offset).len(length).map(file) }.map(Self)
    }

    /// Brings the range into memory, so that a device that cannot deliver it is an error here and no signal later.
    pub(crate) fn load(&self, range: ByteRange) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            let (start, length) = (range.start() as usize, range.length() as usize);
            match self.0.advise_range(memmap2::Advice::PopulateRead, start, length) {
                // Kernels before 5.14 do not know how.
                Err(error) if error.raw_os_error() != Some(rustix::io::Errno::INVAL.raw_os_error()) => {
                    Err(error)
                }
                _ => Ok(()),
            }
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = range;
            Ok(())
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// True when the byte is in the page cache, or the system does not tell us. Looking does not bring it in, as even a read
/// that must not wait would.
#[cfg(target_os = "linux")]
pub(crate) fn is_resident(file: &File, offset: u64) -> bool {
    // A multiple of every size of pages.
    let offset = offset - offset % (64 << 10);
    let Ok(map) = Map::new(file, offset, 1) else { return true };
    let mut resident = 0u8;
    // SAFETY: one byte of the map lies in one page, whose address is a multiple of the page size as the offset is, and
    // one byte is written for one page. The bytes of the map are not looked at.
    let told = unsafe { libc::mincore(map.0.as_ptr().cast_mut().cast(), 1, &raw mut resident) };
    told != 0 || resident & 1 == 1
}

/// True if this machine maps what is cached for much less than it reads it: that depends on the CPU, the kernel and the
/// hypervisor. Found out once, with the first bytes of the first file that asks; they are cached.
pub(crate) fn is_cheaper(file: &File, offset: u64) -> bool {
    static IS_CHEAPER: OnceLock<bool> = OnceLock::new();
    const SAMPLE: u64 = 4 << 20;
    let range = ByteRange::whole(SAMPLE);
    let mut buffer = Buffer::default();
    let mut read = || {
        let mut pieces = range.pieces(BLOCK as u64);
        pieces.try_for_each(|piece| read::fill("", file, offset, piece.start(), buffer.room(BLOCK))).is_ok()
    };
    let map = || Map::new(file, offset, SAMPLE).is_ok_and(|map| map.load(range).is_ok());
    *IS_CHEAPER.get_or_init(|| {
        let (mut reads, mut maps) = (Duration::MAX, Duration::MAX);
        for _ in 0..3 {
            reads = reads.min(time(&mut read).unwrap_or(reads));
            maps = maps.min(time(map).unwrap_or(maps));
        }
        // What is mapped is still to come from memory, what was read is in the CPU's cache.
        maps < reads / 4 * 3
    })
}

/// How long it takes, if it succeeds.
fn time(what: impl FnOnce() -> bool) -> Option<Duration> {
    let began = Instant::now();
    what().then(|| began.elapsed())
}
