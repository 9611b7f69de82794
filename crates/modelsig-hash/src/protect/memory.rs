//! Memory of our own: bytes are read into it once, hashed there, and used from there.

use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

use memmap2::MmapMut;

use crate::ByteRange;

/// Up to this length the allocator is asked; beyond it the system, which answers a request that cannot be met with an
/// error.
const SMALL: u64 = 64 << 10;

/// Memory that only this process can reach, mostly filled by an engine: see
/// [`Source::kept_in`](crate::Source::kept_in).
///
/// What is longer than 64 KiB begins at a page.
#[derive(Debug)]
pub struct Memory(Kind);

#[derive(Debug)]
enum Kind {
    Small(Vec<u8>),
    Large(MmapMut),
}

impl Memory {
    /// So many bytes, all zero.
    ///
    /// # Errors
    /// When there is not so much.
    pub fn new(length: u64) -> io::Result<Self> {
        let size = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        if length <= SMALL {
            return Ok(Self(Kind::Small(vec![0; size])));
        }
        // What cannot even be asked for is too much as well.
        let most = usize::MAX / 2;
        let memory =
            MmapMut::map_anon(Some(size).filter(|&size| size < most).ok_or(io::ErrorKind::OutOfMemory)?)?;
        // One page table entry, and one fault, for 2 MiB instead of 4 KiB. A hint.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::HugePage);
        Ok(Self(Kind::Large(memory)))
    }

    /// All of it, to be filled.
    pub fn room(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Kind::Small(bytes) => bytes,
            Kind::Large(bytes) => bytes,
        }
    }

    /// A copy that can be changed, or the memory itself where that is possible.
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Kind::Small(bytes) => bytes,
            Kind::Large(bytes) => bytes.to_vec(),
        }
    }
}

impl Deref for Memory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Kind::Small(bytes) => bytes,
            Kind::Large(bytes) => bytes,
        }
    }
}

/// Borrowed memory that several workers fill, each a part of its own.
pub(crate) struct Keep<'m> {
    start: *mut u8,
    length: usize,
    used: AtomicBool,
    memory: PhantomData<&'m mut [u8]>,
}

// SAFETY: it stands for the exclusive borrow of a slice of bytes, which may be sent. Its methods say who may use which
// part.
unsafe impl Send for Keep<'_> {}
// SAFETY: as above; `claim` makes sure that one run alone uses it, and its methods ask that no two threads use the same
// part.
unsafe impl Sync for Keep<'_> {}

impl<'m> Keep<'m> {
    pub(crate) fn new(memory: &'m mut [u8]) -> Self {
        let (start, length) = (memory.as_mut_ptr(), memory.len());
        Self { start, length, used: AtomicBool::new(false), memory: PhantomData }
    }

    /// True once: for the one run that may use the memory.
    pub(crate) fn claim(&self) -> bool {
        !self.used.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn length(&self) -> u64 {
        self.length as u64
    }

    /// # Safety
    /// [`Keep::claim`] was true for the caller's run, and nothing else in it uses this range at the same time.
    #[expect(clippy::mut_from_ref, reason = "the parts that are lent do not overlap")]
    pub(crate) unsafe fn room(&self, range: ByteRange) -> &mut [u8] {
        let (start, length) = self.part(range);
        // SAFETY: `part` has checked that it lies inside the borrowed slice, and the caller that nobody else uses it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), length) }
    }

    /// # Safety
    /// [`Keep::claim`] was true for the caller's run, and nobody in it writes to this range at the same time.
    pub(crate) unsafe fn bytes(&self, range: ByteRange) -> &[u8] {
        let (start, length) = self.part(range);
        // SAFETY: `part` has checked that it lies inside the borrowed slice, and the caller that nobody writes to it.
        unsafe { std::slice::from_raw_parts(self.start.add(start), length) }
    }

    fn part(&self, range: ByteRange) -> (usize, usize) {
        assert!(range.end() <= self.length(), "{range} lies outside {} bytes", self.length);
        (range.start() as usize, range.length() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zero_and_as_long_as_was_asked_for() {
        for length in [0, 1, SMALL, SMALL + 1, 3 << 20] {
            let memory = Memory::new(length).unwrap();
            assert_eq!(memory.len() as u64, length);
            assert!(memory.iter().all(|&byte| byte == 0));
            assert_eq!(memory.into_vec().len() as u64, length);
        }
    }

    #[test]
    fn more_than_there_is_is_an_error() {
        for length in [u64::MAX, 1 << 60] {
            assert_eq!(Memory::new(length).unwrap_err().kind(), io::ErrorKind::OutOfMemory, "{length}");
        }
    }

    #[test]
    fn memory_is_claimed_once() {
        let mut memory = Memory::new(4).unwrap();
        let keep = Keep::new(memory.room());
        assert_eq!([keep.claim(), keep.claim()], [true, false]);
    }
}
