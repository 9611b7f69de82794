//! What the tests of the workspace share: models in temporary folders, bundles written by hand and properly signed,
//! and the contract between errors and exit codes, stated once more.

#![forbid(unsafe_code)]

mod case;
pub mod chain;
pub mod corner;
mod craft;
mod outcome;
mod process;

pub use case::{Case, ignoring};
pub use chain::{Chain, Role};
pub use craft::{
    base64, bundle, digest_of, payload_of, repeat_member, resource, resource_of, set_root, shard, sharded,
    signature_over, statement, unbase64,
};
pub use outcome::{assert_outcome, exit_code, only_problem, problems, refused};
#[cfg(unix)]
pub use process::as_ordinary_user;
pub use process::{RaiseAtEnd, has_openssl, make_fifo, openssl, openssl_refuses, run, within};
