//! Jobs that overlap share one reading: the same digests as one by one, from the same bytes, read once.

mod numbers;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use modelsig_hash::{
    Access, AccessUsed, BLOCK, ByteRange, CancelToken, ChunkSize, Chunks, Engine, Error, HashAlgorithm, Job,
    JobDigest, Plan, Progress, Source, Task,
};
use numbers::Numbers;

impl Numbers {
    fn algorithm(&mut self) -> HashAlgorithm {
        let built: Vec<_> = HashAlgorithm::ALL.into_iter().filter(|hash| hash.digest(b"").is_ok()).collect();
        built[self.below(built.len())]
    }

    fn job(&mut self, length: usize) -> Job {
        let ends = [self.below(length + 1), self.below(length + 1)];
        let range = match self.below(8) {
            0 => 0..length,
            1 => ends[0]..ends[0],
            2 => ends[0]..(ends[0] + 9).min(length),
            _ => ends[0].min(ends[1])..ends[0].max(ends[1]),
        };
        let size = ChunkSize::new(ChunkSize::MIN << self.below(3)).unwrap();
        let chunks = Chunks { size, algorithm: self.algorithm() };
        Job {
            range: ByteRange::new(range.start as u64, range.end as u64).unwrap(),
            algorithm: self.algorithm(),
            chunks: (self.below(3) == 0).then_some(chunks),
        }
    }
}

/// The digests of one job, computed in the obvious way.
fn expected(data: &[u8], job: &Job) -> JobDigest {
    let bytes = &data[job.range.start() as usize..job.range.end() as usize];
    let of_chunks = |chunks: Chunks| -> Vec<_> {
        bytes
            .chunks(chunks.size.bytes() as usize)
            .map(|chunk| chunks.algorithm.digest(chunk).unwrap())
            .collect()
    };
    JobDigest {
        digest: job.algorithm.digest(bytes).unwrap(),
        chunks: job.chunks.map(of_chunks).unwrap_or_default(),
    }
}

/// How many bytes at least one job wants, and the holes between jobs that overlap anyway.
fn bytes_once(jobs: &[Job]) -> u64 {
    let mut ranges: Vec<_> = jobs.iter().map(|job| (job.range.start(), job.range.end())).collect();
    ranges.sort();
    let (mut sum, mut reach) = (0, 0);
    for (start, end) in ranges {
        sum += end.saturating_sub(reach.max(start));
        reach = reach.max(end);
    }
    sum
}

fn file_of(data: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    fs::write(&path, data).unwrap();
    (folder, path)
}

fn source(path: &Path, access: Access) -> Source<'_> {
    Source::from_path(path).unwrap().with_access(access)
}

#[test]
fn any_ranges_give_the_digests_that_they_give_alone() {
    let mut numbers = Numbers(0x5eed_0123_4567_89ab);
    for round in 0..60 {
        let length = match round % 4 {
            0 => numbers.below(200),
            1 => numbers.below(300_000),
            _ => BLOCK / 2 + numbers.below(2 * BLOCK),
        };
        let data = numbers.bytes(length);
        let mut jobs: Vec<Job> = (0..1 + numbers.below(12)).map(|_| numbers.job(length)).collect();
        jobs.push(jobs[0]);
        let (_folder, path) = file_of(&data);
        let progress = Progress::new();
        let engine = Engine::new(1 + round % 3).unwrap().with_progress(progress.clone());
        let mut plan = Plan::new();
        plan.push(Task::new(source(&path, Access::Read), jobs.clone()).unwrap());
        plan.push(Task::new(source(&path, Access::Map), jobs.clone()).unwrap());
        plan.push(Task::new(Source::from_bytes(&data), jobs.clone()).unwrap());
        let file = File::open(&path).unwrap();
        plan.push(
            Task::new(Source::from_file_part("p".into(), file, 0, None).unwrap(), jobs.clone()).unwrap(),
        );
        let told: Mutex<BTreeMap<(usize, usize), JobDigest>> = Mutex::default();
        let results = engine.run_with(&plan, &|task, outcome| {
            let (job, digest) = outcome.unwrap();
            assert!(told.lock().unwrap().insert((task, job), digest.clone()).is_none(), "told twice");
            ControlFlow::Continue(())
        });
        let told = told.into_inner().unwrap();
        assert_eq!(told.len(), 4 * jobs.len());
        for (task, result) in results.into_iter().enumerate() {
            let digests = result.unwrap().digests;
            for (index, job) in jobs.iter().enumerate() {
                let expected = expected(&data, job);
                assert_eq!(digests[index], expected, "round {round}: {job:?}");
                assert_eq!(told[&(task, index)], expected);
            }
        }
        assert_eq!(progress.done(), 4 * bytes_once(&jobs), "each byte is read once: {jobs:?}");
        assert_eq!(progress.total(), progress.done());
    }
}

#[test]
fn a_hundred_thousand_ranges_and_the_whole() {
    let data = Numbers(7).bytes(100_003);
    let jobs = |size| {
        let of = move |range| Job { range, algorithm: HashAlgorithm::Sha256, chunks: None };
        ByteRange::whole(100_003).pieces(size).map(of)
    };
    let jobs: Vec<Job> = jobs(1).chain(jobs(7)).chain(jobs(1_000_000)).collect();
    let mut plan = Plan::new();
    plan.push(Task::new(Source::from_bytes(&data), jobs.clone()).unwrap());
    assert_eq!(plan.bytes(), 100_003);
    let hashed = Engine::new(2).unwrap().run(&plan).remove(0).unwrap();
    for (job, digest) in jobs.iter().zip(&hashed.digests) {
        assert_eq!(*digest, expected(&data, job), "{job:?}");
    }
}

