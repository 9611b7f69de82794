//! Enumeration (OMS spec 6.1): every regular file below the root, in code-point order of its name.
//!
//! Everything else is a problem that is returned, not skipped: links, special files, names that cannot be signed,
//! folders that cannot be read. What is left out on purpose is listed with its reason.

use std::ffi::OsString;
use std::path::Path;

use modelsig_hash::uninterrupted;

use super::root::Root;
use super::{Exclusions, ModelPath, PathFault, SkipReason};
use crate::bundle::Bundle;
use crate::limits::at_most;
use crate::{Error, Limits};

/// What a folder holds.
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) kind: EntryKind,
}

pub(super) enum EntryKind {
    /// A regular file of so many bytes, and whether it has other names too.
    File {
        length: u64,
        has_more_names: bool,
    },
    Folder,
    Symlink,
    Special(&'static str),
    /// It is there, and nobody can tell what it is.
    Unknown(std::io::Error),
}

/// What to do with a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symlinks {
    Reject,
    /// Hash the target under the link's name, if it is a regular file inside the model.
    FollowInside,
}

/// A file of the model.
#[derive(Debug)]
pub(crate) struct TreeFile {
    pub(crate) name: ModelPath,
    /// In bytes, when the tree was walked.
    pub(crate) length: u64,
    /// For a symbolic link, the file that it leads to.
    target: Option<ModelPath>,
}

impl TreeFile {
    pub(super) fn plain(name: ModelPath, length: u64) -> Self {
        Self { name, length, target: None }
    }

    /// True when it was reached through a symbolic link.
    #[cfg(feature = "sign")]
    pub(crate) fn is_link(&self) -> bool {
        self.target.is_some()
    }

    /// True when two walks saw the same file under a name: of the same length, in the same place.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.length == other.length && self.opens() == other.opens()
    }

    /// The name under which the bytes are found.
    pub(super) fn opens(&self) -> &ModelPath {
        self.target.as_ref().unwrap_or(&self.name)
    }
}

/// A file that was not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Its name inside the model; what is not UTF-8 is replaced. A trailing `/` marks a folder that could not be
    /// listed.
    pub path: String,
    /// The rule that left it out.
    pub reason: SkipReason,
}

/// What was found below the root.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// In code-point order.
    pub(crate) files: Vec<TreeFile>,
    pub(crate) problems: Vec<Error>,
    pub(crate) skipped: Vec<Skipped>,
    /// Some of the files have other names too.
    pub(crate) has_hard_links: bool,
}

/// A folder still to be listed: `None` for the root. `skipped` when it lies in an excluded subtree.
struct Pending {
    folder: Option<ModelPath>,
    depth: usize,
    skipped: Option<SkipReason>,
}

pub(super) fn walk(
    root: &Root,
    exclusions: &Exclusions,
    symlinks: Symlinks,
    limits: &Limits,
) -> Result<Tree, Error> {
    let (tree, pending) = (Tree::default(), Vec::new());
    let mut walk =
        Walk { root, exclusions, symlinks, limits, tree, pending, seen: 0, name_bytes: 0, bundle_bytes: 0 };
    walk.pending.push(Pending { folder: None, depth: 0, skipped: None });
    while let Some(next) = walk.pending.pop() {
        walk.list(&next)?;
    }
    walk.tree.files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    walk.tree.skipped.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(walk.tree)
}

struct Walk<'w> {
    root: &'w Root,
    exclusions: &'w Exclusions,
    symlinks: Symlinks,
    limits: &'w Limits,
    tree: Tree,
    pending: Vec<Pending>,
    /// How many files and folders.
    seen: usize,
    /// How many bytes were read to tell bundles from other files.
    bundle_bytes: u64,
    /// Bytes in their paths.
    name_bytes: usize,
}

