//! Makes the corner corpus, `testdata/corners`: every dangerous corner of OMS as a model with a bundle that is
//! properly signed, so that it reaches the check it is about, and with the verdict that must come of it.
//!
//!     cargo run -p modelsig-tests --bin make-corners
//!
//! Keys are fixed and signatures deterministic: another run makes the same bytes. Nothing here uses the writer of the
//! library; only its keys make the signatures.

#![forbid(unsafe_code)]
#![allow(missing_docs)]

mod certificate;
mod certificates;
mod der;
mod draft;
mod duplicates;
mod exclusions;
mod format;
mod hashes;
mod keys;
mod legacy;
mod material;
mod names;
mod order;
mod shards;
mod signatures;
mod single_file;
mod symlinks;
mod traversal;
mod unicode;
mod versions;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use draft::Case;

fn main() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata/corners");
    let cases: Vec<Case> = [
        format::cases(),
        order::cases(),
        duplicates::cases(),
        names::cases(),
        traversal::cases(),
        symlinks::cases(),
        certificates::cases(),
        hashes::cases(),
        shards::cases(),
        exclusions::cases(),
        signatures::cases(),
        material::cases(),
        legacy::cases(),
        single_file::cases(),
        unicode::cases(),
        versions::cases(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "a name is used twice");

    remove_cases(&folder);
    for case in &cases {
        let place = folder.join(&case.name);
        fs::create_dir(&place).expect("a folder can be made");
        fs::write(place.join("case.json"), &case.json).expect("a case can be written");
        fs::write(place.join("model.sig"), &case.bundle).expect("a bundle can be written");
    }
    certificates::write_anchors(&folder.join("keys"));
    println!("{} cases in testdata/corners", cases.len());
}

/// What an older generator made and this one does not goes away.
fn remove_cases(folder: &Path) {
    for entry in fs::read_dir(folder).expect("testdata/corners is there") {
        let path = entry.expect("it can be listed").path();
        if path.join("case.json").is_file() {
            fs::remove_dir_all(&path).expect("a case can be removed");
        }
    }
}
