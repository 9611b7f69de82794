//! What a stream refuses, when, and that it stays so.

use modelsig::hash::ByteRange;
use modelsig::{Check, Error, ErrorKind, Policy};
use modelsig_tests::{assert_outcome, refused};

use super::stream::stream;
use super::{CHECKS, CHUNK, name_of, noise, ways};

const LENGTH: usize = 5 * CHUNK + 77;

#[test]
fn the_first_bad_part_ends_it() {
    for way in ways() {
        let case = way.case();
        for check in CHECKS {
            let verifier = case.verifier(Policy::strict().check(check));
            let shards = way.name == "shards";
            let part = way.part.filter(|_| shards || check != Check::Whole);
            for wrong in [0, CHUNK - 1, CHUNK, 3 * CHUNK + 9, LENGTH - 1] {
                let mut bytes = noise(LENGTH);
                bytes[wrong] ^= 1;
                let mut stream = stream(&verifier, &case, &name_of(LENGTH));
                let told = format!("{} {check:?} {wrong}", way.name);
                let (mut came, mut error) = (0, None);
                for piece in bytes.chunks(1000) {
                    came += piece.len();
                    if let Err(refused) = stream.update(piece) {
                        error = Some(refused);
                        break;
                    }
                }
                let Some(part) = part else {
                    assert!(error.is_none() && stream.verified() == 0, "{told}");
                    assert_outcome(&refused(stream.finish()), ErrorKind::Mismatch, &name_of(LENGTH));
                    continue;
                };
                let error = error.expect("the part is complete");
                let start = wrong / part * part;
                let end = (start + part).min(LENGTH);
                let range = ByteRange::new(start as u64, end as u64).unwrap();
                assert!(matches!(error, Error::DigestMismatch { .. }), "{told}: {error:?}");
                assert_eq!(error.damaged(), [range], "{told}");
                assert_eq!(came, end.next_multiple_of(1000).min(LENGTH), "{told}: as soon as it can be told");
                assert_eq!(stream.verified(), start as u64, "{told}");
                // With the very bytes that were signed, with none, and at the end.
                for more in [&noise(LENGTH)[end..], b""] {
                    let error = refused(stream.update(more));
                    assert!(matches!(error, Error::StreamRefused { .. }), "{told}: {error:?}");
                    assert_outcome(&error, ErrorKind::Mismatch, &name_of(LENGTH));
                }
                assert_eq!(stream.verified(), start as u64, "{told}");
                assert!(matches!(refused(stream.finish()), Error::StreamRefused { .. }), "{told}");
            }
        }
    }
}

#[test]
fn what_is_cut_short_is_refused_at_the_end() {
    for way in ways() {
        let case = way.case();
        for check in CHECKS {
            let verifier = case.verifier(Policy::strict().check(check));
            for length in way.lengths().filter(|length| *length > 0) {
                for short in [0, length / 2, length - 1] {
                    let mut stream = stream(&verifier, &case, &name_of(length));
                    stream.update(&noise(length)[..short]).unwrap();
                    let told = format!("{} {check:?} {short} of {length}", way.name);
                    let error = refused(stream.finish());
                    assert_outcome(&error, ErrorKind::Mismatch, &name_of(length));
                    if way.lengths {
                        let truncated = Error::Truncated {
                            path: name_of(length),
                            expected: length as u64,
                            found: short as u64,
                        };
                        assert_eq!(format!("{error:?}"), format!("{truncated:?}"), "{told}");
                    } else {
                        assert!(matches!(error, Error::DigestMismatch { .. }), "{told}: {error:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn more_than_was_signed_is_refused() {
    for way in ways() {
        let case = way.case();
        for check in CHECKS {
            let verifier = case.verifier(Policy::strict().check(check));
            for length in way.lengths() {
                for now in [length, length.saturating_sub(1), 0] {
                    let later = length + 1 - now;
                    let bytes = [&noise(length)[..], b"+"].concat();
                    let mut stream = stream(&verifier, &case, &name_of(length));
                    let told = format!("{} {check:?} {now} and {later} of {length}", way.name);
                    if now > 0 {
                        stream.update(&bytes[..now]).unwrap();
                    }
                    let before = stream.verified();
                    let result = stream.update(&bytes[bytes.len() - later..]);
                    if way.lengths {
                        let error = refused(result);
                        let grown = matches!(&error, Error::Grown { expected, found, .. }
                            if (*expected, *found) == (length as u64, length as u64 + 1));
                        assert!(grown, "{told}: {error:?}");
                        assert_eq!(stream.verified(), before, "{told}");
                        assert!(matches!(refused(stream.update(b"")), Error::StreamRefused { .. }), "{told}");
                        assert!(matches!(refused(stream.finish()), Error::StreamRefused { .. }), "{told}");
                    } else {
                        result.unwrap();
                        let error = refused(stream.finish());
                        assert!(matches!(error, Error::DigestMismatch { .. }), "{told}: {error:?}");
                    }
                }
            }
        }
    }
}
