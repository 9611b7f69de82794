//! Verification, step by step (OMS spec 8.4): bundle, signature, statement, folder, files.
//!
//! The signature is checked over the payload bytes as they stand before any of them is parsed, and nothing in the
//! model is opened by a name from the manifest: the folder is walked and its names are compared. One bundle is the
//! special case of several: each goes through the same steps, on the same opened model.

mod content;
mod protect;
mod resources;
mod several;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use modelsig_hash::{Access, Engine, Hasher};

use crate::bundle::Bundle;
use crate::content::BundleSource;
use crate::loader::{Learned, Present, SignedModel, State, VerifiedModel};
use crate::manifest::{Manifest, Method, Proof, RecordedIgnore};
use crate::model::{Exclusions, Model, ModelPath, PathFault, SkipReason, Skipped, Symlinks, Tree, TreeFile};
use crate::policy::{Check, UnsignedFiles};
use crate::report::{FileReport, Note, Report, SignerReport};
use crate::statement::{self, StatementFault};
use crate::trust::{self, Dialect, Trust};
use crate::{Error, Limits, Policy, SignatureScheme, events};

/// Verifies models for one trust and one policy. It keeps no state between calls: the verdict on one model never
/// depends on another.
#[derive(Clone, Debug)]
pub struct Verifier {
    trust: Trust,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) access: Access,
    engine: Option<Engine>,
}

/// What the bundles of one run share: the model is opened once for all of them.
pub(crate) struct Run<'r> {
    pub(crate) model: Arc<Model>,
    /// The bundles of this run. None of them is an unsigned file to the others.
    passed: &'r [&'r Path],
    /// Which digests are checked.
    pub(crate) check: Check,
    pub(crate) engine: Engine,
}

impl Verifier {
    /// A strict verifier for a key, several keys of which any one may have signed, or another [`Trust`].
    pub fn new(trust: impl Into<Trust>) -> Self {
        Self {
            trust: trust.into(),
            policy: Policy::strict(),
            limits: Limits::default(),
            access: Access::Read,
            engine: None,
        }
    }

    /// Replaces the policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Replaces the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How files are read. The default never maps them, since a map of a file that another process truncates kills
    /// the host program.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Hashes with this engine: its pool, its progress, its cancellation. Otherwise each call makes one with a
    /// thread for each CPU.
    #[must_use]
    pub fn with_engine(mut self, engine: Engine) -> Self {
        self.engine = Some(engine);
        self
    }

