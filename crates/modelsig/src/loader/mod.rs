//! What a verification yields: verified bytes of signed names. No accessor returns a path.
//!
//! ```text
//! SignedModel ─▶ rung (who could still write?) ─▶ load   whole files    ─▶ VerifiedFile
//!                                              ├▶ fd     whole files    ─▶ VerifiedFd
//!                state (what was checked)     ─└▶ parts  chunks, shards ─▶ VerifiedBytes, VerifiedReader, VerifiedTensor
//! ```

mod cosigned;
#[cfg(unix)]
mod fd;
mod load;
mod open;
mod parts;
mod reader;
mod rung;
mod selection;
mod state;
mod stream;
mod tensors;
mod verified;

use std::ops::{Deref, Range};
use std::sync::{Arc, Mutex};

use modelsig_hash::{Access, ByteRange, Engine, Plan};

use crate::manifest::{Manifest, SignedFile};
use crate::model::{Model, TreeFile};
use crate::policy::Check;
use crate::report::{FileReport, PartReport, Report};
use crate::{Error, Limits, Policy, Protection, events};

pub use cosigned::CosignedModel;
#[cfg(unix)]
pub use fd::VerifiedFd;
pub(crate) use open::same_length;
pub use reader::VerifiedReader;
pub(crate) use rung::Learned;
pub use selection::Selection;
pub(crate) use state::State;
pub use stream::ResourceStream;
pub(crate) use tensors::Directory;
pub use tensors::ModelTensor;
pub(crate) use tensors::Stop;
pub use verified::{VerifiedBytes, VerifiedFile, VerifiedTensor};

/// A model whose signature, manifest, names and lengths hold. Content is checked as it is handed out.
///
/// [`Verifier::open`](crate::Verifier::open) and [`Verifier::open_resources`](crate::Verifier::open_resources) make
/// one. It can be used by many threads at once. Nothing but signed names can be reached through it, and what it hands
/// out stands on a [`Protection`] that the [`Policy`] accepts.
pub struct SignedModel {
    pub(crate) model: Arc<Model>,
    pub(crate) manifest: Manifest,
    /// The signed files that are there with the right length, in code-point order.
    pub(crate) present: Vec<Present>,
    pub(crate) report: Report,
    pub(crate) engine: Engine,
    pub(crate) check: Check,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) access: Access,
    pub(crate) learned: Learned,
    pub(crate) directory: Mutex<Option<Arc<Directory>>>,
}

/// A signed file that is there.
pub(crate) struct Present {
    /// Index into the files of the manifest.
    pub(crate) signed: usize,
    pub(crate) tree: TreeFile,
    /// Index into the files of the report.
    pub(crate) report: usize,
    /// What was checked of it.
    pub(crate) state: State,
}

impl Present {
    /// What is signed of it.
    #[expect(clippy::indexing_slicing, reason = "the place was counted in this list, which stays as it is")]
    pub(crate) fn signed_in<'m>(&self, manifest: &'m Manifest) -> &'m SignedFile {
        &manifest.files[self.signed]
    }

    /// What is reported of it.
    #[expect(
        clippy::indexing_slicing,
        reason = "the place was counted in this list, which never gets shorter"
    )]
    pub(crate) fn report_in<'r>(&self, report: &'r mut Report) -> &'r mut FileReport {
        &mut report.files[self.report]
    }
}

