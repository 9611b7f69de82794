//! What a verifier insists on. Strict from the start; what weakens it is written into the report, and lives in
//! [`danger`] except for [`Policy::min_protection`], which can be set either way.

use crate::model::ModelPath;
use crate::{Error, Protection};

/// Which digests of a file are computed and compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// The chunks of the chunk index where there is one, otherwise the whole file; nothing is hashed of a file that the
    /// kernel guards under a signed fs-verity digest. All prove the same bytes if the signer was honest; a dishonest
    /// signer could make them disagree, and the report says which was checked.
    #[default]
    Chunks,
    /// The whole-file digest, which every OMS tool checks.
    Whole,
    /// Both, in one pass over the bytes, and the fs-verity digest where one is signed.
    Both,
}

impl Check {
    /// `"chunks"`, `"whole"` or `"both"`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Chunks => "chunks",
            Self::Whole => "whole",
            Self::Both => "both",
        }
    }
}

/// What to do with files that were not signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnsignedFiles {
    /// They are a reason to reject the model.
    #[default]
    Reject,
    /// They are listed in the report and left alone.
    Ignore,
}

/// The demands of a verifier.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub(crate) check: Check,
    pub(crate) fail_fast: bool,
    pub(crate) strict_git: bool,
    pub(crate) refuse_bundle_ignores: bool,
    #[cfg(feature = "portable")]
    pub(crate) portable: bool,
    pub(crate) unsigned_files: UnsignedFiles,
    pub(crate) allow_symlinks: bool,
    pub(crate) allow_unsigned_empty: bool,
    pub(crate) legacy: bool,
    pub(crate) ignore_paths: Vec<ModelPath>,
    pub(crate) min_protection: Protection,
    pub(crate) max_copy_bytes: Option<u64>,
}

impl Policy {
    /// The default: as strict as OMS allows.
    pub fn strict() -> Self {
        Self::default()
    }

    /// Chooses the digests to check.
    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    /// Stops reading at the first problem instead of collecting them all. Names and lengths are compared before, all
    /// together.
    #[must_use]
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.fail_fast = fail_fast;
        self
    }

    /// Treats `.git`, `.gitattributes`, `.github` and `.gitignore` like any other file, beyond what OMS demands.
    #[must_use]
    pub fn strict_git(mut self, strict: bool) -> Self {
        self.strict_git = strict;
        self
    }

    /// Does not leave out what only the signer's list leaves out.
    #[must_use]
    pub fn refuse_bundle_ignores(mut self, refuse: bool) -> Self {
        self.refuse_bundle_ignores = refuse;
        self
    }

    /// Refuses models with names that mean something else on other systems: two names that differ only in case, Unicode
    /// normalisation or characters that do not show, so that one hides the other where file systems do not tell these
    /// apart (macOS, Windows, folders of Linux that fold case), and names that Windows reserves. What is refused is
    /// [`Error::NamesCollide`] or [`Error::NotPortable`]. Cargo feature `portable`.
    #[cfg(feature = "portable")]
    #[must_use]
    pub fn portable(mut self, portable: bool) -> Self {
        self.portable = portable;
        self
    }

    /// The caller wants more than OMS demands, and so also what gives cause for a second look.
    pub(crate) fn is_stricter(&self) -> bool {
        #[cfg(feature = "portable")]
        if self.portable {
            return true;
        }
        self.strict_git || self.refuse_bundle_ignores
    }

    /// The weakest rung on which bytes are handed out; [`Protection::Private`] unless set. What cannot be had on it is
    /// an error, never something weaker. [`Protection::Stable`] is the weakest that can be set here.
    #[must_use]
    pub fn min_protection(mut self, least: Protection) -> Self {
        self.min_protection = least.max(Protection::Stable);
        self
    }

    /// The longest file, in bytes, that is copied into memory to protect it; no limit unless set. Longer ones need a
    /// rung that takes no memory.
    #[must_use]
    pub fn max_copy_bytes(mut self, most: u64) -> Self {
        self.max_copy_bytes = Some(most);
        self
    }

    /// Whether so many bytes of a file may be copied into memory.
    pub(crate) fn may_copy(&self, name: &str, length: u64) -> Result<(), Error> {
        let Some(most) = self.max_copy_bytes.filter(|most| length > *most) else { return Ok(()) };
        let tried = vec![format!("{length} bytes would have to be copied, and at most {most} are")];
        Err(Error::Protection { path: name.into(), expected: self.min_protection, tried })
    }

    /// Whether bytes of a file may be handed out in a vector, which is private and no more.
    pub(crate) fn may_be_vector(&self, name: &str) -> Result<(), Error> {
        if self.min_protection <= Protection::Private {
            return Ok(());
        }
        let tried = vec!["a vector is memory of this process".to_owned()];
        Err(Error::Protection { path: name.into(), expected: self.min_protection, tried })
    }

    /// What weakens this policy, in words; empty for a strict one.
    pub fn weakened_by(&self) -> Vec<&'static str> {
        [
            (self.unsigned_files == UnsignedFiles::Ignore, "files that are not signed are ignored"),
            (self.allow_symlinks, "symbolic links are followed inside the model if the signer did so too"),
            (self.allow_unsigned_empty, "empty files that the signature does not cover are allowed"),
            (!self.ignore_paths.is_empty(), "paths named by the caller are ignored"),
            (self.legacy, "bundles of model-signing 0.2.0 are accepted"),
            (
                self.min_protection == Protection::Stable,
                "bytes may be used from files that other processes of this user can change",
            ),
            (
                self.min_protection == Protection::Unprotected,
                "bytes may be used from files that others can change",
            ),
        ]
        .into_iter()
        .filter_map(|(weakened, words)| weakened.then_some(words))
        .collect()
    }
}

