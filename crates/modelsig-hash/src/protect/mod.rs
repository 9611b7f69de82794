//! What keeps a file from changing: requests to the kernel, and what it promises for them.

pub mod verity;
