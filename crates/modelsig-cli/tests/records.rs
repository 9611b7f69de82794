//! What the command leaves behind for those who ask later: the audit log, and the events that it tells.

#![forbid(unsafe_code)]
#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use modelsig::hash::HashAlgorithm;
use modelsig_tests::{Chain, chain, digest_of, within};
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

/// `verify` with a log of this name.
fn verify_with_log(folder: &Path, log: &str) -> Output {
    modelsig(folder, &["verify", "model", "--public-key", "key.pub.pem", "--audit-log", log])
}

/// A model with a damaged file, and a good copy of it.
fn damaged() -> tempfile::TempDir {
    let folder = prepared();
    fs::create_dir(folder.path().join("copy")).unwrap();
    fs::copy(folder.path().join("model/weights.bin"), folder.path().join("copy/weights.bin")).unwrap();
    fs::write(folder.path().join("model/weights.bin"), b"damaged").unwrap();
    folder
}

const REPAIR: [&str; 8] =
    ["repair", "model", "--from", "copy", "--public-key", "key.pub.pem", "--audit-log", "audit"];

/// Runs the command where no file can become longer than this.
fn with_longest_file(bytes: usize, arguments: &[&str], folder: &Path) -> Output {
    assert_eq!(bytes % 512, 0);
    let script = format!("trap '' XFSZ; ulimit -f {}; exec {BINARY} {}", bytes / 512, arguments.join(" "));
    Command::new("sh").args(["-c", &script]).current_dir(folder).output().unwrap()
}

/// A line of so many bytes.
fn filler(length: usize) -> String {
    format!("{}\n", "x".repeat(length - 1))
}

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
        let time = line["time"].as_str().unwrap();
        assert_eq!(time.len(), "2026-01-31T12:00:00.123456789Z".len());
        let time: jiff::Timestamp = time.parse().unwrap();
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
    let folder = damaged();
    let at = folder.path();
    fs::write(at.join("model/extra"), b"").unwrap();
    let repair = [&REPAIR[..], &["--ignore-unsigned-files"]].concat();
    assert!(modelsig(at, &repair).status.success());
    assert!(modelsig(at, &repair).status.success());
    let lines = lines(at);
    let told: Vec<_> =
        lines.iter().map(|line| (&line["command"], &line["event"], &line["verdict"])).collect();
    let (repair, begun, ended) = (json!("repair"), json!("begun"), json!("ended"));
    let (repaired, verified) = (json!("repaired"), json!("verified"));
    assert_eq!(
        told,
        [
            (&repair, &begun, &Value::Null),
            (&repair, &ended, &repaired),
            (&repair, &begun, &Value::Null),
            (&repair, &ended, &verified),
        ]
    );
    for line in &lines {
        assert_eq!(line["policy"]["weakened_by"], json!(["files that are not signed are ignored"]));
        assert_eq!(line["from"], json!("copy"));
    }
    assert_eq!(lines[0]["pid"], lines[1]["pid"]);
    assert_ne!(lines[1]["pid"], lines[2]["pid"]);
    let written = json!([{"name": "weights.bin", "how": "replaced", "bytes": 7, "cut": 0}]);
    assert_eq!((&lines[1]["repaired"], &lines[3]["repaired"]), (&written, &json!([])));
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

/// Two bundles by two signers, of which the second also signs a file that was damaged.
fn signed_by_two() -> tempfile::TempDir {
    let folder = prepared();
    let at = folder.path();
    fs::remove_file(at.join("model/model.sig")).unwrap();
    assert!(modelsig(at, &["keygen", "--out", "other.pem", "--quiet"]).status.success());
    fs::write(at.join("model/two.bin"), b"second").unwrap();
    for key in ["key", "other"] {
        let (private, bundle) = (format!("{key}.pem"), format!("{key}.sig"));
        let sign = ["sign", "model", "--private-key", &private, "--signature", &bundle, "--quiet"];
        assert!(modelsig(at, &sign).status.success());
    }
    fs::write(at.join("model/two.bin"), b"SECOND").unwrap();
    folder
}

