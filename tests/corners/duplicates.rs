//! 9.2: what stands twice. Readers disagree on which one counts, so neither does.

use modelsig_tests::{base64, bundle, repeat_member, resource, shard, sharded, statement};
use serde_json::json;

use crate::draft::{Case, corner};
use crate::keys;

pub(crate) fn cases() -> Vec<Case> {
    let key = keys::private("p256");
    let good = resource("a.bin", b"good");
    let bad = resource("a.bin", b"bad");
    let one = statement(vec![good.clone()]);
    let text = bundle(&key, one.to_string().as_bytes()).to_string();
    // The member of a bundle twice: first another value, then the good one.
    let twice = |member: &str, other: &str| {
        let quoted = format!("\"{member}\":");
        text.replacen(&quoted, &format!("{quoted}{other},{quoted}"), 1)
    };
    let other = bundle(&keys::private("stranger"), statement(vec![bad.clone()]).to_string().as_bytes());
    let payload = one.to_string();
    let evil = statement(vec![bad.clone()])["predicate"].to_string();
    let names = |name, reason| corner("9.2", name, reason).file("a.bin", "good");
    let listed = |first: &serde_json::Value, second: &serde_json::Value| {
        statement(vec![first.clone(), second.clone()])
    };
    vec![
        names("name-twice", "a name stands twice, if with the same digest")
            .statement(&listed(&good, &good))
            .malformed("Statement/DuplicateName"),
        names("first-bad-last-good", "a reader that takes the last of two entries never checks the first")
            .statement(&listed(&bad, &good))
            .malformed("Statement/DuplicateName"),
        names("first-good-last-bad", "a reader that takes the first of two entries never checks the last")
            .statement(&listed(&good, &bad))
            .malformed("Statement/DuplicateName"),
        names(
            "dot-slash-and-plain",
            "./a.bin and a.bin are one file, and the first spelling is not canonical",
        )
        .statement(&listed(&resource("./a.bin", b"bad"), &good))
        .malformed("Statement/BadName/Dot"),
        corner("9.2", "shard-twice", "a range of a file stands twice")
            .file("a.bin", "0123")
            .statement(&sharded(vec![shard("a.bin", b"0123", 0..4), shard("a.bin", b"0123", 0..4)], 4))
            .malformed("Statement/DuplicateName"),
        names("member-of-bundle-twice", "two envelopes in one bundle: the last one wins in other readers")
            .text(twice("dsseEnvelope", &other["dsseEnvelope"].to_string()))
            .malformed("Bundle/Json/DuplicateMember"),
        names("material-twice", "two verification materials in one bundle")
            .text(twice("verificationMaterial", &other["verificationMaterial"].to_string()))
            .malformed("Bundle/Json/DuplicateMember"),
        names("payload-twice", "two payloads in one envelope")
            .text(twice("payload", &format!("\"{}\"", base64(b"{}"))))
            .malformed("Bundle/Json/DuplicateMember"),
        names("member-spelt-differently", "an escaped letter makes the same member name")
            .text(text.replacen("\"hint\":", "\"h\\u0069nt\":\"\",\"hint\":", 1))
            .malformed("Bundle/Json/DuplicateMember"),
        names("member-where-nothing-looks", "a member twice in a log entry that nothing reads")
            .text(text.replacen("\"tlogEntries\":[]", "\"tlogEntries\":[{\"a\":[{\"b\":1,\"b\":2}]}]", 1))
            .malformed("Bundle/Json/DuplicateMember"),
        names(
            "predicate-twice-bad-first",
            "two predicates in a signed payload: the last one wins in other readers",
        )
        .payload(payload.replacen("\"predicate\":", &format!("\"predicate\":{evil},\"predicate\":"), 1))
        .malformed("Statement/Json/DuplicateMember"),
        names("predicate-twice-null-first", "a predicate and a null of the same name")
            .payload(repeat_member(&payload, "predicate"))
            .malformed("Statement/Json/DuplicateMember"),
        names("digest-twice", "two digests in one entry of a signed payload")
            .payload(repeat_member(&payload, "algorithm"))
            .malformed("Statement/Json/DuplicateMember"),
        names("ignored-member-twice", "a member that is to be ignored stands twice all the same")
            .payload(payload.replacen("\"algorithm\":", "\"x\":{\"y\":1,\"y\":2},\"algorithm\":", 1))
            .malformed("Statement/Json/DuplicateMember"),
        names("same-content-under-two-names", "two names with one digest are two files")
            .file("b.bin", "good")
            .statement(&listed(&json!(good), &resource("b.bin", b"good")))
            .verified(),
    ]
}
