//! The engine against the obvious way of doing it: read everything, hash it in one go.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::PathBuf;

use modelsig_hash::{
    Access, AccessUsed, BLOCK, ByteRange, CancelToken, ChunkSize, Chunks, Digest, Engine, Error,
    HashAlgorithm, Job, Plan, Progress, Source, Task,
};

/// Bytes that do not repeat at any block or chunk boundary.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn algorithms() -> impl Iterator<Item = HashAlgorithm> {
    HashAlgorithm::ALL.into_iter().filter(|algorithm| algorithm.digest(b"").is_ok())
}

fn engines() -> Vec<Engine> {
    [1, 2, 5].into_iter().map(|threads| Engine::new(threads).unwrap()).collect()
}

const LENGTHS: [usize; 12] =
    [0, 1, 55, 56, 63, 64, 65, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 12_345];

#[test]
fn whole_files_of_every_edge_length() {
    for length in LENGTHS {
        let data = bytes(length);
        let folder = folder_with(&[("f", &data)]);
        let path = folder.path().join("f");
        for algorithm in algorithms() {
            let expected = algorithm.digest(&data).unwrap();
            for engine in engines() {
                for access in [Access::Read, Access::Map, Access::Auto] {
                    let mut plan = Plan::new();
                    plan.push(
                        Task::whole(Source::from_path(&path).unwrap().with_access(access), algorithm)
                            .unwrap(),
                    );
                    plan.push(Task::whole(Source::from_bytes(&data), algorithm).unwrap());
                    for result in engine.run(&plan) {
                        assert_eq!(
                            result.unwrap().digests[0].digest,
                            expected,
                            "{algorithm} {length} {access:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn whole_and_chunk_digests_come_from_one_pass() {
    let size = ChunkSize::new(ChunkSize::MIN).unwrap();
    let step = ChunkSize::MIN as usize;
    for length in [0, 1, step - 1, step, step + 1, 5 * step, BLOCK + step / 2, 2 * BLOCK + 7] {
        let data = bytes(length);
        let folder = folder_with(&[("f", &data)]);
        let path = folder.path().join("f");
        let expected: Vec<Digest> =
            data.chunks(step).map(|chunk| HashAlgorithm::Blake3.digest(chunk).unwrap()).collect();
        for engine in engines() {
            let progress = Progress::new();
            let engine = engine.with_progress(progress.clone());
            let job = Job {
                range: ByteRange::whole(length as u64),
                algorithm: HashAlgorithm::Sha256,
                chunks: Some(Chunks { size, algorithm: HashAlgorithm::Blake3 }),
            };
            let mut plan = Plan::new();
            plan.push(Task::new(Source::from_path(&path).unwrap(), vec![job]).unwrap());
            let hashed = engine.run(&plan).remove(0).unwrap();
            assert_eq!(hashed.digests[0].digest, HashAlgorithm::Sha256.digest(&data).unwrap());
            assert_eq!(hashed.digests[0].chunks, expected, "{length}");
            assert_eq!((progress.done(), progress.total()), (length as u64, length as u64), "one pass");
        }
    }
}

#[test]
fn pieces_of_many_files_come_back_in_plan_order() {
    let contents: Vec<Vec<u8>> = (0..40).map(|i| bytes(i * 40_000 + i)).collect();
    let names: Vec<String> = (0..40).map(|i| format!("f{i}")).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
    let folder = folder_with(&files);
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
    for engine in engines() {
        let mut plan = Plan::new();
        for path in &paths {
            plan.push(Task::pieces(Source::from_path(path).unwrap(), 70_001, HashAlgorithm::Sha256).unwrap());
        }
        for (result, content) in engine.run(&plan).into_iter().zip(&contents) {
            let found: Vec<Digest> = result.unwrap().digests.iter().map(|job| job.digest).collect();
            let expected: Vec<Digest> =
                content.chunks(70_001).map(|piece| HashAlgorithm::Sha256.digest(piece).unwrap()).collect();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_part_of_an_open_file_and_of_a_descriptor() {
    let data = bytes(300_000);
    let folder = folder_with(&[("archive", &data)]);
    let open = || File::open(folder.path().join("archive")).unwrap();
    let digest = |source: Source<'_>| {
        let mut plan = Plan::new();
        plan.push(Task::whole(source, HashAlgorithm::Sha256).unwrap());
        Engine::new(1).unwrap().run(&plan).remove(0).unwrap()
    };
    let expected = HashAlgorithm::Sha256.digest(&data[12_345..212_345]).unwrap();
    for access in [Access::Read, Access::Map] {
        let part = Source::from_file_part("entry".into(), open(), 12_345, Some(200_000)).unwrap();
        let hashed = digest(part.with_access(access));
        assert_eq!(hashed.digests[0].digest, expected);
        assert_eq!(hashed.access, if access == Access::Map { AccessUsed::Map } else { AccessUsed::Read });
    }
    let tail = Source::from_file_part("tail".into(), open(), 12_345, None).unwrap();
    assert_eq!(digest(tail).digests[0].digest, HashAlgorithm::Sha256.digest(&data[12_345..]).unwrap());
    for (offset, length) in [(300_001, Some(0)), (0, Some(300_001)), (u64::MAX, Some(2)), (1, Some(u64::MAX))]
    {
        let part = Source::from_file_part("entry".into(), open(), offset, length);
        assert!(matches!(part, Err(Error::OutOfRange { .. })), "{offset} {length:?}");
    }
    #[cfg(unix)]
    {
        use std::io::{Seek, SeekFrom};
        use std::os::fd::AsFd;
        let mut file = open();
        file.seek(SeekFrom::Start(7)).unwrap();
        let part = Source::from_fd_part("fd".into(), file.as_fd(), 12_345, Some(200_000)).unwrap();
        assert_eq!(digest(part).digests[0].digest, expected);
        assert_eq!(file.stream_position().unwrap(), 7, "the caller's position is not moved");
    }
}

#[test]
fn a_job_outside_its_source_is_refused() {
    let job = Job { range: ByteRange::new(1, 4).unwrap(), algorithm: HashAlgorithm::Sha256, chunks: None };
    assert!(matches!(
        Task::new(Source::from_bytes(b"abc"), vec![job]),
        Err(Error::OutOfRange { length: 3, .. })
    ));
}

#[test]
fn a_file_of_another_length_is_an_error_and_the_others_go_on() {
    let folder =
        folder_with(&[("grown", b"aaaa"), ("shrunk", b"aaaa"), ("good", b"aaaa"), ("gone", b"aaaa")]);
    let paths = ["grown", "shrunk", "good", "gone"].map(|name| folder.path().join(name));
    let mut plan = Plan::new();
    for path in &paths {
        plan.push(Task::whole(Source::from_path(path).unwrap(), HashAlgorithm::Sha256).unwrap());
    }
    fs::write(&paths[0], b"aaaaa").unwrap();
    fs::write(&paths[1], b"aaa").unwrap();
    fs::remove_file(&paths[3]).unwrap();
    for engine in engines() {
        let results = engine.run(&plan);
        assert!(matches!(results[0], Err(Error::Length { expected: 4, found: 5, .. })), "{:?}", results[0]);
        assert!(matches!(results[1], Err(Error::Length { expected: 4, found: 3, .. })), "{:?}", results[1]);
        assert_eq!(
            results[2].as_ref().unwrap().digests[0].digest,
            HashAlgorithm::Sha256.digest(b"aaaa").unwrap()
        );
        assert!(
            matches!(&results[3], Err(Error::Io { operation: "open", name, .. }) if name.ends_with("gone"))
        );
    }
}

/// A writer that strikes while the file is being read: the opener of a later task of the same run plays its part.
#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    type Strike = fn(&std::path::Path);
    let overwrite: Strike = |path| fs::write(path, vec![1; 2 * BLOCK]).unwrap();
    let truncate: Strike =
        |path| File::options().write(true).open(path).unwrap().set_len(BLOCK as u64).unwrap();
    let append: Strike = |path| {
        use std::io::Write;
        File::options().append(true).open(path).unwrap().write_all(b"x").unwrap();
    };
    for strike in [overwrite, truncate, append] {
        let folder = folder_with(&[("f", &bytes(2 * BLOCK))]);
        let path = folder.path().join("f");
        // The clock of a file system ticks slowly: make sure the write gets another time stamp.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let mut plan = Plan::new();
        plan.push(
            Task::pieces(Source::from_path(&path).unwrap(), BLOCK as u64, HashAlgorithm::Sha256).unwrap(),
        );
        let result = Engine::new(1)
            .unwrap()
            .run_with(&plan, &|_, told| {
                if matches!(told, Ok((0, _))) {
                    strike(&path);
                }
                ControlFlow::Continue(())
            })
            .remove(0);
        assert!(matches!(result, Err(Error::Changed { .. } | Error::Length { .. })), "{result:?}");
    }
}

#[test]
fn break_and_cancel_stop_the_run() {
    let data = bytes(100);
    let mut plan = Plan::new();
    for _ in 0..50 {
        plan.push(Task::whole(Source::from_bytes(&data), HashAlgorithm::Sha256).unwrap());
    }
    let results = Engine::new(1).unwrap().run_with(&plan, &|task, _| {
        if task == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 4);
    assert!(matches!(results[4], Err(Error::Cancelled)));

    for engine in engines() {
        let cancel = CancelToken::new();
        let engine = engine.with_cancel(cancel.clone());
        cancel.cancel();
        assert!(engine.run(&plan).iter().all(|result| matches!(result, Err(Error::Cancelled))));
    }
}

/// Whoever looks on is told of each task that fails, once, and can end the run by it.
#[test]
fn a_task_that_fails_is_told_of() {
    let folder = folder_with(&[("f", &bytes(3 * BLOCK)), ("g", &bytes(3 * BLOCK))]);
    let paths = ["gone", "f", "g"].map(|name| folder.path().join(name));
    let gone = &paths[0];
    std::fs::write(gone, b"x").unwrap();
    for engine in engines() {
        let mut plan = Plan::new();
        for path in &paths {
            let source = Source::from_path(path);
            plan.push(Task::pieces(source.unwrap(), BLOCK as u64, HashAlgorithm::Sha256).unwrap());
        }
        let told = std::sync::Mutex::new(Vec::new());
        let _ = std::fs::remove_file(gone);
        let results = engine.run_with(&plan, &|task, outcome| {
            told.lock().unwrap().push((task, outcome.map(|(job, _)| job).map_err(ToString::to_string)));
            ControlFlow::Continue(())
        });
        std::fs::write(gone, b"x").unwrap();
        let told = told.into_inner().unwrap();
        let failed: Vec<_> = told.iter().filter(|(_, outcome)| outcome.is_err()).collect();
        assert!(matches!(failed[..], [(0, Err(_))]), "{told:?}");
        assert!(results[0].is_err() && results[1].is_ok() && results[2].is_ok(), "{results:?}");
    }
}

#[cfg(unix)]
#[test]
fn special_files_are_refused_without_blocking() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let status = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(status.success());
    assert!(matches!(Source::from_path(&fifo), Err(Error::NotRegular { .. })));
    assert!(matches!(Source::from_path(folder.path()), Err(Error::NotRegular { .. })));
    // Swapped in after the description.
    let path = folder.path().join("f");
    fs::write(&path, b"").unwrap();
    let source = Source::from_path(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::rename(&fifo, &path).unwrap();
    let mut plan = Plan::new();
    plan.push(Task::whole(source, HashAlgorithm::Sha256).unwrap());
    assert!(matches!(Engine::new(1).unwrap().run(&plan).remove(0), Err(Error::NotRegular { .. })));
}

#[cfg(feature = "rayon")]
#[test]
fn the_caller_may_bring_the_pool() {
    let pool = std::sync::Arc::new(rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap());
    let mut plan = Plan::new();
    plan.push(Task::whole(Source::from_bytes(b"abc"), HashAlgorithm::Sha256).unwrap());
    let engine = Engine::with_pool(pool.clone());
    let expected = HashAlgorithm::Sha256.digest(b"abc").unwrap();
    assert_eq!(engine.run(&plan).remove(0).unwrap().digests[0].digest, expected);
    // Also from inside that pool.
    assert_eq!(pool.install(|| engine.run(&plan)).remove(0).unwrap().digests[0].digest, expected);
}
