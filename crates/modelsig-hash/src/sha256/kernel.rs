//! The ways to compress blocks: one for each set of instructions and number of streams.

use std::fmt;

use super::{Feed, Kernels, portable};

/// Streams that the widest kernel compresses at once.
pub(super) const MOST_LANES: usize = 16;

/// A way to compress the blocks of several streams at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kernel {
    /// One stream, by the `sha2` crate, which uses the instructions that it finds.
    Sha2,
    /// One stream, with the arithmetic of any CPU.
    Portable,
    /// Two streams interleaved through the SHA extensions of x86-64.
    ShaNi2,
    /// Four of them.
    ShaNi4,
    /// Eight streams side by side in AVX2 vectors.
    Avx2,
    /// Sixteen streams side by side in AVX-512 vectors.
    Avx512,
    /// Two streams interleaved through the SHA-2 instructions of ARMv8.
    Armv8x2,
    /// Four of them.
    Armv8x4,
}

impl Kernel {
    /// Every kernel of every architecture.
    pub const ALL: [Self; 8] = [
        Self::Sha2,
        Self::Portable,
        Self::ShaNi2,
        Self::ShaNi4,
        Self::Avx2,
        Self::Avx512,
        Self::Armv8x2,
        Self::Armv8x4,
    ];

    /// For people, and for [`Kernels::OVERRIDE`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha2 => "sha2",
            Self::Portable => "portable",
            Self::ShaNi2 => "sha-ni-2",
            Self::ShaNi4 => "sha-ni-4",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Armv8x2 => "armv8-2",
            Self::Armv8x4 => "armv8-4",
        }
    }

    /// How many streams it compresses at once.
    pub const fn lanes(self) -> usize {
        match self {
            Self::Sha2 | Self::Portable => 1,
            Self::ShaNi2 | Self::Armv8x2 => 2,
            Self::ShaNi4 | Self::Armv8x4 => 4,
            Self::Avx2 => 8,
            Self::Avx512 => 16,
        }
    }

    /// True if this CPU, and this build, can run it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Sha2 | Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::ShaNi2 | Self::ShaNi4 => {
                is_x86_feature_detected!("sha")
                    && is_x86_feature_detected!("ssse3")
                    && is_x86_feature_detected!("sse4.1")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw"),
            #[cfg(target_arch = "aarch64")]
            Self::Armv8x2 | Self::Armv8x4 => {
                std::arch::is_aarch64_feature_detected!("neon")
                    && std::arch::is_aarch64_feature_detected!("sha2")
            }
            _ => false,
        }
    }

    /// Nanoseconds for one block of each lane, as measured; only their proportions matter. Where a kernel was measured
    /// is said in `benches/README.md`.
    pub(super) fn cost(self) -> f64 {
        if is_zen_3_or_4() {
            return match self {
                Self::Sha2 => 35.2,
                Self::Portable => 195.0,
                Self::ShaNi2 => 38.8,
                Self::ShaNi4 => 71.5,
                Self::Avx2 => 278.0,
                Self::Avx512 => 298.0,
                Self::Armv8x2 | Self::Armv8x4 => f64::INFINITY,
            };
        }
        match self {
            Self::Sha2 if Self::ShaNi2.is_available() || Self::Armv8x2.is_available() => 41.0,
            Self::Sha2 => 250.0,
            Self::Portable => 255.0,
            Self::ShaNi2 => 46.5,
            Self::ShaNi4 => 91.0,
            Self::Avx2 => 355.0,
            Self::Avx512 => 334.0,
            Self::Armv8x2 => 50.0,
            Self::Armv8x4 => 90.0,
        }
    }

    /// Each feed absorbs `count` of its ready blocks. There are at most as many feeds as lanes.
    pub(super) fn compress(self, feeds: &mut [&mut Feed<'_>], count: usize) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::ShaNi2 => wide(self, feeds, count, super::x86_64::sha_ni::compress::<2>),
            #[cfg(target_arch = "x86_64")]
            Self::ShaNi4 => wide(self, feeds, count, super::x86_64::sha_ni::compress::<4>),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => wide(self, feeds, count, super::x86_64::avx2::compress),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => wide(self, feeds, count, super::x86_64::avx512::compress),
            #[cfg(target_arch = "aarch64")]
            Self::Armv8x2 => wide(self, feeds, count, super::aarch64::sha2::compress::<2>),
            #[cfg(target_arch = "aarch64")]
            Self::Armv8x4 => wide(self, feeds, count, super::aarch64::sha2::compress::<4>),
            Self::Portable => {
                for feed in feeds {
                    let mut state = feed.state();
                    portable::compress(&mut state, &feed.blocks()[..count]);
                    feed.advance(count, state);
                }
            }
            _ => {
                for feed in feeds {
                    let mut state = feed.state();
                    sha2::block_api::compress256(&mut state, &feed.blocks()[..count]);
                    feed.advance(count, state);
                }
            }
        }
    }

    /// The known-answer test that decides whether the kernel is used: messages of unequal lengths in all lanes, and two
    /// examples of FIPS 180-4 among them.
    pub(super) fn computes_known_answers(self) -> bool {
        let Some(kernels) = Kernels::only(self) else { return false };
        let text: Vec<u8> = (0..=255u8).map(|byte| byte.wrapping_mul(167)).collect();
        let long = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        let mut messages: Vec<&[u8]> = vec![b"abc", long];
        messages.extend((0..MOST_LANES).map(|lane| &text[lane..lane * 9 + 120]));
        let expected =
            messages.iter().map(|message| <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(message)));
        let digests = kernels.digests(&messages);
        digests.iter().copied().eq(expected)
            && hex::encode(digests[0]) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            && hex::encode(digests[1]) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    }
}

/// True on AMD's Zen 3 and Zen 4, where the SHA unit outdoes 512-bit vectors that are computed in two halves. Among
/// CPUs with SHA instructions only AMD's have SSE4a, and of those only Zen 5 and later have VP2INTERSECT.
fn is_zen_3_or_4() -> bool {
    #[cfg(target_arch = "x86_64")]
    return Kernel::ShaNi2.is_available()
        && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("sse4a")
        && is_x86_feature_detected!("vaes")
        && !is_x86_feature_detected!("avx512vp2intersect");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Runs a kernel of `N` lanes. Lanes without a feed of their own repeat the first one's work, and it is dropped.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn wide<const N: usize>(
    kernel: Kernel,
    feeds: &mut [&mut Feed<'_>],
    count: usize,
    compress: unsafe fn(&mut [super::State; N], [*const super::Block; N], usize),
) {
    assert!(kernel.is_available() && !feeds.is_empty() && feeds.len() <= N);
    let of = |lane: usize| feeds.get(lane).unwrap_or(&feeds[0]);
    let mut states: [super::State; N] = std::array::from_fn(|lane| of(lane).state());
    let blocks = std::array::from_fn(|lane| of(lane).blocks()[..count].as_ptr());
    // SAFETY: the CPU has what the kernel needs, and each pointer comes from a slice of `count` blocks.
    unsafe { compress(&mut states, blocks, count) };
    for (feed, state) in feeds.iter_mut().zip(states) {
        feed.advance(count, state);
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
