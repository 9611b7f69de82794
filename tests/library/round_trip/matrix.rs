//! Every kind of key, hash and serialization, with files of every size around a chunk.

use modelsig::hash::{AccessUsed, ChunkSize, Engine, HashAlgorithm};
use modelsig::{
    CHUNK_INDEX, Check, Checked, ChunkIndexing, KeyType, Method, ModelSigner, Policy, Signer, Verifier,
    danger,
};
use modelsig_tests::{Case, base64, digest_of};
use serde_json::{Value, json};

const CHUNK: usize = 65_536;
const SIZES: [usize; 6] = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17];

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 / 7 + at / CHUNK) as u8).collect()
}

fn model(kind: KeyType) -> Case {
    let contents = SIZES.map(content);
    let names = SIZES.map(|length| format!("sizes/{length:06}.bin"));
    let files: Vec<_> = names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
    Case::with_key(kind, &files)
}

/// A chunk index, shards, or neither.
#[derive(Clone, Copy, Debug)]
enum Parts {
    None,
    Chunks(HashAlgorithm),
    Shards,
}

const PARTS: [Parts; 5] = [
    Parts::None,
    Parts::Chunks(HashAlgorithm::Sha256),
    Parts::Chunks(HashAlgorithm::Blake2b),
    Parts::Chunks(HashAlgorithm::Blake3),
    Parts::Shards,
];

impl Parts {
    fn signer(self, hash: HashAlgorithm) -> ModelSigner {
        let signer = ModelSigner::new().hash(hash);
        match self {
            Self::None => signer.chunks(None),
            Self::Chunks(algorithm) => {
                let size = Some(ChunkSize::new(CHUNK as u64).unwrap());
                signer.chunks(Some(ChunkIndexing { size, algorithm }))
            }
            Self::Shards => {
                signer.method(Method::Shards { shard_size: CHUNK as u64 }).allow_unsigned_empty(true)
            }
        }
    }

    /// What the resources of a file must be, written down without the library's writer.
    fn resources(self, hash: HashAlgorithm, name: &str, content: &[u8]) -> Vec<Value> {
        let resource = |name: String, bytes: &[u8]| json!({"name": name, "digest": digest_of(hash, bytes), "algorithm": hash.id()});
        match self {
            Self::None => vec![resource(name.into(), content)],
            Self::Chunks(algorithm) => {
                let mut index =
                    json!({"algorithm": algorithm.id(), "chunk_size": CHUNK, "length": content.len()});
                if content.len() > CHUNK {
                    let raw = |chunk| algorithm.digest(chunk).unwrap().as_bytes().to_vec();
                    let digests: Vec<u8> = content.chunks(CHUNK).flat_map(raw).collect();
                    index["digests"] = base64(&digests).into();
                }
                let mut resource = resource(name.into(), content);
                resource["annotations"] = json!({CHUNK_INDEX: index});
                vec![resource]
            }
            Self::Shards => {
                let shard = |(number, bytes): (usize, &[u8])| {
                    let start = number * CHUNK;
                    resource(format!("{name}:{start}:{}", start + bytes.len()), bytes)
                };
                content.chunks(CHUNK).enumerate().map(shard).collect()
            }
        }
    }

    fn checked(self, length: usize, check: Check) -> Checked {
        match (self, check) {
            (Self::Shards, _) => Checked::Shards,
            (Self::Chunks(_), Check::Chunks) if length > CHUNK => Checked::Chunks,
            (Self::Chunks(_), Check::Both) if length > CHUNK => Checked::Both,
            _ => Checked::Whole,
        }
    }
}

