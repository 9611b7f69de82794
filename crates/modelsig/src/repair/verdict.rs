//! The verdict after a repair. The folder is walked again; what was written is read again, by its name and through a
//! new descriptor; what was found good before is not.

use std::collections::BTreeMap;
use std::path::Path;

use modelsig_hash::AccessUsed;

use super::mend::Treated;
use super::report::RepairReport;
use crate::loader::SignedModel;
use crate::report::Checked;
use crate::verify::Run;
use crate::{Error, Verifier};

/// What a file that was found good, and to which nothing was written, was found to be.
struct Good {
    size: Option<u64>,
    checked: Checked,
    access: Option<AccessUsed>,
}

pub(super) fn conclude(
    verifier: &Verifier,
    run: &Run<'_>,
    bundle: &Path,
    before: SignedModel,
    treated: &mut Treated,
) -> Result<RepairReport, Error> {
    let SignedModel { manifest, report, .. } = before;
    let mut known: BTreeMap<usize, Good> = BTreeMap::new();
    for file in &report.files {
        if let (Some(signed), Some(checked), None) =
            (manifest.index_of(&file.name), file.checked, file.problem.as_deref())
        {
            known.insert(signed, Good { size: file.size, checked, access: file.access });
        }
    }
    let mut after = verifier.walk(run, &bundle.into(), report.signer, manifest)?;
    // Of a file that was mended all is read again: it need not be the one that was looked at before.
    let (mut good, mut rest) = (Vec::new(), Vec::new());
    for present in std::mem::take(&mut after.present) {
        match known.remove(&present.signed) {
            Some(Good { size, checked, access }) if size == Some(present.tree.length) => {
                if let Some(file) = after.report.files.get_mut(present.report) {
                    (file.checked, file.access) = (Some(checked), access);
                }
                good.push(present);
            }
            _ => rest.push(present),
        }
    }
    after.present = rest;
    verifier.check_files(&run.engine, std::slice::from_mut(&mut after), &|_| false)?;
    after.name_damaged_tensors();

    let is_damaged =
        |name: &String| after.report.files.iter().any(|file| file.name == *name && file.problem.is_some());
    let links = std::mem::take(&mut treated.links).into_iter().filter(is_damaged);
    treated.failures.extend(links.map(|path| Error::Symlink { path }));
    let mut report = after.report;
    report.complete =
        report.problems().next().is_none() && report.files.iter().all(|file| file.checked.is_some());
    if !report.complete && report.problems().next().is_none() && treated.failures.is_empty() {
        return Err(Error::Internal { what: "a file was left unchecked".into() });
    }
    let Treated { repaired: files, failures, .. } = std::mem::take(treated);
    let repair = RepairReport { report, files, failures };
    if repair.is_sound() { Ok(repair) } else { Err(Error::Unrepaired(Box::new(repair))) }
}
