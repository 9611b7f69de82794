//! Models that are signed, changed, verified, streamed and repaired: what holds is what was signed, byte for byte and
//! name for name, and everything else is refused. The source of the repair lies as it likes.
#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use modelsig::hash::{ChunkSize, Engine, HashAlgorithm};
use modelsig::{
    Check, ChunkIndexing, Error, ErrorKind, KeyType, Method, ModelPath, ModelSigner, Policy, PrivateKey,
    RepairSource, Signer, Verifier,
};

#[derive(Arbitrary, Debug)]
struct Case {
    files: Vec<(u8, Content)>,
    manner: Manner,
    changes: Vec<Change>,
    check: u8,
    fail_fast: bool,
    threads: bool,
    /// The pieces in which a stream brings a file.
    pieces: Vec<u16>,
    /// What the source of a repair has instead of the good bytes.
    lies: Vec<Lie>,
}

/// Repeated up to a length: short, or of some chunks.
#[derive(Arbitrary, Debug)]
struct Content {
    bytes: Vec<u8>,
    is_long: bool,
    length: u32,
}

/// How the model is signed.
#[derive(Arbitrary, Debug)]
struct Manner {
    shards: Option<u16>,
    hash: u8,
    chunks: Option<u8>,
    fsverity: bool,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Flip {
        file: u8,
        at: u32,
        bits: u8,
    },
    Truncate {
        file: u8,
        length: u32,
    },
    Append {
        file: u8,
        bytes: Vec<u8>,
    },
    Remove {
        file: u8,
    },
    Add {
        name: u8,
        content: Content,
    },
    /// The content of one under the name of the other.
    Swap {
        one: u8,
        other: u8,
    },
}

#[derive(Arbitrary, Debug)]
enum Lie {
    None,
    Flip(u8),
    Short(u8),
    Long,
    Refuse,
}

const NAMES: [&str; 8] = ["a", "a.b", "c/d", "c/e/f", "\u{fc}.bin", "w.safetensors", "x.gguf", "z z"];

type Files = BTreeMap<&'static str, Vec<u8>>;

static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::Ed25519).expect("random numbers"));
static ENGINES: LazyLock<[Engine; 2]> =
    LazyLock::new(|| [1, 2].map(|threads| Engine::new(threads).expect("an engine")));

libfuzzer_sys::fuzz_target!(|case: Case| {
    let named = |(name, content): &(u8, Content)| (NAMES[usize::from(*name) % NAMES.len()], content.bytes());
    let mut signed: Files = case.files.iter().take(6).map(named).collect();
    if case.manner.shards.is_some() {
        // Shards do not cover empty files.
        signed.retain(|_, content| !content.is_empty());
    }
    if signed.is_empty() {
        return;
    }
    // In memory, where there is such a place.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let folder = tempfile::tempdir_in(place).expect("a folder");
    let (model, bundle) = (folder.path().join("model"), folder.path().join("model.sig"));
    write(&model, &signed);
    let engine = &ENGINES[usize::from(case.threads)];
    case.manner
        .signer()
        .with_engine(engine.clone())
        .sign(&model, &bundle, &*KEY)
        .expect("a good model is signed");

    let mut changed = signed.clone();
    case.changes.iter().take(4).for_each(|change| change.apply(&mut changed));
    fs::remove_dir_all(&model).expect("removed");
    write(&model, &changed);

    let check = [Check::Chunks, Check::Whole, Check::Both][usize::from(case.check) % 3];
    let policy = Policy::strict().check(check).fail_fast(case.fail_fast);
    let verifier = Verifier::new(KEY.public_key().clone()).with_policy(policy).with_engine(engine.clone());
    match verifier.verify(&model, bundle.as_path()) {
        Ok(verified) => {
            assert_eq!(changed, signed, "a changed model verifies");
            for (name, content) in &signed {
                assert_eq!(&verified.get(name).expect("a signed name").into_vec(), content);
            }
        }
        Err(error) => {
            assert_ne!(changed, signed, "{error}");
            let expected = [ErrorKind::Mismatch, ErrorKind::Missing, ErrorKind::Unsigned];
            assert!(expected.contains(&error.kind()), "{error}");
            modelsig::fuzzing::message(&error);
        }
    }
    match verifier.open(&model, bundle.as_path()) {
        // Names and lengths are right.
        Ok(opened) => {
            for (name, content) in &signed {
                assert_eq!(
                    opened.read(name).ok().as_ref(),
                    Some(content).filter(|_| changed[name] == *content)
                );
            }
        }
        Err(_) => assert_ne!(changed, signed),
    }
    streamed(&verifier, &bundle, &signed, &changed, &case.pieces);
    repaired(&verifier, &model, &bundle, &signed, &changed, &case.lies);
});

/// The same files, on their way.
fn streamed(verifier: &Verifier, bundle: &Path, signed: &Files, changed: &Files, pieces: &[u16]) {
    let opened = verifier.open_resources(bundle, []).expect("a good bundle");
    for (name, content) in changed {
        let Ok(mut stream) = opened.stream(name) else {
            assert!(!signed.contains_key(name));
            continue;
        };
        let mut pieces = pieces.iter().map(|piece| usize::from(*piece)).chain(std::iter::repeat(usize::MAX));
        let mut rest = content.as_slice();
        let mut result = Ok(());
        while !rest.is_empty() && result.is_ok() {
            let (now, later) = rest.split_at(pieces.next().unwrap_or(usize::MAX).min(rest.len()));
            result = stream.update(now);
            rest = later;
            let verified = stream.verified() as usize;
            assert_eq!(content[..verified], signed[name][..verified], "bytes that are not the signed ones");
        }
        let result = result.and_then(|()| stream.finish());
        assert_eq!(result.is_ok(), signed[name] == *content, "{name}");
        assert!(result.is_err() || result.is_ok_and(|length| length == content.len() as u64));
    }
}

