//! Other people's tools: how each is found, and how it is called on a model.

use std::ffi::OsString;
use std::path::Path;

use crate::case::Case;
use crate::model::Model;
use crate::modelsig;
use crate::program::Program;
use crate::row::{Row, Work};
use crate::signed::Signed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Openssl,
    Sha256sum,
    Fsverity,
    /// The reference implementation of OMS.
    Python,
    B3sum,
    B2sum,
    Dd,
    Cat,
    /// A plain read into memory, by the standard library.
    Read,
}

/// Prints its version, and fails where it is not installed.
const PYTHON_VERSION: &str = "import importlib.metadata as m, platform, model_signing; \
     print('model-signing', m.version('model-signing'), 'on Python', platform.python_version())";

impl Peer {
    pub(crate) const ALL: [Self; 9] = [
        Self::Openssl,
        Self::Sha256sum,
        Self::Fsverity,
        Self::Python,
        Self::B3sum,
        Self::B2sum,
        Self::Dd,
        Self::Cat,
        Self::Read,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Openssl => "openssl dgst -sha256",
            Self::Sha256sum => "sha256sum",
            Self::Fsverity => "fsverity digest",
            Self::Python => "python model_signing verify",
            Self::B3sum => "b3sum",
            Self::B2sum => "b2sum",
            Self::Dd => "dd bs=1M",
            Self::Cat => "cat",
            Self::Read => "read into memory",
        }
    }

    /// The installed tool; `None` if there is none.
    pub(crate) fn find(self, python: &Path) -> Option<Program> {
        let version = match self {
            Self::Python => return Program::find(python, &["-c", PYTHON_VERSION]),
            Self::Read => return modelsig::loader(),
            Self::Openssl => "version",
            _ => "--version",
        };
        Program::find(Path::new(self.program()), &[version])
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Openssl => "openssl",
            Self::Sha256sum => "sha256sum",
            Self::Fsverity => "fsverity",
            Self::Python => "python3",
            Self::B3sum => "b3sum",
            Self::B2sum => "b2sum",
            Self::Dd => "dd",
            Self::Cat => "cat",
            Self::Read => "load",
        }
    }

    pub(crate) const fn takes_part(self, case: Case) -> bool {
        match self {
            Self::Read => matches!(case, Case::Load),
            _ if matches!(case, Case::Load) => false,
            Self::Dd | Self::Cat => matches!(case, Case::Cold),
            // A disk hides what they differ in.
            Self::Fsverity | Self::Python | Self::B2sum => !matches!(case, Case::Cold),
            Self::Openssl | Self::Sha256sum | Self::B3sum => true,
        }
    }

    /// `program`, which [`Peer::find`] found, on `model`. `threads` is for the tools that can be told.
    pub(crate) fn row(self, program: &Program, model: &Model, signed: &Signed, threads: usize) -> Row {
        let arguments: Vec<OsString> = match self {
            Self::Openssl => vec!["dgst".into(), "-sha256".into()],
            Self::Fsverity => vec!["digest".into()],
            Self::Python => signed.python_arguments(model),
            Self::B3sum => vec!["--num-threads".into(), threads.to_string().into()],
            Self::Dd => dd_arguments(model),
            Self::Read => signed.load("read", model),
            Self::Sha256sum | Self::B2sum | Self::Cat => vec![],
        };
        let row = Row::new(self.name().to_owned(), program, arguments)
            .peer(self)
            .work(self.work())
            .threads(if self.has_threads() { threads } else { 1 });
        match self {
            Self::Python | Self::Dd | Self::Read => row,
            _ => row.with_files(model),
        }
    }

    const fn work(self) -> Work {
        match self {
            Self::Openssl | Self::Sha256sum | Self::Fsverity | Self::Python => Work::Sha256,
            Self::B3sum => Work::Blake3,
            Self::B2sum => Work::Blake2b,
            Self::Dd | Self::Cat | Self::Read => Work::Read,
        }
    }

    /// b3sum is told how many; the Python tool hashes files in a pool of more threads than there are CPUs.
    const fn has_threads(self) -> bool {
        matches!(self, Self::B3sum | Self::Python)
    }
}

fn dd_arguments(model: &Model) -> Vec<OsString> {
    let mut input = OsString::from("if=");
    input.extend(model.files.first().map(|file| file.as_os_str()));
    vec![input, "of=/dev/null".into(), "bs=1M".into()]
}
