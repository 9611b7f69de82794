//! Every way to fail, with the file, what was expected and what was found.

mod facts;
mod wording;

use std::io;
use std::ops::Range;

use modelsig_hash::ByteRange;

use crate::Protection;
use crate::bundle::BundleFault;
use crate::cosign::CosignReport;
use crate::done::Done;
use crate::escape::{Escaped, clipped};
use crate::keys::KeyFault;
use crate::model::PathFault;
use crate::model::format::FormatFault;
use crate::repair::RepairReport;
use crate::report::Report;
use crate::statement::StatementFault;
#[cfg(feature = "certificate")]
use crate::trust::x509::CertificateFault;
use wording::{claim, damaged, shown, trusted};

/// Every error of this crate. `path` is the file or folder that it is about: for files of a model the name inside
/// the model, otherwise the path as the caller gave it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // -- the model on disk --
    /// There is nothing at the path of the model.
    #[error("model {} does not exist", shown(.path))]
    ModelNotFound {
        /// The path.
        path: String,
    },
    /// No file is left to sign.
    #[error("model {} has no files to sign", shown(.path))]
    EmptyModel {
        /// The path.
        path: String,
    },
    /// The operating system refused.
    #[error("cannot {operation} {}: {source}", shown(.path))]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// A FIFO, socket or device inside the model.
    #[error("{} is a {what}, not a regular file", shown(.path))]
    SpecialFile {
        /// The file.
        path: String,
        /// `"FIFO"`, `"socket"`, `"block device"`, `"character device"` or `"special file"`.
        what: &'static str,
    },
    /// Something else than a regular file was given as a bundle, a key, or a model.
    #[error("{} is a {what}, not a regular file", shown(.path))]
    NotAFile {
        /// The path.
        path: String,
        /// As in [`Error::SpecialFile`], or `"folder"`.
        what: &'static str,
    },
    /// A symbolic link, and links are not allowed by signer and caller both.
    #[error("{} is a symbolic link", shown(.path))]
    Symlink {
        /// The link.
        path: String,
    },
    /// A symbolic link that leads back to itself.
    #[error("{} is a symbolic link that leads round in a circle", shown(.path))]
    SymlinkLoop {
        /// The link.
        path: String,
    },
    /// A symbolic link to something that is not there.
    #[error("{} is a symbolic link that leads nowhere", shown(.path))]
    SymlinkDangling {
        /// The link.
        path: String,
    },
    /// A symbolic link to something outside the model.
    #[error("{} is a symbolic link that leads out of the model, to {}", shown(.path), shown(.target))]
    SymlinkOutside {
        /// The link.
        path: String,
        /// Where it ends.
        target: String,
    },
    /// A symbolic link to a folder; only links to files can be allowed.
    #[error("{} is a symbolic link to a folder", shown(.path))]
    SymlinkToFolder {
        /// The link.
        path: String,
    },
    /// A file name that is not UTF-8 and thus cannot be signed.
    #[error("the name of {} is not UTF-8", shown(.path))]
    NameNotUtf8 {
        /// The name with the offending bytes replaced.
        path: String,
    },
    /// A file name that cannot stand in a manifest.
    #[error("the name {} cannot be signed: {fault}", shown(.path))]
    BadName {
        /// The name.
        path: String,
        /// What is wrong with it.
        fault: PathFault,
    },

    /// A name that Windows gives another meaning, where names must be portable.
    #[cfg(feature = "portable")]
    #[error("{} is not portable: Windows gives the name {} another meaning", shown(.path), shown(.component))]
    NotPortable {
        /// The name.
        path: String,
        /// What of it.
        component: String,
    },
    /// Two names that some file systems take for the same, where names must be portable.
    #[cfg(feature = "portable")]
    #[error("{} is not portable: to some file systems it is the same as {}", shown(.path), shown(.other))]
    NamesCollide {
        /// The name, or that of a folder.
        path: String,
        /// The other.
        other: String,
    },

    // -- the model against its manifest --
    /// One or more files do not hold; the report names each.
    #[error("{}", .0.verdict_line())]
    Rejected(Box<Report>),
    /// Too few distinct signers; the report tells what became of each bundle.
    #[error("{}", .0.verdict_line())]
    Threshold(Box<CosignReport>),
    /// A repair could not mend everything, or the model does not hold for another reason; the report tells what was
    /// mended, what was not, and the verdict.
    #[error("{}", .0.verdict_line())]
    Unrepaired(Box<RepairReport>),
    /// A repair, or [`Verifier::protect`](crate::Verifier::protect), was cancelled or kept from a verdict when it had
    /// changed something. Its kind is that of the problem.
    #[error("{problem}, after files were changed")]
    HalfDone {
        /// What was done, and stays so.
        done: Box<Done>,
        /// What ended it.
        problem: Box<Error>,
    },
    /// The bytes are not those that were signed.
    #[error("{} does not have the signed content{}: expected {expected}, found {found}", shown(.path), damaged(.ranges, .tensors))]
    DigestMismatch {
        /// The file.
        path: String,
        /// The signed digest, `algorithm:hex`. For a damaged chunk or shard, the digest of the first of them.
        expected: String,
        /// The digest found.
        found: String,
        /// The damaged byte ranges, when chunks or shards tell them; empty otherwise.
        ranges: Vec<ByteRange>,
        /// The tensors that lie in these ranges, when the header of the file could be verified.
        tensors: Vec<String>,
    },
    /// A file ends before its signed length.
    #[error("{} is cut short: expected {expected} bytes, found {found}", shown(.path))]
    Truncated {
        /// The file.
        path: String,
        /// The signed length in bytes.
        expected: u64,
        /// The length found.
        found: u64,
    },
    /// A file goes on after its signed length.
    #[error("{} has grown: expected {expected} bytes, found {found}", shown(.path))]
    Grown {
        /// The file.
        path: String,
        /// The signed length in bytes.
        expected: u64,
        /// The length found.
        found: u64,
    },
    /// A signed file is not there.
    #[error("{} is signed but missing", shown(.path))]
    Missing {
        /// The file.
        path: String,
    },
    /// A file that nobody signed.
    #[error("{} is not signed", shown(.path))]
    Unsigned {
        /// The file.
        path: String,
    },
    /// More of a [stream](crate::ResourceStream) that was found bad before.
    #[error("{} was refused before; nothing more of it is looked at", shown(.path))]
    StreamRefused {
        /// The file.
        path: String,
    },
    /// A file of no bytes in a model signed by shards, which cannot cover it.
    #[error("{} is empty, and a signature over shards does not cover empty files", shown(.path))]
    EmptyNotCovered {
        /// The file.
        path: String,
    },
    /// A file was written to, replaced or removed after it was first looked at: its length or time stamps are other
    /// ones, or it is gone, or something else has its place.
    #[error("{} was changed, replaced or removed meanwhile", shown(.path))]
    Changed {
        /// The file.
        path: String,
    },
    /// The bytes of a file cannot be protected as the policy demands.
    #[error("{} cannot be handed out with protection {expected}: {}", shown(.path), .tried.join("; "))]
    Protection {
        /// The file.
        path: String,
        /// The weakest rung that the policy accepts.
        expected: Protection,
        /// What kept each rung from being reached.
        tried: Vec<String>,
    },
    /// A range of bytes that is none, or reaches out of its file.
    #[error("bytes {}..{} lie outside {}, which has {length} bytes", .range.start, .range.end, shown(.path))]
    OutOfRange {
        /// The file.
        path: String,
        /// What was asked for.
        range: Range<u64>,
        /// The length of the file in bytes.
        length: u64,
    },
    /// A header of a file of tensors that is not what its format asks for.
    #[error("{}: {fault}", shown(.path))]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        fault: FormatFault,
    },
    /// A name of a tensor that no signed file has.
    #[error("there is no tensor {} in the signed files", shown(.name))]
    NoTensor {
        /// The name.
        name: String,
    },
    /// A name of a tensor that several signed files have.
    #[error("the tensor {} is in {} and in {}", shown(.name), shown(.path), shown(.other))]
    AmbiguousTensor {
        /// The name.
        name: String,
        /// One file that has it.
        path: String,
        /// Another one.
        other: String,
    },
    /// A pattern that no signed file, or no tensor, fits.
    #[error("the pattern {} fits no {what}", shown(.pattern))]
    NothingFits {
        /// The pattern.
        pattern: String,
        /// `"signed file"` or `"tensor"`.
        what: &'static str,
    },
    /// A file that [`Verifier::protect`](crate::Verifier::protect) froze, and that then turned out not to be what was
    /// signed, or could not be read: it changed after it was verified and before it was frozen.
    #[error("{} is now frozen by fs-verity, but does not hold: {problem}", shown(.path))]
    FrozenUnverified {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: Box<Error>,
    },
    /// A file that cannot be frozen since somebody holds it open for writing, or has a writable shared map of it.
    #[error("{} cannot be frozen: somebody holds it open for writing", shown(.path))]
    HeldForWriting {
        /// The file.
        path: String,
    },
    /// A file that cannot be frozen since there is no fs-verity where it lies.
    #[error("{} cannot be frozen: its file system has no fs-verity", shown(.path))]
    NoVerity {
        /// The file.
        path: String,
    },
    /// The caller wants to ignore what the signer signed.
    #[error("{} is signed and cannot be ignored", shown(.path))]
    IgnoredButSigned {
        /// The path to ignore.
        path: String,
    },

    // -- the source of a repair --
    /// The source does not have the signed bytes either. Nothing of these ranges was kept.
    #[error("the source of {} does not have the signed content{}: expected {expected}, found {found}", shown(.path), damaged(.ranges, &[]))]
    SourceMismatch {
        /// The file.
        path: String,
        /// The signed digest, `algorithm:hex`, of the first range.
        expected: String,
        /// The digest found.
        found: String,
        /// The byte ranges that stay damaged.
        ranges: Vec<ByteRange>,
    },
    /// The source could not be read.
    #[error("cannot read the source of {}{}: {source}", shown(.path), damaged(.ranges, &[]))]
    SourceUnreadable {
        /// The file.
        path: String,
        /// The byte ranges that stay damaged; none when the length of the file is not signed.
        ranges: Vec<ByteRange>,
        /// The first cause.
        source: io::Error,
    },

    // -- the bundle --
    /// There is nothing at the path of the bundle.
    #[error("signature bundle {} does not exist", shown(.path))]
    BundleNotFound {
        /// The path.
        path: String,
    },
    /// Larger, longer or deeper than the [`Limits`](crate::Limits) allow.
    #[error("{}: {what} is {found}, more than the limit of {limit}", shown(.path))]
    Limit {
        /// The file.
        path: String,
        /// What is limited, with its unit.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// What was found.
        found: u64,
    },
    /// Not a well-formed Sigstore bundle with a DSSE envelope.
    #[error("bundle {}: {}", shown(.path), clipped(.fault))]
    Bundle {
        /// The bundle.
        path: String,
        /// What is wrong.
        fault: BundleFault,
    },
    /// The signature holds, but what was signed is not a well-formed OMS statement.
    #[error("statement in {}: {}", shown(.path), clipped(.fault))]
    Statement {
        /// The bundle.
        path: String,
        /// What is wrong.
        fault: StatementFault,
    },
    /// The root digest in the statement is not that of its resources.
    #[error(
        "statement in {}: the root digest {expected} is not that of the listed resources, {found}",
        shown(.path)
    )]
    RootDigestMismatch {
        /// The bundle.
        path: String,
        /// The digest in the subject of the statement.
        expected: String,
        /// The digest over the resources.
        found: String,
    },
    /// Well-formed, but beyond what this version or build supports.
    #[error("{}: {what} is not supported", shown(.path))]
    Unsupported {
        /// The file.
        path: String,
        /// What is not supported.
        what: String,
    },

    // -- trust --
    /// No trusted key made this signature.
    #[error("the signature in {} was not made over this content by {}", shown(.path), trusted(.keys))]
    BadSignature {
        /// The bundle.
        path: String,
        /// The hints of the keys that were tried.
        keys: Vec<String>,
    },
    /// The bundle names another key than the trusted ones.
    #[error("bundle {} was signed with another key: expected {}, found {}", shown(.path), trusted(.keys), clipped(.hint))]
    HintMismatch {
        /// The bundle.
        path: String,
        /// The hint in the bundle.
        hint: String,
        /// The hints of the trusted keys.
        keys: Vec<String>,
    },
    /// The bundle was made with another method than the one that the caller trusts.
    #[error("bundle {} was signed with the {found} method, but the trust given is for the {expected} method", shown(.path))]
    MethodMismatch {
        /// The bundle.
        path: String,
        /// The method of the caller's trust material.
        expected: &'static str,
        /// The method of the bundle.
        found: &'static str,
    },
    /// The signing certificate does not lead to an anchor of the caller in the way that it must.
    #[cfg(feature = "certificate")]
    #[error("the signing certificate in {}: {}", shown(.path), clipped(.fault))]
    Certificate {
        /// The bundle.
        path: String,
        /// What is wrong.
        fault: CertificateFault,
    },
    /// The signing certificate is good, but its owner is not whom the caller expects.
    #[error(
        "bundle {} was signed by somebody else: expected {}, found {}",
        shown(.path),
        clipped(&Escaped(&.expected.join(" or "))),
        clipped(&Escaped(&.found.join(", ")))
    )]
    IdentityMismatch {
        /// The bundle.
        path: String,
        /// The identities that the caller expects.
        expected: Vec<String>,
        /// The names in the certificate, and its subject.
        found: Vec<String>,
    },
    /// A keyless (Sigstore) signature, which this version cannot verify.
    #[error("keyless (Sigstore) signatures like that in {} are not supported yet{}", shown(.path), claim(.identity, .issuer))]
    KeylessUnsupported {
        /// The bundle.
        path: String,
        /// Who the certificate claims signed. Nothing of it was checked.
        identity: Option<String>,
        /// Which identity provider it claims vouched for that.
        issuer: Option<String>,
    },
    /// The verifier was given no key and no certificate.
    #[error("no trusted key or certificate was given")]
    NoTrust,

    // -- keys --
    /// A key file that cannot be used.
    #[error("key {}: {fault}", shown(.path))]
    Key {
        /// The file, or where else the key came from.
        path: String,
        /// What is wrong.
        fault: KeyFault,
    },
    /// A file with certificates that cannot be used.
    #[cfg(feature = "certificate")]
    #[error("certificates in {}: {}", shown(.path), clipped(.fault))]
    Anchor {
        /// The file.
        path: String,
        /// What is wrong.
        fault: CertificateFault,
    },
    /// A signing certificate for another key than the one that signs.
    #[error("certificate {} is for another key: expected key {expected}, found {found}", shown(.path))]
    CertificateOfOtherKey {
        /// The file.
        path: String,
        /// The hint of the key that signs.
        expected: String,
        /// The hint of the key in the certificate.
        found: String,
    },
    /// A private key that other users can read.
    #[error("private key {} can be read by other users (mode {mode:03o})", shown(.path))]
    KeyReadableByOthers {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// A [`Signer`](crate::Signer) of the caller's failed, or the service behind it.
    #[cfg(feature = "sign")]
    #[error("the key cannot sign: {source}")]
    Signer {
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What a signer returned is not its signature.
    #[cfg(feature = "sign")]
    #[error("what the signer returned is not a signature by its {key_type} key {hint}")]
    SignerMismatch {
        /// The kind of the signer's public key.
        key_type: crate::KeyType,
        /// Its hint.
        hint: crate::KeyHint,
    },
    /// A key on a PKCS#11 token cannot be used.
    #[cfg(feature = "pkcs11")]
    #[error("key {}: {fault}", shown(.uri))]
    Pkcs11 {
        /// The URI of the key, without its query: nothing in it is secret.
        uri: String,
        /// What is wrong.
        fault: crate::keys::pkcs11::Pkcs11Fault,
    },

    // -- writing --
    /// The file to be written is there already.
    #[error("{} exists already", shown(.path))]
    AlreadyExists {
        /// The file.
        path: String,
    },
    /// A file that is not a bundle stands where the bundle is to be written.
    #[error("{} is not a signature bundle, and is not overwritten", shown(.path))]
    NotABundle {
        /// The file.
        path: String,
    },
    /// An old bundle whose modification time cannot tell which files are older: it lies in the future.
    #[cfg(feature = "sign")]
    #[error("bundle {} has a modification time in the future: it does not tell which files are older", shown(.path))]
    BundleTime {
        /// The bundle.
        path: String,
    },

    // -- the caller --
    /// Options that contradict each other or the model.
    #[error("{what}")]
    Usage {
        /// What is wrong with them.
        what: String,
    },
    /// The operation was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A fault of modelsig itself.
    #[error("internal error: {what}")]
    Internal {
        /// What happened.
        what: String,
    },
}

impl Error {
    /// The failure of a [`Signer`](crate::Signer): any error of another crate, or words.
    #[cfg(feature = "sign")]
    pub fn signer(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Signer { source: source.into() }
    }

    pub(crate) fn io(operation: &'static str, path: impl Into<String>, source: io::Error) -> Self {
        Self::Io { operation, path: path.into(), source }
    }

    /// An error of the engine about the file `path`.
    pub fn from_hashing(path: &str, error: modelsig_hash::Error) -> Self {
        let path = path.to_owned();
        match error {
            modelsig_hash::Error::Io { operation, source, .. } => Self::Io { operation, path, source },
            modelsig_hash::Error::NotRegular { .. } => Self::SpecialFile { path, what: "special file" },
            modelsig_hash::Error::Length { .. } | modelsig_hash::Error::Changed { .. } => {
                Self::Changed { path }
            }
            modelsig_hash::Error::AlgorithmNotBuilt { algorithm } => {
                Self::Unsupported { path, what: format!("the hash {algorithm}, left out of this build,") }
            }
            modelsig_hash::Error::Cancelled => Self::Cancelled,
            other => Self::Internal { what: other.to_string() },
        }
    }

    /// The same for a file that was there when the folder was walked.
    pub(crate) fn from_hashing_walked(path: &str, error: modelsig_hash::Error) -> Self {
        Self::from_hashing(path, error).walked()
    }

    /// What it means of a file that was there when the folder was walked: if it is gone, or something else has its
    /// place, then the model was changed.
    pub(crate) fn walked(self) -> Self {
        match self {
            Self::Io { source, path, .. }
                if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
                    || crate::model::is_loop(&source) =>
            {
                Self::Changed { path }
            }
            error => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_in_messages() {
        let error = Error::Unsigned { path: "a\u{1b}[2J".into() };
        assert_eq!(error.to_string(), r"'a\u{1b}[2J' is not signed");
    }
}
