//! The text of a bundle, as anybody could write it.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| modelsig::fuzzing::bundle(text));
