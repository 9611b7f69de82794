//! What the log must not be: something that the command reads, or prints to. A line that is appended to a model, a
//! bundle or a key destroys it, and a log in the folder of a model is a file that nobody signed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use modelsig::hash::uninterrupted;
use modelsig::{Error, Escaped};

use super::Case;
use crate::args::folder_of;

/// Before the log is opened, and perhaps made: that it has no place which is read.
pub(super) fn lies_elsewhere(log: &Path, case: &Case) -> Result<(), Error> {
    let folder = uninterrupted(|| folder_of(log).canonicalize())
        .map_err(|source| cannot("find the folder of", log, source))?;
    for root in case.roots() {
        let Some(identity) = Identity::at(root) else { continue };
        if folder.ancestors().any(|folder| Identity::at(folder).as_ref() == Some(&identity)) {
            return Err(refused(log, format!("lies inside '{}'", shown(root))));
        }
    }
    // What is not there yet has a place, and is not to be made in it.
    let own = log.file_name().map(|name| folder.join(name));
    for path in case.roots().chain(case.files()) {
        if own.is_some() && own == place_of(path) {
            return Err(refused(log, format!("is '{}', which is to be read", shown(path))));
        }
    }
    Ok(())
}

/// After it was opened: that it is nothing that the command reads or prints to.
pub(super) fn is_nothing_else(log: &Path, opened: &File, case: &Case) -> Result<(), Error> {
    let identity = Identity::of(log, opened).map_err(|source| cannot("stat", log, source))?;
    for path in case.roots().chain(case.files()) {
        if Identity::at(path).as_ref() == Some(&identity) {
            return Err(refused(log, format!("is '{}', which is to be read", shown(path))));
        }
    }
    #[cfg(unix)]
    {
        for (name, found) in
            [("stdout", unix::stream(&io::stdout())), ("stderr", unix::stream(&io::stderr()))]
        {
            if found.map_err(|source| cannot("stat", Path::new(name), source))? == identity {
                return Err(refused(log, format!("is where {name} goes")));
            }
        }
        // One of them may lie in the folder of the model.
        if unix::has_other_names(opened).map_err(|source| cannot("stat", log, source))? {
            return Err(refused(log, "has other names (hard links)".into()));
        }
    }
    Ok(())
}

/// The one path of a name that need not be there.
fn place_of(path: &Path) -> Option<PathBuf> {
    let folder = uninterrupted(|| folder_of(path).canonicalize()).ok()?;
    Some(folder.join(path.file_name()?))
}

fn shown(path: &Path) -> String {
    Escaped(&path.to_string_lossy()).to_string()
}

fn refused(log: &Path, why: String) -> Error {
    Error::Usage { what: format!("the audit log '{}' {why}", shown(log)) }
}

fn cannot(operation: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io { operation, path: path.to_string_lossy().into(), source }
}

#[cfg(unix)]
use unix::Identity;

/// A file has many names (links, mounts), and one device and inode.
#[cfg(unix)]
mod unix {
    use std::fs::Metadata;
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    use modelsig::hash::metadata;

    use super::{File, Path, io, uninterrupted};

    /// What tells a file or folder from all others.
    #[derive(PartialEq)]
    pub(super) struct Identity(u64, u64);

    impl Identity {
        /// What cannot be looked at is told when it is read.
        pub(super) fn at(path: &Path) -> Option<Self> {
            uninterrupted(|| path.metadata()).as_ref().ok().map(Self::from)
        }

        pub(super) fn of(_path: &Path, opened: &File) -> io::Result<Self> {
            metadata(opened).map(|found| Self::from(&found))
        }
    }

    impl From<&Metadata> for Identity {
        fn from(found: &Metadata) -> Self {
            Self(found.dev(), found.ino())
        }
    }

    pub(super) fn has_other_names(opened: &File) -> io::Result<bool> {
        Ok(metadata(opened)?.nlink() > 1)
    }

    /// Where a stream of this process goes.
    pub(super) fn stream(stream: &impl AsFd) -> io::Result<Identity> {
        let duplicate = File::from(uninterrupted(|| stream.as_fd().try_clone_to_owned())?);
        Identity::of(Path::new(""), &duplicate)
    }
}

/// What std can tell elsewhere.
#[cfg(not(unix))]
#[derive(PartialEq)]
struct Identity(PathBuf);

#[cfg(not(unix))]
impl Identity {
    fn at(path: &Path) -> Option<Self> {
        uninterrupted(|| path.canonicalize()).ok().map(Self)
    }

    fn of(path: &Path, _opened: &File) -> io::Result<Self> {
        uninterrupted(|| path.canonicalize()).map(Self)
    }
}
