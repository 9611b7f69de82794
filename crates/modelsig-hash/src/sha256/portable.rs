//! One stream with the arithmetic of any CPU.

use super::rounds::{Words, absorb};
use super::{Block, State};

/// `state` absorbs the blocks.
pub(super) fn compress(state: &mut State, blocks: &[Block]) {
    for block in blocks {
        let (words, _) = block.as_chunks::<4>();
        let message = std::array::from_fn(|place| u32::from_be_bytes(words[place]));
        // SAFETY: `u32` asks nothing of the CPU.
        unsafe { absorb(state, message) };
    }
}

impl Words for u32 {
    #[inline(always)]
    unsafe fn splat(word: u32) -> Self {
        word
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    unsafe fn rotate_right<const BY: i32>(self) -> Self {
        u32::rotate_right(self, BY as u32)
    }

    #[inline(always)]
    unsafe fn shift_right<const BY: i32>(self) -> Self {
        self >> BY
    }

    #[inline(always)]
    unsafe fn xor3(self, one: Self, other: Self) -> Self {
        self ^ one ^ other
    }

    #[inline(always)]
    unsafe fn choose(self, yes: Self, no: Self) -> Self {
        no ^ (self & (yes ^ no))
    }

    #[inline(always)]
    unsafe fn majority(self, one: Self, other: Self) -> Self {
        (self & one) | (other & (self | one))
    }
}
