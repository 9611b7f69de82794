//! How the process ends.

use modelsig::{Error, ErrorKind, Outcome};

/// The exit code of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(u8);

impl Exit {
    /// Verified, or done.
    pub(crate) const SUCCESS: Self = Self(0);
    /// A negative verdict.
    pub(crate) const REJECTED: Self = Self(1);
    /// No verdict.
    pub(crate) const NO_VERDICT: Self = Self(2);

    pub(crate) fn code(self) -> u8 {
        self.0
    }

    /// The word for it in JSON output.
    pub(crate) fn verdict(self) -> &'static str {
        match self {
            Self::SUCCESS => "ok",
            Self(code) => Outcome::verdict_of(code),
        }
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        Self(kind.outcome().exit_code)
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        error.kind().into()
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_looks_like_success() {
        for row in modelsig::OUTCOMES {
            assert_ne!(Exit::from(row.kind), Exit::SUCCESS, "{}", row.name);
        }
        assert_eq!(Exit::from(&Error::Cancelled).code(), 130);
        assert_eq!(Exit::from(&Error::NoTrust), Exit::NO_VERDICT);
        assert_eq!(Exit::from(&Error::Missing { path: "a".into() }), Exit::REJECTED);
    }
}
