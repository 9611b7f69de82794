//! Bundles and models that want to use up memory and time. A process of its own, so that the most that its children had in
//! memory is that of the command.

#![forbid(unsafe_code)]
#![cfg(unix)]

use std::fs;
use std::process::{Command, Output};

use modelsig::{ModelPath, ModelSigner, Signer};
use modelsig_tests::{Case, base64, bundle, resource, statement, within};
use nix::sys::resource::{UsageWho, getrusage};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

fn verify(case: &Case) -> Output {
    fs::write(case.path("key.pub.pem"), case.key.public_key().to_pem()).expect("a new file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelsig"));
    command
        .args([
            "verify",
            "model",
            "--signature",
            "model.sig",
            "--public-key",
            "key.pub.pem",
            "--threads",
            "2",
        ])
        .current_dir(case.path(""));
    within(PATIENCE, move || command.output().expect("it runs"))
}

/// The most that any child has had in memory so far, in bytes.
fn most_memory() -> u64 {
    let most = getrusage(UsageWho::RUSAGE_CHILDREN).expect("there is one").max_rss();
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    u64::try_from(most).expect("not negative") * unit
}

/// What the command takes beside what it is given to read.
const OF_ITS_OWN: u64 = 48 << 20;

/// One test, since what the children had can only grow.
#[test]
fn memory_is_the_length_of_a_hostile_bundle_or_the_names_of_a_model_and_little_more() {
    // Ten thousand files and a thousand paths to ignore: neither is multiplied by the other.
    let case = Case::new(&[]);
    for place in 0..10_000 {
        case.write(&format!("layer-{:02}/part-{place:05}.bin", place / 100), &[7; 16]);
    }
    let signer = (0..1_000).fold(ModelSigner::new(), |signer, place| {
        signer
            .ignore_path(ModelPath::parse(&format!("cache-{place}/of/something")).expect("a canonical path"))
    });
    case.sign_with(&signer);
    let output = verify(&case);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let taken = most_memory();
    assert!(taken < OF_ITS_OWN, "{taken} bytes for ten thousand files");

    // 16 MiB of what takes a parser most for each byte: nothing, over and over.
    const LENGTH: usize = 16 << 20;
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
        let length = text.len() as u64;
        let output = verify(&case);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{what}: {output:?}");
        assert!(output.stderr.len() < 10_000, "{what}: it tells {} bytes", output.stderr.len());
        let taken = most_memory();
        assert!(taken < OF_ITS_OWN + 2 * length, "{what}: {taken} bytes for {length}");
    }
}
