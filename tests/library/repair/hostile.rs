//! A source that is damaged, lies, or changes its mind: nothing of it is kept that was not signed.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::time::Duration;

use modelsig::hash::HashAlgorithm;
use modelsig::{Error, ErrorKind, Limits, LocalSource, ModelPath, ModelSigner, Policy, RepairSource};
use modelsig_tests::{Case, assert_outcome, make_fifo, refused, within};

use super::{
    CHUNK, Says, bytes, chunked, good, leftovers, not_repaired, range, repaired, sharded, signed_with,
    unrepaired,
};

/// Every byte of the model is one that it had before or one that was signed.
#[track_caller]
fn nothing_else_was_written(case: &Case, before: &[u8]) {
    let after = fs::read(case.file("f.bin")).unwrap_or_default();
    let signed = bytes(before.len());
    for (at, byte) in after.iter().enumerate() {
        assert!(*byte == signed[at] || Some(byte) == before.get(at), "at {at}");
    }
    assert!(leftovers(case).is_empty());
}

#[test]
fn ranges_that_are_damaged_in_the_source_too_are_named_and_others_mended() {
    for hard_link in [false, true] {
        let case =
            signed_with(&chunked(HashAlgorithm::Sha256), &[("f.bin", &bytes(10 * CHUNK)), ("g", b"g")]);
        for at in [1, 2, 5, 8] {
            case.flip("f.bin", at * CHUNK);
        }
        case.flip("g", 0);
        if hard_link {
            fs::hard_link(case.file("f.bin"), case.path("elsewhere")).unwrap();
        }
        let before = fs::read(case.file("f.bin")).unwrap();
        let mut copy = bytes(10 * CHUNK);
        copy[2 * CHUNK + 9] ^= 8;
        copy[5 * CHUNK + 9] ^= 8;
        // Damage where nothing is wanted does not matter.
        copy[9 * CHUNK] ^= 8;
        fs::write(case.path("good/f.bin"), copy).unwrap();

        let error = not_repaired(&case, &good(&case));
        assert_outcome(&error, ErrorKind::Mismatch, case.model().to_str().unwrap());
        let report = unrepaired(&error);
        assert_eq!(report.files()[0].ranges, [range(CHUNK, 2 * CHUNK), range(8 * CHUNK, 9 * CHUNK)]);
        assert_eq!(report.files()[1].name, "g");
        let [failure] = report.failures() else { panic!("{report:?}") };
        assert_outcome(failure, ErrorKind::Mismatch, "f.bin");
        let left = [range(2 * CHUNK, 3 * CHUNK), range(5 * CHUNK, 6 * CHUNK)];
        assert!(matches!(failure, Error::SourceMismatch { ranges, .. } if *ranges == left), "{failure:?}");
        assert!(failure.to_string().contains("131072..196608"), "{failure}");
        let problems: Vec<_> = report.report().problems().collect();
        assert!(matches!(problems[..], [Error::DigestMismatch { ranges, .. }] if *ranges == left));
        nothing_else_was_written(&case, &before);
        assert_eq!(fs::read(case.file("f.bin")).unwrap()[2 * CHUNK], before[2 * CHUNK], "as it was");

        // Another copy mends the rest.
        fs::write(case.path("good/f.bin"), bytes(10 * CHUNK)).unwrap();
        let report = repaired(&case, &good(&case));
        assert_eq!(report.files()[0].ranges, left);
    }
}

#[test]
fn a_missing_file_is_made_of_what_there_is() {
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("f.bin", &bytes(10 * CHUNK))]);
    fs::remove_file(case.file("f.bin")).unwrap();
    let mut copy = bytes(10 * CHUNK);
    copy[4 * CHUNK] ^= 8;
    fs::write(case.path("good/f.bin"), &copy[..9 * CHUNK]).unwrap();
    let error = not_repaired(&case, &good(&case));
    let report = unrepaired(&error);
    assert_eq!(report.failures().len(), 2, "{report:?}");
    let content = fs::read(case.file("f.bin")).unwrap();
    assert_eq!(content.len(), 10 * CHUNK);
    assert!(content[4 * CHUNK..5 * CHUNK].iter().all(|byte| *byte == 0), "nothing of the source");
    fs::write(case.path("good/f.bin"), bytes(10 * CHUNK)).unwrap();
    let report = repaired(&case, &good(&case));
    assert_eq!(report.bytes_copied(), 2 * CHUNK as u64);
}

