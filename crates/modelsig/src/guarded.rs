//! Files under the kernel's guard (fs-verity): verified in constant time where their fs-verity digest is signed.
//!
//! The kernel checks every page of such a file when it is read, so what it measures is what any reader gets, or an I/O
//! error. Refuses nothing by itself: what it cannot decide is hashed.

use std::fs::File;
use std::io;

use modelsig_hash::VerityDigest;

use crate::manifest::SignedFile;
use crate::policy::Check;

/// [`modelsig_hash::protect::verity::measure`], or what a test has in its place.
pub(crate) type Measure = fn(&File) -> io::Result<Option<VerityDigest>>;

/// True when what the kernel measures of a file of `length` bytes proves it for all of those that list it; otherwise it
/// must be hashed. The one place where this is decided: only by [`Check::Chunks`], which takes any signed digest for
/// the file; only where all who list it have signed its fs-verity digest, and it is the measured one; and only of a
/// regular file with the length that the walk found and the signed lengths agree with. The digest binds the length as
/// well. A difference is no verdict: it may come of a salt or another block size, and hashing tells where the damage
/// is.
pub(crate) fn by_guard(
    check: Check,
    listed: &[&SignedFile],
    length: u64,
    open: impl FnOnce() -> io::Result<File>,
    measure: Measure,
) -> bool {
    if check != Check::Chunks || listed.is_empty() || listed.iter().any(|file| file.verity().is_none()) {
        return false;
    }
    // Whatever keeps it from being opened or measured will be met again when it is hashed.
    let found = open().ok().and_then(|file| measured(&file, length, measure));
    found.is_some_and(|found| listed.iter().all(|file| file.compare_verity(Some(found)).is_ok()))
}

/// What the kernel measures of an open file, if that is a regular file of this length under its guard.
pub(crate) fn measured(file: &File, length: u64, measure: Measure) -> Option<VerityDigest> {
    let metadata = modelsig_hash::metadata(file).ok()?;
    if !metadata.is_file() || metadata.len() != length {
        return None;
    }
    measure(file).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Proof;
    use crate::model::ModelPath;
    use modelsig_hash::HashAlgorithm;

    const GOOD: VerityDigest = VerityDigest::from_bytes([1; 32]);
    const BAD: VerityDigest = VerityDigest::from_bytes([2; 32]);

    fn signed(verity: Option<VerityDigest>) -> SignedFile {
        let digest = HashAlgorithm::Sha256.digest(b"abc").unwrap();
        let name = ModelPath::parse("weights.bin").unwrap();
        SignedFile { name, proof: Proof::Whole { digest, chunks: None, verity } }
    }

    /// A file of 3 bytes that the kernel measures in some way.
    fn proves(check: Check, listed: &[&SignedFile], length: u64, measure: Measure) -> bool {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("f"), b"abc").unwrap();
        by_guard(check, listed, length, || File::open(folder.path().join("f")), measure)
    }

    #[test]
    fn what_is_measured_and_signed_by_all_proves() {
        let good = signed(Some(GOOD));
        let guarded: Measure = |_| Ok(Some(GOOD));
        assert!(proves(Check::Chunks, &[&good], 3, guarded));
        assert!(proves(Check::Chunks, &[&good, &good], 3, guarded));
    }

    #[test]
    fn everything_else_is_hashed() {
        let (good, bad) = (signed(Some(GOOD)), signed(Some(BAD)));
        let guarded: Measure = |_| Ok(Some(GOOD));
        for check in [Check::Whole, Check::Both] {
            assert!(!proves(check, &[&good], 3, guarded), "{check:?}");
        }
        assert!(
            !proves(Check::Chunks, &[&bad], 3, guarded),
            "another content, a salt, or another block size"
        );
        assert!(!proves(Check::Chunks, &[&good, &bad], 3, guarded), "what one of them signed");
        assert!(!proves(Check::Chunks, &[], 3, guarded), "not listed");
        assert!(!proves(Check::Chunks, &[&signed(None)], 3, guarded), "not signed");
        assert!(!proves(Check::Chunks, &[&good, &signed(None)], 3, guarded), "not signed by all");
        assert!(!proves(Check::Chunks, &[&good], 4, guarded), "of another length");
        assert!(!proves(Check::Chunks, &[&good], 3, |_| Ok(None)), "not guarded");
        let fails: Measure = |_| Err(io::ErrorKind::Other.into());
        assert!(!proves(Check::Chunks, &[&good], 3, fails), "not told");
        let gone = || Err(io::ErrorKind::NotFound.into());
        assert!(!by_guard(Check::Chunks, &[&good], 3, gone, guarded), "not there");
        let folder = || File::open(".");
        assert!(!by_guard(Check::Chunks, &[&good], 3, folder, guarded), "no file");
    }
}
