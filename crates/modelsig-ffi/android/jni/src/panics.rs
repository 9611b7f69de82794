//! Entries that panic on request, for the tests: the natives of the class `org.modelsig.Panics` there.

#![expect(clippy::panic, reason = "it is what they are for")]

use jni::sys::jint;
use modelsig_ffi::modelsig_test_panic;

use crate::entry::entry;
use crate::failure::call;

entry! {
    fn Java_org_modelsig_Panics_here(_env, how: jint) {
        match how {
            0 => panic!("a literal"),
            1 => panic!("number {how}"),
            _ => std::panic::panic_any(how),
        }
    }
}

entry! {
    fn Java_org_modelsig_Panics_inside(_env) {
        // SAFETY: a place for the error.
        call(|error| unsafe { modelsig_test_panic(error) })
    }
}
