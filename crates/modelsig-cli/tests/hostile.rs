//! Bundles and models that want to use up memory and time: the command runs with no more memory than it should need, which
//! Linux sees to.

#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

use std::fs;
use std::process::{Command, Output};

use modelsig::{ModelPath, ModelSigner, Signer};
use modelsig_tests::{Case, base64, bundle, resource, statement, within};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// Verifies with so many bytes of memory (RLIMIT_DATA: what is private and can be written). Without them it is killed by an
/// abort.
fn verify(case: &Case, memory: usize) -> Output {
    fs::write(case.path("key.pub.pem"), case.key.public_key().to_pem()).expect("a new file");
    let arguments = "verify model --signature model.sig --public-key key.pub.pem --threads 2";
    let script = format!("ulimit -d {}; exec \"$0\" {arguments}", memory >> 10);
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_modelsig")]).current_dir(case.path(""));
    within(PATIENCE, move || command.output().expect("it runs"))
}

/// What the command takes beside what it is given to read.
const OF_ITS_OWN: usize = 48 << 20;

#[test]
fn too_little_memory_is_noticed() {
    let case = Case::new(&[("weights.bin", b"weights")]);
    case.sign();
    assert_eq!(verify(&case, OF_ITS_OWN).status.code(), Some(0));
    assert_ne!(verify(&case, 64 << 10).status.code(), Some(0));
}

/// Ten thousand files and a thousand paths to ignore: neither is multiplied by the other.
#[test]
fn many_files_and_ignored_paths_take_little_memory() {
    let case = Case::new(&[]);
    for place in 0..10_000 {
        case.write(&format!("layer-{:02}/part-{place:05}.bin", place / 100), &[7; 16]);
    }
    let signer = (0..1_000).fold(ModelSigner::new(), |signer, place| {
        signer
            .ignore_path(ModelPath::parse(&format!("cache-{place}/of/something")).expect("a canonical path"))
    });
    case.sign_with(&signer);
    let output = verify(&case, OF_ITS_OWN);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_hostile_bundle_takes_memory_in_proportion_to_its_length() {
    // 8 MiB of what takes a parser most for each byte: nothing, over and over.
    const LENGTH: usize = 8 << 20;
    let many = |element: &str| element.repeat(LENGTH / element.len());
    let case = Case::new(&[("weights.bin", b"weights")]);
    case.sign();
    let good = case.read_bundle().to_string();
    let entries = statement(vec![resource("weights.bin", b"weights")]).to_string();
    for (what, text) in [
        ("arrays", format!("[{}]", many("[],").trim_end_matches(','))),
        (
            "arrays as log entries",
            good.replacen(
                "\"tlogEntries\":[]",
                &format!("\"tlogEntries\":[{}]", many("[],").trim_end_matches(',')),
                1,
            ),
        ),
        (
            "signatures",
            good.replacen("\"signatures\":[", &format!("\"signatures\":[{}", many("{\"sig\":\"AA==\"},")), 1),
        ),
        (
            "members",
            format!(
                "{{{}\"a\":0}}",
                (0..LENGTH / 12).map(|place| format!("\"{place:07}\":0,")).collect::<String>()
            ),
        ),
        ("one text", format!("\"{}\"", many("a"))),
        ("depth", many("[")),
        ("blank space", many(" ")),
        ("a payload of zeros", {
            let payload = base64(&vec![0; LENGTH / 4 * 3]);
            let mut bundle = case.read_bundle();
            bundle["dsseEnvelope"]["payload"] = payload.into();
            bundle.to_string()
        }),
        ("signed resources that are no objects", {
            let payload = entries.replacen("\"resources\":[", &format!("\"resources\":[{}", many("[],")), 1);
            bundle(&case.key, payload.as_bytes()).to_string()
        }),
    ] {
        assert!(text.len() >= LENGTH / 2, "{what}: only {} bytes", text.len());
        case.write_bundle(&text);
        let output = verify(&case, OF_ITS_OWN + 2 * text.len());
        let said = String::from_utf8_lossy(&output.stderr);
        // Entries of a log prove nothing and do no harm under this method.
        let expected = if what == "arrays as log entries" { 0..=0 } else { 1..=2 };
        assert!(output.status.code().is_some_and(|code| expected.contains(&code)), "{what}: {output:?}");
        assert!(said.len() < 10_000, "{what}: {said}");
    }
}
