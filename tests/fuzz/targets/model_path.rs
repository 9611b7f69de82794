//! The canonicaliser of names: what it accepts never leaves the folder and has one spelling; what the system reads in
//! the same way, component by component, is accepted.
#![no_main]

use std::path::{Component, Path};

use modelsig::ModelPath;

libfuzzer_sys::fuzz_target!(|text: &str| {
    // Components as the system sees them. It skips what is empty or a lone dot: then the text is longer than they are.
    let components: Option<Vec<&str>> = Path::new(text)
        .components()
        .map(|component| match component {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    let is_plain = |components: Vec<&str>| {
        !components.is_empty() && components.join("/") == text && !text.contains(char::is_control)
    };
    match ModelPath::parse(text) {
        Ok(path) => {
            assert!(components.is_some_and(is_plain));
            assert_eq!((path.as_str(), path.to_string().as_str()), (text, text));
            assert_eq!(path.components().collect::<Vec<_>>().join("/"), text);
            assert!(path.components().all(|component| ModelPath::parse(component).is_ok()));
        }
        Err(fault) => {
            assert!(!components.is_some_and(is_plain), "{fault}");
            modelsig::fuzzing::message(&fault);
        }
    }
});
