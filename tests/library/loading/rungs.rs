//! Rungs of protection: what is demanded is had, or there is an error that says why not.

use modelsig::{Error, ErrorKind, Policy, Protection, Threshold, VerifiedFile, danger};
use modelsig_tests::{Case, assert_outcome, refused};

use super::{noise, signers};

const LENGTH: usize = 3 << 20;

fn case() -> Case {
    let case = Case::new(&[("large.bin", &noise(LENGTH)), ("small.json", b"{}"), ("empty", b"")]);
    case.sign();
    case
}

fn get(case: &Case, policy: Policy, name: &str) -> Result<VerifiedFile, Error> {
    case.verifier(policy).open(&case.model(), &case.bundle())?.get(name)
}

#[test]
fn without_more_being_asked_for_files_are_private_or_better() {
    let case = case();
    for (name, content) in [("large.bin", noise(LENGTH)), ("small.json", b"{}".to_vec()), ("empty", vec![])] {
        let file = get(&case, Policy::strict(), name).unwrap();
        assert!(*file == content && file.name() == name);
        assert!(file.protection() >= Protection::Private);
    }
    // Small files never depend on what the file system can do.
    assert_eq!(get(&case, Policy::strict(), "small.json").unwrap().protection(), Protection::Private);
}

#[cfg(target_os = "linux")]
#[test]
fn sealed_is_sealed_in_every_way_of_reading() {
    let (case, bytes) = (case(), noise(LENGTH));
    for signer in &signers()[..2] {
        case.sign_with(signer);
        let verifier = case.verifier(Policy::strict().min_protection(Protection::Sealed));
        let model = verifier.open(&case.model(), &case.bundle()).unwrap();
        let file = model.get("large.bin").unwrap();
        assert!(file.protection() >= Protection::Sealed && *file == bytes);
        assert!(model.get("small.json").unwrap().protection() >= Protection::Sealed);
        assert!(model.get("empty").unwrap().is_empty());
        let part = model.range("large.bin", 70_000..80_000).unwrap();
        assert!(part.protection() >= Protection::Sealed && *part == bytes[70_000..80_000]);
        assert!(model.reader("large.bin").unwrap().protection() >= Protection::Sealed);
        // A vector cannot be sealed, whoever signed.
        let cosigned = verifier.verify_several(&case.model(), &[case.bundle()], Threshold::All).unwrap();
        assert_outcome(&refused(cosigned.read("large.bin")), ErrorKind::Policy, "large.bin");
        let error = refused(model.read("large.bin"));
        assert_outcome(&error, ErrorKind::Policy, "large.bin");
    }
}

#[test]
fn a_file_that_is_too_long_to_copy_is_refused_and_the_way_out_named() {
    let case = case();
    let policy = || Policy::strict().max_copy_bytes(1 << 20);
    for name in ["small.json", "empty"] {
        get(&case, policy(), name).unwrap();
    }
    for least in [Protection::Private, Protection::Sealed] {
        match get(&case, policy().min_protection(least), "large.bin") {
            // Where the file system protects it for nothing.
            Ok(file) => assert!(matches!(file.protection(), Protection::Clone | Protection::Kernel)),
            Err(error) => {
                let Error::Protection { expected, tried, .. } = &error else { panic!("{error:?}") };
                assert_eq!(*expected, least);
                assert!(tried.iter().any(|why| why.contains("1048576")), "{tried:?}");
                assert_outcome(&error, ErrorKind::Policy, "large.bin");
            }
        }
    }
    let model = case.verifier(policy()).open(&case.model(), &case.bundle()).unwrap();
    assert_outcome(&refused(model.read("large.bin")), ErrorKind::Policy, "large.bin");
    assert_eq!(model.read("small.json").unwrap(), b"{}");
}

#[test]
fn in_place_only_by_name() {
    let (case, bytes) = (case(), noise(LENGTH));
    let policy = || Policy::strict().max_copy_bytes(1 << 20);
    let file = get(&case, danger::unprotected(policy()), "large.bin").unwrap();
    assert!(*file == bytes);
    // Never by way of the ordinary setting: others can write to the folder of temporary files.
    let strict = policy().min_protection(Protection::Unprotected);
    if file.protection() == Protection::Unprotected {
        assert!(matches!(refused(get(&case, strict, "large.bin")), Error::Protection { .. }));
    }
    assert_eq!(danger::unprotected(Policy::strict()).weakened_by().len(), 1);
    assert_eq!(Policy::strict().min_protection(Protection::Stable).weakened_by().len(), 1);
    assert!(Policy::strict().min_protection(Protection::Sealed).weakened_by().is_empty());
}

