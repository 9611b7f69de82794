//! What keeps bytes from changing between the check and the use: memory of our own, sealed copies, clones.
//!
//! | | keeps out | costs |
//! |---|---|---|
//! | [`Memory`] | other processes | memory, and a copy while it is hashed |
//! | [`sealed_copy`] | everybody, root too, and this process | memory, and a copy before it is hashed |
//! | [`clone`](clone::clone) | everybody without access to this process | nothing; some file systems can |
//!
//! Each is hashed *after* it is out of reach, or while it is copied there. Which of them a loader asks for is its
//! policy, and not the business of this crate.

mod clone;
mod memory;
mod sealed;
pub mod verity;
mod view;
mod writer;

pub use clone::{clone, reopened};
pub(crate) use memory::Keep;
pub use memory::Memory;
pub use sealed::sealed_copy;
pub use view::View;
pub use writer::has_writer;

use std::fs::File;

/// True when the kernel forbids changes to the file, or nobody but root and the current user could make them: what
/// [`Access::Auto`](crate::Access::Auto) asks before it maps a file, and no other process is known to hold it open for
/// writing.
pub fn is_stable(file: &File) -> bool {
    crate::source::cannot_change(file) && !has_writer(file)
}
