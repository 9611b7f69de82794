//! The Rust version that the workspace promises is enough for everything it is built from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The crates of the workspace that people depend on or install.
fn is_published(package: &Value) -> bool {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("crates");
    Path::new(package["manifest_path"].as_str().unwrap()).starts_with(crates)
}

/// Of every platform where cargo has the packages of all, otherwise of this one, whose packages were built a moment ago.
fn metadata() -> Value {
    let host = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    metadata_of(&[]).or_else(|_| metadata_of(&["--filter-platform", host])).unwrap()
}

fn metadata_of(platform: &[&str]) -> Result<Value, String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--all-features"])
        .args(platform)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// `1.88` and `1.88.0` are the same version.
fn version(text: &str) -> Vec<u64> {
    let mut parts: Vec<u64> = text.split('.').map(|part| part.parse().unwrap()).collect();
    parts.resize(3, 0);
    parts
}

#[test]
fn no_dependency_needs_a_newer_rust() {
    let metadata = metadata();
    let packages: BTreeMap<&str, &Value> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package))
        .collect();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();

    let mut pending: Vec<&str> =
        packages.iter().filter(|(_, package)| is_published(package)).map(|(id, _)| *id).collect();
    assert_eq!(pending.len(), 4, "modelsig-hash, modelsig, modelsig-cli, modelsig-ffi: {pending:?}");
    let promised = packages[pending[0]]["rust_version"].as_str().unwrap();
    for id in &pending {
        assert_eq!(packages[id]["rust_version"], promised, "{id}");
    }

    let mut needed = BTreeSet::new();
    while let Some(id) = pending.pop() {
        if needed.insert(id) {
            let dependencies = nodes[id]["deps"].as_array().unwrap().iter();
            let used = dependencies.filter(|dependency| {
                let mut kinds = dependency["dep_kinds"].as_array().unwrap().iter();
                kinds.any(|kind| kind["kind"] != "dev")
            });
            pending.extend(used.map(|dependency| dependency["pkg"].as_str().unwrap()));
        }
    }
    assert!(needed.len() > 40, "the walk over the dependencies found only {}", needed.len());
    let newer: Vec<String> = needed
        .into_iter()
        .filter_map(|id| {
            let needs = packages[id]["rust_version"].as_str()?;
            (version(needs) > version(promised)).then(|| format!("{id} needs {needs}"))
        })
        .collect();
    assert!(newer.is_empty(), "the workspace promises {promised}: {newer:#?}");
}
