//! The chunk index of a file: as text, and as numbers that may fit one another.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary, Unstructured};
use modelsig::hash::{ChunkSize, HashAlgorithm};

/// What a signer says of a file.
#[derive(Arbitrary, Debug)]
struct Index {
    hash: u8,
    /// A power of two, and what is added to it.
    chunk_size: (u8, i8),
    length: Length,
    /// More or fewer bytes of digests than the length asks for.
    surplus: i8,
    digest: u8,
}

#[derive(Arbitrary, Debug)]
enum Length {
    /// In chunks, and more or fewer bytes.
    Chunks(u8, i8),
    Bytes(u64),
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    modelsig::fuzzing::chunk_index(input);
    if let Ok(index) = Index::arbitrary(&mut Unstructured::new(input)) {
        numbers(&index);
    }
});

/// An index is accepted exactly if its numbers fit.
fn numbers(index: &Index) {
    let hash = HashAlgorithm::ALL[usize::from(index.hash) % 3];
    let (power, added) = index.chunk_size;
    let chunk_size = (1u64 << (power % 40)).saturating_add_signed(added.into());
    let length = match index.length {
        Length::Chunks(chunks, more) => {
            chunk_size.saturating_mul(chunks.into()).saturating_add_signed(more.into())
        }
        Length::Bytes(bytes) => bytes,
    };
    let chunks = if length > chunk_size { u128::from(length).div_ceil(chunk_size.max(1).into()) } else { 0 };
    let expected = chunks * hash.digest_length() as u128;
    // Where more than some hundred digests are asked for, there are too few.
    let bytes = expected.min(9_600) as usize;
    let bytes = bytes.saturating_add_signed(index.surplus.into());
    let digests = base64(&vec![index.digest; bytes]);
    let text = format!(
        r#"{{"algorithm":"{hash}","chunk_size":{chunk_size},"length":{length},"digests":"{digests}"}}"#
    );
    let sizes = chunk_size.is_power_of_two() && (ChunkSize::MIN..=ChunkSize::MAX).contains(&chunk_size);
    let fits = sizes && bytes as u128 == expected;
    assert_eq!(modelsig::fuzzing::chunk_index(text.as_bytes()), fits, "{text}");
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().chain([&0; 2]).take(3).fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > group.len() { '=' } else { digit.into() });
        }
    }
    text
}
