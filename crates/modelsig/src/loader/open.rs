//! A signed file, opened: the one place where the loader opens files.

use std::cmp::Ordering;
use std::fs::File;

use modelsig_hash::Source;

use crate::Error;
use crate::content::Opened;
use crate::model::{Model, TreeFile};

/// Where the bytes of a signed file are.
pub(super) struct Place {
    pub(super) file: File,
    /// Where they begin in the file.
    pub(super) offset: u64,
    /// They are all of the file.
    pub(super) whole: bool,
    /// The descriptor shares its position and its mode with one of the caller's.
    pub(super) lent: bool,
}

impl Place {
    /// All of them, `length` bytes.
    pub(super) fn source<'s>(&self, name: &str, length: u64) -> Result<Source<'s>, modelsig_hash::Error> {
        match self.whole {
            true => Source::from_file(name.into(), self.duplicate(name)?),
            false => self.part(name, 0, length),
        }
    }

    /// Some of them.
    pub(super) fn part<'s>(
        &self,
        name: &str,
        start: u64,
        length: u64,
    ) -> Result<Source<'s>, modelsig_hash::Error> {
        let offset = self.offset.saturating_add(start);
        Source::from_file_part(name.into(), self.duplicate(name)?, offset, Some(length))
    }

    fn duplicate(&self, name: &str) -> Result<File, modelsig_hash::Error> {
        let failed = |source| modelsig_hash::Error::Io {
            operation: "duplicate",
            name: name.into(),
            offset: None,
            source,
        };
        self.file.try_clone().map_err(failed)
    }
}

/// Opens a file of the tree, which must be a regular one and have the length that it had.
pub(super) fn open(model: &Model, tree: &TreeFile, name: &str) -> Result<Place, Error> {
    if let Some(content) = model.content(&tree.name) {
        let Opened { file, offset, length, whole, lent } = content.open(name)?;
        same_length(name, tree.length, length)?;
        return Ok(Place { file, offset, whole, lent });
    }
    let file = model.open_file(tree).map_err(|error| Error::io("open", name, error))?;
    let metadata = modelsig_hash::metadata(&file).map_err(|error| Error::io("stat", name, error))?;
    if !metadata.is_file() {
        let what = crate::model::kind_of(metadata.file_type());
        return Err(Error::SpecialFile { path: name.into(), what });
    }
    same_length(name, tree.length, metadata.len())?;
    Ok(Place { file, offset: 0, whole: true, lent: false })
}

pub(crate) fn same_length(name: &str, expected: u64, found: u64) -> Result<(), Error> {
    match found.cmp(&expected) {
        Ordering::Less => Err(Error::Truncated { path: name.into(), expected, found }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(Error::Grown { path: name.into(), expected, found }),
    }
}
