//! The C object `modelsig_cancel`.

use modelsig::hash::CancelToken;

use crate::argument::{self, Out, owned};
use crate::boundary;
use crate::error::ModelsigError;
use crate::status::ModelsigStatus;

/// Stops calls from any thread: put it into the modelsig_options of a call, and request the end when you want it.
///
/// It may be shared by any number of calls and threads. It must not be freed before the calls that got it have begun;
/// what they began keeps what it needs of it.
#[derive(Debug, Default)]
pub struct ModelsigCancel(pub(crate) CancelToken);

/// Makes a token that nobody has used yet.
///
/// @param cancel  Where to put it. The caller frees it with modelsig_cancel_free.
/// @param error   Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_cancel_new(
    cancel: *mut *mut ModelsigCancel,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or memory for a pointer.
        let out = unsafe { Out::new(cancel, std::ptr::null_mut(), "cancel") }?;
        out.set(owned(ModelsigCancel::default()));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Asks the calls that have the token to end soon, with MODELSIG_STATUS_CANCELLED. It cannot be taken back. NULL is fine.
///
/// It only sets a flag: it may be called from any thread, and from a signal handler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_cancel_request(cancel: *const ModelsigCancel) {
    // SAFETY: the caller passes NULL or a token that was not freed.
    if let Some(cancel) = unsafe { cancel.as_ref() } {
        cancel.0.cancel();
    }
}

/// 1 once the end was requested, else 0. For NULL it is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_cancel_requested(cancel: *const ModelsigCancel) -> i32 {
    // SAFETY: the caller passes NULL or a token that was not freed.
    unsafe { cancel.as_ref() }.is_some_and(|cancel| cancel.0.is_cancelled()).into()
}

/// Releases a token. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_cancel_free(cancel: *mut ModelsigCancel) {
    // SAFETY: the caller passes NULL or a token of modelsig_cancel_new, once.
    unsafe { argument::free(cancel) }
}
