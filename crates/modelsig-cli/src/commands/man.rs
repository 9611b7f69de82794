//! `modelsig man`: one page for the command and all its subcommands.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use modelsig::Error;

use super::Run;
use crate::args::Arguments;
use crate::exit_code::Exit;

const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Verified, or done."),
    ("1", "Rejected: a negative verdict. Of sign: a model that no verifier would accept."),
    ("2", "No verdict: usage, I/O, malformed, unsupported, a limit."),
    ("130", "Interrupted."),
];

pub(super) fn run(run: &Run<'_>) -> Result<Exit, Error> {
    let failed = |source| Error::Io { operation: "render", path: "the manual page".into(), source };
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    render(&command, &mut page).map_err(failed)?;
    run.printer.line(String::from_utf8_lossy(&page).trim_end());
    Ok(Exit::SUCCESS)
}

/// The sections of clap_mangen, except for two: it points to a page for each subcommand, and all of them are on this
/// one; and it calls the exit status an extra.
fn render(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let subcommands = || command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help");
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    let about = |subcommand: &Command| subcommand.get_about().map(ToString::to_string).unwrap_or_default();
    let commands: Vec<_> =
        subcommands().map(|subcommand| (subcommand.get_name(), about(subcommand))).collect();
    list(page, "COMMANDS", commands.iter().map(|(name, about)| (*name, about.as_str())))?;
    list(page, "EXIT STATUS", EXIT_STATUS.iter().copied())?;
    man.render_version_section(page)?;
    for subcommand in subcommands() {
        writeln!(page, ".SH \"MODELSIG {}\"", subcommand.get_name().to_uppercase())?;
        // The global options stand above.
        let own = subcommand.clone().mut_args(|argument| {
            let is_global = argument.is_global_set();
            argument.hide(is_global)
        });
        let man = Man::new(own);
        man.render_synopsis_section(page)?;
        man.render_description_section(page)?;
        man.render_options_section(page)?;
    }
    Ok(())
}

fn list<'t>(
    page: &mut Vec<u8>,
    title: &str,
    entries: impl Iterator<Item = (&'t str, &'t str)>,
) -> io::Result<()> {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('-', "\\-");
    writeln!(page, ".SH \"{title}\"")?;
    for (word, text) in entries {
        writeln!(page, ".TP\n\\fB{}\\fR\n{}", escaped(word), escaped(text))?;
    }
    Ok(())
}
