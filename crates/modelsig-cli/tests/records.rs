//! What the command leaves behind for those who ask later: the audit log, and the events that it tells.

#![forbid(unsafe_code)]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_modelsig");

/// A folder with a key and a signed model.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("model")).unwrap();
    fs::write(folder.path().join("model/weights.bin"), b"weights").unwrap();
    assert!(modelsig(folder.path(), &["keygen", "--out", "key.pem", "--quiet"]).status.success());
    assert!(
        modelsig(folder.path(), &["sign", "model", "--private-key", "key.pem", "--quiet"]).status.success()
    );
    folder
}

fn modelsig(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).current_dir(folder).output().unwrap()
}

const VERIFY: [&str; 6] = ["verify", "model", "--public-key", "key.pub.pem", "--audit-log", "audit"];

fn lines(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("audit")).unwrap();
    assert!(text.is_ascii() && text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or(Value::from(line))).collect()
}

#[test]
fn each_verdict_is_a_line() {
    let folder = prepared();
    let at = folder.path();
    assert!(modelsig(at, &VERIFY).status.success());
    fs::write(at.join("model/weights.bin"), b"WEIGHTS").unwrap();
    // Nobody can forge a line by the name of a file.
    fs::write(at.join("model/\u{202e}x\"}"), b"").unwrap();
    assert_eq!(modelsig(at, &VERIFY).status.code(), Some(1));
    fs::remove_file(at.join("key.pub.pem")).unwrap();
    assert_eq!(modelsig(at, &VERIFY).status.code(), Some(2));

    let lines = lines(at);
    let [good, bad, none] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&good["verdict"], &good["exit_code"]), (&json!("verified"), &json!(0)));
    assert_eq!((&good["files_verified"], &good["bytes_verified"]), (&json!(1), &json!(7)));
    assert_eq!((&good["problems"], &good["reason"]), (&json!([]), &Value::Null));
    assert_eq!((&bad["verdict"], &bad["exit_code"]), (&json!("rejected"), &json!(1)));
    assert_eq!((&bad["problem_count"], &bad["reason"]["kind"]), (&json!(2), &json!("mismatch")));
    assert_eq!(bad["problems"][0]["path"], json!("weights.bin"));
    assert_eq!(bad["problems"][1]["path"], json!("\u{202e}x\"}"));
    assert_eq!((&none["verdict"], &none["exit_code"]), (&json!("error"), &json!(2)));
    assert_eq!((&none["root_digest"], &none["signers"]), (&Value::Null, &json!([])));
    for line in [good, bad] {
        assert!(line["root_digest"].as_str().unwrap().starts_with("sha256:"), "{line}");
        assert_eq!(line["signers"][0]["key_type"], json!("ed25519"));
    }
    for line in [good, bad, none] {
        let time: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
        assert!(jiff::Timestamp::now().duration_since(time).as_secs() < 600, "{line}");
        assert_eq!((&line["command"], &line["model"]), (&json!("verify"), &json!("model")));
        assert_eq!(line["bundles"], json!(["model/model.sig"]));
        assert_eq!(line["trusted"]["public_keys"], json!(["key.pub.pem"]));
        assert_eq!(
            (&line["policy"]["check"], &line["policy"]["weakened_by"]),
            (&json!("chunks"), &json!([]))
        );
    }
    let mode = fs::metadata(at.join("audit")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_weakens_the_policy_is_on_record_and_repairs_are() {
    let folder = prepared();
    let at = folder.path();
    fs::create_dir(at.join("copy")).unwrap();
    fs::copy(at.join("model/weights.bin"), at.join("copy/weights.bin")).unwrap();
    fs::write(at.join("model/weights.bin"), b"damaged").unwrap();
    fs::write(at.join("model/extra"), b"").unwrap();
    let options = ["--public-key", "key.pub.pem", "--audit-log", "audit", "--ignore-unsigned-files"];
    let repair = [&["repair", "model", "--from", "copy"][..], &options].concat();
    assert!(modelsig(at, &repair).status.success());
    assert!(modelsig(at, &repair).status.success());
    let lines = lines(at);
    let verdicts: Vec<_> = lines.iter().map(|line| (&line["command"], &line["verdict"])).collect();
    assert_eq!(verdicts, [(&json!("repair"), &json!("repaired")), (&json!("repair"), &json!("verified"))]);
    assert_eq!(lines[0]["policy"]["weakened_by"], json!(["files that are not signed are ignored"]));
}

/// A file that only one of the signers has signed is not among those that the record counts.
#[test]
fn of_several_signers_what_all_have_signed_is_on_record() {
    let folder = prepared();
    let at = folder.path();
    fs::write(at.join("model/one.bin"), b"first").unwrap();
    fs::write(at.join("model/two.bin"), b"second").unwrap();
    fs::remove_file(at.join("model/model.sig")).unwrap();
    for (bundle, left_out) in [("one.sig", "two.bin"), ("two.sig", "one.bin")] {
        let sign = ["sign", "model", "--private-key", "key.pem", "--ignore-paths", left_out];
        assert!(modelsig(at, &[&sign[..], &["--signature", bundle]].concat()).status.success());
    }
    let several = ["--signature", "one.sig", "--signature", "two.sig", "--require", "any", "--json"];
    let done = modelsig(at, &[&VERIFY[..], &several].concat());
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let lines = lines(at);
    assert_eq!((done.status.code(), &lines[0]["verdict"]), (Some(0), &json!("verified")));
    assert_eq!(
        (&report["files_verified"], &report["partly_signed"]),
        (&json!(1), &json!(["one.bin", "two.bin"]))
    );
    assert_eq!(lines[0]["files_verified"], report["files_verified"]);
    assert_eq!(lines[0]["bytes_verified"], report["bytes_verified"]);
    assert_eq!(lines[0]["signers"].as_array().unwrap().len(), 2);
}

#[test]
fn a_broken_line_takes_no_other_with_it() {
    let folder = prepared();
    fs::write(folder.path().join("audit"), "{\"time\":\"20").unwrap();
    assert!(modelsig(folder.path(), &VERIFY).status.success());
    let lines = lines(folder.path());
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0], &lines[1]["verdict"]), (&json!("{\"time\":\"20"), &json!("verified")));
}

