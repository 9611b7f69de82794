//! Ranges and readers: any part of a file, checked, and no more of the file touched than that.

use std::io::{BufRead, Read, Seek, SeekFrom};

use std::sync::Arc;
use std::time::Duration;

use modelsig::hash::Engine;
use modelsig::{Check, Error, ErrorKind, Policy};
use modelsig_tests::{Case, assert_outcome, refused, within};

use super::{in_chunks, noise, signers};

const LENGTH: usize = 5 << 20;

fn case() -> Case {
    Case::new(&[("w.bin", &noise(LENGTH)), ("small.json", b"{}")])
}

#[test]
fn every_range_is_what_it_is_in_the_file() {
    let (case, bytes) = (case(), noise(LENGTH));
    for signer in signers() {
        case.sign_with(&signer);
        for check in [Check::Chunks, Check::Whole, Check::Both] {
            let model =
                case.verifier(Policy::strict().check(check)).open(&case.model(), &case.bundle()).unwrap();
            for (start, end) in [
                (0, 0),
                (0, 1),
                (0, 65_536),
                (65_535, 65_537),
                (70_000, 140_000),
                (100_000, 3_000_000),
                (LENGTH - 1, LENGTH),
                (LENGTH, LENGTH),
                (0, LENGTH),
            ] {
                let part = model.range("w.bin", start as u64..end as u64).unwrap();
                assert!(*part == bytes[start..end], "{check:?} {start}..{end}");
            }
            let length = LENGTH as u64;
            for bad in [0..length + 1, length..length + 1, u64::MAX..u64::MAX, 0..u64::MAX] {
                let error = refused(model.range("w.bin", bad));
                assert!(matches!(error, Error::OutOfRange { .. }), "{error:?}");
                assert_outcome(&error, ErrorKind::Usage, "w.bin");
            }
            #[expect(clippy::reversed_empty_ranges, reason = "this is what is refused")]
            let error = refused(model.range("w.bin", 7..3));
            assert!(
                matches!(&error, Error::OutOfRange { range, .. } if (range.start, range.end) == (7, 3)),
                "{error:?}"
            );
            assert!(matches!(refused(model.range("../w.bin", 0..1)), Error::Unsigned { .. }));
        }
    }
}

#[test]
fn damage_elsewhere_is_no_matter_where_parts_are_signed() {
    let (case, bytes) = (case(), noise(LENGTH));
    case.sign_with(&in_chunks());
    case.flip("w.bin", 1_000_000);
    let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
    assert!(*model.range("w.bin", 0..900_000).unwrap() == bytes[..900_000]);
    let error = refused(model.range("w.bin", 0..1_000_001));
    assert!(
        matches!(&error, Error::DigestMismatch { ranges, .. } if ranges[0].start() == 983_040),
        "{error:?}"
    );
    // Where the whole is what counts, nothing of it is handed out.
    let whole =
        case.verifier(Policy::strict().check(Check::Whole)).open(&case.model(), &case.bundle()).unwrap();
    assert!(matches!(refused(whole.range("w.bin", 0..1)), Error::DigestMismatch { .. }));
    assert!(matches!(refused(whole.reader("w.bin").map(drop)), Error::DigestMismatch { .. }));
}

/// After the whole was hashed once, a change is found by the index that was made then.
#[test]
fn what_changes_later_is_found_without_a_signed_index() {
    let (case, bytes) = (case(), noise(LENGTH));
    case.sign_with(&signers()[1]);
    let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
    assert!(*model.range("w.bin", 0..10).unwrap() == bytes[..10]);
    case.flip("w.bin", 4 << 20);
    assert!(*model.range("w.bin", 0..10).unwrap() == bytes[..10]);
    let error = refused(model.range("w.bin", 4 << 20..(4 << 20) + 1));
    assert!(
        matches!(&error, Error::DigestMismatch { ranges, .. } if ranges[0].start() == 4 << 20),
        "{error:?}"
    );
}

