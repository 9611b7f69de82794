//! Hints to the system's page cache: what will be read next, and what is not needed any more.
//!
//! Several workers read one file in several places, which the system's own read-ahead takes for chaos. So it is told
//! what comes, far enough ahead to keep a device busy. All of it is hints: a refusal changes nothing but speed.

/// Shorter files are read before a hint would help.
pub(crate) const WORTH_TELLING: u64 = 1 << 20;

#[cfg(target_os = "linux")]
pub(crate) use linux::ReadAhead;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::ReadAhead;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::num::NonZero;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::fs::{Advice, fadvise};

    use crate::ByteRange;
    use crate::source::residency::is_resident;

    /// Bytes that are asked for at a time.
    const STEP: u64 = 4 << 20;
    /// How far ahead of a read they are asked for.
    const AHEAD: u64 = 32 << 20;
    /// How far behind a read everybody has been, so that it can be dropped.
    const BEHIND: u64 = 128 << 20;
    /// Places that are looked at to see whether a file is cached.
    const SAMPLES: u64 = 16;

    /// What was asked for of a file, and what was dropped.
    pub(crate) struct ReadAhead {
        /// Where the source begins in the file.
        offset: u64,
        length: u64,
        drop: bool,
        /// Up to here all was asked for.
        asked: AtomicU64,
        /// Up to here all was dropped.
        dropped: AtomicU64,
    }

    impl ReadAhead {
        /// For a source of so many bytes. With `drop`, nothing that was not cached before stays behind.
        pub(crate) fn new(file: &File, offset: u64, length: u64, drop: bool) -> Self {
            let samples =
                (0..SAMPLES).map(|sample| offset.saturating_add((length / SAMPLES).saturating_mul(sample)));
            let drop =
                drop && samples.filter(|&place| is_resident(file, place)).count() as u64 <= SAMPLES / 2;
            Self { offset, length, drop, asked: AtomicU64::new(0), dropped: AtomicU64::new(0) }
        }

        /// True when what is read will be dropped.
        pub(crate) fn drops(&self) -> bool {
            self.drop
        }

        /// Before `range` is read, by a reader who, or whose fellows, will go on to `limit`.
        pub(crate) fn on(&self, file: &File, range: ByteRange, limit: u64) {
            if limit.saturating_sub(range.start()) < STEP {
                return;
            }
            loop {
                let asked = self.asked.load(Ordering::Relaxed);
                let next = asked.max(range.start());
                if next >= limit || next >= range.end().saturating_add(AHEAD) {
                    break;
                }
                let end = next.saturating_add(STEP).min(limit);
                if self.asked.compare_exchange(asked, end, Ordering::Relaxed, Ordering::Relaxed).is_ok()
                    && !is_resident(file, self.offset.saturating_add(next))
                {
                    advise(
                        file,
                        self.offset.saturating_add(next),
                        end.saturating_sub(next),
                        Advice::WillNeed,
                    );
                }
            }
            self.drop_before(file, range.start().saturating_sub(BEHIND));
        }

        fn drop_before(&self, file: &File, end: u64) {
            let start = self.dropped.load(Ordering::Relaxed);
            if self.drop
                && end >= start.saturating_add(STEP)
                && self.dropped.compare_exchange(start, end, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            {
                advise(file, self.offset.saturating_add(start), end.saturating_sub(start), Advice::DontNeed);
            }
        }

        /// After the last read.
        pub(crate) fn close(&self, file: &File) {
            if self.drop {
                advise(file, self.offset, self.length, Advice::DontNeed);
            }
        }
    }

    fn advise(file: &File, offset: u64, length: u64, advice: Advice) {
        // A hint. A length of zero would mean all of the rest.
        if let Some(length) = NonZero::new(length) {
            let _ = fadvise(file, offset, Some(length), advice);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::num::NonZero;

    use rustix::fs::{Advice, fadvise};

    use crate::{Access, AccessUsed, Engine, HashAlgorithm, PageCache, Plan, Source, Task};

    const LENGTH: usize = 12 << 20;

    /// How much of a file is in memory after it was hashed, and how it was read. `None` where nothing can be dropped,
    /// as in a file system that is nothing but memory.
    fn left_behind(was_cached: bool, cache: PageCache, access: Access) -> Option<(u64, AccessUsed)> {
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let path = folder.path().join("weights");
        std::fs::write(&path, vec![7; LENGTH]).unwrap();
        let file = File::open(&path).unwrap();
        file.sync_all().unwrap();
        let pages = || {
            (0..LENGTH as u64)
                .step_by(64 << 10)
                .filter(|&at| crate::source::residency::is_resident(&file, at))
                .count() as u64
        };
        let is_there = pages() > 0;
        fadvise(&file, 0, NonZero::new(LENGTH as u64), Advice::DontNeed).unwrap();
        if pages() > 0 || !is_there {
            return None;
        }
        if was_cached {
            std::fs::read(&path).unwrap();
        }
        let mut plan = Plan::new();
        let source = Source::from_path(&path).unwrap().with_access(access);
        plan.push(Task::pieces(source, 1 << 20, HashAlgorithm::Sha256).unwrap());
        let hashed = Engine::new(2).unwrap().with_page_cache(cache).run(&plan).remove(0).unwrap();
        Some((pages() * (64 << 10), hashed.access))
    }

    #[test]
    fn what_was_not_cached_before_is_not_cached_after_where_that_is_wanted() {
        let all = LENGTH as u64;
        for (was_cached, cache, left) in [
            (false, PageCache::Drop, 0),
            (true, PageCache::Drop, all),
            (false, PageCache::Keep, all),
            (false, PageCache::Auto, all),
        ] {
            let Some(found) = left_behind(was_cached, cache, Access::Auto) else { return };
            assert_eq!(found, (left, AccessUsed::Read), "{was_cached} {cache:?}");
        }
    }
}

/// Nothing can be said to other systems.
#[cfg(not(target_os = "linux"))]
mod other {
    use std::fs::File;

    use crate::ByteRange;

    pub(crate) struct ReadAhead;

    impl ReadAhead {
        pub(crate) fn new(_: &File, _: u64, _: u64, _: bool) -> Self {
            Self
        }

        pub(crate) fn drops(&self) -> bool {
            false
        }

        pub(crate) fn on(&self, _: &File, _: ByteRange, _: u64) {}

        pub(crate) fn close(&self, _: &File) {}
    }
}
