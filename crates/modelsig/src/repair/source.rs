//! Where good bytes come from. Nothing that a source says is believed: every byte is checked against the signed digest.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use modelsig_hash::uninterrupted;

use super::position;
use crate::Error;
use crate::model::{Model, ModelPath, kind_of};

/// A copy of a model, good or not, from which damaged ranges are fetched.
///
/// A source may be anybody's: it is asked for the damaged ranges only, each byte once, and what it returns is used only
/// if it has the signed digest. What it can do is to be slow, or to fail.
///
/// ```
/// use std::io;
///
/// use modelsig::{ModelPath, RepairSource};
///
/// /// Files in memory.
/// struct InMemory(std::collections::HashMap<String, Vec<u8>>);
///
/// impl RepairSource for InMemory {
///     fn read_at(&self, name: &ModelPath, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
///         let file = self.0.get(name.as_str()).ok_or(io::ErrorKind::NotFound)?;
///         let rest = file.get(offset as usize..).unwrap_or_default();
///         let count = rest.len().min(buffer.len());
///         buffer[..count].copy_from_slice(&rest[..count]);
///         Ok(count)
///     }
/// }
/// ```
pub trait RepairSource {
    /// Reads bytes of a file of the model from `offset` on into the buffer. How many they are; 0 means that the file
    /// has no more.
    ///
    /// # Errors
    /// Whatever keeps it from that. The range is not repaired; others still are.
    fn read_at(&self, name: &ModelPath, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// True when this is the copy of one file, whatever it is asked for: then it can only mend a model of which one
    /// file is damaged.
    fn is_single_file(&self) -> bool {
        false
    }
}

/// A folder with files of the same names, or the copy of a single file.
///
/// In a folder, no symbolic link is followed beneath the path that was given. Only regular files are read.
pub struct LocalSource {
    model: Model,
    /// The file that was read last: it will be asked for again.
    last: Mutex<Option<(ModelPath, Arc<File>)>>,
}

impl LocalSource {
    /// The folder or file at a path. A symbolic link at the path itself is followed.
    ///
    /// # Errors
    /// [`Error::Io`] when there is nothing, or it cannot be opened; [`Error::NotAFile`] for a special file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        // It is no model that is not there.
        uninterrupted(|| path.metadata())
            .map_err(|error| Error::io("open", path.to_string_lossy(), error))?;
        let model = Model::open(path)?;
        Ok(Self { model, last: Mutex::default() })
    }

    fn file(&self, name: &ModelPath) -> io::Result<Arc<File>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = last.as_ref().filter(|(of, _)| of == name) {
            return Ok(Arc::clone(file));
        }
        let file = self.model.open_named(name)?;
        let kind = modelsig_hash::metadata(&file)?.file_type();
        if !kind.is_file() {
            return Err(io::Error::other(format!("it is a {}, not a regular file", kind_of(kind))));
        }
        let file = Arc::new(file);
        *last = Some((name.clone(), Arc::clone(&file)));
        Ok(file)
    }
}

impl RepairSource for LocalSource {
    fn read_at(&self, name: &ModelPath, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        position::read(&*self.file(name)?, offset, buffer)
    }

    fn is_single_file(&self) -> bool {
        self.model.is_file()
    }
}

impl std::fmt::Debug for LocalSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalSource").field("path", &self.model.shown()).finish_non_exhaustive()
    }
}

/// An open file of our own as a source: what is staged, or the old file of which good parts are kept.
pub(super) struct OpenFile<'f>(pub(super) &'f File);

impl RepairSource for OpenFile<'_> {
    fn read_at(&self, _: &ModelPath, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        position::read(self.0, offset, buffer)
    }
}
