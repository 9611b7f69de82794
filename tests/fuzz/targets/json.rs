//! The strict pass over JSON against serde_json: they differ in nothing but the documented refusals.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| modelsig::fuzzing::strict_json(text));
