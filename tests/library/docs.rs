//! What stands in the documents is what the code says.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use modelsig::OUTCOMES;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn document(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn outcomes_table() -> String {
    let mut table = String::from("| kind | exit code | C status |\n|---|---|---|\n");
    for row in OUTCOMES {
        writeln!(table, "| `{}` | {} | {} |", row.name, row.exit_code, row.status).unwrap();
    }
    table
}

#[test]
fn the_readme_has_the_table_of_outcomes() {
    const BEGIN: &str = "<!-- outcomes:begin -->\n";
    const END: &str = "<!-- outcomes:end -->";
    let (readme, expected) = (document("README.md"), outcomes_table());
    let table = readme.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(table, _)| table);
    assert!(
        table.is_some_and(|table| table.trim() == expected.trim()),
        "README.md must have this and nothing else between its markers:\n{BEGIN}{expected}{END}\n"
    );
}

/// In the transcripts stands whatever the commands print as JSON.
#[test]
fn the_readme_names_the_members_of_json() {
    let readme = document("README.md");
    let mut objects = 0;
    for transcript in ["json", "cosign", "certificates", "tools"] {
        let text = document(&format!("tests/cli/{transcript}.trycmd"));
        for line in text.lines().filter(|line| line.starts_with("{\"")) {
            // Of what differs from run to run, transcripts have the place.
            let line = line.replace("{[..]}", "{}").replace(":[..]", ":0");
            let object: serde_json::Value =
                serde_json::from_str(&line).unwrap_or_else(|error| panic!("{transcript}: {error}: {line}"));
            for name in object.as_object().unwrap().keys() {
                assert!(readme.contains(&format!("`{name}`")), "README.md does not tell of {name}");
            }
            objects += 1;
        }
    }
    assert!(objects > 10, "{objects}");
}

/// What SECURITY.md says of each attack is shown by something that exists.
#[test]
fn every_attack_has_a_test_or_is_said_not_to_be_defended() {
    let text = document("SECURITY.md");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.len() == 4 && cells[0].parse::<u32>().is_ok())
        .collect();
    assert_eq!(rows.len(), 35);
    for (place, row) in rows.iter().enumerate() {
        assert_eq!(row[0].parse(), Ok(place + 1));
        let shown: Vec<&str> = row[3].split('`').skip(1).step_by(2).collect();
        assert_eq!(shown.is_empty(), row[2].contains("**not defended**"), "{row:?}");
        for one in shown {
            let (file, test) = one.split_once("::").map_or((one, None), |(file, test)| (file, Some(test)));
            let source = document(file);
            let Some(test) = test else { continue };
            let found = source.match_indices("#[test]").any(|(at, _)| {
                let name = source[at..].split_once("fn ").map(|(_, rest)| rest.split('(').next());
                name == Some(Some(test))
            });
            assert!(found, "{file} has no test {test}");
        }
    }
}

/// The blocks of code of a document that name the file they are from, in a comment before them; and how many other
/// blocks stand there that nothing compiles.
fn quotations(text: &str) -> (Vec<(&str, String)>, usize) {
    let (mut found, mut untested, mut from) = (Vec::new(), 0, None);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let comment = line.strip_prefix("<!-- from ").and_then(|rest| rest.strip_suffix(" -->"));
        if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            match from.take() {
                Some(file) => found.push((file, block.join("\n") + "\n")),
                None => untested += usize::from(language.contains("ignore") || language == "python"),
            }
        } else if comment.is_some() {
            from = comment;
        }
    }
    (found, untested)
}

#[test]
fn quotations_are_found() {
    let text =
        "<!-- from a.rs -->\n```rust,ignore\nfn a() {}\n\n```\n```rust\n1\n```\n```rust,ignore\n2\n```\n";
    assert_eq!(quotations(text), (vec![("a.rs", "fn a() {}\n\n".to_owned())], 1));
}

/// `.ci/run loaders` runs these files.
#[test]
fn the_loaders_in_the_readme_are_those_that_are_tested() {
    let readme = document("README.md");
    let (quotations, untested) = quotations(&readme);
    assert_eq!(untested, 0, "code that nothing compiles or runs");
    for (file, block) in &quotations {
        let lines = block.lines().count();
        assert!((5..=16).contains(&lines), "{file}: {lines} lines");
        assert!(
            document(file).contains(block.as_str()),
            "{file} does not have, as it stands there:\n{block}"
        );
    }
    for name in ["candle", "memfd", "safetensors", "tract"] {
        let file = format!("tests/loaders/examples/{name}.rs");
        assert!(quotations.iter().any(|(from, _)| *from == file), "nothing of {file}");
    }
}

/// The targets of `[text](target)` and of `[label]: target`, outside code.
fn links(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            found.extend(
                line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link),
            );
            let definition = line.strip_prefix('[').and_then(|line| line.split_once("]: "));
            found.extend(definition.map(|(_, link)| link.trim()));
        }
    }
    // `[text](target "title")`
    found.into_iter().filter_map(|link| link.split_whitespace().next()).collect()
}

#[test]
fn links_are_found() {
    let text = "[a](x.md) and [b](y/z.md#part \"title\")\n```\n[c](no)\n```\n![d](e.png)\n[f]: g.md\n";
    assert_eq!(links(text), ["x.md", "y/z.md#part", "e.png", "g.md"]);
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut broken = Vec::new();
    for name in ["README.md", "SECURITY.md", "CHANGELOG.md"] {
        let text = document(name);
        for link in links(&text) {
            let target = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !link.starts_with("mailto:") && !root().join(target).exists() {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
