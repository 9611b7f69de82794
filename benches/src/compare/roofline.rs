//! What the machine could do at best: how fast memory is read, and how fast the `sha2` crate hashes one stream.
//!
//! Taken once in each round, so that what slows the rows slows this too.

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::Result;
use crate::median::median;

/// One thing that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// One thread adds up 64-bit words of a buffer that no cache holds.
    MemoryOne,
    /// All threads, each a part of it.
    MemoryAll,
    /// One stream of SHA-256 over a buffer that L2 holds.
    Sha256,
    /// One thread reads a file in the page cache into 64 KiB.
    Read,
}

impl Limit {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MemoryOne => "roofline memory one thread",
            Self::MemoryAll => "roofline memory all threads",
            Self::Sha256 => "roofline sha256 one stream",
            Self::Read => "roofline pread one thread",
        }
    }
}

/// The median of several passes over so many bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    pub(crate) limit: Limit,
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
}

const MEMORY: usize = 256 << 20;
const STREAM: usize = 1 << 20;
const BUFFER: usize = 64 << 10;
/// Bytes of a file at most that are read in a pass.
const FILE: u64 = 256 << 20;

/// Measures everything; reading only where there is a file in the page cache.
pub(crate) fn measure(threads: usize, file: Option<&Path>) -> Result<Vec<Pass>> {
    let mut passes = memory(threads);
    passes.push(sha256());
    if let Some(file) = file {
        passes.push(read(&File::open(file)?)?);
    }
    Ok(passes)
}

fn memory(threads: usize) -> Vec<Pass> {
    // Not zeros: those would all be one page.
    let words: Vec<u64> = (0..(MEMORY / 8) as u64).collect();
    [(Limit::MemoryOne, 1), (Limit::MemoryAll, threads)]
        .map(|(limit, threads)| {
            let seconds = timed(5, || {
                thread::scope(|scope| {
                    for part in words.chunks(words.len().div_ceil(threads)) {
                        scope.spawn(move || black_box(sum(black_box(part))));
                    }
                });
            });
            Pass { limit, bytes: MEMORY as u64, seconds }
        })
        .into()
}

/// With several sums, or the additions would wait for each other and not for the memory.
fn sum(words: &[u64]) -> u64 {
    let mut sums = [0u64; 32];
    for block in words.chunks_exact(sums.len()) {
        for (sum, word) in sums.iter_mut().zip(block) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sums.into_iter().fold(0, u64::wrapping_add)
}

fn sha256() -> Pass {
    let stream = vec![0xa5u8; STREAM];
    let seconds = timed(100, || {
        black_box(Sha256::digest(black_box(&stream[..])));
    });
    Pass { limit: Limit::Sha256, bytes: STREAM as u64, seconds }
}

fn read(file: &File) -> Result<Pass> {
    let bytes = file.metadata()?.len().min(FILE);
    let mut buffer = vec![0; BUFFER];
    let mut failed = None;
    let seconds = timed(3, || {
        let mut offset = 0;
        while offset < bytes {
            let length = (bytes - offset).min(BUFFER as u64);
            let part = &mut buffer[..length as usize];
            if let Err(error) = file.read_exact_at(part, offset) {
                failed = Some(error);
                break;
            }
            black_box(part);
            offset += length;
        }
    });
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(Pass { limit: Limit::Read, bytes, seconds }),
    }
}

/// The median of the seconds that `passes` passes take.
fn timed(passes: usize, mut pass: impl FnMut()) -> f64 {
    let seconds = (0..passes).map(|_| {
        let began = Instant::now();
        pass();
        began.elapsed().as_secs_f64()
    });
    median(seconds)
}
