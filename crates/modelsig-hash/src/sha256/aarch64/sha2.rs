//! Two or four streams through the SHA-2 instructions of ARMv8. One stream waits for its own last round most of the
//! time; the rounds of other streams fill the gap. Needs the feature `sha2`.

use std::arch::aarch64::*;

use crate::sha256::{Block, K, State};

/// Each state absorbs `count` blocks, from its pointer on.
///
/// # Safety
/// The CPU has NEON and SHA2; `count` blocks can be read at each pointer.
#[target_feature(enable = "neon,sha2")]
pub(crate) unsafe fn compress<const N: usize>(
    states: &mut [State; N],
    blocks: [*const Block; N],
    count: usize,
) {
    // SAFETY: a state is eight words: two vectors of four.
    let mut abcd = states.each_ref().map(|state| unsafe { vld1q_u32(state.as_ptr()) });
    // SAFETY: as above.
    let mut efgh = states.each_ref().map(|state| unsafe { vld1q_u32(state.as_ptr().add(4)) });
    for index in 0..count {
        let (abcd_before, efgh_before) = (abcd, efgh);
        let mut message = [[vdupq_n_u32(0); N]; 4];
        // Four rounds of every stream. The first sixteen load the message, the others compute it from what it was.
        macro_rules! rounds {
            ($($t:literal)*) => { $( {
                const NOW: usize = $t % 4;
                const NEXT: [usize; 3] = [($t + 1) % 4, ($t + 2) % 4, ($t + 3) % 4];
                // SAFETY: K has 64 words, sixteen times four.
                let k = unsafe { vld1q_u32(K.as_ptr().add(4 * $t)) };
                for n in 0..N {
                    message[NOW][n] = if $t < 4 {
                        // SAFETY: the caller says that `count` blocks, of four times 16 bytes, can be read there.
                        let bytes = unsafe { vld1q_u8(blocks[n].add(index).cast::<u8>().add(16 * $t)) };
                        vreinterpretq_u32_u8(vrev32q_u8(bytes))
                    } else {
                        let sigma0 = vsha256su0q_u32(message[NOW][n], message[NEXT[0]][n]);
                        vsha256su1q_u32(sigma0, message[NEXT[1]][n], message[NEXT[2]][n])
                    };
                }
                for n in 0..N {
                    let words = vaddq_u32(message[NOW][n], k);
                    let before = abcd[n];
                    abcd[n] = vsha256hq_u32(before, efgh[n], words);
                    efgh[n] = vsha256h2q_u32(efgh[n], before, words);
                }
            } )* };
        }
        rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for n in 0..N {
            abcd[n] = vaddq_u32(abcd[n], abcd_before[n]);
            efgh[n] = vaddq_u32(efgh[n], efgh_before[n]);
        }
    }
    for ((state, abcd), efgh) in states.iter_mut().zip(abcd).zip(efgh) {
        // SAFETY: eight words are stored, which is what a state holds.
        unsafe {
            vst1q_u32(state.as_mut_ptr(), abcd);
            vst1q_u32(state.as_mut_ptr().add(4), efgh);
        }
    }
}