#[test]
fn a_file_signed_as_a_whole_is_replaced_as_a_whole_or_not_at_all() {
    for signer in [ModelSigner::new().chunks(None), ModelSigner::new()] {
        let case = signed_with(&signer, &[("f.bin", &bytes(3 * CHUNK))]);
        case.flip("f.bin", 0);
        let before = case.listing();
        for copy in [&bytes(3 * CHUNK + 1)[1..], &bytes(2 * CHUNK), b""] {
            fs::write(case.path("good/f.bin"), copy).unwrap();
            let error = not_repaired(&case, &good(&case));
            assert_eq!(unrepaired(&error).failures().len(), 1, "{error:?}");
            fs::write(case.path("good/f.bin"), bytes(3 * CHUNK)).unwrap();
            assert_eq!(case.listing(), before);
        }
        repaired(&case, &good(&case));
    }
}

/// The first read of each place is good, every later one is not. What was checked is what is written.
#[test]
fn a_source_that_answers_differently_the_second_time() {
    const SHARD: usize = (16 << 20) + 1;
    for (signer, length) in [
        (chunked(HashAlgorithm::Sha256), 5 * CHUNK),
        (ModelSigner::new().chunks(None), 5 * CHUNK),
        (sharded(SHARD), 2 * SHARD),
    ] {
        let case = signed_with(&signer, &[("f.bin", &bytes(length))]);
        case.flip("f.bin", 0);
        case.flip("f.bin", length - 1);
        let (source, seen) = (good(&case), RefCell::new(Vec::<(u64, u64)>::new()));
        let reads_again = Cell::new(false);
        let fickle = Says(|name: &str, offset, buffer: &mut [u8]| {
            let count = source.read_at(&ModelPath::parse(name).unwrap(), offset, buffer)?;
            let read = (offset, offset + count as u64);
            let again = seen.borrow().iter().any(|(start, end)| *start < read.1 && read.0 < *end);
            seen.borrow_mut().push(read);
            if again {
                buffer[..count].fill(0xee);
            }
            reads_again.set(reads_again.get() || again);
            Ok(count)
        });
        repaired(&case, &fickle);
        assert!(!reads_again.get());
    }
}

#[test]
fn sources_that_lie() {
    type Answer = fn(&Cell<u64>, u64, &mut [u8]) -> io::Result<usize>;
    let lies: [(&str, Answer); 6] = [
        ("noise", |state, _, buffer| {
            for byte in buffer.iter_mut() {
                state.set(state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
                *byte = (state.get() >> 56) as u8;
            }
            Ok(buffer.len())
        }),
        ("more than was asked for", |_, _, buffer| Ok(buffer.len() + 1)),
        ("far more", |_, _, _| Ok(usize::MAX)),
        ("nothing", |_, _, _| Ok(0)),
        ("failure", |_, _, _| Err(io::ErrorKind::ConnectionReset.into())),
        ("good once, then failure", |state, offset, buffer| {
            if state.replace(1) == 0 {
                buffer[0] = bytes(offset as usize + 1)[offset as usize];
                Ok(1)
            } else {
                Err(io::ErrorKind::TimedOut.into())
            }
        }),
    ];
    for signer in [chunked(HashAlgorithm::Sha256), sharded(CHUNK), ModelSigner::new().chunks(None)] {
        for (lie, answer) in lies {
            for missing in [false, true] {
                let case = signed_with(&signer, &[("f.bin", &bytes(3 * CHUNK))]);
                case.flip("f.bin", 0);
                case.flip("f.bin", 2 * CHUNK);
                let before = fs::read(case.file("f.bin")).unwrap();
                if missing {
                    fs::remove_file(case.file("f.bin")).unwrap();
                }
                let listing = case.listing();
                let state = Cell::new(0);
                // Where no length is signed, noise would never end.
                let source = Says(
                    |_: &str, offset: u64, buffer: &mut [u8]| {
                        if offset > 9 << 20 { Ok(0) } else { answer(&state, offset, buffer) }
                    },
                );
                let error = not_repaired(&case, &source);
                assert_eq!(error.kind().outcome().exit_code, 1);
                assert_eq!(unrepaired(&error).failures().len(), 1, "{lie}");
                assert_eq!(case.listing(), listing, "{lie}");
                nothing_else_was_written(&case, &before);
            }
        }
    }
}

#[test]
fn an_endless_source_is_stopped_by_the_limit() {
    let case = signed_with(&ModelSigner::new().chunks(None), &[("f.bin", b"f")]);
    case.flip("f.bin", 0);
    let before = case.listing();
    let endless = Says(|_: &str, _, buffer: &mut [u8]| Ok(buffer.len()));
    let mut limits = Limits::default();
    limits.model_bytes = 5 << 20;
    let verifier = case.verifier(Policy::strict()).with_limits(limits);
    let error = refused(verifier.repair(&case.model(), &case.bundle(), &endless));
    let failures = unrepaired(&error).failures();
    assert!(matches!(failures, [Error::Limit { limit: 0x50_0000, .. }]), "{failures:?}");
    assert_eq!(case.listing(), before);
}

#[test]
fn a_folder_is_not_left_through_links() {
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("d/f.bin", &bytes(CHUNK + 1)), ("g", b"g")]);
    fs::rename(case.path("good"), case.path("real")).unwrap();
    fs::create_dir(case.path("good")).unwrap();
    symlink(case.path("real/d"), case.path("good/d")).unwrap();
    symlink("../real/g", case.path("good/g")).unwrap();
    case.flip("d/f.bin", 0);
    case.flip("g", 0);
    let error = not_repaired(&case, &good(&case));
    let failures = unrepaired(&error).failures();
    assert!(failures.iter().all(|failure| matches!(failure, Error::SourceUnreadable { .. })), "{failures:?}");
    assert_eq!(failures.len(), 2);
    assert!(unrepaired(&error).files().is_empty());
    // The path itself is the caller's own word.
    fs::remove_dir_all(case.path("good")).unwrap();
    symlink(case.path("real"), case.path("good")).unwrap();
    repaired(&case, &good(&case));
}

