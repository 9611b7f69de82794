//! Eight streams in the lanes of 256-bit vectors. Needs AVX2.

use std::arch::x86_64::*;

use crate::sha256::rounds::{Words, absorb};
use crate::sha256::{Block, State};

/// Streams at a time.
pub(crate) const LANES: usize = 8;

/// Each state absorbs `count` blocks, from its pointer on.
///
/// # Safety
/// The CPU has AVX2; `count` blocks can be read at each pointer.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn compress(states: &mut [State; LANES], blocks: [*const Block; LANES], count: usize) {
    let mut rows = [_mm256_setzero_si256(); LANES];
    // Loops and not `map`: a closure would be compiled without the instructions that this function may use.
    for (row, state) in rows.iter_mut().zip(states.iter()) {
        // SAFETY: a state is eight words, as many as are loaded.
        *row = unsafe { _mm256_loadu_si256(state.as_ptr().cast()) };
    }
    let mut state = [Wide(rows[0]); 8];
    for (word, transposed) in state.iter_mut().zip(transpose(rows)) {
        *word = Wide(transposed);
    }
    let swap = _mm256_broadcastsi128_si256(_mm_set_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203));
    for index in 0..count {
        let mut message = [Wide(swap); 16];
        for (half, words) in message.chunks_exact_mut(8).enumerate() {
            for (row, lane) in rows.iter_mut().zip(blocks) {
                // SAFETY: the caller says that `count` blocks, of twice 32 bytes each, can be read there.
                let bytes = unsafe { _mm256_loadu_si256(lane.add(index).cast::<__m256i>().add(half)) };
                *row = _mm256_shuffle_epi8(bytes, swap);
            }
            for (word, transposed) in words.iter_mut().zip(transpose(rows)) {
                *word = Wide(transposed);
            }
        }
        // SAFETY: this function is compiled for, and called with, the instructions of `Wide`.
        unsafe { absorb(&mut state, message) };
    }
    for (row, word) in rows.iter_mut().zip(state) {
        *row = word.0;
    }
    for (state, row) in states.iter_mut().zip(transpose(rows)) {
        // SAFETY: eight words are stored, which is what a state holds.
        unsafe { _mm256_storeu_si256(state.as_mut_ptr().cast(), row) };
    }
}

/// Word `c` of row `r` becomes word `r` of row `c`.
///
/// # Safety
/// The CPU has AVX2.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose(rows: [__m256i; LANES]) -> [__m256i; LANES] {
    // Within each half (128 bits) of four rows: the four columns of that half.
    let mut halves = rows;
    for four in 0..2 {
        let (a, b, c, d) = (rows[4 * four], rows[4 * four + 1], rows[4 * four + 2], rows[4 * four + 3]);
        let (ab_low, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
        halves[4 * four] = _mm256_unpacklo_epi64(ab_low, cd_low);
        halves[4 * four + 1] = _mm256_unpackhi_epi64(ab_low, cd_low);
        halves[4 * four + 2] = _mm256_unpacklo_epi64(ab_high, cd_high);
        halves[4 * four + 3] = _mm256_unpackhi_epi64(ab_high, cd_high);
    }
    // Then the same with whole halves.
    let mut columns = rows;
    for column in 0..4 {
        let (upper, lower) = (halves[column], halves[column + 4]);
        columns[column] = _mm256_permute2x128_si256::<0x20>(upper, lower);
        columns[column + 4] = _mm256_permute2x128_si256::<0x31>(upper, lower);
    }
    columns
}

#[derive(Clone, Copy)]
struct Wide(__m256i);

// SAFETY of every method: `Words` is used by `compress` alone, whose caller has made sure of AVX2.
impl Words for Wide {
    #[inline(always)]
    unsafe fn splat(word: u32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_set1_epi32(word as i32)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_add_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn rotate_right<const BY: i32>(self) -> Self {
        // SAFETY: see above.
        unsafe {
            let by = _mm_cvtsi32_si128(BY);
            let back = _mm_cvtsi32_si128(32 - BY);
            Self(_mm256_or_si256(_mm256_srl_epi32(self.0, by), _mm256_sll_epi32(self.0, back)))
        }
    }

    #[inline(always)]
    unsafe fn shift_right<const BY: i32>(self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_srli_epi32::<BY>(self.0)) }
    }

    #[inline(always)]
    unsafe fn xor3(self, one: Self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_xor_si256(_mm256_xor_si256(self.0, one.0), other.0)) }
    }

    #[inline(always)]
    unsafe fn choose(self, yes: Self, no: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let differing = _mm256_and_si256(self.0, _mm256_xor_si256(yes.0, no.0));
            Self(_mm256_xor_si256(no.0, differing))
        }
    }

    #[inline(always)]
    unsafe fn majority(self, one: Self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let both = _mm256_and_si256(self.0, one.0);
            let any = _mm256_and_si256(other.0, _mm256_or_si256(self.0, one.0));
            Self(_mm256_or_si256(both, any))
        }
    }
}
