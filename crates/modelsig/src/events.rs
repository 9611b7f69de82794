//! What happened, told to whoever listens through [`tracing`] (cargo feature `tracing`). The table in the documentation
//! of the crate lists the targets and their fields; it is a promise, as the names of functions are.
//!
//! Names and messages are escaped, and cut where they may repeat text from outside. No event carries a key, a
//! passphrase or a PIN, or bytes of a file.

use std::path::Path;

use modelsig_hash::Digest;
use tracing::{Level, event};

use crate::escape::clipped;
use crate::loader::{CosignedModel, SignedModel, VerifiedModel};
use crate::{CosignReport, Done, Error, Escaped, RepairReport, RepairedFile, Report};

/// Problems of one model that are told one by one.
const PROBLEMS: usize = 100;

/// What has a verdict to tell of.
pub(crate) trait Judged {
    fn tell(&self, operation: &'static str);
}

/// Tells what came of a bundle: the verdict, or what is counted with others for one. A target is part of the program.
macro_rules! tell_outcome {
    ($report:expr, $target:literal, $operation:expr) => {{
        let report: &Report = $report;
        tell_outcome!(report, $target, $operation, report.verdict(), report.gravest(), report.problems().count())
    }};
    ($report:expr, $target:literal, $operation:expr, $verdict:expr, $kind:expr, $problems:expr) => {{
        let report: &Report = $report;
        let (model, bundle) = (escaped(report.model()), escaped(report.bundle()));
        let (signer, root_digest): (_, &Digest) = (report.signer().line(), report.root_digest());
        let (operation, verdict): (_, &str) = ($operation, $verdict);
        let (files, bytes, problems) = (report.files().len(), report.bytes_verified(), $problems);
        match $kind {
            None => event!(
                target: $target, Level::INFO, operation, verdict, model, bundle, ?root_digest, signer, files, bytes
            ),
            Some(kind) => event!(
                target: $target, Level::WARN, operation, verdict, model, bundle, ?root_digest, signer, files, bytes,
                problems, kind = kind.outcome().name
            ),
        }
    }};
}

/// A name as a string: what listens can then put it in quotes, so that it does not pass for other fields.
fn escaped(name: &str) -> String {
    Escaped(name).to_string()
}

/// Tells of a verdict, or why there is none, and passes it on.
pub(crate) fn verdict<T: Judged>(
    operation: &'static str,
    model: &Path,
    result: Result<T, Error>,
) -> Result<T, Error> {
    match &result {
        Ok(judged) => judged.tell(operation),
        Err(Error::Rejected(report)) => report.tell(operation),
        Err(Error::Threshold(report)) => report.tell(operation),
        Err(Error::Unrepaired(repair)) => repair.tell(operation),
        Err(error) => {
            if let Error::HalfDone { done, .. } = error {
                tell_done(done, &model.to_string_lossy(), error);
            }
            let outcome = error.kind().outcome();
            event!(
                target: "modelsig::verdict", Level::WARN, operation, verdict = outcome.verdict(),
                model = escaped(&model.to_string_lossy()), kind = outcome.name, reason = clipped(error)
            );
        }
    }
    result
}

/// What stays done without a verdict.
fn tell_done(done: &Done, model: &str, error: &Error) {
    if let Done::Repaired(written) = done {
        let (model, files) = (escaped(model), written.len());
        let bytes = written.iter().map(RepairedFile::bytes).fold(0, u64::saturating_add);
        event!(target: "modelsig::repair", Level::WARN, model, files, bytes, reason = clipped(error));
    }
}

/// Bytes of a file were handed out, or why they were not.
pub(crate) fn handed_out<T>(report: &Report, name: &str, result: Result<T, Error>) -> Result<T, Error> {
    match &result {
        Ok(_) => event!(
            target: "modelsig::load", Level::DEBUG, model = escaped(report.model()), file = escaped(name)
        ),
        Err(error) => event!(
            target: "modelsig::load", Level::WARN, model = escaped(report.model()), file = escaped(name),
            kind = error.kind().outcome().name, reason = clipped(error)
        ),
    }
    result
}

/// A bundle was written.
#[cfg(feature = "sign")]
pub(crate) fn signed(model: &str, bundle: &str, report: &crate::SignReport) {
    event!(
        target: "modelsig::sign", Level::INFO, model = escaped(model), bundle = escaped(bundle),
        root_digest = ?report.root_digest, key_type = %report.key_type, hint = %report.hint, files = report.files,
        bytes = report.bytes, reused = report.reused.len()
    );
}

impl Judged for Report {
    fn tell(&self, operation: &'static str) {
        tell_outcome!(self, "modelsig::verdict", operation);
        tell_details(self, &[], operation);
    }
}

/// Problems, failures beside them, and what weakens the policy.
fn tell_details(report: &Report, failures: &[Error], operation: &'static str) {
    let model = escaped(report.model());
    for problem in failures.iter().chain(report.problems()).take(PROBLEMS) {
        event!(
            target: "modelsig::problem", Level::WARN, operation, model,
            file = escaped(problem.path().unwrap_or_default()), kind = problem.kind().outcome().name,
            reason = clipped(problem)
        );
    }
    for words in report.weakened_by() {
        event!(target: "modelsig::policy", Level::WARN, operation, model, weakened_by = words);
    }
}

impl Judged for CosignReport {
    fn tell(&self, operation: &'static str) {
        let (model, bundles, signers) = (escaped(self.model()), self.bundles().len(), self.signers());
        let required = self.required();
        let verdict = self.verdict();
        match self.is_met() {
            true => event!(
                target: "modelsig::verdict", Level::INFO, operation, verdict, model, bundles, signers, required
            ),
            false => event!(
                target: "modelsig::verdict", Level::WARN, operation, verdict, model, bundles, signers, required,
                kind = self.kind().outcome().name
            ),
        }
        for bundle in self.bundles() {
            match &bundle.outcome {
                Ok(report) => tell_bundle(report, operation),
                Err(Error::Rejected(report)) => tell_bundle(report, operation),
                Err(error) => event!(
                    target: "modelsig::problem", Level::WARN, operation, model, file = escaped(&bundle.bundle),
                    kind = error.kind().outcome().name, reason = clipped(error)
                ),
            }
        }
    }
}

/// One of several bundles, which is no verdict by itself.
fn tell_bundle(report: &Report, operation: &'static str) {
    tell_outcome!(report, "modelsig::bundle", operation);
    tell_details(report, &[], operation);
}

impl Judged for RepairReport {
    fn tell(&self, operation: &'static str) {
        let (model, files, bytes) = (escaped(self.report().model()), self.files().len(), self.bytes_copied());
        let (report, failures) = (self.report(), self.failures());
        event!(target: "modelsig::repair", Level::INFO, model, files, bytes, failures = failures.len());
        // A model that verifies is no success where not all could be repaired.
        let kind = (!self.is_sound()).then(|| self.kind());
        let problems = failures.len().saturating_add(report.problems().count());
        tell_outcome!(report, "modelsig::verdict", operation, self.verdict(), kind, problems);
        tell_details(report, failures, operation);
    }
}

impl Judged for SignedModel {
    fn tell(&self, operation: &'static str) {
        self.report().tell(operation);
    }
}

impl Judged for VerifiedModel {
    fn tell(&self, operation: &'static str) {
        self.report().tell(operation);
    }
}

impl Judged for CosignedModel {
    fn tell(&self, operation: &'static str) {
        self.report().tell(operation);
    }
}

#[cfg(all(test, feature = "sign"))]
mod tests {
    use std::fmt::{Debug, Write};
    use std::sync::{Arc, Mutex};
    use std::{fs, io};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use crate::{Error, KeyType, ModelPath, ModelSigner, PrivateKey, RepairSource, Signer, Verifier};

