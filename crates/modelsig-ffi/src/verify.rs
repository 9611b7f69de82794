//! Verifying: in one call with nothing to choose, by a verifier, and opening.

use std::ffi::c_char;
use std::ptr;

use modelsig::hash::Engine;
use modelsig::{Error, ErrorKind, Report, Verifier};

use crate::argument::{self, Out, owned};
use crate::error::ModelsigError;
use crate::model::ModelsigModel;
use crate::options::{ModelsigOptions, Options};
use crate::source::ModelsigSource;
use crate::status::ModelsigStatus;
use crate::verifier::ModelsigVerifier;
use crate::watch::Watch;
use crate::{boundary, json};

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
        let mut trusted = ModelsigVerifier::default();
        trusted.trust_key(key)?;
        // SAFETY: it lives until the call is over, and NULL stands for the defaults.
        let call = unsafe { Call::new(&raw const trusted, ptr::null()) }?;
        call.run(|verifier| verifier.verify(model, bundle)).map(drop)
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Checks that a model is exactly what somebody signed whom the verifier trusts: signature, names, and every byte of every
/// file. As modelsig_verify, with everything to choose.
///
/// @param verifier    Whom to trust.
/// @param model_path  The folder of the model, or its only file.
/// @param bundle      The signature bundle. One that is given by its path may lie inside the model.
/// @param options     What to insist on and how to work, or NULL for the defaults.
/// @param report      Where to put what was found, as JSON: the report in what `modelsig verify --json` prints; or NULL. The
///                    caller frees it with modelsig_string_free. Of a model that is rejected, modelsig_error_report has it.
/// @param error       Where to put the reason of a failure, or NULL.
/// @return MODELSIG_STATUS_OK if everything holds; every other status means that the model must not be used.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verifier_verify(
    verifier: *const ModelsigVerifier,
    model_path: *const c_char,
    bundle: *const ModelsigSource,
    options: *const ModelsigOptions,
    report: *mut *mut c_char,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or memory for a pointer.
        let out = unsafe { Out::optional(report, ptr::null_mut()) };
        // SAFETY: the caller passes NULL, or objects that live and a string that does not change meanwhile.
        let (model, bundle) =
            unsafe { (argument::path(model_path, "model_path")?, argument::object(bundle, "bundle")?) };
        // SAFETY: as above.
        let call = unsafe { Call::new(verifier, options) }?;
        let verified = call.run(|verifier| verifier.verify(model, bundle.bundle()))?;
        hand_over(out, verified.report())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Checks one resource of a bundle, wherever its content lies: an entry of an APK, a file of an asset pack, a descriptor from
/// a content:// provider, or memory. Nothing is asked of the other files that the bundle lists.
///
/// MODELSIG_STATUS_OK says that the content had the signed bytes while it was read. Use the very same source afterwards, and
/// only if nobody else can write to it; otherwise take the bytes of modelsig_verifier_open_resources.
///
/// @param verifier  Whom to trust.
/// @param bundle    The signature bundle.
/// @param name      The signed name, with '/' between folders.
/// @param content   Where its bytes are.
/// @param options   What to insist on and how to work, or NULL for the defaults.
/// @param report    As for modelsig_verifier_verify. The verdict in it is "verified-part" if the bundle lists more.
/// @param error     Where to put the reason of a failure, or NULL.
/// @return MODELSIG_STATUS_OK if the resource holds; MODELSIG_STATUS_UNSIGNED for a name that the bundle does not list.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verifier_verify_resource(
    verifier: *const ModelsigVerifier,
    bundle: *const ModelsigSource,
    name: *const c_char,
    content: *const ModelsigSource,
    options: *const ModelsigOptions,
    report: *mut *mut c_char,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or memory for a pointer.
        let out = unsafe { Out::optional(report, ptr::null_mut()) };
        // SAFETY: the caller passes NULL, or objects that live and a string that does not change meanwhile.
        let (bundle, name, content) = unsafe {
            (
                argument::object(bundle, "bundle")?,
                argument::text(name, "name")?,
                argument::object(content, "content")?,
            )
        };
        // SAFETY: as above.
        let call = unsafe { Call::new(verifier, options) }?;
        match content.content() {
            Ok(content) => {
                let of_bundle =
                    |verifier: &Verifier| verifier.verify_resources(bundle.bundle(), [(name, content)]);
                hand_over(out, call.run(of_bundle)?.report())
            }
            Err(buffer) => {
                let of_bundle =
                    |verifier: &Verifier| verifier.verify_bytes(bundle.bundle(), name, buffer.bytes());
                hand_over(out, &call.run(of_bundle)?)
            }
        }
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Opens a model: signature, names and lengths are checked now, bytes when they are handed out.
///
/// @param verifier    Whom to trust.
/// @param model_path  The folder of the model, or its only file.
/// @param bundle      The signature bundle. One that is given by its path may lie inside the model.
/// @param options     What to insist on and how to work, or NULL for the defaults. They hold as long as the model.
/// @param model       Where to put the model. The caller frees it with modelsig_model_free.
/// @param error       Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verifier_open(
    verifier: *const ModelsigVerifier,
    model_path: *const c_char,
    bundle: *const ModelsigSource,
    options: *const ModelsigOptions,
    model: *mut *mut ModelsigModel,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or memory for a pointer.
        let out = unsafe { Out::new(model, ptr::null_mut(), "model") }?;
        // SAFETY: the caller passes NULL, or objects that live and a string that does not change meanwhile.
        let (path, bundle) =
            unsafe { (argument::path(model_path, "model_path")?, argument::object(bundle, "bundle")?) };
        // SAFETY: as above.
        let call = unsafe { Call::new(verifier, options) }?;
        let opened = call.run(|verifier| verifier.open(path, bundle.bundle()))?;
        out.set(owned(ModelsigModel::new(opened, call.watch, call.engine)));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// Opens some resources of a bundle whose content lies in no folder. Signature, names and lengths are checked now, bytes when
