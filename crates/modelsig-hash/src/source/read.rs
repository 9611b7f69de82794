//! Positioned reads: any length, any thread, the file's own position untouched.

use std::fs::File;
use std::io;

use super::buffer::Buffer;
use crate::{Error, uninterrupted};

/// Files up to this length are brought in by one read, which also sees whether there is more.
pub(crate) const AT_ONCE: u64 = 64 << 10;

/// Fills `block` with the bytes from `start` on (relative to `offset`).
pub(crate) fn fill(name: &str, file: &File, offset: u64, start: u64, block: &mut [u8]) -> Result<(), Error> {
    let mut filled = 0;
    let length = block.len();
    while let Some(left @ [_, ..]) = block.get_mut(filled..) {
        let place = start.saturating_add(filled as u64);
        let position = offset.saturating_add(place);
        match at(file, left, position) {
            Ok(0) => {
                let expected = start.saturating_add(length as u64);
                return Err(Error::Length { name: name.into(), expected, found: place });
            }
            Ok(count) => filled = filled.saturating_add(count),
            Err(source) => {
                let offset = Some(position);
                return Err(Error::Io { operation: "read", name: name.into(), offset, source });
            }
        }
    }
    Ok(())
}

/// Fills the block with a whole file of that length in one read, which also looks for more. `Ok(false)` if that was not
/// to be had and nothing is known.
pub(crate) fn at_once(name: &str, file: &File, block: &mut Buffer, length: usize) -> Result<bool, Error> {
    match at(file, block.room(length.saturating_add(1)), 0) {
        Ok(found) if found > length => {
            Err(Error::Length { name: name.into(), expected: length as u64, found: found as u64 })
        }
        Ok(found) => Ok(found == length),
        // Whatever it was, it is told by the reads that follow.
        Err(_) => Ok(false),
    }
}

/// One positioned read, repeated when a signal interrupts it.
pub(crate) fn at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    uninterrupted(|| once(file, buffer, offset))
}

#[cfg(unix)]
fn once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    match std::os::windows::fs::FileExt::seek_read(file, buffer, offset) {
        // ERROR_HANDLE_EOF: a read past the end.
        Err(error) if error.raw_os_error() == Some(38) => Ok(0),
        result => result,
    }
}

#[cfg(not(any(unix, windows)))]
fn once(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
