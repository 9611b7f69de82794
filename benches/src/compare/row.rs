//! A row: one command line that is run again and again.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::model::Model;
use crate::peer::Peer;
use crate::program::Program;

/// What a command line does with the bytes of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Sha256,
    Blake3,
    Blake2b,
    /// Nothing but reading them.
    Read,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) program: Program,
    pub(crate) work: Work,
    /// How many threads it was told to use, or uses without being told.
    pub(crate) threads: usize,
    /// Whose tool it is; `None` for modelsig's.
    pub(crate) peer: Option<Peer>,
    arguments: Vec<OsString>,
    through: Option<Xargs>,
}

/// Names that are too many for one command line.
#[derive(Debug)]
struct Xargs {
    folder: PathBuf,
    list: PathBuf,
}

impl Row {
    pub(crate) fn new(name: String, program: &Program, arguments: Vec<OsString>) -> Self {
        let program = program.clone();
        Self { name, program, work: Work::Sha256, threads: 1, peer: None, arguments, through: None }
    }

    pub(crate) fn work(self, work: Work) -> Self {
        Self { work, ..self }
    }

    pub(crate) fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    pub(crate) fn peer(self, peer: Peer) -> Self {
        Self { peer: Some(peer), ..self }
    }

    /// Appends the names of the model's files to the arguments.
    pub(crate) fn with_files(mut self, model: &Model) -> Self {
        match &model.list {
            Some(list) => {
                self.name.push_str(" (xargs)");
                self.through = Some(Xargs { folder: model.folder.clone(), list: list.clone() });
            }
            None => self.arguments.extend(model.files.iter().map(|file| file.clone().into_os_string())),
        }
        self
    }

    pub(crate) fn command(&self) -> Command {
        let mut command;
        match &self.through {
            Some(Xargs { folder, list }) => {
                command = Command::new("xargs");
                command.arg("-0").arg("-a").arg(list).arg(&self.program.path).current_dir(folder);
            }
            None => command = Command::new(&self.program.path),
        }
        command.args(&self.arguments);
        command
    }

    /// Whether the process that is started is the program itself, so that its memory can be looked at.
    pub(crate) fn is_direct(&self) -> bool {
        self.through.is_none()
    }
}
