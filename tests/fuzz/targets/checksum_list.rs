//! The lines of a checksum list. What is read can be written again; what is written is read as it was.
#![no_main]

use modelsig::hash::HashAlgorithm;

// The command line is a program, of which nothing can be called: its parser is compiled in.
#[path = "../../../crates/modelsig-cli/src/commands/hash/list.rs"]
mod list;

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (default, text) = input;
    let default = HashAlgorithm::ALL[usize::from(default) % 3];
    if let Ok(text) = std::str::from_utf8(text) {
        text.lines().for_each(|line| read(line, default));
    }
    written(text, default);
});

fn read(line: &str, default: HashAlgorithm) {
    let Some(entry) = list::parse(line, default) else { return };
    let algorithm = entry.digest.algorithm();
    assert!(!entry.name.is_empty() && (algorithm == default || line.contains(") = ")));
    for tag in [false, true] {
        let again = list::line(entry.name.as_bytes(), &entry.digest, tag);
        let again = String::from_utf8(again).expect("a name of characters is written in characters");
        assert!(!again.contains(['\n', '\r']));
        assert_eq!(list::parse(&again, algorithm).as_ref(), Some(&entry), "{again:?}");
    }
}

/// Any bytes can be the name of a file.
fn written(name: &[u8], algorithm: HashAlgorithm) {
    let digest = algorithm.digest(name).expect("every hash is built in");
    for tag in [false, true] {
        let line = list::line(name, &digest, tag);
        assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
        let Ok(line) = std::str::from_utf8(&line) else { continue };
        let entry = list::parse(line, algorithm).map(|entry| (entry.name.into_bytes(), entry.digest));
        assert_eq!(entry, (!name.is_empty()).then(|| (name.to_vec(), digest)), "{line:?}");
    }
}
