//! The engine against hashing each range by itself: jobs of any ranges, overlapping or not, with digests of their
//! chunks and the fs-verity digest, of bytes in memory and of a part of a file, on one thread and on two.
#![no_main]

use std::io::Write;
use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use modelsig::hash::{
    Access, ByteRange, ChunkSize, Chunks, Digest, Engine, HashAlgorithm, Job, Plan, Source, Task,
    VerityDigest,
};

#[derive(Arbitrary, Debug)]
struct Case {
    threads: bool,
    tasks: Vec<Content>,
}

#[derive(Arbitrary, Debug)]
struct Content {
    /// Repeated.
    bytes: Vec<u8>,
    length: Length,
    place: Place,
    jobs: Vec<Ordered>,
    verity: bool,
}

/// Lengths around the edges of chunks and blocks, or any.
#[derive(Arbitrary, Debug)]
enum Length {
    Chunks(u8, i8),
    Bytes(u32),
}

#[derive(Arbitrary, Debug)]
enum Place {
    Memory,
    /// A part of a file, after so many other bytes, and before some more.
    Read(u16),
    Mapped(u16),
}

#[derive(Arbitrary, Debug)]
struct Ordered {
    start: Length,
    length: Length,
    hash: u8,
    /// Chunks of 64 KiB, 128 KiB, …
    chunks: Option<(u8, u8)>,
}

/// Two blocks of the engine.
const LONGEST: u64 = 1 << 19;

impl Length {
    fn bytes(&self) -> u64 {
        match *self {
            Self::Chunks(chunks, more) => {
                (ChunkSize::MIN * u64::from(chunks % 9)).saturating_add_signed(more.into())
            }
            Self::Bytes(bytes) => u64::from(bytes) % LONGEST,
        }
    }
}

fn hash(number: u8) -> HashAlgorithm {
    HashAlgorithm::ALL[usize::from(number) % 3]
}

static ENGINES: LazyLock<[Engine; 2]> =
    LazyLock::new(|| [1, 2].map(|threads| Engine::new(threads).expect("an engine")));

libfuzzer_sys::fuzz_target!(|case: Case| {
    let tasks: Vec<&Content> = case.tasks.iter().take(3).collect();
    let contents: Vec<Vec<u8>> = tasks.iter().map(|task| task.content()).collect();
    let jobs: Vec<Vec<Job>> =
        tasks.iter().map(|task| task.jobs.iter().take(8).map(Ordered::job).collect()).collect();
    let mut plan = Plan::new();
    let mut planned = Vec::new();
    for ((task, content), jobs) in tasks.iter().zip(&contents).zip(&jobs) {
        let outside = jobs.iter().any(|job| job.range.end() > content.len() as u64);
        match Task::new(task.source(content), jobs.clone()) {
            Ok(made) => {
                assert!(!outside);
                plan.push(if task.verity { made.with_verity() } else { made });
                planned.push((content, jobs, task.verity));
            }
            Err(_) => assert!(outside),
        }
    }
    let results = ENGINES[usize::from(case.threads)].run(&plan);
    assert_eq!(results.len(), planned.len());
    for (result, (content, jobs, verity)) in results.into_iter().zip(planned) {
        let hashed = result.expect("a file that nobody changes is hashed");
        assert_eq!(hashed.verity, verity.then(|| verity_digest(content)));
        assert_eq!(hashed.digests.len(), jobs.len());
        for (digests, job) in hashed.digests.iter().zip(jobs) {
            let range = &content[job.range.start() as usize..job.range.end() as usize];
            assert_eq!(digests.digest, digest(job.algorithm, range), "{job:?}");
            let expected: Vec<Digest> = job.chunks.map_or(Vec::new(), |chunks| {
                range
                    .chunks(chunks.size.bytes() as usize)
                    .map(|chunk| digest(chunks.algorithm, chunk))
                    .collect()
            });
            assert_eq!(digests.chunks, expected, "{job:?}");
        }
    }
});

impl Content {
    fn content(&self) -> Vec<u8> {
        let length = self.length.bytes() as usize;
        // With its place in it, so that no two chunks are the same.
        let bytes = self.bytes.iter().copied().chain([7]).cycle();
        (0..length).zip(bytes).map(|(place, byte)| byte ^ (place >> 8) as u8 ^ (place >> 16) as u8).collect()
    }

    fn source<'s>(&self, content: &'s [u8]) -> Source<'s> {
        let (before, access) = match self.place {
            Place::Memory => return Source::from_bytes(content),
            Place::Read(before) => (before, Access::Read),
            Place::Mapped(before) => (before, Access::Map),
        };
        let mut file = tempfile::tempfile().expect("a file");
        for part in [&vec![1; before.into()][..], content, &[2; 100]] {
            file.write_all(part).expect("written");
        }
        let part = Source::from_file_part("part".into(), file, before.into(), Some(content.len() as u64));
        part.expect("a part of the file").with_access(access)
    }
}

impl Ordered {
    fn job(&self) -> Job {
        let start = self.start.bytes();
        let range = ByteRange::new(start, start + self.length.bytes()).expect("in order");
        let chunks = self.chunks.map(|(power, algorithm)| Chunks {
            size: ChunkSize::new(ChunkSize::MIN << (power % 5)).expect("a power of two"),
            algorithm: hash(algorithm),
        });
        Job { range, algorithm: hash(self.hash), chunks }
    }
}

fn digest(algorithm: HashAlgorithm, bytes: &[u8]) -> Digest {
    algorithm.digest(bytes).expect("every hash is built in")
}

/// As the documentation of Linux has it ("fs-verity: read-only file-based authenticity protection").
fn verity_digest(bytes: &[u8]) -> VerityDigest {
    let blocks = |bytes: &[u8]| -> Vec<u8> {
        let padded = |block: &[u8]| [block, &vec![0; 4096 - block.len()]].concat();
        let hash = |block| digest(HashAlgorithm::Sha256, &padded(block)).as_bytes().to_vec();
        bytes.chunks(4096).flat_map(hash).collect()
    };
    let mut root = blocks(bytes);
    while root.len() > 32 {
        root = blocks(&root);
    }
    root.resize(64, 0);
    // Version 1, SHA-256, blocks of 2^12 bytes, no salt; the length and the root.
    let mut descriptor = vec![1, 1, 12, 0, 0, 0, 0, 0];
    descriptor.extend((bytes.len() as u64).to_le_bytes());
    descriptor.extend(root);
    descriptor.resize(256, 0);
    let digest = digest(HashAlgorithm::Sha256, &descriptor);
    VerityDigest::from_bytes(digest.as_bytes().try_into().expect("32 bytes"))
}
