//! 9.8: shards tile each file exactly, whatever numbers claim to.

use modelsig::hash::HashAlgorithm;
use modelsig_tests::corner::CornerPolicy;
use modelsig_tests::{resource, resource_of, set_root, shard, sharded};
use serde_json::{Value, json};

use crate::draft::{Case, Draft, corner};

const CONTENT: &[u8] = b"0123456789";

/// The three shards of `w.bin`, four bytes each.
fn three() -> Vec<Value> {
    [0..4, 4..8, 8..10].map(|range| shard("w.bin", CONTENT, range)).into()
}

fn model(name: &str, reason: &str) -> Draft {
    corner("9.8", name, reason).file("w.bin", "0123456789")
}

fn with_size(size: &str) -> String {
    sharded(three(), 4).to_string().replace("\"shard_size\":4", &format!("\"shard_size\":{size}"))
}

fn named(algorithm: &str) -> Value {
    let mut shards = three();
    shards.iter_mut().for_each(|shard| shard["algorithm"] = algorithm.into());
    sharded(shards, 4)
}

/// Entries with names of their own over content that would fit them.
fn of_names(entries: &[(&str, &[u8])], size: u64) -> Value {
    sharded(entries.iter().map(|(name, content)| resource(name, content)).collect(), size)
}

pub(crate) fn cases() -> Vec<Case> {
    let allow_empty = |policy: &mut CornerPolicy| policy.allow_unsigned_empty = true;
    let ignore = |policy: &mut CornerPolicy| policy.ignore_unsigned_files = true;
    let fault = |name: &str, reason: &str, entries: &[(&str, &[u8])], variant: &str| {
        model(name, reason).statement(&of_names(entries, 4)).malformed(variant)
    };
    let size = |name: &str, reason: &str, size: &str| model(name, reason).payload(with_size(size));
    let blake3 = |bytes: std::ops::Range<usize>| {
        let name = format!("w.bin:{}:{}", bytes.start, bytes.end);
        resource_of(HashAlgorithm::Blake3, &name, &CONTENT[bytes])
    };
    let mut blake3_shards = sharded(vec![blake3(0..4), blake3(4..8), blake3(8..10)], 4);
    blake3_shards["predicate"]["serialization"]["hash_type"] = "blake3".into();
    let mut files_with_size = sharded(vec![resource("w.bin", CONTENT)], 4);
    files_with_size["predicate"]["serialization"]["method"] = "files".into();
    let mut no_size = sharded(three(), 4);
    drop(no_size["predicate"]["serialization"].as_object_mut().map(|members| members.remove("shard_size")));
    let mut reordered = sharded([2, 0, 1].map(|index| three()[index].clone()).into(), 4);
    set_root(&mut reordered);
    vec![
        model("algorithm-of-the-specification", "the hash alone, as the specification has it")
            .statement(&named("sha256"))
            .verified(),
        model("algorithm-of-the-python-api", "the sharded name, as both other tools write it")
            .statement(&named("sha256-sharded-4"))
            .verified(),
        model("algorithm-of-another-size", "the sharded name has another size than the statement")
            .statement(&named("sha256-sharded-8"))
            .malformed("Statement/AlgorithmMismatch"),
        model("algorithm-with-a-float", "the sharded name has the size as an integer")
            .statement(&named("sha256-sharded-4.0"))
            .malformed("Statement/AlgorithmMismatch"),
        model("algorithm-of-another-hash", "the sharded name has another hash than the statement")
            .statement(&named("blake3-sharded-4"))
            .malformed("Statement/AlgorithmMismatch"),
        size("size-as-a-float", "a whole number with a decimal point, as the Python API writes it", "4.0")
            .verified(),
        size("size-with-an-exponent", "a whole number in exponent form", "4e0").verified(),
        size("size-broken", "a shard has whole bytes", "4.5").malformed("Statement/Json/Shape"),
        size("size-zero", "a shard has at least one byte", "0").malformed("Statement/Json/Shape"),
        size("size-negative", "a shard has at least one byte", "-4").malformed("Statement/Json/Shape"),
        size("size-as-text", "a size is a number", "\"4\"").malformed("Statement/Json/Shape"),
        size("size-null", "null is no size", "null").malformed("Statement/Json/Shape"),
        size("size-beyond-doubles", "which whole number a large double stands for is not known", "1e300")
            .malformed("Statement/Json/Shape"),
        size("size-beyond-64-bits", "a size fits 64 bits", "18446744073709551620")
            .malformed("Statement/Json/Shape"),
        size("size-larger", "all but the last shard have the recorded size", "5")
            .malformed("Statement/ShardLength"),
        model("size-missing", "shards have a size")
            .statement(&no_size)
            .malformed("Statement/ShardSizeMissing"),
        model("size-with-files", "whole files have no shard size")
            .statement(&files_with_size)
            .malformed("Statement/ShardSizeForbidden"),
        model("out-of-order", "shards may be listed in any order")
            .statement(&reordered)
            .notes(&["Unsorted"])
            .verified(),
        model("blake3", "shards of another hash").statement(&blake3_shards).verified(),
        fault(
            "gap",
            "bytes 4 to 8 are not covered",
            &[("w.bin:0:4", b"0123"), ("w.bin:8:10", b"89")],
            "Statement/ShardGap",
        ),
        fault(
            "gap-at-the-start",
            "the first bytes are not covered",
            &[("w.bin:4:8", b"4567")],
            "Statement/ShardGap",
        ),
        fault(
            "overlap",
            "two shards cover bytes 2 to 4",
            &[("w.bin:0:4", b"0123"), ("w.bin:2:6", b"2345"), ("w.bin:6:10", b"6789")],
            "Statement/ShardOverlap",
        ),
        fault(
            "oversize",
            "one shard covers more than the recorded size",
            &[("w.bin:0:10", CONTENT)],
            "Statement/ShardLength",
        ),
        fault(
            "short-in-the-middle",
            "only the last shard is shorter",
            &[("w.bin:0:3", b"012"), ("w.bin:3:7", b"3456"), ("w.bin:7:10", b"789")],
            "Statement/ShardLength",
        ),
        fault("empty-range", "a shard has at least one byte", &[("w.bin:0:0", b"")], "Statement/ShardName"),
        fault("reversed-range", "a shard ends after it starts", &[("w.bin:4:0", b"")], "Statement/ShardName"),
        fault("leading-zero", "numbers have one spelling", &[("w.bin:00:4", b"0123")], "Statement/ShardName"),
        fault("underscore", "numbers have digits only", &[("w.bin:0:0_4", b"0123")], "Statement/ShardName"),
        fault("sign", "numbers have digits only", &[("w.bin:+0:4", b"0123")], "Statement/ShardName"),
        fault("blank", "numbers have digits only", &[("w.bin:0: 4", b"0123")], "Statement/ShardName"),
        fault(
            "other-digits",
            "digits are those of ASCII",
            &[("w.bin:0:\u{664}", b"0123")],
            "Statement/ShardName",
        ),
        fault(
            "beyond-64-bits",
            "an end that overflows is no number",
            &[("w.bin:0:18446744073709551620", b"0123")],
            "Statement/ShardName",
        ),
        fault(
            "no-range",
            "the name of a shard ends in its range",
            &[("w.bin", CONTENT)],
            "Statement/ShardName",
        ),
        fault("one-number", "a range has two numbers", &[("w.bin:4", b"0123")], "Statement/ShardName"),
        fault(
            "name-not-canonical",
            "the path of a shard is canonical too",
            &[("./w.bin:0:4", b"0123")],
            "Statement/BadName/Dot",
        ),
        fault("no-path", "a shard belongs to a file", &[(":0:4", b"0123")], "Statement/BadName/Empty"),
        model("huge-range", "the signed length is compared before anything is read")
            .statement(&of_names(&[("w.bin:0:18446744073709551615", CONTENT)], u64::MAX))
            .rejected(&[("w.bin", "Truncated")]),
        corner("9.8", "range-past-the-end", "the file is shorter than its shards")
            .file("w.bin", "01234567")
            .statement(&sharded(three(), 4))
            .rejected(&[("w.bin", "Truncated")]),
        corner("9.8", "bytes-after-the-last-shard", "the file is longer than its shards")
            .file("w.bin", "0123456789x")
            .statement(&sharded(three(), 4))
            .rejected(&[("w.bin", "Grown")]),
        corner("9.8", "bytes-changed", "a byte of the second shard is another one")
            .file("w.bin", "0123x56789")
            .statement(&sharded(three(), 4))
            .rejected(&[("w.bin", "DigestMismatch")]),
        corner("9.8", "shards-swapped-on-disk", "shards are bound to their places")
            .file("w.bin", "4567012389")
            .statement(&sharded(three(), 4))
            .rejected(&[("w.bin", "DigestMismatch")]),
        model("empty-file-added", "an empty file, such as an __init__.py, is not covered by shards")
            .file("__init__.py", "")
            .statement(&sharded(three(), 4))
            .rejected(&[("__init__.py", "EmptyNotCovered")]),
        model("empty-file-removed", "an empty file that is gone cannot be missed: shards do not name it")
            .statement(&sharded(three(), 4))
            .verified(),
        model("empty-file-allowed", "an empty file is accepted where the caller says so, and listed")
            .policy(allow_empty)
            .file("__init__.py", "")
            .statement(&sharded(three(), 4))
            .skips("__init__.py", "unsigned")
            .verified(),
        model("empty-file-grown", "only empty files are tolerated")
            .policy(allow_empty)
            .file("__init__.py", "import os")
            .statement(&sharded(three(), 4))
            .rejected(&[("__init__.py", "Unsigned")]),
        corner("9.8", "colon-in-the-name", "ranges are read from the right, so a path may have colons")
            .file("a:1:2.bin", "0123")
            .statement(&of_names(&[("a:1:2.bin:0:4", b"0123")], 4))
            .verified(),
        corner(
            "9.8",
            "name-that-looks-like-a-shard",
            "the last two numbers are the range, the rest is the path",
        )
        .file("w:0:4", "0123")
        .statement(&of_names(&[("w:0:4:0:4", b"0123")], 4))
        .verified(),
        model("unsigned-ignored", "shards and ignored unsigned files go together")
            .policy(ignore)
            .file("evil.py", "import os")
            .statement(&sharded(three(), 4))
            .skips("evil.py", "unsigned")
            .verified(),
        model("file-not-listed", "a file without any shard is unsigned")
            .file("evil.py", "import os")
            .statement(&sharded(three(), 4))
            .rejected(&[("evil.py", "Unsigned")]),
        model("entries-without-a-range", "all entries are shards where one is")
            .file("b.bin", "b")
            .statement(&{
                let mut entries = three();
                entries.push(resource("b.bin", b"b"));
                sharded(entries, 4)
            })
            .malformed("Statement/ShardName"),
        corner("9.8", "method-unknown", "file-shard is the change log's word, not the specification's")
            .file("w.bin", "0123456789")
            .statement(&{
                let mut statement = sharded(three(), 4);
                statement["predicate"]["serialization"]["method"] = json!("file-shard");
                statement
            })
            .malformed("Statement/UnknownMethod"),
    ]
}
