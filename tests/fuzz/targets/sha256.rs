//! Every SHA-256 kernel of this machine against the `sha2` crate: messages of any lengths, fed in any pieces.
#![no_main]

use modelsig::hash::HashAlgorithm;
use modelsig::hash::sha256::{Feed, Kernel, Kernels, Stream};

/// More streams than the widest kernel has lanes.
const STREAMS: usize = 20;

libfuzzer_sys::fuzz_target!(|input: (Vec<u16>, Vec<u16>, Vec<u8>)| {
    let (lengths, pieces, text) = input;
    if lengths.is_empty() || text.is_empty() {
        return;
    }
    // The text over and over again, so that a short input makes long messages.
    let message = |(lane, &length): (usize, &u16)| -> Vec<u8> {
        text.iter().copied().cycle().skip(lane).take(usize::from(length) % 5000).collect()
    };
    let messages: Vec<Vec<u8>> = lengths.iter().take(STREAMS).enumerate().map(message).collect();
    for kernels in Kernel::ALL.into_iter().filter_map(Kernels::only).chain([Kernels::detect().clone()]) {
        let mut piece = pieces.iter().map(|&piece| usize::from(piece)).chain(std::iter::repeat(usize::MAX));
        let mut streams = vec![Stream::new(); messages.len()];
        let mut rests: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        while streams.iter().any(|stream| stream.digest().is_none()) {
            let (mut counts, mut feeds) = (Vec::new(), Vec::new());
            for (stream, rest) in streams.iter_mut().zip(&rests) {
                let count = piece.next().unwrap_or(usize::MAX).min(rest.len());
                counts.push(count);
                feeds.push(Feed::new(stream, &rest[..count], count == rest.len()));
            }
            kernels.absorb(&mut feeds, pieces.len() % 2 == 0);
            let absorbed: Vec<usize> =
                feeds.iter().zip(counts).map(|(feed, count)| count - feed.remaining()).collect();
            for (rest, absorbed) in rests.iter_mut().zip(absorbed) {
                *rest = &rest[absorbed..];
            }
        }
        for (stream, message) in streams.iter().zip(&messages) {
            let expected = HashAlgorithm::Sha256.digest(message).unwrap();
            assert_eq!(
                stream.digest().as_ref().map(|digest| &digest[..]),
                Some(expected.as_bytes()),
                "{kernels}"
            );
        }
    }
});
