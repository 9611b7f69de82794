//! The bytes (OMS spec 8.4, step 8): every file that is there is read once, hashed for every bundle that lists it, and
//! compared with what each of them says. A file under the kernel's guard need not be read: see
//! [`guarded`](crate::guarded).
//!
//! ```text
//! what the bundles list ─▶ Sorted (what is to be hashed) ─▶ hash (a batch: plan, run) ─▶ file_result ─▶ reports
//!                                                                      └▶ Watch (the first problem)
//! ```

use std::iter::Peekable;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use modelsig_hash::protect::verity;
use modelsig_hash::{Engine, Hashed, JobDigest, Plan, Task};

use super::Verifier;
use crate::Error;
use crate::guarded::by_guard;
use crate::loader::{Present, SignedModel};
use crate::manifest::SignedFile;
use crate::model::ModelPath;
use crate::report::{Checked, FileReport};

/// Jobs that are planned at a time: the memory that a run needs does not grow with the number of files.
const BATCH: usize = 4096;

/// Files of at least this length are taken before all others: a batch of small ones does not end with a wait for one of
/// them.
const LARGE: u64 = 8 << 20;

/// A file that is there, as one bundle lists it.
#[derive(Clone, Copy)]
struct Listed {
    /// Index into the bundles.
    bundle: usize,
    /// Index into the files that are there for it.
    present: usize,
}

/// What one bundle wants to know of a file.
struct Share {
    listed: Listed,
    /// Its jobs among those of the file's task.
    jobs: Range<usize>,
}

/// What was asked about each file of a batch, and what came of it.
type Answers = (Vec<Vec<Share>>, Vec<Result<Hashed, modelsig_hash::Error>>);

/// The first problem that each bundle met, if it has met one.
type FirstProblems = Vec<(Listed, Error)>;

impl Verifier {
    /// Fills the reports of all bundles. If the policy fails fast, the run ends as soon as `is_lost` says of the
    /// bundles that are still sound that they are not enough.
    pub(crate) fn check_files(
        &self,
        engine: &Engine,
        bundles: &mut [SignedModel],
        is_lost: &(dyn Fn(&[bool]) -> bool + Sync),
    ) -> Result<(), Error> {
        let watch = Watch::new(self.policy.fail_fast, is_lost);
        let Sorted { listed, to_hash, bytes } = Sorted::out(bundles)?;
        engine.progress().planned(bytes);
        let mut files = to_hash.into_iter().map(|place| listed.get(place).unwrap_or_default()).peekable();
        let mut unchecked = vec![false; bundles.len()];
        while files.peek().is_some() {
            let (shares, results) = self.hash(engine, bundles, &mut files, bytes, &watch)?;
            for (of_file, result) in shares.iter().zip(&results) {
                for share in of_file {
                    let was_checked = file_result(bundles, share, result)?;
                    if !was_checked {
                        mark(&mut unchecked, share.listed.bundle, true);
                    }
                }
            }
            // What is left will not be looked at: a problem tells so, or the caller wanted it.
            if watch.has_stopped() || engine.is_cancelled() {
                files.by_ref().flatten().for_each(|left| mark(&mut unchecked, left.bundle, true));
            }
        }
        self.conclude(bundles, watch, &unchecked)
    }

