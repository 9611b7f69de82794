//! Random files, random damage, random pieces: a stream, a part of a file, memory and a folder come to one verdict,
//! which is that on the bytes.

use modelsig::hash::ChunkSize;
use modelsig::{BundleSource, Content, Error, ErrorKind, Method, ModelSigner, Policy, Verifier};
use modelsig_tests::{Case, problems};

use super::stream::stream;
use super::{CHECKS, Dice, noise};
use crate::loading::in_chunks;

/// Another file, or by chance the same.
fn mutated(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let mut other = bytes.to_vec();
    for _ in 0..=dice.below(2) {
        let (at, length) = (dice.below(other.len() + 1), other.len());
        match dice.below(7) {
            0 if at < length => other[at] ^= 1 << dice.below(8),
            1 => other.truncate(at),
            2 => other.insert(at, dice.below(256) as u8),
            3 => drop((at < length).then(|| other.remove(at))),
            4 => other.extend(noise(dice.below(70_000))),
            5 if length > 0 => other.rotate_left(at),
            // Two blocks change places: the same bytes in another order.
            6 if length >= 2 * ChunkSize::MIN as usize => {
                let (one, two) = other.split_at_mut(ChunkSize::MIN as usize);
                let length = one.len();
                one.swap_with_slice(&mut two[..length]);
            }
            _ => {}
        }
    }
    other
}

/// In pieces of random sizes: nothing, or the kind of the error and how far it was sound.
fn streamed(
    dice: &mut Dice,
    verifier: &Verifier,
    case: &Case,
    bytes: &[u8],
    signed: &[u8],
) -> Option<ErrorKind> {
    let mut stream = stream(verifier, case, "w.bin");
    let mut rest = bytes;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(dice.below(rest.len() + 1));
        let result = stream.update(now);
        let proven = stream.verified() as usize;
        assert!(bytes.len() >= proven && signed.starts_with(&bytes[..proven]), "not what was signed");
        if let Err(error) = result {
            assert!(stream.finish().is_err());
            return Some(error.kind());
        }
        rest = later;
    }
    stream.finish().err().map(|error| error.kind())
}

fn verdict<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    let error = result.err()?;
    assert_eq!(problems(&error).len(), 1, "{error:?}");
    Some(error.kind())
}

fn all_agree(dice: &mut Dice, signer: &ModelSigner, longest: usize, rounds: usize) {
    for round in 0..rounds {
        let bytes = noise(1 + dice.below(longest));
        let case = Case::new(&[("w.bin", &bytes)]);
        case.sign_with(signer);
        let found = if round % 4 == 0 { bytes.clone() } else { mutated(dice, &bytes) };
        case.write("w.bin", &found);
        let (before, after) = (noise(dice.below(5000)), noise(dice.below(5000)));
        std::fs::write(case.path("apk"), [&before[..], &found, &after].concat()).unwrap();
        let part = Content::path(case.path("apk")).part(before.len() as u64, Some(found.len() as u64));
        let verifier = case.verifier(Policy::strict().check(CHECKS[dice.below(3)]));
        let bundle = case.bundle();
        let bundle = BundleSource::Path(&bundle);

        let expected = (found != bytes).then_some(ErrorKind::Mismatch);
        let told = || format!("round {round}: {} bytes, {} found", bytes.len(), found.len());
        assert_eq!(verdict(verifier.verify(&case.model(), bundle)), expected, "{}", told());
        assert_eq!(verdict(verifier.verify_resources(bundle, [("w.bin", part)])), expected, "{}", told());
        assert_eq!(verdict(verifier.verify_bytes(bundle, "w.bin", &found)), expected, "{}", told());
        assert_eq!(streamed(dice, &verifier, &case, &found, &bytes), expected, "{}", told());
    }
}

#[test]
fn small_files_in_tiny_shards() {
    let mut dice = Dice(0x0dd_ba11);
    for shard_size in [1, 3, 16] {
        let signer = ModelSigner::new().chunks(None).method(Method::Shards { shard_size });
        all_agree(&mut dice, &signer.allow_unsigned_empty(true), 40, 100);
    }
}

#[test]
fn small_files_as_a_whole() {
    let mut dice = Dice(0x5ca1_ab1e);
    all_agree(&mut dice, &ModelSigner::new().chunks(None), 40, 100);
    all_agree(&mut dice, &ModelSigner::new(), 40, 100);
    all_agree(&mut dice, &ModelSigner::new().chunks(None).fsverity(true), 10_000, 50);
}

#[test]
fn files_of_several_chunks() {
    let mut dice = Dice(0xc0_ffee);
    all_agree(&mut dice, &in_chunks(), 300_000, 60);
    all_agree(&mut dice, &in_chunks().fsverity(true), 300_000, 40);
    let shards = Method::Shards { shard_size: 70_000 };
    all_agree(&mut dice, &ModelSigner::new().chunks(None).method(shards), 300_000, 40);
}

/// Several files: whichever is damaged, the folder and the resources are one model.
#[test]
fn whole_models_agree() {
    let mut dice = Dice(0xfeed_f00d);
    for round in 0..40 {
        let case = Case::new(&[]);
        let names: Vec<String> =
            (0..1 + dice.below(5)).map(|file| format!("{}/{file}.bin", file % 2)).collect();
        for name in &names {
            case.write(name, &noise(1 + dice.below(100_000)));
        }
        case.sign_with(&in_chunks());
        let mut damaged = Vec::new();
        for name in &names {
            if dice.below(3) == 0 {
                case.flip(name, 0);
                damaged.push(name.as_str());
            }
        }
        damaged.sort_unstable();
        let verifier = case.verifier(Policy::strict().check(CHECKS[dice.below(3)]));
        let contents = || names.iter().map(|name| (name.as_str(), Content::path(case.file(name))));
        let of_folder = verifier.verify(&case.model(), &case.bundle());
        let of_contents = verifier.verify_resources(&case.bundle(), contents());
        for result in [of_folder, of_contents] {
            let error = result.err();
            let found: Vec<_> =
                error.iter().flat_map(problems).map(|problem| problem.path().unwrap_or_default()).collect();
            assert_eq!(found, damaged, "round {round}");
        }
        for name in &names {
            let mut stream = stream(&verifier, &case, name);
            let bytes = std::fs::read(case.file(name)).unwrap();
            let result = stream.update(&bytes).and_then(|()| stream.finish());
            assert_eq!(result.is_err(), damaged.contains(&name.as_str()), "round {round} {name}");
        }
    }
}
