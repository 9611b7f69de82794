//! The command as its users see it: the transcripts in `tests/cli/*.trycmd`, each in a folder of its own.
//!
//! `TRYCMD=overwrite cargo test -p modelsig-cli --test cli` writes what is printed now into the cases.

#![forbid(unsafe_code)]
#![cfg(unix)]

use std::path::Path;

#[test]
fn transcripts() {
    let cases = trycmd::TestCases::new();
    // A transcript prepares its files with the usual tools.
    for tool in ["sh", "chmod"] {
        cases.register_bin(tool, Path::new("/bin").join(tool));
    }
    let built = Path::new(env!("CARGO_BIN_EXE_modelsig")).parent().unwrap();
    cases.env("PATH", format!("{}:/usr/bin:/bin", built.display()));
    cases.case("../../tests/cli/*.trycmd");
}
