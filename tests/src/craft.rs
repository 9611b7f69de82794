//! Statements, envelopes and bundles written by hand, so that a test reaches the check that it is about. Nothing
//! here uses the writer of the library; only the signature itself is made by it.

use std::ops::Range;

use base64ct::{Base64, Encoding};
use modelsig::hash::HashAlgorithm;
use modelsig::{
    MEDIA_TYPE, PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE, Signer, pre_authentication_encoding,
};
use serde_json::{Value, json};

/// The hexadecimal digest of some bytes.
pub fn digest_of(hash: HashAlgorithm, content: &[u8]) -> String {
    hash.digest(content).expect("every hash is built in").to_string()
}

/// A resource of the `files` method with the SHA-256 of `content`.
pub fn resource(name: &str, content: &[u8]) -> Value {
    resource_of(HashAlgorithm::Sha256, name, content)
}

/// A resource of the `files` method with another hash.
pub fn resource_of(hash: HashAlgorithm, name: &str, content: &[u8]) -> Value {
    json!({"name": name, "digest": digest_of(hash, content), "algorithm": hash.id()})
}

/// A resource of the `shards` method: `range` of `content`.
pub fn shard(name: &str, content: &[u8], range: Range<usize>) -> Value {
    resource(&format!("{name}:{}:{}", range.start, range.end), &content[range])
}

/// A statement of the `files` method with SHA-256, without links, with the root digest of the resources.
pub fn statement(resources: Vec<Value>) -> Value {
    let mut statement = json!({
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "model", "digest": {"sha256": ""}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "resources": resources,
            "serialization": {
                "method": "files", "hash_type": "sha256", "allow_symlinks": false, "ignore_paths": []
            }
        }
    });
    set_root(&mut statement);
    statement
}

/// A statement of the `shards` method.
pub fn sharded(resources: Vec<Value>, shard_size: u64) -> Value {
    let mut statement = statement(resources);
    let serialization = &mut statement["predicate"]["serialization"];
    serialization["method"] = "shards".into();
    serialization["shard_size"] = shard_size.into();
    statement
}

/// Makes the root digest that of the listed resources, whatever their digests look like.
pub fn set_root(statement: &mut Value) {
    let resources = statement["predicate"]["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let digests = resources.iter().filter_map(|resource| resource["digest"].as_str());
    let bytes: Vec<u8> = digests.flat_map(unhex).collect();
    let root = digest_of(HashAlgorithm::Sha256, &bytes);
    if let Some(digest) = statement.pointer_mut("/subject/0/digest/sha256") {
        *digest = root.into();
    }
}

/// As many bytes as the text begins with hexadecimal pairs.
fn unhex(text: &str) -> Vec<u8> {
    let pair =
        |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    text.as_bytes().chunks_exact(2).map_while(pair).collect()
}

/// The bundle of the `key` method over a payload, signed and with the hint of the key.
pub fn bundle(key: &dyn Signer, payload: &[u8]) -> Value {
    json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": key.public_key().hint().as_str()}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64(&signature_over(key, PAYLOAD_TYPE, payload)), "keyid": ""}]
        }
    })
}

/// The signature over the pre-authentication encoding of type and payload.
pub fn signature_over(key: &dyn Signer, payload_type: &str, payload: &[u8]) -> Vec<u8> {
    key.sign(&pre_authentication_encoding(payload_type, payload)).expect("the key signs")
}

/// The payload of a bundle as it stands.
pub fn payload_of(bundle: &Value) -> Vec<u8> {
    unbase64(bundle["dsseEnvelope"]["payload"].as_str().expect("a bundle has a payload"))
}

/// Puts `"member":null,` before the first member of that name: the text then has the member twice in one object.
pub fn repeat_member(text: &str, member: &str) -> String {
    let quoted = format!("\"{member}\":");
    assert!(text.contains(&quoted), "{member} is not in {text}");
    text.replacen(&quoted, &format!("{quoted}null,{quoted}"), 1)
}

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// The other way round.
pub fn unbase64(text: &str) -> Vec<u8> {
    Base64::decode_vec(text).expect("canonical base64")
}
