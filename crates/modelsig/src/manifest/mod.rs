//! The manifest (OMS spec 5.2): which files a model has, and the digests that prove them.
//!
//! Built only by reading a signed statement or by hashing a model; grouped by file and ordered by name.

mod chunk_index;
mod listing;
mod root_digest;
mod serialization;
mod shards;
mod verity;

use modelsig_hash::{
    ByteRange, Chunks, Digest, HashAlgorithm, Hashed, Job, JobDigest, Source, Task, VerityDigest,
};

use crate::Error;
use crate::model::ModelPath;
use crate::policy::Check;
use crate::report::Checked;
use crate::trust::Dialect;
pub use chunk_index::{CHUNK_INDEX, ChunkIndexFault};
pub(crate) use chunk_index::{ChunkIndex, JsonChunkIndex};
pub(crate) use listing::Listing;
#[cfg(feature = "sign")]
pub(crate) use root_digest::root_digest;
use root_digest::root_hasher;
pub use serialization::Method;
#[cfg(feature = "sign")]
pub(crate) use serialization::sharded_resources;
pub(crate) use serialization::{JsonSerialization, RecordedIgnore, Serialization};
pub(crate) use verity::JsonVerity;
pub use verity::{VERITY_DIGEST, VerityFault};

/// What a signed statement says about a model.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// The name the signer gave the model; informative.
    pub(crate) subject: String,
    pub(crate) root_digest: Digest,
    pub(crate) serialization: Serialization,
    /// In code-point order, each name once.
    pub(crate) files: Vec<SignedFile>,
    /// The resources were listed in the order of the specification.
    pub(crate) in_order: bool,
    /// Which statement it was read from.
    pub(crate) dialect: Dialect,
}

/// A file and what proves it.
#[derive(Clone, Debug)]
pub(crate) struct SignedFile {
    pub(crate) name: ModelPath,
    pub(crate) proof: Proof,
}

#[derive(Clone, Debug)]
pub(crate) enum Proof {
    Whole {
        digest: Digest,
        chunks: Option<ChunkIndex>,
        verity: Option<VerityDigest>,
    },
    /// Tiles the file from its start, in order.
    Shards(Vec<(ByteRange, Digest)>),
}

/// The parts of a file that have digests of their own. They tile it.
pub(crate) enum Parts<'m> {
    Chunks(&'m ChunkIndex),
    Shards(&'m [(ByteRange, Digest)]),
}

impl Parts<'_> {
    /// Those that have bytes of the range, in order.
    pub(crate) fn covering(&self, range: ByteRange) -> Vec<(ByteRange, Digest)> {
        let touches = |part: &(ByteRange, Digest)| part.0.start() < range.end();
        match self {
            _ if range.is_empty() => Vec::new(),
            Self::Chunks(index) => {
                let first = index.chunk_size.place_of(range.start());
                let chunks = (first..).map_while(|place| index.chunk(usize::try_from(place).ok()?));
                chunks.take_while(touches).collect()
            }
            Self::Shards(shards) => {
                let first = shards.partition_point(|(shard, _)| shard.end() <= range.start());
                shards.get(first..).unwrap_or_default().iter().copied().take_while(touches).collect()
            }
        }
    }
}

impl Manifest {
    pub(crate) fn find(&self, name: &str) -> Option<&SignedFile> {
        self.index_of(name).and_then(|index| self.files.get(index))
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.files.binary_search_by(|file| file.name.as_str().cmp(name)).ok()
    }

    /// True when `path` is a signed file or a folder with signed files.
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.find(path).is_some() || {
            let folder = format!("{path}/");
            let next = self.files.partition_point(|file| file.name.as_str() < folder.as_str());
            self.files.get(next).is_some_and(|file| file.name.as_str().starts_with(&folder))
        }
    }
}

