//! Keys in DER: PKCS#8, encrypted or not, SEC1 and SubjectPublicKeyInfo. Good ones, damaged in a few places; or any
//! bytes.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use modelsig::fuzzing::{KeyDocument, key_documents, key_in_der};

#[derive(Arbitrary, Debug)]
enum Key {
    /// Number of a good document, and what is done to it.
    Damaged(u8, Vec<Edit>),
    /// Number of the label, and the bytes.
    Any(u8, Vec<u8>),
}

#[derive(Arbitrary, Debug)]
struct Edit {
    at: u16,
    remove: u8,
    insert: Vec<u8>,
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = usize::from(self.at) % (bytes.len() + 1);
        let end = bytes.len().min(at + usize::from(self.remove));
        bytes.splice(at..end, self.insert.iter().copied());
    }
}

static DOCUMENTS: LazyLock<Vec<KeyDocument>> = LazyLock::new(key_documents);
const LABELS: [&str; 4] = ["PUBLIC KEY", "PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"];

libfuzzer_sys::fuzz_target!(|key: Key| match key {
    Key::Damaged(document, edits) => {
        let KeyDocument { label, der } = &DOCUMENTS[usize::from(document) % DOCUMENTS.len()];
        let mut der = der.clone();
        edits.iter().for_each(|edit| edit.apply(&mut der));
        key_in_der(label, &der);
    }
    Key::Any(label, der) => key_in_der(LABELS[usize::from(label) % LABELS.len()], &der),
});
