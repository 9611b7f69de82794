//! The one way in for small files (bundles and keys): regular files only, opened without blocking, read up to a
//! limit and no further.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::content::Opened;
use crate::{Error, Limits};

/// Reads a bundle that was opened, or not.
pub(crate) fn read_bundle(path: &Path, opened: io::Result<File>, limits: &Limits) -> Result<Vec<u8>, Error> {
    let name = path.to_string_lossy().into_owned();
    let file = match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::BundleNotFound { path: name });
        }
        result => result.map_err(|error| unopened(path, error))?,
    };
    read_limited(file, &name, limits.bundle_bytes, BUNDLE)
}

/// Why a path could not be opened. A folder is one also where opening it is refused first: by Windows, and by a
/// sandbox.
fn unopened(path: &Path, error: io::Error) -> Error {
    let name = path.to_string_lossy().into_owned();
    if error.kind() == io::ErrorKind::PermissionDenied
        && let Ok(found) = modelsig_hash::uninterrupted(|| path.metadata())
        && found.is_dir()
    {
        return Error::NotAFile { path: name, what: crate::model::kind_of(found.file_type()) };
    }
    Error::io("open", name, error)
}

const BUNDLE: &str = "the size of a bundle in bytes";

/// Reads a bundle that is a part of a file.
pub(crate) fn read_bundle_part(name: &str, opened: Opened, limits: &Limits) -> Result<Vec<u8>, Error> {
    in_limit(name, opened.length, limits)?;
    let mut bytes = vec![0; usize::try_from(opened.length).unwrap_or_default()];
    modelsig_hash::read_at(name, &opened.file, opened.offset, &mut bytes)
        .map_err(|error| Error::from_hashing(name, error))?;
    Ok(bytes)
}

/// A bundle that was read by somebody else.
pub(crate) fn bundle_in_memory(name: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    in_limit(name, bytes.len() as u64, limits)?;
    Ok(bytes.to_vec())
}

fn in_limit(name: &str, found: u64, limits: &Limits) -> Result<(), Error> {
    let limit = limits.bundle_bytes;
    if found > limit { Err(Error::Limit { path: name.into(), what: BUNDLE, limit, found }) } else { Ok(()) }
}

/// Reads a key file, which must be text.
pub(crate) fn read_key(path: &Path, limits: &Limits) -> Result<Zeroizing<String>, Error> {
    let name = path.to_string_lossy().into_owned();
    let file = open(path).map_err(|error| unopened(path, error))?;
    text(file, name, limits.key_bytes, "the size of a key file in bytes", not_a_key)
}

/// Reads a file with certificates, which must be text.
#[cfg(feature = "certificate")]
pub(crate) fn read_certificates(path: &Path, limits: &Limits) -> Result<Zeroizing<String>, Error> {
    let name = path.to_string_lossy().into_owned();
    let file = open(path).map_err(|error| unopened(path, error))?;
    let no_certificates = |path| Error::Anchor { path, fault: crate::trust::x509::CertificateFault::NotPem };
    text(file, name, limits.anchor_bytes, "the size of a file with certificates in bytes", no_certificates)
}

/// Reads a private key file, which must be closed to other users.
#[cfg(feature = "sign")]
pub(crate) fn read_private_key(path: &Path, limits: &Limits) -> Result<Zeroizing<String>, Error> {
    let name = path.to_string_lossy().into_owned();
    let file = open(path).map_err(|error| Error::io("open", &name, error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = modelsig_hash::metadata(&file).map_err(|error| Error::io("stat", &name, error))?;
        let mode = metadata.mode() & 0o777;
        if metadata.is_file() && mode & 0o077 != 0 {
            return Err(Error::KeyReadableByOthers { path: name, mode });
        }
    }
    text(file, name, limits.key_bytes, "the size of a key file in bytes", not_a_key)
}

fn not_a_key(path: String) -> Error {
    Error::Key { path, fault: crate::keys::KeyFault::NotPem }
}

fn text(
    file: File,
    name: String,
    limit: u64,
    what: &'static str,
    not_text: impl FnOnce(String) -> Error,
) -> Result<Zeroizing<String>, Error> {
    let bytes = Zeroizing::new(read_limited(file, &name, limit, what)?);
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(not_text(name)),
    }
}

#[cfg(not(windows))]
pub(crate) use modelsig_hash::open_without_blocking as open;

/// As long as it is open nobody can open it for writing, or delete it.
#[cfg(windows)]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    const FILE_SHARE_READ: u32 = 1;
    let mut options = std::fs::OpenOptions::new();
    std::os::windows::fs::OpenOptionsExt::share_mode(options.read(true), FILE_SHARE_READ);
    options.open(path)
}

fn read_limited(file: File, name: &str, limit: u64, what: &'static str) -> Result<Vec<u8>, Error> {
    let metadata = modelsig_hash::metadata(&file).map_err(|error| Error::io("stat", name, error))?;
    if !metadata.is_file() {
        return Err(Error::NotAFile { path: name.into(), what: crate::model::kind_of(metadata.file_type()) });
    }
    let too_large = |found| Error::Limit { path: name.into(), what, limit, found };
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    // A pseudo file may say 0 and hold more. With room for all, and for the look at the end, nothing is moved while it
    // is read: what a move leaves behind of a key or a PIN would not be wiped.
    let mut bytes =
        Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default().saturating_add(64));
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io("read", name, error))?;
    if bytes.len() as u64 > limit { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}
