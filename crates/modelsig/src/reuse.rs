//! Digests taken over from an older bundle of the same model, for files that were left alone since it was signed.
//!
//! The door is [`danger::reuse_digests`](crate::danger::reuse_digests). The signature of the old bundle must hold. A
//! file is hashed anew unless all of this holds: it is signed in the old bundle, not named as changed, not a
//! symbolic link; the settings are the same, so that all its digests can be taken over together; its
//! length is the signed one; and its modification *and* change time are strictly older than the modification time of
//! the old bundle. Refuses: an old bundle from the future, names of changed files that name nothing, and platforms
//! without change times.

use std::path::{Path, PathBuf};

use modelsig_hash::{ByteRange, ChunkSize, Chunks, HashAlgorithm};

use crate::bundle::Bundle;
use crate::manifest::{Manifest, Method, Proof};
use crate::model::{Model, ModelPath, Tree, TreeFile};
use crate::{Error, Limits, Trust, input, statement, trust};

/// An older bundle of the model, and what is known to have changed since.
#[derive(Clone, Debug)]
pub struct Reuse {
    bundle: PathBuf,
    trust: Trust,
    changed: Vec<ModelPath>,
}

impl Reuse {
    /// The bundle at a path, if it was signed by somebody trusted. It may be the one that is going to be replaced.
    pub fn new(bundle: &Path, trust: impl Into<Trust>) -> Self {
        Self { bundle: bundle.to_owned(), trust: trust.into(), changed: Vec::new() }
    }

    /// Names a file, or a folder with all that is below it, that is hashed anew whatever its times say.
    #[must_use]
    pub fn changed(mut self, path: ModelPath) -> Self {
        self.changed.push(path);
        self
    }
}

/// A file whose digests were taken over without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReusedFile {
    /// Its name inside the model.
    pub name: String,
    /// Its length, which was compared.
    pub bytes: u64,
}

/// What the new bundle is to say of each file.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) method: Method,
    pub(crate) hash: HashAlgorithm,
    pub(crate) chunks: Option<Chunks>,
    /// The fs-verity digest of each file.
    pub(crate) verity: bool,
}

/// The old bundle, its signature verified.
pub(crate) struct OldBundle {
    manifest: Manifest,
    changed: Vec<ModelPath>,
    written: Time,
}

impl OldBundle {
    pub(crate) fn open(reuse: &Reuse, model: &Model, limits: &Limits) -> Result<Self, Error> {
        let path = reuse.bundle.to_string_lossy().into_owned();
        if !cfg!(unix) {
            let what = "taking over digests, on a platform without change times,".into();
            return Err(Error::Unsupported { path, what });
        }
        let opened = model.open_bundle(&reuse.bundle)?;
        // Of the very file that is read.
        let written = opened.as_ref().ok().map(modelsig_hash::metadata);
        let text = input::read_bundle(&reuse.bundle, opened, limits)?;
        let written = written.transpose().map_err(|error| Error::io("stat", &path, error))?;
        let written =
            written.as_ref().and_then(Time::modified).ok_or(Error::BundleTime { path: path.clone() })?;
        if Time::now().is_none_or(|now| now < written) {
            return Err(Error::BundleTime { path });
        }
        let bundle = Bundle::parse(&path, text, limits)?;
        let (_, dialect) = trust::verify(&path, &bundle, &reuse.trust, false)?;
        let manifest = statement::parse(&path, bundle.envelope.payload(), dialect, limits)?;
        Ok(Self { manifest, changed: reuse.changed.clone(), written })
    }

    /// A changed path that names nothing is a slip of the pen, and another file is the changed one.
    pub(crate) fn check_changed(&self, tree: &Tree) -> Result<(), Error> {
        let names_something = |path: &ModelPath| {
            tree.files.iter().any(|file| is_at_or_below(&file.name, path))
                || self.manifest.covers(path.as_str())
        };
        match self.changed.iter().find(|path| !names_something(path)) {
            None => Ok(()),
            Some(path) => {
                let what = format!("'{path}' was named as changed, but nothing in the model has that name");
                Err(Error::Usage { what })
            }
        }
    }

    /// The chunk size of the old bundle, if it has one and it still fits: another one would mean to hash everything
    /// anew. It fits while the model has no more than four times as many chunks as are aimed at.
    pub(crate) fn chunk_size(&self, algorithm: HashAlgorithm, tree: &Tree) -> Option<ChunkSize> {
        let mut indexes = self.manifest.files.iter().filter_map(|file| match &file.proof {
            Proof::Whole { chunks, .. } => chunks.as_ref(),
            Proof::Shards(_) => None,
        });
        let size = indexes.next()?.chunk_size;
        if indexes.any(|index| index.chunk_size != size) {
            return None;
        }
        let chunks = tree.files.iter().filter(|file| file.length > size.bytes());
        let count = chunks.fold(0u64, |sum, file| sum.saturating_add(size.count(file.length)));
        let same_hash = self.manifest.files.iter().all(|file| match &file.proof {
            Proof::Whole { chunks: Some(chunks), .. } => chunks.algorithm == algorithm,
            _ => true,
        });
        (same_hash && count <= 4 * ChunkSize::TARGET_COUNT).then_some(size)
    }

