//! The one-call verification, with nothing to choose.

use std::ffi::c_char;

use modelsig::hash::Access;
use modelsig::{ErrorKind, Policy, PublicKey, Verifier};

use crate::error::ModelsigError;
use crate::status::ModelsigStatus;
use crate::{argument, boundary};

/// Checks that a model is exactly what the holder of a key signed: signature, names, and every byte of every file.
///
/// The policy is the strict one: files that were not signed, symbolic links and special files in the model are
/// reasons to reject it. Only the bundle itself, what the signer recorded as left out, and .git, .gitattributes,
/// .github and .gitignore are passed over, as OpenSSF Model Signing says. Files are read and not mapped, so that
/// another process that cuts one short cannot kill this one.
///
/// MODELSIG_STATUS_OK says that the files held the signed bytes while they were read. Whoever can write to them can
/// change them afterwards: load the model from a place where nobody else can write.
///
/// The call blocks until it is done. It hashes on as many threads as there are CPUs, started for this call. It keeps
/// no state: any number of threads may call it at once.
///
/// @param model_path      The folder of the model, or its only file.
/// @param bundle_path     The signature bundle. It may lie inside the model.
/// @param public_key_pem  The key to trust, as the text of a PEM file ("-----BEGIN PUBLIC KEY-----"): Ed25519, P-256,
///                        P-384 or P-521. Not a path.
/// @param error           Where to put the reason of a failure, or NULL. *error is set to NULL first, whatever it
///                        held, and to a new modelsig_error if the call fails; the caller then frees it.
/// @return MODELSIG_STATUS_OK if everything holds; every other status means that the model must not be used. With
///         several problems in the model it is the status of the gravest.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verify(
    model_path: *const c_char,
    bundle_path: *const c_char,
    public_key_pem: *const c_char,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or strings that do not change before the call is over.
        let (model, bundle, key) = unsafe {
            (
                argument::path(model_path, "model_path")?,
                argument::path(bundle_path, "bundle_path")?,
                argument::text(public_key_pem, "public_key_pem")?,
            )
        };
        let verifier =
            Verifier::new(trusted_key(key)?).with_policy(Policy::strict()).with_access(Access::Read);
        verifier.verify(model, bundle).map(drop).map_err(ModelsigError::from)
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// The key came as text, so an error about it has no path.
fn trusted_key(pem: &str) -> Result<PublicKey, ModelsigError> {
    PublicKey::from_pem(pem)
        .map_err(|fault| ModelsigError::new(ErrorKind::Key, &format!("public key: {fault}"), None))
}