impl SignedFile {
    /// The signed length in bytes, when chunk index or shards tell it.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.proof {
            Proof::Whole { chunks, .. } => chunks.as_ref().map(|chunks| chunks.length),
            Proof::Shards(shards) => shards.last().map(|(range, _)| range.end()),
        }
    }

    /// The signed fs-verity digest, which binds the length too.
    pub(crate) fn verity(&self) -> Option<VerityDigest> {
        match &self.proof {
            Proof::Whole { verity, .. } => *verity,
            Proof::Shards(_) => None,
        }
    }

    /// The part at a place: a shard or a chunk, with its digest. None past the last, and where only the whole is
    /// signed.
    pub(crate) fn part(&self, index: usize) -> Option<(ByteRange, Digest)> {
        match &self.proof {
            Proof::Shards(shards) => shards.get(index).copied(),
            Proof::Whole { chunks, .. } => chunks.as_ref()?.chunk(index),
        }
    }

    /// How `check` is carried out for this file.
    pub(crate) fn checked(&self, check: Check) -> Checked {
        match (&self.proof, check) {
            (Proof::Shards(_), _) => Checked::Shards,
            (Proof::Whole { chunks: Some(chunks), .. }, Check::Chunks) if chunks.has_digests() => {
                Checked::Chunks
            }
            (Proof::Whole { chunks: Some(chunks), .. }, Check::Both) if chunks.has_digests() => Checked::Both,
            (Proof::Whole { .. }, _) => Checked::Whole,
        }
    }

    /// What must be hashed of a file of `length` bytes, which is the signed length if there is one.
    pub(crate) fn jobs(&self, length: u64, check: Check) -> Vec<Job> {
        let job = |range, algorithm, chunks| Job { range, algorithm, chunks };
        match (&self.proof, self.checked(check)) {
            (Proof::Shards(shards), _) => {
                shards.iter().map(|(range, digest)| job(*range, digest.algorithm(), None)).collect()
            }
            (Proof::Whole { chunks: Some(chunks), .. }, Checked::Chunks) => {
                chunks.chunks().map(|(range, _)| job(range, chunks.algorithm, None)).collect()
            }
            (Proof::Whole { digest, chunks: Some(chunks), .. }, Checked::Both) => {
                let by_chunk = Chunks { size: chunks.chunk_size, algorithm: chunks.algorithm };
                vec![job(ByteRange::whole(length), digest.algorithm(), Some(by_chunk))]
            }
            (Proof::Whole { digest, .. }, _) => vec![job(ByteRange::whole(length), digest.algorithm(), None)],
        }
    }

    /// The task of checking a source of `length` bytes.
    pub(crate) fn task<'s>(
        &self,
        source: Source<'s>,
        length: u64,
        check: Check,
    ) -> Result<Task<'s>, modelsig_hash::Error> {
        let task = Task::new(source, self.jobs(length, check))?;
        Ok(if self.computes_verity(check) { task.with_verity() } else { task })
    }

    /// The verdict on what came of such a task.
    pub(crate) fn judge(&self, check: Check, hashed: &Hashed) -> Result<(), Error> {
        self.compare(check, &hashed.digests)?;
        if self.computes_verity(check) { self.compare_verity(hashed.verity) } else { Ok(()) }
    }

    /// The signed parts of the file, for those who check only some of it. `None` where `check` wants the whole digest,
    /// or nothing else is signed.
    pub(crate) fn parts(&self, check: Check) -> Option<Parts<'_>> {
        match (&self.proof, self.checked(check)) {
            (Proof::Shards(shards), _) => Some(Parts::Shards(shards)),
            (Proof::Whole { chunks: Some(chunks), .. }, Checked::Chunks) => Some(Parts::Chunks(chunks)),
            _ => None,
        }
    }

    /// The hash function of its whole digest, if there is one.
    pub(crate) fn whole_algorithm(&self) -> Option<HashAlgorithm> {
        match &self.proof {
            Proof::Whole { digest, .. } => Some(digest.algorithm()),
            Proof::Shards(_) => None,
        }
    }

    /// The comparison for the whole file.
    pub(crate) fn compare_whole(&self, found: &Digest) -> Result<(), Error> {
        let damaged = Damage::new(&self.name);
        match &self.proof {
            Proof::Whole { digest, .. } => damaged.whole(digest, found),
            Proof::Shards(_) => Err(damaged.not_computed()),
        }
    }

    /// The comparison for parts of the file, with as many digests as parts.
    pub(crate) fn compare_parts<'d>(
        &self,
        expected: impl Iterator<Item = (ByteRange, Digest)>,
        found: impl Iterator<Item = &'d Digest>,
    ) -> Result<(), Error> {
        Damage::new(&self.name).in_parts(expected, found)
    }

    /// True when `check` also computes the fs-verity digest: whoever wants every list compared wants this one too.
    pub(crate) fn computes_verity(&self, check: Check) -> bool {
        check == Check::Both && self.verity().is_some()
    }

    /// Compares an fs-verity digest, measured or computed, with the signed one.
    pub(crate) fn compare_verity(&self, found: Option<VerityDigest>) -> Result<(), Error> {
        let damaged = Damage::new(&self.name);
        let (Some(expected), Some(found)) = (self.verity(), found) else {
            return Err(damaged.not_computed());
        };
        if expected == found {
            Ok(())
        } else {
            Err(damaged.mismatch(expected.tagged(), found.tagged(), Vec::new()))
        }
    }

    /// The one comparison of digests: whether what the jobs found is what was signed.
    pub(crate) fn compare(&self, check: Check, found: &[JobDigest]) -> Result<(), Error> {
        let damaged = Damage::new(&self.name);
        match (&self.proof, self.checked(check)) {
            (Proof::Shards(shards), _) => {
                damaged.in_parts(shards.iter().copied(), found.iter().map(|job| &job.digest))
            }
            (Proof::Whole { chunks: Some(chunks), .. }, Checked::Chunks) => {
                damaged.in_parts(chunks.chunks(), found.iter().map(|job| &job.digest))
            }
            (Proof::Whole { digest, chunks, .. }, _) => {
                let [whole] = found else { return Err(damaged.not_computed()) };
                if let Some(chunks) = chunks.as_ref().filter(|_| self.checked(check) == Checked::Both) {
                    damaged.in_parts(chunks.chunks(), whole.chunks.iter())?;
                }
                damaged.whole(digest, &whole.digest)
            }
        }
    }

    /// The same comparison for some parts, in order.
    pub(crate) fn compare_places(&self, parts: &[usize], found: &[JobDigest]) -> Result<(), Error> {
        let parts = parts.iter().filter_map(|part| self.part(*part));
        self.compare_parts(parts, found.iter().map(|job| &job.digest))
    }

    /// The same comparison for one job of a run that is still going on.
    pub(crate) fn compare_one(&self, check: Check, job: usize, found: &JobDigest) -> Result<(), Error> {
        match self.checked(check) {
            Checked::Shards | Checked::Chunks => self.compare_places(&[job], std::slice::from_ref(found)),
            Checked::Whole | Checked::Both | Checked::FsVerity => {
                self.compare(check, std::slice::from_ref(found))
            }
        }
    }
}

