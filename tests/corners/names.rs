//! 9.3 and 1.5: names that are not canonical are refused, never repaired.

use modelsig_tests::{resource, statement};

use crate::draft::{Case, corner};

pub(crate) fn cases() -> Vec<Case> {
    // The file that a repairing reader would take stands there with the signed content.
    let refused = |name: &str, listed: &str, on_disk: &str, fault: &str, reason: &str| {
        corner("9.3", name, reason)
            .file(on_disk, "x")
            .statement(&statement(vec![resource(listed, b"x")]))
            .malformed(&format!("Statement/BadName/{fault}"))
    };
    let deep = "d/".repeat(300) + "a";
    let long = "n".repeat(4_097);
    let odd = |name: &str, file: &str, reason: &str| {
        corner("9.3", name, reason)
            .file(file, "x")
            .statement(&statement(vec![resource(file, b"x")]))
            .verified()
    };
    vec![
        refused("dot-slash", "./a", "a", "Dot", "./a is another spelling of a"),
        refused("trailing-slash", "a/", "a", "EmptyComponent", "a/ is another spelling of a, or a folder"),
        refused("doubled-slash", "sub//b", "sub/b", "EmptyComponent", "sub//b is another spelling of sub/b"),
        refused("dot-inside", "sub/./b", "sub/b", "Dot", "sub/./b is another spelling of sub/b"),
        refused("dot-dot-inside", "sub/../a", "a", "DotDot", "sub/../a is another spelling of a"),
        refused("dot-dot-first", "../model/a", "a", "DotDot", "a name leads out of the model, and back in"),
        refused("dot-dot-alone", "..", "a", "DotDot", "the name of the folder above the model"),
        refused("absolute", "/a", "a", "Absolute", "a name is relative to the model"),
        refused("empty", "", "a", "Empty", "a name has characters"),
        refused("newline", "a\nb", "a", "Control", "a newline forges lines of messages"),
        refused("escape", "a\u{1b}[2K", "a", "Control", "an escape sequence rewrites the terminal"),
        refused("delete", "a\u{7f}", "a", "Control", "DEL is a control character"),
        refused("c1-control", "a\u{9b}31m", "a", "Control", "U+009B begins an escape sequence too"),
        refused("nul", "a\0b", "a", "Control", "a name in C ends at NUL"),
        refused("too-long", &long, "a", "TooLong", "no system holds a name of more than 4096 bytes"),
        corner("9.3", "too-deep", "folders are nested deeper than the limit")
            .file("a", "x")
            .statement(&statement(vec![resource(&deep, b"x")]))
            .error("limit", "Limit"),
        odd("backslash", "a\\b", "a backslash is a letter like any other where '/' separates"),
        odd("bidirectional", "a\u{202e}nib", "a mark of text direction is legal, and escaped in messages"),
        odd("percent", "a%2fb", "nothing is decoded"),
        odd("pattern", "weights[1]*.bin", "a name is no pattern"),
        odd("leading-dots", "...", "three dots are a name"),
        corner("9.3", "unsigned-newline", "a name that cannot be signed was not signed")
            .file("a", "x")
            .file("a\nb", "y")
            .statement(&statement(vec![resource("a", b"x")]))
            .rejected(&[("a\nb", "Unsigned")]),
        corner("9.3", "unsigned-escape", "a name that would inject into a terminal was not signed")
            .file("a", "x")
            .file("a\u{1b}[2K", "y")
            .statement(&statement(vec![resource("a", b"x")]))
            .rejected(&[("a\u{1b}[2K", "Unsigned")]),
    ]
}
