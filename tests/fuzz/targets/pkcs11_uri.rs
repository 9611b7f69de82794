//! PKCS#11 URIs. What is accepted shows its path and never what stands in its query.
#![no_main]

use modelsig::Pkcs11Uri;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match text.parse::<Pkcs11Uri>() {
        Ok(uri) => {
            assert!(Pkcs11Uri::is_one(text));
            let shown = uri.to_string();
            assert!(text.starts_with(&shown) && !shown.contains('?'));
            assert!(shown.is_ascii() && !shown.contains(|character: char| character.is_ascii_control()));
            assert!(shown.parse::<Pkcs11Uri>().is_ok_and(|path| path.pin_source().is_none()));
        }
        Err(fault) => modelsig::fuzzing::message(&fault),
    }
});
