//! `modelsig_cancel`.

use jni::sys::{jboolean, jlong};
use modelsig_ffi::{
    ModelsigCancel, modelsig_cancel_free, modelsig_cancel_new, modelsig_cancel_request,
    modelsig_cancel_requested,
};

use crate::entry::entry;
use crate::{argument, result};

entry! {
    fn Java_org_modelsig_Native_cancelNew(env) -> jlong {
        // SAFETY: places for what comes out.
        result::object(env, modelsig_cancel_free, |token, error| unsafe { modelsig_cancel_new(token, error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_cancelRequest(_env, token: jlong) {
        let token = argument::pointer::<ModelsigCancel>(token)?;
        // SAFETY: a live token.
        unsafe { modelsig_cancel_request(token) };
        Ok(())
    }
}

entry! {
    fn Java_org_modelsig_Native_cancelRequested(_env, token: jlong) -> jboolean {
        let token = argument::pointer::<ModelsigCancel>(token)?;
        // SAFETY: a live token.
        Ok(unsafe { modelsig_cancel_requested(token) } != 0)
    }
}

entry! {
    fn Java_org_modelsig_Native_cancelFree(_env, token: jlong) {
        let token = argument::pointer(token)?;
        // SAFETY: a live token, freed once.
        unsafe { modelsig_cancel_free(token) };
        Ok(())
    }
}
