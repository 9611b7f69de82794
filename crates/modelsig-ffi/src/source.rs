//! The C object `modelsig_source`.

use std::ffi::{c_char, c_void};
use std::path::PathBuf;

use modelsig::{BundleSource, Content, ErrorKind};

use crate::argument::{self, Out, owned};
use crate::boundary;
use crate::error::ModelsigError;
use crate::status::ModelsigStatus;

/// Up to the end of the file: a length for modelsig_source_from_fd and modelsig_source_from_path_part. It is -1 in
/// 64 bits, which Android's AssetFileDescriptor calls UNKNOWN_LENGTH.
pub const MODELSIG_TO_END: u64 = u64::MAX;

/// Where bytes come from: those of a bundle, or the content of a resource. A file, a part of one (an entry of an APK that
/// is stored uncompressed), a descriptor, or memory.
///
/// It never changes: several threads may use the same source at once.
#[derive(Debug)]
pub struct ModelsigSource(Kind);

#[derive(Debug)]
enum Kind {
    Path(PathBuf),
    /// With a name for messages.
    Content(String, Content),
    Buffer(Buffer),
}

/// The caller's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer {
    data: *const u8,
    length: usize,
}

// SAFETY: the bytes are only read, and the caller promises that nobody writes them as long as the source is used.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// The bytes, during a call that the source was given to.
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: `modelsig_source_from_buffer` has checked pointer and length; the caller keeps the bytes alive and as
        // they are for as long as the source is used, which the borrow of `self` does not exceed.
        unsafe { std::slice::from_raw_parts(self.data, self.length) }
    }
}

/// A whole file by its path, symbolic links followed. It is opened when the source is used, and must then be a regular
/// file.
///
/// @param path    Where it is.
/// @param source  Where to put the source. The caller frees it with modelsig_source_free.
/// @param error   Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_source_from_path(
    path: *const c_char,
    source: *mut *mut ModelsigSource,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or memory for a pointer and a string that does not change meanwhile.
        let (out, path) = unsafe { (out(source)?, argument::path(path, "path")?) };
        out.set(owned(ModelsigSource(Kind::Path(path.to_owned()))));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// A part of a file by its path, as Play Asset Delivery's AssetLocation tells it. The file is opened when the source is
/// used.
///
/// @param path    Where the file is.
/// @param offset  Where the part begins, in bytes.
/// @param length  How long it is, in bytes, or MODELSIG_TO_END.
/// @param source  Where to put the source. The caller frees it with modelsig_source_free.
/// @param error   Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_source_from_path_part(
    path: *const c_char,
    offset: u64,
    length: u64,
    source: *mut *mut ModelsigSource,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or memory for a pointer and a string that does not change meanwhile.
        let (out, path) = unsafe { (out(source)?, argument::path(path, "path")?) };
        let content = Content::path(path).part(offset, bounded(offset, length)?);
        out.set(owned(ModelsigSource(Kind::Content(path.to_string_lossy().into_owned(), content))));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// A part of an open file. Only on Unix; elsewhere MODELSIG_STATUS_UNSUPPORTED.
///
/// The descriptor is duplicated now and stays the caller's: it is never closed, and its position is neither used nor
/// moved. It must be open for reading. When the source is used it must be that of a regular file: for a pipe or a socket,
/// which some content:// providers hand out, use modelsig_model_stream.
///
/// @param fd      The descriptor.
/// @param offset  Where the part begins, in bytes.
/// @param length  How long it is, in bytes, or MODELSIG_TO_END.
/// @param source  Where to put the source. The caller frees it with modelsig_source_free.
/// @param error   Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_source_from_fd(
    fd: i32,
    offset: u64,
    length: u64,
    source: *mut *mut ModelsigSource,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or memory for a pointer.
        let out = unsafe { out(source) }?;
        let content = Content::file(duplicate(fd)?).part(offset, bounded(offset, length)?);
        out.set(owned(ModelsigSource(Kind::Content(format!("file descriptor {fd}"), content))));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Bytes in memory. They are not copied: they must live, and nobody may write to them, as long as the source is used.
