//! Reads and writes at a place of an open file that nobody else uses.

use std::fs::File;
use std::io;

/// Reads bytes from a place on; 0 at the end.
#[cfg(unix)]
pub(super) fn read(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

/// Writes all bytes from a place on.
#[cfg(unix)]
pub(super) fn write(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Reads bytes from a place on; 0 at the end.
#[cfg(not(unix))]
pub(super) fn read(mut file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read(buffer)
}

/// Writes all bytes from a place on.
#[cfg(not(unix))]
pub(super) fn write(mut file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}
