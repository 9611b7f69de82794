//! What stays done where an operation that changes a model ends without a verdict.

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
        match &self {
            Self::Frozen(files) if files.is_empty() => problem,
            Self::Repaired(files) if files.is_empty() => problem,
            _ => Error::HalfDone { done: Box::new(self), problem: Box::new(problem) },
        }
    }
}
