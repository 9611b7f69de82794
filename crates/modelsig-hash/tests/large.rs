//! Places past 4 GiB, which 32 bits cannot count: in a sparse file, so that only what is looked at takes time.

use std::fs::File;

use modelsig_hash::protect::Memory;
use modelsig_hash::{
    Access, AccessUsed, BLOCK, ByteRange, Engine, Error, HashAlgorithm, Job, Plan, Source, Task,
};

/// The first place that 32 bits do not reach.
const EDGE: u64 = 1 << 32;
const LENGTH: u64 = EDGE + (3 << 20) + 5;
/// From here on the file is not zero.
const CONTENT: u64 = EDGE - 2 * BLOCK as u64;

/// The file, and its bytes from `CONTENT` on.
fn large_file() -> (File, Vec<u8>) {
    let mut file = tempfile::tempfile().unwrap();
    file.set_len(LENGTH).unwrap();
    let content: Vec<u8> = (0..LENGTH - CONTENT).map(|at| (at ^ (at >> 9)) as u8).collect();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(CONTENT)).unwrap();
    std::io::Write::write_all(&mut file, &content).unwrap();
    (file, content)
}

fn bytes_of(content: &[u8], range: ByteRange) -> &[u8] {
    let place = |at: u64| usize::try_from(at - CONTENT).unwrap();
    &content[place(range.start())..place(range.end())]
}

#[test]
fn ranges_around_4_gib() {
    let (file, content) = large_file();
    let block = BLOCK as u64;
    let ranges = [
        // Blocks that end there, straddle it and begin there.
        (EDGE - block, EDGE),
        (EDGE - block - 1, EDGE - 1),
        (EDGE - block / 2, EDGE + block / 2),
        (EDGE - 1, EDGE),
        (EDGE, EDGE + block),
        (EDGE, EDGE + 1),
        (EDGE + 1, LENGTH),
        (CONTENT, LENGTH),
        (LENGTH - 1, LENGTH),
        (LENGTH, LENGTH),
    ]
    .map(|(start, end)| ByteRange::new(start, end).unwrap());
    let of = HashAlgorithm::ALL.into_iter().filter(|algorithm| algorithm.digest(b"").is_ok());
    for (algorithm, threads) in of.flat_map(|algorithm| [(algorithm, 1), (algorithm, 2)]) {
        let engine = Engine::new(threads).unwrap();
        for access in [Access::Read, Access::Auto] {
            let mut plan = Plan::new();
            // Each alone, so that it is read from where it begins.
            for range in ranges {
                let source = Source::from_file("large".into(), file.try_clone().unwrap()).unwrap();
                let job = Job { range, algorithm, chunks: None };
                plan.push(Task::new(source.with_access(access), vec![job]).unwrap());
            }
            for (range, hashed) in ranges.into_iter().zip(engine.run(&plan)) {
                let expected = algorithm.digest(bytes_of(&content, range)).unwrap();
                assert_eq!(hashed.unwrap().digests[0].digest, expected, "{algorithm} {threads} {range}");
            }
        }
    }
}

/// What an app finds in a large archive: its parts, by offset and length.
const PARTS: [(u64, u64); 4] =
    [(EDGE, 1 << 20), (EDGE + 4097, 70_001), (EDGE - 5, 10), (EDGE + 1, LENGTH - EDGE - 1)];

#[test]
fn parts_that_begin_beyond_32_bits() {
    let (file, content) = large_file();
    let engine = Engine::new(1).unwrap();
    for (offset, length) in PARTS {
        let part = |length| {
            Source::from_file_part("part".into(), file.try_clone().unwrap(), offset, length).unwrap()
        };
        let bytes = bytes_of(&content, ByteRange::new(offset, offset + length).unwrap());
        let expected = HashAlgorithm::Sha256.digest(bytes).unwrap();
        let mut memory = Memory::new(length).unwrap();
        let mut plan = Plan::new();
        plan.push(Task::whole(part(Some(length)), HashAlgorithm::Sha256).unwrap());
        let kept = part(Some(length)).kept_in(memory.room()).unwrap();
        plan.push(Task::whole(kept, HashAlgorithm::Sha256).unwrap());
        for hashed in engine.run(&plan) {
            assert_eq!(hashed.unwrap().digests[0].digest, expected, "{offset}");
        }
        drop(plan);
        assert!(*memory == *bytes, "{offset}");
        assert_eq!(part(None).length(), LENGTH - offset);
    }
    let past = Source::from_file_part("part".into(), file, EDGE, Some(LENGTH - EDGE + 1)).err();
    assert!(matches!(past, Some(Error::OutOfRange { length: LENGTH, .. })), "{past:?}");
}

#[test]
fn maps_that_begin_beyond_32_bits() {
    let (file, content) = large_file();
    let engine = Engine::new(1).unwrap();
    for (offset, length) in PARTS {
        let part = file.try_clone().unwrap();
        let part = Source::from_file_part("part".into(), part, offset, Some(length)).unwrap();
        let mut plan = Plan::new();
        plan.push(Task::whole(part.with_access(Access::Map), HashAlgorithm::Sha256).unwrap());
        let hashed = engine.run(&plan).remove(0).unwrap();
        let bytes = bytes_of(&content, ByteRange::new(offset, offset + length).unwrap());
        let expected = HashAlgorithm::Sha256.digest(bytes).unwrap();
        assert_eq!((hashed.digests[0].digest, hashed.access), (expected, AccessUsed::Map), "{offset}");
    }
}

/// Nothing is cut to what 32 bits can count.
#[cfg(target_pointer_width = "32")]
#[test]
fn what_addresses_do_not_reach_is_an_error() {
    use modelsig_hash::protect::View;

    let (file, _) = large_file();
    for length in [LENGTH, EDGE, EDGE + 1, EDGE - 1, 3 << 30, 1 << 31] {
        assert!(Memory::new(length).is_err(), "{length}");
        assert!(View::new(&file, length).is_err(), "{length}");
    }
}
