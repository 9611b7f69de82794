//! `modelsig_source`.

use jni::objects::{JByteArray, JByteBuffer};
use jni::sys::{jint, jlong};
use modelsig_ffi::{
    modelsig_source_free, modelsig_source_from_buffer, modelsig_source_from_fd, modelsig_source_from_path,
    modelsig_source_from_path_part,
};

use crate::entry::entry;
use crate::{argument, result};

entry! {
    fn Java_org_modelsig_Native_sourcePath(env, path: JByteArray<'local>) -> jlong {
        let path = argument::text(env, &path, "the path")?;
        // SAFETY: a text, and places for what comes out.
        result::object(env, modelsig_source_free, |source, error| unsafe {
            modelsig_source_from_path(path.as_ptr(), source, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_sourcePathPart(env, path: JByteArray<'local>, offset: jlong, length: jlong) -> jlong {
        let path = argument::text(env, &path, "the path")?;
        // SAFETY: a text, and places for what comes out. A length of -1 is `MODELSIG_TO_END`.
        result::object(env, modelsig_source_free, |source, error| unsafe {
            modelsig_source_from_path_part(path.as_ptr(), offset as u64, length as u64, source, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_sourceFd(env, fd: jint, offset: jlong, length: jlong) -> jlong {
        // SAFETY: places for what comes out; a number that is no descriptor is refused over there.
        result::object(env, modelsig_source_free, |source, error| unsafe {
            modelsig_source_from_fd(fd, offset as u64, length as u64, source, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_sourceBuffer(env, buffer: JByteBuffer<'local>, position: jint, length: jint) -> jlong {
        let (data, length) = argument::memory(env, &buffer, position, length)?;
        // SAFETY: the memory of a buffer that is kept until the source is freed, and places for what comes out.
        result::object(env, modelsig_source_free, |source, error| unsafe {
            modelsig_source_from_buffer(data.as_ptr().cast(), length, source, error)
        })
    }
}

entry! {
    fn Java_org_modelsig_Native_sourceFree(_env, source: jlong, _buffer: JByteBuffer<'local>) {
        let source = argument::pointer(source)?;
        // SAFETY: a live source, freed once.
        unsafe { modelsig_source_free(source) };
        Ok(())
    }
}
