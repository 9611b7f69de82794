//! `modelsig_bytes`.

use jni::objects::JByteBuffer;
use jni::sys::{jint, jlong};
use modelsig_ffi::{
    ModelsigBytes, modelsig_bytes_data, modelsig_bytes_free, modelsig_bytes_length, modelsig_bytes_protection,
};

use crate::argument;
use crate::entry::entry;
use crate::failure::Failure;

entry! {
    fn Java_org_modelsig_Native_bytesBuffer(env, bytes: jlong, offset: jlong, length: jint) -> JByteBuffer<'local> {
        const REFUSED: Failure = Failure::Argument { argument: "the range", problem: "lies outside of the bytes" };
        let bytes = argument::pointer::<ModelsigBytes>(bytes)?;
        let (offset, length) = (offset as u64, u64::try_from(length).map_err(|_| REFUSED)?);
        // SAFETY: live bytes.
        let (data, available) = unsafe { (modelsig_bytes_data(bytes), modelsig_bytes_length(bytes)) };
        if offset.checked_add(length).is_none_or(|end| end > available) {
            return Err(REFUSED);
        }
        if length == 0 {
            // No byte of it is ever looked at, and memory of no length may lie at NULL.
            let nowhere = std::ptr::NonNull::<u8>::dangling().as_ptr();
            // SAFETY: valid for no bytes.
            return Ok(unsafe { env.new_direct_byte_buffer(nowhere, 0) }?);
        }
        // SAFETY: the range lies inside of the bytes, so that it fits into memory. Kotlin makes the buffer read-only,
        // and tells its users that it ends with the bytes.
        Ok(unsafe { env.new_direct_byte_buffer(data.add(offset as usize).cast_mut(), length as usize) }?)
    }
}

entry! {
    fn Java_org_modelsig_Native_bytesLength(_env, bytes: jlong) -> jlong {
        let bytes = argument::pointer::<ModelsigBytes>(bytes)?;
        // SAFETY: live bytes.
        Ok(unsafe { modelsig_bytes_length(bytes) } as jlong)
    }
}

entry! {
    fn Java_org_modelsig_Native_bytesProtection(_env, bytes: jlong) -> jint {
        let bytes = argument::pointer::<ModelsigBytes>(bytes)?;
        // SAFETY: live bytes.
        Ok(unsafe { modelsig_bytes_protection(bytes) } as jint)
    }
}

entry! {
    fn Java_org_modelsig_Native_bytesFree(_env, bytes: jlong) {
        let bytes = argument::pointer(bytes)?;
        // SAFETY: live bytes, freed once.
        unsafe { modelsig_bytes_free(bytes) };
        Ok(())
    }
}
