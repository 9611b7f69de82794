//! The C object `modelsig_stream`.

use std::ffi::c_void;

use modelsig::ResourceStream;

use crate::argument;
use crate::boundary;
use crate::error::ModelsigError;
use crate::status::ModelsigStatus;

/// A signed file that is checked while it arrives, from its first byte to its last. It is refused at the first chunk that is
/// not what was signed, while a download is still running; where a bundle has neither chunks nor shards, at the end.
///
/// One thread at a time may use it.
#[derive(Debug)]
pub struct ModelsigStream {
    /// `None` once it was finished.
    stream: Option<ResourceStream>,
    verified: u64,
}

/// The next bytes of the file. They are not kept.
///
/// They may be written to a temporary file, but nobody may use them before modelsig_stream_finish has returned
/// MODELSIG_STATUS_OK, or, if only a part is of use, up to modelsig_stream_verified.
///
/// @param stream  The stream.
/// @param data    The bytes. It may be NULL if there are none.
/// @param length  How many there are.
/// @param error   Where to put the reason of a failure, or NULL.
/// @return        MODELSIG_STATUS_MISMATCH for a chunk that is not what was signed, and for bytes after the end. Then the
///                stream stays refused.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_stream_update(
    stream: *mut ModelsigStream,
    data: *const c_void,
    length: usize,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or a stream that nobody else uses and so many bytes.
        let (stream, data) =
            unsafe { (argument::object_mut(stream, "stream")?, argument::bytes(data, length, "data")?) };
        let ModelsigStream { stream: Some(stream), verified } = stream else { return Err(finished()) };
        let result = stream.update(data);
        *verified = stream.verified();
        Ok(result?)
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// How many bytes from the start on are proven to be the signed ones: whole chunks or shards, where these are compared,
/// and after modelsig_stream_finish all of them. A download that broke off can go on from there, if this much of it was kept in a
/// place where nobody else can write, with a new stream that is given it again. For NULL it is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_stream_verified(stream: *const ModelsigStream) -> u64 {
    // SAFETY: the caller passes NULL or a stream that was not freed.
    unsafe { stream.as_ref() }.map_or(0, |stream| stream.verified)
}

/// The end of the file. MODELSIG_STATUS_OK says that all of it was there and is what was signed. Whatever it returns, the
/// stream can only be freed now.
///
/// @param stream  The stream.
/// @param error   Where to put the reason of a failure, or NULL.
/// @return        MODELSIG_STATUS_MISMATCH if it was cut short or is not what was signed.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_stream_finish(
    stream: *mut ModelsigStream,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or a stream that nobody else uses.
        let stream = unsafe { argument::object_mut(stream, "stream") }?;
        let length = stream.stream.take().ok_or_else(finished)?.finish()?;
        stream.verified = length;
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Releases a stream. NULL is fine. Before modelsig_stream_finish this means that the file is given up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_stream_free(stream: *mut ModelsigStream) {
    // SAFETY: the caller passes NULL or a stream of modelsig_model_stream, once.
    unsafe { argument::free(stream) }
}

impl From<ResourceStream> for ModelsigStream {
    fn from(stream: ResourceStream) -> Self {
        Self { verified: stream.verified(), stream: Some(stream) }
    }
}

fn finished() -> ModelsigError {
    argument::refused("stream", "was finished, and can only be freed")
}
