//! A signed file that comes byte by byte: refused at the first chunk or shard that is not what was signed, while the
//! rest is still on its way.

use modelsig_hash::protect::verity::VerityHasher;
use modelsig_hash::{ByteRange, Digest, Hasher};

use super::open::same_length;
use crate::manifest::SignedFile;
use crate::policy::Check;
use crate::report::Checked;
use crate::{Error, ErrorKind, Limits};

/// Checks a signed file while it arrives. What it was given counts as verified only up to
/// [`verified`](ResourceStream::verified), and all of it only after [`finish`](ResourceStream::finish): until then
/// nobody should use it.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let verifier = modelsig::Verifier::new(modelsig::PublicKey::from_file("key.pub.pem".as_ref())?);
/// # let mut download = std::io::empty();
/// use std::io::Read;
/// use std::path::Path;
///
/// let model = verifier.open_resources(Path::new("model.sig"), [])?;
/// let mut stream = model.stream("weights.safetensors")?;
/// let mut buffer = vec![0; 1 << 20];
/// loop {
///     match download.read(&mut buffer)? {
///         0 => break,
///         count => stream.update(&buffer[..count])?,
///     }
/// }
/// stream.finish()?;
/// # Ok(())
/// # }
/// ```
pub struct ResourceStream {
    file: SignedFile,
    check: Check,
    limits: Limits,
    /// Bytes that came.
    position: u64,
    verified: u64,
    /// Of the whole file, where that is to be compared.
    whole: Option<Hasher>,
    /// Of the part that is under way, where there are parts to compare.
    part: Option<Part>,
    /// The next part.
    next: usize,
    verity: Option<VerityHasher>,
    /// It was found bad.
    refused: Option<ErrorKind>,
}

struct Part {
    range: ByteRange,
    expected: Digest,
    hasher: Hasher,
}

impl ResourceStream {
    pub(super) fn new(file: SignedFile, check: Check, limits: Limits) -> Result<Self, Error> {
        limits.allow_model(file.name.as_str(), file.length().unwrap_or(0))?;
        let checked = file.checked(check);
        let whole = match checked {
            Checked::Whole | Checked::Both | Checked::FsVerity => file.whole_algorithm(),
            Checked::Chunks | Checked::Shards => None,
        };
        let hasher = |algorithm| {
            Hasher::new(algorithm).map_err(|error| Error::from_hashing(file.name.as_str(), error))
        };
        let whole = whole.map(hasher).transpose()?;
        let verity = file.computes_verity(check).then(VerityHasher::new);
        let mut stream = Self {
            file,
            check,
            limits,
            position: 0,
            verified: 0,
            whole,
            part: None,
            next: 0,
            verity,
            refused: None,
        };
        stream.begin_part()?;
        Ok(stream)
    }

    /// The signed name.
    pub fn name(&self) -> &str {
        self.file.name.as_str()
    }

    /// The signed length in bytes, where chunk index or shards tell it.
    pub fn length(&self) -> Option<u64> {
        self.file.length()
    }

    /// How many bytes from the start on are proven to be the signed ones: whole chunks or shards, and everything after
    /// [`finish`](ResourceStream::finish) alone where only the whole file is signed.
    pub fn verified(&self) -> u64 {
        self.verified
    }

    /// The next bytes of the file.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`] with the range that is bad, [`Error::Grown`] for bytes after the end. Then the stream
    /// stays refused. [`Error::Limit`] for more bytes than a model may have, where their number is not signed: none of
    /// them is taken.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.not_refused()?;
        if self.file.length().is_none() {
            self.limits.allow_model(self.name(), self.position.saturating_add(bytes.len() as u64))?;
        }
        // Whatever happens in between, a panic too: what was not looked at to the end was not found good.
        self.refused = Some(ErrorKind::Internal);
        let result = self.take(bytes);
        self.remember(result)
    }

    /// The end of the file, and its length in bytes. Only now all of it is known to be what was signed.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::DigestMismatch`].
    pub fn finish(mut self) -> Result<u64, Error> {
        self.not_refused()?;
        self.conclude()?;
        Ok(self.verified)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let position = self.position.saturating_add(bytes.len() as u64);
        // Nothing is hashed of what cannot be right.
        if let Some(length) = self.file.length().filter(|length| position > *length) {
            same_length(self.file.name.as_str(), length, position)?;
        }
        if let Some(whole) = &mut self.whole {
            whole.update(bytes);
        }
        if let Some(verity) = &mut self.verity {
            verity.update(bytes);
        }
        let mut rest = bytes;
        while let Some(part) = &mut self.part {
            let wanted =
                usize::try_from(part.range.end().saturating_sub(self.position)).unwrap_or(usize::MAX);
            let Some((now, later)) = rest.split_at_checked(wanted) else {
                part.hasher.update(rest);
                self.position = self.position.saturating_add(rest.len() as u64);
                return Ok(());
            };
            part.hasher.update(now);
            self.position = part.range.end();
            rest = later;
            self.end_part()?;
        }
        self.position = position;
        Ok(())
    }

    /// The one comparison of digests decides, for a part as for the whole.
    fn end_part(&mut self) -> Result<(), Error> {
        if let Some(Part { range, expected, hasher }) = self.part.take() {
            let found = hasher.finalize();
            self.file.compare_parts(std::iter::once((range, expected)), std::iter::once(&found))?;
            self.verified = range.end();
        }
        self.begin_part()
    }

    fn begin_part(&mut self) -> Result<(), Error> {
        if !matches!(self.file.checked(self.check), Checked::Chunks | Checked::Both | Checked::Shards) {
            return Ok(());
        }
        let next = self.file.part(self.next);
        self.next = self.next.saturating_add(1);
        let part = next.map(|(range, expected)| {
            let hasher = Hasher::new(expected.algorithm());
            hasher.map(|hasher| Part { range, expected, hasher })
        });
        self.part = part.transpose().map_err(|error| Error::from_hashing(self.file.name.as_str(), error))?;
        Ok(())
    }

    fn conclude(&mut self) -> Result<(), Error> {
        let name = self.file.name.as_str();
        same_length(name, self.file.length().unwrap_or(self.position), self.position)?;
        // A last part of no bytes, if there is one.
        if self.part.as_ref().is_some_and(|part| part.range.end() == self.position) {
            self.end_part()?;
        }
        if self.part.is_some() {
            return Err(Error::Internal { what: format!("a part of {} was left unchecked", self.name()) });
        }
        if let Some(whole) = self.whole.take() {
            self.file.compare_whole(&whole.finalize())?;
        }
        if self.file.computes_verity(self.check) {
            self.file.compare_verity(self.verity.take().and_then(VerityHasher::finalize))?;
        }
        self.verified = self.position;
        Ok(())
    }

    fn remember(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        self.refused = result.as_ref().err().map(Error::kind);
        result
    }

    /// What was refused stays so, with the same kind of error.
    fn not_refused(&self) -> Result<(), Error> {
        let path = || self.file.name.to_string();
        match self.refused {
            None => Ok(()),
            Some(ErrorKind::Mismatch) => Err(Error::StreamRefused { path: path() }),
            Some(kind) => Err(Error::Internal {
                what: format!("the stream of {} has failed: {}", path(), kind.outcome().name),
            }),
        }
    }
}

impl std::fmt::Debug for ResourceStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResourceStream")
            .field("name", &self.name())
            .field("position", &self.position)
            .field("verified", &self.verified)
            .finish_non_exhaustive()
    }
}
