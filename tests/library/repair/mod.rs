//! Repair: what is mended and how, what a source can and cannot do, and what an interruption leaves.

mod hostile;
mod interruption;
mod mending;
mod writing;

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;

use modelsig::hash::{ByteRange, ChunkSize, HashAlgorithm};
use modelsig::{
    ChunkIndexing, Error, LocalSource, Method, ModelPath, ModelSigner, Policy, RepairReport, RepairSource,
};
use modelsig_tests::{Case, refused, run};

const CHUNK: usize = 65_536;

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / 253 + at) as u8).collect()
}

fn range(start: usize, end: usize) -> ByteRange {
    ByteRange::new(start as u64, end as u64).unwrap()
}

fn chunked(algorithm: HashAlgorithm) -> ModelSigner {
    let size = Some(ChunkSize::new(CHUNK as u64).unwrap());
    ModelSigner::new().chunks(Some(ChunkIndexing { size, algorithm }))
}

fn sharded(shard_size: usize) -> ModelSigner {
    ModelSigner::new().method(Method::Shards { shard_size: shard_size as u64 })
}

/// A signed model, and a copy of it in the folder `good` beside it.
fn signed_with(signer: &ModelSigner, files: &[(&str, &[u8])]) -> Case {
    let case = Case::new(files);
    case.sign_with(signer);
    run("cp", &[&"-R", &case.model(), &case.path("good")]);
    case
}

fn good(case: &Case) -> LocalSource {
    LocalSource::open(&case.path("good")).unwrap()
}

fn repair(case: &Case, source: &dyn RepairSource) -> Result<RepairReport, Error> {
    case.verifier(Policy::strict()).repair(&case.model(), &case.bundle(), source)
}

/// A repair that must succeed. Afterwards everything is as in the good copy, and verifies.
#[track_caller]
fn repaired(case: &Case, source: &dyn RepairSource) -> RepairReport {
    let report = repair(case, source).unwrap_or_else(|error| panic!("{error}: {:?}", unrepaired(&error)));
    run("diff", &[&"-r", &case.path("good"), &case.model()]);
    case.verified();
    report
}

/// What is left of a repair that could not mend everything.
#[track_caller]
fn unrepaired(error: &Error) -> &RepairReport {
    match error {
        Error::Unrepaired(report) => report,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn not_repaired(case: &Case, source: &dyn RepairSource) -> Error {
    let error = refused(repair(case, source));
    unrepaired(&error);
    error
}

/// Writes down what is read of a source.
struct Counting<'s> {
    source: &'s dyn RepairSource,
    reads: RefCell<Vec<(String, u64, usize)>>,
}

impl<'s> Counting<'s> {
    fn new(source: &'s dyn RepairSource) -> Self {
        Self { source, reads: RefCell::default() }
    }

    /// The ranges that were read, in order; neighbours are one.
    fn ranges(&self) -> Vec<(String, ByteRange)> {
        let mut ranges: Vec<(String, ByteRange)> = Vec::new();
        for (name, offset, count) in self.reads.borrow().iter() {
            let end = offset + *count as u64;
            match ranges.last_mut() {
                Some((of, last)) if of == name && last.end() == *offset => {
                    *last = ByteRange::new(last.start(), end).unwrap();
                }
                _ => ranges.push((name.clone(), ByteRange::new(*offset, end).unwrap())),
            }
        }
        ranges
    }
}

impl RepairSource for Counting<'_> {
    fn read_at(&self, name: &ModelPath, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(name, offset, buffer)?;
        self.reads.borrow_mut().push((name.to_string(), offset, count));
        Ok(count)
    }

    fn is_single_file(&self) -> bool {
        self.source.is_single_file()
    }
}

/// What a function says it has.
struct Says<F>(F);

impl<F: Fn(&str, u64, &mut [u8]) -> io::Result<usize>> RepairSource for Says<F> {
    fn read_at(&self, name: &ModelPath, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (self.0)(name.as_str(), offset, buffer)
    }
}

/// Everything in the folder of the model that has not the name of a signed file or its bundle.
fn leftovers(case: &Case) -> Vec<PathBuf> {
    let listed = case.listing().into_iter().map(|(path, _)| path);
    listed.filter(|path| path.to_string_lossy().contains(".modelsig-repair-")).collect()
}
