//! Takes bytes from the library as loaders do, and compares them with a good copy: here tests/faults makes calls fail.
//!
//! ```text
//! fault-reader MODEL BUNDLE PUBLIC_KEY GOOD ACCESS
//! ```
//!
//! It ends as the command does: with 0, or with the exit code of the error; and with 3 when it was handed other bytes
//! than those that were signed. The good copy is read before it writes `begin`. From then on its own reads are
//! readv(2), which the library does not use.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use modelsig::hash::Engine;
use modelsig::{Content, Error, Policy, Protection, PublicKey, SignedModel, Verifier, danger};

const WEIGHTS: &str = "weights.safetensors";

/// What went wrong, and how the process ends.
struct Failure {
    message: String,
    exit_code: u8,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        if let Error::Rejected(report) = &error {
            report.problems().for_each(|problem| message += &format!("\nerror: {problem}"));
        }
        Self { message, exit_code: error.kind().outcome().exit_code }
    }
}

/// From a reader, with an error of the library inside.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        let exit_code = inner.map_or(2, |inner| inner.kind().outcome().exit_code);
        Self { message: error.to_string(), exit_code }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, bundle, key, good, access] = &arguments[..] else {
        eprintln!("MODEL BUNDLE PUBLIC_KEY GOOD ACCESS");
        return ExitCode::from(2);
    };
    let good = match Good::read(good) {
        Ok(good) => good,
        Err(error) => panic!("the good copy cannot be read: {error}"),
    };
    println!("begin");
    match take(model, bundle, key, &good, &access.to_string_lossy()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "error: {}", failure.message);
            ExitCode::from(failure.exit_code)
        }
    }
}

fn take(model: &Path, bundle: &Path, key: &Path, good: &Good, access: &str) -> Result<(), Failure> {
    let policy = match access {
        "sealed" | "sealed-fd" | "sealed-range" => Policy::strict().min_protection(Protection::Sealed),
        "clone" => Policy::strict().min_protection(Protection::Clone),
        "clone-fd" => Policy::strict().min_protection(Protection::Clone).max_copy_bytes(0),
        "unprotected" => danger::unprotected(Policy::strict().max_copy_bytes(0)),
        _ => Policy::strict(),
    };
    let engine = Engine::new(1).map_err(failure)?;
    let verifier = Verifier::new(PublicKey::from_file(key)?).with_policy(policy).with_engine(engine);
    if access == "resources" {
        let contents = good.names().map(|name| (name, Content::path(model.join(name))));
        return whole(&*verifier.verify_resources(bundle, contents)?, good);
    }
    if access == "verify" {
        return whole(&*verifier.verify(model, bundle)?, good);
    }
    let signed = verifier.open(model, bundle)?;
    match access {
        "all" => whole(&*signed.load_all()?, good),
        "get" | "sealed" | "clone" | "unprotected" => whole(&signed, good),
        "read" => good.names().try_for_each(|name| good.compare(name, None, &signed.read(name)?)),
        "range" | "sealed-range" => range(&signed, good),
        "reader" => reader(&signed, good),
        "tensor" => tensors(&signed, good),
        "fd" | "sealed-fd" | "clone-fd" => descriptors(&signed, good),
        "stream" => streams(&signed, model, good),
        _ => Err(failure(format!("no such access: {access}"))),
    }
}

fn whole(model: &SignedModel, good: &Good) -> Result<(), Failure> {
    good.names().try_for_each(|name| good.compare(name, None, &model.get(name)?))
}

fn range(model: &SignedModel, good: &Good) -> Result<(), Failure> {
    for name in good.names() {
        let length = model.length(name)?;
        // What was got before is not asked for again.
        for range in [length / 3..length / 2, 0..length.min(10), length / 3..length] {
            good.compare(name, Some(range.clone()), &model.range(name, range)?)?;
        }
    }
    Ok(())
}

fn reader(model: &SignedModel, good: &Good) -> Result<(), Failure> {
    for name in good.names() {
        let mut reader = model.reader(name)?;
        let mut bytes = Vec::new();
        // Whatever fails may be tried again by a caller, who must not get other bytes then.
        if reader.read_to_end(&mut bytes).is_err() {
            bytes.clear();
            reader.seek(SeekFrom::Start(0))?;
            reader.read_to_end(&mut bytes)?;
        }
        good.compare(name, None, &bytes)?;
    }
    Ok(())
}

fn tensors(model: &SignedModel, good: &Good) -> Result<(), Failure> {
    for name in ["small", "large"] {
        let (tensor, bytes) = model.tensor(name)?.into_parts();
        good.compare(WEIGHTS, Some(tensor.range.start()..tensor.range.end()), &bytes)?;
    }
    Ok(())
}

fn descriptors(model: &SignedModel, good: &Good) -> Result<(), Failure> {
    for name in good.names() {
        let mut file = model.fd(name)?.into_file();
        let mut bytes = Vec::new();
        while let block @ [_, ..] = &*next(&mut file)? {
            bytes.extend_from_slice(block);
        }
        good.compare(name, None, &bytes)?;
    }
    Ok(())
}

fn streams(model: &SignedModel, folder: &Path, good: &Good) -> Result<(), Failure> {
    for name in good.names() {
        let mut stream = model.stream(name)?;
        let mut file = File::open(folder.join(name)).map_err(|error| failure(format!("{name}: {error}")))?;
        while let block @ [_, ..] = &*next(&mut file)? {
            stream.update(block)?;
        }
        stream.finish()?;
    }
    Ok(())
}

/// What comes next of a file; nothing at its end.
fn next(file: &mut File) -> io::Result<Vec<u8>> {
    let mut block = vec![0; 100_000];
    let count = file.read_vectored(&mut [IoSliceMut::new(&mut block)])?;
    block.truncate(count);
    Ok(block)
}

fn failure(error: impl ToString) -> Failure {
    Failure { message: error.to_string(), exit_code: 2 }
}

/// The content of the files of a model, by their names.
struct Good(BTreeMap<String, Vec<u8>>);

impl Good {
    fn read(folder: &Path) -> io::Result<Self> {
        let (mut files, mut pending) = (BTreeMap::new(), vec![folder.to_owned()]);
        while let Some(next) = pending.pop() {
            for entry in fs::read_dir(next)? {
                let path = entry?.path();
                if path.is_dir() {
                    pending.push(path);
                } else if let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str) {
                    files.insert(name.to_owned(), fs::read(&path)?);
                }
            }
        }
        Ok(Self(files))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Bytes that were handed out must be those of the file, or of a range of it.
    fn compare(&self, name: &str, range: Option<Range<u64>>, bytes: &[u8]) -> Result<(), Failure> {
        let whole = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        let range = range.map_or(0..whole.len(), |range| range.start as usize..range.end as usize);
        match whole.get(range.clone()) == Some(bytes) {
            true => Ok(()),
            false => {
                let message = format!("WRONG BYTES of {name}, {range:?}");
                Err(Failure { message, exit_code: 3 })
            }
        }
    }
}
