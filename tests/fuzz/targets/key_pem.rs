//! PEM text of public and private keys, and any text around it.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| modelsig::fuzzing::key_in_pem(text));
