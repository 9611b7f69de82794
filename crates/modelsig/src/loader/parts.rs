//! Parts of a file: only the chunks or shards that have bytes of a range are read, into memory of our own, and checked
//! there.
//!
//! A file of which only the whole is signed is hashed once, when it is first touched, and gets an index in memory on
//! the way, against which everything that is read later is checked.

use modelsig_hash::protect::Memory;
use modelsig_hash::{ByteRange, ChunkSize, Chunks, Digest, Job, Plan, Task};

use super::open::{Place, open};
use super::{Present, SignedModel, VerifiedBytes, VerifiedFile, hashing_error};
use crate::manifest::Proof;
use crate::{Error, Protection, events};

/// A file of which only the whole is signed is read whole up to this length, without an index.
const WITHOUT_INDEX: u64 = 4 << 20;

/// A file that parts are read from.
pub(crate) struct Gate {
    place: Place,
    index: Index,
}

/// What its parts are compared with.
enum Index {
    /// Signed chunks or shards.
    Signed,
    /// It is read whole.
    None,
    /// The chunks that the file had when its whole digest was the signed one.
    Made { size: ChunkSize, digests: Vec<Digest> },
}

impl SignedModel {
    /// Checked bytes of a range.
    pub(super) fn part(&self, present: &Present, range: ByteRange) -> Result<VerifiedBytes, Error> {
        let (cover, start) = self.cover(present, range)?;
        // The cover contains the range, and fits memory.
        let place = |at: u64| at.saturating_sub(start) as usize;
        let within = VerifiedBytes::within(cover, place(range.start())..place(range.end()));
        within.ok_or_else(|| Error::Internal { what: format!("bytes {range} were not covered") })
    }

    /// All parts that have bytes of a range, checked, and where they begin in the file.
    pub(super) fn cover(&self, present: &Present, range: ByteRange) -> Result<(VerifiedFile, u64), Error> {
        events::handed_out(&self.report, self.name_of(present), self.cover_range(present, range))
    }

    fn cover_range(&self, present: &Present, range: ByteRange) -> Result<(VerifiedFile, u64), Error> {
        let (name, length) = (self.name_of(present), present.tree.length);
        if range.end() > length {
            let range = range.start()..range.end();
            return Err(Error::OutOfRange { path: name.into(), range, length });
        }
        if let Some(whole) = present.state.kept() {
            return Ok((whole, 0));
        }
        if self.policy.min_protection > Protection::Private {
            return Ok((self.whole(present)?, 0));
        }
        let gate = present.state.gate(|| self.open_gate(present))?;
        let parts = self.parts_of(present, &gate, range);
        let (start, end) = match &parts[..] {
            [] => (range.start(), range.start()),
            [first, ..] => (first.0.start(), parts.last().unwrap_or(first).0.end()),
        };
        let length = end.saturating_sub(start);
        self.policy.may_copy(name, length)?;
        let mut memory = Memory::new(length).map_err(|error| Error::io("hold in memory", name, error))?;
        if let Index::None = gate.index {
            self.read_whole(present, &gate, &mut memory)?;
        } else {
            self.read_parts(present, &gate, start, &parts, &mut memory)?;
        }
        let checked = present.signed_in(&self.manifest).checked(self.check);
        Ok((VerifiedFile::in_memory(name, memory, Protection::Private, checked), start))
    }

    /// All of the file, on its rung, kept for those who come later.
    fn whole(&self, present: &Present) -> Result<VerifiedFile, Error> {
        let loaded = self.load(&[present]).pop().unwrap_or(Err(Error::Cancelled))?;
        Ok(present.state.keep(loaded))
    }

