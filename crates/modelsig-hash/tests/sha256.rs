//! Every SHA-256 kernel of this machine against NIST's vectors and against the `sha2` crate.

mod numbers;

use std::path::Path;

use modelsig_hash::sha256::{Feed, Kernel, Kernels, Stream};
use numbers::Numbers;
use sha2::Digest as _;

/// Each kernel that this CPU has, alone, and all of them together; or the one that the environment names.
fn every_choice() -> Vec<(String, Kernels)> {
    if let Ok(name) = std::env::var(Kernels::OVERRIDE) {
        return vec![(name, Kernels::detect().clone())];
    }
    let alone =
        Kernel::ALL.into_iter().filter_map(|kernel| Some((kernel.to_string(), Kernels::only(kernel)?)));
    alone.chain([("the best".to_string(), Kernels::detect().clone())]).collect()
}

fn oracle(message: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(message).into()
}

/// The test that every kernel must pass: all messages, side by side.
fn check(messages: &[&[u8]], what: &str) {
    let expected: Vec<[u8; 32]> = messages.iter().map(|message| oracle(message)).collect();
    for (name, kernels) in every_choice() {
        assert_eq!(kernels.digests(messages), expected, "{name}: {what}");
    }
}

/// Around the ends of blocks, where padding moves into a block of its own.
const EDGES: [usize; 14] = [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000];

#[test]
fn edge_lengths_in_every_number_of_lanes() {
    let data = Numbers(1).bytes(2048);
    for streams in 1..=33 {
        for length in EDGES {
            // Each begins at another place, so most are not aligned to anything.
            let messages: Vec<&[u8]> = (0..streams).map(|lane| &data[lane..lane + length]).collect();
            check(&messages, &format!("{streams} streams of {length} bytes"));
        }
    }
    check(&[], "no stream");
}

#[test]
fn lanes_of_unequal_lengths() {
    let data = Numbers(2).bytes(100_000);
    for streams in [2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 40] {
        let edges: Vec<&[u8]> =
            (0..streams).map(|lane| &data[lane..lane + EDGES[lane % EDGES.len()]]).collect();
        check(&edges, &format!("{streams} edges"));
        let steps: Vec<&[u8]> = (0..streams).map(|lane| &data[..lane * 2000 + 3]).collect();
        check(&steps, &format!("{streams} steps"));
        let one_long: Vec<&[u8]> =
            (0..streams).map(|lane| &data[..if lane == 1 { 90_000 } else { lane }]).collect();
        check(&one_long, &format!("{streams}, one of them long"));
    }
}

#[test]
fn random_messages_fed_in_random_pieces() {
    let mut numbers = Numbers(3);
    for (name, kernels) in every_choice() {
        for round in 0..60 {
            let streams = 1 + numbers.below(24);
            let messages: Vec<Vec<u8>> = (0..streams)
                .map(|_| {
                    let length = numbers.below(if round % 3 == 0 { 300 } else { 20_000 });
                    numbers.bytes(length)
                })
                .collect();
            let mut hashes = vec![Stream::new(); streams];
            let mut absorbed = vec![0; streams];
            while hashes.iter().any(|hash| hash.digest().is_none()) {
                let mut feeds = Vec::new();
                let mut fed = Vec::new();
                for (lane, hash) in hashes.iter_mut().enumerate() {
                    let rest = messages[lane].len() - absorbed[lane];
                    let now = if numbers.below(4) == 0 { rest } else { numbers.below(rest + 1) };
                    let bytes = &messages[lane][absorbed[lane]..absorbed[lane] + now];
                    feeds.push(Feed::new(hash, bytes, now == rest));
                    fed.push(now);
                }
                kernels.absorb(&mut feeds, numbers.below(2) == 0);
                for (lane, feed) in feeds.iter().enumerate() {
                    absorbed[lane] += fed[lane] - feed.remaining();
                }
            }
            for (lane, message) in messages.iter().enumerate() {
                assert_eq!(
                    hashes[lane].digest(),
                    Some(oracle(message)),
                    "{name}, round {round}, lane {lane}"
                );
            }
        }
    }
}

#[test]
fn a_stream_has_no_digest_before_its_end() {
    let kernels = Kernels::detect();
    let mut stream = Stream::new();
    assert_eq!(stream.digest(), None);
    kernels.absorb(&mut [Feed::new(&mut stream, b"ab", false)], false);
    assert_eq!(stream.digest(), None);
    kernels.absorb(&mut [Feed::new(&mut stream, b"c", true)], false);
    assert_eq!(stream.digest(), Some(oracle(b"abc")));
}

#[test]
fn the_override_names_kernels() {
    for kernel in Kernel::ALL {
        assert_eq!(Kernels::only(kernel).is_some(), kernel.is_available());
        assert!(Kernels::only(kernel).is_none_or(|kernels| kernels.best(5) == kernel));
    }
    // With the variable set, a whole run of the tests goes through one kernel: then it must be that one.
    let detected = Kernels::detect();
    if let Ok(name) = std::env::var(Kernels::OVERRIDE) {
        assert_eq!((detected.to_string(), detected.problems()), (name, &[][..]));
    }
    assert!(detected.problems().is_empty(), "{:?}", detected.problems());
}

/// The value of `name = value` lines, in order.
fn values<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    let value = move |line: &'t str| line.trim().strip_prefix(name)?.strip_prefix(" = ");
    text.lines().filter_map(value)
}

fn vectors(file: &str) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let path = workspace.join("testdata/cavp").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn nist_short_and_long_messages() {
    for (file, count) in [("SHA256ShortMsg.rsp", 65), ("SHA256LongMsg.rsp", 64)] {
        let text = vectors(file);
        let lengths = values(&text, "Len").map(|bits| bits.parse::<usize>().unwrap() / 8);
        let messages: Vec<Vec<u8>> = values(&text, "Msg")
            .zip(lengths)
            .map(|(message, length)| hex::decode(message).unwrap()[..length].to_vec())
            .collect();
        let digests: Vec<&str> = values(&text, "MD").collect();
        assert_eq!((messages.len(), digests.len()), (count, count));
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        for (name, kernels) in every_choice() {
            let found: Vec<String> = kernels.digests(&messages).iter().map(hex::encode).collect();
            assert_eq!(found, digests, "{name}: {file}");
        }
    }
}

/// Each message is the three digests before it. All lanes of a kernel go down the chain together.
#[test]
fn nist_monte_carlo() {
    let text = vectors("SHA256Monte.rsp");
    let seed = hex::decode(values(&text, "Seed").next().unwrap()).unwrap();
    let expected: Vec<&str> = values(&text, "MD").collect();
    assert_eq!(expected.len(), 100);
    for (name, kernels) in every_choice() {
        let mut last = vec![<[u8; 32]>::try_from(&seed[..]).unwrap(); kernels.lanes()];
        for expected in &expected {
            let mut messages: Vec<[u8; 96]> =
                last.iter().map(|seed| [*seed; 3].as_flattened().try_into().unwrap()).collect();
            for _ in 0..1000 {
                let views: Vec<&[u8]> = messages.iter().map(|message| &message[..]).collect();
                last = kernels.digests(&views);
                for (message, digest) in messages.iter_mut().zip(&last) {
                    message.copy_within(32.., 0);
                    message[64..].copy_from_slice(digest);
                }
            }
            assert!(last.iter().all(|digest| hex::encode(digest) == *expected), "{name}: {expected}");
        }
    }
}
