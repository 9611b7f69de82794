//! JSON texts that belong to the caller, and what a bundle says of itself.

use std::ffi::{CString, c_char};
use std::ptr;

use modelsig::{Error, Limits};
use serde::Serialize;

use crate::argument::{self, Out};
use crate::boundary;
use crate::error::ModelsigError;
use crate::source::ModelsigSource;
use crate::status::ModelsigStatus;

/// What a bundle claims, as JSON with the members that `modelsig inspect --json` prints of one: method, hint of the key, names and
/// sizes of the files. No signature is checked, and anybody can write anything into a bundle: this is for showing, and for
/// finding out which key or which files to fetch.
///
/// @param bundle  The bundle.
/// @param json    Where to put the text. The caller frees it with modelsig_string_free.
/// @param error   Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_inspect(
    bundle: *const ModelsigSource,
    json: *mut *mut c_char,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or memory for a pointer and a source.
        let (out, bundle) =
            unsafe { (Out::new(json, ptr::null_mut(), "json")?, argument::object(bundle, "bundle")?) };
        out.set(text(&modelsig::inspect(bundle.bundle(), &Limits::default())?)?);
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Releases a text that a call has handed out as char *, and that nobody has changed since. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_string_free(string: *mut c_char) {
    if string.is_null() {
        return;
    }
    // SAFETY: it came from `text`, and the caller frees it once, unchanged.
    let _ = boundary::enter(|| drop(unsafe { CString::from_raw(string) }));
}

/// A text for the caller.
pub(crate) fn text(value: &impl Serialize) -> Result<*mut c_char, ModelsigError> {
    let json = serde_json::to_string(value);
    let json = json.map_err(|error| Error::Internal { what: format!("no JSON could be made: {error}") })?;
    Ok(argument::c_string(&json).into_raw())
}
