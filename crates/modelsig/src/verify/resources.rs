//! Resources without a folder: the content of some of the names in a bundle, wherever it lies. Apps are shipped models
//! in such ways.
//!
//! Only what was asked for is checked, and the report says so; that other signed files are missing is no reason to
//! reject. A name that is not signed is one.

use std::path::Path;

use modelsig_hash::{AccessUsed, Engine, Plan, Source};

use super::Verifier;
use crate::content::{BundleSource, Content};
use crate::loader::{SignedModel, VerifiedModel, hashing_error, same_length};
use crate::manifest::SignedFile;
use crate::model::{Model, ModelPath, SkipReason};
use crate::policy::Check;
use crate::report::{FileReport, Report};
use crate::{Error, events};

impl Verifier {
    /// Checks signature and manifest of a bundle, and the lengths of some of the resources that it lists, whose content
    /// lies elsewhere than in a folder: in parts of an archive, or behind descriptors. Their bytes are checked when
    /// they are read through the [`SignedModel`]. Without any content, the model is good for
    /// [streams](SignedModel::stream).
    ///
    /// ```no_run
    /// # fn main() -> Result<(), modelsig::Error> {
    /// use std::path::Path;
    ///
    /// use modelsig::{Content, PublicKey, Verifier};
    ///
    /// // An entry that is stored uncompressed in an archive, as the archive's own directory tells.
    /// let entry = Content::path("base.apk").part(38_912, Some(4_096_000));
    /// let verifier = Verifier::new(PublicKey::from_file(Path::new("key.pub.pem"))?);
    /// let model = verifier.open_resources(Path::new("model.sig"), [("weights.safetensors", entry)])?;
    /// let weights = model.get("weights.safetensors")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Usage`] when a name is given twice; [`Error::Unsigned`] for a name that nobody can have signed, or that is not
    /// signed under a policy which ignores unsigned files; [`Error::Rejected`] with a report when a resource is not
    /// signed, not there, or of another length; otherwise as [`Verifier::open`].
    pub fn open_resources<'b, 'n>(
        &self,
        bundle: impl Into<BundleSource<'b>>,
        contents: impl IntoIterator<Item = (&'n str, Content)>,
    ) -> Result<SignedModel, Error> {
        let looked = self.look_at_resources(&bundle.into(), contents.into_iter().collect());
        events::verdict("open_resources", Path::new(""), looked.and_then(SignedModel::accept))
    }

    /// The same, and checks every byte of these resources.
    ///
    /// # Errors
    /// As [`Verifier::open_resources`], and [`Error::Rejected`] for content that is not what was signed;
    /// [`Error::Usage`] without any content.
    pub fn verify_resources<'b, 'n>(
        &self,
        bundle: impl Into<BundleSource<'b>>,
        contents: impl IntoIterator<Item = (&'n str, Content)>,
    ) -> Result<VerifiedModel, Error> {
        let bundle = bundle.into();
        let contents = contents.into_iter().collect();
        let verify = || {
            let signed = self.look_at_resources(&bundle, contents)?;
            signed.is_not_empty()?;
            let engine = signed.engine.clone();
            self.check_all(&engine, signed)
        };
        events::verdict("verify_resources", Path::new(""), verify())
    }

    /// Checks bytes in memory against one resource of a bundle. Whoever can write to them meanwhile, or afterwards, can
    /// change them: this is for memory of one's own.
    ///
    /// # Errors
    /// As [`Verifier::verify_resources`].
    pub fn verify_bytes<'b>(
        &self,
        bundle: impl Into<BundleSource<'b>>,
        name: &str,
        bytes: &[u8],
    ) -> Result<Report, Error> {
        events::verdict("verify_bytes", Path::new(name), self.verify_bytes_by(&bundle.into(), name, bytes))
    }

    fn verify_bytes_by(&self, bundle: &BundleSource<'_>, name: &str, bytes: &[u8]) -> Result<Report, Error> {
        let mut signed = self.look_at_resources(bundle, Vec::new())?;
        let file = signed.signed_file(name)?;
        let size = bytes.len() as u64;
        self.limits.allow_model(name, size)?;
        let mut report = FileReport::unverified(name.into(), Some(size), file.length(), None);
        match check_bytes(file, bytes, signed.check, &signed.engine) {
            Ok(access) => {
                (report.access, report.checked) = (Some(access), Some(file.checked(signed.check)));
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(problem) => report.problem = Some(Box::new(problem)),
        }
        (signed.report.model, signed.report.resources) = (name.into(), Some(1));
        signed.report.files.push(report);
        Ok(signed.accept()?.conclude_part())
    }

    fn look_at_resources(
        &self,
        bundle: &BundleSource<'_>,
        contents: Vec<(&str, Content)>,
    ) -> Result<SignedModel, Error> {
        let named = |(name, content): (&str, Content)| match ModelPath::parse_or_dot(name) {
            Ok(path) => Ok((path, content)),
            // No such name was ever signed.
            Err(_) => Err(Error::Unsigned { path: name.into() }),
        };
        let contents = contents.into_iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let run = self.run_on(Model::of_contents(contents)?, &[], self.policy.check)?;
        let signed = self.look(&run, bundle)?;
        // A policy that leaves unsigned files alone does not mean those that the caller asks for.
        match signed.report.skipped.iter().find(|skipped| skipped.reason == SkipReason::Unsigned) {
            Some(unsigned) => Err(Error::Unsigned { path: unsigned.path.clone() }),
            None => Ok(signed),
        }
    }
}

fn check_bytes(file: &SignedFile, bytes: &[u8], check: Check, engine: &Engine) -> Result<AccessUsed, Error> {
    let (name, length) = (file.name.as_str(), bytes.len() as u64);
    same_length(name, file.length().unwrap_or(length), length)?;
    let mut plan = Plan::new();
    let task = file.task(Source::from_bytes(bytes), length, check);
    plan.push(task.map_err(|error| hashing_error(name, error))?);
    let hashed = engine.run(&plan).pop().unwrap_or(Err(modelsig_hash::Error::Cancelled));
    let hashed = hashed.map_err(|error| hashing_error(name, error))?;
    file.judge(check, &hashed)?;
    Ok(hashed.access)
}
