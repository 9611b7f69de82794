//! Versions: of the library that runs, and of the header that the caller was compiled with.

use std::ffi::{CStr, CString, c_char};
use std::sync::OnceLock;

use modelsig::hash::sha256::Kernels;

use crate::boundary;

/// Major version of the header. modelsig_version tells that of the library.
pub const MODELSIG_VERSION_MAJOR: u32 = 0;
/// Minor version of the header.
pub const MODELSIG_VERSION_MINOR: u32 = 1;
/// Patch version of the header.
pub const MODELSIG_VERSION_PATCH: u32 = 0;

/// Version of the binary interface that the header describes.
///
/// It is raised when something that compiled callers rely on changes or goes, and not when something is added. On Linux
/// it is the number in the name of the shared library, libmodelsig.so.1.
pub const MODELSIG_ABI_VERSION: u32 = 1;

/// The version of the library, such as "1.2.3". The text is static: nobody frees it.
#[unsafe(no_mangle)]
pub extern "C" fn modelsig_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => panic!("a version holds no NUL"),
        };
    VERSION.as_ptr()
}

/// The version of the binary interface of the library.
///
/// A caller that loads the library at run time compares it with MODELSIG_ABI_VERSION, and calls nothing else if they
/// differ.
#[unsafe(no_mangle)]
pub extern "C" fn modelsig_abi_version() -> u32 {
    MODELSIG_ABI_VERSION
}

/// What the library was built with, of "blake2b", "certificate", "rayon" and "tensors", with commas between: BLAKE2b digests,
/// signatures with certificates, hashing on several threads, and reading tensors by their names. What is missing is
/// MODELSIG_STATUS_UNSUPPORTED; without "rayon" the thread of the call does all the work. The text is static: nobody frees it.
#[unsafe(no_mangle)]
pub extern "C" fn modelsig_features() -> *const c_char {
    static TEXT: OnceLock<CString> = OnceLock::new();
    let text = || {
        let features = [
            ("blake2b", cfg!(feature = "blake2b")),
            ("certificate", cfg!(feature = "certificate")),
            ("rayon", cfg!(feature = "rayon")),
            ("tensors", cfg!(feature = "tensors")),
        ];
        let built: Vec<&str> = features.iter().filter_map(|(name, built)| built.then_some(*name)).collect();
        CString::new(built.join(",")).unwrap_or_default()
    };
    TEXT.get_or_init(text).as_ptr()
}

/// How SHA-256 is computed on this machine, such as "sha-ni-4, 1: sha2", for logs. The text is static: nobody frees it.
///
/// It is found out, and tested with known answers, by the first call that hashes, or by this one. What follows a
/// semicolon says why the fastest way is not in use. Digests do not depend on it.
#[unsafe(no_mangle)]
pub extern "C" fn modelsig_sha256_kernel() -> *const c_char {
    static TEXT: OnceLock<CString> = OnceLock::new();
    let text = || {
        let kernels = Kernels::detect();
        let problems = kernels.problems().iter().map(|problem| format!("; {problem}"));
        // No part of it has a NUL: what comes from the environment cannot, and is quoted.
        CString::new(format!("{kernels}{}", problems.collect::<String>())).unwrap_or_default()
    };
    boundary::enter(|| TEXT.get_or_init(text).as_ptr()).unwrap_or(c"unknown".as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_version_of_the_package() {
        let header = include_str!("../include/modelsig.h");
        for (name, constant, package) in [
            ("MAJOR", MODELSIG_VERSION_MAJOR, env!("CARGO_PKG_VERSION_MAJOR")),
            ("MINOR", MODELSIG_VERSION_MINOR, env!("CARGO_PKG_VERSION_MINOR")),
            ("PATCH", MODELSIG_VERSION_PATCH, env!("CARGO_PKG_VERSION_PATCH")),
        ] {
            assert_eq!(constant.to_string(), package, "MODELSIG_VERSION_{name}");
            let line = format!("\n#define MODELSIG_VERSION_{name} {package}\n");
            assert!(header.contains(&line), "{line}");
        }
    }

    #[test]
    fn header_shared_library_and_function_agree_on_the_abi() {
        let version = modelsig_abi_version();
        let line = format!("\n#define MODELSIG_ABI_VERSION {version}\n");
        assert!(include_str!("../include/modelsig.h").contains(&line), "{line}");
        assert!(include_str!("../build.rs").contains(&format!("libmodelsig.so.{version}\"")));
    }
}
