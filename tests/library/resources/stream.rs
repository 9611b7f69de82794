//! Files that arrive byte by byte, in pieces of any size.

use modelsig::{BundleSource, Check, Policy, ResourceStream, Verifier};
use modelsig_tests::{Case, refused, shard, sharded};

use super::{CHECKS, CHUNK, Dice, LENGTHS, name_of, noise, ways};

/// Of the only, or any, signed file.
pub(super) fn stream(verifier: &Verifier, case: &Case, name: &str) -> ResourceStream {
    verifier.open_resources(BundleSource::Path(&case.bundle()), []).unwrap().stream(name).unwrap()
}

#[test]
fn pieces_of_any_size_are_verified() {
    for way in ways() {
        let case = way.case();
        for check in CHECKS {
            let verifier = case.verifier(Policy::strict().check(check));
            for length in way.lengths() {
                let (name, bytes) = (name_of(length), noise(length));
                for piece in [1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 200_000, usize::MAX] {
                    if piece == 1 && length > CHUNK + 1 {
                        continue;
                    }
                    let told = format!("{} {check:?} {length} by {piece}", way.name);
                    let mut stream = stream(&verifier, &case, &name);
                    assert_eq!((stream.name(), stream.verified()), (name.as_str(), 0), "{told}");
                    assert_eq!(stream.length(), way.lengths.then_some(length as u64), "{told}");
                    let (mut came, mut before) = (0, 0);
                    for piece in bytes.chunks(piece) {
                        stream.update(piece).unwrap_or_else(|error| panic!("{told}: {error}"));
                        came += piece.len();
                        assert_eq!(stream.verified(), expected(way.part, check, came, length), "{told}");
                        assert!(stream.verified() >= before && stream.verified() <= came as u64, "{told}");
                        before = stream.verified();
                        stream.update(b"").unwrap();
                    }
                    assert_eq!(stream.finish().unwrap(), length as u64, "{told}");
                }
            }
        }
    }
}

/// How much is proven when so many bytes have come.
fn expected(part: Option<usize>, check: Check, came: usize, length: usize) -> u64 {
    let shards = part.is_some_and(|part| part != CHUNK);
    let proven = match part {
        // Those of the whole have none but the last.
        Some(_) if check == Check::Whole && !shards => 0,
        // A file of one chunk has no list of them.
        Some(part) if length <= part && !shards => 0,
        Some(_) if came == length => length,
        Some(part) => came / part * part,
        None => 0,
    };
    proven as u64
}

#[test]
fn two_pieces_split_anywhere() {
    for way in ways().into_iter().filter(|way| way.part.is_some()) {
        let case = way.case();
        let verifier = case.verifier(Policy::strict().check(Check::Both));
        let length = 2 * CHUNK + 1;
        let bytes = noise(length);
        for edge in [0, CHUNK, 70_000, 2 * CHUNK, length] {
            for split in edge.saturating_sub(2)..=(edge + 2).min(length) {
                let mut stream = stream(&verifier, &case, &name_of(length));
                stream.update(&bytes[..split]).unwrap();
                stream.update(&bytes[split..]).unwrap();
                assert_eq!(stream.finish().unwrap(), length as u64, "{} at {split}", way.name);
            }
        }
    }
}

/// Of ten bytes in shards of three: every way to cut them into pieces, and each of these with every byte wrong.
#[test]
fn every_way_to_cut_a_small_file() {
    let bytes = *b"0123456789";
    let case = Case::new(&[]);
    let ranges = [0..3, 3..6, 6..9, 9..10];
    let shards = ranges.clone().map(|range| shard("w.bin", &bytes, range));
    case.write_statement(&sharded(shards.to_vec(), 3));
    let verifier = case.verifier(Policy::strict());
    let bundle = case.bundle();
    let model = verifier.open_resources(&bundle, []).unwrap();
    for cuts in 0..1u32 << (bytes.len() - 1) {
        for wrong in (0..bytes.len()).map(Some).chain([None]) {
            let mut sent = bytes;
            if let Some(wrong) = wrong {
                sent[wrong] ^= 0x80;
            }
            let bad = wrong.and_then(|wrong| ranges.iter().find(|range| range.contains(&wrong)));
            let mut stream = model.stream("w.bin").unwrap();
            let mut start = 0;
            for end in 1..=sent.len() {
                if end < sent.len() && cuts & (1 << (end - 1)) == 0 {
                    continue;
                }
                let result = stream.update(&sent[start..end]);
                let met = bad.filter(|range| range.end <= end);
                assert_eq!(result.is_err(), met.is_some(), "{cuts:b} {wrong:?} {end}");
                let proven = match met {
                    Some(bad) => bad.start,
                    None if end == sent.len() => end,
                    None => end / 3 * 3,
                };
                assert_eq!(stream.verified(), proven as u64, "{cuts:b} {wrong:?} {end}");
                start = end;
            }
            assert_eq!(stream.finish().is_ok(), wrong.is_none(), "{cuts:b} {wrong:?}");
        }
    }
}

#[test]
fn random_pieces_of_every_file() {
    let mut dice = Dice(0x1234_5678_9abc_def1);
    for way in ways() {
        let case = way.case();
        for _ in 0..20 {
            let length = LENGTHS[1 + dice.below(LENGTHS.len() - 1)];
            let check = CHECKS[dice.below(3)];
            let verifier = case.verifier(Policy::strict().check(check));
            let mut stream = stream(&verifier, &case, &name_of(length));
            let bytes = noise(length);
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(dice.below(rest.len().min(50_000) + 1));
                stream.update(now).unwrap();
                rest = later;
            }
            assert_eq!(stream.finish().unwrap(), length as u64, "{} {check:?}", way.name);
        }
    }
}

#[test]
fn a_stream_outlives_its_model_and_moves_to_another_thread() {
    let way = &ways()[0];
    let case = way.case();
    let verifier = case.verifier(Policy::strict());
    let mut stream = stream(&verifier, &case, &name_of(CHUNK));
    let result = std::thread::spawn(move || {
        stream.update(&noise(CHUNK)).unwrap();
        stream.finish()
    });
    assert_eq!(result.join().unwrap().unwrap(), CHUNK as u64);
    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    assert!(refused(model.stream("nowhere.bin")).path() == Some("nowhere.bin"));
    // Of a model in a folder, too.
    let mut stream = model.stream(&name_of(1)).unwrap();
    drop(model);
    stream.update(&noise(1)).unwrap();
    stream.finish().unwrap();
}
