//! Files that would take hours: refused by their length where one is signed, and otherwise given up when somebody asks.

#![forbid(unsafe_code)]
#![cfg(unix)]

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use modelsig::Signer;
use modelsig::hash::HashAlgorithm;
use modelsig_tests::{Case, digest_of, statement, within};
use serde_json::Value;

const TEBI: u64 = 1 << 40;
/// Machines that do nothing else need less than a hundredth of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The command in the folder of the case, which also has the key.
fn command(case: &Case, arguments: &[&str]) -> Command {
    std::fs::write(case.path("key.pub.pem"), case.key.public_key().to_pem()).expect("a new file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelsig"));
    command.args(arguments).current_dir(case.path(""));
    command
}

fn grow(case: &Case, name: &str, length: u64) {
    let file = File::options().write(true).open(case.file(name)).expect("it is there");
    file.set_len(length).expect("a file without blocks");
}

const VERIFY: [&str; 6] = ["verify", "model", "--signature", "model.sig", "--public-key", "key.pub.pem"];

#[test]
fn a_file_of_a_tebibyte_in_the_place_of_a_small_one_is_rejected_by_its_length() {
    for check in ["chunks", "whole", "both"] {
        let case = Case::new(&[("small.bin", b"small"), ("other.bin", b"other")]);
        case.sign();
        grow(&case, "small.bin", TEBI);
        let mut verify = command(&case, &[&VERIFY[..], &["--json", "--check", check]].concat());
        let output = within(PATIENCE, move || verify.output().expect("it runs"));
        assert_eq!(output.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let problem = &report["files"][1]["problem"];
        assert_eq!(problem["path"], "small.bin", "{text}");
        assert_eq!(
            problem["message"], "'small.bin' has grown: expected 5 bytes, found 1099511627776",
            "{text}"
        );
        // All of the other one was looked at, and nothing of this one.
        assert!(
            !report["files"][0]["checked"].is_null() && report["files"][1]["checked"].is_null(),
            "{text}"
        );
    }
}

/// A tebibyte, and a bundle that tells no length, as other tools write it.
fn without_a_length() -> Case {
    let case = Case::new(&[("weights.bin", b"")]);
    grow(&case, "weights.bin", TEBI);
    let digest = digest_of(HashAlgorithm::Sha256, b"whatever it is");
    let resource = serde_json::json!({"name": "weights.bin", "digest": digest, "algorithm": "sha256"});
    case.write_statement(&statement(vec![resource]));
    case
}

#[test]
fn without_a_signed_length_the_caller_says_how_much_is_too_much() {
    let case = without_a_length();
    let mut verify = command(&case, &[&VERIFY[..], &["--json", "--max-model-bytes", "1073741824"]].concat());
    let output = within(PATIENCE, move || verify.output().expect("it runs"));
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(report["error"]["kind"], "limit", "{report}");
    let message = report["error"]["message"].as_str().expect("a message");
    assert!(message.contains("1073741824") && message.contains("1099511627776"), "{message}");
}

/// A process that has been hashing for a while gets a signal; how it ends, and how long that takes.
fn interrupted(mut child: Child, signal: &str) -> (Option<i32>, Option<i32>, Vec<u8>, Duration) {
    // Long enough for it to have begun, and far from enough for it to end.
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().expect("it is ours").is_none(), "it was to take long");
    let id = child.id().to_string();
    let began = Instant::now();
    assert!(Command::new("kill").args([signal, &id]).status().expect("there is kill").success());
    let output = within(PATIENCE, move || child.wait_with_output().expect("it ends"));
    (output.status.code(), output.status.signal(), output.stdout, began.elapsed())
}

#[test]
fn whoever_interrupts_a_long_hash_does_not_wait() {
    let case = without_a_length();
    let verify = [&VERIFY[..], &["--json"]].concat();
    for (arguments, signal) in [
        (&["digest", "model", "--json"][..], "-INT"),
        (&["digest", "model", "--json", "--threads", "1", "--hash", "blake3"], "-INT"),
        (&verify, "-INT"),
        (&verify, "-TERM"),
    ] {
        let child = command(&case, arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let (code, killed, stdout, took) = interrupted(child.expect("it runs"), signal);
        println!("{arguments:?} {signal}: {took:?}");
        assert_eq!((code, killed), (Some(130), None), "{arguments:?}");
        let report: Value = serde_json::from_slice(&stdout).expect("one object");
        assert_eq!((&report["verdict"], &report["exit_code"]), (&"interrupted".into(), &130.into()));
    }
}