/// Whose signatures hold, and what of the files does not.
#[test]
fn of_several_bundles_that_do_not_hold_signers_and_files_are_on_record() {
    let folder = signed_by_two();
    let at = folder.path();
    let several = ["--signature", "key.sig", "--signature", "other.sig", "--public-key", "other.pub.pem"];
    let all = [&VERIFY[..], &several, &["--require", "all"]].concat();
    assert_eq!(modelsig(at, &all).status.code(), Some(1));
    assert_eq!(modelsig(at, &[&all[..], &["--fail-fast"]].concat()).status.code(), Some(1));
    // Known before any file is read.
    let twice = ["--signature", "key.sig", "--signature", "key.sig", "--require", "all", "--fail-fast"];
    assert_eq!(modelsig(at, &[&VERIFY[..], &twice].concat()).status.code(), Some(1));
    fs::write(at.join("key.sig"), b"{}").unwrap();
    assert_eq!(modelsig(at, &all).status.code(), Some(1));
    let lines = lines(at);
    let problems = |line: usize| -> Vec<_> {
        let found = lines[line]["problems"].as_array().unwrap().iter();
        found
            .map(|problem| [&problem["bundle"], &problem["path"], &problem["kind"]].map(Value::to_string))
            .collect()
    };
    let damaged = |bundle: &str| [bundle, "two.bin", "mismatch"].map(|text| json!(text).to_string());
    assert_eq!(problems(0), [damaged("key.sig"), damaged("other.sig")]);
    assert_eq!(lines[0]["problem_count"], json!(2));
    let hints: Vec<_> =
        lines[0]["signers"].as_array().unwrap().iter().map(|signer| &signer["hint"]).collect();
    assert_eq!(json!(hints), lines[0]["trusted"]["key_hints"]);
    assert!(
        lines[0]["root_digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")),
        "{}",
        lines[0]
    );
    // What was not looked at is no problem.
    assert!(!problems(1).is_empty(), "{}", lines[1]);
    assert!(problems(1).iter().all(|problem| problem[1..] == damaged("")[1..]), "{}", lines[1]);
    let malformed = ["key.sig", "key.sig", "malformed"].map(|text| json!(text).to_string());
    assert!(problems(2).is_empty(), "{}", lines[2]);
    assert_eq!(problems(3), [malformed, damaged("other.sig")]);
    assert_eq!(
        (&lines[3]["signers"].as_array().unwrap().len(), &lines[3]["bundles"]),
        (&1, &json!(["key.sig", "other.sig"]))
    );
}

/// Whoever damages a model does not decide how long a line is.
#[test]
fn of_many_damaged_ranges_the_first_hundred_are_on_record() {
    const CHUNK: usize = 64 << 10;
    let folder = prepared();
    let at = folder.path();
    let mut content = vec![7; 300 * CHUNK];
    fs::write(at.join("model/weights.bin"), &content).unwrap();
    let sign = ["sign", "model", "--private-key", "key.pem", "--chunk-size", "65536", "--quiet"];
    let signed = modelsig(at, &sign);
    assert!(signed.status.success(), "{signed:?}");
    content.iter_mut().step_by(2 * CHUNK).for_each(|byte| *byte = 8);
    fs::write(at.join("model/weights.bin"), &content).unwrap();
    let done = modelsig(at, &[&VERIFY[..], &["--json"]].concat());
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let all = report["files"][0]["problem"]["damaged"].as_array().unwrap();
    let line = lines(at).pop().unwrap();
    let problem = &line["problems"][0];
    assert_eq!((all.len(), &problem["damaged_count"]), (150, &json!(150)));
    assert_eq!(problem["damaged"].as_array().unwrap(), &all[..100]);
    assert_eq!(problem["expected"], report["files"][0]["problem"]["expected"]);
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
    let full = |rest: &str| with_longest_file(0, &[&VERIFY[..], &[rest]].concat(), at);
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
        let done = verify_with_log(at, unusable);
        let talk = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]), "{unusable}: {talk}");
        assert!(talk.contains(unusable), "{talk}");
    }
}