/// Whoever asks for a record does not get a verdict without one.
#[test]
fn without_a_record_there_is_no_verdict() {
    let folder = prepared();
    let at = folder.path();
    // Nothing can be written into any file.
    let full = |rest: &str| {
        let script = format!("trap '' XFSZ; ulimit -f 0; exec {BINARY} {} {rest}", VERIFY.join(" "));
        Command::new("sh").args(["-c", &script]).current_dir(at).output().unwrap()
    };
    let done = full("");
    let talk = String::from_utf8_lossy(&done.stderr);
    assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]), "{talk}");
    assert!(talk.contains("cannot write 'audit'"), "{talk}");
    let done = full("--json");
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &report["verdict"]), (Some(2), &json!("error")));
    // A negative verdict stays one.
    fs::write(at.join("model/weights.bin"), b"WEIGHTS").unwrap();
    let done = full("");
    let talk = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{talk}");
    assert!(talk.contains("cannot write 'audit'"), "{talk}");

    for unusable in ["/dev/null", "model", "nowhere/audit"] {
        let done = modelsig(at, &["verify", "model", "--public-key", "key.pub.pem", "--audit-log", unusable]);
        let talk = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]), "{unusable}: {talk}");
        assert!(talk.contains(unusable), "{talk}");
    }
}

