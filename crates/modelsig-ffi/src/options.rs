//! The C structure `modelsig_options`.
//!
//! It tells its own size, so that callers of an older or newer header can be told apart: what an older caller does not know
//! is zero, which is always the default; what a newer caller sets and this library does not know is refused. Refuses too:
//! unknown flags and values.

use std::ffi::c_void;
use std::mem::{MaybeUninit, offset_of, size_of};

use modelsig::hash::CancelToken;
use modelsig::{Check, ErrorKind, Limits, Policy, Protection, UnsignedFiles, danger};

use crate::argument::refused;
use crate::cancel::ModelsigCancel;
use crate::error::ModelsigError;
use crate::watch::Watch;

/// Is told how far a call has come: `done` of `total` bytes, each counted since the call began, or for a modelsig_model
/// since it was opened. `total` may grow while files are found. A result other than 0 asks the call to end with
/// MODELSIG_STATUS_CANCELLED; where nothing is left to be done it is not looked at.
///
/// It is called only on the thread of the call, a few times a second at least while there is something to tell, and not
/// after the call has returned. It must not unwind (no C++ exception, no longjmp) out of itself. It must not free what the
/// call was given, except for a cancel token, and not use a model that modelsig_model_load_all is loading.
pub type ModelsigProgressCallback =
    Option<unsafe extern "C" fn(userdata: *mut c_void, done: u64, total: u64) -> i32>;

/// What to insist on, and how to work. Zero is the default of every member, so that the shortest way is
/// `modelsig_options options = {0}; options.struct_size = sizeof options;`. Wherever options are asked for, NULL stands for
/// all defaults.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ModelsigOptions {
    /// sizeof(modelsig_options), so that the library knows which header the caller was compiled with.
    pub struct_size: usize,
    /// The longest file, in bytes, that is copied into memory to protect it. 0: no limit.
    pub max_copy_bytes: u64,
    /// Bytes of all files of the model together, beyond which it is refused. 0: no limit.
    pub max_model_bytes: u64,
    /// Is told how far the call has come, or NULL.
    pub progress: ModelsigProgressCallback,
    /// Handed to `progress` as it is.
    pub userdata: *mut c_void,
    /// Ends the call from another thread, or NULL.
    pub cancel: *const ModelsigCancel,
    /// Threads to hash on, 256 at most. 0: one for each CPU. 1: the thread of the call does all the work, and none is
    /// started.
    pub threads: u32,
    /// Which digests are compared: MODELSIG_CHECK_CHUNKS (0), MODELSIG_CHECK_WHOLE or MODELSIG_CHECK_BOTH.
    pub check: u32,
    /// The weakest protection on which bytes are handed out, MODELSIG_PROTECTION_STABLE to MODELSIG_PROTECTION_KERNEL.
    /// 0: MODELSIG_PROTECTION_PRIVATE.
    pub min_protection: u32,
    /// MODELSIG_FAIL_FAST and others, or-ed.
    pub flags: u32,
    // Whatever is added begins after the end of this, and so is a u64 or stands after one: on 32-bit ARM the structure ends
    // with padding, which belongs to its size, and which nobody need have filled with zeros.
}

/// The chunks of the chunk index where there is one, else the whole file.
pub const MODELSIG_CHECK_CHUNKS: u32 = 0;
/// The whole-file digest, which every OpenSSF Model Signing tool checks.
pub const MODELSIG_CHECK_WHOLE: u32 = 1;
/// Both, in one pass.
pub const MODELSIG_CHECK_BOTH: u32 = 2;

/// The file in place, whoever can write to it: only with MODELSIG_DANGER_UNPROTECTED.
pub const MODELSIG_PROTECTION_UNPROTECTED: u32 = 1;
/// The file in place, which nobody but this user and root can write to.
pub const MODELSIG_PROTECTION_STABLE: u32 = 2;
/// Memory of this process: the bytes were checked there.
pub const MODELSIG_PROTECTION_PRIVATE: u32 = 3;
/// A clone of the file without a name, made before it was checked.
pub const MODELSIG_PROTECTION_CLONE: u32 = 4;
/// A copy in memory that was sealed against writing before it was checked: nobody can change it. Linux and Android.
pub const MODELSIG_PROTECTION_SEALED: u32 = 5;
/// fs-verity: the kernel lets nobody write to the file, and checks each page that it reads. Linux and Android.
pub const MODELSIG_PROTECTION_KERNEL: u32 = 6;

/// Stop reading at the first problem instead of collecting them all. Names and lengths are compared before, all together.
pub const MODELSIG_FAIL_FAST: u32 = 1;
/// Treat .git, .gitattributes, .github and .gitignore like any other file.
pub const MODELSIG_STRICT_GIT: u32 = 2;
/// Do not leave out what only the signer's list leaves out.
pub const MODELSIG_REFUSE_BUNDLE_IGNORES: u32 = 4;
/// Accept files that were not signed. Whoever can write to the folder can add code that a loader may run.
pub const MODELSIG_DANGER_UNSIGNED_FILES: u32 = 0x10000;
/// Follow symbolic links to files inside the model, if the signer did so too.
pub const MODELSIG_DANGER_SYMLINKS: u32 = 0x20000;
/// Accept bundles of model-signing 0.2.0, which sign neither a root digest nor how the files were chosen.
pub const MODELSIG_DANGER_LEGACY: u32 = 0x40000;
/// Hand out files in place, whoever can write to them, where nothing better is to be had.
pub const MODELSIG_DANGER_UNPROTECTED: u32 = 0x80000;

