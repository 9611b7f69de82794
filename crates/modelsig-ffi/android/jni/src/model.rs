//! `modelsig_model`.

use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;
use std::slice;

use jni::objects::{JByteArray, JByteBuffer};
use jni::sys::{jbyte, jint, jlong};
use modelsig_ffi::{
    ModelsigModel, modelsig_bytes_free, modelsig_model_count, modelsig_model_fd, modelsig_model_free,
    modelsig_model_length, modelsig_model_load, modelsig_model_load_all, modelsig_model_load_tensor,
    modelsig_model_name, modelsig_model_read, modelsig_model_report, modelsig_model_stream,
    modelsig_model_tensors, modelsig_stream_free,
};

use crate::entry::entry;
use crate::failure::{Failure, call};
use crate::{argument, result};

entry! {
    fn Java_org_modelsig_Native_modelCount(_env, model: jlong) -> jlong {
        let model = argument::pointer::<ModelsigModel>(model)?;
        // SAFETY: a live model.
        Ok(unsafe { modelsig_model_count(model) } as jlong)
    }
}

entry! {
    fn Java_org_modelsig_Native_modelName(env, model: jlong, index: jlong) -> JByteArray<'local> {
        let model = argument::pointer::<ModelsigModel>(model)?;
        // SAFETY: a live model, and its text, which lives as long.
        Ok(unsafe { result::borrowed(env, modelsig_model_name(model, index as u64)) }?)
    }
}

entry! {
    fn Java_org_modelsig_Native_modelLength(env, model: jlong, name: JByteArray<'local>) -> jlong {
        let model = argument::pointer::<ModelsigModel>(model)?;
        let name = argument::text(env, &name, "the name")?;
        let mut length = 0;
        // SAFETY: a live model, a text, and places for what comes out.
        call(|error| unsafe { modelsig_model_length(model, name.as_ptr(), &mut length, error) })?;
        Ok(length as jlong)
    }
}

entry! {
    fn Java_org_modelsig_Native_modelReadBuffer(
        env,
        model: jlong,
        name: JByteArray<'local>,
        offset: jlong,
        buffer: JByteBuffer<'local>,
        position: jint,
        length: jint,
    ) {
        let model = argument::pointer::<ModelsigModel>(model)?;
        let name = argument::text(env, &name, "the name")?;
        let (data, length) = argument::memory(env, &buffer, position, length)?;
        // SAFETY: a live model, a text, and memory for `length` bytes that the argument keeps alive.
        call(|error| unsafe {
            modelsig_model_read(model, name.as_ptr(), offset as u64, data.as_ptr().cast(), length, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_modelReadArray(
        env,
        model: jlong,
        name: JByteArray<'local>,
        offset: jlong,
        array: JByteArray<'local>,
        start: jint,
        length: jint,
    ) {
        const REFUSED: Failure = Failure::Argument { argument: "the array", problem: "is too short" };
        const NO_MEMORY: jni::errors::Error = jni::errors::Error::JniCall(jni::errors::JniError::NoMemory);
        let model = argument::pointer::<ModelsigModel>(model)?;
        let name = argument::text(env, &name, "the name")?;
        let range = argument::range(start, length, array.len(env)?).ok_or(REFUSED)?;
        // Not in the array itself: that would stop the garbage collector for as long as it takes to read.
        let mut bytes: Vec<u8> = Vec::new();
        bytes.try_reserve_exact(range.len()).map_err(|_| NO_MEMORY)?;
        bytes.resize(range.len(), 0);
        // SAFETY: a live model, a text, and memory for as many bytes.
        call(|error| unsafe {
            let memory = bytes.as_mut_ptr().cast();
            modelsig_model_read(model, name.as_ptr(), offset as u64, memory, bytes.len(), error)
        })?;
        // SAFETY: bytes with and without a sign are the same memory.
        let signed = unsafe { slice::from_raw_parts(bytes.as_ptr().cast::<jbyte>(), bytes.len()) };
        Ok(array.set_region(env, start, signed)?)
    }
}

entry! {
    fn Java_org_modelsig_Native_modelLoad(env, model: jlong, name: JByteArray<'local>) -> jlong {
        let model = argument::pointer::<ModelsigModel>(model)?;
        let name = argument::text(env, &name, "the name")?;
        // SAFETY: a live model, a text, and places for what comes out.
        result::object(env, modelsig_bytes_free, |bytes, error| unsafe {
            modelsig_model_load(model, name.as_ptr(), bytes, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_modelLoadTensor(
        env,
        model: jlong,
        file: JByteArray<'local>,
        tensor: JByteArray<'local>,
    ) -> jlong {
        let model = argument::pointer::<ModelsigModel>(model)?;
        let file = argument::optional_text(env, &file, "the file")?;
        let file = file.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        let tensor = argument::text(env, &tensor, "the tensor")?;
        // SAFETY: a live model, texts or NULL, and places for what comes out.
        result::object(env, modelsig_bytes_free, |bytes, error| unsafe {
            modelsig_model_load_tensor(model, file, tensor.as_ptr(), bytes, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_modelFd(env, model: jlong, name: JByteArray<'local>) -> jlong {
        let model = argument::pointer::<ModelsigModel>(model)?;
        let name = argument::text(env, &name, "the name")?;
        let (mut fd, mut protection): (RawFd, u32) = (-1, 0);
        // SAFETY: a live model, a text, and places for what comes out.
        call(|error| unsafe { modelsig_model_fd(model, name.as_ptr(), &mut fd, &mut protection, error) })?;
        // SAFETY: the call succeeded, so that this is an open descriptor that nobody else closes.
        let descriptor = unsafe { OwnedFd::from_raw_fd(fd) };
        if env.exception_check() {
            // A callback threw when all was done: nobody gets the descriptor.
            return Err(jni::errors::Error::JavaException.into());
        }
        Ok(jlong::from(protection) << 32 | jlong::from(descriptor.into_raw_fd()))
    }
}

entry! {
    fn Java_org_modelsig_Native_modelLoadAll(_env, model: jlong) {
        let model = argument::pointer(model)?;
        // SAFETY: a live model that nobody else uses now.
        call(|error| unsafe { modelsig_model_load_all(model, error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_modelReport(env, model: jlong) -> JByteArray<'local> {
        let model = argument::pointer::<ModelsigModel>(model)?;
        // SAFETY: a live model, and places for what comes out.
        result::string(env, |json, error| unsafe { modelsig_model_report(model, json, error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_modelTensors(env, model: jlong) -> JByteArray<'local> {
        let model = argument::pointer::<ModelsigModel>(model)?;
        // SAFETY: a live model, and places for what comes out.
        result::string(env, |json, error| unsafe { modelsig_model_tensors(model, json, error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_modelStream(env, model: jlong, name: JByteArray<'local>) -> jlong {
        let model = argument::pointer::<ModelsigModel>(model)?;
        let name = argument::text(env, &name, "the name")?;
        // SAFETY: a live model, a text, and places for what comes out.
        result::object(env, modelsig_stream_free, |stream, error| unsafe {
            modelsig_model_stream(model, name.as_ptr(), stream, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_modelFree(_env, model: jlong) {
        let model = argument::pointer(model)?;
        // SAFETY: a live model, freed once.
        unsafe { modelsig_model_free(model) };
        Ok(())
    }
}