    /// Hashes the next files, each with those who list it: as many as are planned at a time.
    fn hash<'l>(
        &self,
        engine: &Engine,
        bundles: &[SignedModel],
        files: &mut Peekable<impl Iterator<Item = &'l [Listed]>>,
        bytes: u64,
        watch: &Watch<'_>,
    ) -> Result<Answers, Error> {
        let (mut plan, mut shares, mut planned) = (Plan::part_of(bytes), Vec::new(), 0_usize);
        while planned < BATCH
            && let Some(same) = files.next()
        {
            let (mut jobs, mut of_file, mut source, mut with_verity) = (Vec::new(), Vec::new(), None, false);
            for &listed in same {
                let Look { signed, present, file } = look(bundles, listed)?;
                let tree = &present.tree;
                let from = jobs.len();
                jobs.extend(file.jobs(tree.length, signed.check));
                of_file.push(Share { listed, jobs: from..jobs.len() });
                with_verity |= file.computes_verity(signed.check);
                source.get_or_insert_with(|| signed.model.source(tree, self.access));
            }
            let Some(source) = source else { continue };
            planned = planned.saturating_add(jobs.len().max(1));
            let task = Task::new(source, jobs).map_err(|error| Error::from_hashing("", error))?;
            plan.push(if with_verity { task.with_verity() } else { task });
            shares.push(of_file);
        }
        let results = engine.run_with(&plan, &|task, outcome| {
            let of_file = shares.get(task).map(Vec::as_slice).unwrap_or_default();
            watch.see(bundles, of_file, outcome)
        });
        drop(plan);
        Ok((shares, results))
    }

    fn conclude(
        &self,
        bundles: &mut [SignedModel],
        watch: Watch<'_>,
        unchecked: &[bool],
    ) -> Result<(), Error> {
        let has_stopped = watch.has_stopped();
        for (listed, problem) in watch.into_problems() {
            // The rest of the file was not looked at any more.
            let report = report_in(bundles, listed)?;
            report.checked = None;
            report.problem.get_or_insert_with(|| Box::new(problem));
        }
        // What was not checked may only be passed over in silence when there is a problem to tell instead.
        let stopped_by_problem = |signed: &SignedModel| {
            self.policy.fail_fast && (has_stopped || signed.report.problems().next().is_some())
        };
        let cancelled = bundles
            .iter()
            .zip(unchecked)
            .any(|(signed, unchecked)| *unchecked && !stopped_by_problem(signed));
        if cancelled { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// What is to be done about the files that are there.
struct Sorted {
    /// By the names on disk.
    listed: Vec<Listed>,
    /// The places in `listed` of all those who list one file, for each file that must be hashed, in the order in which
    /// that is done.
    to_hash: Vec<Range<usize>>,
    /// Of the files to be hashed.
    bytes: u64,
}

impl Sorted {
    /// Those files are set apart of which nothing has to be read: their reports are complete.
    fn out(bundles: &mut [SignedModel]) -> Result<Self, Error> {
        let listed = by_name(bundles);
        let (mut to_hash, mut small, mut bytes, mut at) = (Vec::new(), Vec::new(), 0_u64, 0_usize);
        let is_same = |one: &Listed, other: &Listed| name_of(bundles, *one) == name_of(bundles, *other);
        let counts: Vec<usize> = listed.chunk_by(is_same).map(<[_]>::len).collect();
        for count in counts {
            let place = at..at.saturating_add(count);
            at = place.end;
            let same = listed.get(place.clone()).unwrap_or_default();
            let looks = same.iter().map(|one| look(bundles, *one)).collect::<Result<Vec<_>, _>>()?;
            let Some((Look { signed, present, .. }, _)) = looks.split_first() else { continue };
            // The bundles of a run share the model, and what is checked.
            let SignedModel { model, check, .. } = signed;
            let tree = &present.tree;
            let files: Vec<&SignedFile> = looks.iter().map(|look| look.file).collect();
            // What the kernel guards is the whole file, and not what begins in the middle of it.
            let open = || model.open_from_start(tree);
            if looks.iter().any(|other| !other.present.tree.is_like(tree)) {
                let path = tree.name.to_string();
                for one in same {
                    report_in(bundles, *one)?.problem = Some(Box::new(Error::Changed { path: path.clone() }));
                }
            } else if by_guard(*check, &files, tree.length, open, verity::measure) {
                for one in same {
                    report_in(bundles, *one)?.checked = Some(Checked::FsVerity);
                }
            } else {
                bytes = bytes.saturating_add(tree.length);
                if tree.length < LARGE { &mut small } else { &mut to_hash }.push(place);
            }
        }
        // Apart from that they are read folder by folder.
        to_hash.append(&mut small);
        Ok(Self { listed, to_hash, bytes })
    }
}

/// What a bundle says of a file that is there.
struct Look<'b> {
    signed: &'b SignedModel,
    present: &'b Present,
    file: &'b SignedFile,
}

fn look(bundles: &[SignedModel], listed: Listed) -> Result<Look<'_>, Error> {
    let find = || {
        let signed = bundles.get(listed.bundle)?;
        let present = signed.present.get(listed.present)?;
        Some(Look { signed, present, file: signed.manifest.files.get(present.signed)? })
    };
    find().ok_or_else(nowhere)
}

/// Where the report of such a file is.
fn report_in(bundles: &mut [SignedModel], listed: Listed) -> Result<&mut FileReport, Error> {
    let signed = bundles.get_mut(listed.bundle).ok_or_else(nowhere)?;
    let place = signed.present.get(listed.present).ok_or_else(nowhere)?.report;
    signed.report.files.get_mut(place).ok_or_else(nowhere)
}

/// Every index into bundles and files was made from these.
fn nowhere() -> Error {
    Error::Internal { what: "a file that no bundle lists".into() }
}

fn mark(bundles: &mut [bool], bundle: usize, mark: bool) {
    if let Some(place) = bundles.get_mut(bundle) {
        *place = mark;
    }
}

