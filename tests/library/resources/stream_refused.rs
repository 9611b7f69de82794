//! What a stream refuses, when, and that it stays so.

use modelsig::hash::{ByteRange, Engine, HashAlgorithm, Source};
use modelsig::{Check, Content, Error, ErrorKind, Policy, VERITY_DIGEST};
use modelsig_tests::{Case, assert_outcome, digest_of, refused, resource, set_root, statement};
use serde_json::json;

use super::stream::stream;
use super::{CHECKS, CHUNK, name_of, noise, ways};
use crate::loading::in_chunks;

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

/// A signer whose lists disagree: what a check compares decides, and it is the same for a stream.
#[test]
fn lists_that_disagree_are_met_by_those_who_compare_them() {
    let bytes = noise(2 * CHUNK + 5);
    // Chunks of these bytes, under the digest of others.
    let chunks = Case::new(&[("w.bin", &bytes)]);
    chunks.sign_with(&in_chunks());
    let mut signed = chunks.read_statement();
    signed["predicate"]["resources"][0]["digest"] = digest_of(HashAlgorithm::Sha256, b"others").into();
    set_root(&mut signed);
    chunks.write_statement(&signed);
    // The digest of these bytes, beside the fs-verity digest of others.
    let verity = Case::new(&[("w.bin", &bytes)]);
    let others = Engine::new(1).unwrap().verity_digest(Source::from_bytes(b"others")).unwrap();
    let mut listed = resource("w.bin", &bytes);
    listed["annotations"] =
        json!({VERITY_DIGEST: {"algorithm": "sha256", "block_size": 4096, "digest": others.to_string()}});
    verity.write_statement(&statement(vec![listed]));

    for (case, sound) in [(chunks, [true, false, false]), (verity, [true, true, false])] {
        for (check, sound) in CHECKS.into_iter().zip(sound) {
            let verifier = case.verifier(Policy::strict().check(check));
            let mut stream = stream(&verifier, &case, "w.bin");
            stream.update(&bytes).unwrap();
            let content = [("w.bin", Content::path(case.file("w.bin")))];
            for result in [
                stream.finish().map(drop),
                verifier.verify(&case.model(), &case.bundle()).map(drop),
                verifier.verify_resources(&case.bundle(), content).map(drop),
                verifier.verify_bytes(&case.bundle(), "w.bin", &bytes).map(drop),
            ] {
                assert_eq!(result.is_ok(), sound, "{check:?}: {result:?}");
                assert!(sound || refused(result).kind() == ErrorKind::Mismatch, "{check:?}");
            }
        }
    }
}
