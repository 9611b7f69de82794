//! The one place that writes: data to stdout, talk to stderr, names escaped, colours only where they are wanted.

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use modelsig::{CosignReport, Done, Error, ErrorKind, Escaped, RepairReport, RepairedFile, Report};
use serde::Serialize;

use crate::advice;
use crate::args::{Arguments, Color, Output};
use crate::asked::Asked;
use crate::exit_code::Exit;
use crate::sandbox::Sandbox;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// How many problems are listed one by one in text.
const PROBLEMS_SHOWN: usize = 100;

pub(crate) struct Printer {
    output: Output,
    asked: Asked,
    /// Whether a failure is a verdict on a model.
    judges: bool,
    /// Nothing else comes between on stderr.
    may_draw: bool,
    /// Of the commands that have one.
    sandbox: OnceCell<Sandbox>,
    /// Why data could not be written, from the first time that it could not.
    unwritten: RefCell<Option<io::Error>>,
}

impl Printer {
    pub(crate) fn new(arguments: &Arguments, asked: Asked, judges: bool) -> Self {
        match arguments.color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::AlwaysAnsi,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        let (output, may_draw) = (arguments.command.output(), arguments.log_format.is_none());
        Self { output, asked, judges, may_draw, sandbox: OnceCell::new(), unwritten: RefCell::new(None) }
    }

