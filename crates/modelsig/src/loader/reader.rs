//! A signed file as a stream: every byte was checked, in memory of our own, before it is handed out.

use std::io::{self, Read, Seek, SeekFrom};

use modelsig_hash::ByteRange;

use super::{Present, SignedModel, VerifiedFile};
use crate::{Error, ErrorKind, Protection};

/// Bytes that are brought in at a time; more where a chunk or shard is longer.
const WINDOW: u64 = 8 << 20;

/// Reads a signed file, which may be larger than memory. An error of kind [`io::ErrorKind::InvalidData`] says that the
/// file is not what was signed; [`io::Error::get_ref`] then gives the [`Error`].
pub struct VerifiedReader<'m> {
    model: &'m SignedModel,
    present: &'m Present,
    position: u64,
    /// Checked bytes, and where they begin.
    window: (VerifiedFile, u64),
}

impl<'m> VerifiedReader<'m> {
    /// Where only the whole file is signed, it is hashed now: even its end would not be certain otherwise.
    pub(super) fn new(model: &'m SignedModel, present: &'m Present) -> Result<Self, Error> {
        let window = model.cover(present, ByteRange::whole(0))?;
        Ok(Self { model, present, position: 0, window })
    }

    /// The length of the file in bytes.
    pub fn length(&self) -> u64 {
        self.present.tree.length
    }

    /// What keeps the bytes from changing between the check and the moment when they are handed out.
    pub fn protection(&self) -> Protection {
        self.window.0.protection()
    }

    /// Checked bytes from the position on; none at the end.
    fn bytes(&mut self) -> Result<&[u8], Error> {
        let length = self.length();
        if self.position >= length {
            return Ok(&[]);
        }
        let (bytes, start) = &self.window;
        if !(*start..start.saturating_add(bytes.len() as u64)).contains(&self.position) {
            let end = self.position.saturating_add(WINDOW).min(length);
            let range = ByteRange::new(self.position, end).map_err(|error| Error::from_hashing("", error))?;
            self.window = self.model.cover(self.present, range)?;
        }
        let (bytes, start) = &self.window;
        // Inside of the window, which is in memory.
        Ok(bytes.get(self.position.saturating_sub(*start) as usize..).unwrap_or_default())
    }
}

impl Read for VerifiedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.bytes().map_err(io_error)?;
        let count = bytes.read(buffer)?;
        self.position = self.position.saturating_add(count as u64);
        Ok(count)
    }
}

impl io::BufRead for VerifiedReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.bytes().map_err(io_error)
    }

    fn consume(&mut self, count: usize) {
        self.position = self.position.saturating_add(count as u64);
    }
}

impl Seek for VerifiedReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

fn io_error(error: Error) -> io::Error {
    let kind = match &error {
        Error::Io { source, .. } => source.kind(),
        // Not `Interrupted`, which would be tried again.
        _ if error.kind() == ErrorKind::Cancelled => io::ErrorKind::Other,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}

impl std::fmt::Debug for VerifiedReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.model.name_of(self.present);
        f.debug_struct("VerifiedReader")
            .field("name", &name)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
