//! What the library says of itself, and what a bundle says of itself.

use jni::objects::JByteArray;
use jni::sys::{jint, jlong};
use modelsig_ffi::{
    modelsig_abi_version, modelsig_features, modelsig_inspect, modelsig_sha256_kernel, modelsig_version,
};

use crate::entry::entry;
use crate::{argument, result};

entry! {
    fn Java_org_modelsig_Native_abiVersion(_env) -> jint {
        Ok(modelsig_abi_version() as jint)
    }
}

entry! {
    fn Java_org_modelsig_Native_version(env) -> JByteArray<'local> {
        // SAFETY: a static text.
        Ok(unsafe { result::borrowed(env, modelsig_version()) }?)
    }
}

entry! {
    fn Java_org_modelsig_Native_features(env) -> JByteArray<'local> {
        // SAFETY: a static text.
        Ok(unsafe { result::borrowed(env, modelsig_features()) }?)
    }
}

entry! {
    fn Java_org_modelsig_Native_sha256Kernel(env) -> JByteArray<'local> {
        // SAFETY: a static text.
        Ok(unsafe { result::borrowed(env, modelsig_sha256_kernel()) }?)
    }
}

entry! {
    fn Java_org_modelsig_Native_inspect(env, bundle: jlong) -> JByteArray<'local> {
        let bundle = argument::pointer(bundle)?;
        // SAFETY: a live source, and places for what comes out.
        result::string(env, |json, error| unsafe { modelsig_inspect(bundle, json, error) })
    }
}
