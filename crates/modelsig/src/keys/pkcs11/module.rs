//! The shared library of a token's vendor: found, loaded and initialized once.
//!
//! A module stays loaded until the process ends. Its state belongs to the process, not to a key: finalizing it would
//! pull it away from other keys, and from other code that uses the same module.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error as CallError, RvError};

use super::{Pkcs11Fault, Pkcs11Uri};
use crate::Escaped;

static LOADED: Mutex<Vec<(PathBuf, Pkcs11)>> = Mutex::new(Vec::new());

/// The module that the caller names, or else the URI.
pub(super) fn open(uri: &Pkcs11Uri, module: Option<&Path>) -> Result<Pkcs11, Pkcs11Fault> {
    let path = match (module.or(uri.module_path.as_deref()), &uri.module_name) {
        // A bare file name would be looked for in the loader's folders.
        (Some(path), _) => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        (None, Some(name)) => find(name, &folders())?,
        (None, None) => return Err(Pkcs11Fault::NoModule),
    };
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, module)) = loaded.iter().find(|(at, _)| *at == path) {
        return Ok(module.clone());
    }
    let failed = |error: CallError| Pkcs11Fault::Module { path: path.clone(), reason: words(&error) };
    let module = Pkcs11::new(&path).map_err(failed)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Somebody else in this process did it, under another path or without us.
        Ok(()) | Err(CallError::Pkcs11(RvError::CryptokiAlreadyInitialized, Function::Initialize)) => {}
        Err(error) => return Err(failed(error)),
    }
    loaded.push((path, module.clone()));
    Ok(module)
}

fn words(error: &CallError) -> String {
    match error {
        CallError::Pkcs11(value, function) => format!("C_{function:?} failed: {value:?}"),
        // The loader repeats the path as it is.
        CallError::LibraryLoading(error) => Escaped(&error.to_string()).to_string(),
        other => other.to_string(),
    }
}

/// Where modules are kept: the folders that the Python tool searches, and Debian's.
fn folders() -> Vec<PathBuf> {
    let debian = format!("/usr/lib/{}-linux-gnu/pkcs11", std::env::consts::ARCH);
    ["/usr/lib64/pkcs11", "/usr/lib/pkcs11", &debian].map(PathBuf::from).into()
}

/// `NAME.so` or `libNAME.so` in the first folder that has it.
fn find(name: &str, folders: &[PathBuf]) -> Result<PathBuf, Pkcs11Fault> {
    let places = |folder: &PathBuf| {
        let [plain, prefixed] =
            ["", "lib"].map(|prefix| folder.join(format!("{prefix}{name}{}", std::env::consts::DLL_SUFFIX)));
        [plain, prefixed]
    };
    let found = folders.iter().flat_map(places).find(|place| place.is_file());
    found.ok_or_else(|| Pkcs11Fault::ModuleNotFound { name: name.into(), searched: folders.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let folders = ["first", "second"].map(|name| folder.path().join(name));
        std::fs::create_dir(&folders[1]).unwrap();
        assert_eq!(
            find("token", &folders),
            Err(Pkcs11Fault::ModuleNotFound { name: "token".into(), searched: folders.to_vec() })
        );
        for prefix in ["lib", ""] {
            let place = folders[1].join(format!("{prefix}token{}", std::env::consts::DLL_SUFFIX));
            std::fs::write(&place, b"").unwrap();
            assert_eq!(find("token", &folders), Ok(place));
        }
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        let uri: Pkcs11Uri = "pkcs11:".parse().unwrap();
        assert!(matches!(open(&uri, None), Err(Pkcs11Fault::NoModule)));
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("module.so");
        std::fs::write(&text, b"not a library").unwrap();
        for path in [text, folder.path().join("nothing.so")] {
            assert!(matches!(open(&uri, Some(&path)), Err(Pkcs11Fault::Module { .. })), "{}", path.display());
        }
    }
}