#[test]
fn events_are_lines_of_json() {
    let folder = prepared();
    let at = folder.path();
    fs::write(at.join("model/weights.bin"), b"WEIGHTS").unwrap();
    fs::write(at.join("model/\u{1b}[2J\u{202e}"), b"").unwrap();
    let arguments = ["verify", "model", "--public-key", "key.pub.pem", "--log-format", "json", "--quiet"];
    let done = modelsig(at, &arguments);
    assert_eq!(done.status.code(), Some(1));
    let talk = String::from_utf8(done.stderr).unwrap();
    assert!(talk.bytes().all(|byte| byte == b'\n' || !byte.is_ascii_control()), "{talk}");
    let events: Vec<Value> = talk.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |target: &str| events.iter().filter(|event| event["target"] == target).collect::<Vec<_>>();
    let verdicts = of("modelsig::verdict");
    assert_eq!(verdicts.len(), 1, "{talk}");
    let verdict = verdicts[0];
    assert_eq!((&verdict["level"], &verdict["operation"]), (&json!("WARN"), &json!("verify")));
    assert_eq!((&verdict["verdict"], &verdict["problems"]), (&json!("rejected"), &json!(2)));
    assert_eq!((&verdict["model"], &verdict["kind"]), (&json!("model"), &json!("mismatch")));
    let files: Vec<_> = of("modelsig::problem").iter().map(|problem| &problem["file"]).collect();
    assert_eq!(files, [&json!(r"\u{1b}[2J\u{202e}"), &json!("weights.bin")]);
}

/// A supervisor that has closed its end, or whose disk is full, does not change the verdict.
#[test]
fn events_that_cannot_be_written_are_no_failure() {
    let folder = prepared();
    let command = format!("{BINARY} {} --log-format json", VERIFY.join(" "));
    for stderr in ["2>/dev/full", "2>&-", "2>&1 >verdict | true"] {
        // The status of the command, also where it is in a pipe.
        let script = format!("({command}; echo $? >status) {stderr}; cat status");
        let done = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        let out = String::from_utf8_lossy(&done.stdout);
        assert!(out.ends_with("0\n"), "{stderr}: {out}");
    }
    let lines = lines(folder.path());
    assert!(lines.len() == 3 && lines.iter().all(|line| line["verdict"] == "verified"), "{lines:?}");
}

/// Of several bundles each is told of, but only one event is the verdict. Names are in quotes: none passes for a field.
#[test]
fn one_event_is_the_verdict_and_names_are_no_fields() {
    let folder = prepared();
    let at = folder.path();
    fs::copy(at.join("model/model.sig"), at.join("other.sig")).unwrap();
    let several = ["--signature", "model/model.sig", "--signature", "other.sig", "--require", "2"];
    let done = modelsig(at, &[&VERIFY[..], &several, &["--log-format", "json"]].concat());
    assert_eq!(done.status.code(), Some(1));
    let talk = String::from_utf8(done.stderr).unwrap();
    let events = talk.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told: Vec<_> = events.map(|event| (event["target"].clone(), event["verdict"].clone())).collect();
    let of = |target: &str| told.iter().filter(|told| told.0 == target).map(|told| told.1.clone()).collect();
    let (verdicts, bundles): (Vec<_>, Vec<_>) = (of("modelsig::verdict"), of("modelsig::bundle"));
    assert_eq!((verdicts, bundles), (vec![json!("rejected")], vec![json!("verified"); 2]), "{talk}");

    fs::write(at.join("model/x verdict=verified kind=\"ok\""), b"").unwrap();
    let done = modelsig(at, &[&VERIFY[..], &["--log-format", "text"]].concat());
    let talk = String::from_utf8(done.stderr).unwrap();
    assert!(talk.contains(r#"file="x verdict=verified kind=\"ok\"""#), "{talk}");
}

#[test]
fn who_insists_on_a_sandbox_gets_one_or_no_verdict() {
    let folder = prepared();
    let verify = |options: &[&str]| {
        let done = modelsig(folder.path(), &[&VERIFY[..], &["--json"], options].concat());
        (done.status.code(), serde_json::from_slice::<Value>(&done.stdout).unwrap())
    };
    let (code, report) = verify(&["--require-sandbox"]);
    let expected = if report["sandbox"]["landlock"].is_null() { 2 } else { 0 };
    assert_eq!(code, Some(expected), "{report}");
    assert_eq!(verify(&[]).0, Some(0));
    assert_eq!(verify(&["--require-sandbox", "--no-sandbox"]).0, Some(2));
    let inspected = modelsig(folder.path(), &["inspect", "model", "--json"]);
    let inspected: Value = serde_json::from_slice(&inspected.stdout).unwrap();
    assert_eq!(inspected["sandbox"]["landlock"], report["sandbox"]["landlock"]);
}
