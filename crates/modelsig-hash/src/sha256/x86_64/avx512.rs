//! Sixteen streams in the lanes of 512-bit vectors. Needs AVX-512 F and BW.

use std::arch::x86_64::*;

use crate::sha256::rounds::{Words, absorb};
use crate::sha256::{Block, State};

/// Streams at a time.
pub(crate) const LANES: usize = 16;

/// Each state absorbs `count` blocks, from its pointer on.
///
/// # Safety
/// The CPU has AVX-512 F and BW; `count` blocks can be read at each pointer.
#[target_feature(enable = "avx512f,avx512bw")]
pub(crate) unsafe fn compress(states: &mut [State; LANES], blocks: [*const Block; LANES], count: usize) {
    let mut rows = [_mm512_setzero_si512(); LANES];
    // Loops and not `map`: a closure would be compiled without the instructions that this function may use.
    for (row, state) in rows.iter_mut().zip(states.iter()) {
        // SAFETY: a state is eight words, as the mask says; no more is read.
        *row = unsafe { _mm512_maskz_loadu_epi32(0xff, state.as_ptr().cast()) };
    }
    let words = transpose(rows);
    let mut state = [Wide(words[0]); 8];
    for (word, transposed) in state.iter_mut().zip(words) {
        *word = Wide(transposed);
    }
    let swap = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    for index in 0..count {
        for (row, lane) in rows.iter_mut().zip(blocks) {
            // SAFETY: the caller says that `count` blocks of 64 bytes can be read there.
            *row = _mm512_shuffle_epi8(unsafe { _mm512_loadu_si512(lane.add(index).cast()) }, swap);
        }
        let words = transpose(rows);
        let mut message = [Wide(words[0]); 16];
        for (word, transposed) in message.iter_mut().zip(words) {
            *word = Wide(transposed);
        }
        // SAFETY: this function is compiled for, and called with, the instructions of `Wide`.
        unsafe { absorb(&mut state, message) };
    }
    for (row, word) in rows.iter_mut().zip(state) {
        *row = word.0;
    }
    for (state, row) in states.iter_mut().zip(transpose(rows)) {
        // SAFETY: eight words are stored, which is what a state holds.
        unsafe { _mm512_mask_storeu_epi32(state.as_mut_ptr().cast(), 0xff, row) };
    }
}

/// Word `c` of row `r` becomes word `r` of row `c`.
///
/// # Safety
/// The CPU has AVX-512 (F and BW).
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transpose(rows: [__m512i; LANES]) -> [__m512i; LANES] {
    // Within each quarter (128 bits) of four rows: the four columns of that quarter.
    let mut quarters = rows;
    for four in 0..4 {
        let (a, b, c, d) = (rows[4 * four], rows[4 * four + 1], rows[4 * four + 2], rows[4 * four + 3]);
        let (ab_low, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (cd_low, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        quarters[4 * four] = _mm512_unpacklo_epi64(ab_low, cd_low);
        quarters[4 * four + 1] = _mm512_unpackhi_epi64(ab_low, cd_low);
        quarters[4 * four + 2] = _mm512_unpacklo_epi64(ab_high, cd_high);
        quarters[4 * four + 3] = _mm512_unpackhi_epi64(ab_high, cd_high);
    }
    // Then the same with whole quarters.
    let mut columns = rows;
    for column in 0..4 {
        let (a, b) = (quarters[column], quarters[column + 4]);
        let (c, d) = (quarters[column + 8], quarters[column + 12]);
        let (ab_even, ab_odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
        let (cd_even, cd_odd) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
        columns[column] = _mm512_shuffle_i32x4::<0x88>(ab_even, cd_even);
        columns[column + 4] = _mm512_shuffle_i32x4::<0x88>(ab_odd, cd_odd);
        columns[column + 8] = _mm512_shuffle_i32x4::<0xdd>(ab_even, cd_even);
        columns[column + 12] = _mm512_shuffle_i32x4::<0xdd>(ab_odd, cd_odd);
    }
    columns
}

#[derive(Clone, Copy)]
struct Wide(__m512i);

// SAFETY of every method: `Words` is used by `compress` alone, whose caller has made sure of AVX-512 F.
impl Words for Wide {
    #[inline(always)]
    unsafe fn splat(word: u32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_set1_epi32(word as i32)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_add_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn rotate_right<const BY: i32>(self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_ror_epi32::<BY>(self.0)) }
    }

    #[inline(always)]
    unsafe fn shift_right<const BY: i32>(self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_srl_epi32(self.0, _mm_cvtsi32_si128(BY))) }
    }

    #[inline(always)]
    unsafe fn xor3(self, one: Self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_ternarylogic_epi32::<0b1001_0110>(self.0, one.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn choose(self, yes: Self, no: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_ternarylogic_epi32::<0b1100_1010>(self.0, yes.0, no.0)) }
    }

    #[inline(always)]
    unsafe fn majority(self, one: Self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_ternarylogic_epi32::<0b1110_1000>(self.0, one.0, other.0)) }
    }
}