/// Only bytes in our own memory are the same at every look, so a map is no way to bring in what is shared.
#[test]
fn what_is_shared_is_opened_once_and_not_mapped() {
    let (_folder, path) = file_of(&Numbers(3).bytes(3 * BLOCK));
    let job =
        |algorithm, start, end| Job { range: ByteRange::new(start, end).unwrap(), algorithm, chunks: None };
    let (end, block) = (3 * BLOCK as u64, BLOCK as u64);
    let (one, other) = (HashAlgorithm::Sha256, HashAlgorithm::Blake3);
    for (jobs, access) in [
        (vec![job(one, 0, end), job(other, 0, end)], AccessUsed::Read),
        (vec![job(one, 0, block), job(one, block - 1, end)], AccessUsed::Read),
        (vec![job(one, 0, block), job(one, block, end)], AccessUsed::Map),
        (vec![job(one, 0, end), job(one, 0, end)], AccessUsed::Map),
    ] {
        let opened = AtomicUsize::new(0);
        let open = || {
            opened.fetch_add(1, Ordering::Relaxed);
            File::open(&path)
        };
        let mut plan = Plan::new();
        let source = Source::from_opener("f".into(), end, open).with_access(Access::Map);
        plan.push(Task::new(source, jobs.clone()).unwrap());
        let hashed = Engine::new(3).unwrap().run(&plan).remove(0).unwrap();
        assert_eq!(hashed.access, access, "{jobs:?}");
        assert_eq!(opened.load(Ordering::Relaxed), 1);
    }
}

/// A writer who leaves no trace in the time stamps strikes between two looks: nobody may get two stories.
#[cfg(target_os = "linux")]
#[test]
fn a_change_between_two_looks_is_seen_by_all_jobs_or_by_none() {
    let old = Numbers(11).bytes(3 * BLOCK);
    let mut seen = old.clone();
    let (first, last) = (BLOCK / 2, 3 * BLOCK - 1);
    // What was read before the change is the old, what is read after it is the new.
    seen[last] ^= 1;
    let job = |algorithm, start: usize, end: usize| Job {
        range: ByteRange::new(start as u64, end as u64).unwrap(),
        algorithm,
        chunks: None,
    };
    let jobs = vec![
        job(HashAlgorithm::Sha256, 0, BLOCK),
        job(HashAlgorithm::Sha256, 0, 3 * BLOCK),
        job(HashAlgorithm::Blake3, 0, 3 * BLOCK),
        job(HashAlgorithm::Blake3, 1, 3 * BLOCK),
        job(HashAlgorithm::Sha256, 2 * BLOCK, 3 * BLOCK),
    ];
    // Where a page was written back meanwhile, the change leaves a trace after all: once more then.
    let attempt = |threads, access| {
        let (_folder, path) = file_of(&old);
        let file = File::options().read(true).write(true).open(&path).unwrap();
        // SAFETY: the file is this test's own and is not cut short while it is mapped.
        let map = Mutex::new(unsafe { memmap2::MmapMut::map_mut(&file) }.unwrap());
        // Pages that are dirty already get no new time stamp when they are written again.
        map.lock().unwrap().copy_from_slice(&old);
        std::thread::sleep(std::time::Duration::from_millis(20));
        let mut plan = Plan::new();
        plan.push(Task::new(source(&path, access), jobs.clone()).unwrap());
        let strike = |_: usize, told: Result<(usize, &JobDigest), &Error>| {
            if matches!(told, Ok((0, _))) {
                let mut map = map.lock().unwrap();
                map[first] ^= 1;
                map[last] ^= 1;
            }
            ControlFlow::Continue(())
        };
        match Engine::new(threads).unwrap().run_with(&plan, &strike).remove(0) {
            Err(Error::Changed { .. }) => None,
            result => Some(result.unwrap().digests),
        }
    };
    for threads in [1, 3] {
        for access in [Access::Read, Access::Map] {
            let digests = (0..20).find_map(|_| attempt(threads, access)).expect("a change without a trace");
            for (job, digest) in jobs.iter().zip(&digests) {
                assert_eq!(*digest, expected(&seen, job), "{threads} {access:?} {job:?}");
            }
        }
    }
}

#[test]
fn break_and_cancel_stop_in_the_middle_of_a_pass() {
    let data = Numbers(5).bytes(4 * BLOCK);
    let job = |end: usize| Job {
        range: ByteRange::whole(end as u64),
        algorithm: HashAlgorithm::Sha256,
        chunks: None,
    };
    let mut plan = Plan::new();
    plan.push(Task::new(Source::from_bytes(&data), vec![job(4 * BLOCK), job(10)]).unwrap());
    for threads in [1, 2] {
        let progress = Progress::new();
        let engine = Engine::new(threads).unwrap().with_progress(progress.clone());
        let results = engine.run_with(&plan, &|_, told| {
            assert_eq!(told.unwrap().0, 1, "the whole is never finished");
            ControlFlow::Break(())
        });
        assert!(matches!(results[0], Err(Error::Cancelled)), "{results:?}");
        assert_eq!(progress.done(), BLOCK as u64, "it stopped after the block it was at");

        let cancel = CancelToken::new();
        let engine = Engine::new(threads).unwrap().with_cancel(cancel.clone());
        let results = engine.run_with(&plan, &|_, _| {
            cancel.cancel();
            ControlFlow::Continue(())
        });
        assert!(matches!(results[0], Err(Error::Cancelled)), "{results:?}");
    }
}
