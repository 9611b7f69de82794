//! The fs-verity digest against what Debian's `fsverity digest` 1.5 says of the same bytes; tests/interop asks it again.

use std::fs::{self, File};
use std::io::{BufWriter, Write};

use modelsig_hash::protect::verity::BLOCK_SIZE;
use modelsig_hash::{
    BLOCK, ByteRange, CancelToken, ChunkSize, Chunks, Engine, Error, HashAlgorithm, Job, Plan, Progress,
    Source, Task, VerityDigest,
};

/// Data under one block of digests, and under one block of digests of these.
const UNDER_1: u64 = 128 * BLOCK_SIZE;
const UNDER_2: u64 = 128 * UNDER_1;

/// Made with the bytes below: word number i is i times this number, little-endian; cut to the length.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// In Python, for a length:
///
/// ```text
/// words = ((i * 0x9e3779b97f4a7c15) % 2**64 for i in range((length + 7) // 8))
/// content = b"".join(word.to_bytes(8, "little") for word in words)[:length]
/// ```
fn words(length: u64) -> impl Iterator<Item = [u8; 8]> {
    (0..length.div_ceil(8)).map(|number| number.wrapping_mul(FACTOR).to_le_bytes())
}

fn bytes(length: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = words(length).flatten().collect();
    bytes.truncate(length as usize);
    bytes
}

/// `fsverity digest --compact` of these lengths.
const EXPECTED: [(u64, &str); 12] = [
    (0, "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"),
    (1, "b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"),
    (BLOCK_SIZE - 1, "c877793ce0ec99e1f7e6fdf16eac999205968a0c4bf5688fcdcd7e2ebfd187a4"),
    (BLOCK_SIZE, "ee6a412f690251dd30124ac5c0f240517c93b4b218992710109533233d911ca2"),
    (BLOCK_SIZE + 1, "079e4d35a4cd2fb1bed73c0aa697ac9773a51c2f5e1f90e4e3a6796ae6b29ba1"),
    (UNDER_1 - 1, "492ea6e53f81548069c351cbb6235a6c8df05e6c71b71feea0124d2383bc0906"),
    (UNDER_1, "6f1e72a2c8e60f31af359c2d718500614304df36ffa5d0df0fa910ac0fbc65ba"),
    (UNDER_1 + 1, "9f6745afaed4586188d2b6f5342b0696f090af7fc7b75e869fed75ab77e9535b"),
    (UNDER_2 - 1, "725bf19718ae811821bd0ec81c84e0214c833f10b78db628bd4f1648d2dee9ec"),
    (UNDER_2, "197b0fc876c77705f41eaf6fbe26d566721be72b9859cb6bb789f2221cecd8bd"),
    (UNDER_2 + 1, "a0363f202c3fb996b76cd8e1027f342b87aba482a6b0f1f18b69055983a57886"),
    (1 << 30, "a485915372aa68290e9ac26b65c722450387649a07e4f20e34b3e9a2cc84bb99"),
];

#[test]
fn the_digest_is_that_of_the_fsverity_tool() {
    for (length, expected) in EXPECTED.into_iter().filter(|(length, _)| *length < 1 << 30) {
        let data = bytes(length);
        for threads in [1, 2, 5] {
            let digest = Engine::new(threads).unwrap().verity_digest(Source::from_bytes(&data)).unwrap();
            assert_eq!(digest.to_string(), expected, "{length} bytes, {threads} threads");
        }
    }
}

#[test]
fn of_a_gibibyte_in_a_file_as_well() {
    let (length, expected) = EXPECTED[11];
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("weights");
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
    words(length).for_each(|word| file.write_all(&word).unwrap());
    file.into_inner().unwrap();
    let progress = Progress::new();
    let engine = Engine::new(2).unwrap().with_progress(progress.clone());
    let digest = engine.verity_digest(Source::from_path(&path).unwrap()).unwrap();
    assert_eq!(digest.to_string(), expected);
    assert_eq!((progress.done(), progress.total()), (length, length), "every byte is read once");
}

/// The same digest, from the same pass, beside every kind of job.
#[test]
fn beside_other_jobs_no_byte_is_read_twice() {
    let engines = || [1, 2, 5].map(|threads| Engine::new(threads).unwrap());
    let expected = |data: &[u8]| Engine::new(1).unwrap().verity_digest(Source::from_bytes(data)).unwrap();
    let size = ChunkSize::new(1 << 16).unwrap();
    for length in [0, 1, 4097, BLOCK + 1, (1 << 20) + 5, (5 << 20) + 4095] {
        let data = bytes(length as u64);
        let verity = expected(&data);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, &data).unwrap();
        for algorithm in [HashAlgorithm::Sha256, HashAlgorithm::Blake3] {
            let chunks = Some(Chunks { size, algorithm });
            let whole = Job { range: ByteRange::whole(length as u64), algorithm, chunks };
            let ends = |at: u64| ByteRange::new(at.min(length as u64), length as u64).unwrap();
            let odd = Job { range: ends(10), algorithm, chunks: None };
            let late = Job { range: ends((1 << 20) + 1), algorithm, chunks: None };
            for jobs in [vec![whole], vec![odd, late], vec![late], vec![whole, odd]] {
                for engine in engines() {
                    let progress = Progress::new();
                    let engine = engine.with_progress(progress.clone());
                    let mut plan = Plan::new();
                    let task = Task::new(Source::from_path(&path).unwrap(), jobs.clone()).unwrap();
                    plan.push(task.with_verity());
                    let hashed = engine.run(&plan).remove(0).unwrap();
                    assert_eq!(hashed.verity, Some(verity), "{length} {algorithm}");
                    for (job, found) in jobs.iter().zip(&hashed.digests) {
                        let range = job.range.start() as usize..job.range.end() as usize;
                        assert_eq!(
                            found.digest,
                            algorithm.digest(&data[range]).unwrap(),
                            "{length} {algorithm}"
                        );
                    }
                    assert_eq!((progress.done(), progress.total()), (length as u64, length as u64));
                }
            }
        }
    }
}

#[test]
fn who_does_not_ask_gets_none() {
    let mut plan = Plan::new();
    plan.push(Task::whole(Source::from_bytes(b"abc"), HashAlgorithm::Sha256).unwrap());
    assert_eq!(Engine::new(1).unwrap().run(&plan).remove(0).unwrap().verity, None);
}

#[test]
fn a_file_of_another_length_and_a_cancelled_run_give_no_digest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    for (before, after) in [(0, 1), (4096, 4097), (4097, 4096), (3 << 20, 2 << 20)] {
        fs::write(&path, bytes(before)).unwrap();
        let source = Source::from_path(&path).unwrap();
        fs::write(&path, bytes(after)).unwrap();
        let result = Engine::new(2).unwrap().verity_digest(source);
        assert!(
            matches!(result, Err(Error::Length { expected, found, .. }) if (expected, found) == (before, after)),
            "{result:?}"
        );
    }
    for length in [0, 3 << 20] {
        let data = bytes(length);
        let cancel = CancelToken::new();
        cancel.cancel();
        let engine = Engine::new(2).unwrap().with_cancel(cancel);
        let result: Result<VerityDigest, Error> = engine.verity_digest(Source::from_bytes(&data));
        assert!(matches!(result, Err(Error::Cancelled)), "{length} {result:?}");
    }
}
