//! A line of the log.

use std::io;
use std::time::SystemTime;

use modelsig::{BundleReport, CosignReport, Done, Error, RepairReport, RepairedFile, Report, SignerReport};
use serde::{Serialize, Serializer};

use super::Case;
use crate::exit_code::Exit;
use crate::printer::ascii_line;
use crate::sandbox::Sandbox;

/// Problems that a line lists.
const PROBLEMS: usize = 100;
/// Damaged ranges that it lists of each, and tensors in them.
const RANGES: usize = 100;

#[derive(Serialize)]
struct Line<'l> {
    /// RFC 3339 in UTC. It comes first and is always as long, so that lines sort as text.
    time: String,
    version: &'static str,
    /// Together with the command, tells which beginning belongs to which end.
    pid: u32,
    event: &'static str,
    #[serde(flatten)]
    case: &'l Case,
    #[serde(flatten)]
    outcome: Option<Outcome<'l>>,
}

/// How it ended.
#[derive(Serialize)]
pub(super) struct Outcome<'o> {
    sandbox: Option<&'o Sandbox>,
    verdict: &'static str,
    /// That of the verdict. Who then cannot print it ends with 2.
    exit_code: u8,
    #[serde(flatten)]
    facts: Facts<'o>,
    /// Null for a model that holds.
    reason: Option<Reason>,
}

#[derive(Serialize)]
struct Reason {
    kind: &'static str,
    message: String,
}

/// What a line tells of a verdict.
#[derive(Default, Serialize)]
struct Facts<'f> {
    root_digest: Option<String>,
    /// Those whose signatures hold, whatever was found of the files.
    signers: Vec<&'f SignerReport>,
    files_verified: usize,
    bytes_verified: u64,
    problem_count: usize,
    /// The first hundred.
    problems: Vec<Problem<'f>>,
    /// What was frozen by this command; null where nothing was to be, or it did not come that far.
    frozen: Option<&'f [String]>,
    /// What was written by this command; null where nothing was to be, or it did not come that far.
    repaired: Option<Vec<Written<'f>>>,
}

#[derive(Serialize)]
struct Problem<'p> {
    /// Of several, the one that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<&'p str>,
    #[serde(flatten, serialize_with = "in_brief")]
    error: &'p Error,
}

#[derive(Serialize)]
struct Written<'w> {
    name: &'w str,
    how: &'static str,
    bytes: u64,
    cut: u64,
}

/// Before a model is changed. Where that cannot be put on record, nothing is done.
pub(super) fn begun(case: &Case) -> io::Result<Vec<u8>> {
    line("begun", case, None)
}

/// With a verdict, or without one.
pub(super) fn ended(case: &Case, outcome: Outcome<'_>) -> io::Result<Vec<u8>> {
    line("ended", case, Some(outcome))
}

fn line(event: &'static str, case: &Case, outcome: Option<Outcome<'_>>) -> io::Result<Vec<u8>> {
    let time = stamp(SystemTime::now())?;
    let (version, pid) = (env!("CARGO_PKG_VERSION"), std::process::id());
    ascii_line(&Line { time, version, pid, event, case, outcome })
}

impl<'o> Outcome<'o> {
    /// The model holds.
    pub(super) fn verified(report: &'o Report) -> Self {
        let verdict = if report.part().is_some() { "verified-part" } else { "verified" };
        Self::good(verdict, Facts::of_report(report))
    }

    /// The model is signed by enough.
    pub(super) fn cosigned(report: &'o CosignReport) -> Self {
        Self::good("verified", Facts::of_several(report))
    }

    /// The model holds now.
    pub(super) fn repaired(repair: &'o RepairReport) -> Self {
        let verdict = if repair.files().is_empty() { "verified" } else { "repaired" };
        Self::good(verdict, Facts::of_repair(repair))
    }

    /// It does not, or there is no verdict.
    pub(super) fn failed(error: &'o Error) -> Self {
        let exit = Exit::from(error);
        let facts = match error {
            Error::Rejected(report) => Facts::of_report(report),
            Error::Threshold(report) => Facts::of_several(report),
            Error::Unrepaired(repair) => Facts::of_repair(repair),
            Error::HalfDone { done, .. } => Facts::of_done(done),
            _ => Facts::default(),
        };
        let reason = Reason { kind: error.kind().outcome().name, message: error.to_string() };
        Self { sandbox: None, verdict: exit.verdict(), exit_code: exit.code(), facts, reason: Some(reason) }
    }

