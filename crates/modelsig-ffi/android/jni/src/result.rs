//! What goes to Java: handles, and text as UTF-8 in byte arrays.

use std::ffi::{CStr, c_char};

use jni::Env;
use jni::objects::JByteArray;
use jni::sys::jlong;
use modelsig_ffi::modelsig_string_free;

use crate::failure::{Failure, call};
use modelsig_ffi::{ModelsigError, ModelsigStatus};

/// Calls a function of the C ABI that makes an object, and gives the handle of that. If an exception is pending
/// nobody gets the handle, so that `free` is called.
pub(crate) fn object<T>(
    env: &Env,
    free: unsafe extern "C" fn(*mut T),
    function: impl FnOnce(*mut *mut T, *mut *mut ModelsigError) -> ModelsigStatus,
) -> Result<jlong, Failure> {
    let mut made = std::ptr::null_mut();
    call(|error| function(&mut made, error))?;
    if env.exception_check() {
        // SAFETY: the function just made it, and nobody else has it.
        unsafe { free(made) };
        return Err(jni::errors::Error::JavaException.into());
    }
    Ok(handle(made))
}

/// The handle of an object.
pub(crate) fn handle<T>(object: *mut T) -> jlong {
    object.expose_provenance() as u64 as jlong
}

/// Calls a function of the C ABI that makes a text.
pub(crate) fn string<'local>(
    env: &mut Env<'local>,
    function: impl FnOnce(*mut *mut c_char, *mut *mut ModelsigError) -> ModelsigStatus,
) -> Result<JByteArray<'local>, Failure> {
    let mut text = std::ptr::null_mut();
    call(|error| function(&mut text, error))?;
    // SAFETY: the function succeeded, so that this is a text, freed after its last use.
    let bytes = unsafe { borrowed(env, text) };
    // SAFETY: as above.
    unsafe { modelsig_string_free(text) };
    Ok(bytes?)
}

/// A copy of a text of the C ABI; `null` for NULL.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string.
pub(crate) unsafe fn borrowed<'local>(
    env: &mut Env<'local>,
    text: *const c_char,
) -> jni::errors::Result<JByteArray<'local>> {
    if text.is_null() {
        return Ok(JByteArray::default());
    }
    // SAFETY: not NULL, hence a NUL-terminated string.
    env.byte_array_from_slice(unsafe { CStr::from_ptr(text) }.to_bytes())
}
