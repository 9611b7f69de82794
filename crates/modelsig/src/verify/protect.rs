//! Freeze, then hash: files that were verified are put under the kernel's guard (fs-verity) and verified once more,
//! through the descriptor by which they were frozen. What holds then holds for ever.
//!
//! It cannot be undone, so nothing is frozen before the whole model was verified. Refuses: file systems without
//! fs-verity, files that somebody holds open for writing.

use std::fs::File;
use std::path::Path;

use modelsig_hash::protect::verity::{self, EnableError, Guarded};
use modelsig_hash::{AccessUsed, Engine, Plan, Source, Task};

use super::Verifier;
use crate::guarded::{Measure, by_guard};
use crate::loader::{Present, SignedModel, VerifiedModel};
use crate::manifest::SignedFile;
use crate::policy::Check;
use crate::report::Checked;
use crate::{Done, Error, events};

/// [`verity::enable`], or what a test has in its place.
type Enable<'e> = &'e dyn Fn(&File) -> Result<Guarded, EnableError>;

/// What is known of a file that was frozen and holds.
struct Frozen {
    since: Guarded,
    checked: Checked,
    access: Option<AccessUsed>,
}

/// Why a file does not hold, and whether it was frozen by now.
struct Failed {
    problem: Error,
    is_frozen: bool,
}

impl Verifier {
    /// Verifies a model as [`Verifier::verify`] does; then has the kernel freeze each signed file by fs-verity, and
    /// verifies it again through the same descriptor: nobody, not even root, can change it any more, and the kernel
    /// checks every page of it when it is read. Linux and Android only, on ext4, f2fs and btrfs.
    ///
    /// **It cannot be undone**: a frozen file can be read, renamed, replaced and removed, but not written. Files that
    /// are frozen already are verified again and left as they are. The second look takes constant time where the
    /// fs-verity digest is signed and the policy checks chunks; otherwise the file is hashed again. The folder itself
    /// is not frozen: a file in it can still be replaced, and verifying again shows it. The bundle, if it lies in the
    /// model, is not frozen.
    ///
    /// # Errors
    /// Before anything was frozen, as [`Verifier::verify`], and [`Error::NoVerity`] where the file system has no fs-verity.
    /// Afterwards [`Error::Rejected`] with a report that lists what was [frozen](crate::Report::frozen), with
    /// [`Error::HeldForWriting`] for files that somebody writes to, and [`Error::FrozenUnverified`] for those that changed
    /// between the first look and the freeze. [`Error::Cancelled`]; if something was frozen until then, it stays so and
    /// is listed in [`Error::HalfDone`].
    pub fn protect(&self, model: &Path, bundle: &Path) -> Result<VerifiedModel, Error> {
        let result = self.protect_with(model, bundle, &verity::enable, verity::measure);
        events::verdict("protect", model, result)
    }

    fn protect_with(
        &self,
        model: &Path,
        bundle: &Path,
        enable: Enable<'_>,
        measure: Measure,
    ) -> Result<VerifiedModel, Error> {
        let mut signed = self.verify_by(model, &bundle.into())?.into_signed();
        let (mut outcomes, mut frozen) = (Vec::new(), Vec::new());
        for present in &signed.present {
            if signed.engine.is_cancelled() {
                return Err(Done::Frozen(frozen).but(Error::Cancelled));
            }
            let outcome = freeze(&signed, present, enable, measure);
            match &outcome {
                Err(Failed { problem: Error::Cancelled, is_frozen }) => {
                    frozen.extend(is_frozen.then(|| present.tree.name.to_string()));
                    return Err(Done::Frozen(frozen).but(Error::Cancelled));
                }
                // Where nothing can be frozen, nothing has happened yet.
                Err(Failed { problem: Error::NoVerity { path }, .. }) if outcomes.is_empty() => {
                    return Err(Error::NoVerity { path: path.clone() });
                }
                Ok(Frozen { since: Guarded::Now, .. }) | Err(Failed { is_frozen: true, .. }) => {
                    frozen.push(present.tree.name.to_string());
                }
                _ => {}
            }
            let failed = outcome.is_err();
            outcomes.push(outcome);
            if failed && self.policy.fail_fast {
                break;
            }
        }
        signed.report.frozen = Some(frozen);
        // After the freeze only the second look counts.
        signed.report.files.iter_mut().for_each(|file| (file.checked, file.access) = (None, None));
        // Where one failed, it may have been the last.
        for (present, outcome) in signed.present.iter().zip(outcomes) {
            let report = present.report_in(&mut signed.report);
            match outcome {
                Ok(Frozen { checked, access, .. }) => {
                    (report.checked, report.access) = (Some(checked), access)
                }
                Err(Failed { problem, .. }) => report.problem = Some(Box::new(problem)),
            }
        }
        signed.report.complete = false;
        signed.accept().and_then(VerifiedModel::new)
    }
}