    /// What keeps the process in.
    pub(super) fn inside(self, sandbox: Option<&'o Sandbox>) -> Self {
        Self { sandbox, ..self }
    }

    fn good(verdict: &'static str, facts: Facts<'o>) -> Self {
        Self { sandbox: None, verdict, exit_code: Exit::SUCCESS.code(), facts, reason: None }
    }
}

impl<'f> Facts<'f> {
    fn of_report(report: &'f Report) -> Self {
        Self {
            root_digest: Some(report.root_digest().tagged()),
            signers: vec![report.signer()],
            files_verified: report.files().iter().filter(|file| file.checked.is_some()).count(),
            bytes_verified: report.bytes_verified(),
            frozen: report.frozen(),
            ..Self::default()
        }
        .with_problems(report.problems().map(Problem::from))
    }

    fn of_several(report: &'f CosignReport) -> Self {
        let signed = || report.bundles().iter().filter_map(signed);
        let mut digests = signed().map(|report| report.root_digest().tagged());
        // Bundles by different signers may list different files, and then have different digests.
        let first = digests.next().filter(|first| digests.all(|digest| digest == *first));
        Self {
            root_digest: first,
            signers: signed().map(Report::signer).collect(),
            files_verified: report.files_verified(),
            bytes_verified: report.bytes_verified(),
            ..Self::default()
        }
        .with_problems(report.bundles().iter().flat_map(problems_of))
    }

    fn of_repair(repair: &'f RepairReport) -> Self {
        Self {
            repaired: Some(repair.files().iter().map(Written::from).collect()),
            ..Self::of_report(repair.report())
        }
        .with_problems(repair.failures().iter().chain(repair.report().problems()).map(Problem::from))
    }

    /// All that is known is what was done.
    fn of_done(done: &'f Done) -> Self {
        match done {
            Done::Frozen(frozen) => Self { frozen: Some(frozen), ..Self::default() },
            Done::Repaired(files) => {
                Self { repaired: Some(files.iter().map(Written::from).collect()), ..Self::default() }
            }
        }
    }

    fn with_problems(self, problems: impl Iterator<Item = Problem<'f>>) -> Self {
        let mut problems: Vec<_> = problems.collect();
        let problem_count = problems.len();
        problems.truncate(PROBLEMS);
        Self { problem_count, problems, ..self }
    }
}

/// What a bundle of which the signature holds says, whatever was found of the files.
fn signed(bundle: &BundleReport) -> Option<&Report> {
    match &bundle.outcome {
        Ok(report) => Some(report),
        Err(Error::Rejected(report)) => Some(report),
        Err(_) => None,
    }
}

/// Why a bundle is not counted: each of its problems, or what kept it from being looked at. None where others had
/// decided before it was.
fn problems_of(bundle: &BundleReport) -> Vec<Problem<'_>> {
    let found = match &bundle.outcome {
        Ok(_) | Err(Error::Cancelled) => Vec::new(),
        Err(Error::Rejected(report)) => report.problems().collect(),
        Err(error) => vec![error],
    };
    found.into_iter().map(|error| Problem { bundle: Some(&bundle.bundle), error }).collect()
}

/// A file has up to millions of ranges, and all that is damaged of them is in the report.
fn in_brief<S: Serializer>(error: &&Error, serializer: S) -> Result<S::Ok, S::Error> {
    error.in_brief(RANGES).serialize(serializer)
}

impl<'p> From<&'p Error> for Problem<'p> {
    fn from(error: &'p Error) -> Self {
        Self { bundle: None, error }
    }
}

impl<'w> From<&'w RepairedFile> for Written<'w> {
    fn from(file: &'w RepairedFile) -> Self {
        Self { name: &file.name, how: file.how.id(), bytes: file.bytes(), cut: file.cut }
    }
}

/// A moment by the clock, in as many characters as any other.
fn stamp(time: SystemTime) -> io::Result<String> {
    let time = jiff::Timestamp::try_from(time)
        .map_err(|error| io::Error::other(format!("the clock is wrong: {error}")))?;
    Ok(format!("{time:.9}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_sort_as_text() {
        let after = |since: Duration| stamp(SystemTime::UNIX_EPOCH + since);
        let (even, later) =
            (after(Duration::from_secs(9)).unwrap(), after(Duration::from_nanos(9_000_000_100)));
        assert_eq!(even, "1970-01-01T00:00:09.000000000Z");
        assert!(even < later.unwrap());
        // A line without its time would be worse than none.
        assert!(after(Duration::from_secs(1 << 40)).is_err());
    }
}
