//! What is remembered of a file between two looks at it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::VerifiedFile;
use super::parts::Gate;
use crate::Error;
use crate::model::format::Header;

/// Of one file. Everything in it was checked.
#[derive(Default)]
pub(crate) struct State {
    gate: Mutex<Option<Arc<Gate>>>,
    kept: Mutex<Option<VerifiedFile>>,
    header: Mutex<Option<Arc<Header>>>,
}

impl State {
    /// The opened file, made by whoever comes first while others wait: it may have to be hashed. A failure is not
    /// remembered.
    pub(super) fn gate(&self, make: impl FnOnce() -> Result<Gate, Error>) -> Result<Arc<Gate>, Error> {
        once(&self.gate, make)
    }

    /// As [`State::gate`].
    pub(super) fn header(&self, make: impl FnOnce() -> Result<Header, Error>) -> Result<Arc<Header>, Error> {
        once(&self.header, make)
    }

    /// The whole file, if it was loaded.
    pub(super) fn kept(&self) -> Option<VerifiedFile> {
        lock(&self.kept).clone()
    }

    /// Keeps the whole file, unless somebody else was first.
    pub(super) fn keep(&self, file: VerifiedFile) -> VerifiedFile {
        lock(&self.kept).get_or_insert(file).clone()
    }
}

pub(super) fn once<T>(
    place: &Mutex<Option<Arc<T>>>,
    make: impl FnOnce() -> Result<T, Error>,
) -> Result<Arc<T>, Error> {
    let mut place = lock(place);
    if let Some(made) = &*place {
        return Ok(Arc::clone(made));
    }
    let made = Arc::new(make()?);
    *place = Some(Arc::clone(&made));
    Ok(made)
}

/// What is inside is replaced as a whole: a panic elsewhere leaves it valid.
fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
