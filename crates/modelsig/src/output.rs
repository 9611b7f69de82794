//! The one way out for bundles: a file appears whole or not at all, with the time at which its making began.

use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use crate::Error;

/// The folder in which a path lies.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The time by the clock of the file system on which the bundle will stand. Also shows, before hours of hashing, that
/// it can be written.
pub(crate) fn time_beside(bundle: &Path) -> Result<Option<SystemTime>, Error> {
    let failed = |error| Error::io("write", bundle.to_string_lossy(), error);
    let probe = tempfile::Builder::new().prefix(".modelsig-").suffix(".tmp").tempfile_in(folder_of(bundle));
    let probe = probe.map_err(failed)?;
    Ok(probe.as_file().metadata().and_then(|metadata| metadata.modified()).ok())
}

/// Writes a file whole: into a temporary file beside it, flushed to the device, then renamed. `modified`
/// becomes its modification time.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], modified: Option<SystemTime>) -> Result<(), Error> {
    let failed = |operation| {
        move |error: std::io::Error| Error::io(operation, path.to_string_lossy().into_owned(), error)
    };
    let folder = folder_of(path);
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
    // Where a file system keeps the time to itself, the bundle is as good without it.
    let _ = modified.map(|modified| file.as_file().set_modified(modified));
    file.as_file().sync_all().map_err(failed("flush"))?;
    file.persist(path).map_err(|error| failed("rename into place")(error.error))?;
    #[cfg(unix)]
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed("flush the folder of"))?;
    Ok(())
}
