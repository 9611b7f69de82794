//! DER certificates one after the other, as the writer of a bundle could give them, and the PEM text of anchors.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| modelsig::fuzzing::certificate(bytes));
