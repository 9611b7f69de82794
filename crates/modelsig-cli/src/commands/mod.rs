//! The commands, one file each.

pub(crate) mod completions;
pub(crate) mod digest;
pub(crate) mod hash;
pub(crate) mod inspect;
pub(crate) mod keygen;
mod man;
mod private_key;
pub(crate) mod sign;
mod trust;
pub(crate) mod verify;

use modelsig::Error;

use crate::args::{Arguments, Command};
use crate::exit_code::Exit;
use crate::printer::Printer;

/// Runs the command and says how the process ends.
pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Exit {
    let run = Run { threads: arguments.threads.into(), access: arguments.access.into(), printer };
    let result = match arguments.command {
        Command::Keygen(options) => options.run(&run),
        Command::Sign(options) => options.run(&run),
        Command::Verify(options) => options.run(&run),
        Command::Digest(options) => options.run(&run),
        Command::Hash(options) => options.run(&run),
        Command::Inspect(options) => options.run(&run),
        Command::Completions(options) => options.run(&run),
        Command::Man => man::run(&run),
    };
    result.unwrap_or_else(|error: Error| printer.failure(&error))
}

/// What every command gets.
pub(crate) struct Run<'p> {
    pub(crate) threads: usize,
    pub(crate) access: modelsig::hash::Access,
    pub(crate) printer: &'p Printer,
}
