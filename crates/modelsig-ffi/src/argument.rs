//! Strings that come from C. Refuses: NULL, and text that is not UTF-8 where it has to be.

use std::ffi::{CStr, c_char};
use std::path::Path;

use modelsig::ErrorKind;

use crate::error::ModelsigError;

/// The text of the argument `name`.
///
/// # Safety
/// `pointer` is NULL or points to a NUL-terminated string that does not change during `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, ModelsigError> {
    // SAFETY: the same contract.
    let string = unsafe { c_str(pointer, name) }?;
    string.to_str().map_err(|_| refused(name, "is not UTF-8"))
}

/// The path in the argument `name`: any bytes on Unix, UTF-8 elsewhere.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn path<'a>(pointer: *const c_char, name: &str) -> Result<&'a Path, ModelsigError> {
    #[cfg(unix)]
    {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        // SAFETY: the same contract.
        let string = unsafe { c_str(pointer, name) }?;
        Ok(Path::new(OsStr::from_bytes(string.to_bytes())))
    }
    #[cfg(not(unix))]
    {
        // SAFETY: the same contract.
        unsafe { text(pointer, name) }.map(Path::new)
    }
}

/// # Safety
/// As for [`text`].
unsafe fn c_str<'a>(pointer: *const c_char, name: &str) -> Result<&'a CStr, ModelsigError> {
    if pointer.is_null() {
        return Err(refused(name, "is NULL"));
    }
    // SAFETY: not NULL, hence a NUL-terminated string that does not change during `'a`.
    Ok(unsafe { CStr::from_ptr(pointer) })
}

fn refused(name: &str, why: &str) -> ModelsigError {
    ModelsigError::new(ErrorKind::Usage, &format!("the argument {name} {why}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_broken_text_are_usage_errors() {
        for pointer in [std::ptr::null(), c"\xff".as_ptr()] {
            // SAFETY: NULL or a literal.
            let refused = unsafe { text(pointer, "key") }.unwrap_err();
            assert_eq!(refused.status(), crate::MODELSIG_STATUS_USAGE);
        }
        // SAFETY: NULL is allowed.
        assert!(unsafe { path(std::ptr::null(), "model") }.is_err());
    }

    #[test]
    fn text_and_paths_come_through() {
        // SAFETY: literals.
        unsafe {
            assert_eq!(text(c"k\u{fc}".as_ptr(), "key").unwrap(), "k\u{fc}");
            assert_eq!(path(c"a/b".as_ptr(), "model").unwrap(), Path::new("a/b"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn any_bytes_are_a_path_on_unix() {
        use std::os::unix::ffi::OsStrExt;
        // SAFETY: a literal.
        let path = unsafe { path(c"\xff".as_ptr(), "model") }.unwrap();
        assert_eq!(path.as_os_str().as_bytes(), b"\xff");
    }
}
