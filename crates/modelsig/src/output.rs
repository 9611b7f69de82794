//! The one way out for bundles: a file appears whole or not at all, with the time at which its making began.

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::SystemTime;

use modelsig_hash::uninterrupted;
use tempfile::NamedTempFile;

use crate::Error;
use crate::model::folder_around;

/// The time by the clock of the file system on which the bundle will stand. Also shows, before hours of hashing, that
/// it can be written. What was written for that is gone again: in the folder of the model it would be signed.
pub(crate) fn time_beside(bundle: &Path) -> Result<Option<SystemTime>, Error> {
    let failed = |error| Error::io("write", bundle.to_string_lossy(), without_path(error));
    let probe =
        tempfile::Builder::new().prefix(".modelsig-").suffix(".tmp").tempfile_in(folder_around(bundle));
    let (probe, path) = probe.and_then(|probe| Ok(probe.keep()?)).map_err(failed)?;
    let metadata = uninterrupted(|| probe.metadata());
    drop(probe);
    uninterrupted(|| std::fs::remove_file(&path))
        .map_err(|error| Error::io("remove the temporary file", path.to_string_lossy(), error))?;
    // Not every platform knows such times.
    Ok(metadata.map_err(failed)?.modified().ok())
}

/// Writes a file whole: into a temporary file beside it, flushed to the device, then renamed. `modified`
/// becomes its modification time. When it fails nothing was written, except when the folder cannot be flushed: then the
/// file stands there, whole, until the power fails.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], modified: Option<SystemTime>) -> Result<(), Error> {
    let failed = |operation| {
        move |error| Error::io(operation, path.to_string_lossy().into_owned(), without_path(error))
    };
    let folder = folder_around(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".modelsig-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the umask takes its share.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(failed("write"))?;
    file.write_all(bytes).map_err(failed("write"))?;
    if let Some(modified) = modified {
        match uninterrupted(|| file.as_file().set_modified(modified)) {
            // Where a file system keeps the time to itself, the bundle is as good without it.
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {}
            result => result.map_err(failed("set the time of"))?,
        }
    }
    file.as_file().sync_all().map_err(failed("flush"))?;
    // Opened while there is still nothing to be undone.
    #[cfg(unix)]
    let folder = std::fs::File::open(folder).map_err(failed("open the folder of"))?;
    rename(file, path).map_err(failed("rename into place"))?;
    #[cfg(unix)]
    modelsig_hash::flush_names(&folder).map_err(failed("flush the folder of"))?;
    Ok(())
}

/// The failure without the name of the temporary file, which the crate tempfile adds and which tells nobody anything.
fn without_path(error: io::Error) -> io::Error {
    match error.to_string().rsplit_once(" at path \"") {
        Some((cause, _)) => io::Error::new(error.kind(), cause),
        None => error,
    }
}

fn rename(mut file: NamedTempFile, path: &Path) -> io::Result<()> {
    loop {
        match file.persist(path) {
            Err(refused) if refused.error.kind() == ErrorKind::Interrupted => file = refused.file,
            result => return result.map(drop).map_err(|refused| refused.error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_temporary_name_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("nowhere").join("model.sig");
        for error in [time_beside(&bundle).map(drop), write_whole(&bundle, b"", None)].map(Result::unwrap_err)
        {
            assert!(!error.to_string().contains(".modelsig-"), "{error}");
            let Error::Io { operation: "write", path, source } = error else { panic!("{error:?}") };
            assert_eq!((path.as_str(), source.kind()), (bundle.to_str().unwrap(), ErrorKind::NotFound));
        }
    }
}
