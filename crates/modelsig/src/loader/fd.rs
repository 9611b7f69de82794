//! Descriptors, for readers that want a file.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use modelsig_hash::Plan;

use super::load::in_place;
use super::rung::{Footing, Purpose};
use super::{Present, SignedModel, hashing_error};
use crate::{Error, Protection};

/// A descriptor of a file whose whole content was checked, open for reading only, with a position of its own at the
/// start.
///
/// On Linux, readers that insist on a path can be given `/proc/self/fd/N`, where `N` is its number.
#[derive(Debug)]
pub struct VerifiedFd {
    file: File,
    length: u64,
    protection: Protection,
}

impl VerifiedFd {
    /// The length of the file in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What keeps the file from changing.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// As a file of the standard library.
    pub fn into_file(self) -> File {
        self.file
    }
}

impl AsFd for VerifiedFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl From<VerifiedFd> for OwnedFd {
    fn from(verified: VerifiedFd) -> Self {
        verified.file.into()
    }
}

impl SignedModel {
    pub(super) fn descriptor(&self, present: &Present) -> Result<VerifiedFd, Error> {
        let (name, length) = (self.name_of(present), present.tree.length);
        let Footing::File { file, protection, proven } = self.footing(present, name, Purpose::Descriptor)?
        else {
            return Err(Error::Internal {
                what: format!("there is no descriptor of memory, as asked for of {name}"),
            });
        };
        if proven {
            return Ok(VerifiedFd { file, length, protection });
        }
        let signed = present.signed_in(&self.manifest);
        let mut plan = Plan::new();
        let task = in_place(name, &file, length, protection)
            .and_then(|source| signed.task(source, length, self.check))
            .map_err(|error| hashing_error(name, error))?;
        plan.push(task);
        let hashed = self.engine.run(&plan).pop().unwrap_or(Err(modelsig_hash::Error::Cancelled));
        signed.judge(self.check, &hashed.map_err(|error| hashing_error(name, error))?)?;
        Ok(VerifiedFd { file, length, protection })
    }
}
