//! Several bundles for one model, since organisations co-sign. Each is verified completely, by its own names and
//! digests, against the same bytes, which are read once; equal root digests would prove nothing, since they bind
//! neither names nor chunk indexes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Run, Verifier};
use crate::cosign::{BundleReport, CosignReport};
use crate::loader::{CosignedModel, Present, SignedModel, VerifiedModel};
use crate::manifest::Manifest;
use crate::model::SkipReason;
use crate::policy::{Check, Policy};
use crate::report::Report;
use crate::threshold::{SignerKey, Tally, Threshold};
use crate::{Error, events};

impl Verifier {
    /// Checks a model against several bundles, enough of which must hold: signature, manifest, and every byte of
    /// every file.
    ///
    /// A bundle that fails in any way is not counted, and its error is in the report. Of those that hold, distinct
    /// signers are counted, by public key and by identity. Where it takes more than one, the whole-file
    /// digests are checked too ([`Check::Both`]), so that all of them speak of the same files in the same terms; they
    /// must have a file in common; and a file that one signs while another leaves it out, or ignores it as unsigned,
    /// needs as many signers itself.
    /// None of the bundles is an unsigned file to the others, wherever it lies; one that another lists is checked.
    ///
    /// With [`Policy::fail_fast`](crate::Policy::fail_fast) it ends as soon as the threshold is out of reach.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), modelsig::Error> {
    /// use std::path::Path;
    ///
    /// use modelsig::{PublicKey, Threshold, Verifier};
    ///
    /// let keys = ["lab.pub.pem", "auditor.pub.pem"].map(|path| PublicKey::from_file(Path::new(path)));
    /// let verifier = Verifier::new(keys.into_iter().collect::<Result<Vec<_>, _>>()?);
    /// let bundles = ["model/lab.sig", "auditor.sig"];
    /// let model = verifier.verify_several(Path::new("model"), &bundles, Threshold::All)?;
    /// let weights = model.read("model.safetensors")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Threshold`] with a report when there are too few signers; [`Error::Usage`] when there can never be
    /// enough; [`Error::Changed`] when the names in the model changed between one bundle and the next; otherwise the
    /// error that kept it from getting as far as the bundles.
    pub fn verify_several(
        &self,
        model: &Path,
        bundles: &[impl AsRef<Path>],
        threshold: Threshold,
    ) -> Result<CosignedModel, Error> {
        let passed: Vec<&Path> = bundles.iter().map(AsRef::as_ref).collect();
        let result = self.verify_bundles(model, &passed, threshold);
        events::verdict("verify_several", model, result)
    }

    fn verify_bundles(
        &self,
        model: &Path,
        passed: &[&Path],
        threshold: Threshold,
    ) -> Result<CosignedModel, Error> {
        let required = threshold.required(passed.len())?;
        let check = match self.policy.check {
            Check::Chunks if required > 1 => Check::Both,
            check => check,
        };
        let run = self.begin(model, passed, check)?;

        let mut failed: BTreeMap<usize, Error> = BTreeMap::new();
        let (mut places, mut signed) = (Vec::new(), Vec::new());
        for (place, bundle) in passed.iter().enumerate() {
            let looked = self.look(&run, &(*bundle).into());
            match if self.policy.fail_fast { looked.and_then(SignedModel::accept) } else { looked } {
                Ok(one) => {
                    places.push(place);
                    signed.push(one);
                }
                Err(error) => drop(failed.insert(place, error)),
            }
        }
        same_names(&signed)?;

        let keys: Vec<SignerKey> = signed.iter().map(|one| SignerKey::of(&one.report.signer)).collect();
        let is_lost = |sound: &[bool]| {
            let sound = keys.iter().zip(sound).filter_map(|(key, sound)| sound.then_some(key));
            Tally::of(sound).signers() < required
        };
        if !(self.policy.fail_fast && is_lost(&vec![true; signed.len()])) {
            self.check_files(&run.engine, &mut signed, &is_lost)?;
        }

        let mut sound: Vec<(usize, SignedModel)> = Vec::new();
        for (place, one) in places.into_iter().zip(signed) {
            match self.seal(one) {
                Ok(one) => sound.push((place, one)),
                Err(error) => drop(failed.insert(place, error)),
            }
        }
        conclude(run, self.policy.clone(), threshold, required, failed, sound)
    }

