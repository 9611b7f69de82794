//! The C ABI of modelsig.
//!
//! The doc comments of the C items are written for readers of the generated header, `include/modelsig.h`: they use
//! C names and state in prose what a Rust `# Safety` section would. What holds for all of them stands at the top of
//! that header, which is the `header` of `cbindgen.toml`.
//!
//! ```text
//! C caller ─▶ boundary (panics, *error) ─▶ argument (NULL, text, bytes) ─▶ watch (threads, progress) ─▶ modelsig ─▶ status + error
//! ```

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
#![allow(clippy::missing_safety_doc, reason = "the docs are those of a C header, which says it in prose")]

mod argument;
mod boundary;
mod bytes;
mod cancel;
mod error;
mod json;
mod model;
mod options;
mod source;
mod status;
mod stream;
mod verifier;
mod verify;
mod version;
mod watch;

#[cfg(feature = "test-hooks")]
pub use boundary::modelsig_test_panic;
#[doc(hidden)]
pub use boundary::panic_message;
pub use bytes::{
    ModelsigBytes, modelsig_bytes_data, modelsig_bytes_free, modelsig_bytes_length, modelsig_bytes_protection,
};
pub use cancel::{
    ModelsigCancel, modelsig_cancel_free, modelsig_cancel_new, modelsig_cancel_request,
    modelsig_cancel_requested,
};
pub use error::{
    MODELSIG_NO_OFFSET, ModelsigError, modelsig_error_code, modelsig_error_free, modelsig_error_message,
    modelsig_error_offset, modelsig_error_path, modelsig_error_report,
};
pub use json::{modelsig_inspect, modelsig_string_free};
pub use model::{
    ModelsigModel, modelsig_model_count, modelsig_model_fd, modelsig_model_free, modelsig_model_length,
    modelsig_model_load, modelsig_model_load_all, modelsig_model_load_tensor, modelsig_model_name,
    modelsig_model_read, modelsig_model_report, modelsig_model_stream, modelsig_model_tensors,
};
pub use options::{
    MODELSIG_CHECK_BOTH, MODELSIG_CHECK_CHUNKS, MODELSIG_CHECK_WHOLE, MODELSIG_DANGER_LEGACY,
    MODELSIG_DANGER_SYMLINKS, MODELSIG_DANGER_UNPROTECTED, MODELSIG_DANGER_UNSIGNED_FILES,
    MODELSIG_FAIL_FAST, MODELSIG_PROTECTION_CLONE, MODELSIG_PROTECTION_KERNEL, MODELSIG_PROTECTION_PRIVATE,
    MODELSIG_PROTECTION_SEALED, MODELSIG_PROTECTION_STABLE, MODELSIG_PROTECTION_UNPROTECTED,
    MODELSIG_REFUSE_BUNDLE_IGNORES, MODELSIG_STRICT_GIT, ModelsigOptions, ModelsigProgressCallback,
};
pub use source::{
    MODELSIG_TO_END, ModelsigSource, modelsig_source_free, modelsig_source_from_buffer,
    modelsig_source_from_fd, modelsig_source_from_path, modelsig_source_from_path_part,
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
pub use stream::{
    ModelsigStream, modelsig_stream_finish, modelsig_stream_free, modelsig_stream_update,
    modelsig_stream_verified,
};
pub use verifier::{
    MODELSIG_KEY_ED25519, MODELSIG_KEY_P256, MODELSIG_KEY_P384, MODELSIG_KEY_P521, ModelsigVerifier,
    modelsig_verifier_add_anchors, modelsig_verifier_add_identity, modelsig_verifier_add_key_pem,
    modelsig_verifier_add_key_raw, modelsig_verifier_free, modelsig_verifier_new,
};
pub use verify::{
    modelsig_verifier_open, modelsig_verifier_open_resources, modelsig_verifier_verify,
    modelsig_verifier_verify_resource, modelsig_verify,
};
pub use version::{
    MODELSIG_ABI_VERSION, MODELSIG_VERSION_MAJOR, MODELSIG_VERSION_MINOR, MODELSIG_VERSION_PATCH,
    modelsig_abi_version, modelsig_features, modelsig_sha256_kernel, modelsig_version,
};
