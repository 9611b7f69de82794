//! Statements, predicates and chunk indexes.

use modelsig_hash::{ByteRange, Digest, HashAlgorithm, Hasher};

use crate::Limits;
use crate::json::{self, Object};
use crate::manifest::{ChunkIndex, JsonChunkIndex, Manifest, Method, Parts, Proof, SignedFile};
use crate::statement::{self, PREDICATE_TYPE, STATEMENT_TYPE};
use crate::trust::Dialect;

/// A statement. What is accepted keeps the promises on which verification relies. How many files it lists, if it is
/// accepted: by one dialect at most.
pub fn statement(payload: &[u8]) -> Option<usize> {
    let mut files = None;
    for dialect in [Dialect::Current, Dialect::Legacy] {
        match statement::parse("bundle", payload, dialect, &Limits::default()) {
            Ok(manifest) => {
                manifest_keeps_its_promises(&manifest);
                if dialect == Dialect::Current {
                    written_it_reads_the_same(&manifest);
                }
                assert_eq!(files.replace(manifest.files.len()), None, "of one age only");
            }
            Err(error) => super::refused(&error),
        }
    }
    files
}

/// A predicate, in a statement with the root digest that its resources have: the fuzzer need not find that.
pub fn predicate(text: &[u8]) {
    let root = root_of(text).unwrap_or_default();
    let head = format!(
        r#"{{"_type":"{STATEMENT_TYPE}","subject":[{{"name":"m","digest":{{"sha256":"{root}"}}}}],"predicateType":"{PREDICATE_TYPE}","predicate":"#
    );
    statement(&[head.as_bytes(), text, b"}"].concat());
}

fn root_of(text: &[u8]) -> Option<String> {
    let predicate: serde_json::Value = serde_json::from_slice(text).ok()?;
    let mut hasher = Hasher::new(HashAlgorithm::Sha256).ok()?;
    for resource in predicate.get("resources")?.as_array()? {
        hasher.update(&hex::decode(resource.get("digest")?.as_str()?).ok()?);
    }
    Some(hasher.finalize().to_string())
}

/// The text of a chunk index. True if it is accepted.
pub fn chunk_index(text: &[u8]) -> bool {
    let index: Object<JsonChunkIndex<'_>> = match json::parse(text, Limits::default().json_depth) {
        Ok(index) => index,
        Err(fault) => {
            super::message(&fault);
            return false;
        }
    };
    match index.0.decode() {
        Ok(index) => {
            chunks_keep_their_promises(&index);
            let again = serde_json::to_vec(&index.encode()).expect("an index can be written");
            let again: JsonChunkIndex<'_> = serde_json::from_slice(&again).expect("and read");
            assert_eq!(again.decode(), Ok(index));
            true
        }
        Err(fault) => {
            super::message(&fault);
            false
        }
    }
}

fn manifest_keeps_its_promises(manifest: &Manifest) {
    assert!(!manifest.files.is_empty());
    assert!(manifest.files.windows(2).all(|pair| pair[0].name < pair[1].name), "sorted, each once");
    for (place, file) in manifest.files.iter().enumerate() {
        let name = file.name.as_str();
        assert_eq!(manifest.index_of(name), Some(place));
        let lone = file.name.is_dot() && manifest.files.len() == 1;
        assert!(lone || crate::ModelPath::parse(name).as_ref() == Ok(&file.name), "canonical: {name:?}");
        assert!(file.name.ancestors().all(|folder| manifest.covers(folder)));
        file_keeps_its_promises(file, manifest.serialization.method);
    }
}

fn file_keeps_its_promises(file: &SignedFile, method: Method) {
    match &file.proof {
        Proof::Whole { chunks, .. } => {
            assert_eq!(method, Method::Files);
            if let Some(chunks) = chunks {
                chunks_keep_their_promises(chunks);
                assert_eq!(file.length(), Some(chunks.length));
            }
        }
        Proof::Shards(shards) => {
            let Method::Shards { shard_size } = method else { panic!("shards of a statement of files") };
            assert!(shards.iter().all(|(range, _)| (1..=shard_size).contains(&range.length())));
            let length = file.length().expect("shards tell the length");
            parts_tile(shards, length, &Parts::Shards(shards));
        }
    }
}

fn chunks_keep_their_promises(index: &ChunkIndex) {
    let chunks: Vec<(ByteRange, Digest)> = index.chunks().collect();
    assert_eq!(chunks.is_empty(), !index.has_digests());
    assert_eq!(index.has_digests(), index.length > index.chunk_size.bytes());
    if index.has_digests() {
        parts_tile(&chunks, index.length, &Parts::Chunks(index));
    }
    assert_eq!(index.chunk(chunks.len()), None);
}

/// No byte in two parts or in none, and those found for a range are all that have bytes of it.
fn parts_tile(parts: &[(ByteRange, Digest)], length: u64, all: &Parts<'_>) {
    let covered = parts.iter().fold(0, |at, (range, _)| {
        assert!(range.start() == at && !range.is_empty());
        range.end()
    });
    assert_eq!(covered, length);
    let (first, last) = (parts[0].0, parts[parts.len() - 1].0);
    for (start, end) in [
        (0, length),
        (0, 1),
        (length - 1, length),
        (length, length),
        (first.end() - 1, first.end()),
        (first.end(), length),
        (first.end() / 2, last.start()),
        (last.start(), length),
        (length / 3, length - length / 3),
    ] {
        let Ok(range) = ByteRange::new(start, end) else { continue };
        let touched =
            |(part, _): &&(ByteRange, Digest)| part.start() < range.end() && range.start() < part.end();
        let expected: Vec<_> = parts.iter().filter(touched).copied().collect();
        let expected = if range.is_empty() { Vec::new() } else { expected };
        assert_eq!(all.covering(range), expected, "{range}");
    }
}

/// What was read can be signed again, and then says the same.
fn written_it_reads_the_same(manifest: &Manifest) {
    let algorithm = manifest.serialization.hash.id();
    let (payload, _) =
        statement::write(&manifest.subject, &manifest.serialization, algorithm, &manifest.files)
            .expect("what was read can be written");
    let limits = Limits::default();
    let again = statement::parse("bundle", &payload, Dialect::Current, &limits).expect("and read");
    assert!(again.in_order);
    assert_eq!(again.subject, manifest.subject);
    assert_eq!(again.serialization, manifest.serialization);
    assert_eq!(format!("{:?}", again.files), format!("{:?}", manifest.files));
}