    /// What keeps the process in, if it has come that far.
    pub(crate) fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.get()
    }

    /// From now on the process is in this sandbox.
    pub(crate) fn sandboxed(&self, sandbox: Sandbox) {
        let _ = self.sandbox.set(sandbox);
    }

    pub(crate) fn is_json(&self) -> bool {
        self.output.json
    }

    /// Whether a progress bar may be drawn.
    pub(crate) fn may_draw(&self) -> bool {
        self.may_draw && !self.output.quiet
    }

    /// A line of data, unless quiet.
    pub(crate) fn line(&self, line: &str) {
        self.bytes(line.as_bytes());
    }

    /// A line of data that need not be UTF-8, unless quiet. Not a byte of it is changed.
    pub(crate) fn bytes(&self, line: &[u8]) {
        if !self.output.quiet {
            self.out(&mut io::stdout().lock(), &[line, b"\n"].concat());
        }
    }

    /// A line of data that tells of a failure: also to those who want to hear of nothing else.
    pub(crate) fn failed(&self, line: &str) {
        self.out(&mut io::stdout().lock(), format!("{line}\n").as_bytes());
    }

    /// Writes data.
    fn out(&self, stream: &mut dyn Write, data: &[u8]) {
        self.written(stream.write_all(data).and_then(|()| stream.flush()));
    }

    /// Remembers why data could not be written. A reader that has gone away is no failure of ours: the exit code still
    /// tells the verdict.
    fn written(&self, result: io::Result<()>) {
        match result {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.unwritten.borrow_mut().get_or_insert(error);
            }
            _ => {}
        }
    }

    /// How the process ends: not with success if its data could not be written.
    pub(crate) fn finish(&self, exit: Exit) -> Exit {
        match self.unwritten.take() {
            Some(error) => {
                let _ = writeln!(anstream::stderr(), "{BAD}error:{BAD:#} cannot write to stdout: {error}");
                if exit == Exit::SUCCESS { Exit::NO_VERDICT } else { exit }
            }
            None => exit,
        }
    }

    /// A verdict with its first word in the colour of its meaning.
    pub(crate) fn verdict(&self, line: &str, good: bool) {
        let style = if good { GOOD } else { BAD };
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if !self.output.quiet {
            self.out(&mut anstream::stdout(), format!("{style}{word}{style:#} {rest}\n").as_bytes());
        }
    }

    /// Something to know, on stderr.
    pub(crate) fn note(&self, note: &str) {
        if !self.output.quiet {
            let _ = writeln!(anstream::stderr(), "note: {note}");
        }
    }

    /// Something to do, on stderr.
    pub(crate) fn hint(&self, hint: &str) {
        if !self.output.quiet {
            let _ = writeln!(anstream::stderr(), "{HINT}hint:{HINT:#} {hint}");
        }
    }

    /// What became of each file where they were to be frozen, once the model was verified.
    pub(crate) fn outcomes(&self, report: &Report) {
        let Some(frozen) = report.frozen() else { return };
        let now: HashSet<&str> = frozen.iter().map(String::as_str).collect();
        for file in report.files() {
            let words = match (now.contains(file.name.as_str()), file.checked) {
                (true, Some(_)) => "frozen",
                (true, None) => "FROZEN, BUT DOES NOT HOLD",
                (false, Some(_)) => "was frozen before",
                (false, None) => "left as it was",
            };
            self.line(&format!("{}: {words}", Escaped(&file.name)));
        }
    }

    /// What became of each bundle, on stderr.
    pub(crate) fn bundles(&self, report: &CosignReport) {
        for bundle in report.bundles() {
            let error = bundle.outcome.as_ref().err();
            // Quiet means errors only.
            if self.output.quiet && error.is_none() {
                continue;
            }
            let style = if error.is_none() { GOOD } else { BAD };
            let line = bundle.to_string();
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let _ = writeln!(anstream::stderr(), "{style}{word}{style:#} {rest}");
            match error {
                Some(Error::Rejected(report)) => talk_problems(report),
                Some(Error::Cancelled) | None => {}
                Some(error) => talk_error(error),
            }
            if let Some(advice) = error.and_then(|error| advice::for_error(error, &self.asked)) {
                self.hint(&advice);
            }
        }
    }

    /// The one JSON object of a run, which is written as it is made: it may be long.
    pub(crate) fn json(&self, object: &impl Serialize) {
        let mut stream = io::BufWriter::new(io::stdout().lock());
        let mut serializer = serde_json::Serializer::with_formatter(&mut stream, Ascii);
        let object = InSandbox { object, sandbox: self.sandbox.get() };
        let result = object.serialize(&mut serializer).map_err(io::Error::from);
        self.written(result.and_then(|()| stream.write_all(b"\n")).and_then(|()| stream.flush()));
    }

    /// A failure that does not decide how the process ends: on stderr only.
    pub(crate) fn problem(&self, error: &Error) {
        talk_error(error);
    }

    /// That a failure, which has decided how the process ends, could not be put on record: on stderr only. Who wants to
    /// hear of nothing but errors is told now what was done.
    pub(crate) fn unrecorded(&self, why: &Error, failure: &Error) {
        talk_error(why);
        match failure {
            _ if self.output.json || !self.output.quiet => {}
            Error::Rejected(report) => {
                talk_changed(&Changed::Frozen { frozen: report.frozen().unwrap_or_default() })
            }
            Error::Unrepaired(repair) => talk_changed(&Changed::Repaired { repaired: repair.files() }),
            _ => {}
        }
    }

    /// A failure after something was done that stays done. Also those who want to hear of nothing but errors are told
    /// what.
    pub(crate) fn failure_after(&self, error: &Error, changed: Changed<'_>) -> Exit {
        if self.output.json {
            let exit = Exit::from(error);
            let advice = advice::for_error(error, &self.asked);
            self.json(&ButChanged { failure: Failure::new(error, exit, advice.as_deref()), changed });
            return exit;
        }
        let exit = self.without_changes(error);
        talk_changed(&changed);
        exit
    }

    /// A failure: the verdict, each problem, one hint. Returns how the process ends.
    pub(crate) fn failure(&self, error: &Error) -> Exit {
        match error {
            Error::HalfDone { done, .. } => self.failure_after(error, Changed::of(done)),
            _ => self.without_changes(error),
        }
    }

    fn without_changes(&self, error: &Error) -> Exit {
        let exit = Exit::from(error);
        let advice = advice::for_error(error, &self.asked);
        if self.output.json {
            self.json(&Failure::new(error, exit, advice.as_deref()));
            return exit;
        }
        match error {
            Error::Rejected(report) => {
                self.outcomes(report);
                self.verdict(&report.verdict_line(), false);
                talk_problems(report);
            }
            Error::Threshold(report) => {
                self.verdict(&report.verdict_line(), false);
                self.bundles(report);
            }
            Error::Unrepaired(repair) => {
                self.verdict(&repair.verdict_line(), false);
                repair.failures().iter().take(PROBLEMS_SHOWN).for_each(talk_error);
                talk_problems(repair.report());
                if !repair.files().is_empty() {
                    self.note(&format!("repaired so far: {}", repair.done()));
                }
            }
            _ => {
                if self.judges && exit == Exit::REJECTED {
                    self.verdict(&format!("REJECTED {}", error.kind().outcome().name), false);
                }
                talk_error(error);
            }
        }
        if let Some(advice) = advice {
            self.hint(&advice);
        }
        exit
    }
}

fn talk_problems(report: &Report) {
    report.problems().take(PROBLEMS_SHOWN).for_each(talk_error);
    let rest = report.problems().count().saturating_sub(PROBLEMS_SHOWN);
    if rest > 0 {
        let _ = writeln!(anstream::stderr(), "… and {rest} more; --json lists them all");
    }
}

fn talk_error(error: &Error) {
    let _ = writeln!(anstream::stderr(), "{BAD}error:{BAD:#} {error}");
}

