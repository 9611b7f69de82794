//! A repair that is killed: what is torn is named by the next verification, and mended by the next repair.

use std::cell::Cell;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use modelsig::hash::HashAlgorithm;
use modelsig::{
    Error, LocalSource, ModelPath, ModelSigner, Policy, PublicKey, RepairSource, Signer, Verifier,
};
use modelsig_tests::{Case, problems, refused};

use super::{CHUNK, Says, bytes, chunked, good, leftovers, repaired, sharded, signed_with};

const FOLDER: &str = "MODELSIG_TEST_REPAIR";
const KILLED_AT: &str = "MODELSIG_TEST_KILLED_AT";
const SIGKILL: i32 = 9;

/// Not a test of its own: the process that is killed. It repairs the model that the environment names; at the given
/// read of the source, it is killed.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let killed_at: Option<u32> = std::env::var(KILLED_AT).ok().map(|at| at.parse().unwrap());
    let source = LocalSource::open(&folder.join("good")).unwrap();
    let reads = Cell::new(0);
    let source = Says(|name: &str, offset, buffer: &mut [u8]| {
        if killed_at == Some(reads.replace(reads.get() + 1)) {
            let kill = format!("kill -KILL {}", std::process::id());
            Command::new("sh").args(["-c", &kill]).status().unwrap();
            std::thread::sleep(Duration::from_secs(60));
        }
        source.read_at(&ModelPath::parse(name).unwrap(), offset, buffer)
    });
    let key = PublicKey::from_file(&folder.join("key.pub.pem")).unwrap();
    Verifier::new(key).repair(&folder.join("model"), &folder.join("model.sig"), &source).unwrap();
}

fn start(case: &Case, killed_at: Option<u32>) -> std::process::Child {
    fs::write(case.path("key.pub.pem"), case.key.public_key().to_pem()).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "repair::interruption::child", "--nocapture"]);
    command.env(FOLDER, case.path("")).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(at) = killed_at {
        command.env(KILLED_AT, at.to_string());
    }
    command.spawn().unwrap()
}

/// What a verification says of the model: the damaged file, and perhaps a file in the making.
#[track_caller]
fn names_what_is_torn(case: &Case) {
    let error = refused(case.verify(Policy::strict()));
    for problem in problems(&error) {
        let path = Path::new(problem.path().unwrap());
        match problem {
            Error::Unsigned { .. } | Error::EmptyNotCovered { .. } => {
                assert!(leftovers(case).contains(&case.model().join(path)))
            }
            _ => assert_eq!(path, Path::new("d/f.bin"), "{problem:?}"),
        }
    }
    assert!(problems(&error).iter().any(|problem| problem.path() == Some("d/f.bin")));
}

fn damage(case: &Case, missing: bool) {
    let mut content = bytes(40 * CHUNK);
    content.iter_mut().step_by(CHUNK / 2).for_each(|byte| *byte ^= 1);
    case.write("d/f.bin", &content);
    if missing {
        fs::remove_dir_all(case.file("d")).unwrap();
    }
}

fn signers() -> [ModelSigner; 3] {
    [chunked(HashAlgorithm::Sha256), sharded(10 * CHUNK), ModelSigner::new().chunks(None)]
}

#[test]
fn a_killed_repair_is_taken_up_again() {
    for signer in signers() {
        let case = signed_with(&signer, &[("d/f.bin", &bytes(40 * CHUNK)), ("other", b"o")]);
        for missing in [false, true] {
            for killed_at in [0, 1, 2] {
                damage(&case, missing);
                let status = start(&case, Some(killed_at)).wait().unwrap();
                assert_eq!(status.signal(), Some(SIGKILL), "{status}");
                names_what_is_torn(&case);
                repaired(&case, &good(&case));
                assert!(leftovers(&case).is_empty());
            }
        }
    }
}

/// At any moment, between two writes or in the middle of one.
#[test]
fn a_repair_killed_at_any_moment_is_taken_up_again() {
    let large = bytes(40 * CHUNK);
    for signer in signers() {
        let case = signed_with(&signer, &[("d/f.bin", &large), ("other", b"o")]);
        for after in 0..12 {
            damage(&case, after % 2 == 1);
            let mut child = start(&case, None);
            std::thread::sleep(Duration::from_millis(2 + 3 * after));
            child.kill().unwrap();
            child.wait().unwrap();
            match case.verify(Policy::strict()) {
                Ok(_) => {}
                Err(_) => names_what_is_torn(&case),
            }
            repaired(&case, &good(&case));
            assert!(leftovers(&case).is_empty());
        }
    }
}

/// A torn write: half of a chunk, and half of a file that was cut short.
#[test]
fn a_torn_chunk_is_named_and_mended() {
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("d/f.bin", &bytes(4 * CHUNK))]);
    let mut torn = bytes(4 * CHUNK);
    torn[2 * CHUNK + 100..3 * CHUNK].fill(0);
    case.write("d/f.bin", &torn[..3 * CHUNK]);
    names_what_is_torn(&case);
    let report = repaired(&case, &good(&case));
    assert_eq!(report.files()[0].ranges, [super::range(2 * CHUNK, 4 * CHUNK)]);
}

/// What an interrupted repair has left is cleared away also when its file was mended by other means since.
#[test]
fn leftovers_of_files_that_hold_are_cleared_away() {
    let case =
        signed_with(&ModelSigner::new().chunks(None), &[("d/f.bin", &bytes(40 * CHUNK)), ("other", b"o")]);
    damage(&case, false);
    start(&case, Some(1)).wait().unwrap();
    assert_eq!(leftovers(&case).len(), 1);
    fs::copy(case.path("good/d/f.bin"), case.file("d/f.bin")).unwrap();
    let report = repaired(&case, &good(&case));
    assert!(report.files().is_empty() && leftovers(&case).is_empty());
}
