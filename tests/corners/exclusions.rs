//! 9.9: what the signer left out. No list is a door.

use modelsig_tests::corner::{CornerEntry, CornerPolicy};
use modelsig_tests::{resource, statement};
use serde_json::{Value, json};

use crate::draft::{Case, Draft, corner};

/// A statement over `a.bin` whose signer recorded these paths to ignore.
fn ignoring(paths: &[&str]) -> Value {
    let mut statement = statement(vec![resource("a.bin", b"a")]);
    statement["predicate"]["serialization"]["ignore_paths"] = json!(paths);
    statement
}

fn model(name: &str, reason: &str) -> Draft {
    corner("9.9", name, reason).file("a.bin", "a")
}

pub(crate) fn cases() -> Vec<Case> {
    let refused = |name: &str, reason: &str, path: &str, fault: &str| {
        model(name, reason)
            .file("evil.py", "import os")
            .statement(&ignoring(&["harmless", path]))
            .malformed(&format!("Statement/IgnorePath/{fault}"))
    };
    let inert = |name: &str, reason: &str, path: &str| {
        model(name, reason)
            .file("evil.py", "import os")
            .statement(&ignoring(&[path]))
            .rejected(&[("evil.py", "Unsigned")])
    };
    // Its root digest is that of nothing, so that it holds but for what it is about.
    let mut empty = statement(vec![]);
    empty["predicate"]["serialization"]["ignore_paths"] = json!(["."]);
    let git = [".git/hooks/post-checkout", ".gitattributes", ".github/workflows/w.yml", ".gitignore"];
    let with_git = |draft: Draft| git.iter().fold(draft, |draft, path| draft.file(path, "x"));
    let skipping_git = |draft: Draft| git.iter().fold(draft, |draft, path| draft.skips(path, "git-default"));
    let without_list = {
        let mut statement = ignoring(&[]);
        drop(
            statement["predicate"]["serialization"]
                .as_object_mut()
                .map(|members| members.remove("ignore_paths")),
        );
        statement
    };
    let signed_git = statement(vec![resource(".gitattributes", b"x"), resource("a.bin", b"a")]);
    vec![
        refused("dot", "a dot would leave out the whole model", ".", "Dot"),
        refused("empty", "an empty path would leave out the whole model", "", "Empty"),
        refused("dot-slash", "a dot with a slash would leave out the whole model", "./", "Dot"),
        refused(
            "dot-before-a-name",
            "a path is canonical, so that it can match one thing only",
            "./evil.py",
            "Dot",
        ),
        refused("dot-dot", "a path that leads out of the model", "..", "DotDot"),
        refused(
            "dot-dot-and-back",
            "a path that leads out of the model and back in",
            "../model/evil.py",
            "DotDot",
        ),
        refused("dot-dot-inside", "a path that leads round inside the model", "sub/../evil.py", "DotDot"),
        refused("absolute-with-dot-dot", "an absolute path that leads round", "/tmp/../tmp", "Absolute"),
        corner(
            "9.9",
            "dot-and-nothing-listed",
            "nothing listed and everything ignored would verify any model",
        )
        .file("evil.py", "import os")
        .statement(&empty)
        .malformed("Statement/IgnorePath/Dot"),
        corner(
            "9.9",
            "empty-and-nothing-listed",
            "nothing listed and everything ignored would verify any model",
        )
        .file("evil.py", "import os")
        .statement(&{
            let mut nothing = empty.clone();
            nothing["predicate"]["serialization"]["ignore_paths"] = json!([""]);
            nothing
        })
        .malformed("Statement/IgnorePath/Empty"),
        inert(
            "relative-to-the-signer",
            "a path relative to the folder in which the Go tool ran matches nothing in the model",
            "test/assets/models/simple/evil.py",
        ),
        inert(
            "absolute-outside",
            "an absolute path outside the model, as old builds of the Go tool recorded, matches nothing",
            "/home/somebody/model/evil.py",
        ),
        inert("absolute-root", "the root of the file system lies outside the model", "/"),
        inert("pattern-star", "there are no patterns", "*"),
        inert("pattern-suffix", "there are no patterns", "*.py"),
        inert("pattern-question-mark", "there are no patterns", "evil.p?"),
        inert("pattern-brackets", "there are no patterns", "[e]vil.py"),
        inert("other-case", "names are compared byte for byte", "EVIL.PY"),
        inert("trailing-slash", "a path that is not canonical matches nothing", "evil.py/"),
        inert("part-of-a-name", "a path is a whole name, not the start of one", "evil"),
        model("not-there", "a path that matches nothing is harmless")
            .statement(&ignoring(&["not/there", "*", "/home/somebody/x"]))
            .verified(),
        model("no-list", "the list is optional; older tools wrote none").statement(&without_list).verified(),
        model("folder", "an excluded folder may hold anything, and all of it is listed")
            .file("cache/evil.py", "import os")
            .file("cache/deep/evil.py", "import os")
            .statement(&ignoring(&["cache"]))
            .skips("cache/evil.py", "signer")
            .skips("cache/deep/evil.py", "signer")
            .verified(),
        model("folder-refused", "the caller can refuse the signer's list")
            .policy(|policy| policy.no_bundle_ignores = true)
            .file("cache/evil.py", "import os")
            .statement(&ignoring(&["cache"]))
            .rejected(&[("cache/evil.py", "Unsigned")]),
        skipping_git(with_git(model(
            "git-defaults",
            "the four git paths may hold anything, and all of it is listed",
        )))
        .statement(&ignoring(&[]))
        .verified(),
        with_git(model("git-defaults-refused", "the caller can have the four git paths checked"))
            .policy(|policy| policy.strict_git = true)
            .statement(&ignoring(&[".git", ".gitattributes", ".github", ".gitignore"]))
            .rejected(&git.map(|path| (path, "Unsigned"))),
        model("git-below-the-top", "the four git paths are left out at the top of the model only")
            .file("sub/.gitignore", "x")
            .statement(&ignoring(&[]))
            .rejected(&[("sub/.gitignore", "Unsigned")]),
        model("gitmodules", "a fifth git path is a file like any other")
            .file(".gitmodules", "x")
            .statement(&ignoring(&[]))
            .rejected(&[(".gitmodules", "Unsigned")]),
        model("gitmodules-recorded", "a signer may leave out more than the four")
            .file(".gitmodules", "x")
            .statement(&ignoring(&[".gitmodules"]))
            .skips(".gitmodules", "signer")
            .verified(),
        model("git-path-signed", "who signs a git path wants it checked")
            .file(".gitattributes", "x")
            .statement(&signed_git)
            .verified(),
        model("git-path-signed-and-changed", "who signs a git path wants it checked")
            .file(".gitattributes", "y")
            .statement(&signed_git)
            .rejected(&[(".gitattributes", "DigestMismatch")]),
        model("recorded-signature-slot", "the recorded name of the bundle is no free slot for another file")
            .file("model.sig", "import os")
            .statement(&ignoring(&["model.sig"]))
            .rejected(&[("model.sig", "Unsigned")]),
        model("recorded-signature-slot-in-capitals", "the ending of a bundle has no case")
            .file("model.SIG", "import os")
            .statement(&ignoring(&["model.SIG"]))
            .rejected(&[("model.SIG", "Unsigned")]),
        model("recorded-signature-is-a-bundle", "a real bundle in the recorded place is left out")
            .entry(CornerEntry::Bundle { path: "model/model.sig".into() })
            .statement(&ignoring(&["model.sig"]))
            .skips("model.sig", "signer")
            .verified(),
        model("recorded-signature-is-a-folder", "a folder in the place of the bundle is entered")
            .file("model.sig/evil.py", "import os")
            .statement(&ignoring(&["model.sig"]))
            .rejected(&[("model.sig/evil.py", "Unsigned")]),
        model("signature-inside", "the bundle of this run is left out, recorded or not")
            .signature("model/any.name")
            .statement(&ignoring(&[]))
            .skips("any.name", "signature")
            .verified(),
        model("signature-renamed", "a second bundle that nobody recorded is an unsigned file")
            .entry(CornerEntry::Bundle { path: "model/old.sig".into() })
            .statement(&ignoring(&[]))
            .rejected(&[("old.sig", "Unsigned")]),
        model("listed-and-ignored", "what is both signed and ignored is a contradiction")
            .statement(&ignoring(&["a.bin"]))
            .malformed("Statement/ListedAndIgnored"),
        corner(
            "9.9",
            "listed-below-an-ignored-folder",
            "a signed file below an ignored folder is a contradiction",
        )
        .file("sub/b.bin", "b")
        .statement(&{
            let mut statement = statement(vec![resource("sub/b.bin", b"b")]);
            statement["predicate"]["serialization"]["ignore_paths"] = json!(["sub"]);
            statement
        })
        .malformed("Statement/ListedAndIgnored"),
        model("caller-ignores-what-is-signed", "the caller cannot ignore what is signed")
            .policy(|policy: &mut CornerPolicy| policy.ignore_paths = vec!["a.bin".into()])
            .statement(&ignoring(&[]))
            .denied("policy", "IgnoredButSigned"),
        model("caller-ignores", "the caller can ignore what is not signed")
            .policy(|policy: &mut CornerPolicy| policy.ignore_paths = vec!["notes".into()])
            .file("notes/n.txt", "n")
            .statement(&ignoring(&[]))
            .skips("notes/n.txt", "caller")
            .verified(),
        model("list-of-numbers", "paths are text")
            .statement(&{
                let mut statement = ignoring(&[]);
                statement["predicate"]["serialization"]["ignore_paths"] = json!([1]);
                statement
            })
            .malformed("Statement/Json/Shape"),
    ]
}
