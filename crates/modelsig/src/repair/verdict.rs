//! The verdict after a repair. The folder is walked again; what was written is read again, by its name and through a
//! new descriptor; what was found good before is not.

use std::collections::BTreeMap;
use std::path::Path;

use modelsig_hash::{AccessUsed, Plan, Task};

use super::damage::Damaged;
use super::mend::Treated;
use super::report::RepairReport;
use crate::loader::{Present, SignedModel};
use crate::policy::Check;
use crate::report::Checked;
use crate::verify::Run;
use crate::{Error, Verifier};

/// What is known of a file that is there.
enum Known {
    /// It was found good, and nothing was written to it.
    Good { size: Option<u64>, checked: Checked, access: Option<AccessUsed> },
    /// It is good if these pieces are.
    But(Vec<usize>),
}

pub(super) fn conclude(
    verifier: &Verifier,
    run: &Run<'_>,
    bundle: &Path,
    before: SignedModel,
    treated: Vec<(Damaged, Treated)>,
) -> Result<RepairReport, Error> {
    let SignedModel { manifest, report, .. } = before;
    let mut known: BTreeMap<usize, Known> = BTreeMap::new();
    for file in &report.files {
        if let (Some(signed), Some(checked), None) =
            (manifest.index_of(&file.name), file.checked, &file.problem)
        {
            known.insert(signed, Known::Good { size: file.size, checked, access: file.access });
        }
    }
    let (mut files, mut failures, mut links) = (Vec::new(), Vec::new(), Vec::new());
    for (damaged, mut done) in treated {
        let is_by_pieces = manifest.files.get(damaged.signed).is_some_and(|file| {
            file.part(0).is_some() && !matches!(file.checked(run.check), Checked::Whole | Checked::Both)
        });
        if let Some(pieces) = done.pieces.take().filter(|_| is_by_pieces) {
            known.insert(damaged.signed, Known::But(pieces));
        }
        if done.is_link {
            links.push(damaged.name.to_string());
        }
        files.extend(done.repaired);
        failures.append(&mut done.failures);
    }

    let mut after = verifier.walk(run, bundle, report.signer, manifest)?;
    let (mut good, mut by_pieces, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for present in std::mem::take(&mut after.present) {
        match known.remove(&present.signed) {
            Some(Known::Good { size, checked, access }) if size == Some(present.tree.length) => {
                if let Some(file) = after.report.files.get_mut(present.report) {
                    (file.checked, file.access) = (Some(checked), access);
                }
                good.push(present);
            }
            Some(Known::But(pieces)) => by_pieces.push((present, pieces)),
            _ => rest.push(present),
        }
    }
    check_pieces(verifier, run.check, &mut after, &by_pieces)?;
    after.present = rest;
    verifier.check_files(&run.engine, std::slice::from_mut(&mut after), &|_| false)?;
    after.present.extend(by_pieces.into_iter().map(|(present, _)| present));
    after.name_damaged_tensors();

    let is_damaged =
        |name: &String| after.report.files.iter().any(|file| file.name == *name && file.problem.is_some());
    failures.extend(links.into_iter().filter(is_damaged).map(|path| Error::Symlink { path }));
    let mut report = after.report;
    report.complete =
        report.problems().next().is_none() && report.files.iter().all(|file| file.checked.is_some());
    let is_sound = report.complete;
    let repair = RepairReport { report, files, failures };
    match (repair.is_sound(), is_sound) {
        (true, true) => Ok(repair),
        (true, false) => Err(Error::Internal { what: "a file was left unchecked".into() }),
        (false, _) => Err(Error::Unrepaired(Box::new(repair))),
    }
}

/// Reads the pieces that were written once more.
fn check_pieces(
    verifier: &Verifier,
    check: Check,
    model: &mut SignedModel,
    files: &[(Present, Vec<usize>)],
) -> Result<(), Error> {
    let mut plan = Plan::new();
    for (present, pieces) in files {
        let source = model.model.source(&present.tree, verifier.access);
        let signed = &model.manifest.files[present.signed];
        let all = signed.jobs(present.tree.length, check);
        let jobs = pieces.iter().filter_map(|piece| all.get(*piece).copied()).collect();
        plan.push(Task::new(source, jobs).map_err(|error| Error::from_hashing("", error))?);
    }
    let results = model.engine.run(&plan);
    drop(plan);
    for ((present, pieces), result) in files.iter().zip(results) {
        let signed = &model.manifest.files[present.signed];
        let verdict = match result {
            Ok(hashed) => signed.compare_places(pieces, &hashed.digests).map(|()| hashed.access),
            Err(error) => Err(Error::from_hashing(present.tree.name.as_str(), error)),
        };
        let Some(file) = model.report.files.get_mut(present.report) else { continue };
        match verdict {
            Ok(access) => {
                file.checked = Some(signed.checked(check));
                file.access = (!pieces.is_empty()).then_some(access);
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(problem) => file.problem = Some(problem),
        }
    }
    Ok(())
}
