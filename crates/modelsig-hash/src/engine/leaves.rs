//! The digests of the blocks of a part, for the tree of fs-verity: thousands of short messages, which fill the lanes of
//! the kernels by themselves.

use std::ops::Range;

use crate::ByteRange;
use crate::protect::verity::{BLOCK_SIZE, leaves};
use crate::sha256::Kernels;

/// The blocks of a part on their way.
pub(super) struct Leaves {
    range: ByteRange,
    digests: Vec<[u8; 32]>,
    /// What it has still to take of the block of the source that was offered last.
    window: Range<usize>,
}

impl Leaves {
    /// Of a part that begins at a multiple of [`BLOCK_SIZE`].
    pub(super) fn new(range: ByteRange) -> Self {
        let count = range.length().div_ceil(BLOCK_SIZE);
        Self { range, digests: Vec::with_capacity(count as usize), window: 0..0 }
    }

    /// Shows it the next block of the source.
    pub(super) fn offer(&mut self, block: ByteRange) {
        let place = |at: u64| at.clamp(block.start(), block.end()).saturating_sub(block.start()) as usize;
        self.window = place(self.range.start())..place(self.range.end());
        // The parts tile the source, so a pass begins and ends with one, and what is read at a time is a multiple of a
        // block.
        debug_assert!(self.window.is_empty() || block.start().is_multiple_of(BLOCK_SIZE));
    }

    pub(super) fn is_hungry(&self) -> bool {
        !self.window.is_empty()
    }

    /// Takes what it wants of the block that was offered.
    #[expect(clippy::indexing_slicing, reason = "the window was clamped to the block that was offered")]
    pub(super) fn feed(&mut self, kernels: &Kernels, block: &[u8]) {
        leaves(kernels, &block[std::mem::take(&mut self.window)], &mut self.digests);
    }

    pub(super) fn digests(&self) -> &[[u8; 32]] {
        &self.digests
    }
}