#[test]
fn stable_is_for_files_that_nobody_else_can_write() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    // Where the file system gives better for nothing, that is taken.
    let clone_or_nothing = |got: Result<VerifiedFile, Error>| match got {
        Ok(file) => assert!(file.protection() >= Protection::Clone),
        Err(error) => assert!(matches!(error, Error::Protection { .. }), "{error:?}"),
    };
    let case = case();
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let verifier = case.verifier(Policy::strict().min_protection(Protection::Stable).max_copy_bytes(0));
    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    mode(&case.file("large.bin"), 0o666);
    clone_or_nothing(model.get("large.bin"));
    mode(&case.file("large.bin"), 0o600);
    let closed = |path: &std::path::Path| {
        let metadata = path.metadata().unwrap();
        metadata.mode() & 0o022 == 0
    };
    let path = case.file("large.bin").canonicalize().unwrap();
    if cfg!(target_os = "linux") && path.ancestors().all(closed) {
        assert!(model.get("large.bin").unwrap().protection() >= Protection::Stable);
        let writer = std::fs::File::options().write(true).open(&path).unwrap();
        clone_or_nothing(model.get("large.bin"));
        drop(writer);
    } else {
        clone_or_nothing(model.get("large.bin"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_descriptor_can_be_read_and_not_written() {
    use std::io::Read;
    use std::os::fd::{AsFd, AsRawFd};
    use std::os::unix::fs::FileExt;

    let (case, bytes) = (case(), noise(LENGTH));
    let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
    for (name, content) in [("large.bin", &bytes[..]), ("small.json", b"{}"), ("empty", b"")] {
        let fd = model.fd(name).unwrap();
        assert!(fd.protection() >= Protection::Clone && fd.length() == content.len() as u64);
        // As a reader opens it who insists on a path.
        let path = format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd());
        assert!(std::fs::read(&path).unwrap() == content);
        if fd.protection() == Protection::Sealed {
            let writable = std::fs::File::options().write(true).open(&path).unwrap();
            assert!(writable.write_at(b"x", 0).is_err());
        }
        let mut file = fd.into_file();
        case.write(name, b"something else");
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert!(read == content, "{name}");
    }
}

#[test]
fn all_is_loaded_and_stays() {
    let (case, bytes) = (case(), noise(LENGTH));
    for signer in &signers()[..2] {
        case.write("large.bin", &bytes);
        case.sign_with(signer);
        let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
        let loaded = model.load_all().unwrap();
        for file in loaded.report().files() {
            assert!(file.checked.is_some() && file.protection >= Some(Protection::Private), "{file:?}");
        }
        case.write("large.bin", b"gone");
        std::fs::remove_file(case.file("small.json")).unwrap();
        assert!(*loaded.get("large.bin").unwrap() == bytes);
        assert!(loaded.read("large.bin").unwrap() == bytes);
        assert!(*loaded.range("large.bin", 5..99).unwrap() == bytes[5..99]);
        assert_eq!(std::io::read_to_string(loaded.reader("small.json").unwrap()).unwrap(), "{}");
        assert!(matches!(refused(loaded.get("evil.py")), Error::Unsigned { .. }));
        let same = loaded.get("large.bin").unwrap();
        assert_eq!(same.as_ptr(), loaded.get("large.bin").unwrap().as_ptr(), "nothing is copied twice");
        drop(loaded);
        assert!(same.into_vec() == bytes);
        case.write("small.json", b"{}");
    }
}

#[test]
fn loading_tells_all_that_is_wrong() {
    let case = case();
    let model = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
    case.flip("large.bin", 5);
    case.write("small.json", b"[]");
    let error = refused(model.load_all());
    let problems = modelsig_tests::problems(&error);
    assert!(
        matches!(problems[..], [Error::DigestMismatch { .. }, Error::DigestMismatch { .. }]),
        "{error:?}"
    );
}

/// Where files can be cloned, large ones are, and neither memory nor a second look at storage is needed. `.ci/reflink`
/// runs it on such a file system, and says so in `MODELSIG_REFLINK`.
#[cfg(target_os = "linux")]
#[test]
fn a_clone_is_out_of_reach_of_those_who_have_the_original() {
    use std::os::unix::fs::FileExt;

    let (case, bytes) = (case(), noise(LENGTH));
    // Storage is read once more when a clone is used: what can be copied is.
    let strict = get(&case, Policy::strict(), "large.bin").unwrap();
    assert!(strict.protection() != Protection::Clone);
    let verifier = case.verifier(Policy::strict().max_copy_bytes(1 << 20));
    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    let held = match model.get("large.bin") {
        Ok(held) => held,
        Err(error) => {
            assert!(std::env::var_os("MODELSIG_REFLINK").is_none(), "{error}");
            assert!(matches!(error, Error::Protection { .. }), "{error:?}");
            return;
        }
    };
    assert_eq!(held.protection(), Protection::Clone);
    let fd = model.fd("large.bin").unwrap();
    assert_eq!(fd.protection(), Protection::Clone);
    let names = || std::fs::read_dir(case.model()).unwrap().count();
    let before = names();
    let writer = std::fs::File::options().write(true).open(case.file("large.bin")).unwrap();
    writer.write_all_at(&[0; 4096], 0).unwrap();
    writer.set_len(5000).unwrap();
    assert!(*held == bytes);
    let mut read = vec![0; LENGTH];
    let file = fd.into_file();
    file.read_exact_at(&mut read, 0).unwrap();
    assert!(read == bytes && file.write_at(b"x", 0).is_err());
    assert_eq!(names(), before, "it has no name");
    // A folder that cannot be written to has no room for a clone: better no bytes than bytes in place.
    assert!(matches!(refused(model.get("large.bin")), Error::Truncated { .. } | Error::Protection { .. }));
}

#[test]
fn what_is_handed_out_can_be_shared_and_sent() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<modelsig::SignedModel>();
    shared::<modelsig::VerifiedModel>();
    shared::<VerifiedFile>();
    shared::<modelsig::VerifiedBytes>();
    shared::<modelsig::VerifiedTensor>();
    shared::<modelsig::VerifiedFd>();
}
