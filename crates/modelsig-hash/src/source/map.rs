//! Read-only memory maps, in windows: a 32-bit process can hash a file far larger than its address space.

use std::fs::File;

use crate::{ByteRange, Error};

/// Under this length a read is cheaper than a map.
pub(crate) const WORTH_MAPPING: u64 = 1 << 20;

/// Bytes mapped at a time by each worker.
const WINDOW: u64 = 64 << 20;

/// Maps `range` (relative to `offset`) window by window and hands it out in blocks.
pub(crate) fn for_each_block(
    name: &str,
    file: &File,
    offset: u64,
    range: ByteRange,
    block: usize,
    each: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    for window in range.pieces(WINDOW) {
        let start = offset.saturating_add(window.start());
        // `pieces` are at most WINDOW bytes, which fits usize on every target.
        let length = window.length() as usize;
        // SAFETY: the map is read-only, private to this function and gone when it returns. memmap2 asks that the
        // file is not changed meanwhile: `Access::Auto` comes here only for files that cannot change or that nobody
        // else may write (see `stable`), and `Access::Map` is the caller's explicit word that this holds. The bytes
        // are only ever fed to a hash function, which has no invariant that a changing byte could break.
        let map =
            unsafe { memmap2::MmapOptions::new().offset(start).len(length).map(file) }.map_err(|source| {
                Error::Io { operation: "map", name: name.into(), offset: Some(start), source }
            })?;
        #[cfg(unix)]
        // A hint; a refusal costs nothing.
        let _ = map.advise(memmap2::Advice::Sequential);
        map.chunks(block).try_for_each(&mut *each)?;
    }
    Ok(())
}
