//! Plans that are large enough for several workers, which share what they have under way.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use modelsig_hash::{
    Access, ByteRange, CancelToken, ChunkSize, Chunks, Digest, Engine, Error, HashAlgorithm, Job, Plan,
    Progress, Source, Task,
};

const MIB: usize = 1 << 20;

/// Bytes that do not repeat at any block or chunk boundary.
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let mut bytes: Vec<u8> = words.take(length.div_ceil(8)).flatten().collect();
    bytes.truncate(length);
    bytes
}

/// Files of these lengths.
fn files(lengths: &[usize]) -> (tempfile::TempDir, Vec<(PathBuf, Vec<u8>)>) {
    let folder = tempfile::tempdir().unwrap();
    let file = |(index, &length): (usize, &usize)| {
        let (path, data) = (folder.path().join(format!("f{index}")), bytes(index as u64 + 77, length));
        fs::write(&path, &data).unwrap();
        (path, data)
    };
    let files = lengths.iter().enumerate().map(file).collect();
    (folder, files)
}

fn algorithms() -> impl Iterator<Item = HashAlgorithm> + Clone {
    HashAlgorithm::ALL.into_iter().filter(|algorithm| algorithm.digest(b"").is_ok())
}

fn digests(algorithm: HashAlgorithm, data: &[u8], size: usize) -> Vec<Digest> {
    data.chunks(size).map(|piece| algorithm.digest(piece).unwrap()).collect()
}

/// What a signer asks for: one long file, its digest and those of its chunks. One worker hashes, another one helps.
#[test]
fn one_long_file_whole_and_in_chunks() {
    let (_folder, files) = files(&[21 * MIB + 4321]);
    let (path, data) = &files[0];
    for (algorithm, of_chunks) in algorithms().flat_map(|one| algorithms().map(move |other| (one, other))) {
        for size in [ChunkSize::MIN, 1 << 20, 4 << 20] {
            let chunks = Some(Chunks { size: ChunkSize::new(size).unwrap(), algorithm: of_chunks });
            let job = Job { range: ByteRange::whole(data.len() as u64), algorithm, chunks };
            for (threads, access) in [(1, Access::Read), (2, Access::Read), (3, Access::Map)] {
                let mut plan = Plan::new();
                let source = Source::from_path(path).unwrap().with_access(access);
                plan.push(Task::new(source, vec![job]).unwrap());
                let progress = Progress::new();
                let engine = Engine::new(threads).unwrap().with_progress(progress.clone());
                let hashed = engine.run(&plan).remove(0).unwrap();
                let what = format!("{algorithm}, chunks of {size} by {of_chunks}, {threads} threads");
                assert_eq!(hashed.digests[0].digest, algorithm.digest(data).unwrap(), "{what}");
                assert_eq!(hashed.digests[0].chunks, digests(of_chunks, data, size as usize), "{what}");
                assert_eq!(
                    (progress.done(), progress.total()),
                    (data.len() as u64, data.len() as u64),
                    "{what}"
                );
            }
        }
    }
}

/// Long streams of unequal lengths are handed from worker to worker, and the longest are begun first.
#[test]
fn long_files_of_unequal_lengths() {
    let (_folder, files) =
        files(&[MIB, 9 * MIB + 1, 100, 17 * MIB, 3 * MIB - 1, 0, 12 * MIB + 63, 8 * MIB, 5]);
    for algorithm in algorithms() {
        for threads in [1, 2, 4, 16] {
            let mut plan = Plan::new();
            for (path, _) in &files {
                plan.push(Task::whole(Source::from_path(path).unwrap(), algorithm).unwrap());
            }
            let results = Engine::new(threads).unwrap().run(&plan);
            for (result, (path, data)) in results.into_iter().zip(&files) {
                let digest = result.unwrap().digests[0].digest;
                assert_eq!(
                    digest,
                    algorithm.digest(data).unwrap(),
                    "{algorithm}, {threads}: {}",
                    path.display()
                );
            }
        }
    }
}

