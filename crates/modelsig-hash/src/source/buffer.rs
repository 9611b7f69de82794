//! Memory that files are read into.

/// The place of a byte in its page is that of the byte in the file, as far as files are read from multiples of it.
const PAGE: usize = 4096;

/// Memory that files are read into, from the start of a page on.
///
/// Allocators put large blocks 16 bytes past the start of a page, and there some CPUs (AMD Zen 3 is one) copy from the
/// page cache at a quarter of the rate, taking each load for one of what was stored just before.
#[derive(Default)]
pub(crate) struct Buffer {
    memory: Vec<u8>,
    start: usize,
}

impl Buffer {
    /// Room for so many bytes. What was in it may be gone.
    #[expect(clippy::indexing_slicing, reason = "there is room for so many, from now on if not before")]
    pub(crate) fn room(&mut self, length: usize) -> &mut [u8] {
        if self.memory.len().saturating_sub(self.start) < length {
            self.memory.clear();
            self.memory.resize(length.saturating_add(PAGE), 0);
            // `usize::MAX` where nobody knows addresses.
            self.start = match self.memory.as_ptr().align_offset(PAGE) {
                start if start < PAGE => start,
                _ => 0,
            };
        }
        &mut self.memory[self.start..][..length]
    }

    /// The first bytes of the room, which was made for as many.
    #[expect(clippy::indexing_slicing, reason = "see above")]
    pub(crate) fn bytes(&self, length: usize) -> &[u8] {
        &self.memory[self.start..][..length]
    }

    /// Bytes that it takes from others.
    pub(crate) fn size(&self) -> usize {
        self.memory.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_begins_at_a_page_however_large_it_grows() {
        let mut buffer = Buffer::default();
        assert_eq!(buffer.bytes(0), b"");
        for length in [1, 100, 5000, 70_000, 300_000, 10] {
            let room = buffer.room(length);
            assert_eq!((room.len(), room.as_ptr() as usize % PAGE), (length, 0));
            room.fill(7);
            assert!(buffer.bytes(length).iter().all(|&byte| byte == 7));
        }
        assert!(buffer.size() >= 300_000);
    }
}