/// Compares digests of one file and words the difference.
struct Damage<'n>(&'n ModelPath);

impl<'n> Damage<'n> {
    fn new(name: &'n ModelPath) -> Self {
        Self(name)
    }

    fn whole(&self, expected: &Digest, found: &Digest) -> Result<(), Error> {
        if expected == found {
            Ok(())
        } else {
            Err(self.mismatch(expected.tagged(), found.tagged(), Vec::new()))
        }
    }

    /// Part by part; as many digests must have been computed as were signed.
    fn in_parts<'d>(
        &self,
        expected: impl Iterator<Item = (ByteRange, Digest)>,
        mut found: impl Iterator<Item = &'d Digest>,
    ) -> Result<(), Error> {
        let mut first: Option<(Digest, Digest)> = None;
        let mut ranges: Vec<ByteRange> = Vec::new();
        for (range, expected) in expected {
            let found = found.next().ok_or_else(|| self.not_computed())?;
            if expected == *found {
                continue;
            }
            first.get_or_insert((expected, *found));
            match ranges.last_mut() {
                // Neighbours are told as one range.
                Some(last) if last.end() == range.start() => {
                    *last = ByteRange::new(last.start(), range.end()).unwrap_or(range);
                }
                _ => ranges.push(range),
            }
        }
        match (first, found.next()) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(self.not_computed()),
            (Some((expected, found)), _) => Err(self.mismatch(expected.tagged(), found.tagged(), ranges)),
        }
    }

    fn mismatch(&self, expected: String, found: String, ranges: Vec<ByteRange>) -> Error {
        Error::DigestMismatch { path: self.0.to_string(), expected, found, ranges, tensors: Vec::new() }
    }

    fn not_computed(&self) -> Error {
        Error::Internal { what: format!("not every digest of {} was computed", self.0) }
    }
}

/// The identifier of a hash function in `hash_type` and `algorithm`.
pub(crate) fn hash_named(id: &str) -> Result<HashAlgorithm, crate::statement::StatementFault> {
    id.parse()
        .map_err(|_| crate::statement::StatementFault::UnknownHash { found: id.chars().take(64).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: [u8; 32] = [7; 32];
    const SIZE: u64 = 65_536;
    const END: u64 = 2 * SIZE + 900;

    fn range(start: u64, end: u64) -> ByteRange {
        ByteRange::new(start, end).unwrap()
    }

    /// What has none of the bytes is not read.
    #[test]
    fn parts_that_cover_a_range() {
        let digest = Digest::from_bytes(HashAlgorithm::Sha256, &DIGEST).unwrap();
        let shards =
            [(range(0, SIZE), digest), (range(SIZE, 2 * SIZE), digest), (range(2 * SIZE, END), digest)];
        let size = modelsig_hash::ChunkSize::new(SIZE).unwrap();
        let index = ChunkIndex::new(HashAlgorithm::Sha256, size, END, &[digest; 3]);
        for (wanted, covering) in [
            (range(0, 0), 0..0),
            (range(70_000, 70_000), 0..0),
            (range(0, 1), 0..1),
            (range(SIZE - 1, SIZE), 0..1),
            (range(SIZE - 1, SIZE + 1), 0..2),
            (range(SIZE, 2 * SIZE), 1..2),
            (range(2 * SIZE - 1, END), 1..3),
            (range(0, END), 0..3),
        ] {
            for parts in [Parts::Shards(&shards), Parts::Chunks(&index)] {
                assert_eq!(parts.covering(wanted), shards[covering.clone()], "{wanted}");
            }
        }
    }
}