/// Freezes a file and verifies it through the same descriptor.
#[expect(clippy::result_large_err, reason = "it is returned once for each file, after a system call")]
fn freeze(
    signed: &SignedModel,
    present: &Present,
    enable: Enable<'_>,
    measure: Measure,
) -> Result<Frozen, Failed> {
    let SignedModel { model, manifest, engine, check, .. } = signed;
    let (tree, listed) = (&present.tree, present.signed_in(manifest));
    let path = || tree.name.to_string();
    let untouched = |problem| Failed { problem, is_frozen: false };
    let file = model.open_file(tree).map_err(|error| untouched(Error::io("open", path(), error).walked()))?;
    let metadata =
        modelsig_hash::metadata(&file).map_err(|error| untouched(Error::io("stat", path(), error)))?;
    if !metadata.is_file() || metadata.len() != tree.length {
        return Err(untouched(Error::Changed { path: path() }));
    }
    let since = enable(&file).map_err(|error| {
        untouched(match error {
            EnableError::HeldForWriting => Error::HeldForWriting { path: path() },
            EnableError::Unsupported => Error::NoVerity { path: path() },
            EnableError::Io(error) => Error::io("freeze", path(), error),
            other => Error::io("freeze", path(), std::io::Error::other(other)),
        })
    })?;
    let duplicate = || file.try_clone();
    let verdict = match by_guard(*check, &[listed], tree.length, duplicate, measure) {
        true => Ok((Checked::FsVerity, None)),
        false => hash(engine, listed, *check, tree.length, file),
    };
    match (verdict, since) {
        (Ok((checked, access)), since) => Ok(Frozen { since, checked, access }),
        (Err(problem), Guarded::Before) => Err(untouched(problem)),
        (Err(Error::Cancelled), Guarded::Now) => Err(Failed { problem: Error::Cancelled, is_frozen: true }),
        (Err(problem), Guarded::Now) => {
            let problem = Error::FrozenUnverified { path: path(), problem: Box::new(problem) };
            Err(Failed { problem, is_frozen: true })
        }
    }
}

/// The signed digests against the bytes behind a descriptor.
fn hash(
    engine: &Engine,
    listed: &SignedFile,
    check: Check,
    length: u64,
    file: File,
) -> Result<(Checked, Option<AccessUsed>), Error> {
    let name = listed.name.as_str();
    let failed = |error| Error::from_hashing_walked(name, error);
    let task = Task::new(Source::from_file(name.into(), file).map_err(failed)?, listed.jobs(length, check));
    let task = task.map_err(failed)?;
    let with_verity = listed.computes_verity(check);
    let mut plan = Plan::new();
    plan.push(if with_verity { task.with_verity() } else { task });
    let hashed = engine.run(&plan).pop().unwrap_or(Err(modelsig_hash::Error::Cancelled)).map_err(failed)?;
    listed.compare(check, &hashed.digests)?;
    if with_verity {
        listed.compare_verity(hashed.verity)?;
    }
    Ok((listed.checked(check), Some(hashed.access)))
}