/// they are handed out. Of a part of a file only copies can be handed out: in memory, or sealed.
///
/// Without any resource the model is good for modelsig_model_stream, and for telling names and lengths.
///
/// @param verifier  Whom to trust.
/// @param bundle    The signature bundle.
/// @param names     `count` signed names, with '/' between folders.
/// @param contents  `count` sources, in the same order. Memory is MODELSIG_STATUS_UNSUPPORTED here: it is already where it
///                  is to be used, and modelsig_verifier_verify_resource checks it there.
/// @param count     How many there are; 0 is allowed.
/// @param options   What to insist on and how to work, or NULL for the defaults. They hold as long as the model.
/// @param model     Where to put the model. The caller frees it with modelsig_model_free.
/// @param error     Where to put the reason of a failure, or NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn modelsig_verifier_open_resources(
    verifier: *const ModelsigVerifier,
    bundle: *const ModelsigSource,
    names: *const *const c_char,
    contents: *const *const ModelsigSource,
    count: usize,
    options: *const ModelsigOptions,
    model: *mut *mut ModelsigModel,
    error: *mut *mut ModelsigError,
) -> ModelsigStatus {
    let body = || {
        // SAFETY: the caller passes NULL or memory for a pointer.
        let out = unsafe { Out::new(model, ptr::null_mut(), "model") }?;
        // SAFETY: the caller passes NULL or a source that lives.
        let bundle = unsafe { argument::object(bundle, "bundle") }?;
        // SAFETY: the caller passes NULL or so many pointers.
        let (names, contents) = unsafe {
            (argument::array(names, count, "names")?, argument::array(contents, count, "contents")?)
        };
        let mut resources = Vec::with_capacity(names.len());
        for (name, content) in names.iter().zip(contents) {
            // SAFETY: each is NULL, or a string that does not change meanwhile, or a source that lives.
            let (name, content) =
                unsafe { (argument::text(*name, "names")?, argument::object(*content, "contents")?) };
            resources.push((name, content.content().map_err(|_| in_memory())?));
        }
        // SAFETY: the caller passes NULL, or objects that live.
        let call = unsafe { Call::new(verifier, options) }?;
        let opened = call.run(|verifier| verifier.open_resources(bundle.bundle(), resources))?;
        out.set(owned(ModelsigModel::new(opened, call.watch, call.engine)));
        Ok(())
    };
    // SAFETY: the caller passes NULL or memory for a pointer.
    unsafe { boundary::call(error, body) }
}

/// What a call of a verifier works with.
struct Call {
    verifier: Verifier,
    watch: Watch,
    engine: Engine,
}

impl Call {
    /// # Safety
    /// Both are NULL or live, as [`argument::object`] and [`Options::read`] ask for.
    unsafe fn new(
        verifier: *const ModelsigVerifier,
        options: *const ModelsigOptions,
    ) -> Result<Self, ModelsigError> {
        // SAFETY: the same contract.
        let (verifier, options) =
            unsafe { (argument::object(verifier, "verifier")?, Options::read(options)?) };
        let engine = options.watch.engine()?;
        Ok(Self { verifier: verifier.with(&options, &engine)?, watch: options.watch, engine })
    }

    fn run<T: Send>(
        &self,
        work: impl FnOnce(&Verifier) -> Result<T, Error> + Send,
    ) -> Result<T, ModelsigError> {
        Ok(self.watch.run(&self.engine, || work(&self.verifier))?)
    }
}

fn hand_over(out: Option<Out<*mut c_char>>, report: &Report) -> Result<(), ModelsigError> {
    if let Some(out) = out {
        out.set(json::text(report)?);
    }
    Ok(())
}

fn in_memory() -> ModelsigError {
    let message = "a resource in memory cannot be opened; verify it where it is";
    ModelsigError::new(ErrorKind::Unsupported, message, None)
}
