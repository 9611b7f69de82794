//! Attacks that no other test is about; the table in SECURITY.md lists them all, each with the test that shows what
//! becomes of it.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use modelsig::{Error, KeyType, ModelSigner, Policy, Protection, SkipReason};
use modelsig_tests::{Case, base64, problems, refused, unbase64};
use serde_json::json;

/// Code beside the weights, as `trust_remote_code`, pickles and imports would run it: wherever it is put, it is refused
/// or told, and cannot be read through the model.
#[test]
fn files_that_a_loader_could_run_are_refused_or_told() {
    let extras = ["modeling_llama.py", "weights.pkl", "__init__.py", "sub/__init__.py", ".gitmodules", "-"];
    for extra in extras {
        let case = Case::new(&[("model.safetensors", b"weights"), ("sub/config.json", b"{}")]);
        case.sign();
        // Empty files are files too.
        for content in ["", "import os"] {
            case.write(extra, content.as_bytes());
            let error = refused(case.verify(Policy::strict()));
            let [Error::Unsigned { path }] = &problems(&error)[..] else { panic!("{extra}: {error:?}") };
            assert_eq!(path, extra);
        }
    }
    for hidden in [".git/hooks/run.py", ".github/modeling.py", ".gitignore", ".gitattributes"] {
        let case = Case::new(&[("model.safetensors", b"weights")]);
        case.sign();
        case.write(hidden, b"import os");
        let model = case.verified();
        let skipped: Vec<_> =
            model.report().skipped().iter().map(|one| (one.path.as_str(), one.reason)).collect();
        assert_eq!(skipped, [(hidden, SkipReason::GitDefault)]);
        assert!(matches!(model.read(hidden), Err(Error::Unsigned { .. })));
        assert!(model.names().all(|name| name != hidden));
        let error = refused(case.verify(Policy::strict().strict_git(true)));
        assert!(matches!(&problems(&error)[..], [Error::Unsigned { path }] if path == hidden), "{error:?}");
    }
    // What the signer left out, in a place where anybody can put something later.
    let case = Case::new(&[("model.safetensors", b"weights")]);
    let cache = modelsig::ModelPath::parse("cache").unwrap();
    case.sign_with(&ModelSigner::new().ignore_path(cache));
    case.write("cache/modeling.py", b"import os");
    let model = case.verified();
    assert!(model.report().skipped().iter().any(|one| one.path == "cache/modeling.py"));
    assert!(matches!(model.read("cache/modeling.py"), Err(Error::Unsigned { .. })));
    let error = refused(case.verify(Policy::strict().refuse_bundle_ignores(true)));
    assert!(
        matches!(&problems(&error)[..], [Error::Unsigned { path }] if path == "cache/modeling.py"),
        "{error:?}"
    );
}

/// The order of the group of edwards25519, little-endian (RFC 8032 section 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A signature has one form: `S` plus the order of the group verifies in lenient implementations. So does any `R` of
/// small order under a key of small order, which is no key here.
#[test]
fn an_ed25519_signature_has_one_form() {
    let case = Case::with_key(KeyType::Ed25519, &[("weights.bin", b"weights")]);
    case.sign();
    case.verified();
    let mut bundle = case.read_bundle();
    let place = "/dsseEnvelope/signatures/0/sig";
    let mut signature = unbase64(bundle.pointer(place).unwrap().as_str().unwrap());
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = (carry & 0xff) as u8;
        carry >>= 8;
    }
    assert_eq!(carry, 0, "it still has 256 bits");
    *bundle.pointer_mut(place).unwrap() = json!(base64(&signature));
    case.write_bundle(bundle.to_string());
    assert!(matches!(refused(case.verify(Policy::strict())), Error::BadSignature { .. }));

    // The points of small order (RFC 7748 section 7, as points of edwards25519).
    for small in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    ] {
        let point: Vec<u8> =
            (0..32).map(|place| u8::from_str_radix(&small[2 * place..2 * place + 2], 16).unwrap()).collect();
        let key = modelsig::PublicKey::from_raw(KeyType::Ed25519, &point);
        assert_eq!(key, Err(modelsig::KeyFault::Weak), "{small}");
    }
}

/// Nothing is unpacked: what is signed is what lies there, and a bomb is as long as its file.
#[test]
fn compressed_files_are_signed_as_they_are_stored() {
    // 10 bytes of header, then what is no deflate stream at all.
    let broken = [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &[0xff; 100]].concat();
    let case =
        Case::new(&[("weights.safetensors.gz", &broken), ("archive.zip", b"PK\x05\x06 nothing of the kind")]);
    case.sign();
    let model = case.verified();
    assert_eq!(model.read("weights.safetensors.gz").unwrap(), broken);
    assert_eq!(model.report().bytes_verified(), 110 + 24);
}

/// What was copied to be protected has no name, and no other user comes at it.
#[test]
fn what_is_copied_cannot_be_reached_by_other_users() {
    let case = Case::new(&[("weights.bin", &[7; 100_000])]);
    case.sign();
    let verifier = case.verifier(Policy::strict().min_protection(Protection::Sealed));
    let model = verifier.open(&case.model(), &*case.bundle()).unwrap();
    let copy = model.fd("weights.bin").unwrap();
    if copy.protection() == Protection::Kernel {
        // There is no copy where the kernel guards the file itself.
        return;
    }
    let descriptor = copy.into_file();
    assert_eq!(descriptor.metadata().unwrap().nlink(), 0, "it has a name");
    let path = format!("/proc/{}/fd/{}", std::process::id(), descriptor.as_raw_fd());
    assert_eq!(fs::read(&path).unwrap().len(), 100_000, "we ourselves come at it");
    if case.model().metadata().unwrap().uid() == 0 {
        let other = Command::new("cat").arg(&path).uid(65_534).gid(65_534).output().unwrap();
        assert!(!other.status.success() && other.stdout.is_empty(), "another user read it");
    }
}

/// The versions from which on known defects of dependencies are mended (RUSTSEC-2026-0186, -2026-0204, -2022-0093,
/// -2024-0344, -2021-0100).
#[test]
fn no_dependency_is_older_than_its_mended_version() {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    let number = |text: &str| -> Vec<u64> {
        let release = text.split(['-', '+']).next().unwrap_or_default();
        release.split('.').map(|part| part.parse().unwrap()).collect()
    };
    for (name, mended) in [
        ("memmap2", "0.9.11"),
        ("crossbeam-epoch", "0.9.20"),
        ("ed25519-dalek", "2.0.0"),
        ("curve25519-dalek", "4.1.3"),
        ("sha2", "0.9.8"),
        ("anyhow", "1.0.103"),
    ] {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let versions: Vec<&str> = lock
            .match_indices(&entry)
            .filter_map(|(at, _)| lock[at + entry.len()..].split('"').next())
            .collect();
        assert!(!versions.is_empty(), "{name} is no dependency any more");
        assert!(versions.iter().all(|found| number(found) >= number(mended)), "{name}: {versions:?}");
    }
}
