//! The bytes (OMS spec 8.4, step 8): every file that is there is read once, hashed for every bundle that lists it, and
//! compared with what each of them says. A file under the kernel's guard need not be read: see
//! [`guarded`](crate::guarded).

use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use modelsig_hash::protect::verity;
use modelsig_hash::{Engine, JobDigest, Plan, Task};

use super::Verifier;
use crate::Error;
use crate::guarded::by_guard;
use crate::loader::{Present, SignedModel};
use crate::manifest::SignedFile;
use crate::model::ModelPath;
use crate::report::Checked;

/// What one bundle wants to know of a file.
struct Share {
    /// Index into the bundles.
    bundle: usize,
    /// Index into the files that are there for it.
    present: usize,
    /// Its jobs among those of the file's task.
    jobs: Range<usize>,
}

/// The first problem that each bundle met, by the index of the file.
type FirstProblems = Vec<Option<(usize, Error)>>;

impl Verifier {
    /// Fills the reports of all bundles. If the policy fails fast, the run ends as soon as `is_lost` says of the
    /// bundles that are still sound that they are not enough.
    pub(crate) fn check_files(
        &self,
        engine: &Engine,
        bundles: &mut [SignedModel],
        is_lost: &(dyn Fn(&[bool]) -> bool + Sync),
    ) -> Result<(), Error> {
        let (mut plan, mut shares, mut unlike, mut guarded) =
            (Plan::new(), Vec::new(), Vec::new(), Vec::new());
        let wanted = by_name(bundles);
        for same in wanted.chunk_by(|one, other| one.0 == other.0) {
            let present = |&(_, bundle, present): &(_, usize, usize)| &bundles[bundle].present[present];
            let tree = &present(&same[0]).tree;
            if same.iter().any(|one| !present(one).tree.is_like(tree)) {
                unlike.extend(same.iter().map(|&(_, bundle, present)| (bundle, present)));
                continue;
            }
            // The bundles of a run share the model, and what is checked.
            let SignedModel { model, check, .. } = &bundles[same[0].1];
            let signed = |&(_, bundle, place): &(_, usize, usize)| -> &SignedFile {
                &bundles[bundle].manifest.files[bundles[bundle].present[place].signed]
            };
            let listed: Vec<&SignedFile> = same.iter().map(signed).collect();
            // What the kernel guards is the whole file, and not what begins in the middle of it.
            let open = || model.open_from_start(tree);
            if by_guard(*check, &listed, tree.length, open, verity::measure) {
                guarded.extend(same.iter().map(|&(_, bundle, present)| (bundle, present)));
                continue;
            }
            let (mut jobs, mut of_file) = (Vec::new(), Vec::new());
            for (&(_, bundle, present), file) in same.iter().zip(&listed) {
                let from = jobs.len();
                jobs.extend(file.jobs(tree.length, *check));
                of_file.push(Share { bundle, present, jobs: from..jobs.len() });
            }
            let task = Task::new(model.source(tree, self.access), jobs);
            let task = task.map_err(|error| Error::from_hashing("", error))?;
            let with_verity = listed.iter().any(|file| file.computes_verity(*check));
            plan.push(if with_verity { task.with_verity() } else { task });
            shares.push(of_file);
        }

        let stopped = AtomicBool::new(false);
        let first_problems: Mutex<FirstProblems> = Mutex::new(bundles.iter().map(|_| None).collect());
        let each = |task: usize, job: usize, digest: &JobDigest| {
            let of_file: &[Share] = if self.policy.fail_fast { &shares[task] } else { &[] };
            let Some(share) = of_file.get(of_file.partition_point(|share| share.jobs.end <= job)) else {
                return ControlFlow::Continue(());
            };
            let SignedModel { manifest, present, check, .. } = &bundles[share.bundle];
            let file = &manifest.files[present[share.present].signed];
            let Err(problem) = file.compare_one(*check, job - share.jobs.start, digest) else {
                return ControlFlow::Continue(());
            };
            let mut first = first_problems.lock().unwrap_or_else(PoisonError::into_inner);
            if first[share.bundle].is_some() {
                // That it fails has been taken into account.
                return ControlFlow::Continue(());
            }
            first[share.bundle] = Some((share.present, problem));
            let sound: Vec<bool> = first.iter().map(Option::is_none).collect();
            if !is_lost(&sound) {
                return ControlFlow::Continue(());
            }
            stopped.store(true, Ordering::Relaxed);
            ControlFlow::Break(())
        };
        let results = engine.run_with(&plan, &each);
        drop(plan);

        let mut unchecked = vec![false; bundles.len()];
        for (share, result) in shares
            .iter()
            .zip(&results)
            .flat_map(|(of_file, result)| of_file.iter().map(move |share| (share, result)))
        {
            let SignedModel { manifest, present, report, check, .. } = &mut bundles[share.bundle];
            let Present { signed, tree, report: place, .. } = &present[share.present];
            let (file, report) = (&manifest.files[*signed], &mut report.files[*place]);
            let verdict = match result {
                Ok(hashed) => {
                    report.access = Some(hashed.access);
                    let verdict =
                        file.compare(*check, hashed.digests.get(share.jobs.clone()).unwrap_or_default());
                    match file.computes_verity(*check) {
                        true => verdict.and_then(|()| file.compare_verity(hashed.verity)),
                        false => verdict,
                    }
                }
                Err(error) => Err(Error::from_hashing(tree.name.as_str(), error.clone())),
            };
            match verdict {
                Ok(()) => report.checked = Some(file.checked(*check)),
                Err(Error::Cancelled) => unchecked[share.bundle] = true,
                Err(problem) => report.problem = Some(problem),
            }
        }
        for (bundle, present) in guarded {
            let SignedModel { present: files, report, .. } = &mut bundles[bundle];
            report.files[files[present].report].checked = Some(Checked::FsVerity);
        }
        for (bundle, present) in unlike {
            let SignedModel { present: files, report, .. } = &mut bundles[bundle];
            let Present { tree, report: place, .. } = &files[present];
            report.files[*place].problem = Some(Error::Changed { path: tree.name.to_string() });
        }
        let first_problems = first_problems.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (signed, first) in bundles.iter_mut().zip(first_problems) {
            if let Some((present, problem)) = first {
                // The rest of the file was not looked at any more.
                let report = &mut signed.report.files[signed.present[present].report];
                report.checked = None;
                report.problem.get_or_insert(problem);
            }
        }
        // What was not checked may only be passed over in silence when there is a problem to tell instead.
        let stopped_by_problem = |signed: &SignedModel| {
            self.policy.fail_fast
                && (stopped.load(Ordering::Relaxed) || signed.report.problems().next().is_some())
        };
        let cancelled =
            bundles.iter().zip(unchecked).any(|(signed, unchecked)| unchecked && !stopped_by_problem(signed));
        if cancelled { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// (name, bundle, file of it) in order of the names on disk.
fn by_name(bundles: &[SignedModel]) -> Vec<(&ModelPath, usize, usize)> {
    let mut wanted = Vec::new();
    for (bundle, signed) in bundles.iter().enumerate() {
        let files = signed.present.iter().enumerate();
        wanted.extend(files.map(|(place, present)| (&present.tree.name, bundle, place)));
    }
    wanted.sort_by_key(|(name, ..)| *name);
    wanted
}
