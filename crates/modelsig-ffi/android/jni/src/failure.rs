//! Why an entry failed, and the exception that it becomes.

use std::ptr;

use jni::objects::{JByteArray, JClass, JThrowable, JValue};
use jni::sys::{jint, jlong};
use jni::{Env, jni_sig, jni_str};
use modelsig_ffi::{
    MODELSIG_STATUS_INTERNAL, MODELSIG_STATUS_OK, ModelsigError, ModelsigStatus, modelsig_error_free,
    modelsig_error_message, modelsig_error_offset, modelsig_error_path, modelsig_error_report,
};

use crate::result;

/// Why an entry failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A handle is 0.
    #[error("the handle is closed")]
    Closed,
    /// An argument that no caller in Kotlin should have let through, or text that C cannot hold.
    #[error("{argument} {problem}")]
    Argument { argument: &'static str, problem: &'static str },
    /// The C function said so.
    #[error("status {}", .0.status)]
    Modelsig(Reason),
    #[error("internal error: {message}")]
    Panic { message: String },
    /// Also when a callback threw: then its exception is pending, and is the one that counts.
    #[error("internal error: JNI: {0}")]
    Jni(#[from] jni::errors::Error),
}

/// A status that is not OK, and the error object that came with it.
#[derive(Debug)]
pub(crate) struct Reason {
    status: ModelsigStatus,
    error: *mut ModelsigError,
}

impl Drop for Reason {
    fn drop(&mut self) {
        // SAFETY: it came from the library, or is NULL, and is freed once.
        unsafe { modelsig_error_free(self.error) }
    }
}

/// Calls a function of the C ABI, which gets a place for its error.
pub(crate) fn call(function: impl FnOnce(*mut *mut ModelsigError) -> ModelsigStatus) -> Result<(), Failure> {
    let mut error = ptr::null_mut();
    let status = function(&mut error);
    let reason = Reason { status, error };
    if status == MODELSIG_STATUS_OK { Ok(()) } else { Err(Failure::Modelsig(reason)) }
}

impl Failure {
    /// Throws the exception that `class`, which is `org.modelsig.Native`, makes of it.
    pub(crate) fn throw<'local>(
        &self,
        env: &mut Env<'local>,
        class: &JClass<'local>,
    ) -> jni::errors::Result<()> {
        let made = match self {
            Failure::Closed => {
                let signature = jni_sig!("()Ljava/lang/Throwable;");
                env.call_static_method(class, jni_str!("closed"), signature, &[])?
            }
            Failure::Argument { .. } => {
                let message = env.byte_array_from_slice(self.to_string().as_bytes())?;
                let signature = jni_sig!("([B)Ljava/lang/Throwable;");
                env.call_static_method(class, jni_str!("refused"), signature, &[(&message).into()])?
            }
            Failure::Modelsig(Reason { status, error }) => {
                // SAFETY: the error is NULL or lives as long as the reason, and its texts as long as it.
                let (message, path, offset, report) = unsafe {
                    (
                        result::borrowed(env, modelsig_error_message(*error))?,
                        result::borrowed(env, modelsig_error_path(*error))?,
                        modelsig_error_offset(*error),
                        result::borrowed(env, modelsig_error_report(*error))?,
                    )
                };
                failure(env, class, *status, &message, &path, offset, &report)?
            }
            Failure::Panic { .. } | Failure::Jni(_) => {
                let message = env.byte_array_from_slice(self.to_string().as_bytes())?;
                let none = JByteArray::default();
                failure(env, class, MODELSIG_STATUS_INTERNAL, &message, &none, u64::MAX, &none)?
            }
        };
        let made = made.l()?;
        if made.is_null() {
            return Err(jni::errors::Error::NullPtr("no exception was made"));
        }
        let throwable = env.cast_local::<JThrowable>(made)?;
        env.throw(throwable)
    }
}

/// `Native.failure`.
fn failure<'local>(
    env: &mut Env<'local>,
    class: &JClass<'local>,
    status: ModelsigStatus,
    message: &JByteArray<'local>,
    path: &JByteArray<'local>,
    offset: u64,
    report: &JByteArray<'local>,
) -> jni::errors::Result<jni::JValueOwned<'local>> {
    let arguments = [
        JValue::Int(status as jint),
        message.into(),
        path.into(),
        // "No offset" is the largest number, which is -1 over there.
        JValue::Long(offset as jlong),
        report.into(),
    ];
    env.call_static_method(
        class,
        jni_str!("failure"),
        jni_sig!("(I[B[BJ[B)Ljava/lang/Throwable;"),
        &arguments,
    )
}