/// A file whose length nobody signed could be cut to nothing, of which every range is right.
#[test]
fn a_file_that_was_emptied_is_no_empty_file() {
    let case = Case::new(&[("w.bin", b"content")]);
    case.sign_with(&signers()[1]);
    case.write("w.bin", b"");
    let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
    assert!(matches!(refused(model.range("w.bin", 0..0)), Error::DigestMismatch { .. }));
    assert!(matches!(refused(model.reader("w.bin").map(drop)), Error::DigestMismatch { .. }));
    assert!(matches!(refused(model.get("w.bin")), Error::DigestMismatch { .. }));
}

#[test]
fn a_reader_reads_and_seeks_like_a_file() {
    let (case, bytes) = (case(), noise(LENGTH));
    for signer in signers() {
        case.sign_with(&signer);
        let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
        let mut reader = model.reader("w.bin").unwrap();
        assert_eq!(reader.length(), LENGTH as u64);
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        assert!(all == bytes);
        assert_eq!(reader.read(&mut [0; 9]).unwrap(), 0);
        for (to, at) in [
            (SeekFrom::Start(3), 3),
            (SeekFrom::Current(1_000_000), 1_000_013),
            (SeekFrom::End(-10), LENGTH - 10),
            (SeekFrom::Start(0), 0),
        ] {
            assert_eq!(reader.seek(to).unwrap(), at as u64);
            let mut ten = [0; 10];
            reader.read_exact(&mut ten).unwrap();
            assert_eq!(ten, bytes[at..at + 10]);
        }
        reader.seek(SeekFrom::End(5)).unwrap();
        assert_eq!(reader.read(&mut [0; 9]).unwrap(), 0, "past the end");
        assert!(reader.seek(SeekFrom::Start(0)).is_ok() && reader.seek(SeekFrom::Current(-1)).is_err());
        reader.seek(SeekFrom::Start(65_530)).unwrap();
        assert!(reader.fill_buf().unwrap().starts_with(&bytes[65_530..65_560]));
        assert_eq!(model.reader("small.json").unwrap().lines().next().unwrap().unwrap(), "{}");
    }
}

#[test]
fn a_reader_stops_before_the_first_damaged_part() {
    let (case, bytes) = (case(), noise(LENGTH));
    case.sign_with(&in_chunks());
    let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
    let mut reader = model.reader("w.bin").unwrap();
    case.flip("w.bin", LENGTH - 1);
    let mut all = Vec::new();
    let error = reader.read_to_end(&mut all).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>()).expect("an error of ours");
    assert_outcome(cause, ErrorKind::Mismatch, "w.bin");
    assert!(bytes.starts_with(&all));
}

#[test]
fn many_threads_read_parts_at_once() {
    let (case, bytes) = (case(), noise(LENGTH));
    for signer in signers() {
        case.sign_with(&signer);
        let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8usize {
                let (model, bytes) = (&model, &bytes);
                scope.spawn(move || {
                    for round in 0..10usize {
                        let start = (thread * 600_000 + round * 77_777) % (LENGTH - 1000);
                        let part = model.range("w.bin", start as u64..start as u64 + 1000).unwrap();
                        assert!(*part == bytes[start..start + 1000]);
                    }
                });
            }
        });
    }
}

/// A thread of a pool that waits for the engine takes up other work of the pool, which may want the same file.
#[test]
fn the_threads_of_the_engine_read_parts_at_once() {
    use rayon::iter::{IntoParallelIterator, ParallelIterator};

    within(Duration::from_secs(60), || {
        let (case, bytes) = (case(), noise(LENGTH));
        let pool = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap());
        for signer in signers() {
            case.sign_with(&signer);
            for engine in [Engine::with_pool(Arc::clone(&pool)), Engine::new(2).unwrap()] {
                let verifier = case.verifier(Policy::strict()).with_engine(engine);
                let model = verifier.open(&case.model(), &case.bundle()).unwrap();
                pool.install(|| {
                    (0..64usize).into_par_iter().for_each(|place| {
                        let start = place * 70_000;
                        let part = model.range("w.bin", start as u64..start as u64 + 5).unwrap();
                        assert!(*part == bytes[start..start + 5]);
                    });
                });
            }
        }
    });
}