    /// The signed digests of a file, if they can be taken over.
    pub(crate) fn proof(&self, model: &Model, file: &TreeFile, wanted: &Wanted) -> Option<Proof> {
        let old = &self.manifest.serialization;
        if (old.method, old.hash) != (wanted.method, wanted.hash) {
            return None;
        }
        let dot = || self.manifest.find(".").filter(|_| model.is_file());
        let signed = self.manifest.find(file.name.as_str()).or_else(dot)?;
        let same_form = match (&signed.proof, wanted.chunks) {
            (Proof::Whole { chunks: Some(index), verity, .. }, Some(chunks)) => {
                (index.chunk_size, index.algorithm) == (chunks.size, chunks.algorithm)
                    && (verity.is_some() || !wanted.verity)
            }
            // Without a chunk index there is no signed length to compare.
            (Proof::Whole { .. }, _) => false,
            (Proof::Shards(shards), _) => match wanted.method {
                Method::Shards { shard_size } => {
                    let ranges = ByteRange::whole(file.length).pieces(shard_size);
                    ranges.eq(shards.iter().map(|(range, _)| *range))
                }
                Method::Files => false,
            },
        };
        let named = self.changed.iter().any(|path| is_at_or_below(&file.name, path));
        let reusable =
            same_form && !named && signed.length() == Some(file.length) && self.is_older(model, file);
        let mut proof = reusable.then(|| signed.proof.clone());
        if let (Some(Proof::Whole { verity, .. }), false) = (&mut proof, wanted.verity) {
            *verity = None;
        }
        proof
    }

    /// Whether nobody has touched the file since the old bundle was written. Asked again when everything else has been
    /// hashed, which may take hours.
    pub(crate) fn is_older(&self, model: &Model, file: &TreeFile) -> bool {
        // Whatever keeps the file from being opened will be met again when it is hashed.
        let metadata = (!file.is_link())
            .then(|| model.open_file(file).and_then(|file| modelsig_hash::metadata(&file)).ok());
        let Some(metadata) = metadata.flatten().filter(std::fs::Metadata::is_file) else { return false };
        let older = |time: Option<Time>| time.is_some_and(|time| time.is_surely_before(self.written));
        metadata.len() == file.length && older(Time::modified(&metadata)) && older(Time::changed(&metadata))
    }
}

fn is_at_or_below(name: &ModelPath, path: &ModelPath) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    name.as_str().strip_prefix(path.as_str()).is_some_and(below)
}

/// Seconds and nanoseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Time {
    seconds: i64,
    nanoseconds: i64,
}

impl Time {
    #[cfg(unix)]
    fn modified(metadata: &std::fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self { seconds: metadata.mtime(), nanoseconds: metadata.mtime_nsec() })
    }

    #[cfg(unix)]
    fn changed(metadata: &std::fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self { seconds: metadata.ctime(), nanoseconds: metadata.ctime_nsec() })
    }

    #[cfg(not(unix))]
    fn modified(_: &std::fs::Metadata) -> Option<Self> {
        None
    }

    #[cfg(not(unix))]
    fn changed(_: &std::fs::Metadata) -> Option<Self> {
        None
    }

    fn now() -> Option<Self> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Self { seconds: i64::try_from(now.as_secs()).ok()?, nanoseconds: now.subsec_nanos().into() })
    }

    /// Strictly before, also when this time was rounded down: by 2 seconds at the most, where file systems keep no
    /// finer times (FAT, some network file systems).
    fn is_surely_before(self, other: Self) -> bool {
        let rounded = self.nanoseconds % 10_000_000 == 0;
        let latest = Self { seconds: self.seconds.saturating_add(if rounded { 2 } else { 0 }), ..self };
        latest < other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_may_have_been_rounded_needs_a_distance() {
        let time = |seconds, nanoseconds| Time { seconds, nanoseconds };
        for (this, other, expected) in [
            (time(10, 123_456_788), time(10, 123_456_789), true),
            (time(10, 123_456_789), time(10, 123_456_789), false),
            (time(10, 123_456_790), time(10, 123_456_789), false),
            (time(9, 999_999_999), time(10, 0), true),
            (time(10, 0), time(10, 500_000_000), false),
            (time(10, 0), time(12, 0), false),
            (time(10, 0), time(12, 1), true),
            (time(10, 10_000_000), time(12, 0), false),
            (time(i64::MAX, 0), time(i64::MAX, 0), false),
        ] {
            assert_eq!(this.is_surely_before(other), expected);
        }
    }

    #[test]
    fn a_path_covers_itself_and_what_is_below() {
        let path = |text| ModelPath::parse(text).unwrap();
        for (name, at, expected) in [
            ("a", "a", true),
            ("a/b", "a", true),
            ("a/b/c", "a/b", true),
            ("ab", "a", false),
            ("a.b", "a", false),
            ("a", "a/b", false),
        ] {
            assert_eq!(is_at_or_below(&path(name), &path(at)), expected, "{name} {at}");
        }
    }
}
