//! One way to bring a model into memory, once: what `compare` runs for its case `load`.
//!
//! `load MODE MODEL BUNDLE KEY` loads every signed file and adds up one byte of each page, as a loader would touch all
//! of it. Modes: `read` (no check at all), `verify-then-read` (what is done where a verifier knows only paths), and the
//! rungs `private`, `sealed`.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use modelsig::{Check, Policy, Protection, PublicKey, Verifier};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, model, bundle, key] = &arguments[..] else {
        if arguments == ["--version"] {
            println!("load {}", env!("CARGO_PKG_VERSION"));
            return Ok(());
        }
        return Err("usage: load MODE MODEL BUNDLE KEY".into());
    };
    let (model, bundle) = (Path::new(model), Path::new(bundle));
    let verifier = |least| -> Result<Verifier> {
        let policy = Policy::strict().check(Check::Chunks).min_protection(least);
        Ok(Verifier::new(PublicKey::from_file(Path::new(key))?).with_policy(policy))
    };
    let sum = match mode.as_str() {
        "read" => read(model)?,
        "verify-then-read" => {
            verifier(Protection::Private)?.verify(model, bundle)?;
            read(model)?
        }
        "private" | "sealed" => {
            let least = if mode == "sealed" { Protection::Sealed } else { Protection::Private };
            let loaded = verifier(least)?.open(model, bundle)?.load_all()?;
            let names: Vec<String> = loaded.names().map(str::to_owned).collect();
            let mut sum = 0u64;
            for name in names {
                let file = loaded.get(&name)?;
                if file.protection() < least {
                    return Err(format!("{name} is only {}", file.protection()).into());
                }
                sum += touch(&file);
            }
            sum
        }
        other => return Err(format!("there is no mode {other}").into()),
    };
    println!("{sum}");
    Ok(())
}

fn read(model: &Path) -> Result<u64> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(model)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    // All of them stay in memory until the end, as in a loader.
    let files: Vec<Vec<u8>> = files.iter().map(std::fs::read).collect::<std::io::Result<_>>()?;
    Ok(files.iter().map(|bytes| touch(bytes)).sum())
}

fn touch(bytes: &[u8]) -> u64 {
    bytes.iter().step_by(4096).map(|&byte| u64::from(byte)).sum()
}
