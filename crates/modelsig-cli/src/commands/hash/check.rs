//! `modelsig hash --check LIST`: every line must be well-formed, every file must match.

use std::io::Read;
use std::path::Path;

use modelsig::hash::{HashAlgorithm, metadata, open_without_blocking};
use modelsig::{Error, Escaped};

use super::super::Run;
use super::list::{self, Entry};
use crate::exit_code::Exit;

/// Bytes of a list.
const LIMIT: u64 = 64 << 20;

pub(super) fn run(run: &Run<'_>, list: &Path, default: HashAlgorithm) -> Result<Exit, Error> {
    let entries = read(list, default)?;
    let wanted: Vec<(&Path, HashAlgorithm)> =
        entries.iter().map(|entry| (Path::new(&entry.name), entry.digest.algorithm())).collect();
    let (mut mismatches, mut unread) = (0usize, 0usize);
    let mut objects = Vec::new();
    for (entry, result) in entries.iter().zip(super::digests(run, &wanted)?) {
        let verdict = match &result {
            Ok(found) if *found == entry.digest => "OK",
            Ok(_) => {
                mismatches += 1;
                "FAILED"
            }
            Err(_) => {
                unread += 1;
                "FAILED open or read"
            }
        };
        if run.printer.is_json() {
            let found = result.as_ref().ok().map(ToString::to_string);
            objects.push(serde_json::json!({
                "name": entry.name,
                "verdict": verdict,
                "algorithm": entry.digest.algorithm().id(),
                "expected": entry.digest.to_string(),
                "found": found,
                "error": result.err(),
            }));
        } else {
            let line = format!("{}: {verdict}", Escaped(&entry.name));
            match result {
                Ok(found) if found == entry.digest => run.printer.line(&line),
                Ok(_) => run.printer.failed(&line),
                Err(error) => {
                    run.printer.failed(&line);
                    run.printer.problem(&error);
                }
            }
        }
    }
    let exit = match (mismatches, unread) {
        (0, 0) => Exit::SUCCESS,
        (0, _) => Exit::NO_VERDICT,
        _ => Exit::REJECTED,
    };
    if run.printer.is_json() {
        run.printer.json(&serde_json::json!({
            "verdict": exit.verdict(),
            "exit_code": exit.code(),
            "mismatches": mismatches,
            "unread": unread,
            "files": objects,
        }));
    } else if exit != Exit::SUCCESS {
        run.printer
            .note(&format!("{mismatches} did not match, {unread} could not be read, of {}", entries.len()));
    }
    Ok(exit)
}

fn read(list: &Path, default: HashAlgorithm) -> Result<Vec<Entry>, Error> {
    let path = list.to_string_lossy().into_owned();
    let failed = |operation, source| Error::Io { operation, path: path.clone(), source };
    let file = open_without_blocking(list).map_err(|source| failed("open", source))?;
    if !metadata(&file).map_err(|source| failed("stat", source))?.is_file() {
        return Err(Error::NotAFile { path, what: "folder or special file" });
    }
    let mut text = String::new();
    file.take(LIMIT + 1).read_to_string(&mut text).map_err(|source| failed("read", source))?;
    if text.len() as u64 > LIMIT {
        let what = "the size of a checksum list in bytes";
        return Err(Error::Limit { path, what, limit: LIMIT, found: text.len() as u64 });
    }
    let usage = |what: String| Error::Usage { what: format!("checksum list '{}': {what}", Escaped(&path)) };
    let entries = text.lines().enumerate().map(|(index, line)| {
        list::parse(line, default).ok_or_else(|| {
            usage(format!("line {} is not a {default} checksum or names another hash", index + 1))
        })
    });
    let entries: Vec<Entry> = entries.collect::<Result<_, _>>()?;
    if entries.is_empty() { Err(usage("it has no lines".into())) } else { Ok(entries) }
}
