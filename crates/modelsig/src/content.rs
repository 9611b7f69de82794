//! Where bundles and the bytes of resources lie when it is not in a folder: in a part of a file (an entry of an APK),
//! behind a descriptor that another program has passed, in memory.
//!
//! Refuses: anything but regular files (a pipe has no length and is gone once read: see
//! [`ResourceStream`](crate::ResourceStream)), and parts that reach out of their file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Error, Limits, input};

/// The content of one resource: a regular file, or a part of one. Nothing is read before it is verified.
#[derive(Clone, Debug)]
pub struct Content {
    place: Place,
    offset: u64,
    /// `None`: up to the end of the file.
    length: Option<u64>,
}

#[derive(Clone, Debug)]
enum Place {
    /// Opened anew each time.
    Path(PathBuf),
    File(Arc<File>),
}

/// Content that was opened and looked at.
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// It is all of the file.
    pub(crate) whole: bool,
    /// The descriptor shares its position and its mode with one of the caller's.
    pub(crate) lent: bool,
}

impl Content {
    /// The file at `path`, symbolic links followed. It is opened when it is needed.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::Path(path.into()), offset: 0, length: None }
    }

    /// An open file. Its position is neither used nor moved.
    pub fn file(file: File) -> Self {
        Self { place: Place::File(Arc::new(file)), offset: 0, length: None }
    }

    /// Only `length` bytes from `offset` on; `None` means up to the end of the file.
    #[must_use]
    pub fn part(mut self, offset: u64, length: Option<u64>) -> Self {
        (self.offset, self.length) = (offset, length);
        self
    }

    /// The path, unless it is only a part of that file.
    pub(crate) fn whole_path(&self) -> Option<&Path> {
        match &self.place {
            Place::Path(path) if self.is_whole() => Some(path),
            _ => None,
        }
    }

    /// No part of the file was asked for.
    pub(crate) fn is_whole(&self) -> bool {
        self.offset == 0 && self.length.is_none()
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The file that it lies in, which was not looked at.
    pub(crate) fn reopen(&self) -> io::Result<File> {
        match &self.place {
            Place::Path(path) => input::open(path),
            Place::File(file) => file.try_clone(),
        }
    }

    /// Opens it: a regular file that has all the bytes of the part.
    pub(crate) fn open(&self, name: &str) -> Result<Opened, Error> {
        let file = match self.reopen() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::Missing { path: name.into() });
            }
            file => file.map_err(|error| Error::io("open", name, error))?,
        };
        let metadata = modelsig_hash::metadata(&file).map_err(|error| Error::io("stat", name, error))?;
        if !metadata.is_file() {
            return Err(Error::NotAFile {
                path: name.into(),
                what: crate::model::kind_of(metadata.file_type()),
            });
        }
        let available = metadata.len();
        let length = match self.length {
            Some(length) => length,
            None => available.saturating_sub(self.offset),
        };
        let end = self.offset.checked_add(length).filter(|end| *end <= available);
        if end.is_none() {
            let range = self.offset..self.offset.saturating_add(length);
            return Err(Error::OutOfRange { path: name.into(), range, length: available });
        }
        let whole = self.offset == 0 && length == available;
        let lent = matches!(self.place, Place::File(_));
        Ok(Opened { file, offset: self.offset, length, whole, lent })
    }
}

/// Where a bundle lies.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum BundleSource<'b> {
    /// A file. Only one that is named by its path may lie inside the model: it is then left out of what must be signed.
    Path(&'b Path),
    /// A file or a part of one, with a name for messages.
    Content(&'b str, &'b Content),
    /// Its bytes, with a name for messages.
    Bytes(&'b str, &'b [u8]),
}

impl<'b> From<&'b Path> for BundleSource<'b> {
    fn from(path: &'b Path) -> Self {
        Self::Path(path)
    }
}

impl<'b> From<&'b PathBuf> for BundleSource<'b> {
    fn from(path: &'b PathBuf) -> Self {
        Self::Path(path)
    }
}

impl BundleSource<'_> {
    /// What to call it in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Path(path) => path.to_string_lossy().into_owned(),
            Self::Content(name, _) | Self::Bytes(name, _) => (*name).to_owned(),
        }
    }

    /// The path of a bundle that may lie inside the model.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Content(_, content) => content.whole_path(),
            Self::Bytes(..) => None,
        }
    }

    /// Its bytes, up to the limit.
    pub(crate) fn read(&self, limits: &Limits) -> Result<Vec<u8>, Error> {
        match self {
            Self::Path(path) => input::read_bundle(path, input::open(path), limits),
            Self::Content(_, content) if content.whole_path().is_some() => {
                let path = content.whole_path().unwrap_or(Path::new(""));
                input::read_bundle(path, input::open(path), limits)
            }
            Self::Content(name, content) => input::read_bundle_part(name, content.open(name)?, limits),
            Self::Bytes(name, bytes) => input::bundle_in_memory(name, bytes, limits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> File {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        File::open(file.path()).unwrap()
    }

    #[test]
    fn a_part_lies_inside_of_its_file() {
        let content = Content::file(file(b"0123456789"));
        for (offset, length, expected) in [
            (0, None, (10, true)),
            (0, Some(10), (10, true)),
            (3, None, (7, false)),
            (10, None, (0, false)),
            (2, Some(3), (3, false)),
        ] {
            let opened = content.clone().part(offset, length).open("c").unwrap();
            assert_eq!((opened.length, opened.whole), expected, "{offset} {length:?}");
        }
        for (offset, length) in [
            (0, Some(11)),
            (11, Some(0)),
            (11, None),
            (u64::MAX, None),
            (u64::MAX, Some(1)),
            (1, Some(u64::MAX)),
        ] {
            let refused = content.clone().part(offset, length).open("c").map(|_| ());
            assert!(matches!(refused, Err(Error::OutOfRange { .. })), "{offset} {length:?}: {refused:?}");
        }
    }

    #[test]
    fn a_bundle_in_a_part_of_a_file_has_a_limit() {
        let content = Content::file(file(b"0123456789")).part(2, Some(5));
        let limits = |bundle_bytes| Limits { bundle_bytes, ..Limits::default() };
        let source = BundleSource::Content("b", &content);
        assert_eq!(source.read(&limits(5)).unwrap(), b"23456");
        assert!(matches!(source.read(&limits(4)), Err(Error::Limit { found: 5, .. })));
        let source = BundleSource::Bytes("b", b"01234");
        assert_eq!(source.read(&limits(5)).unwrap(), b"01234");
        assert!(matches!(source.read(&limits(4)), Err(Error::Limit { found: 5, .. })));
    }
}