/// The job that begins elsewhere than its file, and is cut into subtrees all the same.
#[test]
fn a_long_part_of_a_file_by_blake3() {
    let data = bytes(3, 7 * MIB);
    let range = ByteRange::new(12_345, 7 * MIB as u64 - 99).unwrap();
    let part = &data[12_345..7 * MIB - 99];
    let job = |algorithm| Job { range, algorithm, chunks: None };
    for threads in [1, 3] {
        let mut plan = Plan::new();
        let jobs = vec![job(HashAlgorithm::Blake3), job(HashAlgorithm::Sha256), job(HashAlgorithm::Blake3)];
        plan.push(Task::new(Source::from_bytes(&data), jobs).unwrap());
        let told = AtomicUsize::new(0);
        let results = Engine::new(threads).unwrap().run_with(&plan, &|_, _| {
            told.fetch_add(1, Ordering::Relaxed);
            ControlFlow::Continue(())
        });
        let found: Vec<Digest> = results[0].as_ref().unwrap().digests.iter().map(|job| job.digest).collect();
        let (blake3, sha256) =
            (HashAlgorithm::Blake3.digest(part).unwrap(), HashAlgorithm::Sha256.digest(part).unwrap());
        assert_eq!(found, [blake3, sha256, blake3]);
        assert_eq!(told.into_inner(), 3, "each job is told once, however many parts it has");
    }
}

/// More files than may be open at once: each worker goes on with one.
#[test]
fn thousands_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = bytes(5, 40_000);
    let paths: Vec<PathBuf> = (0..3000).map(|index| folder.path().join(index.to_string())).collect();
    for (index, path) in paths.iter().enumerate() {
        fs::write(path, &data[..index * 13]).unwrap();
    }
    for threads in [2, 200] {
        let mut plan = Plan::new();
        for path in &paths {
            plan.push(Task::whole(Source::from_path(path).unwrap(), HashAlgorithm::Sha256).unwrap());
        }
        for (index, result) in Engine::new(threads).unwrap().run(&plan).into_iter().enumerate() {
            let digest = result.unwrap().digests[0].digest;
            assert_eq!(digest, HashAlgorithm::Sha256.digest(&data[..index * 13]).unwrap(), "{index}");
        }
    }
}

/// A failure, a break and a cancellation reach passes that another worker was given or helps with.
#[test]
fn an_end_in_the_middle_is_the_end_for_all() {
    let (_folder, files) = files(&[16 * MIB, 16 * MIB, 16 * MIB]);
    let plan = |files: &'_ [(PathBuf, Vec<u8>)]| -> Vec<PathBuf> {
        files.iter().map(|(path, _)| path.clone()).collect()
    };
    let paths = plan(&files);
    let chunks =
        Some(Chunks { size: ChunkSize::new(ChunkSize::MIN).unwrap(), algorithm: HashAlgorithm::Sha256 });
    for threads in [1, 2, 3] {
        let mut plan = Plan::new();
        for path in &paths {
            let range = ByteRange::whole(16 * MIB as u64);
            let small = Job { range: ByteRange::whole(100), algorithm: HashAlgorithm::Sha256, chunks: None };
            let job = Job { range, algorithm: HashAlgorithm::Sha256, chunks };
            plan.push(Task::new(Source::from_path(path).unwrap(), vec![job, small]).unwrap());
        }
        let cancel = CancelToken::new();
        let engine = Engine::new(threads).unwrap().with_cancel(cancel.clone());
        let results = engine.run_with(&plan, &|_, told| {
            assert_eq!(told.unwrap().0, 1, "no long job comes to its end");
            cancel.cancel();
            ControlFlow::Continue(())
        });
        assert!(results.iter().all(|result| matches!(result, Err(Error::Cancelled))), "{threads}");
    }

    // A file that is cut short while others go on.
    fs::File::options().write(true).open(&paths[1]).unwrap().set_len(MIB as u64).unwrap();
    let mut plan = Plan::new();
    for (path, data) in &files {
        let open = move || fs::File::open(path);
        let source = Source::from_opener(path.display().to_string(), data.len() as u64, open);
        plan.push(Task::whole(source, HashAlgorithm::Sha256).unwrap());
    }
    let results = Engine::new(2).unwrap().run(&plan);
    assert!(matches!(results[1], Err(Error::Length { found: 1_048_576, .. })), "{:?}", results[1]);
    assert!(results[0].is_ok() && results[2].is_ok());
}
