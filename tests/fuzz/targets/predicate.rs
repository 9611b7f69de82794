//! The predicate of a statement, as a malicious signer could write it: with the root digest that its resources have.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| modelsig::fuzzing::predicate(text));
