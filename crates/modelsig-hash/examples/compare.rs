//! Compares a digest with one that differs in the byte at a place, `compare 00` to `compare 31`, or not at all,
//! `compare 32`. `.ci/constant-time` counts the instructions that it takes.

use modelsig_hash::{Digest, HashAlgorithm};

fn main() {
    let place: usize = std::env::args().nth(1).and_then(|place| place.parse().ok()).unwrap_or_default();
    let mut other = [7; 33];
    other[place.min(32)] ^= 1;
    let digest = |bytes: &[u8]| Digest::from_bytes(HashAlgorithm::Sha256, &bytes[..32]);
    let (one, other) = (std::hint::black_box(digest(&[7; 33])), std::hint::black_box(digest(&other)));
    std::process::exit(i32::from(one != other));
}
