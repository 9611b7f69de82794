//! A part of a model, chosen by patterns: only that is read and checked, and the report says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use modelsig_hash::{ByteRange, Digest, Job, JobDigest, Plan, Source, Task};

use super::{Present, SignedModel, hashing_error};
use crate::report::{PartReport, Report};
use crate::{Error, ModelTensor, events};

/// Patterns for names of signed files, and for names of tensors. `*` stands for any characters, also none and also `/`,
/// and `?` for any one of them; all others stand for themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    files: Vec<String>,
    tensors: Vec<String>,
}

impl Selection {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also the files with such names, whole.
    #[must_use]
    pub fn files(mut self, pattern: impl Into<String>) -> Self {
        self.files.push(pattern.into());
        self
    }

    /// Also the tensors with such names, wherever they are.
    #[must_use]
    pub fn tensors(mut self, pattern: impl Into<String>) -> Self {
        self.tensors.push(pattern.into());
        self
    }
}

/// What is checked of one file.
enum Share {
    Whole,
    Parts(BTreeMap<ByteRange, Digest>),
}

impl SignedModel {
    /// Checks the files and the tensors that fit the selection, where they lie, and nothing else of the content.
    ///
    /// A tensor is checked with all chunks or shards that it lies in, or with all of its file where there are none. All
    /// that is chosen is checked, also under a policy that [fails fast](crate::Policy::fail_fast).
    ///
    /// # Errors
    /// [`Error::Usage`] for a selection without patterns; [`Error::NothingFits`] when a pattern fits no name; [`Error::Format`] when a header that must be read for the names of
    /// tensors is malformed; [`Error::Rejected`] with a report when something is not what was signed.
    pub fn verify_selection(self, selection: &Selection) -> Result<Report, Error> {
        let model = self.report.model.clone();
        events::verdict("verify_selection", Path::new(&model), self.check_selection(selection))
    }

