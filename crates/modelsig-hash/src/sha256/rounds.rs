//! The compression function of FIPS 180-4, section 6.2.2, over a vector that holds the same word of several streams.
//!
//! The portable kernel and the two wide kernels of x86-64 are this one text over different vectors, so that what tests
//! and fuzzers prove on one of them is proved of the order of operations in all.

use super::K;

/// The same 32-bit word of `LANES` streams, with the operations of FIPS 180-4, section 3.2.
///
/// # Safety
/// Every method may use instructions that the implementing type is for: the caller has made sure that the CPU has them.
/// All of them are inlined into a function that is compiled for these instructions.
#[expect(clippy::missing_safety_doc, reason = "it is the same for all methods, and stands above")]
pub(super) trait Words: Copy {
    unsafe fn splat(word: u32) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn rotate_right<const BY: i32>(self) -> Self;
    unsafe fn shift_right<const BY: i32>(self) -> Self;
    unsafe fn xor3(self, one: Self, other: Self) -> Self;
    /// `Ch(self, yes, no)`: where a bit of `self` is set, that of `yes`, elsewhere that of `no`.
    unsafe fn choose(self, yes: Self, no: Self) -> Self;
    /// `Maj`: what two or three of the bits are.
    unsafe fn majority(self, one: Self, other: Self) -> Self;
}

/// The eight working variables of each lane absorb one block of each lane: `message` is its sixteen words.
///
/// # Safety
/// As [`Words`].
#[inline(always)]
pub(super) unsafe fn absorb<W: Words>(state: &mut [W; 8], mut message: [W; 16]) {
    // SAFETY: the caller keeps the promise of `Words` for all of its methods.
    unsafe {
        let mut working = *state;
        let mut first = 0;
        while first < 48 {
            // Sixteen rounds at a time, so that every place in the message is known when this is compiled. A word is
            // replaced as soon as its round is done: the two have work for each other's idle moments.
            macro_rules! rounds {
                ($($t:literal)*) => { $(
                    step::<W, $t>(&mut working, message[$t], first);
                    message[$t] = next_word::<W, $t>(&message);
                )* };
            }
            rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            first += 16;
        }
        macro_rules! last_rounds {
            ($($t:literal)*) => { $( step::<W, $t>(&mut working, message[$t], first); )* };
        }
        last_rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for (word, working) in state.iter_mut().zip(working) {
            *word = word.add(working);
        }
    }
}

/// Round `first + T`, without moving the variables: round T finds `a` where `T` rounds of moving would have put it.
///
/// # Safety
/// As [`Words`].
#[inline(always)]
unsafe fn step<W: Words, const T: usize>(v: &mut [W; 8], word: W, first: usize) {
    // SAFETY: as `absorb`.
    unsafe {
        let place = |variable: usize| (variable + 64 - T) % 8;
        let [a, b, c, e, f, g, h] = [0, 1, 2, 4, 5, 6, 7].map(|variable| v[place(variable)]);
        let sum1 = e.rotate_right::<6>().xor3(e.rotate_right::<11>(), e.rotate_right::<25>());
        let t1 = h.add(word.add(W::splat(K[first + T]))).add(e.choose(f, g)).add(sum1);
        let sum0 = a.rotate_right::<2>().xor3(a.rotate_right::<13>(), a.rotate_right::<22>());
        v[place(3)] = v[place(3)].add(t1);
        v[place(7)] = t1.add(sum0.add(a.majority(b, c)));
    }
}

/// The word that takes the place of word `T`, sixteen words on.
///
/// # Safety
/// As [`Words`].
#[inline(always)]
unsafe fn next_word<W: Words, const T: usize>(message: &[W; 16]) -> W {
    // SAFETY: as `absorb`.
    unsafe {
        let (old, seven) = (message[(T + 1) % 16], message[(T + 9) % 16]);
        let recent = message[(T + 14) % 16];
        let sigma0 = old.rotate_right::<7>().xor3(old.rotate_right::<18>(), old.shift_right::<3>());
        let sigma1 =
            recent.rotate_right::<17>().xor3(recent.rotate_right::<19>(), recent.shift_right::<10>());
        message[T].add(sigma0).add(seven.add(sigma1))
    }
}
