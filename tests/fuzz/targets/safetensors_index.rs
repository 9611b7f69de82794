//! The text of a `model.safetensors.index.json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| modelsig::fuzzing::safetensors_index(text));