/// A log that is something else is refused before a byte of it is changed.
#[test]
fn what_is_read_is_no_log() {
    let folder = prepared();
    let at = folder.path();
    fs::create_dir(at.join("elsewhere")).unwrap();
    fs::write(at.join("elsewhere/file"), b"").unwrap();
    symlink("elsewhere/file", at.join("link")).unwrap();
    symlink("elsewhere/new", at.join("dangling")).unwrap();
    symlink("model", at.join("also-model")).unwrap();
    fs::hard_link(at.join("model/weights.bin"), at.join("weights")).unwrap();
    fs::hard_link(at.join("key.pub.pem"), at.join("key")).unwrap();
    let listing = || {
        let all = Command::new("sh").args(["-c", "ls -R; cat */* key* weights"]).current_dir(at).output();
        String::from_utf8(all.unwrap().stdout).unwrap()
    };
    let before = listing();
    for (log, why) in [
        ("model/weights.bin", "lies inside 'model'"),
        ("model/model.sig", "lies inside 'model'"),
        ("model/new", "lies inside 'model'"),
        ("./elsewhere/../model/new", "lies inside 'model'"),
        ("also-model/new", "lies inside 'model'"),
        ("key.pub.pem", "is 'key.pub.pem', which is to be read"),
        ("key", "is 'key.pub.pem', which is to be read"),
        ("weights", "has other names"),
        ("link", "is a symbolic link"),
        ("dangling", "is a symbolic link"),
    ] {
        let done = verify_with_log(at, log);
        let talk = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]), "{log}: {talk}");
        assert!(talk.contains(&format!("the audit log '{log}' {why}")), "{log}: {talk}");
        assert_eq!(listing(), before, "{log}");
    }

    // A bundle beside the model, a model that is one file, and the copy for a repair.
    fs::rename(at.join("model/model.sig"), at.join("model.sig")).unwrap();
    let done = modelsig(at, &[&VERIFY[..5], &["model.sig", "--signature", "model.sig"]].concat());
    assert!(String::from_utf8_lossy(&done.stderr).contains("'model.sig', which is to be read"), "{done:?}");
    let key = ["--public-key", "key.pub.pem", "--audit-log"];
    let done = modelsig(at, &[&["verify", "elsewhere/file"], &key[..], &["elsewhere/file"]].concat());
    assert!(
        String::from_utf8_lossy(&done.stderr).contains("'elsewhere/file', which is to be read"),
        "{done:?}"
    );
    let repair = ["repair", "model", "--from", "elsewhere"];
    let done = modelsig(at, &[&repair, &key[..], &["elsewhere/new"]].concat());
    assert!(String::from_utf8_lossy(&done.stderr).contains("lies inside 'elsewhere'"), "{done:?}");
    let anchors = ["verify", "model", "--certificate-chain", "key.pub.pem", "--audit-log", "key.pub.pem"];
    let done = modelsig(at, &anchors);
    assert!(String::from_utf8_lossy(&done.stderr).contains("'key.pub.pem', which is to be read"), "{done:?}");
    fs::rename(at.join("model.sig"), at.join("model/model.sig")).unwrap();
    // Neither is what is not there.
    let done = modelsig(at, &[&VERIFY[..5], &["./new.sig", "--signature", "new.sig"]].concat());
    assert!(String::from_utf8_lossy(&done.stderr).contains("'new.sig', which is to be read"), "{done:?}");
    assert_eq!(listing(), before);
}

