//! A process that may open no more files, at every place where it opens one: no verdict, never a negative one, and
//! nothing half written. What else can fail is made to fail by tests/faults.

#![forbid(unsafe_code)]
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use modelsig::{ModelSigner, Signer};
use modelsig_tests::Case;

/// Runs the command with room for so many descriptors, of which it inherits three.
fn with_descriptors(room: u32, arguments: &str, case: &Case) -> Output {
    let script = format!("ulimit -n {room}; exec \"$0\" {arguments} --threads 1");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_modelsig")]).current_dir(case.path(""));
    command.output().expect("there is a shell")
}

fn prepared() -> Case {
    let case = Case::new(&[("weights.bin", &[7; 100_000]), ("sub/b.bin", b"b"), ("empty", b"")]);
    case.sign();
    fs::write(case.path("key.pem"), &*case.key.to_pem(None).expect("it can be written")).expect("a new file");
    fs::set_permissions(case.path("key.pem"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("it is ours");
    fs::write(case.path("key.pub.pem"), case.key.public_key().to_pem()).expect("a new file");
    case
}

/// The exit codes with more and more room, up to the first success. None of them is a negative verdict.
fn until_it_succeeds(case: &Case, arguments: &str, after_failure: impl Fn(&Output)) {
    let mut failures = 0;
    // With less room the shell cannot start it.
    for room in 4..64 {
        let output = with_descriptors(room, arguments, case);
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => {
                assert!(failures > 0, "it never wanted for a descriptor");
                return;
            }
            // The loader of programs needs some as well.
            Some(127) => continue,
            Some(2) => {}
            other => panic!("{room}: it ends with {other:?}: {said}"),
        }
        assert!(said.contains("error: ") && said.contains('\''), "{room}: it names nothing: {said}");
        failures += 1;
        after_failure(&output);
    }
    panic!("it needs more than 64 descriptors");
}

#[test]
fn verify() {
    let case = prepared();
    let arguments = "verify model --public-key key.pub.pem --signature model.sig";
    until_it_succeeds(&case, arguments, |output| {
        assert!(!String::from_utf8_lossy(&output.stdout).contains("VERIFIED"));
    });
}

#[test]
fn sign() {
    let case = prepared();
    fs::remove_file(case.bundle()).expect("it is there");
    let before = case.listing();
    let arguments = "sign model --private-key key.pem --signature model.sig";
    until_it_succeeds(&case, arguments, |_| assert_eq!(case.listing(), before));
    case.verified();
}

/// The older bundle lies in the model, where nothing but its name keeps it from being signed.
#[test]
fn sign_again_inside() {
    let case = prepared();
    let bundle = case.file("model.sig");
    ModelSigner::new().chunks(None).sign(&case.model(), &bundle, &case.key).expect("it can be signed");
    let before = case.listing();
    until_it_succeeds(&case, "sign model --private-key key.pem", |_| assert_eq!(case.listing(), before));
    case.verifier(modelsig::Policy::strict()).verify(&case.model(), &*bundle).expect("it was signed again");
}

#[test]
fn repair() {
    let case = prepared();
    copy(&case.model(), &case.path("good"));
    fs::remove_file(case.file("sub/b.bin")).expect("it is there");
    case.flip("weights.bin", 99_999);
    let before = case.listing();
    let arguments = "repair model --from good --public-key key.pub.pem --signature model.sig";
    let mut failures = 0;
    for room in 4..64 {
        let output = with_descriptors(room, arguments, &case);
        match output.status.code() {
            Some(0) => {
                assert!(failures > 0);
                return drop(case.verified());
            }
            Some(127) => continue,
            // The model is damaged as long as it is not repaired.
            Some(1 | 2) => failures += 1,
            other => panic!("{room}: it ends with {other:?}"),
        }
        for (path, content) in case.listing() {
            let was = before.iter().find(|(other, _)| *other == path).map(|(_, content)| content);
            let good = Path::new("good").join(path.strip_prefix(case.model()).unwrap_or(Path::new("none")));
            let is_good = fs::read(case.path("").join(good)).is_ok_and(|good| good == content);
            assert!(was == Some(&content) || is_good, "{room}: {}", path.display());
        }
    }
    panic!("it needs more than 64 descriptors");
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").args([from, to]).status().expect("there is cp");
    assert!(copied.success());
}
