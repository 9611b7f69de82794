//! What a verification yields: verified bytes of signed names. No accessor returns a path.

use std::io::Read;

use modelsig_hash::{Engine, Plan, Source, Task};

use crate::Error;
use crate::manifest::Manifest;
use crate::model::{Model, TreeFile};
use crate::policy::Check;
use crate::report::Report;

/// A model whose signature, manifest, names and lengths hold. Content is checked as it is read.
///
/// Only [`Verifier::open`](crate::Verifier::open) makes one.
pub struct SignedModel {
    pub(crate) model: Model,
    pub(crate) manifest: Manifest,
    /// The signed files that are there with the right length, in code-point order.
    pub(crate) present: Vec<Present>,
    pub(crate) report: Report,
    pub(crate) engine: Engine,
    pub(crate) check: Check,
}

/// A signed file that is there.
pub(crate) struct Present {
    /// Index into the files of the manifest.
    pub(crate) signed: usize,
    pub(crate) tree: TreeFile,
    /// Index into the files of the report.
    pub(crate) report: usize,
}

/// A model of which every byte was checked.
///
/// Only [`Verifier::verify`](crate::Verifier::verify) makes one. The files on disk may change afterwards, so
/// [`VerifiedModel::read`] checks again what it hands out.
pub struct VerifiedModel(SignedModel);

impl SignedModel {
    /// Turns problems in the report into the error.
    pub(crate) fn accept(self) -> Result<Self, Error> {
        if self.report.problems().next().is_some() {
            Err(Error::Rejected(Box::new(self.report)))
        } else {
            Ok(self)
        }
    }

    /// The names of the signed files, in code-point order. A single-file model signed as `.` has that name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.manifest.files.iter().map(|file| file.name.as_str())
    }

    /// The whole content of a signed file, read once into memory of our own and checked there: what is returned is
    /// what was signed, whoever changes the file meanwhile.
    ///
    /// # Errors
    /// [`Error::Missing`] for a name that is not signed; [`Error::DigestMismatch`], [`Error::Truncated`],
    /// [`Error::Grown`] or [`Error::Io`] when the file is not what was signed or cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let missing = || Error::Missing { path: name.into() };
        let find = |present: &Present| self.manifest.files[present.signed].name.as_str().cmp(name);
        let present =
            self.present.binary_search_by(find).map(|index| &self.present[index]).map_err(|_| missing())?;
        let signed = &self.manifest.files[present.signed];
        let expected = present.tree.length;

        let file = self.model.open_file(&present.tree).map_err(|error| Error::io("open", name, error))?;
        let metadata = file.metadata().map_err(|error| Error::io("stat", name, error))?;
        if !metadata.is_file() {
            return Err(Error::SpecialFile {
                path: name.into(),
                what: crate::model::kind_of(metadata.file_type()),
            });
        }
        let length = |found: u64| match found.cmp(&expected) {
            std::cmp::Ordering::Less => Err(Error::Truncated { path: name.into(), expected, found }),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(Error::Grown { path: name.into(), expected, found }),
        };
        length(metadata.len())?;
        let mut bytes = Vec::new();
        let room = usize::try_from(expected).ok().and_then(|room| bytes.try_reserve_exact(room).ok());
        if room.is_none() {
            let source = std::io::ErrorKind::OutOfMemory.into();
            return Err(Error::Io { operation: "hold in memory", path: name.into(), source });
        }
        file.take(expected.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| Error::io("read", name, error))?;
        length(bytes.len() as u64)?;

        let mut plan = Plan::new();
        let task = Task::new(Source::from_bytes(&bytes), signed.jobs(expected, self.check));
        plan.push(task.map_err(|error| Error::from_hashing(name, error))?);
        let hashed = self.engine.run(&plan).pop().unwrap_or(Err(modelsig_hash::Error::Cancelled));
        drop(plan);
        signed.compare(self.check, &hashed.map_err(|error| Error::from_hashing(name, error))?.digests)?;
        Ok(bytes)
    }

    /// What was found so far.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl VerifiedModel {
    /// Seals a model whose every file was checked without a problem.
    pub(crate) fn new(mut signed: SignedModel) -> Result<Self, Error> {
        if signed.report.files.iter().any(|file| file.checked.is_none()) {
            return Err(Error::Internal { what: "a file was left unchecked".into() });
        }
        signed.report.complete = true;
        Ok(Self(signed))
    }

    /// As [`SignedModel::names`].
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// As [`SignedModel::read`]: the file is read again and checked in memory.
    ///
    /// # Errors
    /// As [`SignedModel::read`].
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        self.0.read(name)
    }

    /// What was found.
    pub fn report(&self) -> &Report {
        self.0.report()
    }
}

impl std::fmt::Debug for SignedModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedModel").field("report", &self.report).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for VerifiedModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("VerifiedModel").field(&self.0.report).finish()
    }
}
