//! The start of a GGUF file, as a malicious signer could write it.
#![no_main]

use modelsig::TensorFormat;

libfuzzer_sys::fuzz_target!(|start: &[u8]| modelsig::fuzzing::tensors(TensorFormat::Gguf, start));
