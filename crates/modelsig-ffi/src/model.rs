//! The C object `modelsig_model`.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use modelsig::{Error, ErrorKind, SignedModel, VerifiedModel};

use crate::argument::{self, Out, c_string, owned};
use crate::boundary;
use crate::bytes::ModelsigBytes;
use crate::error::ModelsigError;
use crate::json;
#[cfg(unix)]
use crate::options::protection_number;
use crate::status::ModelsigStatus;
use crate::stream::ModelsigStream;
use crate::watch::Watch;

/// A model whose signature holds, and whose files were found with the signed names and lengths. What is asked of it is
/// checked before it is handed out; nothing but signed names can be reached through it.
///
/// The options with which it was opened hold as long as it lives, and so must the userdata of their progress callback. When
/// the callback or the token asks for the end, the calls that are under way end, and so does every later one that would
/// read or hash.
///
/// Through pointers to const, any number of threads may use one model at once; the callback is then called on each of them.
pub struct ModelsigModel {
    state: State,
    names: Vec<CString>,
    watch: Watch,
    engine: modelsig::hash::Engine,
}

enum State {
    Opened(SignedModel),
    /// All of it was loaded.
    Loaded(VerifiedModel),
    /// It did not hold when it was loaded, or could not be loaded.
    Rejected,
}

/// How many files are signed. For NULL it is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_model_count(model: *const ModelsigModel) -> u64 {
    // SAFETY: the caller passes NULL or a model that was not freed.
    unsafe { model.as_ref() }.map_or(0, |model| model.names.len() as u64)
}

/// The name of a signed file inside the model, with '/' between folders: UTF-8, in order of the code points. NULL when
/// `index` is not less than their number, and for NULL.
///
/// The text belongs to the model and lives as long as it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_model_name(model: *const ModelsigModel, index: u64) -> *const c_char {
    // SAFETY: the caller passes NULL or a model that was not freed.
    let name = unsafe { model.as_ref() }.zip(usize::try_from(index).ok());
    name.and_then(|(model, index)| model.names.get(index)).map_or(ptr::null(), |name| name.as_ptr())
}

/// The length of a signed file in bytes: as it was found when the model was opened, or, of one that is not there, as it was
/// signed.
///
/// @param model   The model.
/// @param name    The signed name.
/// @param length  Where to put the length.
/// @param error   Where to put the reason of a failure, or NULL.
/// @return        MODELSIG_STATUS_UNSIGNED for a name that is not signed; MODELSIG_STATUS_MISSING for a file that is not
///                there and whose length is not signed.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_model_length(
    model: *const ModelsigModel,
    name: *const c_char,
    length: *mut u64,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or memory for the result, a model and a string.
        let (out, model, name) = unsafe { (Out::new(length, 0, "length")?, object(model)?, text(name)?) };
        out.set(model.signed()?.length(name)?);
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Reads some bytes of a signed file: only the chunks or shards that they lie in are read from storage, and checked. Where
/// neither is signed, or the options ask for MODELSIG_CHECK_WHOLE or MODELSIG_CHECK_BOTH, the first call for a file hashes
/// all of it. Where they ask for more than MODELSIG_PROTECTION_PRIVATE, it loads all of it, which then stays.
///
/// @param model   The model.
/// @param name    The signed name.
/// @param offset  The first byte.
/// @param buffer  Where to put the bytes. It is written only on success, and then completely.
/// @param length  How many bytes. All of them must lie inside the file.
/// @param error   Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_model_read(
    model: *const ModelsigModel,
    name: *const c_char,
    offset: u64,
    buffer: *mut c_void,
    length: usize,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        argument::has_room(buffer, length, "buffer")?;
        // SAFETY: the caller passes NULL, or a model and a string.
        let (model, name) = unsafe { (object(model)?, text(name)?) };
        let end = offset.saturating_add(length as u64);
        let bytes = model.work(|model| model.range(name, offset..end))?;
        if bytes.len() != length {
            return Err(Error::Internal { what: "not as many bytes as were asked for".into() }.into());
        }
        // SAFETY: the caller passes a buffer of `length` bytes, which is not NULL if there are any; what is copied is memory
        // of the library.
        unsafe { bytes.as_ptr().copy_to(buffer.cast(), length) };
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// The whole content of a signed file: read once and checked where it then stays, in memory or, where a file cannot change
/// any more, mapped.
///
/// @param model  The model.
/// @param name   The signed name.
/// @param bytes  Where to put the bytes. The caller frees them with modelsig_bytes_free.
/// @param error  Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_model_load(
    model: *const ModelsigModel,
    name: *const c_char,
    bytes: *mut *mut ModelsigBytes,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or memory for a pointer, a model and a string.
        let (out, model, name) =
            unsafe { (Out::new(bytes, ptr::null_mut(), "bytes")?, object(model)?, text(name)?) };
        out.set(owned(model.work(|model| model.get(name))?.into()));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// A tensor of a safetensors or GGUF file: only the header and the parts that the tensor lies in are read and checked.
