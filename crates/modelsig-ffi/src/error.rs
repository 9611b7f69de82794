//! The C object `modelsig_error`.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use modelsig::{Error, ErrorKind, Report};

use crate::argument::{self, c_string};
use crate::boundary;
use crate::status::{MODELSIG_STATUS_INTERNAL, MODELSIG_STATUS_USAGE, ModelsigStatus};

/// Why a call failed: a code, a message for people, and the file that it is about.
///
/// A call that fails makes one if it was given a place to put it. It then belongs to the caller, who releases it
/// with modelsig_error_free. It never changes: several threads may read the same error at once, and any thread may
/// free it when no other uses it any more.
#[derive(Debug)]
pub struct ModelsigError {
    status: ModelsigStatus,
    message: CString,
    path: Option<CString>,
    offset: u64,
    report: Option<CString>,
}

/// No offset is known. See modelsig_error_offset.
pub const MODELSIG_NO_OFFSET: u64 = u64::MAX;

/// The status of the call that failed, never MODELSIG_STATUS_OK.
///
/// For NULL it is MODELSIG_STATUS_USAGE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_error_code(error: *const ModelsigError) -> ModelsigStatus {
    // SAFETY: the caller passes NULL or an error that was not freed.
    let code = boundary::enter(|| unsafe { error.as_ref() }.map(|error| error.status));
    code.unwrap_or(Some(MODELSIG_STATUS_INTERNAL)).unwrap_or(MODELSIG_STATUS_USAGE)
}

/// One sentence for people, in English: UTF-8, NUL-terminated, never NULL.
///
/// It names the file, what was expected and what was found. Control characters in names are escaped, so that it can be
/// shown on a terminal. Programs should decide on the code: the wording may change.
///
/// The text belongs to the error and lives as long as it. For NULL it is a fixed text that says so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_error_message(error: *const ModelsigError) -> *const c_char {
    const NO_ERROR: &CStr = c"no modelsig_error was given";
    // SAFETY: the caller passes NULL or an error that was not freed.
    let message = boundary::enter(|| unsafe { error.as_ref() }.map(|error| error.message.as_ptr()));
    message.ok().flatten().unwrap_or(NO_ERROR.as_ptr())
}

/// The file or folder that the error is about, or NULL if it is about none: UTF-8, NUL-terminated.
///
/// For a file of the model it is its name inside the model, with '/' between folders; for several bad files, the one
/// with the gravest problem. Otherwise it is the path as the call was given it. It is for display and for
/// comparison, not for opening: bytes that are not UTF-8 were replaced with U+FFFD. Nothing else is escaped: a name
/// may hold line breaks and other control characters.
///
/// The text belongs to the error and lives as long as it. For NULL it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_error_path(error: *const ModelsigError) -> *const c_char {
    // SAFETY: the caller passes NULL or an error that was not freed.
    let path = boundary::enter(|| unsafe { error.as_ref() }.and_then(|error| error.path.as_deref()));
    path.ok().flatten().map_or(ptr::null(), CStr::as_ptr)
}

/// The first byte of the file that is known to be bad, or MODELSIG_NO_OFFSET if none is known: of the damaged chunk or
/// shard, where the bundle lists any; of what is missing or too much at the end of the file. Of content that is a part
/// of a larger file it is counted from where the part begins.
///
/// For NULL it is MODELSIG_NO_OFFSET.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_error_offset(error: *const ModelsigError) -> u64 {
    // SAFETY: the caller passes NULL or an error that was not freed.
    let offset = boundary::enter(|| unsafe { error.as_ref() }.map(|error| error.offset));
    offset.ok().flatten().unwrap_or(MODELSIG_NO_OFFSET)
}

/// The whole report on a model that was rejected, as JSON, or NULL if it did not come so far: every file with what was
/// expected and found. Its members are those that `modelsig verify --json` prints of
/// one, and are only ever added to.
///
/// The text belongs to the error and lives as long as it. For NULL it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_error_report(error: *const ModelsigError) -> *const c_char {
    // SAFETY: the caller passes NULL or an error that was not freed.
    let report = boundary::enter(|| unsafe { error.as_ref() }.and_then(|error| error.report.as_deref()));
    report.ok().flatten().map_or(ptr::null(), CStr::as_ptr)
}

/// Releases an error and its texts. NULL is fine.
///
/// Each error is freed once, by this function and not by free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_error_free(error: *mut ModelsigError) {
    // SAFETY: the caller passes NULL or an error that a call has made, once.
    unsafe { argument::free(error) }
}

impl ModelsigError {
    /// An error of its own making; those of modelsig are converted.
    #[cold]
    #[inline(never)]
    pub(crate) fn new(kind: ErrorKind, message: &str, path: Option<&str>) -> Self {
        Self {
            status: kind.outcome().status,
            message: c_string(message),
            path: path.map(c_string),
            offset: MODELSIG_NO_OFFSET,
            report: None,
        }
    }

    pub(crate) fn status(&self) -> ModelsigStatus {
        self.status
    }
}

impl From<Error> for ModelsigError {
    // Compiled once, and not into each of the entries.
    #[cold]
    #[inline(never)]
    fn from(error: Error) -> Self {
        if let Error::Rejected(report) = &error
            && let Some(gravest) = report.problems().find(|problem| problem.kind() == error.kind())
        {
            let rejected = Self::new(error.kind(), &rejection(report, gravest), gravest.path());
            let report = serde_json::to_string(report).ok().as_deref().map(c_string);
            return Self { offset: first_bad(gravest), report, ..rejected };
        }
        Self { offset: first_bad(&error), ..Self::new(error.kind(), &error.to_string(), error.path()) }
    }
}

fn first_bad(error: &Error) -> u64 {
    error.damaged().first().map_or(MODELSIG_NO_OFFSET, |range| range.start())
}

/// The verdict on the model and the problem that decided it, on one line.
fn rejection(report: &Report, gravest: &Error) -> String {
    let several = if report.problems().count() > 1 { ", the gravest" } else { "" };
    format!("{}{several}: {gravest}", report.verdict_line())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_cut_off() {
        let error = ModelsigError::new(ErrorKind::Usage, "a\0b", Some("c\0"));
        assert_eq!(error.message.as_c_str(), c"a\\u{0}b");
        assert_eq!(error.path.as_deref(), Some(c"c\\u{0}"));
    }

    #[test]
    fn errors_of_modelsig_keep_their_status_and_path() {
        let error = ModelsigError::from(Error::Missing { path: "a/b".into() });
        assert_eq!(error.status, 101);
        assert_eq!(error.message.as_c_str(), c"'a/b' is signed but missing");
        assert_eq!(error.path.as_deref(), Some(c"a/b"));
        assert_eq!(ModelsigError::from(Error::Cancelled).path, None);
    }

    #[test]
    fn threads_may_share_and_free_it() {
        fn shareable<T: Send + Sync>() {}
        shareable::<ModelsigError>();
    }
}