struct Liar<'f> {
    files: &'f Files,
    lies: &'f [Lie],
}

impl RepairSource for Liar<'_> {
    fn read_at(&self, name: &ModelPath, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let content = self.files.get(name.as_str()).ok_or(io::ErrorKind::NotFound)?;
        let rest = content.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        // Always the same for the same question.
        let lies = if self.lies.is_empty() { &[Lie::None] } else { self.lies };
        match lies[(name.as_str().len() + (offset >> 16) as usize) % lies.len()] {
            Lie::None => Ok(count),
            Lie::Flip(at) => {
                if let Some(byte) = buffer[..count].get_mut(usize::from(at)) {
                    *byte ^= 1;
                }
                Ok(count)
            }
            Lie::Short(length) => Ok(count.min(length.into())),
            // Not without an end: where no length is signed, only the caller's limit would be one.
            Lie::Long if offset < 400_000 => Ok(buffer.len()),
            Lie::Long => Ok(count),
            Lie::Refuse => Err(io::ErrorKind::Other.into()),
        }
    }
}

/// After a repair the model holds, or what was good still is.
fn repaired(verifier: &Verifier, model: &Path, bundle: &Path, signed: &Files, changed: &Files, lies: &[Lie]) {
    let result = verifier.repair(model, bundle, &Liar { files: signed, lies });
    let after = read(model);
    match result {
        Ok(_) => assert!(after.iter().eq(signed.iter().map(owned).collect::<BTreeMap<_, _>>().iter())),
        Err(error) => {
            modelsig::fuzzing::message(&error);
            for (name, content) in changed.iter().filter(|(name, content)| signed.get(*name) == Some(content))
            {
                assert_eq!(after.get(*name), Some(content), "{name} was good: {error}");
            }
            let honest = lies.iter().all(|lie| matches!(lie, Lie::None));
            let unsigned = changed.keys().any(|name| !signed.contains_key(name));
            assert!(!honest || unsigned, "{error}: {:?}", details(&error));
        }
    }
}

fn details(error: &Error) -> String {
    format!("{error:?}")
}

fn owned((name, content): (&&str, &Vec<u8>)) -> (String, Vec<u8>) {
    ((*name).to_owned(), content.clone())
}

fn write(folder: &Path, files: &Files) {
    fs::create_dir_all(folder).expect("a folder");
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, content).expect("written");
    }
}

fn read(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("listed") {
            let path = entry.expect("listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").to_str().expect("UTF-8").to_owned();
                files.insert(name, fs::read(path).expect("read"));
            }
        }
    }
    files
}

impl Content {
    fn bytes(&self) -> Vec<u8> {
        let length = if self.is_long { self.length % 300_000 } else { self.length % 300 } as usize;
        let bytes = self.bytes.iter().copied().chain([7]).cycle();
        (0..length).zip(bytes).map(|(place, byte)| byte ^ (place >> 8) as u8).collect()
    }
}

impl Manner {
    fn signer(&self) -> ModelSigner {
        let hash = |number: u8| HashAlgorithm::ALL[usize::from(number) % 3];
        let method = match self.shards {
            Some(shards) => Method::Shards { shard_size: u64::from(shards) * 8 + 1000 },
            None => Method::Files,
        };
        let chunks = self.chunks.map(|number| ChunkIndexing {
            size: Some(ChunkSize::new(ChunkSize::MIN).expect("64 KiB")),
            algorithm: hash(number),
        });
        let files = method == Method::Files;
        ModelSigner::new()
            .method(method)
            .hash(hash(self.hash))
            .chunks(chunks.filter(|_| files))
            .fsverity(self.fsverity && files)
    }
}

impl Change {
    fn apply(&self, files: &mut Files) {
        // One of those that are there.
        let names: Vec<&str> = files.keys().copied().collect();
        let nth = |number: &u8| names.get(usize::from(*number) % names.len().max(1)).copied().unwrap_or("a");
        match self {
            Self::Flip { file, at, bits } => {
                if let Some(content) = files.get_mut(nth(file)).filter(|content| !content.is_empty()) {
                    let at = *at as usize % content.len();
                    content[at] ^= bits;
                }
            }
            Self::Truncate { file, length } => {
                if let Some(content) = files.get_mut(nth(file)) {
                    content.truncate(*length as usize % (content.len() + 1));
                }
            }
            Self::Append { file, bytes } => {
                if let Some(content) = files.get_mut(nth(file)) {
                    content.extend_from_slice(bytes);
                }
            }
            Self::Remove { file } => drop(files.remove(nth(file))),
            Self::Add { name, content } => {
                files.insert(NAMES[usize::from(*name) % NAMES.len()], content.bytes());
            }
            Self::Swap { one, other } => {
                let (one, other) = (nth(one), nth(other));
                if let (Some(first), Some(second)) = (files.get(one).cloned(), files.get(other).cloned()) {
                    files.insert(one, second);
                    files.insert(other, first);
                }
            }
        }
    }
}
