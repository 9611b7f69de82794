//! The form of the corner corpus, `testdata/corners/*/case.json`: what stands on the disk, who is trusted, and what
//! must come of it. The generator writes it and the runner reads it, so that neither can leave something out.

use std::collections::BTreeMap;

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