///
/// @param model   The model.
/// @param file    The signed name of the file that it is in, or NULL for whichever has it.
/// @param tensor  Its name.
/// @param bytes   Where to put the bytes. The caller frees them with modelsig_bytes_free.
/// @param error   Where to put the reason of a failure, or NULL.
/// @return        MODELSIG_STATUS_MISSING if there is none of that name; MODELSIG_STATUS_USAGE if several files have one;
///                MODELSIG_STATUS_UNSIGNED for a file that is not signed; MODELSIG_STATUS_UNSUPPORTED where the library was
///                built without tensors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_model_load_tensor(
    model: *const ModelsigModel,
    file: *const c_char,
    tensor: *const c_char,
    bytes: *mut *mut ModelsigBytes,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or memory for a pointer, a model and strings.
        let (out, model, tensor) = unsafe {
            (Out::new(bytes, ptr::null_mut(), "bytes")?, object(model)?, argument::text(tensor, "tensor")?)
        };
        without_tensors()?;
        let file = match file.is_null() {
            true => None,
            // SAFETY: a string, since it is not NULL.
            false => Some(unsafe { argument::text(file, "file") }?),
        };
        let found = model.work(|model| match file {
            Some(file) => model.tensor_in(file, tensor),
            None => model.tensor(tensor),
        })?;
        out.set(owned(found.into_parts().1.into()));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// A descriptor of a signed file, all of which was checked, and which others cannot write to: of the file itself where
/// fs-verity guards it, of a sealed copy in memory, or of a clone. It is open for reading only, at its beginning, has a
/// position of its own, and is closed by exec. Only on Unix; elsewhere MODELSIG_STATUS_UNSUPPORTED. Where there is neither
/// of these (iOS), MODELSIG_STATUS_POLICY, unless the options accept less.
///
/// On Linux a reader that insists on a path can be given "/proc/self/fd/N".
///
/// @param model       The model.
/// @param name        The signed name.
/// @param fd          Where to put the descriptor, -1 until there is one. The caller closes it.
/// @param protection  Where to put what keeps it from changing, a MODELSIG_PROTECTION_ number, or NULL.
/// @param error       Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_model_fd(
    model: *const ModelsigModel,
    name: *const c_char,
    fd: *mut i32,
    protection: *mut u32,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or memory for the results.
        let (out, protection) = unsafe { (Out::new(fd, -1, "fd")?, Out::optional(protection, 0)) };
        // SAFETY: the caller passes NULL, or a model and a string.
        let (model, name) = unsafe { (object(model)?, text(name)?) };
        #[cfg(unix)]
        {
            use std::os::fd::{IntoRawFd, OwnedFd};
            let verified = model.work(|model| model.fd(name))?;
            if let Some(protection) = protection {
                protection.set(protection_number(verified.protection()));
            }
            out.set(OwnedFd::from(verified).into_raw_fd());
            Ok(())
        }
        #[cfg(not(unix))]
        {
            let _ = (out, protection, model, name);
            let message = "there are no file descriptors on this system";
            Err(ModelsigError::new(ErrorKind::Unsupported, message, None))
        }
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Loads and checks all files in one pass over storage. From then on every other call hands out what was loaded, and does not
/// look at the files again. Nobody else may use the model meanwhile.
///
/// If it fails, for whatever reason, the model is of no use any more: every later call gives MODELSIG_STATUS_USAGE,
/// and it can only be freed.
///
/// @param model  The model.
/// @param error  Where to put the reason of a failure, or NULL. If files do not hold, modelsig_error_report tells of every
///               one.
/// @return       MODELSIG_STATUS_USAGE too for a model that was opened without any resource.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_model_load_all(
    model: *mut ModelsigModel,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or a model that nobody else uses.
        let model = unsafe { argument::object_mut(model, "model") }?;
        match std::mem::replace(&mut model.state, State::Rejected) {
            State::Opened(opened) => {
                let loaded = model.watch.run(&model.engine, move || opened.load_all())?;
                model.state = State::Loaded(loaded);
                Ok(())
            }
            State::Loaded(loaded) => {
                model.state = State::Loaded(loaded);
                Ok(())
            }
            State::Rejected => Err(rejected()),
        }
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// What was found so far: signer, names, sizes, and what was checked, as JSON: the report in what
/// `modelsig verify --json` prints.
///
/// @param model  The model.
/// @param json   Where to put the text. The caller frees it with modelsig_string_free.
/// @param error  Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_model_report(
    model: *const ModelsigModel,
    json: *mut *mut c_char,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or memory for a pointer and a model.
        let (out, model) = unsafe { (Out::new(json, ptr::null_mut(), "json")?, object(model)?) };
        out.set(json::text(model.signed()?.report())?);
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// All tensors of all safetensors and GGUF files, by name, as a JSON array: of each the file, name, dtype, shape and byte
/// range. Headers are checked before they are looked at; nothing else is read, where chunks or shards are signed.
///
/// @param model  The model.
/// @param json   Where to put the text. The caller frees it with modelsig_string_free.
/// @param error  Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_model_tensors(
    model: *const ModelsigModel,
    json: *mut *mut c_char,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or memory for a pointer and a model.
        let (out, model) = unsafe { (Out::new(json, ptr::null_mut(), "json")?, object(model)?) };
        without_tensors()?;
        out.set(json::text(&model.work(|model| model.tensors())?)?);
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Begins to check a signed file that arrives from its first byte to its last: a download, or a pipe. The file need not be
/// there.
///
/// @param model   The model. The stream does not need it any more.
/// @param name    The signed name.
/// @param stream  Where to put the stream. The caller frees it with modelsig_stream_free.
/// @param error   Where to put the reason of a failure, or NULL.
/// @return        MODELSIG_STATUS_UNSIGNED for a name that is not signed.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_model_stream(
    model: *const ModelsigModel,
    name: *const c_char,
    stream: *mut *mut ModelsigStream,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL, or memory for a pointer, a model and a string.
        let (out, model, name) =
            unsafe { (Out::new(stream, ptr::null_mut(), "stream")?, object(model)?, text(name)?) };
        out.set(owned(model.signed()?.stream(name)?.into()));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Releases a model. NULL is fine. Bytes, descriptors and streams that came from it live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_model_free(model: *mut ModelsigModel) {
    // SAFETY: the caller passes NULL or a model that a call has opened, once.
    unsafe { argument::free(model) }
}