#[test]
fn special_files_and_folders_are_no_source() {
    within(Duration::from_secs(60), || {
        let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("a", b"aa"), ("b", b"bb")]);
        case.flip("a", 0);
        case.flip("b", 0);
        fs::remove_file(case.path("good/a")).unwrap();
        fs::remove_file(case.path("good/b")).unwrap();
        make_fifo(&case.path("good/a"));
        fs::create_dir(case.path("good/b")).unwrap();
        let error = not_repaired(&case, &good(&case));
        let failures = unrepaired(&error).failures();
        assert_eq!(failures.iter().map(|failure| failure.path().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(failures.iter().all(|failure| matches!(failure, Error::SourceUnreadable { .. })));
        make_fifo(&case.path("fifo"));
        let error = refused(LocalSource::open(&case.path("fifo")));
        assert!(matches!(error, Error::NotAFile { .. }), "{error:?}");
        let error = refused(LocalSource::open(&case.path("nowhere")));
        assert_outcome(&error, ErrorKind::NotFound, "nowhere");
    });
}

/// What stays damaged is named in the words of the format, as by a verification.
#[test]
fn tensors_that_stay_damaged_are_named() {
    let mut file = Vec::new();
    let tensor = |start: usize, end: usize| serde_json::json!({"dtype": "U8", "shape": [end - start], "data_offsets": [start, end]});
    let header = serde_json::json!({"a": tensor(0, CHUNK), "b": tensor(CHUNK, 3 * CHUNK)}).to_string();
    file.extend_from_slice(&(header.len() as u64).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&bytes(3 * CHUNK));
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("m.safetensors", &file)]);
    case.flip("m.safetensors", CHUNK / 2);
    case.flip("m.safetensors", 3 * CHUNK);
    let mut copy = file.clone();
    copy[3 * CHUNK] ^= 8;
    fs::write(case.path("good/m.safetensors"), copy).unwrap();
    let error = not_repaired(&case, &good(&case));
    let left: Vec<_> = unrepaired(&error).report().problems().collect();
    let [Error::DigestMismatch { tensors, .. }] = left[..] else { panic!("{left:?}") };
    assert_eq!(*tensors, ["b"]);
}

/// The damaged model itself as the source.
#[test]
fn the_model_is_no_copy_of_itself() {
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("f.bin", &bytes(3 * CHUNK))]);
    case.flip("f.bin", 0);
    let before = case.listing();
    let error = not_repaired(&case, &LocalSource::open(&case.model()).unwrap());
    assert_eq!(unrepaired(&error).failures().len(), 1);
    assert_eq!(case.listing(), before);
}
