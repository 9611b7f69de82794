//! 9.5: links are followed only where signer and caller both say so, to files inside the model; special files never.

use modelsig_tests::corner::{CornerEntry, CornerPolicy};
use modelsig_tests::{resource, statement};
use serde_json::Value;

use crate::draft::{Case, Draft, corner};

fn follow(policy: &mut CornerPolicy) {
    policy.allow_symlinks = true;
}

/// What the signer recorded, over these files.
fn recorded(allow: bool, files: &[(&str, &str)]) -> Value {
    let resources = files.iter().map(|(name, content)| resource(name, content.as_bytes()));
    let mut statement = statement(resources.collect());
    statement["predicate"]["serialization"]["allow_symlinks"] = allow.into();
    statement
}

fn both_allow(name: &str, reason: &str) -> Draft {
    corner("9.5", name, reason).policy(follow).file("a.bin", "a")
}

pub(crate) fn cases() -> Vec<Case> {
    let a = [("a.bin", "a")];
    let linked = [("a.bin", "a"), ("link.bin", "a")];
    let with_link = |name, reason| corner("9.5", name, reason).file("a.bin", "a").link("link.bin", "a.bin");
    let fifo = |path: &str| CornerEntry::Fifo { path: path.into() };
    let mut ignoring = statement(vec![resource("a.bin", b"a")]);
    ignoring["predicate"]["serialization"]["ignore_paths"] = serde_json::json!(["cache"]);
    vec![
        corner(
            "9.5",
            "recorded-but-none-there",
            "the signer's permission does no harm where there is no link",
        )
        .file("a.bin", "a")
        .statement(&recorded(true, &a))
        .notes(&["SymlinksRecorded"])
        .verified(),
        with_link("only-the-signer-allows", "the bundle cannot permit links on its own")
            .statement(&recorded(true, &linked))
            .notes(&["SymlinksRecorded"])
            .rejected(&[("link.bin", "Symlink")]),
        with_link("only-the-caller-allows", "the signer did not follow links, so none is followed")
            .policy(follow)
            .statement(&recorded(false, &linked))
            .rejected(&[("link.bin", "Symlink")]),
        with_link("both-allow", "a link to a file inside the model, where signer and caller allow it")
            .policy(follow)
            .statement(&recorded(true, &linked))
            .verified(),
        with_link("not-listed", "a link that nobody signed is a problem of its own")
            .statement(&recorded(false, &a))
            .rejected(&[("link.bin", "Symlink")]),
        both_allow("injected-link-to-file", "a followed link that nobody signed is an unsigned file")
            .link("evil.py", "a.bin")
            .statement(&recorded(true, &a))
            .rejected(&[("evil.py", "Unsigned")]),
        both_allow("injected-linked-folder", "a linked folder could hold code that nobody signed")
            .beside("outside/evil.py", "import os")
            .link("lib", "../outside")
            .statement(&recorded(true, &a))
            .rejected(&[("lib", "SymlinkOutside")]),
        both_allow("linked-folder-inside", "a linked folder is an error, also inside the model")
            .file("sub/b.bin", "b")
            .link("lib", "sub")
            .statement(&recorded(true, &[("a.bin", "a"), ("sub/b.bin", "b")]))
            .rejected(&[("lib", "SymlinkToFolder")]),
        both_allow("cycle-of-links", "a link that leads back to itself ends nowhere")
            .link("one", "two")
            .link("two", "one")
            .statement(&recorded(true, &a))
            .rejected(&[("one", "SymlinkLoop"), ("two", "SymlinkLoop")]),
        both_allow("cycle-of-folders", "a link to the folder above it would be walked for ever")
            .link("again", ".")
            .statement(&recorded(true, &a))
            .rejected(&[("again", "SymlinkToFolder")]),
        both_allow("link-out-of-the-model", "a link leaves the model for a file with the signed content")
            .beside("outside.bin", "a")
            .link("link.bin", "../outside.bin")
            .statement(&recorded(true, &linked))
            .rejected(&[("link.bin", "SymlinkOutside")]),
        both_allow("absolute-link-out", "an absolute link leaves the model")
            .link("link.bin", "/dev/null")
            .statement(&recorded(true, &linked))
            .rejected(&[("link.bin", "SymlinkOutside")]),
        both_allow("link-to-a-fifo", "a link to a FIFO is not opened")
            .entry(fifo("model/fifo"))
            .link("link.bin", "fifo")
            .statement(&recorded(true, &a))
            .rejected(&[("fifo", "SpecialFile"), ("link.bin", "SpecialFile")]),
        corner("9.5", "root-is-a-link", "the path of the model is the caller's own word")
            .file("a.bin", "a")
            .entry(CornerEntry::Symlink { path: "linked".into(), target: "model".into() })
            .model("linked")
            .statement(&recorded(false, &a))
            .verified(),
        corner("9.5", "fifo", "a FIFO in the model is never opened")
            .file("a.bin", "a")
            .entry(fifo("model/fifo"))
            .statement(&recorded(false, &a))
            .rejected(&[("fifo", "SpecialFile")]),
        corner("9.5", "fifo-that-is-listed", "a FIFO under a signed name is never opened")
            .entry(fifo("model/a.bin"))
            .statement(&recorded(false, &a))
            .rejected(&[("a.bin", "SpecialFile")]),
        corner("9.5", "link-and-fifo-in-ignored-folder", "what is ignored is listed and may be anything")
            .file("a.bin", "a")
            .entry(fifo("model/cache/fifo"))
            .link("cache/link", "/")
            .statement(&ignoring)
            .skips("cache/fifo", "signer")
            .skips("cache/link", "signer")
            .verified(),
        corner("9.5", "link-and-fifo-below-git", "what the defaults leave out is listed and may be anything")
            .file("a.bin", "a")
            .entry(fifo("model/.git/fifo"))
            .link(".git/link", "/")
            .statement(&recorded(false, &a))
            .skips(".git/fifo", "git-default")
            .skips(".git/link", "git-default")
            .verified(),
    ]
}
