//! A file in place, as bytes.

use std::fs::File;
use std::io;
use std::ops::Deref;

use crate::ByteRange;
use crate::source::Map;

/// All bytes of a file, mapped.
///
/// They are what the file holds *now*. That is what was checked only if the file cannot change: a sealed copy, a clone,
/// or what fs-verity guards. Whoever maps anything else vouches for it, and a file that shrinks kills the process
/// (SIGBUS).
pub struct View(Option<Map>);

impl View {
    /// Maps the first `length` bytes and brings them in, so that a device that cannot deliver them is an error here.
    ///
    /// # Errors
    /// Those of mmap(2) and of the device.
    pub fn new(file: &File, length: u64) -> io::Result<Self> {
        if length == 0 {
            return Ok(Self(None));
        }
        let map = Map::new(file, 0, length, false)?;
        map.load(ByteRange::whole(length))?;
        Ok(Self(Some(map)))
    }
}

impl Deref for View {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], Map::bytes)
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View of {} bytes", self.len())
    }
}