    /// Checks signature, manifest and the names and lengths of all files, but no content yet: that is checked when
    /// it is read through the [`SignedModel`].
    ///
    /// # Errors
    /// [`Error::Rejected`] with a report when files are missing, unsigned, or of another length; otherwise the
    /// error that kept it from getting that far.
    pub fn open<'b>(&self, model: &Path, bundle: impl Into<BundleSource<'b>>) -> Result<SignedModel, Error> {
        let bundle = bundle.into();
        let open = || self.look(&self.begin(model, &[], self.policy.check)?, &bundle)?.accept();
        events::verdict("open", model, open())
    }

    /// Checks everything: signature, manifest, and every byte of every file.
    ///
    /// # Errors
    /// [`Error::Rejected`] with a report of all problems (or the first, if the policy fails fast); otherwise the
    /// error that kept it from getting that far.
    pub fn verify<'b>(
        &self,
        model: &Path,
        bundle: impl Into<BundleSource<'b>>,
    ) -> Result<VerifiedModel, Error> {
        events::verdict("verify", model, self.verify_by(model, &bundle.into()))
    }

    pub(crate) fn verify_by(&self, model: &Path, bundle: &BundleSource<'_>) -> Result<VerifiedModel, Error> {
        let run = self.begin(model, &[], self.policy.check)?;
        let signed = self.look(&run, bundle)?;
        self.check_all(&run.engine, signed)
    }

    /// Checks the content of what was looked at.
    pub(crate) fn check_all(&self, engine: &Engine, mut signed: SignedModel) -> Result<VerifiedModel, Error> {
        if self.policy.fail_fast {
            signed = signed.accept()?;
        }
        self.check_files(engine, std::slice::from_mut(&mut signed), &|sound| sound.contains(&false))?;
        signed.name_damaged_tensors();
        signed.accept().and_then(VerifiedModel::new)
    }

    /// Opens the model.
    pub(crate) fn begin<'r>(
        &self,
        model: &Path,
        passed: &'r [&'r Path],
        check: Check,
    ) -> Result<Run<'r>, Error> {
        self.run_on(Model::open(model)?, passed, check)
    }

    pub(crate) fn run_on<'r>(
        &self,
        model: Model,
        passed: &'r [&'r Path],
        check: Check,
    ) -> Result<Run<'r>, Error> {
        let engine = match &self.engine {
            Some(engine) => engine.clone(),
            None => Engine::new(0).map_err(|error| Error::from_hashing("", error))?,
        };
        Ok(Run { model: Arc::new(model), passed, check, engine })
    }

    /// Everything up to the content of the files, with all problems in the report.
    pub(crate) fn look(&self, run: &Run<'_>, source: &BundleSource<'_>) -> Result<SignedModel, Error> {
        let name = source.name();
        let text = match source.path() {
            Some(path) => run.model.read_bundle(path, &self.limits)?,
            None => source.read(&self.limits)?,
        };
        let bundle = Bundle::parse(&name, text, &self.limits)?;
        let (signer, dialect) = trust::verify(&name, &bundle, &self.trust, self.policy.legacy)?;
        let manifest = statement::parse(&name, bundle.envelope.payload(), dialect, &self.limits)?;
        drop(bundle);
        self.supported(&name, &manifest)?;
        self.walk(run, source, signer, manifest)
    }

    /// The folder as it is now, by a manifest whose signature was verified.
    pub(crate) fn walk(
        &self,
        run: &Run<'_>,
        bundle: &BundleSource<'_>,
        signer: SignerReport,
        manifest: Manifest,
    ) -> Result<SignedModel, Error> {
        let name = bundle.name();
        #[cfg(feature = "portable")]
        if self.policy.portable {
            crate::model::check_portable(manifest.files.iter().map(|file| &file.name))?;
        }
        let model = Arc::clone(&run.model);
        let exclusions = self.exclusions(run, &manifest, bundle)?;
        let tree = model.tree(&exclusions, self.symlinks(&manifest), &self.limits)?;
        let found = tree.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.length));
        self.limits.allow_model(model.shown(), found)?;
        let mut report = self.report(run, &name, signer, &manifest);
        if tree.has_hard_links && self.policy.is_stricter() {
            report.notes.push(Note::HardLinks);
        }
        let engine = run.engine.clone();
        let mut signed = SignedModel {
            model,
            manifest,
            present: Vec::new(),
            report,
            engine,
            check: run.check,
            policy: self.policy.clone(),
            limits: self.limits.clone(),
            access: self.access,
            learned: Learned::default(),
            directory: Mutex::default(),
        };
        self.compare_names(&mut signed, tree, &name)?;
        Ok(signed)
    }

    /// Hashes that this build cannot compute are said so once, not as a fault of each file.
    fn supported(&self, bundle: &str, manifest: &Manifest) -> Result<(), Error> {
        let chunked = manifest.files.iter().filter_map(|file| match &file.proof {
            Proof::Whole { chunks: Some(chunks), .. } => Some(chunks.algorithm),
            _ => None,
        });
        let mut hashes = std::iter::once(manifest.serialization.hash).chain(chunked);
        hashes
            .try_for_each(|hash| Hasher::new(hash).map(drop))
            .map_err(|error| Error::from_hashing(bundle, error))
    }

    fn symlinks(&self, manifest: &Manifest) -> Symlinks {
        if manifest.serialization.allow_symlinks && self.policy.allow_symlinks {
            Symlinks::FollowInside
        } else {
            Symlinks::Reject
        }
    }

    fn exclusions(
        &self,
        run: &Run<'_>,
        manifest: &Manifest,
        bundle: &BundleSource<'_>,
    ) -> Result<Exclusions, Error> {
        let model = &run.model;
        let fault = |fault| Error::Statement { path: bundle.name(), fault };
        let mut by_signer = Exclusions::default();
        for path in &manifest.serialization.ignore_paths {
            match path {
                RecordedIgnore::Relative(path) => by_signer.add(path.clone(), SkipReason::Signer),
                RecordedIgnore::Absolute(path) if model.contains_absolute(path) => {
                    return Err(fault(StatementFault::IgnorePathInside { path: path.clone() }));
                }
                RecordedIgnore::Absolute(_) | RecordedIgnore::Inert(_) => {}
            }
        }
        let contradiction = |name: &ModelPath| by_signer.covering(name).map(|(path, _)| path.to_string());
        for file in &manifest.files {
            if let Some(ignored) = contradiction(&file.name) {
                return Err(fault(StatementFault::ListedAndIgnored { name: file.name.to_string(), ignored }));
            }
        }
        let mut exclusions = Exclusions::default();
        if let Some(inside) = bundle.path().map(|path| model.relative(path)).transpose()?.flatten() {
            exclusions.add(inside, SkipReason::Signature);
        }
        // Whoever signs last may have signed the bundles of those before: such a one is checked like any file.
        for other in run.passed {
            match model.relative(other) {
                Ok(Some(other)) if !manifest.covers(other.as_str()) => {
                    exclusions.add(other, SkipReason::Signature);
                }
                Err(error @ Error::Io { .. }) => return Err(error),
                _ => {}
            }
        }
        for path in &self.policy.ignore_paths {
            if manifest.covers(path.as_str()) || path.ancestors().any(|above| manifest.find(above).is_some())
            {
                return Err(Error::IgnoredButSigned { path: path.to_string() });
            }
            exclusions.add(path.clone(), SkipReason::Caller);
        }
        if !self.policy.strict_git {
            // What the signer did list is checked, whatever it is called.
            exclusions.add_git_defaults(|path| manifest.covers(path));
        }
        if !self.policy.refuse_bundle_ignores {
            for path in &manifest.serialization.ignore_paths {
                if let RecordedIgnore::Relative(path) = path
                    && !(self.policy.strict_git && crate::GIT_DEFAULTS.contains(&path.as_str()))
                {
                    exclusions.add(path.clone(), SkipReason::Signer);
                }
            }
        }
        Ok(exclusions)
    }

    fn report(&self, run: &Run<'_>, bundle: &str, signer: SignerReport, manifest: &Manifest) -> Report {
        let notes = [
            (!signer.hint_in_bundle, Note::NoHint),
            (!manifest.in_order, Note::Unsorted),
            (manifest.find(".").is_some(), Note::SingleFileDot),
            (manifest.serialization.allow_symlinks && !self.policy.allow_symlinks, Note::SymlinksRecorded),
            (signer.scheme == SignatureScheme::Ed25519ph, Note::Ed25519ph),
            (signer.certificate.as_ref().is_some_and(|one| one.identity.is_none()), Note::AnyIdentity),
            (manifest.dialect == Dialect::Legacy, Note::Legacy),
        ];
        Report {
            model: run.model.shown(),
            bundle: bundle.into(),
            signer,
            subject: manifest.subject.clone(),
            root_digest: manifest.root_digest,
            method: manifest.serialization.method,
            check: run.check,
            files: Vec::new(),
            skipped: Vec::new(),
            weakened_by: self.policy.weakened_by(),
            frozen: None,
            notes: notes.into_iter().filter_map(|(holds, note)| holds.then_some(note)).collect(),
            complete: false,
            part: None,
            resources: run.model.contents().map(<[_]>::len),
        }
    }

    /// Names and lengths: what is signed must be there, what is there must be signed.
    fn compare_names(&self, signed: &mut SignedModel, tree: Tree, bundle: &str) -> Result<(), Error> {
        let mut files = Vec::with_capacity(signed.manifest.files.len());
        signed.report.skipped = tree.skipped;
        let mut known = HashSet::new();
        for problem in tree.problems {
            let name = problem.path().unwrap_or_default().to_owned();
            let problem = match problem {
                // A name that cannot be signed was certainly not signed.
                Error::NameNotUtf8 { path } | Error::BadName { path, .. } => {
                    if self.policy.unsigned_files == UnsignedFiles::Ignore {
                        signed.report.skipped.push(Skipped { path, reason: SkipReason::Unsigned });
                        continue;
                    }
                    Error::Unsigned { path }
                }
                other => other,
            };
            known.insert(name.clone());
            files.push(FileReport::unverified(name, None, None, Some(problem)));
        }

        let mut on_disk = tree.files.into_iter().peekable();
        let has_dot = signed.manifest.find(".").is_some();
        if has_dot && signed.model.is_folder() {
            let fault = StatementFault::BadName { name: ".".into(), fault: PathFault::Dot };
            return Err(Error::Statement { path: bundle.into(), fault });
        }
        // The name of a single file says nothing then. Of resources it must be the one that the caller gives.
        let lone_dot = has_dot && signed.model.is_file();
        for (index, file) in signed.manifest.files.iter().enumerate() {
            while let Some(extra) = on_disk.next_if(|found| !lone_dot && found.name < file.name) {
                self.unsigned(
                    extra,
                    signed.manifest.serialization.method,
                    &mut files,
                    &mut signed.report.skipped,
                );
            }
            let Some(found) = on_disk.next_if(|found| lone_dot || found.name == file.name) else {
                // Where a folder could not be looked into, nothing is known of its files; and there is no folder around
                // the resources that a caller chooses.
                let unknown = known.contains(".") || file.name.ancestors().any(|above| known.contains(above));
                if !signed.model.is_contents() && !unknown {
                    let path = file.name.to_string();
                    let problem = Some(Error::Missing { path: path.clone() });
                    files.push(FileReport::unverified(path, None, file.length(), problem));
                }
                continue;
            };
            let (path, size) = (found.name.to_string(), found.length);
            let problem = match file.length() {
                Some(expected) if size < expected => Some(Error::Truncated { path, expected, found: size }),
                Some(expected) if size > expected => Some(Error::Grown { path, expected, found: size }),
                _ => None,
            };
            if problem.is_none() {
                signed.present.push(Present {
                    signed: index,
                    tree: found,
                    report: 0,
                    state: State::default(),
                });
            }
            let name = file.name.to_string();
            files.push(FileReport::unverified(name, Some(size), file.length(), problem));
        }
        for extra in on_disk {
            self.unsigned(
                extra,
                signed.manifest.serialization.method,
                &mut files,
                &mut signed.report.skipped,
            );
        }
        files.sort_by(|one, other| one.name.cmp(&other.name));
        signed.report.skipped.sort_by(|one, other| one.path.cmp(&other.path));
        signed.report.files = files;
        // The files without a problem are those that are there, in the same order.
        let sound = signed.report.files.iter().enumerate().filter(|(_, file)| file.problem.is_none());
        for (present, (place, _)) in signed.present.iter_mut().zip(sound) {
            present.report = place;
        }
        Ok(())
    }

    fn unsigned(
        &self,
        file: TreeFile,
        method: Method,
        files: &mut Vec<FileReport>,
        skipped: &mut Vec<Skipped>,
    ) {
        let path = file.name.to_string();
        let uncovered = file.length == 0 && matches!(method, Method::Shards { .. });
        let tolerated = (uncovered && self.policy.allow_unsigned_empty)
            || self.policy.unsigned_files == UnsignedFiles::Ignore;
        if tolerated {
            return skipped.push(Skipped { path, reason: SkipReason::Unsigned });
        }
        let name = path.clone();
        let problem =
            Some(if uncovered { Error::EmptyNotCovered { path } } else { Error::Unsigned { path } });
        files.push(FileReport::unverified(name, Some(file.length), None, problem));
    }
}
