//! The bytes: changed, cut, grown, missing, added, several at once, and changed while they are read.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use modelsig::hash::{ByteRange, ChunkSize, Engine, HashAlgorithm, Progress};
use modelsig::{Check, ChunkIndexing, Error, ErrorKind, Method, ModelSigner, Policy};
use modelsig_tests::{Case, RaiseAtEnd, assert_outcome, only_problem, problems, refused};

const CHUNK: usize = 65_536;

fn chunked(algorithm: HashAlgorithm) -> ModelSigner {
    let size = Some(ChunkSize::new(CHUNK as u64).unwrap());
    ModelSigner::new().chunks(Some(ChunkIndexing { size, algorithm }))
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / 256 + at) as u8).collect()
}

fn range(start: usize, end: usize) -> ByteRange {
    ByteRange::new(start as u64, end as u64).unwrap()
}

/// Every way to sign, every place in small and large files; the damaged range is named where the signature has
/// parts.
#[test]
fn a_changed_byte_anywhere_is_found_and_located() {
    const PARTS: usize = 3 * CHUNK + 5;
    let signers: [(&str, ModelSigner, bool); 5] = [
        ("files", ModelSigner::new().chunks(None), false),
        ("files blake2b", ModelSigner::new().chunks(None).hash(HashAlgorithm::Blake2b), false),
        ("chunks", chunked(HashAlgorithm::Sha256), true),
        ("chunks blake3", chunked(HashAlgorithm::Blake3).hash(HashAlgorithm::Blake3), true),
        ("shards", ModelSigner::new().method(Method::Shards { shard_size: CHUNK as u64 }), true),
    ];
    for (what, signer, has_parts) in &signers {
        for length in [1, 1000, PARTS] {
            let case = Case::new(&[("f.bin", &bytes(length)), ("other.bin", b"o")]);
            case.sign_with(signer);
            for at in [0, length / 2, length - 1] {
                case.flip("f.bin", at);
                for check in [Check::Chunks, Check::Whole, Check::Both] {
                    let error = refused(case.verify(Policy::strict().check(check)));
                    let Error::DigestMismatch { expected, found, ranges, .. } = only_problem(&error) else {
                        panic!("{error:?}")
                    };
                    assert_ne!(expected, found);
                    assert_outcome(only_problem(&error), ErrorKind::Mismatch, "f.bin");
                    assert!(only_problem(&error).to_string().contains(found.as_str()));
                    let part = at / CHUNK * CHUNK;
                    let located =
                        *what == "shards" || (*has_parts && length > CHUNK && check != Check::Whole);
                    let expected = located.then(|| range(part, length.min(part + CHUNK)));
                    assert_eq!(ranges.as_slice(), expected.as_slice(), "{what} {length} {at} {check:?}");
                }
                case.flip("f.bin", at);
            }
            case.verified();
        }
    }
}

#[test]
fn neighbouring_damage_is_told_as_one_range() {
    let case = Case::new(&[("f.bin", &bytes(5 * CHUNK))]);
    case.sign_with(&chunked(HashAlgorithm::Sha256));
    for at in [CHUNK, 2 * CHUNK, 4 * CHUNK] {
        case.flip("f.bin", at);
    }
    let error = refused(case.verify(Policy::strict()));
    let Error::DigestMismatch { ranges, .. } = only_problem(&error) else { panic!("{error:?}") };
    assert_eq!(ranges, &[range(CHUNK, 3 * CHUNK), range(4 * CHUNK, 5 * CHUNK)]);
}

#[test]
fn a_file_that_was_cut_or_has_grown() {
    for length in [1, CHUNK, 2 * CHUNK + 7] {
        let content = bytes(length);
        let case = Case::new(&[("f.bin", &content)]);
        for signer in [chunked(HashAlgorithm::Sha256), ModelSigner::new().chunks(None)] {
            case.sign_with(&signer);
            let knows_length = case.read_statement().to_string().contains("length");
            let (cut, grown) = (&content[..length - 1], [content.as_slice(), &[0]].concat());
            for (changed, is_cut) in [(cut, true), (grown.as_slice(), false)] {
                case.write("f.bin", changed);
                for check in [Check::Chunks, Check::Whole, Check::Both] {
                    let error = refused(case.verify(Policy::strict().check(check)));
                    let (signed, on_disk) = (length as u64, changed.len() as u64);
                    match (only_problem(&error), is_cut) {
                        (Error::Truncated { expected, found, .. }, true)
                        | (Error::Grown { expected, found, .. }, false)
                            if knows_length =>
                        {
                            assert_eq!((*expected, *found), (signed, on_disk));
                        }
                        (Error::DigestMismatch { .. }, _) if !knows_length => {}
                        (other, _) => panic!("{other:?}"),
                    }
                    assert_outcome(only_problem(&error), ErrorKind::Mismatch, "f.bin");
                }
            }
            case.write("f.bin", &content);
        }
    }
}