    /// The verdict on one bundle.
    fn seal(&self, signed: SignedModel) -> Result<SignedModel, Error> {
        let signed = signed.accept()?;
        if self.policy.fail_fast && signed.report.files.iter().any(|file| file.checked.is_none()) {
            return Err(Error::Cancelled);
        }
        VerifiedModel::new(signed).map(VerifiedModel::into_signed)
    }
}

/// The tree was walked once for each bundle, by its own exclusions. All of them must have met the same names, taken or
/// left out: else a file could be there for the bundle that lists it and not for the one that does not.
fn same_names(signed: &[SignedModel]) -> Result<(), Error> {
    let met = |one: &SignedModel| -> BTreeSet<String> {
        let is_missing = |problem: Option<&Error>| matches!(problem, Some(Error::Missing { .. }));
        let report = &one.report;
        let files =
            report.files.iter().filter(|file| !is_missing(file.problem.as_deref())).map(|file| &file.name);
        let skipped = report.skipped.iter().map(|skipped| &skipped.path);
        files.chain(skipped).map(|name| name.trim_end_matches('/').to_owned()).collect()
    };
    // Nothing can be said of a walk that did not come everywhere; its bundle does not count.
    let is_whole =
        |one: &&SignedModel| !one.report.problems().any(|problem| matches!(problem, Error::Io { .. }));
    // A single file is always there, under whatever name it is listed.
    let mut folders = signed.iter().filter(|one| !one.model.is_file()).filter(is_whole);
    let Some(first) = folders.next().map(met) else { return Ok(()) };
    match folders.find_map(|other| met(other).symmetric_difference(&first).next().cloned()) {
        Some(path) => Err(Error::Changed { path }),
        None => Ok(()),
    }
}

/// Counts the signers of what holds, and decides.
fn conclude(
    run: Run<'_>,
    policy: Policy,
    threshold: Threshold,
    required: usize,
    mut failed: BTreeMap<usize, Error>,
    sound: Vec<(usize, SignedModel)>,
) -> Result<CosignedModel, Error> {
    let keys: Vec<SignerKey> = sound.iter().map(|(_, one)| SignerKey::of(&one.report.signer)).collect();
    let tally = Tally::of(&keys);
    let places: Vec<usize> = sound.iter().map(|(place, _)| *place).collect();
    let (mut signed, mut reports) = (Vec::new(), Vec::new());
    for (_, SignedModel { manifest, present, report, .. }) in sound {
        signed.push((manifest, present));
        reports.push(report);
    }

    let skipped = reports.iter().flat_map(|report: &Report| &report.skipped);
    let ignored = skipped.filter(|skipped| {
        matches!(skipped.reason, SkipReason::Unsigned | SkipReason::Signer | SkipReason::GitDefault)
    });
    let ignored: BTreeSet<String> = ignored.map(|skipped| skipped.path.clone()).collect();

    let mut lists: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for present in signed.iter().flat_map(|(_, files): &(Manifest, Vec<Present>)| files) {
        let (lists, length) = lists.entry(present.tree.name.as_str()).or_default();
        *lists = lists.saturating_add(1);
        *length = present.tree.length;
    }
    let by_all = |(lists, _): &&(usize, u64)| *lists == signed.len();
    let files = lists.values().filter(by_all).count();
    let bytes = lists.values().filter(by_all).fold(0, |sum: u64, (_, length)| sum.saturating_add(*length));
    let partly = lists.iter().filter(|(_, lists)| !by_all(lists));
    let partly_signed = partly.map(|(name, _)| (*name).to_owned()).collect();

    let mut reports = reports.into_iter().enumerate();
    let bundle = |(place, path): (usize, &&Path)| {
        let (outcome, same) = match failed.remove(&place) {
            Some(error) => (Err(error), None),
            None => match reports.next() {
                Some((index, report)) => (Ok(report), tally.same_as(index)),
                None => (Err(Error::Internal { what: "a bundle was left out".into() }), None),
            },
        };
        let same_signer_as = same.and_then(|index| places.get(index).copied());
        BundleReport { bundle: path.to_string_lossy().into(), outcome, same_signer_as }
    };
    let bundles = run.passed.iter().enumerate().map(bundle).collect();
    let model = run.model.shown();
    let signers = match files {
        0 => tally.signers().min(1),
        _ => tally.signers().min(fewest_signers(&tally, &signed, &ignored)),
    };
    let report = CosignReport { model, threshold, required, signers, bundles, files, bytes, partly_signed };
    if !report.is_met() {
        return Err(Error::Threshold(Box::new(report)));
    }
    let Run { model, check, engine, .. } = run;
    Ok(CosignedModel { model, engine, check, policy, signed, report })
}