/// One of two lines would be written over the other.
#[test]
fn what_is_printed_to_is_no_log() {
    let folder = prepared();
    let at = folder.path();
    let verify = |stdout: Stdio, stderr: Stdio, log: &str| {
        let arguments = [&VERIFY[..5], &[log]].concat();
        Command::new(BINARY).args(arguments).current_dir(at).stdout(stdout).stderr(stderr).status().unwrap()
    };
    let out = || Stdio::from(File::options().append(true).create(true).open(at.join("out")).unwrap());
    for (log, expected) in [("out", 2), ("/dev/stdout", 2), ("/dev/fd/1", 2), ("other", 0)] {
        assert_eq!(verify(out(), Stdio::null(), log).code(), Some(expected), "{log}");
    }
    assert!(fs::read_to_string(at.join("out")).unwrap().starts_with("VERIFIED 'model'"));
    fs::remove_file(at.join("out")).unwrap();
    assert_eq!(verify(Stdio::null(), out(), "out").code(), Some(2));
    let said = fs::read_to_string(at.join("out")).unwrap();
    assert_eq!(said, "error: the audit log 'out' is where stderr goes\n");
}

#[test]
fn no_half_line_is_left() {
    let folder = prepared();
    let at = folder.path();
    let log = filler(4096 - 100);
    fs::write(at.join("audit"), &log).unwrap();
    let done = with_longest_file(4096, &VERIFY, at);
    let talk = String::from_utf8_lossy(&done.stderr);
    assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]), "{talk}");
    assert!(talk.contains("cannot write 'audit'"), "{talk}");
    assert_eq!(fs::read_to_string(at.join("audit")).unwrap(), log);
}

/// A process that has opened the log.
#[cfg(target_os = "linux")]
fn waiting(folder: &Path) -> std::process::Child {
    let mut child = Command::new(BINARY);
    child.args(VERIFY).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().unwrap();
    let (opened, began) = (format!("/proc/{}/fd", child.id()), Instant::now());
    let log = fs::canonicalize(folder.join("audit")).unwrap();
    let is_open = || {
        let all = fs::read_dir(&opened).into_iter().flatten().flatten();
        all.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|target| target == log)
    };
    while !is_open() {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not open the log");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Whoever writes a line has the log for itself, but cannot keep others from their verdicts for ever.
#[cfg(target_os = "linux")]
#[test]
fn lines_are_written_one_after_the_other() {
    let folder = prepared();
    let at = folder.path();
    let log = File::options().create(true).append(true).open(at.join("audit")).unwrap();
    log.lock().unwrap();
    let mut child = waiting(at);
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it does not wait");
    assert_eq!(fs::read(at.join("audit")).unwrap(), b"");
    log.unlock().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(lines(at).len(), 1);

    // Before it looks at the model: otherwise there would be a negative verdict.
    fs::write(at.join("model/weights.bin"), b"WEIGHTS").unwrap();
    log.lock().unwrap();
    let began = Instant::now();
    let child = waiting(at);
    let done = within(Duration::from_secs(60), || child.wait_with_output().unwrap());
    let (took, talk) = (began.elapsed(), String::from_utf8_lossy(&done.stderr));
    assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]), "{talk}");
    assert!(talk.contains("cannot lock 'audit': it was locked for 10 seconds"), "{talk}");
    assert!(took >= Duration::from_secs(10), "{took:?}");
    assert_eq!(lines(at).len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_is_removed_meanwhile_is_no_record() {
    let folder = prepared();
    let at = folder.path();
    let log = File::options().create(true).append(true).open(at.join("audit")).unwrap();
    log.lock().unwrap();
    let child = waiting(at);
    fs::remove_file(at.join("audit")).unwrap();
    log.unlock().unwrap();
    let done = child.wait_with_output().unwrap();
    let talk = String::from_utf8_lossy(&done.stderr);
    assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]), "{talk}");
    assert!(talk.contains("cannot write 'audit': it was removed meanwhile"), "{talk}");
}

