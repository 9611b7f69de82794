//! The DER of a certificate, as a bundle may carry it, or the text of a file with anchors.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| match std::str::from_utf8(bytes) {
    Ok(text) => modelsig::fuzzing::anchors(text),
    Err(_) => modelsig::fuzzing::certificate(bytes),
});
