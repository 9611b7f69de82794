//! A descriptor for readers that want a file, in whatever language.
//!
//! ```text
//! memfd MODEL BUNDLE PUBLIC_KEY NAME PROGRAM ARGUMENT...
//! ```
//!
//! runs a program that finds the verified file of that name as `/proc/self/fd/0`, and ends with its status.

#![forbid(unsafe_code)]

use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use modelsig::{Policy, Protection, PublicKey, VerifiedFd, Verifier};

fn sealed(model: &Path, bundle: &Path, key: &Path, name: &str) -> Result<VerifiedFd, modelsig::Error> {
    // A sealed copy in memory, or the file itself where fs-verity guards it: nobody can write to it any more, not even
    // root.
    let policy = Policy::strict().min_protection(Protection::Sealed);
    let verifier = Verifier::new(PublicKey::from_file(key)?).with_policy(policy);
    verifier.open(model, bundle)?.fd(name)
}

/// The program has it as descriptor 0: what wants a path opens `/proc/self/fd/0`.
fn run_on(weights: VerifiedFd, program: &mut Command) -> std::io::Result<bool> {
    Ok(program.stdin(weights.into_file()).status()?.success())
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [model, bundle, key, name, program, arguments @ ..] = &arguments[..] else {
        return Err("MODEL BUNDLE PUBLIC_KEY NAME PROGRAM ARGUMENT...".into());
    };
    let name = name.to_str().ok_or("the name is not UTF-8")?;
    let weights = sealed(Path::new(model), Path::new(bundle), Path::new(key), name)?;
    println!("{name}: {} bytes, {}", weights.length(), weights.protection());
    let success = run_on(weights, Command::new(program).args(arguments))?;
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