const ALL_FLAGS: u32 = MODELSIG_FAIL_FAST
    | MODELSIG_STRICT_GIT
    | MODELSIG_REFUSE_BUNDLE_IGNORES
    | MODELSIG_DANGER_UNSIGNED_FILES
    | MODELSIG_DANGER_SYMLINKS
    | MODELSIG_DANGER_LEGACY
    | MODELSIG_DANGER_UNPROTECTED;

/// What every header has had. A smaller size is a mistake, most likely that of a pointer, and would drop all that is asked
/// for in silence.
const SHORTEST: usize = offset_of!(ModelsigOptions, threads);

/// No header will ever have a longer structure: a size beyond this is something else than a size.
const LONGEST: usize = 4096;

/// The same in terms of the library.
pub(crate) struct Options {
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) watch: Watch,
}

impl Options {
    /// # Safety
    /// `pointer` is NULL or points to a structure as long as its first member says, with a `cancel` that is NULL or lives.
    pub(crate) unsafe fn read(pointer: *const ModelsigOptions) -> Result<Self, ModelsigError> {
        // SAFETY: the same contract.
        let options = unsafe { copy(pointer) }?;
        // SAFETY: NULL, or a token that lives.
        let cancel = unsafe { options.cancel.as_ref() }.map(|cancel| cancel.0.child());
        let mut limits = Limits::default();
        if options.max_model_bytes > 0 {
            limits.model_bytes = options.max_model_bytes;
        }
        let watch = Watch::new(
            options.progress,
            options.userdata,
            cancel.unwrap_or_else(CancelToken::new),
            options.threads,
        );
        Ok(Self { policy: policy(&options)?, limits, watch })
    }
}

/// The structure, with zeros for what an older caller does not know.
///
/// # Safety
/// As for [`Options::read`].
unsafe fn copy(pointer: *const ModelsigOptions) -> Result<ModelsigOptions, ModelsigError> {
    const OWN: usize = size_of::<ModelsigOptions>();
    // Nothing but numbers and pointers, of which zero is one, or none.
    let mut options = MaybeUninit::<ModelsigOptions>::zeroed();
    if !pointer.is_null() {
        // SAFETY: not NULL, hence at least the size is there. No alignment is asked for.
        let size = unsafe { pointer.cast::<usize>().read_unaligned() };
        if !(SHORTEST..=LONGEST).contains(&size) {
            return Err(refused("options", "has a struct_size that is not sizeof(modelsig_options)"));
        }
        // SAFETY: as many bytes as the structure says that it has, and no more than there is room for.
        unsafe {
            pointer.cast::<u8>().copy_to_nonoverlapping(options.as_mut_ptr().cast(), size.min(OWN));
        }
        // SAFETY: the bytes past those that this version knows, if there are any.
        let unknown = unsafe {
            std::slice::from_raw_parts(
                pointer.cast::<u8>().wrapping_add(size.min(OWN)),
                size.saturating_sub(OWN),
            )
        };
        if unknown.iter().any(|byte| *byte != 0) {
            let message = "the options ask for something that this version of the library does not know";
            return Err(ModelsigError::new(ErrorKind::Unsupported, message, None));
        }
    }
    // SAFETY: zeros, or what the caller has put there: any bytes are a number or a pointer, and a function of that type
    // is what the header asks for.
    Ok(unsafe { options.assume_init() })
}

fn policy(options: &ModelsigOptions) -> Result<Policy, ModelsigError> {
    let has = |flag: u32| options.flags & flag != 0;
    if options.flags & !ALL_FLAGS != 0 {
        return Err(refused("options", "has flags that this version of the library does not know"));
    }
    let check = match options.check {
        MODELSIG_CHECK_CHUNKS => Check::Chunks,
        MODELSIG_CHECK_WHOLE => Check::Whole,
        MODELSIG_CHECK_BOTH => Check::Both,
        _ => return Err(refused("options", "has a check that this version of the library does not know")),
    };
    let least = match options.min_protection {
        0 => Protection::default(),
        MODELSIG_PROTECTION_STABLE => Protection::Stable,
        MODELSIG_PROTECTION_PRIVATE => Protection::Private,
        MODELSIG_PROTECTION_CLONE => Protection::Clone,
        MODELSIG_PROTECTION_SEALED => Protection::Sealed,
        MODELSIG_PROTECTION_KERNEL => Protection::Kernel,
        _ => return Err(refused("options", "has a min_protection that cannot be asked for")),
    };
    let mut policy = Policy::strict()
        .check(check)
        .fail_fast(has(MODELSIG_FAIL_FAST))
        .strict_git(has(MODELSIG_STRICT_GIT))
        .refuse_bundle_ignores(has(MODELSIG_REFUSE_BUNDLE_IGNORES))
        .min_protection(least);
    if options.max_copy_bytes > 0 {
        policy = policy.max_copy_bytes(options.max_copy_bytes);
    }
    if has(MODELSIG_DANGER_UNSIGNED_FILES) {
        policy = danger::unsigned_files(policy, UnsignedFiles::Ignore);
    }
    policy = danger::allow_symlinks(policy, has(MODELSIG_DANGER_SYMLINKS));
    policy = danger::legacy(policy, has(MODELSIG_DANGER_LEGACY));
    if has(MODELSIG_DANGER_UNPROTECTED) {
        if options.min_protection != 0 {
            return Err(refused("options", "asks for a min_protection and for MODELSIG_DANGER_UNPROTECTED"));
        }
        policy = danger::unprotected(policy);
    }
    Ok(policy)
}

