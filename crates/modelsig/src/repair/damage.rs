//! What is to be mended: the damaged files of a rejected model, and of each the damaged pieces.
//!
//! A piece is what one signed digest proves: a chunk, a shard, or a whole file whose length is signed. Left alone are
//! files that were not signed, links and special files, what cannot be opened, and what changes while it is read.

use std::collections::BTreeSet;
use std::fs::File;

use modelsig_hash::{ByteRange, Digest, Job, Plan, Source, Task};

use crate::Error;
use crate::loader::SignedModel;
use crate::manifest::{Proof, SignedFile};
use crate::model::ModelPath;

/// A signed file that does not hold.
pub(super) struct Damaged {
    /// Index into the files of the manifest.
    pub(super) signed: usize,
    /// Its name on disk.
    pub(super) name: ModelPath,
    pub(super) kind: Kind,
}

/// What is known of the damage.
pub(super) enum Kind {
    Missing,
    /// These ranges do not hold, and everything else does.
    In(Vec<ByteRange>),
    /// It is there. Nothing more is known.
    Somewhere,
    /// It cannot be read, at least not everywhere.
    Unreadable,
}

/// The damaged files of a model, in order.
pub(super) fn damaged(model: &SignedModel) -> Vec<Damaged> {
    // A name that is signed and left out at once is that of the bundle, which is not to be overwritten.
    let left_out: BTreeSet<&str> = model.report.skipped.iter().map(|one| one.path.as_str()).collect();
    let problems = model.report.files.iter().filter_map(|file| Some((file, file.problem.as_deref()?)));
    let found = problems.filter_map(|(file, problem)| {
        let kind = match problem {
            // In a single-file model there is only that file.
            Error::Missing { .. } if model.model.is_file() || left_out.contains(file.name.as_str()) => {
                return None;
            }
            Error::Missing { .. } => Kind::Missing,
            Error::DigestMismatch { ranges, .. } if !ranges.is_empty() => Kind::In(ranges.clone()),
            Error::DigestMismatch { .. } | Error::Truncated { .. } | Error::Grown { .. } => Kind::Somewhere,
            Error::Io { operation: "read", .. } => Kind::Unreadable,
            _ => return None,
        };
        let signed = model.manifest.index_of(&file.name)?;
        let name = model.model.name_on_disk(&model.manifest.files.get(signed)?.name);
        Some(Damaged { signed, name, kind })
    });
    found.collect()
}

/// The piece of a file at a place; none past the last, and none at all of a file of which only an unknown length is
/// signed.
pub(super) fn piece(file: &SignedFile, index: usize) -> Option<(ByteRange, Digest)> {
    match &file.proof {
        Proof::Whole { digest, chunks: Some(chunks), .. } if !chunks.has_digests() => {
            (index == 0).then(|| (ByteRange::whole(chunks.length), *digest))
        }
        _ => file.part(index),
    }
}

/// All pieces of a file with their places.
pub(super) fn pieces(file: &SignedFile) -> impl Iterator<Item = (usize, ByteRange, Digest)> {
    (0..).map_while(|index| piece(file, index).map(|(range, digest)| (index, range, digest)))
}

/// The pieces at some places, with these places.
pub(super) fn pieces_of<'p>(
    signed: &'p SignedFile,
    places: &'p [usize],
) -> impl Iterator<Item = (usize, ByteRange, Digest)> + 'p {
    places.iter().filter_map(|index| piece(signed, *index).map(|(range, digest)| (*index, range, digest)))
}

impl SignedModel {
    /// The damaged pieces of a file that is there, in order. What is not known yet is found out.
    pub(super) fn damaged_pieces(&self, damaged: &Damaged, opened: &File) -> Result<Vec<usize>, Error> {
        let Some(signed) = self.manifest.files.get(damaged.signed) else { return Ok(Vec::new()) };
        if let Kind::In(ranges) = &damaged.kind {
            let is_damaged = |range: &ByteRange| {
                let next = ranges.partition_point(|damaged| damaged.end() <= range.start());
                ranges.get(next).is_some_and(|damaged| damaged.start() < range.end())
            };
            return Ok(pieces(signed)
                .filter(|(_, range, _)| is_damaged(range))
                .map(|(index, ..)| index)
                .collect());
        }

        let failed = |error| Error::from_hashing(damaged.name.as_str(), error);
        let io = |operation| move |error| Error::io(operation, damaged.name.as_str(), error);
        let length = modelsig_hash::metadata(opened)
            .map_err(io("stat"))?
            .len()
            .min(signed.length().unwrap_or(u64::MAX));
        let job = |(_, range, digest): (usize, ByteRange, Digest)| Job {
            range,
            algorithm: digest.algorithm(),
            chunks: None,
        };
        // Pieces stand in order, so those that are there as a whole come first.
        let jobs: Vec<Job> =
            pieces(signed).take_while(|(_, range, _)| range.end() <= length).map(job).collect();
        let looked_at = jobs.len();
        let file = opened.try_clone().map_err(io("open"))?;
        let source =
            Source::from_file_part(damaged.name.to_string(), file, 0, Some(length)).map_err(failed)?;
        let mut plan = Plan::new();
        plan.push(Task::new(source, jobs).map_err(failed)?);
        let hashed = self.engine.run(&plan).pop().unwrap_or(Err(modelsig_hash::Error::Cancelled));
        let digests = hashed.map_err(failed)?.digests;
        let holds = |index: usize, expected: &Digest| {
            index < looked_at && digests.get(index).is_some_and(|found| found.digest == *expected)
        };
        Ok(pieces(signed)
            .filter(|(index, _, digest)| !holds(*index, digest))
            .map(|(index, ..)| index)
            .collect())
    }
}