/// The signed length bounds the work: nobody hashes a file without end.
#[test]
fn a_file_of_endless_holes_is_refused_by_its_length() {
    let case = Case::new(&[("f.bin", b"one byte")]);
    case.sign();
    fs::OpenOptions::new().write(true).open(case.file("f.bin")).unwrap().set_len(1 << 40).unwrap();
    let progress = Progress::new();
    let engine = Engine::new(1).unwrap().with_progress(progress.clone());
    let verifier = case.verifier(Policy::strict()).with_engine(engine);
    let error = refused(verifier.verify(&case.model(), &case.bundle()));
    assert!(matches!(only_problem(&error), Error::Grown { found, .. } if *found == 1 << 40), "{error:?}");
    assert_eq!(progress.done(), 0);
}

#[test]
fn a_missing_file_and_an_extra_one() {
    let case = Case::new(&[("a.bin", b"a"), ("sub/b.bin", b"b")]);
    case.sign();
    fs::remove_file(case.file("sub/b.bin")).unwrap();
    let error = refused(case.verify(Policy::strict()));
    assert!(matches!(only_problem(&error), Error::Missing { .. }), "{error:?}");
    assert_outcome(only_problem(&error), ErrorKind::Missing, "sub/b.bin");
    case.write("sub/b.bin", b"b");
    for extra in ["evil.py", "sub/evil.py", "a.bin.py", "new/deep/__init__.py", ".hidden", "sub/.git/hook"] {
        case.write(extra, b"");
        for verdict in [
            refused(case.verify(Policy::strict())),
            refused(case.verifier(Policy::strict()).open(&case.model(), &case.bundle())),
        ] {
            assert!(matches!(only_problem(&verdict), Error::Unsigned { .. }), "{verdict:?}");
            assert_outcome(only_problem(&verdict), ErrorKind::Unsigned, extra);
        }
        fs::remove_file(case.file(extra)).unwrap();
    }
    case.verified();
}

#[test]
fn all_problems_are_collected_in_order_of_name() {
    let files: [(&str, &[u8]); 6] =
        [("a", b"a"), ("b/cut", b"bb"), ("c", b"c"), ("d", b"d"), ("e", b"e"), ("good", b"g")];
    let case = Case::new(&files);
    case.sign();
    case.write("a", b"A");
    case.write("b/cut", b"b");
    case.write("c", b"cc");
    fs::remove_file(case.file("d")).unwrap();
    case.write("dd/extra", b"");
    case.write("e", b"E");
    let error = refused(case.verify(Policy::strict()));
    let found: Vec<_> = problems(&error).iter().map(|one| (one.path().unwrap(), one.kind())).collect();
    assert_eq!(
        found,
        [
            ("a", ErrorKind::Mismatch),
            ("b/cut", ErrorKind::Mismatch),
            ("c", ErrorKind::Mismatch),
            ("d", ErrorKind::Missing),
            ("dd/extra", ErrorKind::Unsigned),
            ("e", ErrorKind::Mismatch),
        ]
    );
    let Error::Rejected(report) = &error else { panic!("{error:?}") };
    assert_outcome(&error, ErrorKind::Mismatch, case.model().to_str().unwrap());
    assert!(error.to_string().contains("6 problems"), "{error}");
    // What is good is told too.
    let good = report.files().iter().find(|file| file.name == "good").unwrap();
    assert!(good.checked.is_some() && good.problem.is_none());
    assert_eq!(report.bytes_verified(), 1);
    // `open` looks at names and lengths only.
    let error = refused(case.verifier(Policy::strict()).open(&case.model(), &case.bundle()));
    let found: Vec<_> = problems(&error).iter().map(|one| one.path().unwrap()).collect();
    assert_eq!(found, ["b/cut", "c", "d", "dd/extra"]);
}

