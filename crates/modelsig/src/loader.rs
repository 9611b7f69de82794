//! What a verification yields: verified bytes of signed names. No accessor returns a path.

use std::io::Read;
use std::sync::Arc;

use modelsig_hash::{Engine, Plan, Source, Task};

use crate::Error;
use crate::cosign::CosignReport;
use crate::manifest::{Manifest, SignedFile};
use crate::model::{Model, TreeFile};
use crate::policy::Check;
use crate::report::Report;

/// A model whose signature, manifest, names and lengths hold. Content is checked as it is read.
///
/// Only [`Verifier::open`](crate::Verifier::open) makes one.
pub struct SignedModel {
    pub(crate) model: Arc<Model>,
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
        let bytes = bytes_of(&self.model, &present.tree, name)?;
        prove(&self.engine, &self.manifest.files[present.signed], self.check, name, &bytes)?;
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

    pub(crate) fn into_signed(self) -> SignedModel {
        self.0
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

/// A model that was verified against several bundles, enough of which hold.
///
/// Only [`Verifier::verify_several`](crate::Verifier::verify_several) makes one.
pub struct CosignedModel {
    pub(crate) model: Arc<Model>,
    pub(crate) engine: Engine,
    pub(crate) check: Check,
    /// What each bundle that holds says, and the files that are there for it, in code-point order. Never empty.
    pub(crate) signed: Vec<(Manifest, Vec<Present>)>,
    pub(crate) report: CosignReport,
}

impl CosignedModel {
    /// The names that every bundle that holds has signed, in code-point order. A single-file model has the name of
    /// its file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let (first, others) = match &self.signed[..] {
            [(_, first), others @ ..] => (first.as_slice(), others),
            [] => (&[][..], &[][..]),
        };
        let names = first.iter().map(|present| present.tree.name.as_str());
        names.filter(move |name| others.iter().all(|(_, files)| on_disk(files, name).is_some()))
    }

    /// The whole content of a file that every bundle that holds has signed, read once into memory of our own and
    /// checked there against each of them.
    ///
    /// # Errors
    /// [`Error::Missing`] for a name that one of them has not signed; otherwise as [`SignedModel::read`].
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let missing = || Error::Missing { path: name.into() };
        let files: Option<Vec<&Present>> =
            self.signed.iter().map(|(_, files)| on_disk(files, name)).collect();
        let files = files.ok_or_else(missing)?;
        let bytes = bytes_of(&self.model, &files.first().ok_or_else(missing)?.tree, name)?;
        for ((manifest, _), present) in self.signed.iter().zip(files) {
            prove(&self.engine, &manifest.files[present.signed], self.check, name, &bytes)?;
        }
        Ok(bytes)
    }

    /// What was found, bundle by bundle.
    pub fn report(&self) -> &CosignReport {
        &self.report
    }
}

fn on_disk<'p>(files: &'p [Present], name: &str) -> Option<&'p Present> {
    files.binary_search_by(|present| present.tree.name.as_str().cmp(name)).ok().map(|place| &files[place])
}

/// Reads a file into memory, which must have the length that it had.
fn bytes_of(model: &Model, tree: &TreeFile, name: &str) -> Result<Vec<u8>, Error> {
    let expected = tree.length;

    let file = model.open_file(tree).map_err(|error| Error::io("open", name, error))?;
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
    Ok(bytes)
}

/// Checks bytes in memory against what was signed.
fn prove(engine: &Engine, signed: &SignedFile, check: Check, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let mut plan = Plan::new();
    let task = Task::new(Source::from_bytes(bytes), signed.jobs(bytes.len() as u64, check));
    plan.push(task.map_err(|error| Error::from_hashing(name, error))?);
    let hashed = engine.run(&plan).pop().unwrap_or(Err(modelsig_hash::Error::Cancelled));
    signed.compare(check, &hashed.map_err(|error| Error::from_hashing(name, error))?.digests)
}

impl std::fmt::Debug for CosignedModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CosignedModel").field("report", &self.report).finish_non_exhaustive()
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