/// Files the verdict on what came of a task. False when the run was stopped before there was one.
fn file_result(
    bundles: &mut [SignedModel],
    share: &Share,
    result: &Result<Hashed, modelsig_hash::Error>,
) -> Result<bool, Error> {
    let Look { signed: SignedModel { check, .. }, present, file } = look(bundles, share.listed)?;
    let verdict = match result {
        Ok(hashed) => {
            let digests = hashed.digests.get(share.jobs.clone()).unwrap_or_default();
            file.compare(*check, digests).and_then(|()| match file.computes_verity(*check) {
                true => file.compare_verity(hashed.verity),
                false => Ok(()),
            })
        }
        Err(error) => Err(Error::from_hashing_walked(present.tree.name.as_str(), error.clone())),
    };
    let checked = file.checked(*check);
    let report = report_in(bundles, share.listed)?;
    if let Ok(hashed) = result {
        report.access = Some(hashed.access);
    }
    match verdict {
        Ok(()) => report.checked = Some(checked),
        Err(Error::Cancelled) => return Ok(false),
        Err(problem) => report.problem = Some(Box::new(problem)),
    }
    Ok(true)
}

/// Looks at digests as they come, where the first problem is to end the run.
struct Watch<'w> {
    fail_fast: bool,
    is_lost: &'w (dyn Fn(&[bool]) -> bool + Sync),
    first: Mutex<FirstProblems>,
    stopped: AtomicBool,
}

impl<'w> Watch<'w> {
    fn new(fail_fast: bool, is_lost: &'w (dyn Fn(&[bool]) -> bool + Sync)) -> Self {
        Self { fail_fast, is_lost, first: Mutex::default(), stopped: AtomicBool::new(false) }
    }

    fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn into_problems(self) -> FirstProblems {
        self.first.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(
        &self,
        bundles: &[SignedModel],
        of_file: &[Share],
        outcome: Result<(usize, &JobDigest), &modelsig_hash::Error>,
    ) -> ControlFlow<()> {
        let problems =
            if self.fail_fast { problems(bundles, of_file, outcome) } else { FirstProblems::new() };
        if problems.is_empty() {
            return ControlFlow::Continue(());
        }
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let known = first.len();
        for (listed, problem) in problems {
            if !first.iter().any(|(other, _)| other.bundle == listed.bundle) {
                first.push((listed, problem));
            }
        }
        let mut sound = vec![true; bundles.len()];
        first.iter().for_each(|(listed, _)| mark(&mut sound, listed.bundle, false));
        // That those fail which did before has been taken into account.
        if first.len() == known || !(self.is_lost)(&sound) {
            return ControlFlow::Continue(());
        }
        self.stopped.store(true, Ordering::Relaxed);
        ControlFlow::Break(())
    }
}

/// What an outcome means to those bundles for which it is a problem.
fn problems(
    bundles: &[SignedModel],
    of_file: &[Share],
    outcome: Result<(usize, &JobDigest), &modelsig_hash::Error>,
) -> FirstProblems {
    match outcome {
        Ok((job, digest)) => {
            let share = of_file.get(of_file.partition_point(|share| share.jobs.end <= job));
            let compare = |share: &Share| {
                let Look { signed, file, .. } = look(bundles, share.listed)?;
                file.compare_one(signed.check, job.saturating_sub(share.jobs.start), digest)
            };
            share.and_then(|share| Some((share.listed, compare(share).err()?))).into_iter().collect()
        }
        // Nobody who lists the file gets it.
        Err(error) => {
            let name = |share: &Share| name_of(bundles, share.listed).map_or("", ModelPath::as_str);
            let failed = |share| Error::from_hashing_walked(name(share), error.clone());
            of_file.iter().map(|share| (share.listed, failed(share))).collect()
        }
    }
}

/// All files that are there for any bundle, in order of their names on disk.
fn by_name(bundles: &[SignedModel]) -> Vec<Listed> {
    let mut wanted = Vec::with_capacity(bundles.iter().map(|signed| signed.present.len()).sum());
    for (bundle, signed) in bundles.iter().enumerate() {
        wanted.extend((0..signed.present.len()).map(|present| Listed { bundle, present }));
    }
    // Of one bundle they are in order already.
    wanted.sort_unstable_by_key(|one| (name_of(bundles, *one), one.bundle));
    wanted
}

/// The name under which such a file stands.
fn name_of(bundles: &[SignedModel], listed: Listed) -> Option<&ModelPath> {
    look(bundles, listed).ok().map(|look| &look.present.tree.name)
}
