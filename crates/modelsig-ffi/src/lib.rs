//! The C ABI of modelsig.
//!
//! The doc comments of the C items are written for readers of the generated header, `include/modelsig.h`: they use
//! C names and state in prose what a Rust `# Safety` section would. What holds for all of them stands at the top of
//! that header, which is the `header` of `cbindgen.toml`.
//!
//! ```text
//! C caller ─▶ boundary (panics, *error) ─▶ argument (NULL, text, paths) ─▶ modelsig ─▶ status + error
//! ```

#![allow(clippy::missing_safety_doc, reason = "the docs are those of a C header, which says it in prose")]

mod argument;
mod boundary;
mod error;
mod status;
mod verify;
mod version;

pub use error::{
    ModelsigError, modelsig_error_code, modelsig_error_free, modelsig_error_message, modelsig_error_path,
};
pub use status::{
    MODELSIG_STATUS_BAD_SIGNATURE, MODELSIG_STATUS_CANCELLED, MODELSIG_STATUS_CHANGED,
    MODELSIG_STATUS_EXISTS, MODELSIG_STATUS_FORBIDDEN_FILE, MODELSIG_STATUS_INTERNAL, MODELSIG_STATUS_IO,
    MODELSIG_STATUS_KEY, MODELSIG_STATUS_LIMIT, MODELSIG_STATUS_MALFORMED, MODELSIG_STATUS_MISMATCH,
    MODELSIG_STATUS_MISSING, MODELSIG_STATUS_NOT_FOUND, MODELSIG_STATUS_OK, MODELSIG_STATUS_POLICY,
    MODELSIG_STATUS_ROOT_DIGEST, MODELSIG_STATUS_THRESHOLD, MODELSIG_STATUS_UNSIGNABLE,
    MODELSIG_STATUS_UNSIGNED, MODELSIG_STATUS_UNSUPPORTED, MODELSIG_STATUS_UNTRUSTED, MODELSIG_STATUS_USAGE,
    ModelsigStatus,
};
pub use verify::modelsig_verify;
pub use version::{
    MODELSIG_ABI_VERSION, MODELSIG_VERSION_MAJOR, MODELSIG_VERSION_MINOR, MODELSIG_VERSION_PATCH,
    modelsig_abi_version, modelsig_sha256_kernel, modelsig_version,
};
