//! 9.7: which hash, and how its digests are spelt. Both come from a closed list.

use modelsig::hash::HashAlgorithm;
use modelsig_tests::{digest_of, resource, resource_of, set_root, statement};
use serde_json::{Value, json};

use crate::draft::{Case, corner};

/// A model of `a.bin` whose signed entry or serialization was edited. The root digest is that which a lenient reader
/// would compute, so that nothing else is wrong.
fn edited(name: &str, reason: &str, edit: impl Fn(&mut Value), variant: &str) -> Case {
    let mut statement = statement(vec![resource("a.bin", b"a")]);
    edit(&mut statement);
    let mut lenient = statement.clone();
    let digest = &mut entry(&mut lenient)["digest"];
    *digest = digest.as_str().unwrap_or_default().replace(' ', "").into();
    set_root(&mut lenient);
    statement["subject"] = lenient["subject"].take();
    corner("9.7", name, reason).file("a.bin", "a").statement(&statement).malformed(variant)
}

fn entry(statement: &mut Value) -> &mut Value {
    &mut statement["predicate"]["resources"][0]
}

fn hashed_with(hash: HashAlgorithm, entries: Vec<Value>) -> Value {
    let mut statement = statement(entries);
    statement["predicate"]["serialization"]["hash_type"] = hash.id().into();
    statement
}

pub(crate) fn cases() -> Vec<Case> {
    let sha256 = digest_of(HashAlgorithm::Sha256, b"a");
    let blanks = sha256.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair)).collect::<Vec<_>>();
    let digest = |name: &str, reason: &str, digest: &str| {
        edited(name, reason, |s| entry(s)["digest"] = digest.into(), "Statement/BadDigest")
    };
    let hash_type = |name: &str, reason: &str, hash: &str| {
        let edit = |s: &mut Value| s["predicate"]["serialization"]["hash_type"] = hash.into();
        edited(name, reason, edit, "Statement/UnknownHash")
    };
    let algorithm = |name: &str, reason: &str, algorithm: &str| {
        edited(name, reason, |s| entry(s)["algorithm"] = algorithm.into(), "Statement/AlgorithmMismatch")
    };
    let good = |hash: HashAlgorithm| {
        corner("9.7", hash.id(), "a hash of the registry, correctly used")
            .file("a.bin", "a")
            .statement(&hashed_with(hash, vec![resource_of(hash, "a.bin", b"a")]))
            .verified()
    };
    let mut relabelled = resource("a.bin", b"a");
    relabelled["algorithm"] = "blake3".into();
    let mut both = vec![resource("a.bin", b"a"), resource_of(HashAlgorithm::Blake3, "b.bin", b"b")];
    let mixed = statement(both.clone());
    both[0] = resource_of(HashAlgorithm::Blake3, "a.bin", b"a");
    both[1]["algorithm"] = "sha256".into();
    let mut upper_root = statement(vec![resource("a.bin", b"a")]);
    let root = &mut upper_root["subject"][0]["digest"]["sha256"];
    *root = root.as_str().unwrap_or_default().to_uppercase().into();
    let mut cut_blake2b = resource_of(HashAlgorithm::Blake2b, "a.bin", b"a");
    cut_blake2b["digest"] = digest_of(HashAlgorithm::Blake2b, b"a")[..64].into();
    let in_model = |name, reason| corner("9.7", name, reason).file("a.bin", "a");
    vec![
        good(HashAlgorithm::Sha256),
        good(HashAlgorithm::Blake2b),
        good(HashAlgorithm::Blake3),
        algorithm("algorithm-sha512", "the algorithm of an entry is another than the statement's", "sha512"),
        algorithm("algorithm-upper-case", "the names of hashes are in lower case", "SHA256"),
        algorithm("algorithm-empty", "an entry names its algorithm", ""),
        algorithm("algorithm-of-shards", "the sharded form belongs to shards", "sha256-sharded-1000000000"),
        algorithm("algorithm-other-known-hash", "a known hash is not the statement's hash", "blake3"),
        hash_type("hash-type-md5", "md5 is not in the registry, whatever the digests are", "md5"),
        hash_type("hash-type-sha512", "sha512 is not in the registry", "sha512"),
        hash_type("hash-type-upper-case", "the names of hashes are in lower case", "SHA256"),
        hash_type("hash-type-none", "no name means no hash", ""),
        hash_type(
            "hash-type-blake2",
            "the Python API's own spelling of blake2b is not the registry's",
            "blake2",
        ),
        in_model("mixed-hashes", "all entries have the statement's hash")
            .file("b.bin", "b")
            .statement(&mixed)
            .malformed("Statement/AlgorithmMismatch"),
        in_model(
            "blake3-relabelled-sha256",
            "the bytes are hashed with the signed hash, not with one that would fit",
        )
        .file("b.bin", "b")
        .statement(&statement(vec![resource("a.bin", b"a"), both[1].clone()]))
        .rejected(&[("b.bin", "DigestMismatch")]),
        in_model("sha256-relabelled-blake3", "digests of one length do not tell their hash")
            .statement(&hashed_with(HashAlgorithm::Blake3, vec![relabelled]))
            .rejected(&[("a.bin", "DigestMismatch")]),
        in_model("blake2b-cut", "a BLAKE2b-512 digest cut to 32 bytes is no digest of the registry")
            .statement(&hashed_with(HashAlgorithm::Blake2b, vec![cut_blake2b]))
            .malformed("Statement/BadDigest"),
        digest("digest-upper-case", "digests are in lower case", &sha256.to_uppercase()),
        digest("digest-with-blanks", "digests have no blanks inside", &blanks.join(" ")),
        digest("digest-cut", "a digest has its full length", &sha256[..62]),
        digest("digest-longer", "a digest has no more than its length", &format!("{sha256}00")),
        digest("digest-empty", "a digest has its full length", ""),
        digest("digest-not-hexadecimal", "a digest is hexadecimal", &sha256.replacen(|_| true, "g", 1)),
        digest("digest-prefixed", "a digest has no prefix", &format!("sha256:{sha256}")),
        in_model("root-digest-upper-case", "the root digest is in lower case too")
            .statement(&upper_root)
            .malformed("Statement/SubjectDigest"),
        in_model("root-digest-only-sha512", "the root digest is SHA-256, and must be there")
            .statement(&{
                let mut other = statement(vec![resource("a.bin", b"a")]);
                other["subject"][0]["digest"] = json!({"sha512": "00".repeat(64)});
                other
            })
            .malformed("Statement/SubjectDigest"),
    ]
}
