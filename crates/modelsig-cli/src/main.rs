//! The `modelsig` command: make keys, sign models, verify them, repair them.
//!
//! stdout carries data (one verdict line, digests, one JSON object), stderr carries talk. Exit codes: 0 verified or
//! done, 1 a negative verdict, 2 no verdict, 130 interrupted.

#![forbid(unsafe_code)]

mod advice;
mod args;
mod asked;
mod audit;
mod commands;
mod exit_code;
mod interrupt;
mod log;
mod printer;
mod progress_bar;
mod sandbox;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::Arguments;
use asked::Asked;
use printer::Printer;

fn main() -> ExitCode {
    let parsed = args::refuse_keys(std::env::args_os())
        .and_then(|()| args::with_underscore_aliases(Arguments::command()).try_get_matches())
        .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, Asked::new(&matches))));
    match parsed {
        Ok((arguments, asked)) => {
            use args::Command::{Protect, Repair, Verify};
            let judges = matches!(arguments.command, Verify(_) | Protect(_) | Repair(_));
            if let Some(format) = arguments.log_format {
                log::start(format, arguments.log_level.unwrap_or(log::Level::Info));
            }
            let printer = Printer::new(&arguments, asked, judges);
            printer.finish(commands::run(arguments, &printer)).into()
        }
        Err(error) => printer::usage_error(&error).into(),
    }
}
