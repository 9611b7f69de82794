//! The form of the corner corpus, `testdata/corners/*/case.json`: what stands on the disk, who is trusted, and what
//! must come of it. The generator writes it and the runner reads it, so that neither can leave something out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One case. The bundle is the file `model.sig` beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corner {
    /// The section of the rules that it is about.
    pub section: String,
    /// Why the verdict is what it is, in one sentence.
    pub reason: String,
    /// What the caller trusts.
    pub trust: CornerTrust,
    /// How the caller's policy differs from the strict one.
    #[serde(default, skip_serializing_if = "CornerPolicy::is_strict")]
    pub policy: CornerPolicy,
    /// Path of the model.
    pub model: String,
    /// Path to which `model.sig` is copied, and where the verifier is told to find it.
    pub signature: String,
    /// What is made before, in this order. All paths are relative to one empty folder.
    pub tree: Vec<CornerEntry>,
    /// What must come of it.
    pub expected: CornerVerdict,
}

/// What the caller trusts: names of files in `testdata/corners/keys`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum CornerTrust {
    /// The `key` method: public keys, without their ending `.pub.pem`.
    Keys(Vec<String>),
    /// The `certificate` method.
    Certificates {
        /// Trust anchors, without their ending `.crt.pem`.
        anchors: Vec<String>,
        /// The demanded identity of the signer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<String>,
        /// The time at which the chain must be valid, in seconds since 1970.
        at: u64,
    },
}

/// How a policy differs from the strict one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CornerPolicy {
    /// Unsigned files are ignored.
    #[serde(skip_serializing_if = "is_false")]
    pub ignore_unsigned_files: bool,
    /// Symbolic links are followed if the signer did so too.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_symlinks: bool,
    /// Empty files that shards do not cover are accepted.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_unsigned_empty: bool,
    /// The four git defaults are treated like any other file.
    #[serde(skip_serializing_if = "is_false")]
    pub strict_git: bool,
    /// The signer's list of ignored paths is not followed.
    #[serde(skip_serializing_if = "is_false")]
    pub no_bundle_ignores: bool,
    /// Bundles of 0.2.0 are read.
    #[serde(skip_serializing_if = "is_false")]
    pub legacy: bool,
    /// Paths that the caller ignores.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore_paths: Vec<String>,
}

impl CornerPolicy {
    fn is_strict(&self) -> bool {
        *self == Self::default()
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Something on the disk. Folders above it are made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum CornerEntry {
    /// A regular file with this text.
    File {
        /// Where.
        path: String,
        /// What stands in it.
        content: String,
    },
    /// An empty folder.
    Folder {
        /// Where.
        path: String,
    },
    /// A symbolic link.
    Symlink {
        /// Where.
        path: String,
        /// Where to.
        target: String,
    },
    /// A named pipe.
    Fifo {
        /// Where.
        path: String,
    },
    /// A copy of the bundle of the case.
    Bundle {
        /// Where.
        path: String,
    },
}

/// What must come of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CornerVerdict {
    /// `verified`, `rejected` or `error`.
    pub verdict: String,
    /// 0, 1 or 2.
    pub exit_code: u8,
    /// The kind of the error, as reports name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The error with the faults inside it: `Statement/BadName/DotDot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Of a rejected model: each file with a problem, and the variant of that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub problems: BTreeMap<String, String>,
    /// The notes of the report, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The files that the report lists as skipped, each with its reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<String, String>,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/corners")
}

/// The folders with a case, by name. Everything else in the corpus must be known.
pub fn discovered() -> Vec<PathBuf> {
    let entries = fs::read_dir(corpus()).expect("the corpus can be listed");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|path| !matches!(name_of(path), "SOURCE.md" | "keys"));
    folders.sort();
    assert!(!folders.is_empty(), "the corpus is empty");
    folders
}

/// The last component of a path.
pub fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a UTF-8 name")
}

/// A file of `testdata/corners/keys`.
pub fn key_file(name: &str) -> PathBuf {
    corpus().join("keys").join(name)
}

impl Corner {
    /// Reads the case in a folder.
    pub fn read(folder: &Path) -> Self {
        let path = folder.join("case.json");
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Makes in `place` what the case in `folder` describes; false where the file system takes two of its names for
    /// one.
    #[cfg(unix)]
    pub fn build(&self, folder: &Path, place: &Path) -> bool {
        let bundle = folder.join("model.sig");
        for entry in &self.tree {
            let path = place.join(entry.path());
            if path.symlink_metadata().is_ok() {
                return false;
            }
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("folders can be made");
            match entry {
                CornerEntry::File { content, .. } => {
                    fs::write(&path, content).expect("a file can be written")
                }
                CornerEntry::Folder { .. } => fs::create_dir(&path).expect("a folder can be made"),
                CornerEntry::Symlink { target, .. } => {
                    std::os::unix::fs::symlink(target, &path).expect("a link can be made");
                }
                CornerEntry::Fifo { .. } => crate::make_fifo(&path),
                CornerEntry::Bundle { .. } => drop(fs::copy(&bundle, &path).expect("a bundle can be copied")),
            }
        }
        fs::copy(bundle, place.join(&self.signature)).expect("the bundle can be copied");
        true
    }
}

impl CornerEntry {
    fn path(&self) -> &str {
        let (Self::File { path, .. }
        | Self::Folder { path }
        | Self::Symlink { path, .. }
        | Self::Fifo { path }
        | Self::Bundle { path }) = self;
        path
    }
}
