//! A part of a larger file, such as an entry of an APK: what lies around it does not matter, and it can only be copied.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};

use modelsig::hash::ByteRange;
use modelsig::{Content, Error, ErrorKind, ModelSigner, Policy, Protection, SignedModel, danger};
use modelsig_tests::{Case, assert_outcome, only_problem, refused};

use super::{Archive, CHUNK, Lies, PLACES, noise};
use crate::loading::{TENSORS, in_chunks, safetensors};

const LENGTH: usize = 3 * CHUNK + 5;

fn case() -> (Case, Archive) {
    let case = Case::new(&[
        ("w.bin", &noise(LENGTH)),
        ("model.safetensors", &safetensors(&TENSORS)),
        ("large.bin", &noise(2 << 20)),
    ]);
    case.sign_with(&in_chunks());
    let archive = Archive::of(&case, ["w.bin", "model.safetensors", "large.bin"]);
    (case, archive)
}

fn open(case: &Case, policy: Policy, name: &str, content: Content) -> Result<SignedModel, Error> {
    case.verifier(policy).open_resources(&case.bundle(), [(name, content)])
}

#[test]
fn wrong_bytes_count_inside_and_not_outside() {
    let (case, archive) = case();
    let (offset, length) = archive.part("w.bin");
    let verify = || {
        let verifier = case.verifier(Policy::strict());
        verifier.verify_resources(&case.bundle(), [("w.bin", archive.content("w.bin"))])
    };
    for outside in [0, offset - 1, offset + length] {
        archive.flip(outside);
        verify().unwrap();
    }
    let chunk = CHUNK as u64;
    for (inside, first, end) in
        [(0, 0, chunk), (chunk - 1, 0, chunk), (chunk, chunk, 2 * chunk), (length - 1, 3 * chunk, length)]
    {
        archive.flip(offset + inside);
        let error = refused(verify());
        assert_outcome(&error, ErrorKind::Mismatch, "w.bin");
        assert_eq!(only_problem(&error).damaged(), [ByteRange::new(first, end).unwrap()], "of the resource");
        let model = open(&case, Policy::strict(), "w.bin", archive.content("w.bin")).unwrap();
        assert!(matches!(refused(model.get("w.bin")), Error::DigestMismatch { .. }));
        assert!(matches!(refused(model.fd("w.bin")), Error::DigestMismatch { .. }));
        assert!(matches!(refused(model.read("w.bin")), Error::DigestMismatch { .. }));
        assert!(matches!(refused(model.range("w.bin", inside..inside + 1)), Error::DigestMismatch { .. }));
        let elsewhere = if first == 0 { chunk..chunk + 9 } else { 0..9 };
        let sound = elsewhere.start as usize..elsewhere.end as usize;
        assert!(*model.range("w.bin", elsewhere).unwrap() == noise(LENGTH)[sound]);
        assert_outcome(&refused(model.load_all()), ErrorKind::Mismatch, "w.bin");
        archive.flip(offset + inside);
        verify().unwrap();
    }
}

#[test]
fn a_part_at_the_wrong_place_is_not_the_resource() {
    let (case, archive) = case();
    let (offset, length) = archive.part("w.bin");
    let at = |offset, length| Content::path(&archive.path).part(offset, length);
    let verifier = case.verifier(Policy::strict());
    let verify = |content| verifier.verify_resources(&case.bundle(), [("w.bin", content)]);
    verify(at(offset, Some(length))).unwrap();
    for (content, expected) in [
        (at(offset - 1, Some(length)), "DigestMismatch"),
        (at(offset + 1, Some(length)), "DigestMismatch"),
        (at(offset, Some(length - 1)), "Truncated"),
        (at(offset, Some(length + 1)), "Grown"),
        (at(offset, None), "Grown"),
        (at(offset, Some(0)), "Truncated"),
    ] {
        let error = refused(verify(content));
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        assert!(format!("{:?}", only_problem(&error)).starts_with(expected), "{expected}: {error:?}");
    }
}

#[test]
fn a_part_must_lie_inside_of_its_file() {
    let (case, archive) = case();
    let end = fs::metadata(&archive.path).unwrap().len();
    for (offset, length) in [
        (end, Some(1)),
        (end + 1, None),
        (end + 1, Some(0)),
        (0, Some(end + 1)),
        (1, Some(u64::MAX)),
        (u64::MAX, Some(1)),
        (u64::MAX, Some(u64::MAX)),
        (u64::MAX, None),
        (i64::MAX as u64, Some(i64::MAX as u64)),
    ] {
        for place in [Content::path(&archive.path), Content::file(File::open(&archive.path).unwrap())] {
            let content = place.part(offset, length);
            let error = refused(open(&case, Policy::strict(), "w.bin", content));
            assert!(matches!(only_problem(&error), Error::OutOfRange { length, .. } if *length == end));
            assert_outcome(&error, ErrorKind::Usage, "w.bin");
        }
    }
}