#[test]
fn every_form_is_written_as_expected_and_verifies() {
    let engine = Engine::new(2).unwrap();
    for kind in KeyType::ALL {
        let case = model(kind);
        for hash in HashAlgorithm::ALL {
            for parts in PARTS {
                let what = format!("{kind} {hash} {parts:?}");
                let report = case.sign_with(&parts.signer(hash).with_engine(engine.clone()));
                let alone = parts.signer(hash).root_digest(&case.model(), None).unwrap();
                assert_eq!(alone, report.root_digest, "{what}");
                let mut expected: Vec<Value> = SIZES
                    .iter()
                    .flat_map(|length| {
                        parts.resources(hash, &format!("sizes/{length:06}.bin"), &content(*length))
                    })
                    .collect();
                expected.sort_by_key(|resource| resource["name"].as_str().unwrap().to_owned());
                let statement = case.read_statement();
                assert_eq!(statement["predicate"]["resources"], json!(expected), "{what}");
                assert_eq!(statement["predicate"]["serialization"]["hash_type"], hash.id());
                assert_eq!(statement["subject"][0]["digest"]["sha256"], report.root_digest.to_string());

                for check in [Check::Chunks, Check::Whole, Check::Both] {
                    let policy = danger::allow_unsigned_empty(Policy::strict().check(check), true);
                    let verifier = case.verifier(policy).with_engine(engine.clone());
                    let model = verifier.verify(&case.model(), &case.bundle());
                    let model = model.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(model.report().root_digest(), &report.root_digest, "{what}");
                    let mut files = model.report().files().iter();
                    for length in SIZES {
                        if length == 0 && matches!(parts, Parts::Shards) {
                            continue;
                        }
                        let file = files.next().unwrap();
                        assert_eq!(file.name, format!("sizes/{length:06}.bin"));
                        assert_eq!(file.size, Some(length as u64));
                        assert_eq!(file.checked, Some(parts.checked(length, check)), "{what} {length}");
                        assert_eq!(file.access, Some(AccessUsed::Read), "{what} {length}");
                        assert_eq!(model.read(&file.name).unwrap(), content(length), "{what} {length}");
                    }
                    assert!(files.next().is_none(), "{what}");
                }
            }
        }
    }
}

/// The digests do not depend on how the bytes are read or by how many threads.
#[test]
fn access_and_threads_make_no_difference() {
    use modelsig::hash::Access;
    let case = model(KeyType::Ed25519);
    let signer = Parts::Chunks(HashAlgorithm::Sha256).signer(HashAlgorithm::Sha256);
    let expected = case.sign_with(&signer).root_digest;
    for access in [Access::Read, Access::Map, Access::Auto] {
        for threads in [1, 2, 5] {
            let engine = Engine::new(threads).unwrap();
            let signer = signer.clone().with_access(access).with_engine(engine.clone());
            assert_eq!(case.sign_with(&signer).root_digest, expected, "{access:?} {threads}");
            let verifier = case.verifier(Policy::strict()).with_access(access).with_engine(engine);
            let model = verifier.verify(&case.model(), &case.bundle()).unwrap();
            let used = if access == Access::Map { AccessUsed::Map } else { AccessUsed::Read };
            // A file of no bytes cannot be mapped, small files are not worth it.
            let large = model.report().files().last().unwrap();
            assert_eq!(
                (large.access, model.report().files()[0].access),
                (Some(used), Some(AccessUsed::Read))
            );
        }
    }
}

#[test]
fn a_single_file_under_its_name_and_as_a_dot() {
    for parts in PARTS {
        for (dot, listed) in [(false, "weights.gguf"), (true, ".")] {
            let case = Case::new(&[("weights.gguf", &content(CHUNK + 1))]);
            let (model, bundle) = (case.file("weights.gguf"), case.file("weights.gguf.sig"));
            let signer = parts.signer(HashAlgorithm::Sha256).single_file_dot(dot);
            let report = signer.sign(&model, &bundle, &case.key).unwrap();
            assert_eq!((report.files, report.bytes), (1, CHUNK as u64 + 1));
            // What lies beside a single file is not part of the model.
            case.write("neighbour.py", b"import os");
            let verifier = Verifier::new(case.key.public_key().clone());
            let verified = verifier.verify(&model, &bundle).unwrap();
            assert_eq!(verified.names().collect::<Vec<_>>(), [listed]);
            assert_eq!(verified.read(listed).unwrap(), content(CHUNK + 1));
            assert_eq!(verified.report().subject(), "weights.gguf");
            assert_eq!(verified.report().notes().contains(&modelsig::Note::SingleFileDot), dot);

            // The name is signed, unless it is the dot.
            let renamed = case.file("renamed.gguf");
            std::fs::rename(&model, &renamed).unwrap();
            assert_eq!(verifier.verify(&renamed, &bundle).is_ok(), dot, "{parts:?}");
            case.flip("renamed.gguf", CHUNK);
            assert!(verifier.verify(&renamed, &bundle).is_err());
        }
    }
}
