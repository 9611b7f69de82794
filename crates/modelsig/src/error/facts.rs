//! What programs decide on: the kind of an error, and the file that it is about.

use std::io;

use modelsig_hash::ByteRange;

use super::Error;
use crate::outcome::ErrorKind;
#[cfg(feature = "certificate")]
use crate::trust::x509::CertificateFault;

impl Error {
    /// The byte ranges of the file that do not hold, as far as they are known: damaged chunks or shards; what is
    /// missing of a file that was cut short; what is too much of one that has grown. Of a file of another length
    /// nothing else was looked at.
    pub fn damaged(&self) -> Vec<ByteRange> {
        match self {
            Self::DigestMismatch { ranges, .. }
            | Self::SourceMismatch { ranges, .. }
            | Self::SourceUnreadable { ranges, .. } => ranges.clone(),
            Self::Truncated { expected, found, .. } | Self::Grown { expected, found, .. } => {
                ByteRange::new(*expected.min(found), *expected.max(found)).into_iter().collect()
            }
            Self::FrozenUnverified { problem, .. } => problem.damaged(),
            _ => Vec::new(),
        }
    }

    /// True when it is about bytes of a file that are missing, wrong or too many.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::DigestMismatch { .. }
                | Self::Truncated { .. }
                | Self::Grown { .. }
                | Self::Missing { .. }
                | Self::SourceMismatch { .. }
                | Self::SourceUnreadable { .. }
        )
    }

    /// What kind of failure this is. For [`Error::Rejected`] it is that of the gravest problem in the report. For
    /// [`Error::Threshold`] it is [`ErrorKind::Threshold`], unless a verdict on one of the bundles was out of reach and
    /// there is no negative one: then it is the gravest kind of those.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(report) => report.gravest().unwrap_or(ErrorKind::Internal),
            Self::Threshold(report) => report.kind(),
            Self::Unrepaired(report) => report.kind(),
            Self::DigestMismatch { .. }
            | Self::Truncated { .. }
            | Self::Grown { .. }
            | Self::StreamRefused { .. } => ErrorKind::Mismatch,
            Self::Missing { .. } | Self::NoTensor { .. } => ErrorKind::Missing,
            Self::SourceMismatch { .. } => ErrorKind::Mismatch,
            Self::Unsigned { .. } | Self::EmptyNotCovered { .. } => ErrorKind::Unsigned,
            Self::Changed { .. } => ErrorKind::Changed,
            Self::SpecialFile { .. }
            | Self::Symlink { .. }
            | Self::SymlinkLoop { .. }
            | Self::SymlinkDangling { .. }
            | Self::SymlinkOutside { .. }
            | Self::SymlinkToFolder { .. } => ErrorKind::ForbiddenFile,
            Self::BadSignature { .. } => ErrorKind::BadSignature,
            Self::HintMismatch { .. } | Self::IdentityMismatch { .. } => ErrorKind::Untrusted,
            #[cfg(feature = "certificate")]
            Self::Certificate { fault, .. } => kind_of(fault),
            #[cfg(feature = "certificate")]
            Self::Anchor { .. } => ErrorKind::Key,
            Self::RootDigestMismatch { .. } => ErrorKind::RootDigest,
            Self::IgnoredButSigned { .. } | Self::Protection { .. } => ErrorKind::Policy,
            #[cfg(feature = "portable")]
            Self::NotPortable { .. } | Self::NamesCollide { .. } => ErrorKind::Policy,
            Self::FrozenUnverified { problem, .. } | Self::HalfDone { problem, .. } => problem.kind(),
            Self::HeldForWriting { .. } => ErrorKind::Io,
            Self::NoVerity { .. } => ErrorKind::Unsupported,
            #[cfg(feature = "sign")]
            Self::BundleTime { .. } => ErrorKind::Policy,
            Self::Usage { .. }
            | Self::NoTrust
            | Self::MethodMismatch { .. }
            | Self::AmbiguousTensor { .. }
            | Self::NothingFits { .. }
            | Self::OutOfRange { .. } => ErrorKind::Usage,
            Self::ModelNotFound { .. } | Self::BundleNotFound { .. } => ErrorKind::NotFound,
            Self::Io { source, .. } | Self::SourceUnreadable { source, .. }
                if source.kind() == io::ErrorKind::NotFound =>
            {
                ErrorKind::NotFound
            }
            Self::Io { .. } | Self::SourceUnreadable { .. } | Self::NotAFile { .. } => ErrorKind::Io,
            Self::Format { fault, .. } => fault.kind(),
            Self::Bundle { .. } | Self::Statement { .. } => ErrorKind::Malformed,
            Self::Unsupported { .. } | Self::KeylessUnsupported { .. } => ErrorKind::Unsupported,
            Self::Limit { .. } => ErrorKind::Limit,
            Self::Key { .. } | Self::KeyReadableByOthers { .. } | Self::CertificateOfOtherKey { .. } => {
                ErrorKind::Key
            }
            #[cfg(feature = "sign")]
            Self::Signer { .. } | Self::SignerMismatch { .. } => ErrorKind::Key,
            #[cfg(feature = "pkcs11")]
            Self::Pkcs11 { .. } => ErrorKind::Key,
            Self::AlreadyExists { .. } | Self::NotABundle { .. } => ErrorKind::Exists,
            Self::EmptyModel { .. } | Self::NameNotUtf8 { .. } | Self::BadName { .. } => {
                ErrorKind::Unsignable
            }
            Self::Internal { .. } => ErrorKind::Internal,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }

    /// The file or folder that the error is about, when there is one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::ModelNotFound { path }
            | Self::EmptyModel { path }
            | Self::Io { path, .. }
            | Self::SpecialFile { path, .. }
            | Self::NotAFile { path, .. }
            | Self::Symlink { path }
            | Self::SymlinkLoop { path }
            | Self::SymlinkDangling { path }
            | Self::SymlinkOutside { path, .. }
            | Self::SymlinkToFolder { path }
            | Self::NameNotUtf8 { path }
            | Self::BadName { path, .. }
            | Self::DigestMismatch { path, .. }
            | Self::SourceMismatch { path, .. }
            | Self::SourceUnreadable { path, .. }
            | Self::Truncated { path, .. }
            | Self::Grown { path, .. }
            | Self::Missing { path }
            | Self::Unsigned { path }
            | Self::StreamRefused { path }
            | Self::EmptyNotCovered { path }
            | Self::Changed { path }
            | Self::FrozenUnverified { path, .. }
            | Self::HeldForWriting { path }
            | Self::NoVerity { path }
            | Self::IgnoredButSigned { path }
            | Self::Protection { path, .. }
            | Self::Format { path, .. }
            | Self::OutOfRange { path, .. }
            | Self::AmbiguousTensor { path, .. }
            | Self::BundleNotFound { path }
            | Self::Limit { path, .. }
            | Self::Bundle { path, .. }
            | Self::Statement { path, .. }
            | Self::RootDigestMismatch { path, .. }
            | Self::Unsupported { path, .. }
            | Self::BadSignature { path, .. }
            | Self::HintMismatch { path, .. }
            | Self::MethodMismatch { path, .. }
            | Self::IdentityMismatch { path, .. }
            | Self::KeylessUnsupported { path, .. }
            | Self::CertificateOfOtherKey { path, .. }
            | Self::Key { path, .. }
            | Self::KeyReadableByOthers { path, .. }
            | Self::AlreadyExists { path }
            | Self::NotABundle { path } => Some(path),
            #[cfg(feature = "certificate")]
            Self::Certificate { path, .. } | Self::Anchor { path, .. } => Some(path),
            #[cfg(feature = "portable")]
            Self::NotPortable { path, .. } | Self::NamesCollide { path, .. } => Some(path),
            Self::Rejected(report) => Some(report.model()),
            Self::Unrepaired(report) => Some(report.report().model()),
            #[cfg(feature = "sign")]
            Self::BundleTime { path } => Some(path),
            #[cfg(feature = "pkcs11")]
            Self::Pkcs11 { uri, .. } => Some(uri),
            #[cfg(feature = "sign")]
            Self::Signer { .. } | Self::SignerMismatch { .. } => None,
            Self::Threshold(report) => Some(report.model()),
            Self::HalfDone { problem, .. } => problem.path(),
            Self::NoTrust
            | Self::Usage { .. }
            | Self::NoTensor { .. }
            | Self::NothingFits { .. }
            | Self::Cancelled
            | Self::Internal { .. } => None,
        }
    }
}