    /// Writes down each event as a line: level, target, fields.
    #[derive(Clone, Default)]
    struct Listener(Arc<Mutex<String>>);

    struct Fields<'l>(&'l mut String);

    impl Visit for Fields<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            write!(self.0, " {field}={value:?}").unwrap();
        }
    }

    impl Subscriber for Listener {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut lines = self.0.lock().unwrap();
            write!(lines, "{} {}", event.metadata().level(), event.metadata().target()).unwrap();
            event.record(&mut Fields(&mut lines));
            lines.push('\n');
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    /// Cannot be read, but while that is tried somebody else brings the file back.
    struct Healing(std::path::PathBuf);

    impl RepairSource for Healing {
        fn read_at(&self, _: &ModelPath, _: u64, _: &mut [u8]) -> io::Result<usize> {
            fs::write(&self.0, b"good")?;
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }

    /// The model holds, and still not all could be repaired: nobody is told that it is verified.
    #[test]
    fn a_failed_repair_is_not_told_as_verified() {
        let folder = tempfile::tempdir().unwrap();
        let (model, bundle) = (folder.path().join("model"), folder.path().join("model.sig"));
        fs::create_dir(&model).unwrap();
        fs::write(model.join("a.bin"), b"good").unwrap();
        let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
        ModelSigner::new().sign(&model, &bundle, &key).unwrap();
        fs::write(model.join("a.bin"), b"evil").unwrap();

        let (verifier, source) = (Verifier::new(key.public_key().clone()), Healing(model.join("a.bin")));
        let listener = Listener::default();
        let listening = || verifier.repair(&model, &bundle, &source);
        let error = tracing::subscriber::with_default(listener.clone(), listening).unwrap_err();
        let Error::Unrepaired(repair) = &error else { panic!("{error:?}") };
        assert_eq!((repair.failures().len(), repair.report().problems().count()), (1, 0));
        let json = serde_json::to_value(repair).unwrap();
        assert_eq!(json["report"]["verdict"], "error", "{json}");

        let told = listener.0.lock().unwrap();
        let of = |start: &str| told.lines().find(|line| line.starts_with(start)).map(str::to_owned);
        let verdict = of("WARN modelsig::verdict ").unwrap_or_else(|| panic!("{told}"));
        for field in ["operation=\"repair\"", "verdict=\"error\"", "problems=1", "kind=\"io\""] {
            assert!(verdict.contains(&format!(" {field}")), "{field}: {verdict}");
        }
        assert!(of("WARN modelsig::problem ").is_some_and(|line| line.contains("file=\"a.bin\"")), "{told}");
        assert!(!told.contains("verified"), "{told}");
    }
}
