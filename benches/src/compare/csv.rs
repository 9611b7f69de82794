//! The CSV: one line for each run, so that whoever doubts a median can look at what is behind it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::machine::Machine;

/// A run. No field says whose machine it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    pub(crate) date: String,
    pub(crate) cpu: String,
    pub(crate) kernel: String,
    /// Threads that the row was told to use.
    pub(crate) threads: usize,
    pub(crate) case: String,
    pub(crate) row: String,
    pub(crate) run: u32,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: Option<f64>,
    /// Bytes of the model.
    pub(crate) bytes: u64,
    pub(crate) rss_anon_kib: Option<u64>,
    pub(crate) max_rss_kib: Option<u64>,
    /// `warm` or `cold`.
    pub(crate) cache: String,
    /// What the program says it is.
    pub(crate) program: String,
    /// What the program was built from, if it was built here.
    pub(crate) commit: String,
    /// How SHA-256 is computed, of a program that was built here.
    pub(crate) sha256_kernel: String,
}

const COLUMNS: [&str; 16] = [
    "date",
    "cpu",
    "kernel",
    "threads",
    "case",
    "row",
    "run",
    "seconds",
    "cpu_seconds",
    "bytes",
    "rss_anon_kib",
    "max_rss_kib",
    "cache",
    "program",
    "commit",
    "sha256_kernel",
];

impl Record {
    fn line(&self) -> String {
        let optional = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let fields = [
            self.date.clone(),
            self.cpu.clone(),
            self.kernel.clone(),
            self.threads.to_string(),
            self.case.clone(),
            self.row.clone(),
            self.run.to_string(),
            format!("{:.6}", self.seconds),
            self.cpu_seconds.map(|seconds| format!("{seconds:.6}")).unwrap_or_default(),
            self.bytes.to_string(),
            optional(self.rss_anon_kib),
            optional(self.max_rss_kib),
            self.cache.clone(),
            self.program.clone(),
            self.commit.clone(),
            self.sha256_kernel.clone(),
        ];
        fields.map(|field| quoted(&field)).join(",") + "\n"
    }

    fn parse(line: &str) -> Option<Self> {
        let fields: [String; COLUMNS.len()] = fields(line)?.try_into().ok()?;
        let [date, cpu, kernel, threads, case, row, run, seconds, rest @ ..] = fields;
        let [cpu_seconds, bytes, rss_anon_kib, max_rss_kib, cache, program, commit, sha256_kernel] = rest;
        Some(Self {
            date,
            cpu,
            kernel,
            threads: threads.parse().ok()?,
            case,
            row,
            run: run.parse().ok()?,
            seconds: seconds.parse().ok()?,
            cpu_seconds: optional(&cpu_seconds)?,
            bytes: bytes.parse().ok()?,
            rss_anon_kib: optional(&rss_anon_kib)?,
            max_rss_kib: optional(&max_rss_kib)?,
            cache,
            program,
            commit,
            sha256_kernel,
        })
    }
}

/// `Some(None)` of nothing, `None` of what is no number.
fn optional<N: std::str::FromStr>(text: &str) -> Option<Option<N>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

/// The fields of a line (RFC 4180), which has no line breaks in them.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => fields.last_mut()?.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            other => fields.last_mut()?.push(other),
        }
    }
    (!is_quoted).then_some(fields)
}

/// All records of a CSV.
pub(crate) fn read(path: &Path) -> Result<Vec<Record>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut lines = text.lines();
    if lines.next() != Some(&COLUMNS.join(",")) {
        return Err(format!("{} does not have the columns of a comparison", path.display()).into());
    }
    let record = |(index, line)| {
        Record::parse(line).ok_or_else(|| format!("{}: line {} is no run", path.display(), index + 2).into())
    };
    lines.enumerate().map(record).collect()
}

/// A CSV that is being written.
pub(crate) struct Csv {
    path: PathBuf,
    file: File,
}

impl Csv {
    /// Makes `path`, or the one that is named by day and CPU. What is there already is left alone: the name then gets
    /// a number.
    pub(crate) fn create(path: Option<&Path>, machine: &Machine) -> Result<Self> {
        let wanted = path.map_or_else(|| default_path(machine), Path::to_owned);
        if let Some(folder) = wanted.parent() {
            fs::create_dir_all(folder)?;
        }
        for number in 1u32.. {
            let path = numbered(&wanted, number);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    writeln!(file, "{}", COLUMNS.join(","))?;
                    return Ok(Self { path, file });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("{}: {error}", path.display()).into()),
            }
        }
        Err("no name is left for the CSV".into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<()> {
        Ok(self.file.write_all(record.line().as_bytes())?)
    }
}

fn default_path(machine: &Machine) -> PathBuf {
    let results = concat!(env!("CARGO_MANIFEST_DIR"), "/results");
    Path::new(results).join(format!("{}-{}.csv", machine.date, machine.cpu_slug()))
}

/// The path, from the second on with a number before its extension.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            date: "2026-01-31".into(),
            cpu: "AMD EPYC 7763 64-Core Processor".into(),
            kernel: "6.1.0".into(),
            threads: 4,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let full = Record {
            date: "2026-01-31".into(),
            cpu: "A \"fast\" CPU, of sorts".into(),
            kernel: "6.1.0".into(),
            threads: 2,
            case: "one".into(),
            row: "modelsig verify".into(),
            run: 3,
            seconds: 1.234567,
            cpu_seconds: Some(2.5),
            bytes: 4 << 30,
            rss_anon_kib: Some(1020),
            max_rss_kib: Some(4096),
            cache: "warm".into(),
            program: "modelsig 0.1.0".into(),
            commit: "0123abc".into(),
            sha256_kernel: String::new(),
        };
        let empty = Record::default();
        let mut csv = Csv::create(Some(&folder.path().join("a.csv")), &machine()).unwrap();
        for record in [&full, &empty] {
            csv.write(record).unwrap();
        }
        assert_eq!(read(csv.path()).unwrap(), [full, empty]);
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let head = COLUMNS.join(",");
        for bad in ["".to_owned(), "a,b\n".into(), format!("{head}\n1,2\n"), format!("{head}\n\"\n")] {
            fs::write(&path, &bad).unwrap();
            assert!(read(&path).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_csv_is_named_by_day_and_cpu() {
        let path = default_path(&machine());
        assert!(path.ends_with("benches/results/2026-01-31-amd-epyc-7763-64-core.csv"), "{path:?}");
    }

    #[test]
    fn a_csv_that_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("new/a.csv");
        for name in ["a.csv", "a-2.csv", "a-3.csv"] {
            let csv = Csv::create(Some(&wanted), &machine()).unwrap();
            assert_eq!(csv.path().file_name().unwrap(), name);
        }
    }
}
