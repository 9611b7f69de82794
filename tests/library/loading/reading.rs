//! What a verification hands out: signed bytes of signed names, whatever happens to the files afterwards.

use std::fs;

use modelsig::hash::{ByteRange, ChunkSize, HashAlgorithm};
use modelsig::{ChunkIndexing, Error, ErrorKind, ModelSigner, Policy, SignedModel, VerifiedModel};
use modelsig_tests::{Case, RaiseAtEnd, assert_outcome, refused};

const CHUNK: usize = 65_536;

fn content() -> Vec<u8> {
    (0..3 * CHUNK + 3).map(|at| (at / 7) as u8).collect()
}

/// A signed model, as it is handed out by `open` and by `verify`.
fn both() -> (Case, SignedModel, VerifiedModel) {
    let case = Case::new(&[("small.txt", b"signed"), ("sub/large.bin", &content()), ("empty", b"")]);
    let size = Some(ChunkSize::new(CHUNK as u64).unwrap());
    let indexing = ChunkIndexing { size, algorithm: HashAlgorithm::Sha256 };
    case.sign_with(&ModelSigner::new().chunks(Some(indexing)));
    let verifier = case.verifier(Policy::strict());
    let opened = verifier.open(&case.model(), &case.bundle()).unwrap();
    let verified = verifier.verify(&case.model(), &case.bundle()).unwrap();
    (case, opened, verified)
}

/// Both must give the same error.
#[track_caller]
fn read_refused(opened: &SignedModel, verified: &VerifiedModel, name: &str) -> Error {
    let errors = [refused(opened.read(name)), refused(verified.read(name))];
    assert_eq!(errors[0].to_string(), errors[1].to_string());
    let [error, _] = errors;
    error
}

#[test]
fn signed_bytes_are_read() {
    let (_case, opened, verified) = both();
    for _ in 0..2 {
        for (name, expected) in
            [("small.txt", b"signed".as_slice()), ("sub/large.bin", &content()), ("empty", b"")]
        {
            assert_eq!(opened.read(name).unwrap(), expected);
            assert_eq!(verified.read(name).unwrap(), expected);
        }
    }
    assert_eq!(opened.names().collect::<Vec<_>>(), ["empty", "small.txt", "sub/large.bin"]);
}

#[test]
fn only_signed_names_can_be_read() {
    let (case, opened, verified) = both();
    case.write("later.py", b"import os");
    fs::write(case.path("outside"), b"x").unwrap();
    let absolute = case.file("small.txt");
    for name in [
        "",
        ".",
        "/",
        "..",
        "later.py",
        "../outside",
        "./small.txt",
        "sub/../small.txt",
        "sub//large.bin",
        "small.txt/",
        "SMALL.TXT",
        "sub",
        "small.tx",
        "small.txt\0",
        "../model/small.txt",
        absolute.to_str().unwrap(),
        "/etc/passwd",
    ] {
        let error = read_refused(&opened, &verified, name);
        assert!(matches!(error, Error::Unsigned { .. }), "{name:?}: {error:?}");
        assert_outcome(&error, ErrorKind::Unsigned, name);
    }
}

