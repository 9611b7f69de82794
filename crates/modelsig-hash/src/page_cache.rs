//! What becomes of the system's page cache when more is read than memory holds.

/// Whether what was read stays in the system's page cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageCache {
    /// Kept if the plan is small beside the memory of the machine, so that a loader finds it there; otherwise dropped
    /// as soon as it is hashed, so that other programs keep what they have cached. Files that were cached already stay
    /// so.
    #[default]
    Auto,
    /// Left to the system.
    Keep,
    /// Dropped as soon as it is hashed, if it was not cached before.
    Drop,
    /// Kept if the plan has no more bytes than these, otherwise dropped.
    Over(u64),
}

impl PageCache {
    /// The same, with [`PageCache::Auto`] decided by the memory that the machine has now: for those who will not be
    /// able to ask it when the plan is run.
    #[must_use]
    pub fn decided(self) -> Self {
        match self {
            Self::Auto => {
                available_memory().map_or(Self::Keep, |memory| Self::Over(WORTH_ASKING.max(memory / 2)))
            }
            decided => decided,
        }
    }

    /// True when a plan of so many bytes leaves nothing behind.
    pub(crate) fn drops(self, bytes: u64) -> bool {
        match self {
            Self::Keep => false,
            Self::Drop => true,
            Self::Over(most) => bytes > most,
            // Only on Linux is it known how much memory is there to cache files, and can it be told what not to cache.
            Self::Auto => bytes > WORTH_ASKING && available_memory().is_some_and(|memory| bytes > memory / 2),
        }
    }
}

/// Under this length no machine is asked for the size of its memory.
const WORTH_ASKING: u64 = 256 << 20;

/// Bytes that programs and caches could take now.
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_dropped_when_it_would_fill_the_memory() {
        assert!(!PageCache::Auto.drops(WORTH_ASKING));
        assert_eq!(PageCache::Auto.drops(u64::MAX), cfg!(target_os = "linux"));
        assert!(!PageCache::Keep.drops(u64::MAX));
        assert!(PageCache::Drop.drops(1));
        assert!(PageCache::Over(1).drops(2) && !PageCache::Over(1).drops(1));
        for bytes in [0, WORTH_ASKING, u64::MAX] {
            for cache in [PageCache::Auto, PageCache::Keep, PageCache::Drop] {
                assert_eq!(cache.decided().drops(bytes), cache.drops(bytes), "{cache:?}, {bytes}");
            }
        }
    }
}
