//! A signed file, opened: the one place where the loader opens files.

use std::cmp::Ordering;
use std::fs::File;

use crate::Error;
use crate::model::{Model, TreeFile};

/// Opens a file of the tree, which must be a regular one and have the length that it had.
pub(super) fn open(model: &Model, tree: &TreeFile, name: &str) -> Result<File, Error> {
    let file = model.open_file(tree).map_err(|error| Error::io("open", name, error))?;
    let metadata = file.metadata().map_err(|error| Error::io("stat", name, error))?;
    if !metadata.is_file() {
        let what = crate::model::kind_of(metadata.file_type());
        return Err(Error::SpecialFile { path: name.into(), what });
    }
    same_length(name, tree.length, metadata.len())?;
    Ok(file)
}

pub(super) fn same_length(name: &str, expected: u64, found: u64) -> Result<(), Error> {
    match found.cmp(&expected) {
        Ordering::Less => Err(Error::Truncated { path: name.into(), expected, found }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(Error::Grown { path: name.into(), expected, found }),
    }
}
