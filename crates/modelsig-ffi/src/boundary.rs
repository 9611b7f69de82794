//! Where C ends and Rust begins: no panic crosses, and a failure becomes a status and an error object.
//!
//! Every entry runs inside [`enter`], those that can fail through [`call`]. The exceptions return a constant, or read or
//! set one field, which cannot panic. Where this crate is compiled with `panic = "abort"`, a panic ends the process instead.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use modelsig::ErrorKind;

use crate::error::ModelsigError;
use crate::status::{MODELSIG_STATUS_OK, ModelsigStatus};

/// Runs the body of an entry; a panic in it becomes its message.
pub(crate) fn enter<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    // Unwind-safe: what a body changes it made itself, and that is gone after a panic.
    panic::catch_unwind(AssertUnwindSafe(body)).map_err(panic_message)
}

/// Runs the body of an entry that can fail. `*error` is NULL unless it did.
///
/// # Safety
/// `error` is NULL or points to memory for a pointer that is valid for writing; what it held is not looked at.
pub(crate) unsafe fn call(
    error: *mut *mut ModelsigError,
    body: impl FnOnce() -> Result<(), ModelsigError>,
) -> ModelsigStatus {
    // Compiled once for all entries, of which there are many.
    let mut body = Some(body);
    // SAFETY: the same contract.
    unsafe { call_once(error, &mut || body.take().map_or(Ok(()), |body| body())) }
}

/// # Safety
/// As for [`call`].
#[inline(never)]
unsafe fn call_once(
    error: *mut *mut ModelsigError,
    body: &mut dyn FnMut() -> Result<(), ModelsigError>,
) -> ModelsigStatus {
    if !error.is_null() {
        // SAFETY: not NULL, hence valid for writing.
        unsafe { error.write(ptr::null_mut()) };
    }
    let result = enter(body).unwrap_or_else(|panic| {
        Err(ModelsigError::new(ErrorKind::Internal, &format!("internal error: {panic}"), None))
    });
    let Err(failure) = result else { return MODELSIG_STATUS_OK };
    let status = failure.status();
    if !error.is_null() {
        // SAFETY: not NULL, hence valid for writing.
        unsafe { error.write(Box::into_raw(Box::new(failure))) };
    }
    status
}

/// Panics inside of the boundary, so that a caller can see what comes of it.
#[cfg(feature = "test-hooks")]
#[expect(clippy::panic, reason = "it is what the function is for")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_test_panic(error: *mut *mut ModelsigError) -> ModelsigStatus {
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { call(error, || panic!("a panic that was asked for")) }
}

/// What a panic said. For bindings in Rust, which have a boundary of their own; no part of the C ABI.
#[doc(hidden)]
pub fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let payload = match payload.downcast::<String>() {
        Ok(text) => return *text,
        Err(payload) => payload,
    };
    match payload.downcast::<&'static str>() {
        Ok(text) => (*text).to_owned(),
        Err(payload) => {
            // Dropping a value of an unknown type might panic again.
            std::mem::forget(payload);
            "a panic without a message".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;
    use crate::{modelsig_error_code, modelsig_error_free, modelsig_error_message, modelsig_error_path};

    fn status_and_message(body: impl FnOnce() -> Result<(), ModelsigError>) -> (ModelsigStatus, String) {
        let mut error = ptr::dangling_mut();
        // SAFETY: `error` is a local variable, and the error in it is freed once, after its last use.
        unsafe {
            let status = call(&mut error, body);
            assert_eq!(modelsig_error_code(error), status);
            assert!(modelsig_error_path(error).is_null());
            let message = CStr::from_ptr(modelsig_error_message(error)).to_str().unwrap().to_owned();
            modelsig_error_free(error);
            (status, message)
        }
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        let internal = |message: &str| (299, message.to_owned());
        assert_eq!(status_and_message(|| panic!("literal")), internal("internal error: literal"));
        assert_eq!(status_and_message(|| panic!("number {}", 7)), internal("internal error: number 7"));
    }

    #[test]
    fn a_panic_in_dropping_what_was_thrown_is_none() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        let (status, message) = status_and_message(|| panic::panic_any(Bomb));
        assert_eq!((status, message.as_str()), (299, "internal error: a panic without a message"));
    }

    #[test]
    fn success_clears_the_error() {
        let mut error = ptr::dangling_mut();
        // SAFETY: `error` is a local variable.
        assert_eq!(unsafe { call(&mut error, || Ok(())) }, MODELSIG_STATUS_OK);
        assert!(error.is_null());
    }

    #[test]
    fn nobody_has_to_ask_for_the_error() {
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { call(ptr::null_mut(), || panic!("unheard")) }, 299);
    }
}
