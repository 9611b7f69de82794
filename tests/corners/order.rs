//! 9.1: the order of the resources. Any is accepted with a note; the root digest is that of the listed order.

use modelsig_tests::{shard, sharded, statement};

use crate::draft::{Case, corner};

/// By code point: `model.safetensors` before `model/x.bin`, and what lies beyond 16 bits last.
const SORTED: [&str; 6] =
    ["model.safetensors", "model/x.bin", "onnx-int8/m.onnx", "onnx/m.onnx", "\u{ff5e}.bin", "\u{1f600}.bin"];

fn listed(order: [usize; 6]) -> serde_json::Value {
    statement(order.map(|index| resource(SORTED[index], SORTED[index])).into())
}

fn resource(name: &str, content: &str) -> serde_json::Value {
    modelsig_tests::resource(name, content.as_bytes())
}

pub(crate) fn cases() -> Vec<Case> {
    let sorted = SORTED.map(|name| (name, name));
    let mut sorted_root = listed([5, 4, 3, 2, 1, 0]);
    sorted_root["subject"] = listed([0, 1, 2, 3, 4, 5])["subject"].clone();
    let shards = |order: [usize; 3]| {
        let content = b"0123456789ab";
        let all = [shard("w", content, 0..4), shard("w", content, 4..8), shard("w", content, 8..12)];
        let mut all: Vec<_> = order.iter().map(|index| all[*index].clone()).collect();
        // One more, beyond the digit boundary: "w:12:14" sorts before "w:4:8".
        all.push(shard("w", b"0123456789abcd", 12..14));
        all
    };
    let mut byte_order = shards([0, 1, 2]);
    byte_order.sort_by_key(|shard| shard["name"].as_str().map(str::to_owned));
    let by_name = sharded(byte_order, 4);
    let in_shards = |name, reason| corner("9.1", name, reason).file("w", "0123456789abcd");
    vec![
        corner(
            "9.1",
            "code-point-order",
            "code-point order is the order of the specification, also beyond 16 bits",
        )
        .files(&sorted)
        .statement(&listed([0, 1, 2, 3, 4, 5]))
        .verified(),
        corner("9.1", "reversed", "any order is accepted, and noted")
            .files(&sorted)
            .statement(&listed([5, 4, 3, 2, 1, 0]))
            .notes(&["Unsorted"])
            .verified(),
        corner("9.1", "order-by-components", "the Python tool sorts by path component")
            .files(&sorted)
            .statement(&listed([1, 0, 3, 2, 4, 5]))
            .notes(&["Unsorted"])
            .verified(),
        corner("9.1", "order-by-utf16", "UTF-16 order is not code-point order")
            .files(&sorted)
            .statement(&listed([0, 1, 2, 3, 5, 4]))
            .notes(&["Unsorted"])
            .verified(),
        in_shards(
            "shards-by-number",
            "shards in numeric order cross a digit boundary, as the Python tool writes them",
        )
        .statement(&sharded(shards([0, 1, 2]), 4))
        .notes(&["Unsorted"])
        .verified(),
        in_shards(
            "shards-by-name",
            "shards in code-point order are not in the order of the bytes they cover",
        )
        .statement(&by_name)
        .verified(),
        corner(
            "9.1",
            "root-digest-of-another-order",
            "the root digest is that of the listed order, not of the sorted",
        )
        .files(&sorted)
        .statement(&sorted_root)
        .denied("root-digest", "RootDigestMismatch"),
    ]
}
