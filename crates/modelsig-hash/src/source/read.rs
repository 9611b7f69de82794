//! Positioned reads: any length, any thread, the file's own position untouched.

use std::fs::File;
use std::io::{self, ErrorKind};

use crate::{ByteRange, Error};

/// Reads `range` (relative to `offset`) in blocks of the buffer's size.
pub(crate) fn for_each_block(
    name: &str,
    file: &File,
    offset: u64,
    range: ByteRange,
    buffer: &mut [u8],
    each: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    for piece in range.pieces(buffer.len() as u64) {
        // `pieces` are at most as long as the buffer, so the length fits usize.
        let block = &mut buffer[..piece.length() as usize];
        let mut filled = 0;
        while filled < block.len() {
            let position = offset.saturating_add(piece.start()).saturating_add(filled as u64);
            match at(file, &mut block[filled..], position) {
                Ok(0) => {
                    let found = piece.start().saturating_add(filled as u64);
                    return Err(Error::Length { name: name.into(), expected: range.end(), found });
                }
                Ok(count) => filled += count,
                Err(source) => {
                    return Err(Error::Io {
                        operation: "read",
                        name: name.into(),
                        offset: Some(position),
                        source,
                    });
                }
            }
        }
        each(block)?;
    }
    Ok(())
}

/// One positioned read, repeated when a signal interrupts it.
pub(crate) fn at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match once(file, buffer, offset) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
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
    Err(ErrorKind::Unsupported.into())
}