#[test]
fn failing_fast_tells_at_least_one_problem_and_never_accepts() {
    let names: Vec<String> = (0..24).map(|number| format!("{number:02}.bin")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
    let case = Case::new(&files);
    let fast = || Policy::strict().fail_fast(true);
    for signer in
        [chunked(HashAlgorithm::Sha256), ModelSigner::new().method(Method::Shards { shard_size: 9 })]
    {
        case.sign_with(&signer);
        for check in [Check::Chunks, Check::Whole, Check::Both] {
            assert_eq!(case.verify(fast().check(check)).unwrap().report().files().len(), 24);
        }
        for damaged in [&names[..], &names[23..], &names[7..8]] {
            damaged.iter().for_each(|name| case.flip(name, 3));
            let error = refused(case.verify(fast()));
            let found = problems(&error);
            assert!((1..=damaged.len()).contains(&found.len()), "{found:?}");
            assert_outcome(found[0], ErrorKind::Mismatch, found[0].path().unwrap());
            damaged.iter().for_each(|name| case.flip(name, 3));
        }
    }
    // Problems that need no hashing come before any hashing.
    case.write("evil.py", b"import os");
    case.flip("00.bin", 0);
    let error = refused(case.verify(fast()));
    assert!(matches!(only_problem(&error), Error::Unsigned { .. }), "{error:?}");
}

/// More than are planned at a time: what comes after the problem is not read.
#[test]
fn failing_fast_among_very_many_files() {
    let names: Vec<String> = (0..4_200).map(|number| format!("{number:04}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
    let case = Case::new(&files);
    case.sign();
    case.flip("0000", 0);
    for fail_fast in [true, false] {
        let error = refused(case.verify(Policy::strict().fail_fast(fail_fast)));
        assert_eq!(only_problem(&error).path(), Some("0000"));
        let Error::Rejected(report) = error else { panic!("{error:?}") };
        let last = report.files().last().unwrap();
        assert_eq!((last.name.as_str(), last.checked.is_none()), ("4199", fail_fast));
    }
}

/// The damage stops the run when the other parts of the same file have not been looked at yet.
#[test]
fn failing_fast_inside_a_file_of_several_parts() {
    let case = Case::new(&[("a.bin", b"a"), ("parts.bin", &bytes(8 * CHUNK)), ("z.bin", b"z")]);
    for signer in [
        chunked(HashAlgorithm::Sha256),
        ModelSigner::new().method(Method::Shards { shard_size: CHUNK as u64 }),
    ] {
        case.sign_with(&signer);
        for part in [0, 3, 7] {
            case.flip("parts.bin", part * CHUNK);
            let error = refused(case.verify(Policy::strict().fail_fast(true)));
            match problems(&error)[..] {
                [Error::DigestMismatch { path, ranges, .. }] => {
                    assert_eq!(path, "parts.bin");
                    assert!(ranges.contains(&range(part * CHUNK, (part + 1) * CHUNK)), "{ranges:?}");
                }
                ref others => panic!("part {part}: {error:?}: {others:?}"),
            }
            case.flip("parts.bin", part * CHUNK);
        }
    }
}

/// Somebody writes the same bytes again and again while they are hashed: the digests hold, but whoever writes could
/// have written anything. The writer starts when the first block was read and goes on until the end.
#[test]
fn a_file_that_is_touched_while_it_is_read() {
    const LENGTH: usize = 48 << 20;
    let content = vec![7; LENGTH];
    let case = Case::new(&[("large.bin", &content)]);
    case.sign();
    let touch: &(dyn Fn(&fs::File) + Sync) = &|file| file.set_modified(SystemTime::now()).unwrap();
    let lengthen: &(dyn Fn(&fs::File) + Sync) = &|file| file.set_len(LENGTH as u64 + 1).unwrap();
    for (what, change) in [("touched", touch), ("grown", lengthen)] {
        let progress = Progress::new();
        let engine = Engine::new(1).unwrap().with_progress(progress.clone());
        let verifier = case.verifier(Policy::strict()).with_engine(engine);
        let file = fs::OpenOptions::new().write(true).open(case.file("large.bin")).unwrap();
        let done = AtomicBool::new(false);
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    if progress.done() > 0 {
                        change(&file);
                    }
                    std::thread::yield_now();
                }
            });
            let _end = RaiseAtEnd(&done);
            refused(verifier.verify(&case.model(), &case.bundle()))
        });
        assert!(matches!(only_problem(&error), Error::Changed { .. }), "{what}: {error:?}");
        assert_outcome(only_problem(&error), ErrorKind::Changed, "large.bin");
        file.set_len(LENGTH as u64).unwrap();
    }
}
