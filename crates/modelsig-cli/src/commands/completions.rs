//! `modelsig completions SHELL`

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use modelsig::Error;

use super::Run;
use crate::args::Arguments;
use crate::exit_code::Exit;

/// Print the completions of a shell
#[derive(Args)]
pub(crate) struct Options {
    /// The shell
    shell: Shell,
}

impl Options {
    pub(crate) fn run(self, run: &Run<'_>) -> Result<Exit, Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "modelsig", &mut script);
        run.printer.line(String::from_utf8_lossy(&script).trim_end());
        Ok(Exit::SUCCESS)
    }
}
