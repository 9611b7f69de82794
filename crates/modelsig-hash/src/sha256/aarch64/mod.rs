//! Kernels for 64-bit ARM.

pub(crate) mod sha2;
