//! The commands, one file each.

pub(crate) mod completions;
pub(crate) mod digest;
pub(crate) mod hash;
pub(crate) mod inspect;
pub(crate) mod keygen;
mod man;
mod policy;
mod private_key;
pub(crate) mod protect;
pub(crate) mod repair;
pub(crate) mod sign;
mod trust;
pub(crate) mod verify;

use std::cell::OnceCell;

use modelsig::Error;
use modelsig::hash::sha256::Kernels;
use modelsig::hash::{Access, Engine, PageCache, Progress};

use crate::args::{Arguments, Command};
use crate::audit::{Audit, AuditOptions, Case};
use crate::exit_code::Exit;
use crate::interrupt;
use crate::printer::Printer;

/// Runs the command and says how the process ends.
pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Exit {
    let page_cache = if arguments.keep_cache { PageCache::Keep } else { PageCache::Auto };
    let run = Run {
        // What the machine is asked for is asked now: in a sandbox it could not be.
        threads: match arguments.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads.into(),
        },
        access: arguments.access.into(),
        page_cache: page_cache.decided(),
        printer,
        audit: OnceCell::new(),
    };
    let log = match (arguments.log_format, arguments.log_level) {
        (None, Some(_)) => Err(Error::Usage { what: "--log-level is for --log-format only".into() }),
        _ => Ok(()),
    };
    let result = log.and_then(|()| match arguments.command {
        Command::Keygen(options) => options.run(&run),
        Command::Sign(options) => options.run(&run),
        Command::Verify(options) => options.run(&run),
        Command::Protect(options) => options.run(&run),
        Command::Repair(options) => options.run(&run),
        Command::Digest(options) => options.run(&run),
        Command::Hash(options) => options.run(&run),
        Command::Inspect(options) => options.run(&run),
        Command::Completions(options) => options.run(&run),
        Command::Man => man::run(&run),
    });
    result.unwrap_or_else(|error: Error| {
        let recorded = run.audit().map_or(Ok(()), |audit| audit.failed(&error, printer.sandbox()));
        let exit = printer.failure(&error);
        // What could not be put on record is told; a negative verdict it stays.
        if let Err(why) = recorded {
            printer.unrecorded(&why, &error);
        }
        exit
    })
}

/// What every command gets.
pub(crate) struct Run<'p> {
    threads: usize,
    pub(crate) access: Access,
    page_cache: PageCache,
    pub(crate) printer: &'p Printer,
    audit: OnceCell<Audit>,
}

impl Run<'_> {
    /// From now on verdicts go on record, if the user wants it.
    pub(crate) fn record(&self, options: &AuditOptions, case: impl FnOnce() -> Case) -> Result<(), Error> {
        if let Some(audit) = options.open(case)? {
            let _ = self.audit.set(audit);
        }
        Ok(())
    }

    pub(crate) fn audit(&self) -> Option<&Audit> {
        self.audit.get()
    }

    /// An engine as the global options want it, which stops when the process is interrupted. If it cannot use the
    /// fastest SHA-256 of this machine, the user is told why.
    pub(crate) fn engine(&self, progress: &Progress) -> Result<Engine, Error> {
        for problem in Kernels::detect().problems() {
            self.printer.note(&problem.to_string());
        }
        let failed = |error: modelsig::hash::Error| Error::Usage { what: error.to_string() };
        let engine = Engine::new(self.threads).map_err(failed)?;
        Ok(engine
            .with_page_cache(self.page_cache)
            .with_progress(progress.clone())
            .with_cancel(interrupt::token()))
    }
}
