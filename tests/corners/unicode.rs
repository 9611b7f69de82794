//! 9.14 and 9.15: names are bytes; and what a signature does not say.

use modelsig_tests::corner::CornerEntry;
use modelsig_tests::{resource, statement};

use crate::draft::{Case, corner};

pub(crate) fn cases() -> Vec<Case> {
    const COMPOSED: &str = "caf\u{e9}.bin";
    const DECOMPOSED: &str = "cafe\u{301}.bin";
    let other_name = |name: &str, reason: &str, listed: &str, on_disk: &str| {
        corner("9.14", name, reason)
            .file(on_disk, "x")
            .statement(&statement(vec![resource(listed, b"x")]))
            .rejected(&[(listed, "Missing"), (on_disk, "Unsigned")])
    };
    let both = |name: &str, reason: &str, first: &str, second: &str| {
        corner("9.14", name, reason)
            .file(first, "x")
            .file(second, "y")
            .statement(&statement(vec![resource(first, b"x"), resource(second, b"y")]))
            .verified()
    };
    let mut subject = statement(vec![resource("a.bin", b"a")]);
    subject["subject"][0]["name"] = "another-model".into();
    vec![
        other_name("case-listed-lower", "names are compared byte for byte", "a.bin", "A.bin"),
        other_name("case-listed-upper", "names are compared byte for byte", "A.bin", "a.bin"),
        other_name("composed-for-decomposed", "no Unicode normalisation", COMPOSED, DECOMPOSED),
        other_name("decomposed-for-composed", "no Unicode normalisation", DECOMPOSED, COMPOSED),
        both("both-cases", "two names that differ in case are two files", "A.bin", "a.bin"),
        both("both-normal-forms", "two normal forms are two files", DECOMPOSED, COMPOSED),
        corner("9.15", "empty-folder", "folders are not signed, so an empty one is no difference")
            .file("a.bin", "a")
            .entry(CornerEntry::Folder { path: "model/empty/inside".into() })
            .statement(&statement(vec![resource("a.bin", b"a")]))
            .verified(),
        corner(
            "9.15",
            "another-subject",
            "which model was meant is not proven: the name of the subject is informative",
        )
        .file("a.bin", "a")
        .statement(&subject)
        .verified(),
    ]
}