/// What was asked for decides what a verdict means.
#[test]
fn all_that_was_asked_for_is_on_record() {
    let folder = prepared();
    let at = folder.path();
    let last = |options: &[&str]| {
        let done = modelsig(at, &[&VERIFY[..], options].concat());
        (done.status.code(), lines(at).pop().unwrap())
    };
    let (code, line) = last(&["--require", "all", "--fail-fast"]);
    assert_eq!((code, &line["require"], &line["fail_fast"]), (Some(0), &json!("all"), &json!(true)));
    assert_eq!(line["selection"], json!({"files": [], "tensors": []}));
    assert_eq!(line["model_path"], json!(fs::canonicalize(at.join("model")).unwrap().to_str().unwrap()));
    // The hint that the report gives the signer.
    assert_eq!(line["trusted"]["key_hints"], json!([line["signers"][0]["hint"]]));
    assert!(line["trusted"]["key_hints"][0].is_string(), "{line}");
    let (code, line) = last(&["--require", "1"]);
    assert_eq!((code, &line["require"]), (Some(0), &json!(1)));
    let (code, line) = last(&["--files", "weights.*", "--tensor", "none"]);
    assert_eq!(line["selection"], json!({"files": ["weights.*"], "tensors": ["none"]}));
    assert_eq!((&line["require"], &line["fail_fast"]), (&Value::Null, &json!(false)));
    assert!(code.is_some());

    // What is wrong with the options is told after the log was opened.
    let (code, line) = last(&["--ignore-paths", "../x"]);
    assert_eq!(
        (code, &line["verdict"], &line["reason"]["kind"]),
        (Some(2), &json!("error"), &json!("usage"))
    );
    assert_eq!(line["policy"]["ignore_paths"], json!(["../x"]));
    assert_eq!((&line["policy"]["weakened_by"], &line["trusted"]["key_hints"]), (&Value::Null, &Value::Null));
}

#[test]
fn anchors_and_the_time_they_are_judged_at_are_on_record() {
    let folder = prepared();
    let at = folder.path();
    let issued = Chain::sound();
    fs::write(at.join("anchor.pem"), chain::pem(&issued.root)).unwrap();
    let time = "2026-01-31T12:00:00Z";
    let options = ["--certificate-chain", "anchor.pem", "--identity", "a@example.com", "--at", time];
    modelsig(at, &[&VERIFY[..], &options].concat());
    let line = lines(at).pop().unwrap();
    let trusted = &line["trusted"];
    assert_eq!((&trusted["at"], &trusted["identities"]), (&json!(time), &json!(["a@example.com"])));
    assert_eq!(trusted["certificate_chains"], json!(["anchor.pem"]));
    let fingerprint = digest_of(HashAlgorithm::Sha256, issued.root.der());
    assert_eq!(trusted["anchor_fingerprints"], json!([fingerprint]));
}

/// Two models must not look like one. Not all systems have such names.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8_can_be_told_from_the_record() {
    use std::ffi::OsStr;

    let folder = prepared();
    let at = folder.path();
    let name: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"m\xff\xfe");
    fs::rename(at.join("model"), at.join(name)).unwrap();
    let arguments = [OsStr::new("verify"), name].into_iter().chain(VERIFY[2..].iter().map(OsStr::new));
    let done = Command::new(BINARY).args(arguments).current_dir(at).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let line = lines(at).pop().unwrap();
    assert_eq!(line["model"], json!(r"m\xff\xfe"));
    assert!(line["model_path"].as_str().unwrap().ends_with(r"/m\xff\xfe"), "{line}");
    assert_eq!(line["bundles"], json!([r"m\xff\xfe/model.sig"]));
}

#[test]
fn nothing_is_repaired_or_frozen_where_it_cannot_be_put_on_record() {
    let folder = damaged();
    let at = folder.path();
    let protect = [&["protect"], &VERIFY[1..]].concat();
    for arguments in [&REPAIR[..], &protect] {
        fs::write(at.join("audit"), filler(4096 - 100)).unwrap();
        let done = with_longest_file(4096, arguments, at);
        let talk = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]), "{talk}");
        assert!(talk.contains("cannot write 'audit'"), "{talk}");
        assert_eq!(fs::read(at.join("model/weights.bin")).unwrap(), b"damaged");
    }
    fs::remove_file(at.join("audit")).unwrap();
    assert_eq!(modelsig(at, &protect).status.code(), Some(1));
    let lines = lines(at);
    let events: Vec<_> = lines.iter().map(|line| (&line["command"], &line["event"])).collect();
    let protect = json!("protect");
    assert_eq!(events, [(&protect, &json!("begun")), (&protect, &json!("ended"))]);
    // Nothing was, since the model does not verify.
    assert_eq!((&lines[1]["verdict"], &lines[1]["frozen"]), (&json!("rejected"), &Value::Null));
}

