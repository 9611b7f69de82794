//! The parsing cases of JSONTestSuite (<https://github.com/nst/JSONTestSuite>, `test_parsing`), from the folder that
//! `MODELSIG_JSON_SUITE_DIR` names. Nothing of it is in this repository.
//!
//! A file whose name begins with `y_` has to be accepted, `n_` to be refused, `i_` is left to the parser: there the
//! verdict has to be that of serde_json. [`EXCEPTIONS`] says what is refused beyond that, and why; an exception that is
//! gone fails too.

use std::path::Path;

use super::oracle::compare;
use super::{JsonFault, MEMBERS};
use crate::Limits;

/// What the suite accepts and the strict pass refuses.
const EXCEPTIONS: [(&str, &str); 2] = [
    ("y_object_duplicated_key.json", "members that stand twice are what readers disagree on"),
    ("y_object_duplicated_key_and_value.json", "the same, though here the values agree"),
];

#[test]
fn every_case_has_the_verdict_of_the_suite_or_an_exception_with_a_reason() {
    let Some(folder) = std::env::var_os("MODELSIG_JSON_SUITE_DIR") else {
        println!("MODELSIG_JSON_SUITE_DIR is not set: JSONTestSuite was not run");
        return;
    };
    let folder = Path::new(&folder);
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut accepted, mut refused, mut wrong) = ([0; 3], [0; 3], Vec::new());
    let mut exceptions: Vec<(&str, &str)> = EXCEPTIONS.to_vec();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy();
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let kind = ["y_", "n_", "i_"].iter().position(|kind| name.starts_with(kind));
        let kind = kind.unwrap_or_else(|| panic!("{name} is no case of test_parsing"));
        let text = std::fs::read(file).unwrap();
        let serde_accepts = serde_json::from_slice::<serde_json::Value>(&text).is_ok();
        let found = compare(&text, Limits::default().json_depth, MEMBERS);
        if let Some(place) = exceptions.iter().position(|(exception, _)| *exception == name) {
            exceptions.remove(place);
            assert!(matches!(found, Err(JsonFault::DuplicateMember { .. })), "{name}: {found:?}");
        } else if found.is_ok() != [true, false, serde_accepts][kind] {
            wrong.push(format!("{name}: {found:?}"));
        }
        if found.is_ok() { accepted[kind] += 1 } else { refused[kind] += 1 }
    }
    println!("{} cases: accepted {accepted:?} and refused {refused:?} of y_, n_ and i_", files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(exceptions.is_empty(), "exceptions that are none: {exceptions:?}");
    assert!(accepted[0] >= 90 && refused[1] >= 180, "that is not the whole suite");
}
