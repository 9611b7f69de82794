//! The native half of the Kotlin API: `org.modelsig.Native` function by function, on top of the C ABI.
//!
//! ```text
//! Kotlin ─▶ entry (panics, exceptions) ─▶ argument (handles, text, ranges) ─▶ modelsig_* ─▶ result or exception
//! ```
//!
//! Nothing is verified here. Every entry calls the C function of its name, so that there is one tested path; the shared
//! library exports both, for apps that also have C code.
//!
//! What the Kotlin side guarantees, and this side relies on: a handle that is not 0 is a live object of its kind; it
//! stays alive until the call returns; it is freed once; an object is used by one thread alone where the C ABI wants
//! that; a buffer that a source was made from stays reachable as long as the source (`Handle.kt`). What it does not
//! guarantee and is refused here: handles that are 0, text with NUL, ranges that lie outside of their array or buffer.

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod about;
mod argument;
mod bytes;
mod cancel;
mod entry;
mod failure;
mod model;
mod options;
#[cfg(feature = "test-hooks")]
mod panics;
mod result;
mod source;
mod stream;
mod verifier;
