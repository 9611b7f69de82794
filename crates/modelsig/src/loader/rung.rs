//! Which rung of protection a file comes to stand on: the strongest that is to be had for little, and never a weaker
//! one than the policy accepts.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

use modelsig_hash::protect::{self, verity};

use super::open::{Place, open};
use super::{Present, SignedModel};
use crate::guarded::{by_guard, measured};
use crate::{Error, Protection};

/// Files up to this length (configuration, tokenizers, code) are copied, whatever the file system could do for them.
const SMALL: u64 = 1 << 20;

/// What a file is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Bytes,
    #[cfg(unix)]
    Descriptor,
}

/// Where the bytes of a file will be checked, and used afterwards.
pub(super) enum Footing {
    /// In memory, while they are copied there.
    Copy,
    /// In this file. `proven` when the kernel has already told that its content is the signed one.
    File { file: File, protection: Protection, proven: bool },
}

/// What was learned about the file system of a model, so that nothing is tried for each of its files.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    cannot_clone: AtomicBool,
}

impl SignedModel {
    pub(super) fn footing(&self, present: &Present, name: &str, purpose: Purpose) -> Result<Footing, Error> {
        let least = self.policy.min_protection;
        let length = present.tree.length;
        if purpose == Purpose::Bytes
            && length <= SMALL
            && least <= Protection::Private
            && self.may_copy(length)
        {
            return Ok(Footing::Copy);
        }
        let Place { file, offset, whole, lent } = open(&self.model, &present.tree, name)?;
        let on = |file, protection| Ok(Footing::File { file, protection, proven: false });
        let mut tried = Vec::new();
        // The caller's descriptor has a position that is not to be moved, and may be open for writing.
        let (file, in_place) = match whole && lent && purpose != Purpose::Bytes {
            false => (file, whole),
            true => match protect::reopened(&file) {
                Ok(own) => (own, whole),
                Err(error) => {
                    tried.push(format!(
                        "its descriptor is the caller's, and it cannot be opened anew: {error}"
                    ));
                    (file, false)
                }
            },
        };
        if !whole {
            tried.push("it is a part of a larger file, which can only be copied".to_owned());
        } else if !in_place {
            // Why was told.
        } else if measured(&file, length, verity::measure).is_some() {
            let signed = present.signed_in(&self.manifest);
            let duplicate = || file.try_clone();
            let proven = by_guard(self.check, &[signed], length, duplicate, verity::measure);
            return Ok(Footing::File { file, protection: Protection::Kernel, proven });
        } else {
            tried.push("fs-verity is not on".to_owned());
        }
        // A clone costs nothing, but its blocks are read once more when they are used, and storage can answer
        // differently then: it is for those who ask for it, and for files that are too long to be copied.
        if whole && least == Protection::Clone {
            match self.clone_of(&file) {
                Ok(clone) => return on(clone, Protection::Clone),
                Err(why) => tried.push(why),
            }
        }
        if least <= Protection::Sealed {
            if !self.may_copy(length) {
                let most = self.policy.max_copy_bytes.unwrap_or(u64::MAX);
                tried.push(format!("it has {length} bytes, and at most {most} are copied"));
            } else if least <= Protection::Private && purpose == Purpose::Bytes {
                return Ok(Footing::Copy);
            } else {
                match protect::sealed_copy(name, &file, offset, length, &self.engine) {
                    Ok(sealed) => return on(sealed, Protection::Sealed),
                    Err(modelsig_hash::Error::Io { source, .. })
                        if source.kind() == std::io::ErrorKind::Unsupported =>
                    {
                        tried.push("there are no sealed copies here".into());
                    }
                    Err(error) => return Err(super::hashing_error(name, error)),
                }
            }
        }
        if !whole {
            return Err(Error::Protection { path: name.into(), expected: least, tried });
        }
        if least < Protection::Clone {
            match self.clone_of(&file) {
                Ok(clone) => return on(clone, Protection::Clone),
                Err(why) => tried.push(why),
            }
        }
        if !in_place {
            return Err(Error::Protection { path: name.into(), expected: least, tried });
        }
        // On Windows the file was opened in a way that keeps writers out as long as it is open.
        if least <= Protection::Stable && (cfg!(windows) || protect::is_stable(&file)) {
            return on(file, Protection::Stable);
        }
        tried.push("others can write to it, or nobody can tell".into());
        if least == Protection::Unprotected {
            return on(file, Protection::Unprotected);
        }
        Err(Error::Protection { path: name.into(), expected: least, tried })
    }

    /// Whether the policy lets so many bytes be copied into memory.
    pub(super) fn may_copy(&self, length: u64) -> bool {
        self.policy.max_copy_bytes.is_none_or(|most| length <= most)
    }

    fn clone_of(&self, file: &File) -> Result<File, String> {
        let cannot = &self.learned.cannot_clone;
        let why = || "it cannot be cloned".to_owned();
        if cannot.load(Ordering::Relaxed) {
            return Err(why());
        }
        let clone = self.model.folder().and_then(|folder| protect::clone(file, &folder));
        clone.map_err(|error| {
            // Other errors pass, or concern this file alone.
            use std::io::ErrorKind::{
                CrossesDevices, IsADirectory, PermissionDenied, ReadOnlyFilesystem, Unsupported,
            };
            if let CrossesDevices | IsADirectory | PermissionDenied | ReadOnlyFilesystem | Unsupported =
                error.kind()
            {
                cannot.store(true, Ordering::Relaxed);
            }
            format!("{}: {error}", why())
        })
    }
}