    fn check_selection(mut self, selection: &Selection) -> Result<Report, Error> {
        if *selection == Selection::new() {
            return Err(Error::Usage { what: "a selection without patterns would verify nothing".into() });
        }
        let (shares, tensors) = self.shares(selection)?;
        let mut plan = Plan::new();
        let chosen = || {
            let of = |(place, present)| Some((present, shares.get(&place)?));
            self.present.iter().enumerate().filter_map(of)
        };
        for (present, share) in chosen() {
            let source = self.model.source(&present.tree, self.access);
            let task = self.task_of(present, share, source);
            plan.push(task.map_err(|error| hashing_error(self.name_of(present), error))?);
        }
        let bytes = plan.bytes();
        let results = self.engine.run(&plan);
        drop(plan);

        let mut whole = Vec::new();
        for ((present, share), result) in chosen().zip(results) {
            let signed = present.signed_in(&self.manifest);
            let verdict = match result {
                Err(modelsig_hash::Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => Err(Error::from_hashing_walked(self.name_of(present), error)),
                Ok(hashed) => {
                    present.report_in(&mut self.report).access = Some(hashed.access);
                    match share {
                        Share::Whole => signed.judge(self.check, &hashed),
                        Share::Parts(parts) => {
                            let expected = parts.iter().map(|(range, digest)| (*range, *digest));
                            let found = hashed.digests.iter().map(|found: &JobDigest| &found.digest);
                            signed.compare_parts(expected, found)
                        }
                    }
                }
            };
            let file = present.report_in(&mut self.report);
            match (verdict, share) {
                (Err(problem), _) => file.problem = Some(Box::new(problem)),
                (Ok(()), Share::Whole) => {
                    file.checked = Some(signed.checked(self.check));
                    whole.push(file.name.clone());
                }
                (Ok(()), Share::Parts(_)) => {}
            }
        }
        self.name_damaged_tensors();
        self.report.part = Some(PartReport {
            files: whole,
            tensors,
            bytes,
            of_bytes: self.known_bytes(),
            of_files: self.manifest.files.len(),
            resources: self.model.is_contents(),
        });
        Ok(self.accept()?.report)
    }

    /// What is to be checked of each file, by its place; and the tensors that are meant.
    fn shares(&self, selection: &Selection) -> Result<(BTreeMap<usize, Share>, Vec<ModelTensor>), Error> {
        let mut shares = BTreeMap::new();
        for pattern in &selection.files {
            let fitting =
                self.present.iter().enumerate().filter(|(_, present)| fits(pattern, self.name_of(present)));
            let places: Vec<usize> = fitting.map(|(place, _)| place).collect();
            if places.is_empty() {
                return Err(Error::NothingFits { pattern: pattern.clone(), what: "signed file" });
            }
            shares.extend(places.into_iter().map(|place| (place, Share::Whole)));
        }
        let mut names = BTreeSet::new();
        let mut tensors = Vec::new();
        for pattern in &selection.tensors {
            let mut fitted = false;
            for (place, present) in self.present.iter().enumerate() {
                let Some(header) = self.header(present)? else { continue };
                for tensor in header.tensors.iter().filter(|tensor| fits(pattern, &tensor.name)) {
                    fitted = true;
                    if names.insert((place, tensor.name.clone())) {
                        let file = self.name_of(present).to_owned();
                        tensors.push(ModelTensor { file, tensor: tensor.clone() });
                        self.add(&mut shares, (place, present), tensor.range);
                    }
                }
            }
            if !fitted {
                return Err(Error::NothingFits { pattern: pattern.clone(), what: "tensor" });
            }
        }
        Ok((shares, tensors))
    }

    fn add(
        &self,
        shares: &mut BTreeMap<usize, Share>,
        (place, present): (usize, &Present),
        range: ByteRange,
    ) {
        let parts = present.signed_in(&self.manifest).parts(self.check);
        let share = shares.entry(place).or_insert_with(|| match parts {
            Some(_) => Share::Parts(BTreeMap::new()),
            None => Share::Whole,
        });
        if let (Share::Parts(known), Some(parts)) = (share, parts) {
            known.extend(parts.covering(range));
        }
    }

    fn task_of<'s>(
        &self,
        present: &Present,
        share: &Share,
        source: Source<'s>,
    ) -> Result<Task<'s>, modelsig_hash::Error> {
        match share {
            Share::Whole => {
                let signed = present.signed_in(&self.manifest);
                signed.task(source, present.tree.length, self.check)
            }
            Share::Parts(parts) => {
                let job = |(range, digest): (&ByteRange, &Digest)| Job {
                    range: *range,
                    algorithm: digest.algorithm(),
                    chunks: None,
                };
                Task::new(source, parts.iter().map(job).collect())
            }
        }
    }
}

/// Whether a name fits a pattern, in time linear in the product of their lengths.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut wanted, mut left) = (&pattern[..], &name[..]);
    // What stands behind the last star, and what it has not taken so far.
    let mut star: Option<(&[char], &[char])> = None;
    while let [next, rest @ ..] = left {
        match (wanted, star) {
            (['*', behind @ ..], _) => {
                star = Some((behind, left));
                wanted = behind;
            }
            ([one, others @ ..], _) if *one == '?' || one == next => {
                (wanted, left) = (others, rest);
            }
            (_, Some((behind, [_, fewer @ ..]))) => {
                star = Some((behind, fewer));
                (wanted, left) = (behind, fewer);
            }
            _ => return false,
        }
    }
    wanted.iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, name) in [
            ("", ""),
            ("a", "a"),
            ("*", ""),
            ("*", "a/b"),
            ("a*", "a"),
            ("*.bin", "x/y.bin"),
            ("model.layers.*.weight", "model.layers.0.mlp.weight"),
            ("*a*b*", "xxaxxbxx"),
            ("?", "é"),
            ("a?c*", "abc"),
            ("**", "a"),
            ("*ab", "aab"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("", "a"),
            ("a", ""),
            ("a", "A"),
            ("*.bin", "x.bin2"),
            ("?", ""),
            ("?", "ab"),
            ("a*b", "abc"),
            ("[a]", "a"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_end_soon() {
        assert!(!fits(&"*a".repeat(200), &"a".repeat(150)));
        assert!(!fits(&format!("{}b", "*a".repeat(1000)), &"a".repeat(5000)));
    }
}