/// A file of a damaged model is repaired, and then somebody loses patience with the next one: what was done is told.
#[test]
fn what_an_interrupted_repair_has_written_is_on_record() {
    let folder = damaged();
    let at = folder.path();
    fs::rename(at.join("copy/weights.bin"), at.join("model/weights.bin")).unwrap();
    fs::write(at.join("model/z.bin"), b"last").unwrap();
    let sign = ["sign", "model", "--private-key", "key.pem", "--no-chunks", "--quiet"];
    let signed = modelsig(at, &sign);
    assert!(signed.status.success(), "{signed:?}");
    fs::copy(at.join("model/weights.bin"), at.join("copy/weights.bin")).unwrap();
    // Its length is not signed, so all of it would be copied.
    File::create(at.join("copy/z.bin")).unwrap().set_len(4 << 30).unwrap();
    for (place, option) in ["--json", "--quiet"].into_iter().enumerate() {
        fs::write(at.join("model/weights.bin"), b"damaged").unwrap();
        fs::write(at.join("model/z.bin"), b"LAST").unwrap();
        let mut command = Command::new(BINARY);
        command.args(REPAIR).arg(option).current_dir(at).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let began = Instant::now();
        while fs::read(at.join("model/weights.bin")).unwrap() != b"weights" {
            assert!(began.elapsed() < Duration::from_secs(60), "it does not repair");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let done = within(Duration::from_secs(60), || child.wait_with_output().unwrap());
        let talk = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(130), "{talk}");
        let message = "cancelled, after files were changed";
        if option == "--json" {
            let report: Value = serde_json::from_slice(&done.stdout).unwrap();
            assert_eq!((&report["verdict"], &report["exit_code"]), (&json!("interrupted"), &json!(130)));
            assert_eq!(report["error"]["message"], json!(message));
            assert_eq!(report["repaired"].as_array().unwrap().len(), 1);
            assert_eq!(report["repaired"][0]["name"], json!("weights.bin"));
        } else {
            assert!(talk.contains(&format!("error: {message}\n")), "{talk}");
            assert!(talk.contains("note: repaired all the same: 'weights.bin'\n"), "{talk}");
        }
        let lines = lines(at);
        let line = &lines[2 * place + 1];
        assert_eq!((&line["verdict"], &line["exit_code"]), (&json!("interrupted"), &json!(130)));
        assert_eq!(
            (&line["reason"]["kind"], &line["reason"]["message"]),
            (&json!("cancelled"), &json!(message))
        );
        let written = json!([{"name": "weights.bin", "how": "replaced", "bytes": 7, "cut": 0}]);
        assert_eq!((&line["repaired"], lines.len()), (&written, 2 * place + 2));
    }
}

/// What was done stays done, so it is told even if it cannot be put on record.
#[test]
fn a_repair_without_a_record_is_told() {
    let folder = damaged();
    let at = folder.path();
    assert!(modelsig(at, &REPAIR).status.success());
    let log = fs::read_to_string(at.join("audit")).unwrap();
    let begun = log.lines().next().unwrap().len() + 1;
    for json in [false, true] {
        fs::write(at.join("model/weights.bin"), b"damaged").unwrap();
        // There is room for the first line, and for a part of the second one.
        let older = filler(8192 - begun - 100);
        fs::write(at.join("audit"), &older).unwrap();
        let option: &[&str] = if json { &["--json"] } else { &["--quiet"] };
        let done = with_longest_file(8192, &[&REPAIR[..], option].concat(), at);
        let talk = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{talk}");
        assert_eq!(fs::read(at.join("model/weights.bin")).unwrap(), b"weights");
        let lines = lines(at);
        assert_eq!((lines.len(), &lines[1]["event"]), (2, &json!("begun")));
        if json {
            let report: Value = serde_json::from_slice(&done.stdout).unwrap();
            assert_eq!((&report["verdict"], &report["exit_code"]), (&json!("error"), &json!(2)));
            assert_eq!(report["repaired"][0]["name"], json!("weights.bin"));
        } else {
            assert_eq!(done.stdout, b"");
            assert!(talk.contains("cannot write 'audit'"), "{talk}");
            assert!(talk.contains("repaired all the same: 'weights.bin'"), "{talk}");
        }
    }
}

