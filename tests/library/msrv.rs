//! The Rust version that the workspace promises is enough for everything it is built from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// The crates of the workspace that people depend on or install.
fn is_published(package: &Value, workspace: &Path) -> bool {
    Path::new(package["manifest_path"].as_str().unwrap()).starts_with(workspace.join("crates"))
}

/// Members that plain commands do not build.
const NOT_DEFAULT: [&str; 2] = ["\"tests/loaders\",", "\"crates/modelsig-ffi/android/jni\","];

/// The workspace without [`NOT_DEFAULT`]: cargo must have all packages that it tells of, and whoever has not built
/// these members has not those that they need.
fn default_workspace() -> TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let kept: Vec<&str> = manifest.lines().filter(|line| !NOT_DEFAULT.contains(&line.trim())).collect();
    let left_out = manifest.lines().count() - kept.len();
    assert_eq!(left_out, NOT_DEFAULT.len(), "{NOT_DEFAULT:?} are not members, or not on lines of their own");
    fs::write(folder.path().join("Cargo.toml"), kept.join("\n")).unwrap();
    fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    for member in ["crates", "benches", "tests"] {
        symlink(root.join(member), folder.path().join(member)).unwrap();
    }
    folder
}

/// Of every platform where cargo has the packages of all, otherwise of this one, whose packages were built a moment
/// ago.
fn metadata(workspace: &Path) -> Value {
    let host = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let all = metadata_of(workspace, &[]);
    all.or_else(|_| metadata_of(workspace, &["--filter-platform", host])).unwrap()
}

fn metadata_of(workspace: &Path, platform: &[&str]) -> Result<Value, String> {
    // Not --locked: cargo takes out of the lock file what the member that is left out needs.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--format-version", "1", "--all-features"])
        .args(platform)
        .current_dir(workspace)
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
    let workspace = default_workspace();
    let metadata = metadata(workspace.path());
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

    let mut pending: Vec<&str> = packages
        .iter()
        .filter(|(_, package)| is_published(package, workspace.path()))
        .map(|(id, _)| *id)
        .collect();
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
