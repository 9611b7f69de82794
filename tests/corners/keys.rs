//! The fixed keys of the corpus, read from `testdata/corners/keys`.

use std::fs;
use std::path::Path;

use modelsig::PrivateKey;

/// The text of a private key.
pub(crate) fn pem(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/corners/keys");
    let path = folder.join(format!("{name}.test-key.pem"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A private key by the name of its file.
pub(crate) fn private(name: &str) -> PrivateKey {
    PrivateKey::from_pem(&pem(name), None).unwrap_or_else(|error| panic!("{name}: {error}"))
}
