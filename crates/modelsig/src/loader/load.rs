//! Whole files: checked in memory while they are read into it, or where they cannot change any more.

use std::fs::File;
use std::path::Path;

use modelsig_hash::protect::{Memory, View};
use modelsig_hash::{Access, Hashed, Plan, Source, Task};

use super::rung::{Footing, Purpose};
use super::{Present, SignedModel, VerifiedFile, VerifiedModel, hashing_error};
use crate::report::Checked;
use crate::{Error, Protection, events};

/// Files that are loaded at a time.
const OPEN_FILES: usize = 128;

/// A file that is about to be checked.
enum Slot {
    Copy(Memory),
    File {
        file: File,
        protection: Protection,
    },
    /// Without another look at its content.
    Proven(File),
}

impl SignedModel {
    /// Loads and checks everything in one pass over storage, each file on the best rung that the policy accepts. From
    /// then on [`get`](SignedModel::get) and all others hand out what was loaded.
    ///
    /// # Errors
    /// [`Error::Rejected`] with a report of all files that are not what was signed, cannot be read, or cannot be protected as the
    /// policy demands; [`Error::Usage`] where the caller gave no content at all.
    pub fn load_all(self) -> Result<VerifiedModel, Error> {
        let model = self.report.model.clone();
        events::verdict("load_all", Path::new(&model), self.load_each())
    }

    fn load_each(mut self) -> Result<VerifiedModel, Error> {
        self.is_not_empty()?;
        let all: Vec<&Present> = self.present.iter().collect();
        // So many at a time, since files that are not copied are held open until they were hashed.
        let loaded = all.chunks(OPEN_FILES).flat_map(|some| self.load(some));
        for (present, loaded) in self.present.iter().zip(loaded.collect::<Vec<_>>()) {
            let file = present.report_in(&mut self.report);
            match loaded {
                Ok(loaded) => {
                    file.checked = Some(loaded.checked());
                    file.protection = Some(loaded.protection());
                    present.state.keep(loaded);
                }
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(problem) => file.problem = Some(Box::new(problem)),
            }
        }
        self.name_damaged_tensors();
        self.accept().and_then(VerifiedModel::new)
    }

    /// The content of files, in one run of the engine. One result each.
    pub(super) fn load(&self, wanted: &[&Present]) -> Vec<Result<VerifiedFile, Error>> {
        let mut slots: Vec<Result<Slot, Error>> = wanted.iter().map(|present| self.slot(present)).collect();
        let (mut plan, mut results) = (Plan::new(), Vec::with_capacity(slots.len()));
        for (present, slot) in wanted.iter().zip(&mut slots) {
            let task = match slot {
                // Nothing to do, or the reason is told below.
                Err(_) | Ok(Slot::Proven(_)) => Ok(None),
                Ok(slot) => self.task(present, slot).map(Some),
            };
            results.push(task.map(|task| task.map(|task| plan.push(task)).is_some()));
        }
        let mut hashed = self.engine.run(&plan).into_iter();
        drop(plan);
        let slots = wanted.iter().zip(slots).zip(results);
        slots
            .map(|((present, slot), planned)| {
                let slot = slot?;
                let hashed = match planned? {
                    true => Some(hashed.next().unwrap_or(Err(modelsig_hash::Error::Cancelled))),
                    false => None,
                };
                self.conclude(present, slot, hashed)
            })
            .zip(wanted)
            .map(|(result, present)| events::handed_out(&self.report, self.name_of(present), result))
            .collect()
    }

    fn slot(&self, present: &Present) -> Result<Slot, Error> {
        let name = self.name_of(present);
        // On every rung it is to be had in one piece. Where addresses do not reach so far, nothing is copied first.
        if isize::try_from(present.tree.length).is_err() {
            return Err(Error::io("hold in memory", name, std::io::ErrorKind::OutOfMemory.into()));
        }
        Ok(match self.footing(present, name, Purpose::Bytes)? {
            Footing::File { file, proven: true, .. } => Slot::Proven(file),
            Footing::File { file, protection, proven: false } => Slot::File { file, protection },
            Footing::Copy => {
                let memory = Memory::new(present.tree.length);
                Slot::Copy(memory.map_err(|error| Error::io("hold in memory", name, error))?)
            }
        })
    }

    fn task<'s>(&'s self, present: &'s Present, slot: &'s mut Slot) -> Result<Task<'s>, Error> {
        let (name, length) = (self.name_of(present), present.tree.length);
        let signed = present.signed_in(&self.manifest);
        let source = match slot {
            Slot::Proven(file) => in_place(name, file, length, Protection::Kernel),
            Slot::Copy(memory) => self.model.source(&present.tree, Access::Read).kept_in(memory.room()),
            Slot::File { file, protection } => in_place(name, file, length, *protection),
        };
        source
            .and_then(|source| signed.task(source, length, self.check))
            .map_err(|error| hashing_error(name, error))
    }

    fn conclude(
        &self,
        present: &Present,
        slot: Slot,
        hashed: Option<Result<Hashed, modelsig_hash::Error>>,
    ) -> Result<VerifiedFile, Error> {
        let (name, length) = (self.name_of(present), present.tree.length);
        let signed = present.signed_in(&self.manifest);
        let (file, protection, checked) = match (slot, hashed) {
            (Slot::Proven(file), None) => (file, Protection::Kernel, Checked::FsVerity),
            (slot, Some(hashed)) => {
                signed.judge(self.check, &hashed.map_err(|error| hashing_error(name, error))?)?;
                let checked = signed.checked(self.check);
                match slot {
                    Slot::Copy(memory) => {
                        return Ok(VerifiedFile::in_memory(name, memory, Protection::Private, checked));
                    }
                    Slot::File { file, protection } => (file, protection, checked),
                    Slot::Proven(file) => (file, Protection::Kernel, checked),
                }
            }
            (_, None) => return Err(Error::Internal { what: format!("{name} was not checked") }),
        };
        let view = View::new(&file, length).map_err(|error| Error::io("map", name, error))?;
        Ok(VerifiedFile::in_place(name, view, protection, checked))
    }
}

/// A file on its rung, to be hashed there. It may have grown or shrunk since its length was looked at, before it was
/// cloned: whoever gets it as a file must not find more in it than was signed.
pub(super) fn in_place<'s>(
    name: &str,
    file: &File,
    length: u64,
    protection: Protection,
) -> Result<Source<'s>, modelsig_hash::Error> {
    let file = file.try_clone().map_err(|source| modelsig_hash::Error::Io {
        operation: "duplicate",
        name: name.into(),
        offset: None,
        source,
    })?;
    let access = if protection > Protection::Private { Access::Auto } else { Access::Read };
    let source = Source::from_file(name.into(), file)?.with_access(access);
    match source.length() {
        found if found == length => Ok(source),
        found => Err(modelsig_hash::Error::Length { name: name.into(), expected: length, found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_on_its_rung_has_no_more_and_no_less_than_its_length() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, b"content").unwrap();
        let file = File::open(&path).unwrap();
        let found = |length| in_place("f", &file, length, Protection::Clone).map(|source| source.length());
        assert_eq!(found(7).unwrap(), 7);
        for other in [0, 6, 8] {
            let error = hashing_error("f", found(other).unwrap_err());
            assert!(matches!(error, Error::Grown { .. } | Error::Truncated { .. }), "{error:?}");
        }
    }
}
