//! Every bad input ends in its own error, of the right kind, with the file's name in the message, and leaves
//! nothing behind.

mod bundle;
mod chunk_index;
mod content;
mod disk;
mod exclusions;
mod keys;
mod limits;
mod messages;
mod shards;
mod signers;
mod sparse;
mod statement;
mod symlinks;
mod trust;

use modelsig::{Error, ErrorKind, Policy, StatementFault};
use modelsig_tests::{Case, assert_outcome, refused};

/// The fault of a statement whose signature holds. The bundle must be named.
#[track_caller]
fn statement_fault(case: &Case) -> StatementFault {
    let error = refused(case.verify(Policy::strict()));
    assert_outcome(&error, ErrorKind::Malformed, case.bundle().to_str().expect("a UTF-8 path"));
    match error {
        Error::Statement { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}