#[test]
fn a_file_that_changes_afterwards_is_not_handed_out() {
    let (case, opened, verified) = both();
    for at in [0, CHUNK, 3 * CHUNK + 2] {
        case.flip("sub/large.bin", at);
        let error = read_refused(&opened, &verified, "sub/large.bin");
        let Error::DigestMismatch { ranges, .. } = &error else { panic!("{error:?}") };
        let (start, end) = (at / CHUNK * CHUNK, (at / CHUNK * CHUNK + CHUNK).min(content().len()));
        assert_eq!(ranges, &[ByteRange::new(start as u64, end as u64).unwrap()]);
        assert_outcome(&error, ErrorKind::Mismatch, "sub/large.bin");
        case.flip("sub/large.bin", at);
    }
    case.write("small.txt", b"changed");
    let error = read_refused(&opened, &verified, "small.txt");
    assert!(matches!(error, Error::Grown { expected: 6, found: 7, .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::Mismatch, "small.txt");
    case.write("small.txt", b"sign");
    let error = read_refused(&opened, &verified, "small.txt");
    assert!(matches!(error, Error::Truncated { expected: 6, found: 4, .. }), "{error:?}");
    case.write("small.txt", b"SIGNED");
    let error = read_refused(&opened, &verified, "small.txt");
    assert!(matches!(&error, Error::DigestMismatch { ranges, .. } if ranges.is_empty()), "{error:?}");
    fs::remove_file(case.file("small.txt")).unwrap();
    let error = read_refused(&opened, &verified, "small.txt");
    assert_outcome(&error, ErrorKind::NotFound, "small.txt");
    fs::create_dir(case.file("small.txt")).unwrap();
    let error = read_refused(&opened, &verified, "small.txt");
    assert!(matches!(error, Error::SpecialFile { what: "folder", .. }), "{error:?}");
    // The others are as good as ever.
    assert_eq!(verified.read("sub/large.bin").unwrap(), content());
}

/// The folder was opened once: whoever renames it away and puts another in its place is not followed.
#[test]
fn another_folder_or_a_link_in_its_place() {
    let (case, opened, verified) = both();
    fs::rename(case.model(), case.path("moved")).unwrap();
    case.write("small.txt", b"forged");
    for model in [&opened.read("small.txt"), &verified.read("small.txt")] {
        assert_eq!(model.as_ref().unwrap(), b"signed");
    }
    let moved = case.path("moved/small.txt");
    fs::remove_file(&moved).unwrap();
    fs::write(case.path("elsewhere"), b"signed").unwrap();
    std::os::unix::fs::symlink(case.path("elsewhere"), &moved).unwrap();
    let error = read_refused(&opened, &verified, "small.txt");
    assert!(matches!(error, Error::Io { operation: "open", .. }), "{error:?}");
    assert_outcome(&error, ErrorKind::Io, "small.txt");
}

/// While somebody writes to the file all the time, a read gives the signed bytes or an error, nothing else.
#[test]
fn a_read_gives_signed_bytes_or_an_error() {
    use std::io::{Seek, Write};
    use std::sync::atomic::{AtomicBool, Ordering};
    let (case, opened, _) = both();
    let done = AtomicBool::new(false);
    let path = case.file("sub/large.bin");
    let (mut good, mut bad) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            let mut put = |byte| {
                file.seek(std::io::SeekFrom::Start(CHUNK as u64)).unwrap();
                file.write_all(&[byte]).unwrap();
                std::thread::yield_now();
            };
            let signed = content()[CHUNK];
            while !done.load(Ordering::Relaxed) {
                put(!signed);
                put(signed);
            }
        });
        let _end = RaiseAtEnd(&done);
        // Until both were seen, or for so long that the machine is to blame.
        for _ in 0..5_000 {
            match opened.read("sub/large.bin") {
                Ok(bytes) => {
                    assert!(bytes == content(), "bytes that nobody signed");
                    good += 1;
                }
                Err(error) => {
                    assert!(matches!(error, Error::DigestMismatch { .. }), "{error:?}");
                    bad += 1;
                }
            }
            if good > 20 && bad > 20 {
                break;
            }
        }
    });
    assert!(good + bad > 40, "{good} good, {bad} refused");
}

#[test]
fn eight_threads_read_at_once() {
    let (case, opened, verified) = both();
    let expected = content();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (opened, verified, expected) = (&opened, &verified, &expected);
            scope.spawn(move || {
                for round in 0..20 {
                    match (thread + round) % 4 {
                        0 => assert!(opened.read("sub/large.bin").unwrap() == *expected),
                        1 => assert!(verified.read("sub/large.bin").unwrap() == *expected),
                        2 => assert_eq!(opened.read("small.txt").unwrap(), b"signed"),
                        _ => assert!(matches!(verified.read("nothing"), Err(Error::Unsigned { .. }))),
                    }
                }
            });
        }
    });
    drop(case);
}