    /// Nothing for a range of no bytes, unless the length of the file is not signed and must be proved.
    fn parts_of(&self, present: &Present, gate: &Gate, range: ByteRange) -> Vec<(ByteRange, Digest)> {
        let (signed, length) = (present.signed_in(&self.manifest), present.tree.length);
        match (&gate.index, &signed.proof) {
            (Index::None, Proof::Whole { digest, .. }) => vec![(ByteRange::whole(length), *digest)],
            (Index::None, Proof::Shards(shards)) => shards.clone(),
            _ if range.is_empty() => Vec::new(),
            (Index::Signed, _) => {
                signed.parts(self.check).map(|parts| parts.covering(range)).unwrap_or_default()
            }
            (Index::Made { size, digests }, _) => {
                let all = ByteRange::whole(length).pieces(size.bytes()).zip(digests.iter().copied());
                all.skip_while(|(part, _)| part.end() <= range.start())
                    .take_while(|(part, _)| part.start() < range.end())
                    .collect()
            }
        }
    }

    fn open_gate(&self, present: &Present) -> Result<Gate, Error> {
        let (name, length) = (self.name_of(present), present.tree.length);
        let place = open(&self.model, &present.tree, name)?;
        let signed = present.signed_in(&self.manifest);
        let Proof::Whole { digest, .. } = &signed.proof else {
            return Ok(Gate { place, index: Index::Signed });
        };
        if signed.parts(self.check).is_some() {
            return Ok(Gate { place, index: Index::Signed });
        }
        if length <= WITHOUT_INDEX {
            return Ok(Gate { place, index: Index::None });
        }
        let size = ChunkSize::for_lengths(std::iter::once(length));
        let chunks = Chunks { size, algorithm: digest.algorithm() };
        let made =
            Job { range: ByteRange::whole(length), algorithm: digest.algorithm(), chunks: Some(chunks) };
        let mut jobs = signed.jobs(length, self.check);
        jobs.push(made);
        let task = place.source(name, length).and_then(|source| Task::new(source, jobs));
        let task =
            task.map(|task| if signed.computes_verity(self.check) { task.with_verity() } else { task });
        let mut hashed = self.run(name, task)?;
        // The last job was this one.
        let digests = hashed.digests.pop().map(|made| made.chunks).unwrap_or_default();
        signed.judge(self.check, &hashed)?;
        Ok(Gate { place, index: Index::Made { size, digests } })
    }

    fn read_whole(&self, present: &Present, gate: &Gate, memory: &mut Memory) -> Result<(), Error> {
        let (name, signed) = (self.name_of(present), present.signed_in(&self.manifest));
        let length = present.tree.length;
        let source = gate.place.source(name, length).and_then(|source| source.kept_in(memory.room()));
        let task = source.and_then(|source| signed.task(source, length, self.check));
        signed.judge(self.check, &self.run(name, task)?)
    }

    fn read_parts(
        &self,
        present: &Present,
        gate: &Gate,
        start: u64,
        parts: &[(ByteRange, Digest)],
        memory: &mut Memory,
    ) -> Result<(), Error> {
        let (name, length) = (self.name_of(present), memory.len() as u64);
        let source = gate.place.part(name, start, length).and_then(|source| source.kept_in(memory.room()));
        let job = |(range, digest): &(ByteRange, Digest)| {
            let range =
                ByteRange::new(range.start().saturating_sub(start), range.end().saturating_sub(start))?;
            Ok(Job { range, algorithm: digest.algorithm(), chunks: None })
        };
        let jobs: Result<Vec<Job>, modelsig_hash::Error> = parts.iter().map(job).collect();
        let hashed = self.run(name, source.and_then(|source| Task::new(source, jobs?)))?;
        let found = hashed.digests.iter().map(|found| &found.digest);
        present.signed_in(&self.manifest).compare_parts(parts.iter().copied(), found)
    }

    fn run(
        &self,
        name: &str,
        task: Result<Task<'_>, modelsig_hash::Error>,
    ) -> Result<modelsig_hash::Hashed, Error> {
        let mut plan = Plan::new();
        plan.push(task.map_err(|error| hashing_error(name, error))?);
        let hashed = self.engine.run(&plan).pop().unwrap_or(Err(modelsig_hash::Error::Cancelled));
        hashed.map_err(|error| hashing_error(name, error))
    }
}
