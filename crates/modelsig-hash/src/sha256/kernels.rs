//! Which kernel compresses how many streams, and the loop that keeps its lanes full.

use std::cmp::Reverse;
use std::fmt;
use std::sync::OnceLock;

use super::{Feed, Kernel, MOST_LANES, Stream};

/// Blocks at a time when there are more streams than lanes, so that they advance together.
const TURN: usize = 256;

/// The kernels in use.
#[derive(Clone, Debug)]
pub struct Kernels {
    /// The best kernel for so many ready streams. The first place is not used.
    best: [Kernel; MOST_LANES + 1],
    problems: Vec<Problem>,
}

/// Why another kernel than the fastest, or than the demanded one, is in use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The kernel does not compute SHA-256 on this machine. It is not used.
    #[error("the SHA-256 kernel {0} computes wrong digests on this machine and is not used")]
    Wrong(Kernel),
    /// The variable [`Kernels::OVERRIDE`] names no kernel that this machine has. It is ignored.
    #[error(
        "{}={demanded:?} names no SHA-256 kernel of this machine and is ignored; there are: {available}",
        Kernels::OVERRIDE
    )]
    Override {
        /// What the variable says.
        demanded: String,
        /// The names that it could have said.
        available: String,
    },
}

impl Kernels {
    /// The environment variable that names the one kernel to use, for tests and benches. Digests do not depend on it.
    pub const OVERRIDE: &str = "MODELSIG_SHA256_KERNEL";

    /// The kernels of this machine, or the one that [`Kernels::OVERRIDE`] names. The first call tests them with known
    /// answers; what fails is not used, and is among the [problems](Kernels::problems).
    pub fn detect() -> &'static Self {
        static DETECTED: OnceLock<Kernels> = OnceLock::new();
        DETECTED.get_or_init(|| {
            let demanded = std::env::var_os(Self::OVERRIDE);
            let demanded = demanded.as_ref().map(|name| name.to_string_lossy());
            Self::tested(demanded.as_deref(), Kernel::computes_known_answers)
        })
    }

    /// This kernel alone, if the machine has it; what it leaves is done by it as well, in lanes that stay idle.
    pub fn only(kernel: Kernel) -> Option<Self> {
        kernel.is_available().then(|| Self { best: [kernel; MOST_LANES + 1], problems: Vec::new() })
    }

    fn tested(demanded: Option<&str>, is_right: impl Fn(Kernel) -> bool) -> Self {
        let mut problems = Vec::new();
        let (mut right, mut wrong) = (Vec::new(), Vec::new());
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
            if is_right(kernel) { right.push(kernel) } else { wrong.push(kernel) }
        }
        if let Some(name) = demanded {
            match right.iter().find(|kernel| kernel.name() == name) {
                Some(&kernel) => right = vec![kernel],
                None => {
                    let names: Vec<_> = right.iter().map(|kernel| kernel.name()).collect();
                    let available = names.join(", ");
                    problems.push(Problem::Override { demanded: name.into(), available });
                }
            }
        }
        problems.extend(wrong.into_iter().map(Problem::Wrong));
        // Where nothing computes what it should, digests are wrong and nothing verifies.
        let cost = |kernel: Kernel, ready: usize| kernel.cost() / ready.clamp(1, kernel.lanes()) as f64;
        let best = |ready| {
            let least =
                right.iter().copied().min_by(|&one, &other| cost(one, ready).total_cmp(&cost(other, ready)));
            least.unwrap_or(Kernel::Sha2)
        };
        Self { best: std::array::from_fn(best), problems }
    }

    /// What the user should know: kernels that failed their test, an override that could not be followed.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The kernel for so many ready streams.
    pub fn best(&self, ready: usize) -> Kernel {
        self.best[ready.clamp(1, MOST_LANES)]
    }

    /// How many streams at a time make the most of the CPU.
    pub fn lanes(&self) -> usize {
        self.best(MOST_LANES).lanes()
    }

    /// Absorbs all bytes of all feeds. With `refill`, it returns as soon as a feed is used up and too few are left to
    /// fill the lanes, so that the caller can bring more bytes.
    pub fn absorb(&self, feeds: &mut [Feed<'_>], refill: bool) {
        let mut ready: Vec<&mut Feed<'_>> =
            feeds.iter_mut().filter_map(|feed| feed.prepare().then_some(feed)).collect();
        let started = ready.len();
        while !ready.is_empty() {
            if refill && ready.len() < started.min(self.lanes()) {
                return;
            }
            let kernel = self.best(ready.len());
            let lanes = kernel.lanes().min(ready.len());
            let mut count = usize::MAX;
            if lanes < ready.len() {
                // The longest first: so all come to their end together, and no lane is left alone.
                ready.select_nth_unstable_by_key(lanes - 1, |feed| Reverse(feed.remaining()));
                count = TURN;
            }
            let lanes = &mut ready[..lanes];
            count = lanes.iter().fold(count, |count, feed| count.min(feed.blocks().len()));
            kernel.compress(lanes, count);
            ready.retain_mut(|feed| feed.prepare());
        }
    }

    /// The digests of messages, in order.
    pub fn digests(&self, messages: &[&[u8]]) -> Vec<[u8; 32]> {
        let mut streams = vec![Stream::new(); messages.len()];
        let feeds = streams.iter_mut().zip(messages);
        let mut feeds: Vec<_> = feeds.map(|(stream, message)| Feed::new(stream, message, true)).collect();
        self.absorb(&mut feeds, false);
        // All bytes of all messages were absorbed.
        streams.iter().filter_map(Stream::digest).collect()
    }
}

/// For example `sha-ni-4, 1: sha2`: the kernel for many streams, and that for one.
impl fmt::Display for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (many, one) = (self.best(MOST_LANES), self.best(1));
        if many == one { write!(f, "{many}") } else { write!(f, "{many}, 1: {one}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_fails_its_test_is_not_used_and_named() {
        let all = Kernels::tested(None, |_| true);
        assert_eq!(all.problems(), []);
        let fastest = all.best(MOST_LANES);
        let rest = Kernels::tested(None, |kernel| kernel != fastest);
        assert_eq!(rest.problems(), [Problem::Wrong(fastest)]);
        assert!((0..=MOST_LANES).all(|ready| rest.best(ready) != fastest));
        let one = Kernels::tested(None, |kernel| kernel == Kernel::Portable);
        assert_eq!(one.to_string(), "portable");
        assert!(one.problems().contains(&Problem::Wrong(Kernel::Sha2)));
        assert_eq!(Kernels::tested(None, |_| false).to_string(), "sha2");
    }

    #[test]
    fn the_override_is_followed_or_told() {
        let demanded = Kernels::tested(Some("portable"), |_| true);
        assert_eq!((demanded.to_string().as_str(), demanded.problems()), ("portable", &[][..]));
        for name in ["", "fastest", "PORTABLE"] {
            let ignored = Kernels::tested(Some(name), |_| true);
            assert!(matches!(ignored.problems(), [Problem::Override { demanded, .. }] if demanded == name));
            assert_eq!(ignored.best, Kernels::tested(None, |_| true).best);
        }
        // A kernel that computes wrong digests is not used even where it is asked for.
        let wrong = Kernels::tested(Some("portable"), |kernel| kernel != Kernel::Portable);
        assert_eq!(wrong.problems().len(), 2);
        assert_ne!(wrong.best(1), Kernel::Portable);
    }

    #[test]
    fn the_test_with_known_answers_can_fail_and_passes() {
        for kernel in Kernel::ALL {
            assert_eq!(kernel.computes_known_answers(), kernel.is_available(), "{kernel}");
        }
    }
}
