//! Bundles and models that want to use up memory and time: the command runs with no more memory than it should need,
//! which Linux sees to.

#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

use std::fs;
use std::process::{Command, Output};

use modelsig::{Limits, ModelPath, ModelSigner, Signer};
use modelsig_tests::{Case, base64, bundle, resource, statement, within};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// Verifies with so many bytes of memory.
fn verify(case: &Case, memory: usize) -> Output {
    run(case, VERIFY, memory)
}

const VERIFY: &str = "verify model --signature model.sig --public-key key.pub.pem --threads 2";

/// Runs the command with so many bytes of memory (RLIMIT_DATA: what is private and can be written). Without them it is
/// killed by an abort.
fn run(case: &Case, arguments: &str, memory: usize) -> Output {
    fs::write(case.path("key.pub.pem"), case.key.public_key().to_pem()).expect("a new file");
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
    let signed = |from: &str, to: &str| {
        assert!(entries.contains(from), "{from}");
        bundle(&case.key, entries.replacen(from, to, 1).as_bytes()).to_string()
    };
    let ignoring = |paths: &str| {
        signed("\"ignore_paths\":[]", &format!("\"ignore_paths\":[{}]", paths.trim_end_matches(',')))
    };
    let chain = |certificates: &str| {
        let mut bundle = case.read_bundle();
        bundle["verificationMaterial"] =
            serde_json::json!({"x509CertificateChain": {"certificates": "here"}});
        bundle.to_string().replacen("\"here\"", &format!("[{}]", certificates.trim_end_matches(',')), 1)
    };
    const MOST: &str = "as many ignored paths as are read";
    let mut wrong = Vec::new();
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
        (
            "signed resources that are no objects",
            signed("\"resources\":[", &format!("\"resources\":[{}", many("[],"))),
        ),
        // Six times the others: what is told of a certificate is not much longer in memory.
        ("certificates", chain(&many(r#"{"rawBytes":"\n"},"#).repeat(6))),
        (
            "signed subjects",
            signed("\"subject\":[", &format!("\"subject\":[{}", many(r#"{"name":"","digest":{"":""}},"#))),
        ),
        ("a signed name of the model", signed("\"name\":\"model\"", &format!("\"name\":\"{}\"", many("m")))),
        ("an ignored path", ignoring(&format!("\"{}\"", many("i")))),
        (
            "ignored paths",
            ignoring(&(0..LENGTH / 10).map(|place| format!("\"{place:07}\",")).collect::<String>()),
        ),
        ("an ignored path over and over", ignoring(&many("\"a\","))),
        (
            MOST,
            ignoring(
                &(0..Limits::default().ignore_paths)
                    .map(|place| format!("\"{place:070}\","))
                    .collect::<String>(),
            ),
        ),
        ("a hint", good.replacen("\"hint\":\"", &format!("\"hint\":\"{}", many("h")), 1)),
    ] {
        assert!(text.len() >= LENGTH / 2, "{what}: only {} bytes", text.len());
        case.write_bundle(&text);
        for command in [VERIFY, "inspect model.sig"] {
            let expected = match what {
                // Entries of a log prove nothing and do no harm under this method, and some signers repeat paths.
                "arrays as log entries" | "an ignored path over and over" | MOST => 0..=0,
                // Only with a key it is known to be wrong.
                "a hint" if command != VERIFY => 0..=0,
                _ => 1..=2,
            };
            let output = run(&case, command, OF_ITS_OWN + 2 * text.len());
            let said = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code();
            let is_short = said.len() < 10_000 && (what == MOST || output.stdout.len() < 10_000);
            if !is_short || !code.is_some_and(|code| expected.contains(&code)) {
                let out = output.stdout.len();
                wrong.push(format!("{what}: {command}: {code:?}, {out} bytes of output, {said:.500}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Names of 4,073 bytes with 255 folders each, no two of them the same: neither length is multiplied by the other.
#[test]
fn deep_names_that_are_to_be_portable_take_memory_in_proportion() {
    let case = Case::new(&[("weights.bin", b"weights")]);
    case.sign();
    let name = |place: usize| format!("{place:08}{}/f", "/abcdefghijklmno".repeat(254));
    let resources = (0..2_000).map(|place| resource(&name(place), b"")).collect();
    assert!(name(0).len() > 4_000 && name(0).matches('/').count() == 255);
    case.write_statement(&statement(resources));
    let length = fs::metadata(case.bundle()).expect("it was written").len() as usize;
    let output = run(&case, &format!("{VERIFY} --portable --quiet"), OF_ITS_OWN + 2 * length);
    // None of the files is there.
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said:.2000}");
}

/// Who can write to the folder needs no key to put long paths there.
#[test]
fn long_paths_in_the_folder_are_refused_before_they_fill_the_memory() {
    let case = Case::new(&[("weights.bin", b"weights")]);
    case.sign();
    let folder = format!("{}/", "d".repeat(249)).repeat(15);
    fs::create_dir_all(case.file(&folder)).expect("folders can be made");
    let limit = Limits::default().name_bytes;
    for place in 0..limit / folder.len() + 1_000 {
        fs::write(case.file(&format!("{folder}{place}")), b"").expect("a new file");
    }
    let output = verify(&case, 2 * OF_ITS_OWN + limit);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said:.2000}");
    assert!(said.contains("all paths together"), "{said:.2000}");
}
