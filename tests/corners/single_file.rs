//! 9.13: a model of one file is listed by its name; older tools write a lone dot.

use modelsig_tests::{resource, shard, sharded, statement};

use crate::draft::{Case, Draft, corner};

fn model(name: &str, reason: &str) -> Draft {
    corner("9.13", name, reason).file("weights.gguf", "0123").model("model/weights.gguf")
}

pub(crate) fn cases() -> Vec<Case> {
    let listed = |name: &str| statement(vec![resource(name, b"0123")]);
    vec![
        model("by-name", "the name of the file, as the specification has it")
            .statement(&listed("weights.gguf"))
            .verified(),
        model("by-dot", "a dot, as the Python tool writes, accepts and signs no name")
            .statement(&listed("."))
            .notes(&["SingleFileDot"])
            .verified(),
        model("by-dot-changed", "the content is checked under any name")
            .statement(&statement(vec![resource(".", b"0124")]))
            .notes(&["SingleFileDot"])
            .rejected(&[(".", "DigestMismatch")]),
        model("renamed", "the name is signed")
            .statement(&listed("other.gguf"))
            .rejected(&[("other.gguf", "Missing"), ("weights.gguf", "Unsigned")]),
        model("by-path", "the name is the last component alone")
            .statement(&listed("model/weights.gguf"))
            .rejected(&[("model/weights.gguf", "Missing"), ("weights.gguf", "Unsigned")]),
        model("neighbour", "what lies beside a single file is no part of the model")
            .file("evil.py", "import os")
            .statement(&listed("weights.gguf"))
            .verified(),
        model("shards-by-dot", "shards of a single file under a dot")
            .statement(&sharded(vec![shard(".", b"0123", 0..4)], 4))
            .notes(&["SingleFileDot"])
            .verified(),
        corner("9.13", "dot-for-a-folder", "a folder is not a single file")
            .file("weights.gguf", "0123")
            .statement(&listed("."))
            .malformed("Statement/BadName/Dot"),
        model("dot-and-another", "a dot stands alone")
            .statement(&statement(vec![resource(".", b"0123"), resource("weights.gguf", b"0123")]))
            .malformed("Statement/BadName/Dot"),
    ]
}