/// A model of which every byte was checked; where its resources
/// [lie in no folder](crate::Verifier::open_resources), every byte of those that the caller gave.
///
/// [`Verifier::verify`](crate::Verifier::verify), [`Verifier::verify_resources`](crate::Verifier::verify_resources),
/// `Verifier::protect` and [`SignedModel::load_all`] make one. It can do all that a [`SignedModel`] can. After
/// `load_all` it hands out what was loaded. After the others nothing is held: files may change on disk, so what it
/// hands out is read and checked again.
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

    /// The length of a signed file in bytes: as it was found, or, of one that the caller did not give, as it was
    /// signed.
    ///
    /// # Errors
    /// [`Error::Unsigned`] for a name that is not signed; [`Error::Missing`] when nothing tells the length.
    pub fn length(&self, name: &str) -> Result<u64, Error> {
        let signed = self.signed_file(name)?;
        match self.find(name) {
            Ok(present) => Ok(present.tree.length),
            Err(missing) => signed.length().ok_or(missing),
        }
    }

    /// The whole content of a signed file. What fs-verity guards is mapped; everything else is read once into memory of
    /// our own and hashed there, or into a sealed copy where the policy demands more. A file that the policy lets
    /// nobody copy is cloned, or used in place if the policy accepts that. Files up to 1 MiB are always copied.
    ///
    /// # Errors
    /// [`Error::Unsigned`] for a name that is not signed, [`Error::Missing`] for one that the caller has given no content
    /// for; [`Error::DigestMismatch`], [`Error::Truncated`], [`Error::Grown`],
    /// [`Error::Changed`] or [`Error::Io`] when the file is not what was signed or cannot be read; [`Error::Protection`] when
    /// it cannot be protected as the policy demands.
    pub fn get(&self, name: &str) -> Result<VerifiedFile, Error> {
        let present = self.find(name)?;
        match present.state.kept() {
            Some(file) => Ok(file),
            None => self.load(&[present]).pop().unwrap_or(Err(Error::Cancelled)),
        }
    }

    /// Some bytes of a signed file: only the chunks or shards that they are in are read, into memory of our own, and
    /// checked there.
    ///
    /// Where neither chunks nor shards are signed, or the policy asks for [`Check::Whole`] or [`Check::Both`], the
    /// first access to a file hashes all of it, and makes an index in memory against which later ones are checked;
    /// files up to 4 MiB are read whole each time. Under a policy that demands more than [`Protection::Private`] the
    /// whole file is brought on its rung first, once, and stays there as long as the model.
    ///
    /// # Errors
    /// As [`SignedModel::get`]; [`Error::OutOfRange`] when the range, in bytes of the file, is none or reaches out of it.
    pub fn range(&self, name: &str, range: Range<u64>) -> Result<VerifiedBytes, Error> {
        let present = self.find(name)?;
        let asked = ByteRange::new(range.start, range.end);
        let bad = |_| Error::OutOfRange { path: name.into(), range, length: present.tree.length };
        self.part(present, asked.map_err(bad)?)
    }

    /// A signed file as a stream, of which each part is checked before it is handed out: for files larger than memory,
    /// and for readers that do not need all of it. As with [`SignedModel::range`], it may have to hash all of the file
    /// first.
    ///
    /// # Errors
    /// As [`SignedModel::range`].
    pub fn reader(&self, name: &str) -> Result<VerifiedReader<'_>, Error> {
        VerifiedReader::new(self, self.find(name)?)
    }

    /// A tensor of any signed safetensors or GGUF file, by its name. Only the header of each such file and the parts
    /// that the tensor lies in are read. Of files that have a tensor of the same name, that one counts to which a
    /// signed `*.safetensors.index.json` beside it points.
    ///
    /// # Errors
    /// [`Error::NoTensor`], [`Error::AmbiguousTensor`]; [`Error::Format`] when a header is malformed; otherwise as
    /// [`SignedModel::range`].
    pub fn tensor(&self, name: &str) -> Result<VerifiedTensor, Error> {
        self.find_tensor(name)
    }

    /// A tensor of one signed file.
    ///
    /// # Errors
    /// As [`SignedModel::tensor`]; [`Error::Unsigned`] for a file that is not signed.
    pub fn tensor_in(&self, file: &str, name: &str) -> Result<VerifiedTensor, Error> {
        let present = self.find(file)?;
        let header = self.header(present)?;
        let tensor =
            header.as_ref().and_then(|header| header.tensors.iter().find(|tensor| tensor.name == name));
        let tensor = tensor.ok_or_else(|| Error::NoTensor { name: name.into() })?;
        self.tensor_bytes(tensor, present)
    }

    /// All tensors of all signed safetensors and GGUF files, by name and then by file. Only headers are read.
    ///
    /// # Errors
    /// As [`SignedModel::tensor`].
    pub fn tensors(&self) -> Result<Vec<ModelTensor>, Error> {
        Ok(self.directory()?.iter().cloned().collect())
    }

    /// A descriptor of a signed file that other users and processes cannot write to: of the file itself where fs-verity
    /// guards it, of a clone (which another process of the same user could still find through `/proc`), or of a sealed
    /// copy in memory; of the file in place only if the policy accepts [`Protection::Stable`] or less. All of the file
    /// is checked first.
    ///
    /// # Errors
    /// As [`SignedModel::get`]: [`Error::Protection`] where there is neither of these, or the file is too long to be
    /// copied.
    #[cfg(unix)]
    pub fn fd(&self, name: &str) -> Result<VerifiedFd, Error> {
        events::handed_out(&self.report, name, self.descriptor(self.find(name)?))
    }

    /// The whole content of a signed file in a vector, read once and checked there.
    ///
    /// # Errors
    /// As [`SignedModel::get`]: [`Error::Protection`] when the policy demands more than [`Protection::Private`], which is what a
    /// vector is.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let present = self.find(name)?;
        self.policy.may_be_vector(name)?;
        self.policy.may_copy(name, present.tree.length)?;
        match present.state.kept().filter(|file| file.protection() >= Protection::Private) {
            Some(file) => Ok(file.to_vec()),
            None => events::handed_out(&self.report, name, self.read_into_vector(present, name)),
        }
    }

    fn read_into_vector(&self, present: &Present, name: &str) -> Result<Vec<u8>, Error> {
        let place = open::open(&self.model, &present.tree, name)?;
        let mut bytes = vector(name, present.tree.length)?;
        let signed = present.signed_in(&self.manifest);
        let mut plan = Plan::new();
        let task = place
            .source(name, present.tree.length)
            .and_then(|source| source.kept_in(&mut bytes))
            .and_then(|source| signed.task(source, present.tree.length, self.check));
        plan.push(task.map_err(|error| hashing_error(name, error))?);
        let hashed = self.engine.run(&plan).pop().unwrap_or(Err(modelsig_hash::Error::Cancelled));
        drop(plan);
        signed.judge(self.check, &hashed.map_err(|error| hashing_error(name, error))?)?;
        Ok(bytes)
    }

    /// Checks a signed file while it arrives, from its first byte to its last: during a download, or out of a pipe. It
    /// need not be among the files that are there.
    ///
    /// # Errors
    /// [`Error::Unsigned`] for a name that is not signed; [`Error::Limit`] for a signed length beyond the limit for a model.
    pub fn stream(&self, name: &str) -> Result<ResourceStream, Error> {
        ResourceStream::new(self.signed_file(name)?.clone(), self.check, self.limits.clone())
    }

    /// What was found so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What was not given is not verified, and so nothing is.
    pub(crate) fn is_not_empty(&self) -> Result<(), Error> {
        if self.model.is_contents() && self.report.files.is_empty() {
            return Err(Error::Usage { what: "no resource is given: nothing would be verified".into() });
        }
        Ok(())
    }

    /// True when the caller gave only some of the signed files.
    fn is_part(&self) -> bool {
        self.model.is_contents() && self.report.files.len() < self.manifest.files.len()
    }

    /// What was checked of the signed files, as long as it is not all.
    fn part_report(&self) -> PartReport {
        let checked = || self.report.files.iter().filter(|file| file.checked.is_some());
        PartReport {
            files: checked().map(|file| file.name.clone()).collect(),
            tensors: Vec::new(),
            bytes: checked().filter_map(|file| file.size).fold(0, u64::saturating_add),
            of_bytes: self.known_bytes(),
            of_files: self.manifest.files.len(),
            resources: true,
        }
    }

    /// Bytes of all signed files, as far as they were found or their lengths are signed.
    fn known_bytes(&self) -> u64 {
        let absent = self.manifest.files.iter().filter(|file| {
            self.report.files.binary_search_by(|found| found.name.as_str().cmp(file.name.as_str())).is_err()
        });
        let found = self.report.files.iter().filter_map(|file| file.size);
        found.chain(absent.filter_map(SignedFile::length)).fold(0, u64::saturating_add)
    }

    /// The report on what was checked without being opened.
    pub(crate) fn conclude_part(mut self) -> Report {
        match self.is_part() {
            true => self.report.part = Some(self.part_report()),
            false => self.report.complete = true,
        }
        self.report
    }

    /// What is signed under a name.
    pub(crate) fn signed_file(&self, name: &str) -> Result<&SignedFile, Error> {
        self.manifest.find(name).ok_or_else(|| Error::Unsigned { path: name.into() })
    }

    fn find(&self, name: &str) -> Result<&Present, Error> {
        let find = |present: &Present| self.name_of(present).cmp(name);
        let found = self.present.binary_search_by(find).ok().and_then(|index| self.present.get(index));
        match found {
            Some(present) => Ok(present),
            None => {
                self.signed_file(name)?;
                Err(Error::Missing { path: name.into() })
            }
        }
    }

    /// The signed name.
    fn name_of(&self, present: &Present) -> &str {
        present.signed_in(&self.manifest).name.as_str()
    }
}

