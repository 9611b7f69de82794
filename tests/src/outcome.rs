//! What an error must be: the contract on exit codes, stated independently of the table in the library.

use modelsig::{Error, ErrorKind, Escaped};

/// The error of something that must fail.
#[track_caller]
pub fn refused<T>(result: Result<T, Error>) -> Error {
    match result {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error,
    }
}

/// The exit code of a kind. 1 is a negative verdict: well-formed inputs that do not hold. 2 is no verdict: usage,
/// I/O, unreadable, malformed, unsupported, a limit. 130 is an interruption.
pub fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Mismatch
        | ErrorKind::Missing
        | ErrorKind::Unsigned
        | ErrorKind::Changed
        | ErrorKind::ForbiddenFile
        | ErrorKind::BadSignature
        | ErrorKind::Untrusted
        | ErrorKind::RootDigest
        | ErrorKind::Policy
        | ErrorKind::Threshold => 1,
        ErrorKind::Usage
        | ErrorKind::NotFound
        | ErrorKind::Io
        | ErrorKind::Malformed
        | ErrorKind::Unsupported
        | ErrorKind::Limit
        | ErrorKind::Key
        | ErrorKind::Exists
        | ErrorKind::Unsignable
        | ErrorKind::Internal => 2,
        ErrorKind::Cancelled => 130,
        other => panic!("{other:?} is a new kind: say here which exit code it has"),
    }
}

/// The error is of this kind, ends the process as the contract says, and names the file in words that are safe to
/// show.
#[track_caller]
pub fn assert_outcome(error: &Error, kind: ErrorKind, file: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.kind().outcome().exit_code, exit_code(kind), "{error}");
    let message = error.to_string();
    assert!(message.contains(&Escaped(file).to_string()), "{file:?} is not named: {message}");
    assert!(!message.contains(char::is_control), "{message:?}");
}

/// The problems of a rejected model, in order; none for any other error.
pub fn problems(error: &Error) -> Vec<&Error> {
    match error {
        Error::Rejected(report) => report.problems().collect(),
        _ => Vec::new(),
    }
}

/// The only problem of a rejected model.
#[track_caller]
pub fn only_problem(error: &Error) -> &Error {
    match problems(error)[..] {
        [problem] => {
            assert_eq!(error.kind(), problem.kind(), "the whole is of the kind of its only problem");
            problem
        }
        ref others => panic!("expected one problem: {error}: {others:?}"),
    }
}
