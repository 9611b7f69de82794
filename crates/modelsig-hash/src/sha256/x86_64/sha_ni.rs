//! Two or four streams through the SHA extensions. One stream leaves the unit idle half of the time, waiting for
//! the round before; the rounds of another stream fill the gap. Needs SHA, SSSE3 and SSE4.1.

use std::arch::x86_64::*;

use crate::sha256::{Block, K, State};

/// Each state absorbs `count` blocks, from its pointer on.
///
/// # Safety
/// The CPU has SHA, SSSE3 and SSE4.1; `count` blocks can be read at each pointer.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
pub(crate) unsafe fn compress<const N: usize>(
    states: &mut [State; N],
    blocks: [*const Block; N],
    count: usize,
) {
    // The instructions want the variables as (a, b, e, f) and (c, d, g, h), first one highest.
    let mut abef = [_mm_setzero_si128(); N];
    let mut cdgh = [_mm_setzero_si128(); N];
    for n in 0..N {
        // SAFETY: a state is eight words: two vectors of four.
        let (dcba, hgfe) = unsafe {
            let state: *const __m128i = states[n].as_ptr().cast();
            (_mm_loadu_si128(state), _mm_loadu_si128(state.add(1)))
        };
        let (cdab, efgh) = (_mm_shuffle_epi32::<0xb1>(dcba), _mm_shuffle_epi32::<0x1b>(hgfe));
        abef[n] = _mm_alignr_epi8::<8>(cdab, efgh);
        cdgh[n] = _mm_blend_epi16::<0xf0>(efgh, cdab);
    }
    let swap = _mm_set_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    for index in 0..count {
        let (abef_before, cdgh_before) = (abef, cdgh);
        let mut message = [[_mm_setzero_si128(); N]; 4];
        // Four rounds of every stream. The first sixteen load the message, the others compute it from what it was.
        macro_rules! rounds {
            ($($t:literal)*) => { $( {
                const NOW: usize = $t % 4;
                const NEXT: [usize; 3] = [($t + 1) % 4, ($t + 2) % 4, ($t + 3) % 4];
                // SAFETY: K has 64 words, sixteen times four.
                let k = unsafe { _mm_loadu_si128(K.as_ptr().cast::<__m128i>().add($t)) };
                for n in 0..N {
                    message[NOW][n] = if $t < 4 {
                        // SAFETY: the caller says that `count` blocks, of four times 16 bytes, can be read there.
                        let bytes = unsafe { _mm_loadu_si128(blocks[n].add(index).cast::<__m128i>().add($t)) };
                        _mm_shuffle_epi8(bytes, swap)
                    } else {
                        let sigma0 = _mm_sha256msg1_epu32(message[NOW][n], message[NEXT[0]][n]);
                        let seven = _mm_alignr_epi8::<4>(message[NEXT[2]][n], message[NEXT[1]][n]);
                        _mm_sha256msg2_epu32(_mm_add_epi32(sigma0, seven), message[NEXT[2]][n])
                    };
                }
                for n in 0..N {
                    let words = _mm_add_epi32(message[NOW][n], k);
                    cdgh[n] = _mm_sha256rnds2_epu32(cdgh[n], abef[n], words);
                    abef[n] = _mm_sha256rnds2_epu32(abef[n], cdgh[n], _mm_shuffle_epi32::<0x0e>(words));
                }
            } )* };
        }
        rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for n in 0..N {
            abef[n] = _mm_add_epi32(abef[n], abef_before[n]);
            cdgh[n] = _mm_add_epi32(cdgh[n], cdgh_before[n]);
        }
    }
    for n in 0..N {
        let (feba, dchg) = (_mm_shuffle_epi32::<0x1b>(abef[n]), _mm_shuffle_epi32::<0xb1>(cdgh[n]));
        // SAFETY: eight words are stored, which is what a state holds.
        unsafe {
            let state: *mut __m128i = states[n].as_mut_ptr().cast();
            _mm_storeu_si128(state, _mm_blend_epi16::<0xf0>(feba, dchg));
            _mm_storeu_si128(state.add(1), _mm_alignr_epi8::<8>(dchg, feba));
        }
    }
}