/// Everything that makes a verifier accept more, or a signer sign what it did not read. Each shows in the report.
pub mod danger {
    use super::{ModelPath, Policy, Protection, UnsignedFiles};

    /// Accepts files that were not signed. Whoever can write to the folder can add code that a loader may run.
    #[must_use]
    pub fn unsigned_files(mut policy: Policy, unsigned_files: UnsignedFiles) -> Policy {
        policy.unsigned_files = unsigned_files;
        policy
    }

    /// Follows symbolic links to files inside the model, if the signer did so too.
    #[must_use]
    pub fn allow_symlinks(mut policy: Policy, allow: bool) -> Policy {
        policy.allow_symlinks = allow;
        policy
    }

    /// Accepts empty files that a signature over shards does not cover.
    #[must_use]
    pub fn allow_unsigned_empty(mut policy: Policy, allow: bool) -> Policy {
        policy.allow_unsigned_empty = allow;
        policy
    }

    /// Also accepts bundles of model-signing 0.2.0 (2025): their encoding of what is signed is not DSSE's, they hash
    /// with SHA-256 whatever the curve, and they have no root digest and do not record what was left out. A statement
    /// of OMS v1.0 in that encoding is refused all the same.
    #[must_use]
    pub fn legacy(mut policy: Policy, accept: bool) -> Policy {
        policy.legacy = accept;
        policy
    }

    /// Hands out files in place, whoever can write them, where nothing better is to be had. What was checked is not
    /// what is used if somebody writes meanwhile, and a file that is truncated while it is mapped kills the process.
    #[must_use]
    pub fn unprotected(mut policy: Policy) -> Policy {
        policy.min_protection = Protection::Unprotected;
        policy
    }

    /// Leaves out a path with its subtree, relative to the root of the model. What is signed cannot be left out.
    #[must_use]
    pub fn ignore_path(mut policy: Policy, path: ModelPath) -> Policy {
        policy.ignore_paths.push(path);
        policy
    }

    /// Signs without reading the files that were left alone since an older bundle was signed: their digests are taken
    /// over from it, and [`SignReport::reused`](crate::SignReport::reused) lists them. It saves the hours that a large
    /// model takes when only its README has changed.
    ///
    /// What is taken on trust is that these files still have the content that the old bundle signed. Their length
    /// and their times say so, and these can be wrong: when the old bundle is that of another folder with the same
    /// names and lengths (a base model and its fine-tuned variant), or a folder inside the model was exchanged for an
    /// older one as a whole, or something older was mounted over a part of it; after somebody set the clock back or the
    /// time of the bundle forward, or put the bundle in place after the files, as a download or a copy may do; when
    /// bundle and model lie on machines whose clocks differ; where a file system keeps no change time of its own but
    /// shows the modification time, which anybody can set (FAT, some network and user-space file systems); when the
    /// disk has rotted; when somebody writes through a shared memory map. The new bundle then
    /// signs the old content of such a file, which a trusted key had signed before, and the model does not verify.
    /// It never signs content that nobody trusted has signed and nobody has read. Verify the model afterwards if you
    /// can afford it.
    ///
    /// Without a chunk size of its own, the signer keeps that of the old bundle. Only on Unix: elsewhere signing ends
    /// in [`Error::Unsupported`](crate::Error::Unsupported), as files there have no change times.
    #[cfg(feature = "sign")]
    #[must_use]
    pub fn reuse_digests(signer: crate::ModelSigner, reuse: crate::Reuse) -> crate::ModelSigner {
        signer.with_reuse(reuse)
    }

    /// Reads a private key although other users can read its file.
    ///
    /// # Errors
    /// As [`PrivateKey::from_file`](crate::PrivateKey::from_file), except for the mode of the file.
    #[cfg(feature = "sign")]
    pub fn private_key_readable_by_others(
        path: &std::path::Path,
        passphrase: Option<&str>,
    ) -> Result<crate::PrivateKey, crate::Error> {
        let text = crate::input::read_key(path, &crate::Limits::default())?;
        crate::PrivateKey::from_pem(&text, passphrase)
            .map_err(|fault| crate::Error::Key { path: path.to_string_lossy().into(), fault })
    }
}
