//! Verified bytes of a header in order, read in pieces: how long a GGUF header is stands nowhere.

use modelsig_hash::ByteRange;

use super::FormatFault;

/// What the first read asks for: nothing smaller than the smallest chunk can be verified.
const FIRST: u64 = 64 << 10;
/// What one read asks for at most, unless one item alone is longer.
const MOST: u64 = 8 << 20;

/// A cursor over the start of a file. It holds what was read and not yet taken.
pub(super) struct Window<'r, E> {
    read: &'r mut dyn FnMut(ByteRange) -> Result<Vec<u8>, E>,
    /// Of the file.
    length: u64,
    /// Bytes of the file that may be looked at.
    limit: u64,
    /// From the start of the file.
    position: u64,
    buffer: Vec<u8>,
    /// Bytes of the buffer before `position`.
    taken: usize,
    step: u64,
}

impl<'r, E: From<FormatFault>> Window<'r, E> {
    pub(super) fn new(
        length: u64,
        limit: u64,
        read: &'r mut dyn FnMut(ByteRange) -> Result<Vec<u8>, E>,
    ) -> Self {
        Self { read, length, limit, position: 0, buffer: Vec::new(), taken: 0, step: FIRST }
    }

    /// The place of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next bytes.
    pub(super) fn take(&mut self, count: u64) -> Result<&[u8], E> {
        let end = self.demand(count)?;
        let truncated = FormatFault::Truncated { expected: end, found: self.length };
        let Ok(size) = usize::try_from(count) else { return Err(truncated.into()) };
        if self.buffer.len().saturating_sub(self.taken) < size {
            self.fill(count)?;
        }
        let taken = self.taken.saturating_add(size);
        let bytes = self.buffer.get(self.taken..taken).ok_or(truncated)?;
        self.taken = taken;
        self.position = end;
        Ok(bytes)
    }

    /// The next bytes, as many as the array has.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], E> {
        let (length, end) = (self.length, self.position.saturating_add(N as u64));
        let bytes = self.take(N as u64)?.try_into();
        Ok(bytes.map_err(|_| FormatFault::Truncated { expected: end, found: length })?)
    }

    pub(super) fn u32(&mut self) -> Result<u32, E> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, E> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Looks at the next bytes a piece at a time; `look` sees every one of them.
    pub(super) fn pass(
        &mut self,
        count: u64,
        mut look: impl FnMut(&[u8]) -> Result<(), FormatFault>,
    ) -> Result<(), E> {
        self.demand(count)?;
        let mut left = count;
        while left > 0 {
            let buffered = self.buffer.len().saturating_sub(self.taken) as u64;
            let piece = if buffered == 0 { left.min(FIRST) } else { left.min(buffered) };
            look(self.take(piece)?)?;
            left = left.saturating_sub(piece);
        }
        Ok(())
    }

    /// Where so many bytes from here end, which is neither after the file nor beyond the limit.
    pub(super) fn demand(&self, count: u64) -> Result<u64, FormatFault> {
        let end = self.position.saturating_add(count);
        if end > self.length {
            Err(FormatFault::Truncated { expected: end, found: self.length })
        } else if end > self.limit {
            let what = "the size of the header in bytes";
            Err(FormatFault::Limit { what, limit: self.limit, found: end })
        } else {
            Ok(end)
        }
    }

    /// Reads on until `count` bytes are there, and more. The caller has demanded them.
    fn fill(&mut self, count: u64) -> Result<(), E> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let buffered = self.buffer.len() as u64;
        let from = self.position.saturating_add(buffered);
        let step = self.step.max(count.saturating_sub(buffered));
        let to = from.saturating_add(step).min(self.length).min(self.limit);
        let cut_short = FormatFault::Truncated { expected: to, found: from };
        let range = ByteRange::new(from, to).map_err(|_| cut_short.clone())?;
        let bytes = (self.read)(range)?;
        if bytes.len() as u64 != range.length() {
            return Err(cut_short.into());
        }
        if self.buffer.is_empty() {
            self.buffer = bytes;
        } else {
            self.buffer.extend_from_slice(&bytes);
        }
        self.step = self.step.saturating_mul(2).min(MOST);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that tell their place, and the ranges that were asked for.
    fn byte(place: u64) -> u8 {
        (place % 251) as u8
    }

    #[test]
    fn pieces_come_in_order_and_are_read_once() {
        let length = 20 << 20;
        let mut asked = Vec::new();
        let mut read = |range: ByteRange| {
            asked.push(range);
            Ok::<_, FormatFault>((range.start()..range.end()).map(byte).collect())
        };
        let mut window = Window::new(length, length, &mut read);
        let mut place = 0;
        for count in [1, 0, FIRST - 2, 2, 7, 3 * FIRST + 5, 1] {
            let bytes = window.take(count).unwrap();
            assert!(bytes.iter().zip(place..).all(|(found, place)| *found == byte(place)), "{count}");
            assert_eq!(bytes.len() as u64, count);
            place += count;
            assert_eq!(window.position(), place);
        }
        let mut seen = place;
        window
            .pass(length - place, |bytes| {
                assert!(bytes.iter().zip(seen..).all(|(found, place)| *found == byte(place)));
                seen += bytes.len() as u64;
                Ok(())
            })
            .unwrap();
        assert_eq!((seen, window.position()), (length, length));
        assert!(matches!(window.take(1), Err(FormatFault::Truncated { .. })));
        let mut end = 0;
        for range in &asked {
            assert_eq!(range.start(), end);
            assert!(range.length() <= MOST);
            end = range.end();
        }
        assert_eq!(end, length);
        assert!(asked.len() < 14, "{asked:?}");
    }

    #[test]
    fn nothing_beyond_the_file_or_the_limit_is_asked_for() {
        let mut asked = 0;
        let mut read = |range: ByteRange| {
            asked = range.end();
            Ok::<_, FormatFault>(vec![0; range.length() as usize])
        };
        let mut window = Window::new(100, 50, &mut read);
        let limit = |found| FormatFault::Limit { what: "the size of the header in bytes", limit: 50, found };
        assert_eq!(window.take(10).map(<[u8]>::len), Ok(10));
        assert_eq!(window.take(41), Err(limit(51)));
        assert_eq!(window.take(91), Err(FormatFault::Truncated { expected: 101, found: 100 }));
        assert_eq!(window.take(u64::MAX), Err(FormatFault::Truncated { expected: u64::MAX, found: 100 }));
        assert_eq!(window.pass(41, |_| unreachable!()), Err(limit(51)));
        assert_eq!(window.take(40).map(<[u8]>::len), Ok(40));
        assert_eq!(asked, 50);
    }

    #[test]
    fn a_reader_that_gives_less_or_more_is_refused() {
        for given in [0, 9, 11] {
            let mut read = |_: ByteRange| Ok::<_, FormatFault>(vec![0; given]);
            let mut window = Window::new(10, 10, &mut read);
            assert!(matches!(window.take(4), Err(FormatFault::Truncated { .. })), "{given}");
        }
    }
}