#[test]
fn a_part_is_copied_or_refused() {
    let (case, archive) = case();
    let large = || archive.content("large.bin");
    for (least, expected) in [
        (Protection::Stable, Protection::Private),
        (Protection::Private, Protection::Private),
        (Protection::Clone, Protection::Sealed),
        (Protection::Sealed, Protection::Sealed),
    ] {
        if expected == Protection::Sealed && !cfg!(target_os = "linux") {
            continue;
        }
        let model = open(&case, Policy::strict().min_protection(least), "large.bin", large()).unwrap();
        let file = model.get("large.bin").unwrap();
        assert!(file.protection() == expected && *file == noise(2 << 20), "{least}");
        assert_eq!(model.range("large.bin", 5..70_000).unwrap().protection(), expected);
        if cfg!(target_os = "linux") {
            assert_eq!(model.fd("large.bin").unwrap().protection(), Protection::Sealed);
        }
        let loaded = model.load_all().unwrap();
        assert_eq!(loaded.report().files()[0].protection, Some(expected));
    }
    // A guard is on whole files, and so is every way to use one in place: not even the opt-in gives it away.
    let limited = || Policy::strict().max_copy_bytes(1 << 20);
    for policy in [
        Policy::strict().min_protection(Protection::Kernel),
        limited(),
        limited().min_protection(Protection::Stable),
        danger::unprotected(limited()),
    ] {
        let model = open(&case, policy, "large.bin", large()).unwrap();
        for error in [refused(model.get("large.bin")), refused(model.fd("large.bin"))] {
            let Error::Protection { tried, .. } = &error else { panic!("{error:?}") };
            assert!(tried[0].contains("part of a larger file"), "{tried:?}");
            assert_outcome(&error, ErrorKind::Policy, "large.bin");
        }
        assert_outcome(&refused(model.load_all()), ErrorKind::Policy, "large.bin");
    }
    let small = open(&case, limited(), "w.bin", archive.content("w.bin")).unwrap();
    assert!(*small.get("w.bin").unwrap() == noise(LENGTH));
}

#[test]
fn tensors_of_a_part_are_found() {
    let (case, archive) = case();
    let name = "model.safetensors";
    let model = open(&case, Policy::strict(), name, archive.content(name)).unwrap();
    assert_eq!(model.tensors().unwrap().len(), TENSORS.len());
    let data = noise(1_100_000);
    let mut at = 0;
    for (tensor, length) in TENSORS {
        assert!(**model.tensor(tensor).unwrap().bytes() == data[at..at + length], "{tensor}");
        assert!(*model.tensor_in(name, tensor).unwrap() == data[at..at + length], "{tensor}");
        at += length;
    }
    // Damage in one of them leaves those that share no chunk with it.
    let (offset, length) = archive.part(name);
    archive.flip(offset + length - 1);
    assert!(matches!(refused(model.tensor("layer.3.weight")), Error::DigestMismatch { .. }));
    model.tensor("embed").unwrap();
    let error = refused(model.load_all());
    let Error::DigestMismatch { tensors, .. } = only_problem(&error) else { panic!("{error:?}") };
    assert_eq!(tensors, &["layer.3.weight"]);
}

