//! Where Java ends and Rust begins: no panic crosses, and a failure becomes an exception.
//!
//! Whoever gets nothing back must get an exception: a `void` function that returns means "verified". So where not even
//! an exception can be thrown, the process ends.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::process;

use jni::errors::ErrorPolicy;
use jni::objects::JClass;
use jni::{Env, EnvUnowned, jni_str};
use modelsig_ffi::panic_message;

use crate::failure::Failure;

/// Defines an entry of `org.modelsig.Native`. Its body gets the environment and the arguments, and may fail.
macro_rules! entry {
    (fn $name:ident($env:ident $(, $argument:ident: $type:ty)* $(,)?) $(-> $result:ty)? $body:block) => {
        #[unsafe(no_mangle)]
        #[allow(non_snake_case, reason = "the name that the virtual machine looks for")]
        extern "system" fn $name<'local>(
            env: jni::EnvUnowned<'local>,
            class: jni::objects::JClass<'local>,
            $($argument: $type,)*
        ) $(-> $result)? {
            $crate::entry::run(env, &class, |$env| $body)
        }
    };
}
pub(crate) use entry;

/// Runs the body of an entry. `class` is `org.modelsig.Native`, which makes the exceptions.
pub(crate) fn run<'local, T: Default>(
    mut env: EnvUnowned<'local>,
    class: &JClass<'local>,
    body: impl FnOnce(&mut Env<'local>) -> Result<T, Failure>,
) -> T {
    env.with_env(body).resolve_with::<Throw, _>(|| class)
}

/// Every failure and every panic is thrown.
struct Throw;

impl<T: Default> ErrorPolicy<T, Failure> for Throw {
    type Captures<'local: 'call, 'call> = &'call JClass<'local>;

    fn on_error<'local: 'call, 'call>(
        env: &mut Env<'local>,
        class: &mut &'call JClass<'local>,
        failure: Failure,
    ) -> jni::errors::Result<T> {
        throw(env, class, &failure);
        Ok(T::default())
    }

    fn on_panic<'local: 'call, 'call>(
        env: &mut Env<'local>,
        class: &mut &'call JClass<'local>,
        payload: Box<dyn Any + Send>,
    ) -> jni::errors::Result<T> {
        throw(env, class, &Failure::Panic { message: panic_message(payload) });
        Ok(T::default())
    }

    fn on_internal_jni_error<'local: 'call, 'call>(
        _class: &mut &'call JClass<'local>,
        _error: jni::errors::Error,
    ) -> T {
        process::abort()
    }

    fn on_internal_panic<'local: 'call, 'call>(
        _class: &mut &'call JClass<'local>,
        _payload: Box<dyn Any + Send>,
    ) -> T {
        process::abort()
    }
}

/// Leaves an exception pending: the one that is already, that of `failure`, or a plain one.
fn throw<'local>(env: &mut Env<'local>, class: &JClass<'local>, failure: &Failure) {
    if env.exception_check() {
        return;
    }
    let thrown = failure.throw(env, class);
    if !env.exception_check() {
        let why = thrown.map_or_else(|error| error.to_string(), |()| String::new());
        // Throwing counts as an error of its own.
        let _ = env.throw(format!("modelsig: {failure} ({why})"));
    }
    if !env.exception_check() {
        env.fatal_error(jni_str!("modelsig: a failure could not be thrown"));
    }
}

/// Runs the body of a function that C calls back; a panic in it becomes `None`.
pub(crate) fn contained<T>(body: impl FnOnce() -> T) -> Option<T> {
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => Some(value),
        Err(payload) => {
            drop(panic_message(payload));
            None
        }
    }
}
