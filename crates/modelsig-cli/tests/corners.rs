//! The corner corpus, `testdata/corners`, as the command sees it: exit code, verdict, and the kind of the error. What
//! else a case says is about the library, which `tests/library/corners.rs` asks.

#![forbid(unsafe_code)]
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use modelsig_tests::corner::{self, Corner, CornerTrust};
use serde_json::Value;

#[test]
fn every_corner_ends_with_its_exit_code() {
    let mut failures = Vec::new();
    for folder in corner::discovered() {
        let corner = Corner::read(&folder);
        let place = tempfile::tempdir().expect("a temporary folder");
        if !corner.build(&folder, place.path()) {
            continue;
        }
        let expected = &corner.expected;
        let done = Command::new(env!("CARGO_BIN_EXE_modelsig"))
            .args(arguments(&corner))
            .current_dir(place.path())
            .output()
            .expect("the command runs");
        let report: Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
        let found = (done.status.code(), &report["exit_code"], &report["verdict"], &report["error"]["kind"]);
        let code = Value::from(expected.exit_code);
        let wanted = (
            Some(i32::from(expected.exit_code)),
            &code,
            &Value::from(expected.verdict.as_str()),
            &expected.kind.as_deref().map_or(Value::Null, Value::from),
        );
        if found != wanted || !done.stdout.is_ascii() {
            let talk = String::from_utf8_lossy(&done.stderr);
            failures
                .push(format!("{}: expected {wanted:?}, found {found:?} {talk}", corner::name_of(&folder)));
        }
    }
    assert!(failures.is_empty(), "{} corners:\n{}", failures.len(), failures.join("\n"));
}

fn arguments(corner: &Corner) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["verify", "--json", "--threads", "1", &corner.model].map(Into::into).into();
    let mut add = |option: &str, value: &str| arguments.extend([option.to_owned(), value.to_owned()]);
    let file = |path: &Path| path.to_str().expect("a UTF-8 path").to_owned();
    add("--signature", &corner.signature);
    match &corner.trust {
        CornerTrust::Keys(names) => {
            names
                .iter()
                .for_each(|name| add("--public-key", &file(&corner::key_file(&format!("{name}.pub.pem")))));
        }
        CornerTrust::Certificates { anchors, identity, at } => {
            for name in anchors {
                add("--certificate-chain", &file(&corner::key_file(&format!("{name}.crt.pem"))));
            }
            identity.iter().for_each(|identity| add("--identity", identity));
            let at = i64::try_from(*at).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
            add("--at", &at.expect("a time").to_string());
        }
    }
    let policy = &corner.policy;
    policy.ignore_paths.iter().for_each(|path| add("--ignore-paths", path));
    let flags = [
        (policy.ignore_unsigned_files, "--ignore-unsigned-files"),
        (policy.allow_symlinks, "--allow-symlinks"),
        (policy.allow_unsigned_empty, "--allow-unsigned-empty"),
        (policy.strict_git, "--strict-git"),
        (policy.no_bundle_ignores, "--no-bundle-ignores"),
        (policy.legacy, "--legacy"),
    ];
    arguments.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag.to_owned()));
    arguments
}
