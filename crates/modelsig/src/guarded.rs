//! Files under the kernel's guard (fs-verity): verified in constant time where their fs-verity digest is signed.
//!
//! The kernel checks every page of such a file when it is read, so what it measures is what any reader gets, or an I/O
//! error. Refuses nothing by itself: what it cannot decide is hashed.

use std::fs::File;
use std::io;

use modelsig_hash::VerityDigest;

use crate::Error;
use crate::manifest::SignedFile;
use crate::policy::Check;

/// [`modelsig_hash::protect::verity::measure`], or what a test has in its place.
pub(crate) type Measure = fn(&File) -> io::Result<Option<VerityDigest>>;

/// The verdict on a file of `length` bytes for each of those that list it, from what the kernel measures; `None` when it
/// must be hashed. The one place where this is decided: only by [`Check::Chunks`], which takes any signed digest for the
/// file; only where all who list it have signed its fs-verity digest; and only of a regular file with the length that
/// the walk found and the signed lengths agree with. The digest binds the length as well.
pub(crate) fn by_guard(
    check: Check,
    listed: &[&SignedFile],
    length: u64,
    open: impl FnOnce() -> io::Result<File>,
    measure: Measure,
) -> Option<Vec<Result<(), Error>>> {
    if check != Check::Chunks || listed.iter().any(|file| file.verity().is_none()) {
        return None;
    }
    // Whatever keeps it from being opened or measured will be met again when it is hashed.
    measured(&open().ok()?, length, measure)
        .map(|found| listed.iter().map(|file| file.compare_verity(Some(found))).collect())
}

/// What the kernel measures of an open file, if that is a regular file of this length under its guard.
pub(crate) fn measured(file: &File, length: u64, measure: Measure) -> Option<VerityDigest> {
    let metadata = file.metadata().ok()?;
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
    fn judged(check: Check, listed: &[&SignedFile], length: u64, measure: Measure) -> Option<Vec<bool>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("f"), b"abc").unwrap();
        let verdicts = by_guard(check, listed, length, || File::open(folder.path().join("f")), measure)?;
        Some(verdicts.iter().map(Result::is_ok).collect())
    }

    #[test]
    fn what_is_measured_and_signed_decides() {
        let (good, bad) = (signed(Some(GOOD)), signed(Some(BAD)));
        let guarded: Measure = |_| Ok(Some(GOOD));
        assert_eq!(judged(Check::Chunks, &[&good], 3, guarded), Some(vec![true]));
        assert_eq!(judged(Check::Chunks, &[&bad], 3, guarded), Some(vec![false]));
        assert_eq!(judged(Check::Chunks, &[&good, &bad], 3, guarded), Some(vec![true, false]));
    }

    #[test]
    fn everything_else_is_hashed() {
        let good = signed(Some(GOOD));
        let guarded: Measure = |_| Ok(Some(GOOD));
        for check in [Check::Whole, Check::Both] {
            assert_eq!(judged(check, &[&good], 3, guarded), None, "{check:?}");
        }
        assert_eq!(judged(Check::Chunks, &[&signed(None)], 3, guarded), None, "not signed");
        assert_eq!(judged(Check::Chunks, &[&good, &signed(None)], 3, guarded), None, "not signed by all");
        assert_eq!(judged(Check::Chunks, &[&good], 4, guarded), None, "of another length");
        assert_eq!(judged(Check::Chunks, &[&good], 3, |_| Ok(None)), None, "not guarded");
        let fails: Measure = |_| Err(io::ErrorKind::Other.into());
        assert_eq!(judged(Check::Chunks, &[&good], 3, fails), None, "not told");
        let gone = || Err(io::ErrorKind::NotFound.into());
        assert!(by_guard(Check::Chunks, &[&good], 3, gone, guarded).is_none(), "not there");
        let folder = || File::open(".");
        assert!(by_guard(Check::Chunks, &[&good], 3, folder, guarded).is_none(), "no file");
    }

    #[test]
    fn a_difference_names_both_digests() {
        let verdicts =
            by_guard(Check::Chunks, &[&signed(Some(GOOD))], 0, tempfile::tempfile, |_| Ok(Some(BAD)));
        match &verdicts.unwrap()[..] {
            [Err(Error::DigestMismatch { path, expected, found, ranges, .. })] => {
                assert_eq!(path, "weights.bin");
                assert_eq!(expected, &format!("fsverity-sha256:{GOOD}"));
                assert_eq!(found, &format!("fsverity-sha256:{BAD}"));
                assert!(ranges.is_empty());
            }
            other => panic!("{other:?}"),
        }
    }
}
