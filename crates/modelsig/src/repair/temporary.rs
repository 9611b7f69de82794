//! Files in the making, beside the one that they are for. Each has one name, by which a later repair knows what an
//! interrupted one has left, and clears it away.

use std::fs::File;
use std::io;

use modelsig_hash::HashAlgorithm;

use super::mend::Place;
use crate::Error;
use crate::loader::SignedModel;
use crate::manifest::Manifest;
use crate::model::{Folder, ModelPath, SkipReason};

const PREFIX: &str = ".modelsig-repair-";
const SUFFIX: &str = ".tmp";

/// A new file under a name of its own, gone when it is dropped unless it was settled.
pub(super) struct Temporary<'p> {
    place: &'p Place<'p>,
    name: String,
    file: File,
    settled: bool,
}

impl<'p> Temporary<'p> {
    /// A new file beside the one at a place. `private` if it will take over the mode of that one.
    pub(super) fn create(manifest: &Manifest, place: &'p Place<'p>, private: bool) -> io::Result<Self> {
        let name = last(&path_for(manifest, &place.damaged.name)).to_owned();
        let file = create_anew(&place.folder, &name, private)?;
        Ok(Self { place, name, file, settled: false })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Takes the place of the old file, or of nothing. The folder is not flushed yet.
    pub(super) fn settle(mut self, replaces: bool) -> io::Result<()> {
        let Place { folder, file, .. } = self.place;
        if !folder.holds(&self.name, &self.file)? {
            return Err(io::Error::other("somebody exchanged the temporary file"));
        }
        if replaces { folder.replace(&self.name, file) } else { folder.rename_to_new(&self.name, file) }?;
        self.settled = true;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.settled {
            // If it cannot be removed, the next repair tries again.
            let _ = self.place.folder.remove(&self.name);
        }
    }
}

/// A file beside the one at a place that nobody finds.
pub(super) fn nameless(manifest: &Manifest, place: &Place<'_>) -> io::Result<File> {
    let path = path_for(manifest, &place.damaged.name);
    let file = create_anew(&place.folder, last(&path), true)?;
    place.folder.remove(last(&path))?;
    Ok(file)
}

/// Removes what an interrupted repair has left beside signed files.
pub(super) fn clear(model: &SignedModel) {
    let unsigned = model.report.files.iter().filter_map(|file| match file.problem.as_deref() {
        Some(Error::Unsigned { path } | Error::EmptyNotCovered { path }) => Some(path.as_str()),
        _ => None,
    });
    let tolerated = model.report.skipped.iter().filter(|skipped| skipped.reason == SkipReason::Unsigned);
    let is_ours = |path: &&str| last(path).strip_prefix(PREFIX).is_some_and(|rest| rest.ends_with(SUFFIX));
    let mut left: Vec<&str> =
        unsigned.chain(tolerated.map(|skipped| skipped.path.as_str())).filter(is_ours).collect();
    if left.is_empty() || model.model.is_file() {
        return;
    }
    left.sort_unstable();
    for signed in &model.manifest.files {
        let path = path_for(&model.manifest, &signed.name);
        if left.binary_search(&path.as_str()).is_ok()
            && let Ok(parsed) = ModelPath::parse(&path)
            && let Ok((folder, file)) = model.model.folder_of(&parsed)
        {
            // What cannot be removed is an unsigned file in the report.
            let _ = folder.remove(&file);
        }
    }
}

/// What stands there under that name was left by an interrupted repair: no other one is at work.
fn create_anew(folder: &Folder, name: &str, private: bool) -> io::Result<File> {
    match folder.create(name, private) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            folder.remove(name)?;
            folder.create(name, private)
        }
        result => result,
    }
}

/// The name in the model of the temporary file for another one. It is never one that was signed.
fn path_for(manifest: &Manifest, name: &ModelPath) -> String {
    let folder = name.as_str().strip_suffix(last(name.as_str())).unwrap_or_default();
    let path = |attempt: usize| {
        // A digest, so that the name is short whatever the other one is.
        let digest = HashAlgorithm::Sha256.digest(format!("{attempt}/{name}").as_bytes());
        let digest = digest.map(|digest| digest.to_string()).unwrap_or_default();
        format!("{folder}{PREFIX}{}{SUFFIX}", digest.get(..16).unwrap_or_default())
    };
    // There are not as many signed files as attempts.
    (0..=manifest.files.len()).map(path).find(|path| !manifest.covers(path)).unwrap_or_else(|| path(0))
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
