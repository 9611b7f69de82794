//! One SHA-256 in the making, and the bytes that are on their way into it.

use super::{Block, INITIAL, State};

const BLOCK: usize = size_of::<Block>();

/// One SHA-256 in the making.
#[derive(Clone)]
pub struct Stream {
    state: State,
    /// Bytes taken in so far.
    length: u64,
    /// A block that is still to be filled, or blocks of padding on their way.
    staged: [Block; 2],
    stage: Stage,
}

/// What stands in the staged blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The first bytes of a block: as many as the length says.
    Filling,
    /// One block of the message, complete.
    Full,
    /// The padding of section 5.1.1, from this block up to that one.
    Padding { from: usize, to: usize },
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream {
    /// A stream of no bytes.
    pub const fn new() -> Self {
        Self { state: INITIAL, length: 0, staged: [[0; BLOCK]; 2], stage: Stage::Filling }
    }

    /// The digest. `None` until the last bytes have been [absorbed](super::Kernels::absorb).
    pub fn digest(&self) -> Option<[u8; 32]> {
        let Stage::Padding { from, to } = self.stage else { return None };
        let mut digest = [0; 32];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        (from == to).then_some(digest)
    }

    fn filled(&self) -> usize {
        (self.length % BLOCK as u64) as usize
    }

    /// Takes bytes for the block that is being filled.
    fn fill<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let filled = self.filled();
        let (now, later) = bytes.split_at(bytes.len().min(BLOCK - filled));
        self.staged[0][filled..filled + now.len()].copy_from_slice(now);
        self.length = self.length.wrapping_add(now.len() as u64);
        if !now.is_empty() && self.filled() == 0 {
            self.stage = Stage::Full;
        }
        later
    }

    /// A one bit, zeros, and the length in bits.
    fn pad(&mut self) {
        let filled = self.filled();
        let staged = self.staged.as_flattened_mut();
        staged[filled] = 0x80;
        staged[filled + 1..].fill(0);
        let end = if filled < BLOCK - 8 { BLOCK } else { 2 * BLOCK };
        staged[end - 8..end].copy_from_slice(&self.length.wrapping_mul(8).to_be_bytes());
        self.stage = Stage::Padding { from: 0, to: end / BLOCK };
    }
}

/// Bytes on their way into a stream.
pub struct Feed<'a> {
    stream: &'a mut Stream,
    bytes: &'a [u8],
    is_last: bool,
}

impl<'a> Feed<'a> {
    /// The next bytes of the stream. `is_last` says that none follow them: when they are absorbed, the digest is there.
    pub fn new(stream: &'a mut Stream, bytes: &'a [u8], is_last: bool) -> Self {
        Self { stream, bytes, is_last }
    }

    /// Bytes that were not absorbed yet.
    pub fn remaining(&self) -> usize {
        self.bytes.len()
    }

    /// Makes blocks ready, if there are any left. False when all was absorbed.
    pub(super) fn prepare(&mut self) -> bool {
        match self.stream.stage {
            Stage::Full => true,
            Stage::Padding { from, to } => from < to,
            Stage::Filling => {
                if self.stream.filled() > 0 || self.bytes.len() < BLOCK {
                    self.bytes = self.stream.fill(self.bytes);
                }
                if self.stream.stage == Stage::Filling && self.bytes.is_empty() && self.is_last {
                    self.stream.pad();
                }
                self.stream.stage != Stage::Filling || self.bytes.len() >= BLOCK
            }
        }
    }

    /// The blocks that can be compressed now; never empty after [`Feed::prepare`] has said so.
    pub(super) fn blocks(&self) -> &[Block] {
        match self.stream.stage {
            Stage::Full => &self.stream.staged[..1],
            Stage::Padding { from, to } => &self.stream.staged[from..to],
            Stage::Filling => self.bytes.as_chunks().0,
        }
    }

    /// Takes the state after the first `count` of the ready blocks.
    pub(super) fn advance(&mut self, count: usize, state: State) {
        self.stream.state = state;
        match &mut self.stream.stage {
            stage @ Stage::Full => *stage = Stage::Filling,
            Stage::Padding { from, .. } => *from += count,
            Stage::Filling => {
                let absorbed = count * BLOCK;
                self.bytes = &self.bytes[absorbed..];
                self.stream.length = self.stream.length.wrapping_add(absorbed as u64);
            }
        }
    }

    pub(super) fn state(&self) -> State {
        self.stream.state
    }
}
