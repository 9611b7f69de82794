//! 9.4: nothing that the manifest names is opened by joining strings, also where unsigned files are ignored.

use modelsig_tests::corner::CornerPolicy;
use modelsig_tests::{resource, statement};
use serde_json::json;

use crate::draft::{Case, Draft, corner};

fn ignoring(name: &str, reason: &str) -> Draft {
    let ignore = |policy: &mut CornerPolicy| policy.ignore_unsigned_files = true;
    corner("9.4", name, reason).policy(ignore).file("a.bin", "a")
}

pub(crate) fn cases() -> Vec<Case> {
    let listed = |name: &str| statement(vec![resource("a.bin", b"a"), resource(name, b"outside")]);
    let mut nothing = statement(vec![]);
    nothing["predicate"]["resources"] = json!([]);
    vec![
        ignoring("dot-dot", "a listed name leads out of the model to a file that is there")
            .beside("outside.bin", "outside")
            .statement(&listed("../outside.bin"))
            .malformed("Statement/BadName/DotDot"),
        ignoring("dot-dot-later", "a listed name leads out of the model from below a folder of it")
            .file("sub/b.bin", "b")
            .beside("outside.bin", "outside")
            .statement(&listed("sub/../../outside.bin"))
            .malformed("Statement/BadName/DotDot"),
        ignoring("linked-folder", "a listed name lies below a link to a folder outside")
            .beside("outside/x.bin", "outside")
            .link("d", "../outside")
            .statement(&listed("d/x.bin"))
            .rejected(&[("d", "Symlink")]),
        ignoring(
            "linked-folder-allowed",
            "a listed name lies below a link out of the model, and links are allowed",
        )
        .policy(|policy| policy.allow_symlinks = true)
        .beside("outside/x.bin", "outside")
        .link("d", "../outside")
        .statement(&{
            let mut statement = listed("d/x.bin");
            statement["predicate"]["serialization"]["allow_symlinks"] = true.into();
            statement
        })
        .rejected(&[("d", "SymlinkOutside")]),
        ignoring("linked-file", "a listed name is a link to a file outside")
            .beside("outside.bin", "outside")
            .link("x.bin", "../outside.bin")
            .statement(&listed("x.bin"))
            .rejected(&[("x.bin", "Symlink")]),
        ignoring("absolute", "a listed name is absolute")
            .statement(&listed("/etc/hostname"))
            .malformed("Statement/BadName/Absolute"),
        ignoring("empty-resources", "an empty list of resources would verify anything")
            .statement(&nothing)
            .malformed("Statement/EmptyResources"),
        ignoring("unsigned-file", "what is ignored is listed in the report")
            .file("evil.py", "import os")
            .statement(&statement(vec![resource("a.bin", b"a")]))
            .skips("evil.py", "unsigned")
            .verified(),
        ignoring("signed-file-changed", "what is signed is checked as ever")
            .statement(&statement(vec![resource("a.bin", b"b")]))
            .rejected(&[("a.bin", "DigestMismatch")]),
        ignoring("signed-file-missing", "a signed file must be there")
            .statement(&statement(vec![resource("a.bin", b"a"), resource("b.bin", b"b")]))
            .rejected(&[("b.bin", "Missing")]),
    ]
}
