//! The kinds of failure, and the one table that gives each its exit code and its C status.

/// What kind of failure an [`Error`](crate::Error) is: the stable part, on which programs should decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes of a file are not the signed ones, or it has another length.
    Mismatch,
    /// A signed file is not there.
    Missing,
    /// A file is there that was not signed.
    Unsigned,
    /// A file changed while it was looked at, or was replaced or removed then.
    Changed,
    /// A symbolic link, FIFO, socket or device in the model.
    ForbiddenFile,
    /// The signature is not valid over the content.
    BadSignature,
    /// The signature may be valid, but was made by somebody else.
    Untrusted,
    /// The statement contradicts itself: its root digest is not that of its resources.
    RootDigest,
    /// The caller's policy forbids it.
    Policy,
    /// Too few distinct signers.
    Threshold,
    /// Wrong or contradictory arguments.
    Usage,
    /// A file or folder is not there.
    NotFound,
    /// The operating system refused.
    Io,
    /// Not a well-formed bundle or statement.
    Malformed,
    /// Beyond what this version or build supports.
    Unsupported,
    /// A limit was exceeded.
    Limit,
    /// A key cannot be used.
    Key,
    /// Something stands in the way of what was to be written.
    Exists,
    /// The model has nothing to sign, or names that cannot be signed.
    Unsignable,
    /// A fault of modelsig itself.
    Internal,
    /// The caller stopped it.
    Cancelled,
}

/// How the process ends for a kind of error, and the number that the C ABI returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The kind.
    pub kind: ErrorKind,
    /// Its name in reports.
    pub name: &'static str,
    /// 1: a negative verdict. 2: no verdict. 130: interrupted.
    pub exit_code: u8,
    /// Status of the C ABI. Numbers are never reused.
    pub status: i32,
}

const fn outcome(kind: ErrorKind, name: &'static str, exit_code: u8, status: i32) -> Outcome {
    Outcome { kind, name, exit_code, status }
}

/// The one table of outcomes. Success is exit code 0 and status 0.
pub const OUTCOMES: &[Outcome] = &[
    outcome(ErrorKind::Mismatch, "mismatch", 1, 100),
    outcome(ErrorKind::Missing, "missing", 1, 101),
    outcome(ErrorKind::Unsigned, "unsigned", 1, 102),
    outcome(ErrorKind::Changed, "changed", 1, 103),
    outcome(ErrorKind::ForbiddenFile, "forbidden-file", 1, 104),
    outcome(ErrorKind::BadSignature, "bad-signature", 1, 110),
    outcome(ErrorKind::Untrusted, "untrusted", 1, 111),
    outcome(ErrorKind::RootDigest, "root-digest", 1, 112),
    outcome(ErrorKind::Policy, "policy", 1, 120),
    outcome(ErrorKind::Threshold, "threshold", 1, 121),
    outcome(ErrorKind::Usage, "usage", 2, 200),
    outcome(ErrorKind::NotFound, "not-found", 2, 201),
    outcome(ErrorKind::Io, "io", 2, 202),
    outcome(ErrorKind::Malformed, "malformed", 2, 203),
    outcome(ErrorKind::Unsupported, "unsupported", 2, 204),
    outcome(ErrorKind::Limit, "limit", 2, 205),
    outcome(ErrorKind::Key, "key", 2, 206),
    outcome(ErrorKind::Exists, "exists", 2, 207),
    outcome(ErrorKind::Unsignable, "unsignable", 2, 208),
    outcome(ErrorKind::Internal, "internal", 2, 299),
    outcome(ErrorKind::Cancelled, "cancelled", 130, 300),
];

impl Outcome {
    /// The word for it where verdicts are told: `"rejected"`, `"error"` when there is none, `"interrupted"`.
    pub const fn verdict(&self) -> &'static str {
        Self::verdict_of(self.exit_code)
    }

    /// The same for the exit code of a failure.
    pub const fn verdict_of(exit_code: u8) -> &'static str {
        match exit_code {
            1 => "rejected",
            130 => "interrupted",
            _ => "error",
        }
    }
}

impl ErrorKind {
    /// Its row of [`OUTCOMES`].
    #[expect(
        clippy::indexing_slicing,
        reason = "a test shows that the table has a row for each kind, in order"
    )]
    pub fn outcome(self) -> Outcome {
        OUTCOMES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_in_order() {
        for (index, row) in OUTCOMES.iter().enumerate() {
            assert_eq!(row.kind as usize, index);
            assert!(matches!(row.exit_code, 1 | 2 | 130));
        }
        // The last variant is the last row, so no kind is without one.
        assert_eq!(ErrorKind::Cancelled as usize + 1, OUTCOMES.len());
        let statuses: std::collections::BTreeSet<_> = OUTCOMES.iter().map(|row| row.status).collect();
        assert_eq!(statuses.len(), OUTCOMES.len(), "a status is used once");
    }
}
