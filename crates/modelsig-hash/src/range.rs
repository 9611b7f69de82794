//! Byte ranges and chunk sizes: checked 64-bit arithmetic, nothing else.

use std::fmt;

use crate::Error;

/// Bytes `start..end` of a source, end exclusive; never inverted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ByteRange {
    start: u64,
    end: u64,
}

impl ByteRange {
    /// `start..end`.
    ///
    /// # Errors
    /// [`Error::BadRange`] when `end < start`.
    pub fn new(start: u64, end: u64) -> Result<Self, Error> {
        if end < start { Err(Error::BadRange { start, end }) } else { Ok(Self { start, end }) }
    }

    /// All of a source of `length` bytes.
    pub const fn whole(length: u64) -> Self {
        Self { start: 0, end: length }
    }

    /// From the smaller of two places to the larger.
    pub(crate) fn between(one: u64, other: u64) -> Self {
        Self { start: one.min(other), end: one.max(other) }
    }

    /// First byte.
    pub const fn start(self) -> u64 {
        self.start
    }

    /// One past the last byte.
    pub const fn end(self) -> u64 {
        self.end
    }

    /// Number of bytes.
    pub const fn length(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// True for a range of no bytes.
    pub const fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// The range cut into consecutive pieces of `size` bytes, the last one shorter. Nothing for an empty range.
    pub fn pieces(self, size: u64) -> impl Iterator<Item = Self> {
        let step = size.max(1);
        let mut start = self.start;
        std::iter::from_fn(move || {
            if start >= self.end {
                return None;
            }
            let end = start.saturating_add(step).min(self.end);
            let piece = Self { start, end };
            start = end;
            Some(piece)
        })
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// The size of the chunks of a file: a power of two from 64 KiB to 1 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkSize(u32);

impl ChunkSize {
    /// 64 KiB, the smallest.
    pub const MIN: u64 = 64 << 10;
    /// 1 GiB, the largest.
    pub const MAX: u64 = 1 << 30;
    /// 1 MiB, where the search of [`ChunkSize::for_lengths`] starts.
    pub const DEFAULT: Self = Self(1 << 20);
    /// The number of chunks that [`ChunkSize::for_lengths`] aims to stay under.
    pub const TARGET_COUNT: u64 = 65_536;

    /// A chunk size of so many bytes.
    ///
    /// # Errors
    /// [`Error::BadChunkSize`] unless it is a power of two in the range.
    pub fn new(bytes: u64) -> Result<Self, Error> {
        match u32::try_from(bytes) {
            Ok(size) if bytes.is_power_of_two() && (Self::MIN..=Self::MAX).contains(&bytes) => Ok(Self(size)),
            _ => Err(Error::BadChunkSize { found: bytes }),
        }
    }

    /// The smallest of 1 MiB, 2 MiB, … 1 GiB with which the files longer than one chunk have at most
    /// [`ChunkSize::TARGET_COUNT`] chunks together; 1 GiB if none does. `lengths` are those of the files, in bytes.
    pub fn for_lengths(lengths: impl Iterator<Item = u64> + Clone) -> Self {
        let mut size = Self::DEFAULT;
        while size.bytes() < Self::MAX {
            let count = lengths
                .clone()
                .filter(|length| *length > size.bytes())
                .fold(0u64, |sum, length| sum.saturating_add(size.count(length)));
            if count <= Self::TARGET_COUNT {
                break;
            }
            size = Self(size.0.saturating_mul(2));
        }
        size
    }

    /// The size in bytes.
    pub const fn bytes(self) -> u64 {
        self.0 as u64
    }

    /// The chunk that the byte at `offset` is in, counted from 0.
    #[expect(clippy::arithmetic_side_effects, reason = "it is never zero")]
    pub const fn place_of(self, offset: u64) -> u64 {
        offset / self.bytes()
    }

    /// How many chunks a file of `length` bytes has.
    pub const fn count(self, length: u64) -> u64 {
        length.div_ceil(self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_tile_the_range() {
        let pieces: Vec<_> =
            ByteRange::new(10, 35).unwrap().pieces(10).map(|p| (p.start(), p.end())).collect();
        assert_eq!(pieces, [(10, 20), (20, 30), (30, 35)]);
        assert_eq!(ByteRange::whole(0).pieces(10).count(), 0);
        assert_eq!(ByteRange::new(u64::MAX - 3, u64::MAX).unwrap().pieces(2).count(), 2);
        assert!(ByteRange::new(2, 1).is_err());
    }

    #[test]
    fn chunk_sizes_are_powers_of_two_in_range() {
        for good in [64 << 10, 1 << 20, 1 << 30] {
            assert_eq!(ChunkSize::new(good).unwrap().bytes(), good);
        }
        for bad in [0, 1, (64 << 10) - 1, 32 << 10, 3 << 20, 1 << 31, 1 << 32, u64::MAX] {
            assert!(ChunkSize::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_chunk_size_grows_with_the_model() {
        let mib = 1u64 << 20;
        let size = |lengths: &[u64]| ChunkSize::for_lengths(lengths.iter().copied()).bytes();
        assert_eq!(size(&[]), mib);
        assert_eq!(size(&[65_536 * mib]), mib);
        assert_eq!(size(&[65_536 * mib + 1]), 2 * mib);
        // Files of one chunk or less do not count, however many there are.
        assert_eq!(size(&vec![mib; 100_000]), mib);
        assert_eq!(size(&[40_000 * mib, 40_000 * mib]), 2 * mib);
        assert_eq!(size(&[u64::MAX]), ChunkSize::MAX);
        assert_eq!(ChunkSize::new(mib).unwrap().count(mib + 1), 2);
    }
}
