//! The canonicaliser of names: what it accepts never leaves the folder and has one spelling.
#![no_main]

use std::path::{Component, Path};

use modelsig::ModelPath;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(path) = ModelPath::parse(text) {
        assert_eq!(path.as_str(), text);
        assert!(Path::new(text).components().all(|component| matches!(component, Component::Normal(_))));
        assert_eq!(path.components().collect::<Vec<_>>().join("/"), text);
    }
});
