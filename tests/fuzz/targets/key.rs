//! PEM text of public and private keys. Encrypted keys are left out: deriving their key is meant to be slow.
#![no_main]

use modelsig::{PrivateKey, PublicKey};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(key) = PublicKey::from_pem(text) {
        assert_eq!(PublicKey::from_pem(&key.to_pem()), Ok(key));
    }
    let _ = PrivateKey::from_pem(text, None);
});