///
/// @param data    The bytes. It may be NULL if there are none.
/// @param length  How many there are.
/// @param source  Where to put the source. The caller frees it with modelsig_source_free.
/// @param error   Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_source_from_buffer(
    data: *const c_void,
    length: usize,
    source: *mut *mut ModelsigSource,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or memory for a pointer.
        let out = unsafe { out(source) }?;
        argument::has_room(data, length, "data")?;
        out.set(owned(ModelsigSource(Kind::Buffer(Buffer { data: data.cast(), length }))));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Releases a source. NULL is fine. What was opened with it does not need it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_source_free(source: *mut ModelsigSource) {
    // SAFETY: the caller passes NULL or a source of a call above, once.
    unsafe { argument::free(source) }
}

impl ModelsigSource {
    pub(crate) fn bundle(&self) -> BundleSource<'_> {
        match &self.0 {
            Kind::Path(path) => BundleSource::Path(path),
            Kind::Content(name, content) => BundleSource::Content(name, content),
            Kind::Buffer(buffer) => BundleSource::Bytes("a bundle in memory", buffer.bytes()),
        }
    }

    /// The content of a resource, unless it is in memory.
    pub(crate) fn content(&self) -> Result<Content, Buffer> {
        match &self.0 {
            Kind::Path(path) => Ok(Content::path(path)),
            Kind::Content(_, content) => Ok(content.clone()),
            Kind::Buffer(buffer) => Err(*buffer),
        }
    }
}

/// # Safety
/// As for [`Out::new`].
unsafe fn out(source: *mut *mut ModelsigSource) -> Result<Out<*mut ModelsigSource>, ModelsigError> {
    // SAFETY: the same contract.
    unsafe { Out::new(source, std::ptr::null_mut(), "source") }
}

/// A length that was given, or none. No file can have bytes past 2^63.
fn bounded(offset: u64, length: u64) -> Result<Option<u64>, ModelsigError> {
    let given = (length != MODELSIG_TO_END).then_some(length);
    let fits = |end: u64| i64::try_from(end).is_ok();
    match offset.checked_add(given.unwrap_or(0)) {
        Some(end) if fits(end) => Ok(given),
        _ => Err(ModelsigError::new(
            ErrorKind::Usage,
            &format!("no file has {length} bytes from byte {offset} on"),
            None,
        )),
    }
}

#[cfg(unix)]
fn duplicate(fd: i32) -> Result<std::fs::File, ModelsigError> {
    use std::os::fd::BorrowedFd;
    if fd < 0 {
        return Err(argument::refused("fd", "is negative"));
    }
    // SAFETY: it is not -1. That it is open, and stays so during the call, is the caller's promise; where it is broken the
    // system says so, or duplicates another descriptor of this process.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    let failed = |error| {
        let message = format!("cannot duplicate file descriptor {fd}: {error}");
        ModelsigError::new(ErrorKind::Io, &message, None)
    };
    borrowed.try_clone_to_owned().map(std::fs::File::from).map_err(failed)
}

#[cfg(not(unix))]
fn duplicate(_: i32) -> Result<std::fs::File, ModelsigError> {
    Err(ModelsigError::new(ErrorKind::Unsupported, "there are no file descriptors on this system", None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_no_file_has_are_refused() {
        assert_eq!(bounded(0, MODELSIG_TO_END).ok(), Some(None));
        assert_eq!(bounded(5, 0).ok(), Some(Some(0)));
        assert_eq!(bounded(1 << 62, 1 << 61).ok(), Some(Some(1 << 61)));
        for (offset, length) in
            [(u64::MAX, MODELSIG_TO_END), (1 << 63, 0), (1, u64::MAX - 1), (1 << 62, 1 << 62)]
        {
            let refused = bounded(offset, length).unwrap_err();
            assert_eq!(refused.status(), crate::MODELSIG_STATUS_USAGE, "{offset} {length}");
        }
    }
}
