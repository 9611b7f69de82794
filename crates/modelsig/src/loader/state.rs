//! What is remembered of a file between two looks at it.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::VerifiedFile;
use super::parts::Gate;
use crate::Error;
use crate::model::format::Header;

/// Of one file; of most of them nothing, and then it takes no memory. Everything in it was checked.
#[derive(Default)]
pub(crate) struct State(OnceLock<Box<Remembered>>);

#[derive(Default)]
struct Remembered {
    gate: Mutex<Option<Arc<Gate>>>,
    kept: Mutex<Option<VerifiedFile>>,
    header: Mutex<Option<Arc<Header>>>,
}

impl State {
    /// The opened file, for which it may have to be hashed. A failure is not remembered.
    pub(super) fn gate(&self, make: impl FnOnce() -> Result<Gate, Error>) -> Result<Arc<Gate>, Error> {
        once(&self.remembered().gate, make)
    }

    /// As [`State::gate`].
    pub(super) fn header(&self, make: impl FnOnce() -> Result<Header, Error>) -> Result<Arc<Header>, Error> {
        once(&self.remembered().header, make)
    }

    /// The whole file, if it was loaded.
    pub(super) fn kept(&self) -> Option<VerifiedFile> {
        self.0.get().and_then(|remembered| lock(&remembered.kept).clone())
    }

    /// Keeps the whole file, unless somebody else was first.
    pub(super) fn keep(&self, file: VerifiedFile) -> VerifiedFile {
        lock(&self.remembered().kept).get_or_insert(file).clone()
    }

    fn remembered(&self) -> &Remembered {
        self.0.get_or_init(Box::default)
    }
}

/// What is there, or what `make` makes. No lock is held meanwhile: a thread of a pool that waits for the engine takes
/// up other work, which may come here again. So two threads may make the same, of which one is kept.
pub(super) fn once<T>(
    place: &Mutex<Option<Arc<T>>>,
    make: impl FnOnce() -> Result<T, Error>,
) -> Result<Arc<T>, Error> {
    if let Some(made) = &*lock(place) {
        return Ok(Arc::clone(made));
    }
    let made = Arc::new(make()?);
    Ok(Arc::clone(lock(place).get_or_insert(made)))
}

/// What is inside is replaced as a whole: a panic elsewhere leaves it valid.
fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
