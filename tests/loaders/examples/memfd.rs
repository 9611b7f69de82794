//! A descriptor for readers that want a file, in whatever language.
//!
//! ```text
//! memfd MODEL BUNDLE PUBLIC_KEY NAME PROGRAM ARGUMENT...
//! ```
//!
//! runs a program that finds the verified file of that name as `/proc/self/fd/0`, and ends with its status.

use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use modelsig::{PublicKey, SignedModel, Verifier};

fn run_on(model: &SignedModel, name: &str, program: &mut Command) -> Result<ExitStatus, Box<dyn Error>> {
    // A sealed copy in memory, or a clone, or the file itself where fs-verity guards it. Nobody can write to it any more.
    let weights = model.fd(name)?;
    println!("{name}: {} bytes, {}", weights.length(), weights.protection());
    // Descriptor 0 of the program: what needs a path opens /proc/self/fd/0.
    Ok(program.stdin(weights.into_file()).status()?)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [model, bundle, key, name, program, arguments @ ..] = &arguments[..] else {
        return Err("MODEL BUNDLE PUBLIC_KEY NAME PROGRAM ARGUMENT...".into());
    };
    let model =
        Verifier::new(PublicKey::from_file(Path::new(key))?).open(Path::new(model), Path::new(bundle))?;
    let name = name.to_str().ok_or("the name is not UTF-8")?;
    let status = run_on(&model, name, Command::new(program).args(arguments))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