impl ModelsigModel {
    pub(crate) fn new(opened: SignedModel, watch: Watch, engine: modelsig::hash::Engine) -> Self {
        let names = opened.names().map(c_string).collect();
        Self { state: State::Opened(opened), names, watch, engine }
    }

    fn signed(&self) -> Result<&SignedModel, ModelsigError> {
        match &self.state {
            State::Opened(opened) => Ok(opened),
            State::Loaded(loaded) => Ok(loaded),
            State::Rejected => Err(rejected()),
        }
    }

    /// Does what a call asks for, under the eyes of its caller.
    fn work<T: Send>(
        &self,
        work: impl FnOnce(&SignedModel) -> Result<T, Error> + Send,
    ) -> Result<T, ModelsigError> {
        let signed = self.signed()?;
        Ok(self.watch.run(&self.engine, || work(signed))?)
    }
}

/// An error in a build that reads no headers. The compiler then leaves out what follows it.
fn without_tensors() -> Result<(), ModelsigError> {
    if cfg!(feature = "tensors") {
        return Ok(());
    }
    let message = "this library was built without tensors";
    Err(ModelsigError::new(ErrorKind::Unsupported, message, None))
}

fn rejected() -> ModelsigError {
    ModelsigError::new(ErrorKind::Usage, "the model could not be loaded before, and can only be freed", None)
}

/// # Safety
/// As for [`argument::object`].
unsafe fn object<'a>(model: *const ModelsigModel) -> Result<&'a ModelsigModel, ModelsigError> {
    // SAFETY: the same contract.
    unsafe { argument::object(model, "model") }
}

/// # Safety
/// As for [`argument::text`].
unsafe fn text<'a>(name: *const c_char) -> Result<&'a str, ModelsigError> {
    // SAFETY: the same contract.
    unsafe { argument::text(name, "name") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_may_share_it() {
        fn shareable<T: Send + Sync>() {}
        shareable::<ModelsigModel>();
        shareable::<crate::ModelsigVerifier>();
        shareable::<crate::ModelsigSource>();
        shareable::<ModelsigBytes>();
    }
}
