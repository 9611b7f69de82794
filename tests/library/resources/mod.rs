//! Resources that lie in no folder: in a part of a larger file, behind a descriptor, in memory, on their way. Whatever
//! the place and the way of reading, the verdict is that on the same bytes in a folder.

mod agreeing;
mod bundles;
mod names;
mod parts;
mod property;
mod report;
mod stream;
mod stream_refused;

use std::fs::File;
use std::path::PathBuf;

use modelsig::hash::{ChunkSize, HashAlgorithm};
use modelsig::{Check, ChunkIndexing, Content, Method, ModelSigner};
use modelsig_tests::Case;

use crate::loading::{in_chunks, noise};

/// The smallest chunks that there are.
const CHUNK: usize = 65_536;

/// Around every edge.
const LENGTHS: [usize; 9] =
    [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK + 77];

const CHECKS: [Check; 3] = [Check::Chunks, Check::Whole, Check::Both];

/// A way to sign, and what it tells of a file.
struct Way {
    name: &'static str,
    signer: ModelSigner,
    /// Bytes of a part that has a digest of its own.
    part: Option<usize>,
    /// Lengths are signed.
    lengths: bool,
}

fn ways() -> Vec<Way> {
    let way = |name, signer, part, lengths| Way { name, signer, part, lengths };
    let indexed = |algorithm| ChunkIndexing { size: ChunkSize::new(ChunkSize::MIN).ok(), algorithm };
    let blake3 = ModelSigner::new().chunks(Some(indexed(HashAlgorithm::Blake3)));
    let whole = || ModelSigner::new().chunks(None);
    let shards = Method::Shards { shard_size: 70_000 };
    vec![
        way("chunks", in_chunks(), Some(CHUNK), true),
        way("BLAKE3 chunks", blake3, Some(CHUNK), true),
        way("whole", whole(), None, false),
        way("whole BLAKE2b", whole().hash(HashAlgorithm::Blake2b), None, false),
        way("whole BLAKE3", whole().hash(HashAlgorithm::Blake3), None, false),
        way("shards", whole().method(shards), Some(70_000), true),
        way("fs-verity", in_chunks().fsverity(true), Some(CHUNK), true),
        way("fs-verity without chunks", whole().fsverity(true), None, false),
    ]
}

impl Way {
    /// Files of all lengths, signed in this way. Shards cannot cover an empty one.
    fn case(&self) -> Case {
        let case = Case::new(&[]);
        for length in self.lengths() {
            case.write(&name_of(length), &noise(length));
        }
        case.sign_with(&self.signer);
        case
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        let shards = self.name == "shards";
        LENGTHS.into_iter().filter(move |length| !shards || *length > 0)
    }
}

fn name_of(length: usize) -> String {
    format!("{length}.bin")
}

/// Where content lies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lies {
    AtPath,
    InFile,
    InPartAtPath,
    InPartOfFile,
}

const PLACES: [Lies; 4] = [Lies::AtPath, Lies::InFile, Lies::InPartAtPath, Lies::InPartOfFile];

/// The files of a model, uncompressed in one larger file, at odd offsets, between other bytes.
struct Archive {
    path: PathBuf,
    parts: Vec<(String, u64, u64)>,
}

impl Archive {
    fn of<'n>(case: &Case, names: impl IntoIterator<Item = &'n str>) -> Self {
        let (mut bytes, mut parts) = (noise(4099), Vec::new());
        for name in names {
            let content = std::fs::read(case.file(name)).unwrap();
            bytes.extend(b"between parts");
            parts.push((name.to_owned(), bytes.len() as u64, content.len() as u64));
            bytes.extend(content);
        }
        bytes.extend(noise(777));
        let path = case.path("base.apk");
        std::fs::write(&path, bytes).unwrap();
        Self { path, parts }
    }

    fn part(&self, name: &str) -> (u64, u64) {
        let part = self.parts.iter().find(|(part, ..)| part == name).expect("a part of that name");
        (part.1, part.2)
    }

    fn content(&self, name: &str) -> Content {
        let (offset, length) = self.part(name);
        Content::path(&self.path).part(offset, Some(length))
    }

    /// Makes a byte of the archive another one.
    fn flip(&self, at: u64) {
        let mut bytes = std::fs::read(&self.path).unwrap();
        bytes[at as usize] ^= 1;
        std::fs::write(&self.path, bytes).unwrap();
    }
}

impl Lies {
    fn content(self, case: &Case, archive: &Archive, name: &str) -> Content {
        let (offset, length) = archive.part(name);
        match self {
            Self::AtPath => Content::path(case.file(name)),
            Self::InFile => Content::file(File::open(case.file(name)).unwrap()),
            Self::InPartAtPath => archive.content(name),
            Self::InPartOfFile => {
                Content::file(File::open(&archive.path).unwrap()).part(offset, Some(length))
            }
        }
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 16) % end.max(1) as u64) as usize
    }
}
