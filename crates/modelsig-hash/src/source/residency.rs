//! What is in the page cache. Looking brings nothing in, as even a read that must not wait would.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use rustix::param::page_size;

use super::map::Map;

/// True when the byte is in memory, or the system does not tell us, as it tells only who could write the file.
pub(crate) fn is_resident(file: &File, offset: u64) -> bool {
    // A multiple of every size of pages.
    let offset = offset & !0xffff;
    let Ok(map) = Map::new(file, offset, 1, true) else { return true };
    let page = map.bytes().as_ptr().cast_mut();
    let mut resident = 0u8;
    // SAFETY: a map begins at a page if its offset does, and this one lives until the end of the function. One byte is
    // written for one page; the mapped byte is not looked at.
    let told = unsafe { libc::mincore(page.cast(), 1, &raw mut resident) };
    told != 0 || resident & 1 == 1
}

/// Bytes of the range that are not in memory, in whole pages, if the system tells us: cachestat(2), Linux 6.5.
pub(crate) fn missing(file: &File, offset: u64, length: u64) -> Option<u64> {
    let page = page_size() as u64;
    let pages = offset.checked_rem(page)?.checked_add(length)?.div_ceil(page);
    let cached = cached_pages(file, offset, length).ok()?;
    Some(pages.saturating_sub(cached).saturating_mul(page))
}

/// `struct cachestat_range` of linux/mman.h.
#[repr(C)]
struct CachestatRange {
    offset: u64,
    length: u64,
}

/// `struct cachestat` of linux/mman.h: pages that are cached, dirty, being written, evicted, evicted a short while ago.
#[repr(C)]
#[derive(Default)]
struct Cachestat {
    cached: u64,
    others: [u64; 4],
}

fn cached_pages(file: &File, offset: u64, length: u64) -> io::Result<u64> {
    /// The same on every architecture but Alpha.
    const CACHESTAT: libc::c_long = 451;
    let range = CachestatRange { offset, length };
    let mut found = Cachestat::default();
    // SAFETY: the descriptor is open, and the two structures are those that the call reads and writes.
    let told = unsafe {
        libc::syscall(CACHESTAT, file.as_raw_fd(), &raw const range, &raw mut found, 0 as libc::c_uint)
    };
    if told == 0 { Ok(found.cached) } else { Err(io::Error::last_os_error()) }
}
