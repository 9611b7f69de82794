//! `modelsig_stream`.

use jni::objects::{JByteArray, JByteBuffer};
use jni::sys::{jbyte, jint, jlong, jsize};
use modelsig_ffi::{
    ModelsigStream, modelsig_stream_finish, modelsig_stream_free, modelsig_stream_update,
    modelsig_stream_verified,
};

use crate::argument;
use crate::entry::entry;
use crate::failure::{Failure, call};

/// How much of an array is copied out of the Java heap at a time.
const PIECE: usize = 64 * 1024;

entry! {
    fn Java_org_modelsig_Native_streamUpdateArray(
        env,
        stream: jlong,
        array: JByteArray<'local>,
        start: jint,
        length: jint,
    ) {
        const REFUSED: Failure = Failure::Argument { argument: "the array", problem: "is too short" };
        let stream = argument::pointer::<ModelsigStream>(stream)?;
        let range = argument::range(start, length, array.len(env)?).ok_or(REFUSED)?;
        let mut piece: Vec<jbyte> = vec![0; range.len().min(PIECE)];
        for at in range.clone().step_by(PIECE) {
            piece.truncate(range.end.saturating_sub(at));
            array.get_region(env, jsize::try_from(at).map_err(|_| REFUSED)?, &mut piece)?;
            // SAFETY: a live stream that nobody else uses now, and the bytes of the piece.
            call(|error| unsafe { modelsig_stream_update(stream, piece.as_ptr().cast(), piece.len(), error) })?;
        }
        Ok(())
    }
}

entry! {
    fn Java_org_modelsig_Native_streamUpdateBuffer(
        env,
        stream: jlong,
        buffer: JByteBuffer<'local>,
        position: jint,
        length: jint,
    ) {
        let stream = argument::pointer::<ModelsigStream>(stream)?;
        let (data, length) = argument::memory(env, &buffer, position, length)?;
        // SAFETY: a live stream that nobody else uses now, and memory that the argument keeps alive.
        call(|error| unsafe { modelsig_stream_update(stream, data.as_ptr().cast(), length, error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_streamVerified(_env, stream: jlong) -> jlong {
        let stream = argument::pointer::<ModelsigStream>(stream)?;
        // SAFETY: a live stream.
        Ok(unsafe { modelsig_stream_verified(stream) } as jlong)
    }
}

entry! {
    fn Java_org_modelsig_Native_streamFinish(_env, stream: jlong) {
        let stream = argument::pointer::<ModelsigStream>(stream)?;
        // SAFETY: a live stream that nobody else uses now.
        call(|error| unsafe { modelsig_stream_finish(stream, error) })
    }
}

entry! {
    fn Java_org_modelsig_Native_streamFree(_env, stream: jlong) {
        let stream = argument::pointer(stream)?;
        // SAFETY: a live stream, freed once.
        unsafe { modelsig_stream_free(stream) };
        Ok(())
    }
}