/// Also where it did not come to a good end, and nobody wants to hear of anything but errors.
#[test]
fn a_repair_that_failed_and_is_not_on_record_is_told() {
    let folder = damaged();
    let at = folder.path();
    fs::rename(at.join("copy/weights.bin"), at.join("model/weights.bin")).unwrap();
    fs::write(at.join("model/z.bin"), b"last").unwrap();
    assert!(modelsig(at, &["sign", "model", "--private-key", "key.pem", "--quiet"]).status.success());
    fs::copy(at.join("model/weights.bin"), at.join("copy/weights.bin")).unwrap();
    let damage = || {
        fs::write(at.join("model/weights.bin"), b"damaged").unwrap();
        fs::write(at.join("model/z.bin"), b"LAST").unwrap();
    };
    damage();
    assert_eq!(modelsig(at, &REPAIR).status.code(), Some(1));
    assert_eq!(lines(at)[1]["repaired"][0]["name"], json!("weights.bin"));
    let begun = fs::read_to_string(at.join("audit")).unwrap().lines().next().unwrap().len() + 1;
    damage();
    fs::write(at.join("audit"), filler(8192 - begun - 100)).unwrap();
    let done = with_longest_file(8192, &[&REPAIR[..], &["--quiet"]].concat(), at);
    let talk = String::from_utf8_lossy(&done.stderr);
    assert_eq!((done.status.code(), lines(at).len()), (Some(1), 2), "{talk}");
    assert!(talk.contains("cannot write 'audit'"), "{talk}");
    assert!(
        talk.contains("note: repaired all the same: 'weights.bin'\n") && !talk.contains("'z.bin'\n"),
        "{talk}"
    );
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

/// Opening a folder is refused in a sandbox before anybody sees what it is.
#[test]
fn a_folder_in_place_of_a_bundle_is_called_one() {
    let folder = prepared();
    fs::create_dir(folder.path().join("other")).unwrap();
    for options in [&["--signature", "other"][..], &["--signature", "other", "--no-sandbox"]] {
        let done = modelsig(folder.path(), &[&VERIFY[..4], options].concat());
        let talk = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2));
        assert!(talk.contains("'other' is a folder, not a regular file"), "{talk}");
    }
}

/// As in the cache of a hub: the folder has links into a store beside it.
#[test]
#[cfg(unix)]
fn a_bundle_behind_a_link_is_inspected() {
    let folder = prepared();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("store")).unwrap();
    fs::rename(at("model/model.sig"), at("store/0a1b")).unwrap();
    std::os::unix::fs::symlink("../store/0a1b", at("model/model.sig")).unwrap();
    let done = modelsig(folder.path(), &["inspect", "model", "--json"]);
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &report["method"]), (Some(0), &json!("key")), "{report}");
}

#[test]
fn a_bundle_is_shown_although_a_header_cannot_be_read() {
    let folder = prepared();
    fs::write(folder.path().join("model/bad.safetensors"), b"no header").unwrap();
    let done = modelsig(folder.path(), &["inspect", "model"]);
    let (shown, talk) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    assert_eq!(done.status.code(), Some(2));
    assert!(shown.contains("root digest   sha256:") && !shown.contains("tensors"), "{shown}");
    assert!(talk.contains("bad.safetensors"), "{talk}");
}

/// All that is chosen is checked.
#[test]
fn a_part_is_not_checked_fast() {
    let folder = prepared();
    for part in ["--files", "--tensor"] {
        let done = modelsig(folder.path(), &[&VERIFY[..4], &["--fail-fast", part, "*"]].concat());
        let talk = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2));
        assert!(talk.contains("cannot be used with"), "{talk}");
    }
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