impl Walk<'_> {
    fn list(&mut self, next: &Pending) -> Result<(), Error> {
        let shown = next.folder.as_ref().map_or(".", |folder| folder.as_str());
        let room = self.limits.resources.saturating_sub(self.seen);
        let bytes = self.limits.name_bytes.saturating_sub(self.name_bytes);
        let entries = match (self.root.list(next.folder.as_ref(), room, bytes), next.skipped) {
            (Ok(entries), _) => entries,
            (Err(_), Some(reason)) => {
                self.tree.skipped.push(Skipped { path: format!("{shown}/"), reason });
                return Ok(());
            }
            (Err(error), None) => {
                self.tree.problems.push(Error::io("list folder", shown, error));
                return Ok(());
            }
        };
        self.seen = self.seen.saturating_add(entries.len());
        self.limit("the number of files and folders", self.limits.resources, self.seen)?;
        self.limit("the depth of folders", self.limits.folder_depth, next.depth)?;
        let folder = next.folder.as_ref().map_or(0, |folder| folder.as_str().len().saturating_add(1));
        for entry in entries {
            self.name_bytes = self.name_bytes.saturating_add(folder).saturating_add(entry.name.len());
            self.limit("the length of all paths together in bytes", self.limits.name_bytes, self.name_bytes)?;
            self.visit(next, entry);
        }
        Ok(())
    }

    fn limit(&self, what: &'static str, limit: usize, found: usize) -> Result<(), Error> {
        at_most(self.root.canonical(), what, limit, found)
    }

    fn visit(&mut self, parent: &Pending, entry: Entry) {
        let folder = parent.folder.as_ref();
        let shown = || match folder {
            None => entry.name.to_string_lossy().into_owned(),
            Some(folder) => format!("{folder}/{}", entry.name.to_string_lossy()),
        };
        let name = match entry.name.to_str().map(|name| self.name(folder, name)) {
            Some(Ok(name)) => name,
            // What is left out need not have a name that can be signed.
            _ if parent.skipped.is_some() => {
                let reason = parent.skipped.unwrap_or(SkipReason::Caller);
                return self.tree.skipped.push(Skipped { path: shown(), reason });
            }
            Some(Err(fault)) => return self.tree.problems.push(Error::BadName { path: shown(), fault }),
            None => return self.tree.problems.push(Error::NameNotUtf8 { path: shown() }),
        };
        let skipped = match parent.skipped {
            Some(reason) => Some(reason),
            None => match self.reason_to_skip(&name, &entry.kind) {
                Ok(skipped) => skipped,
                Err(problem) => return self.tree.problems.push(problem),
            },
        };
        match (entry.kind, skipped) {
            (EntryKind::Folder, skipped) => {
                self.pending.push(Pending {
                    folder: Some(name),
                    depth: parent.depth.saturating_add(1),
                    skipped,
                });
            }
            (_, Some(reason)) => self.tree.skipped.push(Skipped { path: name.to_string(), reason }),
            (EntryKind::File { length, has_more_names }, None) => {
                self.tree.has_hard_links |= has_more_names;
                self.tree.files.push(TreeFile::plain(name, length));
            }
            (EntryKind::Special(what), None) => {
                self.tree.problems.push(Error::SpecialFile { path: name.to_string(), what });
            }
            (EntryKind::Unknown(error), None) => {
                self.tree.problems.push(Error::io("stat", name.as_str(), error));
            }
            (EntryKind::Symlink, None) => match self.follow(name) {
                Ok(file) => self.tree.files.push(file),
                Err(problem) => self.tree.problems.push(problem),
            },
        }
    }

    fn name(&self, folder: Option<&ModelPath>, component: &str) -> Result<ModelPath, PathFault> {
        let name = ModelPath::child(folder, component)?;
        if name.as_str().len() > self.limits.path_bytes { Err(PathFault::TooLong) } else { Ok(name) }
    }

    /// The place of a bundle is a place for one file. A recorded name that ends in `.sig` is the place of the signer's
    /// bundle, and left out only if a bundle stands there: otherwise it would be a place for anything.
    fn reason_to_skip(&mut self, name: &ModelPath, kind: &EntryKind) -> Result<Option<SkipReason>, Error> {
        let Some(reason) = self.exclusions.reason(name) else { return Ok(None) };
        if reason == SkipReason::Signature && !matches!(kind, EntryKind::File { .. }) {
            return Ok(None);
        }
        let reserved = reason == SkipReason::Signer && name.as_str().to_ascii_lowercase().ends_with(".sig");
        let skip = match kind {
            _ if !reserved => true,
            EntryKind::File { length, .. } => self.is_bundle(name, *length)?,
            _ => false,
        };
        Ok(skip.then_some(reason))
    }

    /// All that are read to find out are together no longer than one bundle may be.
    fn is_bundle(&mut self, name: &ModelPath, length: u64) -> Result<bool, Error> {
        let limit = self.limits.bundle_bytes;
        if length > limit {
            return Ok(false);
        }
        self.bundle_bytes = self.bundle_bytes.saturating_add(length);
        if self.bundle_bytes > limit {
            let what = "the size of all ignored bundles in bytes";
            return Err(Error::Limit { path: name.to_string(), what, limit, found: self.bundle_bytes });
        }
        let failed = |operation| move |error| Error::io(operation, name.as_str(), error);
        let file = self.root.open_file(name).map_err(failed("open"))?;
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::Read::take(file, length.saturating_add(1)), &mut bytes)
            .map_err(failed("read"))?;
        Ok(bytes.len() as u64 == length && Bundle::parse("", bytes, self.limits).is_ok())
    }

    fn follow(&self, name: ModelPath) -> Result<TreeFile, Error> {
        let path = name.to_string();
        if self.symlinks == Symlinks::Reject {
            return Err(Error::Symlink { path });
        }
        let link = self.root.canonical().join(Path::new(name.as_str()));
        let end = match uninterrupted(|| link.canonicalize()) {
            Err(error) if is_loop(&error) => return Err(Error::SymlinkLoop { path }),
            Err(error) if leads_nowhere(&link, &error) => return Err(Error::SymlinkDangling { path }),
            result => result.map_err(|error| Error::io("follow symbolic link", &path, error))?,
        };
        let Ok(inside) = end.strip_prefix(self.root.canonical()) else {
            return Err(Error::SymlinkOutside { path, target: end.to_string_lossy().into_owned() });
        };
        let metadata =
            uninterrupted(|| end.symlink_metadata()).map_err(|error| Error::io("stat", &path, error))?;
        if metadata.is_dir() {
            return Err(Error::SymlinkToFolder { path });
        }
        if !metadata.is_file() {
            return Err(Error::SpecialFile { path, what: super::kind_of(metadata.file_type()) });
        }
        if inside.to_str().is_none() {
            return Err(Error::NameNotUtf8 { path });
        }
        let target = super::slashed(inside).map_err(|fault| Error::BadName { path, fault })?;
        Ok(TreeFile { name, length: metadata.len(), target: Some(target) })
    }
}

/// True for what the system says of a link whose end is not there, or cannot be.
fn leads_nowhere(link: &Path, error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    match error.kind() {
        NotFound | NotADirectory => true,
        // Unless it is our own name for the link that is too long.
        InvalidFilename => uninterrupted(|| link.symlink_metadata()).is_ok(),
        _ => false,
    }
}

/// True for what the system says of links in a circle, and of a link that is not to be followed.
pub(crate) fn is_loop(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    #[cfg(not(unix))]
    return {
        let _ = error;
        false
    };
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn a_link_with_a_long_name_of_its_own_need_not_lead_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let too_long = std::io::Error::from(ErrorKind::InvalidFilename);
        assert!(leads_nowhere(folder.path(), &too_long));
        assert!(!leads_nowhere(&folder.path().join("n".repeat(5_000)), &too_long));
        assert!(leads_nowhere(folder.path(), &ErrorKind::NotFound.into()));
        assert!(!leads_nowhere(folder.path(), &ErrorKind::PermissionDenied.into()));
    }
}
