//! Bytes that were checked, and cannot change in ways that their rung of protection excludes.

use std::ops::{Deref, Range};
use std::sync::Arc;

use modelsig_hash::protect::{Memory, View};

use crate::{Checked, Protection, Tensor};

/// All bytes of a signed file, checked. Cheap to clone; the bytes live as long as the last clone.
#[derive(Clone, Debug)]
pub struct VerifiedFile {
    name: Arc<str>,
    held: Arc<Held>,
    protection: Protection,
    checked: Checked,
}

/// Where the bytes are.
#[derive(Debug)]
enum Held {
    Memory(Memory),
    View(View),
}

impl VerifiedFile {
    /// Only what was checked comes here.
    pub(super) fn in_memory(name: &str, memory: Memory, protection: Protection, checked: Checked) -> Self {
        Self { name: name.into(), held: Arc::new(Held::Memory(memory)), protection, checked }
    }

    /// Only what was checked comes here.
    pub(super) fn in_place(name: &str, view: View, protection: Protection, checked: Checked) -> Self {
        Self { name: name.into(), held: Arc::new(Held::View(view)), protection, checked }
    }

    /// The signed name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What keeps the bytes from changing.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// Which signed digests it was compared with.
    pub fn checked(&self) -> Checked {
        self.checked
    }

    /// Some of the bytes. `None` when the range, in bytes of the file, reaches out of it.
    pub fn slice(&self, range: Range<u64>) -> Option<VerifiedBytes> {
        let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
        self.get(range.clone())?;
        Some(VerifiedBytes { file: self.clone(), range })
    }

    /// The bytes in a vector: without a copy where they are in memory of their own and nobody else holds them.
    pub fn into_vec(self) -> Vec<u8> {
        match Arc::try_unwrap(self.held) {
            Ok(Held::Memory(memory)) => memory.into_vec(),
            Ok(Held::View(view)) => view.to_vec(),
            Err(held) => held.to_vec(),
        }
    }
}

impl Deref for Held {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Memory(memory) => memory,
            Self::View(view) => view,
        }
    }
}

impl Deref for VerifiedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.held
    }
}

impl AsRef<[u8]> for VerifiedFile {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Some bytes of a signed file, checked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct VerifiedBytes {
    /// What holds them: it begins where the checked parts begin, not where the file does.
    file: VerifiedFile,
    range: Range<usize>,
}

impl VerifiedBytes {
    /// `range` lies inside of what the file holds.
    pub(super) fn within(file: VerifiedFile, range: Range<usize>) -> Option<Self> {
        file.get(range.clone())?;
        Some(Self { file, range })
    }

    /// The signed name of the file that they are from.
    pub fn name(&self) -> &str {
        self.file.name()
    }

    /// What keeps them from changing.
    pub fn protection(&self) -> Protection {
        self.file.protection()
    }
}

impl Deref for VerifiedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // Checked when it was made; a file never gets shorter.
        self.file.get(self.range.clone()).unwrap_or_default()
    }
}

impl AsRef<[u8]> for VerifiedBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// A tensor as a verified header describes it, with its verified bytes. They begin at a multiple of the size of its elements only if
/// they do so in the file.
#[derive(Clone, Debug)]
pub struct VerifiedTensor {
    pub(super) tensor: Tensor,
    pub(super) bytes: VerifiedBytes,
}

impl VerifiedTensor {
    /// Name, type, shape and place.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// Its bytes.
    pub fn bytes(&self) -> &VerifiedBytes {
        &self.bytes
    }

    /// Both, for those who want to keep one of them.
    pub fn into_parts(self) -> (Tensor, VerifiedBytes) {
        (self.tensor, self.bytes)
    }
}

impl Deref for VerifiedTensor {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