/// A chain that is read and does not hold is a verdict; one that cannot be read, or is beyond this version, is none.
#[cfg(feature = "certificate")]
fn kind_of(fault: &CertificateFault) -> ErrorKind {
    use CertificateFault as Fault;
    match fault {
        Fault::Malformed { .. }
        | Fault::MalformedAlgorithm { .. }
        | Fault::Version { .. }
        | Fault::DuplicateExtension { .. } => ErrorKind::Malformed,
        Fault::TooLarge { .. } | Fault::TooMany { .. } | Fault::WorkBudget { .. } => ErrorKind::Limit,
        Fault::UnsupportedAlgorithm { .. } => ErrorKind::Unsupported,
        _ => ErrorKind::Untrusted,
    }
}

#[cfg(all(test, feature = "certificate"))]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_of_a_chain_is_no_verdict() {
        let kind = |fault| Error::Certificate { path: "b".into(), fault }.kind();
        let subject = || "CN=x".to_owned();
        let malformed = CertificateFault::MalformedAlgorithm { subject: subject(), what: "RSA-PSS" };
        assert_eq!(kind(malformed), ErrorKind::Malformed);
        assert_eq!(kind(CertificateFault::Malformed { what: "it" }), ErrorKind::Malformed);
        let weak = CertificateFault::WeakHash { subject: subject(), hash: "SHA-1" };
        assert_eq!(kind(weak), ErrorKind::Untrusted);
    }
}
