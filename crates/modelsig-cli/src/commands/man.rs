//! `modelsig man`: one page for the command and all its subcommands.

use clap::CommandFactory;
use modelsig::Error;

use super::Run;
use crate::args::Arguments;
use crate::exit_code::Exit;

pub(super) fn run(run: &Run<'_>) -> Result<Exit, Error> {
    let failed = |source| Error::Io { operation: "render", path: "the manual page".into(), source };
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        let man = clap_mangen::Man::new(subcommand.clone());
        page.extend_from_slice(
            format!(".SH \"MODELSIG {}\"\n", subcommand.get_name().to_uppercase()).as_bytes(),
        );
        man.render_synopsis_section(&mut page).map_err(failed)?;
        man.render_description_section(&mut page).map_err(failed)?;
        man.render_options_section(&mut page).map_err(failed)?;
    }
    run.printer.line(String::from_utf8_lossy(&page).trim_end());
    Ok(Exit::SUCCESS)
}
