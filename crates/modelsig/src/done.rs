//! What stays done where an operation that changes a model ends without a verdict.

use std::fmt;

use crate::{Error, RepairedFile};

/// What was done to a model by the time that an error kept it from a verdict. It stays done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// [`Verifier::protect`](crate::Verifier::protect) froze these files.
    Frozen(Vec<String>),
    /// [`Verifier::repair`](crate::Verifier::repair) wrote these files, the last one perhaps not to its end.
    Repaired(Vec<RepairedFile>),
}

impl Done {
    /// The error that ended it: with what was done, if that is anything.
    pub(crate) fn but(self, problem: Error) -> Error {
        match self.files() {
            0 => problem,
            _ => Error::HalfDone { done: Box::new(self), problem: Box::new(problem) },
        }
    }

    fn files(&self) -> usize {
        match self {
            Self::Frozen(files) => files.len(),
            Self::Repaired(files) => files.len(),
        }
    }
}

impl fmt::Display for Done {
    /// `2 files were frozen`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Frozen(_) => "frozen",
            Self::Repaired(_) => "repaired",
        };
        match self.files() {
            1 => write!(f, "1 file was {words}"),
            files => write!(f, "{files} files were {words}"),
        }
    }
}
