//! The payload of an envelope, as a malicious signer could write it.
#![no_main]

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    modelsig::fuzzing::statement(payload);
});
