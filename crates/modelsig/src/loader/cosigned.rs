//! What a verification of several bundles yields.

use std::sync::Arc;

use modelsig_hash::{Access, Engine, Plan, Task};

use super::{Present, hashing_error, vector};
use crate::Error;
use crate::cosign::CosignReport;
use crate::manifest::Manifest;
use crate::model::Model;
use crate::policy::{Check, Policy};

/// A model that was verified against several bundles, enough of which hold.
///
/// Only [`Verifier::verify_several`](crate::Verifier::verify_several) makes one.
pub struct CosignedModel {
    pub(crate) model: Arc<Model>,
    pub(crate) engine: Engine,
    pub(crate) check: Check,
    pub(crate) policy: Policy,
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
    /// [`Error::Unsigned`] for a name that one of them has not signed; otherwise as
    /// [`SignedModel::read`](super::SignedModel::read).
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let unsigned = || Error::Unsigned { path: name.into() };
        let files: Option<Vec<&Present>> =
            self.signed.iter().map(|(_, files)| on_disk(files, name)).collect();
        let files = files.ok_or_else(unsigned)?;
        let tree = &files.first().ok_or_else(unsigned)?.tree;
        self.policy.may_be_vector(name)?;
        self.policy.may_copy(name, tree.length)?;
        let mut bytes = vector(name, tree.length)?;
        // The jobs of all of them in one pass, so that they see the same bytes.
        let signed = || self.signed.iter().zip(&files).map(|((manifest, _), file)| file.signed_in(manifest));
        let jobs: Vec<_> = signed().map(|signed| signed.jobs(tree.length, self.check)).collect();
        let source = self.model.source(tree, Access::Read).kept_in(&mut bytes);
        let mut plan = Plan::new();
        let with_verity = signed().any(|signed| signed.computes_verity(self.check));
        let task = source.and_then(|source| Task::new(source, jobs.concat()));
        let task = task.map(|task| if with_verity { task.with_verity() } else { task });
        plan.push(task.map_err(|error| hashing_error(name, error))?);
        let hashed = self.engine.run(&plan).pop().unwrap_or(Err(modelsig_hash::Error::Cancelled));
        drop(plan);
        let hashed = hashed.map_err(|error| hashing_error(name, error))?;
        let mut digests = &hashed.digests[..];
        for (signed, jobs) in signed().zip(&jobs) {
            let (own, rest) = digests.split_at_checked(jobs.len()).unwrap_or_default();
            signed.compare(self.check, own)?;
            if signed.computes_verity(self.check) {
                signed.compare_verity(hashed.verity)?;
            }
            digests = rest;
        }
        Ok(bytes)
    }

    /// What was found, bundle by bundle.
    pub fn report(&self) -> &CosignReport {
        &self.report
    }
}

impl std::fmt::Debug for CosignedModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CosignedModel").field("report", &self.report).finish_non_exhaustive()
    }
}

fn on_disk<'p>(files: &'p [Present], name: &str) -> Option<&'p Present> {
    let place = files.binary_search_by(|present| present.tree.name.as_str().cmp(name)).ok()?;
    files.get(place)
}
