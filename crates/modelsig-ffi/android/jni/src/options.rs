//! `modelsig_options`, together with the callback that it points to.

use std::ffi::c_void;
use std::ptr;

use jni::objects::{JObject, JValue};
use jni::refs::Global;
use jni::sys::{jint, jlong};
use jni::{JavaVM, jni_sig, jni_str};
use modelsig_ffi::ModelsigOptions;

use crate::entry::{contained, entry};
use crate::failure::Failure;
use crate::{argument, result};

/// The options at its start, so that a pointer to it is one to them.
#[repr(C)]
struct Options {
    raw: ModelsigOptions,
    /// What `raw.userdata` points to.
    progress: Option<Box<Callback>>,
}

/// An `org.modelsig.Progress`.
struct Callback(Global<JObject<'static>>);

entry! {
    fn Java_org_modelsig_Native_optionsNew(
        env,
        max_copy_bytes: jlong,
        max_model_bytes: jlong,
        threads: jint,
        check: jint,
        min_protection: jint,
        flags: jint,
        progress: JObject<'local>,
        cancel: jlong,
    ) -> jlong {
        let progress = if progress.is_null() {
            None
        } else {
            Some(Box::new(Callback(env.new_global_ref(&progress)?)))
        };
        let raw = ModelsigOptions {
            struct_size: size_of::<ModelsigOptions>(),
            max_copy_bytes: max_copy_bytes as u64,
            max_model_bytes: max_model_bytes as u64,
            progress: progress.as_ref().map(|_| report as _),
            userdata: progress.as_deref().map_or(ptr::null_mut(), |callback| ptr::from_ref(callback).cast_mut().cast()),
            cancel: argument::nullable(cancel)?,
            threads: threads as u32,
            check: check as u32,
            min_protection: min_protection as u32,
            flags: flags as u32,
        };
        Ok(result::handle(Box::into_raw(Box::new(Options { raw, progress }))))
    }
}

entry! {
    fn Java_org_modelsig_Native_optionsFree(_env, options: jlong) {
        let options = argument::pointer::<Options>(options)?;
        // SAFETY: it came from `Box::into_raw` in `optionsNew`, and is freed once.
        drop(unsafe { Box::from_raw(options) });
        Ok(())
    }
}

/// The options behind a handle.
pub(crate) fn raw(handle: jlong) -> Result<*const ModelsigOptions, Failure> {
    Ok(argument::pointer::<Options>(handle)?.cast_const().cast())
}

/// `modelsig_progress_callback`: 1, which cancels, if the callback said so, threw, or could not be called.
///
/// It runs on the thread that made the call, which is one of the virtual machine's. What the callback throws stays
/// pending until the entry returns; nothing of the library calls Java in between but this, which then does not.
extern "C" fn report(userdata: *mut c_void, done: u64, total: u64) -> i32 {
    let go_on = contained(|| {
        // SAFETY: the options own the callback, and live as long as the object that calls this.
        let callback = unsafe { &*userdata.cast::<Callback>() };
        JavaVM::singleton()?.with_local_frame(4, |env| {
            if env.exception_check() {
                return Ok(false);
            }
            let arguments = [JValue::Long(done as jlong), JValue::Long(total as jlong)];
            env.call_method(&callback.0, jni_str!("onProgress"), jni_sig!("(JJ)Z"), &arguments)?.z()
        })
    });
    i32::from(!matches!(go_on, Some(Ok(true))))
}
