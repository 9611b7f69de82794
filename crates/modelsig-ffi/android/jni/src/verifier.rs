//! `modelsig_verifier`.

use std::ffi::{CString, c_char};

use jni::Env;
use jni::objects::{JByteArray, JLongArray, JObjectArray};
use jni::sys::{jint, jlong};
use modelsig_ffi::{
    ModelsigSource, ModelsigVerifier, modelsig_model_free, modelsig_verifier_add_anchors,
    modelsig_verifier_add_identity, modelsig_verifier_add_key_pem, modelsig_verifier_add_key_raw,
    modelsig_verifier_free, modelsig_verifier_new, modelsig_verifier_open, modelsig_verifier_open_resources,
    modelsig_verifier_verify, modelsig_verifier_verify_resource,
};

use crate::entry::entry;
use crate::failure::{Failure, call};
use crate::{argument, options, result};

entry! {
    fn Java_org_modelsig_Native_verifierNew(env) -> jlong {
        // SAFETY: places for what comes out.
        result::object(env, modelsig_verifier_free, |verifier, error| unsafe { modelsig_verifier_new(verifier, error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_verifierAddKeyPem(env, verifier: jlong, pem: JByteArray<'local>) {
        let verifier = argument::pointer(verifier)?;
        let pem = argument::text(env, &pem, "the key")?;
        // SAFETY: a live verifier that nobody else has yet, and a text.
        call(|error| unsafe { modelsig_verifier_add_key_pem(verifier, pem.as_ptr(), error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_verifierAddKeyRaw(env, verifier: jlong, kind: jint, key: JByteArray<'local>) {
        let verifier = argument::pointer(verifier)?;
        let key = env.convert_byte_array(&key)?;
        // SAFETY: a live verifier that nobody else has yet, and `key.len()` bytes.
        call(|error| unsafe { modelsig_verifier_add_key_raw(verifier, kind as u32, key.as_ptr(), key.len(), error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_verifierAddAnchors(env, verifier: jlong, pem: JByteArray<'local>) {
        let verifier = argument::pointer(verifier)?;
        let pem = argument::text(env, &pem, "the anchors")?;
        // SAFETY: a live verifier that nobody else has yet, and a text.
        call(|error| unsafe { modelsig_verifier_add_anchors(verifier, pem.as_ptr(), error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_verifierAddIdentity(env, verifier: jlong, identity: JByteArray<'local>) {
        let verifier = argument::pointer(verifier)?;
        let identity = argument::text(env, &identity, "the identity")?;
        // SAFETY: a live verifier that nobody else has yet, and a text.
        call(|error| unsafe { modelsig_verifier_add_identity(verifier, identity.as_ptr(), error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_verifierVerify(
        env,
        verifier: jlong,
        model: JByteArray<'local>,
        bundle: jlong,
        options: jlong,
    ) -> JByteArray<'local> {
        let verifier = argument::pointer::<ModelsigVerifier>(verifier)?;
        let model = argument::text(env, &model, "the path")?;
        let bundle = argument::pointer::<ModelsigSource>(bundle)?;
        let options = options::raw(options)?;
        // SAFETY: live objects, a text, and places for what comes out.
        result::string(env, |report, error| unsafe {
            modelsig_verifier_verify(verifier, model.as_ptr(), bundle, options, report, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_verifierVerifyResource(
        env,
        verifier: jlong,
        bundle: jlong,
        name: JByteArray<'local>,
        content: jlong,
        options: jlong,
    ) -> JByteArray<'local> {
        let verifier = argument::pointer::<ModelsigVerifier>(verifier)?;
        let bundle = argument::pointer::<ModelsigSource>(bundle)?;
        let name = argument::text(env, &name, "the name")?;
        let content = argument::pointer::<ModelsigSource>(content)?;
        let options = options::raw(options)?;
        // SAFETY: live objects, a text, and places for what comes out.
        result::string(env, |report, error| unsafe {
            modelsig_verifier_verify_resource(verifier, bundle, name.as_ptr(), content, options, report, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_verifierOpen(
        env,
        verifier: jlong,
        model: JByteArray<'local>,
        bundle: jlong,
        options: jlong,
    ) -> jlong {
        let verifier = argument::pointer::<ModelsigVerifier>(verifier)?;
        let path = argument::text(env, &model, "the path")?;
        let bundle = argument::pointer::<ModelsigSource>(bundle)?;
        let options = options::raw(options)?;
        // SAFETY: live objects, a text, and places for what comes out.
        result::object(env, modelsig_model_free, |model, error| unsafe {
            modelsig_verifier_open(verifier, path.as_ptr(), bundle, options, model, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_verifierOpenResources(
        env,
        verifier: jlong,
        bundle: jlong,
        names: JObjectArray<'local, JByteArray<'local>>,
        contents: JLongArray<'local>,
        options: jlong,
    ) -> jlong {
        let verifier = argument::pointer::<ModelsigVerifier>(verifier)?;
        let bundle = argument::pointer::<ModelsigSource>(bundle)?;
        let options = options::raw(options)?;
        let names = texts(env, &names)?;
        let contents = sources(env, &contents)?;
        if names.len() != contents.len() {
            return Err(Failure::Argument { argument: "the contents", problem: "are not as many as the names" });
        }
        let pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        // SAFETY: live objects, as many texts as sources, and places for what comes out.
        result::object(env, modelsig_model_free, |model, error| unsafe {
            modelsig_verifier_open_resources(
                verifier,
                bundle,
                pointers.as_ptr(),
                contents.as_ptr(),
                pointers.len(),
                options,
                model,
                error,
            )
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_verifierFree(_env, verifier: jlong) {
        let verifier = argument::pointer(verifier)?;
        // SAFETY: a live verifier, freed once.
        unsafe { modelsig_verifier_free(verifier) };
        Ok(())
    }
}

fn texts<'local>(
    env: &mut Env<'local>,
    names: &JObjectArray<'local, JByteArray<'local>>,
) -> Result<Vec<CString>, Failure> {
    let mut texts = Vec::new();
    for index in 0..names.len(env)? {
        let name = names.get_element(env, index)?;
        texts.push(argument::text(env, &name, "a name")?);
        // There may be more names than a call may have local references.
        env.delete_local_ref(name);
    }
    Ok(texts)
}

fn sources(env: &Env, contents: &JLongArray) -> Result<Vec<*const ModelsigSource>, Failure> {
    let mut handles = vec![0; contents.len(env)?];
    contents.get_region(env, 0, &mut handles)?;
    handles.into_iter().map(|handle| Ok(argument::pointer::<ModelsigSource>(handle)?.cast_const())).collect()
}
