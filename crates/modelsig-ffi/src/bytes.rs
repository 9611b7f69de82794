//! The C object `modelsig_bytes`.

use modelsig::{Protection, VerifiedBytes, VerifiedFile};

use crate::argument;
use crate::options::protection_number;

/// Bytes of a signed file that were checked: in memory of the library, or mapped from a file that cannot change. They never
/// change, and live until they are freed, also longer than the model that they are from. Any number of threads may read
/// them at once.
#[derive(Debug)]
pub struct ModelsigBytes(Held);

#[derive(Debug)]
enum Held {
    File(VerifiedFile),
    Part(VerifiedBytes),
}

/// The first of the bytes. They can only be read. Never NULL, except for NULL; where there are none it must not be read.
///
/// Those of a whole file of more than 64 KiB begin at a page, and so suit every type of number. Those of a tensor begin where
/// they do in the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_bytes_data(bytes: *const ModelsigBytes) -> *const u8 {
    // SAFETY: the caller passes NULL or bytes that were not freed.
    unsafe { bytes.as_ref() }.map_or(std::ptr::null(), |bytes| bytes.held().as_ptr())
}

/// How many there are. For NULL it is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_bytes_length(bytes: *const ModelsigBytes) -> u64 {
    // SAFETY: the caller passes NULL or bytes that were not freed.
    unsafe { bytes.as_ref() }.map_or(0, |bytes| bytes.held().len() as u64)
}

/// What keeps them from changing, MODELSIG_PROTECTION_UNPROTECTED to MODELSIG_PROTECTION_KERNEL. For NULL it is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_bytes_protection(bytes: *const ModelsigBytes) -> u32 {
    // SAFETY: the caller passes NULL or bytes that were not freed.
    unsafe { bytes.as_ref() }.map_or(0, |bytes| protection_number(bytes.protection()))
}

/// Releases the bytes. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modelsig_bytes_free(bytes: *mut ModelsigBytes) {
    // SAFETY: the caller passes NULL or bytes that a call has handed out, once.
    unsafe { argument::free(bytes) }
}

impl ModelsigBytes {
    fn held(&self) -> &[u8] {
        match &self.0 {
            Held::File(file) => file,
            Held::Part(part) => part,
        }
    }

    fn protection(&self) -> Protection {
        match &self.0 {
            Held::File(file) => file.protection(),
            Held::Part(part) => part.protection(),
        }
    }
}

impl From<VerifiedFile> for ModelsigBytes {
    fn from(file: VerifiedFile) -> Self {
        Self(Held::File(file))
    }
}

impl From<VerifiedBytes> for ModelsigBytes {
    fn from(part: VerifiedBytes) -> Self {
        Self(Held::Part(part))
    }
}
