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
use crate::report::{Checked, FileReport};

/// A file of a bundle.
#[derive(Clone, Copy)]
struct Place {
    /// Index into the bundles.
    bundle: usize,
    /// Index into the files that are there for it.
    present: usize,
}

impl Place {
    #[expect(
        clippy::indexing_slicing,
        reason = "it was counted in these bundles, whose lists stay as they are"
    )]
    fn of(self, bundles: &[SignedModel]) -> Listed<'_> {
        let bundle = &bundles[self.bundle];
        let present = &bundle.present[self.present];
        Listed { bundle, present, signed: present.signed_in(&bundle.manifest) }
    }

    /// Also where to report on it.
    #[expect(clippy::indexing_slicing, reason = "as in `of`")]
    fn of_mut(self, bundles: &mut [SignedModel]) -> (&Present, &SignedFile, &mut FileReport) {
        let SignedModel { manifest, present, report, .. } = &mut bundles[self.bundle];
        let present = &present[self.present];
        (present, present.signed_in(manifest), present.report_in(report))
    }
}

/// The same, looked up.
struct Listed<'b> {
    bundle: &'b SignedModel,
    present: &'b Present,
    signed: &'b SignedFile,
}

/// What one bundle wants to know of a file.
struct Share {
    file: Place,
    /// Its jobs among those of the file's task.
    jobs: Range<usize>,
}

/// The first problem that each bundle met, and with which file.
type FirstProblems = Vec<Option<(Place, Error)>>;

impl Verifier {
    /// Fills the reports of all bundles. If the policy fails fast, the run ends as soon as `is_lost` says of the
    /// bundles that are still sound that they are not enough.
    pub(crate) fn check_files(
        &self,
        engine: &Engine,
        bundles: &mut [SignedModel],
        is_lost: &(dyn Fn(&[bool]) -> bool + Sync),
    ) -> Result<(), Error> {
        let (mut plan, mut shares) = (Plan::new(), Vec::new());
        let (mut unlike, mut guarded): (Vec<Place>, Vec<Place>) = Default::default();
        let wanted = by_name(bundles);
        for same in wanted.chunk_by(|one, other| name_of(one, bundles) == name_of(other, bundles)) {
            let [first, others @ ..] = same else { continue };
            let Listed { bundle, present: Present { tree, .. }, .. } = first.of(bundles);
            if others.iter().any(|other| !other.of(bundles).present.tree.is_like(tree)) {
                unlike.extend(same);
                continue;
            }
            // The bundles of a run share the model, and what is checked.
            let SignedModel { model, check, .. } = bundle;
            let listed: Vec<&SignedFile> = same.iter().map(|file| file.of(bundles).signed).collect();
            // What the kernel guards is the whole file, and not what begins in the middle of it.
            let open = || model.open_from_start(tree);
            if by_guard(*check, &listed, tree.length, open, verity::measure) {
                guarded.extend(same);
                continue;
            }
            let (mut jobs, mut of_file) = (Vec::new(), Vec::new());
            for (&file, signed) in same.iter().zip(&listed) {
                let from = jobs.len();
                jobs.extend(signed.jobs(tree.length, *check));
                of_file.push(Share { file, jobs: from..jobs.len() });
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
            let of_file = shares.get(task).filter(|_| self.policy.fail_fast).map_or(&[][..], Vec::as_slice);
            let share = of_file.get(of_file.partition_point(|share| share.jobs.end <= job));
            let Some((Share { file, .. }, job)) =
                share.and_then(|share| Some((share, job.checked_sub(share.jobs.start)?)))
            else {
                return ControlFlow::Continue(());
            };
            let Listed { bundle, signed, .. } = file.of(bundles);
            let Err(problem) = signed.compare_one(bundle.check, job, digest) else {
                return ControlFlow::Continue(());
            };
            let mut first = first_problems.lock().unwrap_or_else(PoisonError::into_inner);
            match first.get_mut(file.bundle) {
                Some(none @ None) => *none = Some((*file, problem)),
                // That it fails has been taken into account.
                _ => return ControlFlow::Continue(()),
            }
            let sound: Vec<bool> = first.iter().map(Option::is_none).collect();
            if !is_lost(&sound) {
                return ControlFlow::Continue(());
            }
            stopped.store(true, Ordering::Relaxed);
            ControlFlow::Break(())
        };
        let results = engine.run_with(&plan, &each);
        drop(plan);

        let mut unchecked = Vec::new();
        for (share, result) in shares
            .iter()
            .zip(&results)
            .flat_map(|(of_file, result)| of_file.iter().map(move |share| (share, result)))
        {
            let check = share.file.of(bundles).bundle.check;
            let (Present { tree, .. }, file, report) = share.file.of_mut(bundles);
            let verdict = match result {
                Ok(hashed) => {
                    report.access = Some(hashed.access);
                    let verdict =
                        file.compare(check, hashed.digests.get(share.jobs.clone()).unwrap_or_default());
                    match file.computes_verity(check) {
                        true => verdict.and_then(|()| file.compare_verity(hashed.verity)),
                        false => verdict,
                    }
                }
                Err(error) => Err(Error::from_hashing(tree.name.as_str(), error.clone())),
            };
            match verdict {
                Ok(()) => report.checked = Some(file.checked(check)),
                Err(Error::Cancelled) => unchecked.push(share.file.bundle),
                Err(problem) => report.problem = Some(problem),
            }
        }
        for file in guarded {
            file.of_mut(bundles).2.checked = Some(Checked::FsVerity);
        }
        for file in unlike {
            let (Present { tree, .. }, _, report) = file.of_mut(bundles);
            report.problem = Some(Error::Changed { path: tree.name.to_string() });
        }
        let first_problems = first_problems.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (file, problem) in first_problems.into_iter().flatten() {
            // The rest of the file was not looked at any more.
            let (_, _, report) = file.of_mut(bundles);
            report.checked = None;
            report.problem.get_or_insert(problem);
        }
        // What was not checked may only be passed over in silence when there is a problem to tell instead.
        let stopped_by_problem = |signed: &SignedModel| {
            self.policy.fail_fast
                && (stopped.load(Ordering::Relaxed) || signed.report.problems().next().is_some())
        };
        let mut bundles = bundles.iter().enumerate();
        let cancelled =
            bundles.any(|(bundle, signed)| unchecked.contains(&bundle) && !stopped_by_problem(signed));
        if cancelled { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// All files of all bundles, in order of the names on disk.
fn by_name(bundles: &[SignedModel]) -> Vec<Place> {
    let mut wanted = Vec::new();
    for (bundle, signed) in bundles.iter().enumerate() {
        let files = 0..signed.present.len();
        wanted.extend(files.map(|present| Place { bundle, present }));
    }
    wanted.sort_by(|one, other| name_of(one, bundles).cmp(name_of(other, bundles)));
    wanted
}

fn name_of<'b>(file: &Place, bundles: &'b [SignedModel]) -> &'b ModelPath {
    &file.of(bundles).present.tree.name
}