#[cfg(all(test, feature = "sign"))]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use modelsig_hash::VerityDigest;

    use super::*;
    use crate::{ErrorKind, KeyType, ModelSigner, Policy, PrivateKey, Report, Signer};

    const NAMES: [&str; 3] = ["a.bin", "b.bin", "sub/c.bin"];

    /// A signed model of three files, and who verifies it.
    fn signed(fsverity: bool) -> (tempfile::TempDir, Verifier) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("model/sub")).unwrap();
        for name in NAMES {
            fs::write(folder.path().join("model").join(name), name.repeat(1000)).unwrap();
        }
        let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
        let signer = ModelSigner::new().fsverity(fsverity);
        signer.sign(&folder.path().join("model"), &folder.path().join("model.sig"), &key).unwrap();
        let verifier = Verifier::new(key.public_key().clone());
        (folder, verifier)
    }

    fn protect(
        (folder, verifier): &(tempfile::TempDir, Verifier),
        enable: Enable<'_>,
        measure: Measure,
    ) -> Result<VerifiedModel, Error> {
        verifier.protect_with(&folder.path().join("model"), &folder.path().join("model.sig"), enable, measure)
    }

    fn checked(report: &Report) -> Vec<&str> {
        report.files().iter().map(|file| file.checked.map_or("-", Checked::id)).collect()
    }

    fn frozen(report: &Report) -> &[String] {
        report.frozen().unwrap()
    }

    fn rejected(result: Result<VerifiedModel, Error>) -> (ErrorKind, Box<Report>) {
        match result {
            Err(error @ Error::Rejected(_)) => {
                let kind = error.kind();
                let Error::Rejected(report) = error else { unreachable!() };
                (kind, report)
            }
            other => panic!("{other:?}"),
        }
    }

    /// A call that was cancelled tells which files it came to, unless they were frozen before.
    #[track_caller]
    fn cancelled(result: Result<VerifiedModel, Error>, since: Guarded, files: &[&str]) {
        let error = result.map(|_| ()).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Cancelled, None));
        match (error, since) {
            (Error::HalfDone { done, problem }, Guarded::Now) => {
                assert!(matches!(*problem, Error::Cancelled), "{problem:?}");
                assert_eq!(*done, Done::Frozen(files.iter().map(|&name| name.into()).collect()));
            }
            (Error::Cancelled, Guarded::Before) => {}
            (error, _) => panic!("{error:?}"),
        }
    }

    /// A kernel that has nothing to say.
    const SILENT: Measure = |_| Ok(None);

    /// What a kernel would measure, computed.
    const MEASURED: Measure = |file| {
        let source = Source::from_file("f".into(), file.try_clone()?).map_err(std::io::Error::other)?;
        let digest = Engine::new(1).and_then(|engine| engine.verity_digest(source));
        digest.map(Some).map_err(std::io::Error::other)
    };

    #[test]
    fn every_file_is_frozen_and_then_hashed() {
        let case = signed(false);
        let calls = AtomicUsize::new(0);
        let second_before = |_: &File| match calls.fetch_add(1, Ordering::Relaxed) {
            1 => Ok(Guarded::Before),
            _ => Ok(Guarded::Now),
        };
        let model = protect(&case, &second_before, SILENT).unwrap();
        assert_eq!(frozen(model.report()), ["a.bin", "sub/c.bin"]);
        assert_eq!(checked(model.report()), ["whole"; 3]);
        assert!(model.report().verdict_line().starts_with("PROTECTED "), "{}", model.report().verdict_line());
    }

    #[test]
    fn a_measured_digest_that_is_signed_is_enough() {
        let case = signed(true);
        let model = protect(&case, &|_| Ok(Guarded::Now), MEASURED).unwrap();
        assert_eq!(checked(model.report()), ["fsverity"; 3]);
        let whole = case.1.clone().with_policy(Policy::strict().check(crate::Check::Both));
        let model = protect(&(case.0, whole), &|_| Ok(Guarded::Now), MEASURED).unwrap();
        assert_eq!(checked(model.report()), ["whole"; 3], "whoever wants bytes hashed gets them hashed");
    }

    #[test]
    fn nothing_is_frozen_of_a_model_that_does_not_verify() {
        let case = signed(true);
        fs::write(case.0.path().join("model/b.bin"), "x".repeat(5000)).unwrap();
        let (kind, report) = rejected(protect(&case, &|_| panic!("it was frozen"), SILENT));
        assert_eq!((kind, report.frozen()), (ErrorKind::Mismatch, None));
    }

    #[test]
    fn a_change_between_the_look_and_the_freeze_is_told_plainly() {
        let case = signed(false);
        let path = case.0.path().join("model/b.bin");
        let strike = |_: &File| {
            fs::write(&path, "x".repeat(5000)).unwrap();
            Ok(Guarded::Now)
        };
        let (kind, report) = rejected(protect(&case, &strike, SILENT));
        assert_eq!(kind, ErrorKind::Mismatch);
        assert_eq!(frozen(&report), NAMES);
        assert_eq!(checked(&report), ["whole", "-", "whole"]);
        let problem = report.problems().next().unwrap().to_string();
        assert!(problem.starts_with("'b.bin' is now frozen by fs-verity, but does not hold: "), "{problem}");
        assert!(problem.contains("expected sha256:"), "{problem}");
    }

    #[test]
    fn a_measured_digest_that_differs_is_no_verdict() {
        let case = signed(true);
        let salted: Measure = |_| Ok(Some(VerityDigest::from_bytes([0; 32])));
        let model = protect(&case, &|_| Ok(Guarded::Now), salted).unwrap();
        assert_eq!(checked(model.report()), ["whole"; 3]);
    }

    #[test]
    fn a_file_of_another_length_is_not_frozen() {
        let case = signed(true);
        let path = case.0.path().join("model/b.bin");
        let calls = AtomicUsize::new(0);
        let strike = |_: &File| {
            assert!(calls.fetch_add(1, Ordering::Relaxed) < 2, "the grown file was frozen");
            fs::write(&path, "x").unwrap();
            Ok(Guarded::Now)
        };
        let (kind, report) = rejected(protect(&case, &strike, SILENT));
        assert_eq!(kind, ErrorKind::Changed);
        assert_eq!(frozen(&report), ["a.bin", "sub/c.bin"]);
    }

    /// As in every verification, that is a negative verdict, and not one that is out of reach.
    #[test]
    fn a_file_that_is_gone_or_a_link_by_then_was_changed() {
        for is_link in [false, true] {
            let case = signed(false);
            let path = case.0.path().join("model/b.bin");
            let calls = AtomicUsize::new(0);
            let strike = |_: &File| {
                if calls.fetch_add(1, Ordering::Relaxed) == 0 {
                    fs::rename(&path, case.0.path().join("elsewhere")).unwrap();
                    #[cfg(unix)]
                    if is_link {
                        std::os::unix::fs::symlink("../elsewhere", &path).unwrap();
                    }
                }
                Ok(Guarded::Now)
            };
            let (kind, report) = rejected(protect(&case, &strike, SILENT));
            assert_eq!((kind, kind.outcome().exit_code), (ErrorKind::Changed, 1), "{is_link}");
            assert_eq!(frozen(&report), ["a.bin", "sub/c.bin"]);
            let problem = report.problems().next().unwrap().to_string();
            assert_eq!(problem, "'b.bin' was changed, replaced or removed meanwhile");
        }
    }

    #[test]
    fn a_writer_is_named_and_the_rest_is_frozen() {
        let case = signed(true);
        let calls = AtomicUsize::new(0);
        let held = |_: &File| match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err(EnableError::HeldForWriting),
            _ => Ok(Guarded::Now),
        };
        let (kind, report) = rejected(protect(&case, &held, SILENT));
        assert_eq!((kind, kind.outcome().exit_code), (ErrorKind::Io, 2));
        assert_eq!(frozen(&report), ["b.bin", "sub/c.bin"]);
        let problems: Vec<String> = report.problems().map(Error::to_string).collect();
        assert_eq!(problems, ["'a.bin' cannot be frozen: somebody holds it open for writing"]);
        // Stopping at the first problem leaves the rest alone.
        calls.store(0, Ordering::Relaxed);
        let fast = case.1.clone().with_policy(Policy::strict().fail_fast(true));
        let (_, report) = rejected(protect(&(case.0, fast), &held, SILENT));
        assert!(frozen(&report).is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_frozen_is_a_problem_of_its_own() {
        let case = signed(true);
        let calls = AtomicUsize::new(0);
        let fails = |_: &File| match calls.fetch_add(1, Ordering::Relaxed) {
            1 => Err(EnableError::Io(std::io::Error::from_raw_os_error(5))),
            _ => Ok(Guarded::Now),
        };
        let (kind, report) = rejected(protect(&case, &fails, SILENT));
        assert_eq!(kind, ErrorKind::Io);
        assert_eq!(frozen(&report), ["a.bin", "sub/c.bin"]);
        let problem = report.problems().next().unwrap().to_string();
        assert!(problem.starts_with("cannot freeze 'b.bin'"), "{problem}");
    }

    #[test]
    fn what_was_frozen_before_and_does_not_hold_was_not_frozen_here() {
        let case = signed(false);
        let path = case.0.path().join("model/b.bin");
        let strike = |_: &File| {
            fs::write(&path, "x".repeat(5000)).unwrap();
            Ok(Guarded::Before)
        };
        let (kind, report) = rejected(protect(&case, &strike, SILENT));
        assert_eq!((kind, frozen(&report).len()), (ErrorKind::Mismatch, 0));
        let problem = report.problems().next().unwrap().to_string();
        assert!(problem.starts_with("'b.bin'") && !problem.contains("is now frozen"), "{problem}");
    }

    /// Whenever it comes, there is no verdict, and what was frozen by then is told.
    #[test]
    fn cancelling_ends_it_between_files_and_in_the_second_look() {
        for since in [Guarded::Now, Guarded::Before] {
            for last in 0..NAMES.len() {
                let (folder, verifier) = signed(false);
                let cancel = modelsig_hash::CancelToken::new();
                let engine = Engine::new(1).unwrap().with_cancel(cancel.clone());
                let case = (folder, verifier.with_engine(engine));
                let calls = AtomicUsize::new(0);
                let cancelling = |_: &File| {
                    if calls.fetch_add(1, Ordering::Relaxed) == last {
                        cancel.cancel();
                    }
                    Ok(since)
                };
                let result = protect(&case, &cancelling, SILENT);
                cancelled(result, since, &NAMES[..=last]);
                assert_eq!(calls.into_inner(), last + 1);
            }
            // Its digest is signed, so that the second look takes no time: it is noticed before the next file.
            let (folder, verifier) = signed(true);
            let cancel = modelsig_hash::CancelToken::new();
            let engine = Engine::new(1).unwrap().with_cancel(cancel.clone());
            let case = (folder, verifier.with_engine(engine));
            let cancelling = |_: &File| {
                cancel.cancel();
                Ok(since)
            };
            let result = protect(&case, &cancelling, MEASURED);
            cancelled(result, since, &NAMES[..1]);
        }
    }

    #[test]
    fn where_there_is_no_fs_verity_that_is_the_answer() {
        let case = signed(true);
        let result = protect(&case, &|_| Err(EnableError::Unsupported), SILENT);
        match result {
            Err(error @ Error::NoVerity { .. }) => {
                assert_eq!((error.kind(), error.path()), (ErrorKind::Unsupported, Some("a.bin")));
            }
            other => panic!("{other:?}"),
        }
        // In the middle of a model: what was frozen by then is told.
        let calls = AtomicUsize::new(0);
        let mixed = |_: &File| match calls.fetch_add(1, Ordering::Relaxed) {
            1 => Err(EnableError::Unsupported),
            _ => Ok(Guarded::Now),
        };
        let (kind, report) = rejected(protect(&case, &mixed, SILENT));
        assert_eq!(kind, ErrorKind::Unsupported);
        assert_eq!(frozen(&report), ["a.bin", "sub/c.bin"]);
    }
}
