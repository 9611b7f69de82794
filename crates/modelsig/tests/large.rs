//! A file of more than 4 GiB, which 32 bits cannot count: signed, verified, read in parts, and found out when it is not
//! what was signed. It is sparse, and takes no room.

#![forbid(unsafe_code)]
#![cfg(all(unix, feature = "sign"))]

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use modelsig::hash::HashAlgorithm;
use modelsig::{
    ChunkIndexing, Error, ErrorKind, KeyType, ModelSigner, Policy, PrivateKey, SignedModel, Signer, Verifier,
};

/// The first place that 32 bits do not reach.
const EDGE: u64 = 1 << 32;
const LENGTH: u64 = EDGE + (1 << 20) + 5;
/// From here on the file is not zero.
const CONTENT: u64 = EDGE - (1 << 20);
const NAME: &str = "weights.bin";

/// The fastest of the hashes.
#[test]
fn past_4_gib() {
    Large::new(HashAlgorithm::Blake3).is_handled();
}

/// What every OMS tool reads. Where the CPU has no instructions for it, this takes minutes.
#[test]
#[ignore = "hashes 12 GiB with SHA-256: .ci/bits32 runs it"]
fn past_4_gib_with_sha256() {
    Large::new(HashAlgorithm::Sha256).is_handled();
}

/// A signed model of one large file.
struct Large {
    folder: tempfile::TempDir,
    key: PrivateKey,
    file: File,
    content: Vec<u8>,
}

impl Large {
    fn new(hash: HashAlgorithm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("model")).unwrap();
        let mut options = File::options();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(folder.path().join("model").join(NAME))
            .unwrap();
        let content: Vec<u8> = (0..LENGTH - CONTENT).map(|at| (at ^ (at >> 9)) as u8).collect();
        file.set_len(LENGTH).unwrap();
        file.write_all_at(&content, CONTENT).unwrap();
        let large = Self { folder, key: PrivateKey::generate(KeyType::Ed25519).unwrap(), file, content };
        let signer =
            ModelSigner::new().hash(hash).chunks(Some(ChunkIndexing { size: None, algorithm: hash }));
        signer.sign(&large.path("model"), &large.path("model.sig"), &large.key).unwrap();
        large
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bytes(&self, start: u64, end: u64) -> &[u8] {
        let place = |at: u64| usize::try_from(at - CONTENT).unwrap();
        &self.content[place(start)..place(end)]
    }

    fn open(&self, policy: Policy) -> SignedModel {
        let verifier = Verifier::new(self.key.public_key().clone()).with_policy(policy);
        verifier.open(&self.path("model"), &self.path("model.sig")).unwrap()
    }

    fn verify(&self) -> Result<modelsig::VerifiedModel, Error> {
        let verifier = Verifier::new(self.key.public_key().clone());
        verifier.verify(&self.path("model"), &self.path("model.sig"))
    }

    fn is_handled(&self) {
        self.verify().unwrap();
        let opened = self.open(Policy::strict());
        self.is_read_in_parts(&opened);
        #[cfg(target_pointer_width = "32")]
        self.is_refused_in_one_piece(&opened);
        self.is_found_out(&opened);
    }

    fn is_read_in_parts(&self, opened: &SignedModel) {
        for (start, end) in [(EDGE - 500, EDGE + 500), (EDGE, EDGE + 1), (EDGE + 1, LENGTH), (LENGTH, LENGTH)]
        {
            assert!(*opened.range(NAME, start..end).unwrap() == *self.bytes(start, end), "{start}..{end}");
        }
        let out = opened.range(NAME, EDGE..LENGTH + 1).unwrap_err();
        assert!(matches!(out, Error::OutOfRange { length: LENGTH, .. }), "{out:?}");
        let mut reader = opened.reader(NAME).unwrap();
        assert_eq!(reader.length(), LENGTH);
        let mut bytes = Vec::new();
        reader.seek(SeekFrom::Start(EDGE - 10)).unwrap();
        reader.read_to_end(&mut bytes).unwrap();
        assert!(bytes == self.bytes(EDGE - 10, LENGTH));
        assert_eq!(reader.seek(SeekFrom::End(-3)).unwrap(), LENGTH - 3);
    }

    /// Where addresses do not reach so far, on whatever rung: an error, and no copy of 4 GiB before it is told.
    #[cfg(target_pointer_width = "32")]
    fn is_refused_in_one_piece(&self, opened: &SignedModel) {
        let sealed = self.open(Policy::strict().min_protection(modelsig::Protection::Sealed));
        let refused = [
            opened.get(NAME).map(|file| file.len()),
            opened.read(NAME).map(|bytes| bytes.len()),
            opened.range(NAME, 0..LENGTH).map(|bytes| bytes.len()),
            sealed.get(NAME).map(|file| file.len()),
            sealed.range(NAME, EDGE..EDGE + 1).map(|bytes| bytes.len()),
        ];
        for result in refused {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.path()), (ErrorKind::Io, Some(NAME)));
            let Error::Io { source, .. } = &error else { panic!("{error:?}") };
            assert_eq!(source.kind(), std::io::ErrorKind::OutOfMemory, "{error}");
        }
    }

    fn is_found_out(&self, opened: &SignedModel) {
        // One bit in the last chunk.
        let place = EDGE + 7;
        let byte = self.bytes(place, place + 1)[0];
        self.file.write_all_at(&[byte ^ 1], place).unwrap();
        let error = opened.range(NAME, EDGE..EDGE + 10).unwrap_err();
        let Error::DigestMismatch { ranges, .. } = &error else { panic!("{error:?}") };
        let [damaged] = ranges[..] else { panic!("{ranges:?}") };
        assert!((damaged.start()..damaged.end()).contains(&place), "{damaged}");
        assert!(*opened.range(NAME, EDGE - 500..EDGE).unwrap() == *self.bytes(EDGE - 500, EDGE));
        let error = self.verify().unwrap_err();
        let problem = only_problem(&error);
        assert!(
            matches!(problem, Error::DigestMismatch { ranges, .. } if ranges[..] == [damaged]),
            "{problem:?}"
        );
        self.file.write_all_at(&[byte], place).unwrap();
        assert!(*opened.range(NAME, EDGE..EDGE + 10).unwrap() == *self.bytes(EDGE, EDGE + 10));

        // Lengths that are the signed one in their lower 32 bits.
        self.file.set_len(LENGTH - EDGE).unwrap();
        let error = self.verify().unwrap_err();
        let problem = only_problem(&error);
        assert!(matches!(problem, Error::Truncated { expected: LENGTH, .. }), "{problem:?}");
        self.file.set_len(LENGTH + EDGE).unwrap();
        let error = self.verify().unwrap_err();
        let problem = only_problem(&error);
        assert!(matches!(problem, Error::Grown { expected: LENGTH, .. }), "{problem:?}");
        assert_eq!((problem.kind(), problem.path()), (ErrorKind::Mismatch, Some(NAME)));
    }
}

fn only_problem(error: &Error) -> &Error {
    let Error::Rejected(report) = error else { panic!("{error:?}") };
    let problems: Vec<&Error> = report.problems().collect();
    let [problem] = problems[..] else { panic!("{problems:?}") };
    problem
}
