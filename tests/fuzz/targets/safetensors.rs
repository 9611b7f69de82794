//! The start of a safetensors file, as a malicious signer could write it.
#![no_main]

use modelsig::TensorFormat;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    // As it stands, and as the text of a header whose length fits.
    modelsig::fuzzing::tensors(TensorFormat::Safetensors, text);
    let file = [&(text.len() as u64).to_le_bytes()[..], text].concat();
    modelsig::fuzzing::tensors(TensorFormat::Safetensors, &file);
});