/// How many signers stand behind every file that one bundle signs and another one leaves out or ignores. Otherwise
/// bundles of different models, each of which ignores the files of the others, would make several signers of one.
/// Empty files are passed over: shards cannot list them.
fn fewest_signers(tally: &Tally, signed: &[(Manifest, Vec<Present>)], ignored: &BTreeSet<String>) -> usize {
    let lists = |files: &[Present], name: &str| {
        let place = files.binary_search_by(|present| present.tree.name.as_str().cmp(name));
        place.ok().and_then(|place| files.get(place)).is_some_and(|present| present.tree.length > 0)
    };
    let signers_of = |name: &String| {
        let listing = signed.iter().enumerate().filter(|(_, (_, files))| lists(files, name));
        tally.signers_among(listing.map(|(place, _)| place))
    };
    ignored.iter().map(signers_of).filter(|signers| *signers > 0).min().unwrap_or(usize::MAX)
}

#[cfg(all(test, feature = "sign"))]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::model::Symlinks;
    use crate::{KeyType, ModelSigner, PrivateKey, Signer};

    /// Somebody at work between the look of the first bundle and that of the second.
    fn looked(meanwhile: impl FnOnce(&Path)) -> (tempfile::TempDir, Verifier, Vec<SignedModel>) {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model");
        fs::create_dir_all(model.join("sub")).unwrap();
        fs::write(model.join("weights.bin"), b"weights").unwrap();
        let keys = [(); 2].map(|()| PrivateKey::generate(KeyType::Ed25519).unwrap());
        let bundles: Vec<PathBuf> = ["a.sig", "b.sig"].map(|name| folder.path().join(name)).into();
        for (key, bundle) in keys.iter().zip(&bundles) {
            ModelSigner::new().sign(&model, bundle, key).unwrap();
        }
        let verifier = Verifier::new(keys.map(|key| key.public_key().clone()).to_vec());
        let passed: Vec<&Path> = bundles.iter().map(PathBuf::as_path).collect();
        let run = verifier.begin(&model, &passed, Check::Both).unwrap();
        let first = verifier.look(&run, &passed[0].into()).unwrap();
        meanwhile(&model);
        let second = verifier.look(&run, &passed[1].into()).unwrap();
        (folder, verifier, vec![first, second])
    }

    #[test]
    fn a_name_that_comes_or_goes_between_two_bundles_is_a_change() {
        let changed = |meanwhile: fn(&Path)| match same_names(&looked(meanwhile).2) {
            Err(Error::Changed { path }) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(changed(|model| fs::write(model.join("evil.py"), b"").unwrap()), "evil.py");
        assert_eq!(changed(|model| fs::write(model.join(".gitignore"), b"").unwrap()), ".gitignore");
        assert_eq!(changed(|model| fs::remove_file(model.join("weights.bin")).unwrap()), "weights.bin");
        same_names(&looked(|_| ()).2).unwrap();
    }

    #[test]
    fn a_length_that_changes_between_two_bundles_is_a_change_for_both() {
        let (folder, verifier, mut signed) = looked(|_| ());
        fs::write(folder.path().join("model/weights.bin"), b"weights and more").unwrap();
        let everything = crate::model::Exclusions::default();
        let tree = signed[0].model.tree(&everything, Symlinks::Reject, &crate::Limits::default()).unwrap();
        signed[1].present[0].tree = tree.files.into_iter().next().unwrap();
        let engine = signed[0].engine.clone();
        verifier.check_files(&engine, &mut signed, &|_| false).unwrap();
        for one in signed {
            let Err(Error::Rejected(report)) = one.accept() else { panic!("it was accepted") };
            let problems: Vec<_> = report.problems().collect();
            assert!(
                matches!(problems[..], [Error::Changed { path }] if path == "weights.bin"),
                "{problems:?}"
            );
        }
    }

    /// Whether there is hope left is asked once for each bundle that fails, not for each of its damaged chunks.
    #[test]
    fn hope_is_lost_with_bundles_and_not_with_chunks() {
        let folder = tempfile::tempdir().unwrap();
        let (model, bundle) = (folder.path().join("model"), folder.path().join("a.sig"));
        fs::create_dir(&model).unwrap();
        fs::write(model.join("weights.bin"), vec![0; 20 << 16]).unwrap();
        let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
        let size = modelsig_hash::ChunkSize::new(1 << 16).ok();
        let chunks = crate::ChunkIndexing { size, ..Default::default() };
        ModelSigner::new().chunks(Some(chunks)).sign(&model, &bundle, &key).unwrap();
        fs::write(model.join("weights.bin"), vec![1; 20 << 16]).unwrap();

        let policy = crate::Policy::strict().fail_fast(true);
        let verifier = Verifier::new(key.public_key().clone()).with_policy(policy);
        let passed = [bundle.as_path()];
        let run = verifier.begin(&model, &passed, Check::Chunks).unwrap();
        let mut signed = [(), ()].map(|()| verifier.look(&run, &(&bundle).into()).unwrap());
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let is_lost = |_: &[bool]| {
            asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            false
        };
        verifier.check_files(&run.engine, &mut signed, &is_lost).unwrap();
        assert_eq!(asked.into_inner(), 2);
        assert!(signed.into_iter().all(|one| one.accept().is_err()));
    }

    /// What is gone since the folder was walked is a change, and the first file that cannot be had ends it for who
    /// fails fast.
    #[test]
    fn a_file_that_is_gone_is_a_change_and_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let (model, bundle) = (folder.path().join("model"), folder.path().join("a.sig"));
        fs::create_dir(&model).unwrap();
        for name in ["a", "b", "c"] {
            fs::write(model.join(name), name).unwrap();
        }
        let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
        ModelSigner::new().sign(&model, &bundle, &key).unwrap();
        for (fail_fast, in_its_place, checked) in
            [(false, None, 2), (true, None, 0), (false, Some("b"), 2), (true, Some("b"), 0)]
        {
            let verifier = Verifier::new(key.public_key().clone())
                .with_policy(crate::Policy::strict().fail_fast(fail_fast))
                .with_engine(modelsig_hash::Engine::new(1).unwrap());
            let run = verifier.begin(&model, &[], Check::Chunks).unwrap();
            let mut signed = [verifier.look(&run, &(&bundle).into()).unwrap()];
            fs::remove_file(model.join("a")).unwrap();
            #[cfg(unix)]
            if let Some(target) = in_its_place {
                std::os::unix::fs::symlink(target, model.join("a")).unwrap();
            }
            verifier.check_files(&run.engine, &mut signed, &|sound| sound == [false]).unwrap();
            let _ = fs::remove_file(model.join("a"));
            fs::write(model.join("a"), "a").unwrap();
            let [report] = signed.map(|one| one.report);
            let problems: Vec<_> = report.problems().collect();
            assert!(matches!(problems[..], [Error::Changed { path }] if path == "a"), "{problems:?}");
            assert_eq!(report.files().iter().filter(|file| file.checked.is_some()).count(), checked);
        }
    }

    /// The folder was opened once for all bundles: another one in its place is not looked at.
    #[test]
    fn all_bundles_look_at_the_same_folder() {
        let (_folder, verifier, mut signed) = looked(|model| {
            fs::rename(model, model.with_extension("moved")).unwrap();
            fs::create_dir(model).unwrap();
            fs::write(model.join("weights.bin"), b"forgery").unwrap();
        });
        same_names(&signed).unwrap();
        let engine = signed[0].engine.clone();
        verifier.check_files(&engine, &mut signed, &|_| false).unwrap();
        assert!(signed.into_iter().all(|one| verifier.seal(one).is_ok()));
    }
}