/// The number of a rung.
pub(crate) fn protection_number(protection: Protection) -> u32 {
    match protection {
        Protection::Unprotected => MODELSIG_PROTECTION_UNPROTECTED,
        Protection::Stable => MODELSIG_PROTECTION_STABLE,
        Protection::Private => MODELSIG_PROTECTION_PRIVATE,
        Protection::Clone => MODELSIG_PROTECTION_CLONE,
        Protection::Sealed => MODELSIG_PROTECTION_SEALED,
        Protection::Kernel => MODELSIG_PROTECTION_KERNEL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> ModelsigOptions {
        // SAFETY: NULL is allowed.
        let defaults = unsafe { copy(std::ptr::null()) }.unwrap();
        ModelsigOptions { struct_size: size_of::<ModelsigOptions>(), ..defaults }
    }

    fn refusal(options: &ModelsigOptions) -> Option<i32> {
        // SAFETY: it is a whole structure.
        unsafe { Options::read(options) }.err().map(|error| error.status())
    }

    #[test]
    fn zero_is_the_default_of_everything() {
        assert_eq!(refusal(&options()), None);
        // SAFETY: NULL is allowed.
        let from_null = unsafe { Options::read(std::ptr::null()) }.unwrap();
        assert_eq!(format!("{:?}", from_null.policy), format!("{:?}", Policy::strict()));
        assert!(from_null.limits == Limits::default());
    }

    #[test]
    fn an_older_caller_knows_less_and_a_newer_one_may_not_ask_for_more() {
        #[repr(C)]
        struct Newer {
            known: ModelsigOptions,
            more: [u64; 2],
        }
        let mut older = options();
        (older.struct_size, older.flags) = (offset_of!(ModelsigOptions, flags), 0xdead_beef);
        assert_eq!(refusal(&older), None, "what an older caller does not know is not looked at");
        older.struct_size = SHORTEST;
        assert_eq!(refusal(&older), None);

        let mut newer = Newer { known: options(), more: [0, 0] };
        newer.known.struct_size = size_of::<Newer>();
        // SAFETY: as long as it says.
        assert!(unsafe { Options::read((&raw const newer).cast()) }.is_ok());
        newer.more[1] = 1;
        // SAFETY: as above.
        let refused = unsafe { Options::read((&raw const newer).cast()) }.err().unwrap();
        assert_eq!(refused.status(), crate::MODELSIG_STATUS_UNSUPPORTED);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let usage = Some(crate::MODELSIG_STATUS_USAGE);
        for size in [0, 1, size_of::<usize>(), SHORTEST - 1, LONGEST + 1, usize::MAX] {
            assert_eq!(refusal(&ModelsigOptions { struct_size: size, ..options() }), usage, "{size}");
        }
        assert_eq!(refusal(&ModelsigOptions { flags: 8, ..options() }), usage);
        assert_eq!(refusal(&ModelsigOptions { check: 3, ..options() }), usage);
        for min_protection in [MODELSIG_PROTECTION_UNPROTECTED, 7, u32::MAX] {
            assert_eq!(refusal(&ModelsigOptions { min_protection, ..options() }), usage);
        }
        let flags = MODELSIG_DANGER_UNPROTECTED;
        assert_eq!(refusal(&ModelsigOptions { flags, ..options() }), None);
        let both = ModelsigOptions { flags, min_protection: MODELSIG_PROTECTION_SEALED, ..options() };
        assert_eq!(refusal(&both), usage);
        assert_eq!(refusal(&ModelsigOptions { flags: ALL_FLAGS, ..options() }), None);
    }

    #[test]
    fn a_call_that_is_ended_leaves_the_token_alone_and_not_the_other_way_round() {
        let token = ModelsigCancel::default();
        let options = ModelsigOptions { cancel: &token, ..options() };
        // SAFETY: a whole structure, with a token that lives.
        let [one, other] =
            [(), ()].map(|()| unsafe { Options::read(&options) }.unwrap().watch.engine().unwrap());
        one.cancel().cancel();
        assert!(one.is_cancelled() && !token.0.is_cancelled() && !other.is_cancelled());
        token.0.cancel();
        assert!(other.is_cancelled());
    }
}
