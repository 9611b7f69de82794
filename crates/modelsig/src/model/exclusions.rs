//! What is left out of a signature (OMS spec 6.2): the four git defaults, the bundle itself, and the paths that
//! signer and caller name. Exact paths with their subtrees, no patterns.

use std::collections::HashMap;
use std::fmt;

use super::ModelPath;

/// Left out at the top level of every model, each with its subtree.
pub const GIT_DEFAULTS: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// Why a file was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is the bundle of this run.
    Signature,
    /// It is one of [`GIT_DEFAULTS`].
    GitDefault,
    /// The caller asked for it.
    Caller,
    /// The signer recorded it in the bundle.
    Signer,
    /// It was not signed, and the caller ignores such files.
    Unsigned,
}

impl SkipReason {
    /// A word for reports.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::GitDefault => "git-default",
            Self::Caller => "caller",
            Self::Signer => "signer",
            Self::Unsigned => "unsigned",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A set of paths with their subtrees.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exclusions(HashMap<ModelPath, SkipReason>);

impl Exclusions {
    /// Adds a path; the first reason given for it stays.
    pub(crate) fn add(&mut self, path: ModelPath, reason: SkipReason) {
        self.0.entry(path).or_insert(reason);
    }

    /// Adds the git defaults, except those under which `is_signed` finds something.
    pub(crate) fn add_git_defaults(&mut self, is_signed: impl Fn(&str) -> bool) {
        for path in GIT_DEFAULTS {
            if let (false, Ok(path)) = (is_signed(path), ModelPath::parse(path)) {
                self.add(path, SkipReason::GitDefault);
            }
        }
    }

    /// The reason for leaving out exactly this path. Subtrees follow from not entering an excluded folder.
    pub(crate) fn reason(&self, path: &ModelPath) -> Option<SkipReason> {
        self.0.get(path).copied()
    }

    /// The excluded path that covers `path`: itself or a folder above it.
    pub(crate) fn covering(&self, path: &ModelPath) -> Option<(&ModelPath, SkipReason)> {
        path.ancestors().find_map(|above| self.0.get_key_value(above)).map(|(path, reason)| (path, *reason))
    }
}