impl VerifiedModel {
    /// Seals a model whose every file was checked without a problem.
    pub(crate) fn new(mut signed: SignedModel) -> Result<Self, Error> {
        if signed.report.files.iter().any(|file| file.checked.is_none()) {
            return Err(Error::Internal { what: "a file was left unchecked".into() });
        }
        if signed.is_part() {
            signed.report.part = Some(signed.part_report());
        } else {
            signed.report.complete = true;
        }
        Ok(Self(signed))
    }

    pub(crate) fn into_signed(self) -> SignedModel {
        self.0
    }
}

/// All of what was checked is also signed.
impl Deref for VerifiedModel {
    type Target = SignedModel;

    fn deref(&self) -> &SignedModel {
        &self.0
    }
}

/// So many zeros, or an error where there is no room for them.
fn vector(name: &str, length: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let room = usize::try_from(length).ok().filter(|&room| bytes.try_reserve_exact(room).is_ok());
    let room =
        room.ok_or_else(|| Error::io("hold in memory", name, std::io::ErrorKind::OutOfMemory.into()))?;
    bytes.resize(room, 0);
    Ok(bytes)
}

/// An error of the engine about a signed file, whose length may not be the one that it had.
pub(crate) fn hashing_error(name: &str, error: modelsig_hash::Error) -> Error {
    if let modelsig_hash::Error::Length { expected, found, .. } = error
        && let Err(error) = open::same_length(name, expected, found)
    {
        return error;
    }
    Error::from_hashing_walked(name, error)
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