fn talk_changed(changed: &Changed<'_>) {
    for (words, name) in changed.files() {
        let _ = writeln!(anstream::stderr(), "note: {words} all the same: '{}'", Escaped(name));
    }
}

/// What clap has to say: help and version on stdout, errors on stderr and, if asked for, as JSON.
pub(crate) fn usage_error(error: &clap::Error) -> Exit {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if error.use_stderr() && wants_json {
        let text = error.to_string();
        let mut paragraphs = text.split("\n\n");
        let what = paragraphs.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let tip = paragraphs.find_map(|paragraph| paragraph.trim_start().strip_prefix("tip: "));
        let output = Output { json: true, quiet: false };
        let (sandbox, unwritten) = (OnceCell::new(), RefCell::new(None));
        let asked = Asked::default();
        let printer = Printer { output, asked, judges: false, may_draw: false, sandbox, unwritten };
        let exit = Exit::from(ErrorKind::Usage);
        printer.json(&Failure::new(&Error::Usage { what }, exit, tip));
        return printer.finish(exit);
    }
    let _ = error.print();
    if error.use_stderr() { ErrorKind::Usage.into() } else { Exit::SUCCESS }
}

/// The JSON object of a run, and what kept it in.
#[derive(Serialize)]
struct InSandbox<'o, T> {
    #[serde(flatten)]
    object: &'o T,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<&'o Sandbox>,
}

/// What a command has done to a model, and could not put on record or bring to its end.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Changed<'c> {
    Frozen { frozen: &'c [String] },
    Repaired { repaired: &'c [RepairedFile] },
}

impl<'c> Changed<'c> {
    fn of(done: &'c Done) -> Self {
        match done {
            Done::Frozen(frozen) => Self::Frozen { frozen },
            Done::Repaired(repaired) => Self::Repaired { repaired },
        }
    }

    /// Each file, and what was done to it.
    fn files(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Frozen { frozen } => frozen.iter().map(|name| ("frozen", name.as_str())).collect(),
            Self::Repaired { repaired } => {
                repaired.iter().map(|file| ("repaired", file.name.as_str())).collect()
            }
        }
    }
}

/// The JSON object of a run that failed after it had changed something.
#[derive(Serialize)]
struct ButChanged<'e> {
    #[serde(flatten)]
    failure: Failure<'e>,
    #[serde(flatten)]
    changed: Changed<'e>,
}

/// The JSON object of a run that failed.
#[derive(Serialize)]
#[serde(untagged)]
enum Failure<'e> {
    Rejected {
        exit_code: u8,
        #[serde(flatten)]
        report: &'e Report,
        error: &'e Error,
        hint: Option<&'e str>,
    },
    TooFew {
        exit_code: u8,
        #[serde(flatten)]
        report: &'e CosignReport,
        error: &'e Error,
        hint: Option<&'e str>,
    },
    Unrepaired {
        exit_code: u8,
        verdict: &'static str,
        #[serde(flatten)]
        repair: &'e RepairReport,
        error: &'e Error,
        hint: Option<&'e str>,
    },
    Other {
        exit_code: u8,
        verdict: &'static str,
        error: &'e Error,
        hint: Option<&'e str>,
    },
}

impl<'e> Failure<'e> {
    fn new(error: &'e Error, exit: Exit, hint: Option<&'e str>) -> Self {
        let exit_code = exit.code();
        match error {
            Error::Rejected(report) => Self::Rejected { exit_code, report, error, hint },
            Error::Threshold(report) => Self::TooFew { exit_code, report, error, hint },
            Error::Unrepaired(repair) => {
                Self::Unrepaired { exit_code, verdict: exit.verdict(), repair, error, hint }
            }
            _ => Self::Other { exit_code, verdict: exit.verdict(), error, hint },
        }
    }
}

/// An object as one line of JSON in ASCII.
pub(crate) fn ascii_line(object: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    object.serialize(&mut serde_json::Serializer::with_formatter(&mut line, Ascii))?;
    line.push(b'\n');
    Ok(line)
}

/// JSON in ASCII: whatever a file is called, its name cannot play tricks on a terminal or a log.
struct Ascii;

impl serde_json::ser::Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if (' '..='~').contains(&character) {
                writer.write_all(&[character as u8])?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_ascii_and_comes_back() {
        let mut text = Vec::new();
        let names =
            ["plain", "esc\u{1b}[2J", "bidi\u{202e}", "\u{7f}\u{9b}", "quote\"\\\n", "模型", "\u{1f600}"];
        names.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Ascii)).unwrap();
        assert!(text.iter().all(|byte| (b' '..=b'~').contains(byte)), "{}", String::from_utf8_lossy(&text));
        assert_eq!(serde_json::from_slice::<Vec<String>>(&text).unwrap(), names);
    }
}