#[test]
fn what_becomes_of_the_file_after_it_was_opened_is_seen() {
    for place in PLACES {
        let (case, archive) = case();
        let path = if matches!(place, Lies::AtPath | Lies::InFile) {
            case.file("w.bin")
        } else {
            archive.path.clone()
        };
        let original = fs::read(&path).unwrap();
        let content = || place.content(&case, &archive, "w.bin");
        let opened = || open(&case, Policy::strict(), "w.bin", content()).unwrap();
        let write = |bytes: &[u8]| fs::write(&path, bytes).unwrap();

        let model = opened();
        let cut = if matches!(place, Lies::AtPath | Lies::InFile) { LENGTH } else { 5000 + LENGTH };
        write(&original[..cut - 1000]);
        for error in
            [refused(model.get("w.bin")), refused(model.read("w.bin")), refused(model.range("w.bin", 0..9))]
        {
            let found = matches!(error, Error::Truncated { .. } | Error::OutOfRange { .. });
            assert!(found, "{place:?} cut short: {error:?}");
        }
        assert!(matches!(refused(model.load_all()), Error::Rejected(_)), "{place:?}");
        write(&original);

        let model = opened();
        write(&[&original[..], b"more"].concat());
        match place {
            Lies::AtPath | Lies::InFile => {
                let error = refused(model.get("w.bin"));
                assert!(matches!(error, Error::Grown { .. }), "{place:?} grown: {error:?}");
            }
            // More of the archive is none of its business.
            _ => assert!(*model.get("w.bin").unwrap() == noise(LENGTH), "{place:?}"),
        }
        write(&original);

        let model = opened();
        let other = case.path("other");
        fs::write(&other, vec![7; original.len()]).unwrap();
        fs::rename(&other, &path).unwrap();
        match place {
            // The file is another one, and the descriptor still that of the old one.
            Lies::InFile | Lies::InPartOfFile => {
                assert!(*model.get("w.bin").unwrap() == noise(LENGTH), "{place:?}");
            }
            Lies::AtPath | Lies::InPartAtPath => {
                let error = refused(model.get("w.bin"));
                assert!(matches!(error, Error::DigestMismatch { .. }), "{place:?} replaced: {error:?}");
            }
        }
        fs::remove_file(&path).unwrap();
        if matches!(place, Lies::AtPath | Lies::InPartAtPath) {
            let error = refused(model.get("w.bin"));
            assert!(matches!(error, Error::Changed { .. }), "{place:?} removed: {error:?}");
        }
    }
}

/// The caller goes on using it.
#[test]
fn the_position_of_a_descriptor_is_the_callers() {
    use std::os::fd::AsRawFd;

    let (case, archive) = case();
    for place in [case.file("large.bin"), archive.path.clone()] {
        let whole = place != archive.path;
        let mut file = File::options().read(true).write(true).open(&place).unwrap();
        file.seek(SeekFrom::Start(12_345)).unwrap();
        let content = Content::file(file.try_clone().unwrap());
        let (offset, length) = archive.part("large.bin");
        let content = if whole { content } else { content.part(offset, Some(length)) };
        // In place, if that can be had: what is handed out must not be the caller's descriptor all the same.
        for policy in [Policy::strict(), danger::unprotected(Policy::strict().max_copy_bytes(1 << 20))] {
            let model = open(&case, policy, "large.bin", content.clone()).unwrap();
            model.get("large.bin").map(drop).unwrap_or_else(|error| {
                assert!(matches!(error, Error::Protection { .. }) && !whole, "{error:?}");
            });
            let fd = match model.fd("large.bin") {
                Ok(fd) => fd,
                Err(error) => {
                    assert!(matches!(error, Error::Protection { .. }) && !whole, "{error:?}");
                    continue;
                }
            };
            assert_eq!(file.stream_position().unwrap(), 12_345);
            let mut handed = fd.into_file();
            assert_ne!(handed.as_raw_fd(), file.as_raw_fd());
            assert_eq!(handed.stream_position().unwrap(), 0, "it is at its beginning");
            assert!(handed.write(b"x").is_err(), "it is for reading only");
            handed.seek(SeekFrom::Start(99)).unwrap();
            assert_eq!(file.stream_position().unwrap(), 12_345, "it has a position of its own");
        }
    }
}

/// The signed name of a single file may be a dot.
#[test]
fn a_single_file_that_was_signed_as_a_dot() {
    let case = Case::new(&[]);
    let file = case.path("weights.gguf");
    fs::write(&file, noise(LENGTH)).unwrap();
    let signer = ModelSigner::new().single_file_dot(true);
    signer.sign(&file, &case.bundle(), &case.key).unwrap();
    let verifier = case.verifier(Policy::strict());
    let model = verifier.verify_resources(&case.bundle(), [(".", Content::path(&file))]).unwrap();
    assert!(*model.get(".").unwrap() == noise(LENGTH));
    assert_eq!(model.names().collect::<Vec<_>>(), ["."]);
    assert!(model.report().verdict_line().starts_with("VERIFIED "));
    verifier.verify_bytes(&case.bundle(), ".", &noise(LENGTH)).unwrap();
    let mut stream = verifier.open_resources(&case.bundle(), []).unwrap().stream(".").unwrap();
    stream.update(&noise(LENGTH)).unwrap();
    assert_eq!(stream.finish().unwrap(), LENGTH as u64);
    // Its name in the folder says nothing.
    let named = |name| verifier.verify_resources(&case.bundle(), [(name, Content::path(&file))]);
    assert_outcome(&refused(named("weights.gguf")), ErrorKind::Unsigned, "weights.gguf");
    assert!(matches!(
        refused(verifier.verify_bytes(&case.bundle(), "weights.gguf", b"")),
        Error::Unsigned { .. }
    ));
}
