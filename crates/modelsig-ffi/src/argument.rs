//! What comes from C and goes back there. Refuses: NULL where it is not allowed, text that is not UTF-8 where it has to be,
//! lengths that no object in memory can have.

use std::ffi::{CStr, CString, c_char, c_void};
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

/// The object in the argument `name`.
///
/// # Safety
/// `pointer` is NULL or points to an object that lives and is not changed during `'a`.
pub(crate) unsafe fn object<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, ModelsigError> {
    // SAFETY: the same contract.
    unsafe { pointer.as_ref() }.ok_or_else(|| refused(name, "is NULL"))
}

/// The object in the argument `name`, to be changed.
///
/// # Safety
/// `pointer` is NULL or points to an object that lives and is used by nobody else during `'a`.
pub(crate) unsafe fn object_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, ModelsigError> {
    // SAFETY: the same contract.
    unsafe { pointer.as_mut() }.ok_or_else(|| refused(name, "is NULL"))
}

/// The `length` bytes in the argument `name`, which may be NULL if there are none.
///
/// # Safety
/// `pointer` is NULL or points to so many bytes, which do not change during `'a`.
pub(crate) unsafe fn bytes<'a>(
    pointer: *const c_void,
    length: usize,
    name: &str,
) -> Result<&'a [u8], ModelsigError> {
    has_room(pointer, length, name)?;
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: not NULL, hence so many bytes, and no more than an object can have.
    Ok(unsafe { std::slice::from_raw_parts(pointer.cast(), length) })
}

/// The `count` pointers in the argument `name`, which may be NULL if there are none.
///
/// # Safety
/// `pointer` is NULL or points to so many pointers, which do not change during `'a`.
pub(crate) unsafe fn array<'a, T>(
    pointer: *const *const T,
    count: usize,
    name: &str,
) -> Result<&'a [*const T], ModelsigError> {
    has_room(pointer.cast(), count.saturating_mul(size_of::<*const T>()), name)?;
    if count == 0 {
        return Ok(&[]);
    }
    // SAFETY: not NULL, hence so many pointers, and no more than an object can have.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// Refuses what cannot be an array of `length` bytes.
pub(crate) fn has_room(pointer: *const c_void, length: usize, name: &str) -> Result<(), ModelsigError> {
    if length == 0 {
        Ok(())
    } else if pointer.is_null() {
        Err(refused(name, "is NULL"))
    } else if isize::try_from(length).is_err() {
        Err(refused(name, "is longer than anything in memory can be"))
    } else {
        Ok(())
    }
}

/// Where a result goes. It is set to nothing at once, and to the result when there is one.
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// The argument `name`, which must not be NULL.
    ///
    /// # Safety
    /// `pointer` is NULL or valid for writing until the call is over; what it holds is not looked at.
    pub(crate) unsafe fn new(pointer: *mut T, nothing: T, name: &str) -> Result<Self, ModelsigError> {
        // SAFETY: the same contract.
        let out = unsafe { Self::optional(pointer, nothing) };
        out.ok_or_else(|| refused(name, "is NULL"))
    }

    /// An argument that may be NULL.
    ///
    /// # Safety
    /// As for [`Out::new`].
    pub(crate) unsafe fn optional(pointer: *mut T, nothing: T) -> Option<Self> {
        if pointer.is_null() {
            return None;
        }
        // SAFETY: not NULL, hence valid for writing.
        unsafe { pointer.write(nothing) };
        Some(Self(pointer))
    }

    /// Hands the result over.
    pub(crate) fn set(self, value: T) {
        // SAFETY: valid for writing until the call is over, as the contract of `new` says.
        unsafe { self.0.write(value) };
    }
}

/// An object of which the caller gets the pointer.
pub(crate) fn owned<T>(object: T) -> *mut T {
    Box::into_raw(Box::new(object))
}

/// Takes an object back and drops it. NULL is fine.
///
/// # Safety
/// `pointer` is NULL or came from [`owned`], and is freed once.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if pointer.is_null() {
        return;
    }
    // A panic has nobody to be told to here.
    // SAFETY: not NULL, hence from `owned`, and freed once.
    let _ = crate::boundary::enter(|| drop(unsafe { Box::from_raw(pointer) }));
}

/// Text for C. No name or message holds a NUL; one that did would be shown escaped, not cut off.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\\u{0}")).unwrap_or_default()
}

pub(crate) fn refused(name: &str, why: &str) -> ModelsigError {
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

    #[test]
    fn bytes_are_there_or_none() {
        // SAFETY: NULL, or as many bytes as there are.
        unsafe {
            assert_eq!(bytes(std::ptr::null(), 0, "data").unwrap(), b"");
            assert!(bytes(std::ptr::null(), 1, "data").is_err());
            assert_eq!(bytes(b"abc".as_ptr().cast(), 2, "data").unwrap(), b"ab");
            assert!(bytes(b"abc".as_ptr().cast(), usize::MAX, "data").is_err());
        }
    }

    #[test]
    fn an_output_holds_nothing_until_there_is_something() {
        let mut place = 7;
        // SAFETY: a local variable.
        let out = unsafe { Out::new(&mut place, 0, "place") }.unwrap();
        // SAFETY: it lives.
        assert_eq!(unsafe { std::ptr::read_volatile(&raw const place) }, 0);
        out.set(9);
        assert_eq!(place, 9);
        // SAFETY: NULL is allowed.
        assert!(unsafe { Out::new(std::ptr::null_mut::<i32>(), 0, "place") }.is_err());
    }
}
