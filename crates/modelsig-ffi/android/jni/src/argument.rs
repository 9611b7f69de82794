//! What comes from Java. Refuses: handles that are 0, text that C cannot hold, ranges that lie outside.

use std::ffi::CString;
use std::ops::Range;
use std::ptr::{self, NonNull};

use jni::Env;
use jni::objects::{JByteArray, JByteBuffer};
use jni::sys::{jint, jlong};

use crate::failure::Failure;

/// The object behind a handle.
pub(crate) fn pointer<T>(handle: jlong) -> Result<*mut T, Failure> {
    let pointer: *mut T = nullable(handle)?;
    if pointer.is_null() { Err(Failure::Closed) } else { Ok(pointer) }
}

/// The object behind a handle, or NULL where there is none.
pub(crate) fn nullable<T>(handle: jlong) -> Result<*mut T, Failure> {
    // On a 32-bit machine handles have 32 bits.
    let address = usize::try_from(handle as u64).map_err(|_| Failure::Closed)?;
    Ok(ptr::with_exposed_provenance_mut(address))
}

/// Text for C.
pub(crate) fn text(env: &Env, array: &JByteArray, argument: &'static str) -> Result<CString, Failure> {
    if array.is_null() {
        return Err(Failure::Argument { argument, problem: "is null" });
    }
    let bytes = env.convert_byte_array(array)?;
    CString::new(bytes).map_err(|_| Failure::Argument { argument, problem: "holds a NUL" })
}

/// Text for C, or `None` for `null`.
pub(crate) fn optional_text(
    env: &Env,
    array: &JByteArray,
    argument: &'static str,
) -> Result<Option<CString>, Failure> {
    if array.is_null() { Ok(None) } else { text(env, array, argument).map(Some) }
}

/// The memory of a direct buffer from `position` on. It is valid for `length` bytes for as long as the buffer lives.
pub(crate) fn memory(
    env: &Env,
    buffer: &JByteBuffer,
    position: jint,
    length: jint,
) -> Result<(NonNull<u8>, usize), Failure> {
    const REFUSED: Failure =
        Failure::Argument { argument: "the buffer", problem: "is not direct, or too short" };
    if buffer.is_null() {
        return Err(REFUSED);
    }
    let capacity = env.get_direct_buffer_capacity(buffer).map_err(|_| REFUSED)?;
    let range = range(position, length, capacity).ok_or(REFUSED)?;
    if range.is_empty() {
        // An empty buffer may have no address.
        return Ok((NonNull::dangling(), 0));
    }
    let start = NonNull::new(env.get_direct_buffer_address(buffer)?).ok_or(REFUSED)?;
    // SAFETY: the buffer has `capacity` bytes from `start` on, and the range lies inside.
    Ok((unsafe { start.add(range.start) }, range.len()))
}

/// `length` elements from `start` on, if `capacity` has them.
pub(crate) fn range(start: jint, length: jint, capacity: usize) -> Option<Range<usize>> {
    let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
    let end = start.checked_add(length)?;
    (end <= capacity).then_some(start..end)
}
