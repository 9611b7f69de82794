//! The corner corpus, `testdata/corners`: each case is built in a folder of its own, verified, and must end exactly as
//! it says: verdict, exit code, kind and variant of the error, problems, notes and skipped files.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use modelsig::{
    CertificateTrust, Error, ErrorKind, ModelPath, Policy, PublicKey, Report, Trust, UnsignedFiles, Verifier,
    danger,
};
use modelsig_tests::corner::{self, Corner, CornerPolicy, CornerTrust, CornerVerdict};
use modelsig_tests::{exit_code, within};

#[test]
fn every_corner_ends_as_it_must() {
    let folders = corner::discovered();
    let mut failures = Vec::new();
    let mut run = 0;
    for folder in &folders {
        let corner = Corner::read(folder);
        let place = tempfile::tempdir().expect("a temporary folder");
        if !corner.build(folder, place.path()) {
            println!("{}: this file system cannot hold it", corner::name_of(folder));
            continue;
        }
        run += 1;
        let expected = corner.expected.clone();
        let root = place.path().to_owned();
        // A FIFO that is opened, or a loop, would hang for ever.
        let found = within(Duration::from_secs(60), move || verdict(&corner, &root));
        if found != expected {
            failures
                .push(format!("{}\n  expected {expected:?}\n  found    {found:?}", corner::name_of(folder)));
        }
    }
    println!("{run} of {} corners run", folders.len());
    assert!(failures.is_empty(), "{} of {run} corners:\n{}", failures.len(), failures.join("\n"));
    // All but those with names that differ in case or normal form only.
    assert!(run + 2 >= folders.len(), "{run} of {}", folders.len());
}

/// Each section of the rules that is about bundles, with cases on both sides where there is something to accept.
#[test]
fn the_corpus_has_cases_of_every_section() {
    let mut sections: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for folder in corner::discovered() {
        let corner = Corner::read(&folder);
        assert!(
            corner::name_of(&folder).starts_with(&format!("{}-", corner.section)),
            "{}",
            folder.display()
        );
        assert!(!corner.reason.is_empty() && !corner.reason.contains('\n'), "{}", folder.display());
        sections.entry(corner.section).or_default()[usize::from(corner.expected.exit_code)] += 1;
    }
    for section in 1..=15 {
        let section = format!("9.{section}");
        let [accepted, rejected, refused] = sections.get(&section).copied().unwrap_or_default();
        println!("{section}: {accepted} accepted, {rejected} rejected, {refused} without a verdict");
        assert!(accepted > 0, "{section} has nothing that is accepted");
        assert!(rejected + refused > 0 || section == "9.15", "{section} has nothing that is refused");
    }
}

/// What the library says, in the words of the corpus.
fn verdict(corner: &Corner, place: &Path) -> CornerVerdict {
    let verifier = Verifier::new(trust(&corner.trust)).with_policy(policy(&corner.policy));
    let result = verifier.verify(&place.join(&corner.model), &place.join(&corner.signature));
    let report = match &result {
        Ok(model) => Some(model.report()),
        Err(Error::Rejected(report)) => Some(&**report),
        Err(_) => None,
    };
    let error = result.as_ref().err();
    if let Some(error) = error {
        let message = error.to_string();
        assert!(!message.contains(char::is_control), "a control character in a message: {message:?}");
    }
    let kind = error.map(Error::kind);
    let exit_code = kind.map_or(0, exit_code);
    CornerVerdict {
        verdict: ["verified", "rejected", "error"][usize::from(exit_code)].into(),
        exit_code,
        kind: kind.map(ErrorKind::outcome).map(|outcome| outcome.name.into()),
        variant: error.map(variant),
        problems: report.map(problems).unwrap_or_default(),
        notes: report.map(Report::notes).unwrap_or_default().iter().map(head).collect(),
        skipped: report.map(skipped).unwrap_or_default(),
    }
}

fn problems(report: &Report) -> BTreeMap<String, String> {
    report.problems().map(|one| (one.path().unwrap_or_default().into(), variant(one))).collect()
}

fn skipped(report: &Report) -> BTreeMap<String, String> {
    report.skipped().iter().map(|one| (one.path.clone(), one.reason.id().into())).collect()
}

fn trust(trust: &CornerTrust) -> Trust {
    match trust {
        CornerTrust::Keys(names) => {
            let read = |name| PublicKey::from_file(&corner::key_file(&format!("{name}.pub.pem")));
            let keys = names.iter().map(|name| read(name).unwrap_or_else(|error| panic!("{error}")));
            Trust::Keys(keys.collect())
        }
        CornerTrust::Certificates { anchors, identity, at } => {
            let files = anchors.iter().map(|name| corner::key_file(&format!("{name}.crt.pem")));
            let trust = CertificateTrust::from_files(files).unwrap_or_else(|error| panic!("{error}"));
            let trust = trust.at(UNIX_EPOCH + Duration::from_secs(*at));
            let identity = identity.as_ref().map(|text| text.parse().expect("an identity"));
            Trust::Certificates(match identity {
                Some(identity) => trust.with_identity(identity),
                None => trust,
            })
        }
    }
}

fn policy(corner: &CornerPolicy) -> Policy {
    let unsigned = if corner.ignore_unsigned_files { UnsignedFiles::Ignore } else { UnsignedFiles::Reject };
    let policy =
        Policy::strict().strict_git(corner.strict_git).refuse_bundle_ignores(corner.no_bundle_ignores);
    let policy = danger::unsigned_files(policy, unsigned);
    let policy = danger::allow_symlinks(policy, corner.allow_symlinks);
    let policy = danger::allow_unsigned_empty(policy, corner.allow_unsigned_empty);
    let policy = danger::legacy(policy, corner.legacy);
    let paths = corner.ignore_paths.iter().map(|path| ModelPath::parse(path).expect("a canonical path"));
    paths.fold(policy, danger::ignore_path)
}

/// The name of an error with the names of the faults inside it: `Statement/BadName/DotDot`.
fn variant(error: &Error) -> String {
    use modelsig::{BundleFault, StatementFault};
    let inner = match error {
        Error::Bundle { fault: BundleFault::Json(fault), .. }
        | Error::Statement { fault: StatementFault::Json(fault), .. } => vec!["Json".into(), head(fault)],
        Error::Bundle { fault, .. } => vec![head(fault)],
        Error::Certificate { fault, .. } => vec![head(fault)],
        Error::Statement { fault, .. } => match fault {
            StatementFault::BadName { fault: inner, .. }
            | StatementFault::IgnorePath { fault: inner, .. } => {
                vec![head(fault), head(inner)]
            }
            _ => vec![head(fault)],
        },
        _ => Vec::new(),
    };
    std::iter::once(head(error)).chain(inner).collect::<Vec<_>>().join("/")
}

/// The name of a variant, which is what its debug form begins with.
fn head(value: &impl Debug) -> String {
    let shown = format!("{value:?}");
    shown.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().into()
}
