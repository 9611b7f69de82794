//! How files are written: never through another name, never through a link, with the mode that they had.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use modelsig::hash::{CancelToken, Engine, HashAlgorithm};
use modelsig::{Done, Error, ErrorKind, Limits, Mended, ModelSigner, Policy, RepairSource, RepairedFile};
use modelsig_tests::{as_ordinary_user, assert_outcome, problems, refused};

use super::{
    CHUNK, Counting, Says, bytes, chunked, good, leftovers, not_repaired, range, repaired, sharded,
    signed_with, unrepaired,
};

#[test]
fn another_name_of_the_file_is_left_alone() {
    for signer in [chunked(HashAlgorithm::Sha256), ModelSigner::new().chunks(None), sharded(CHUNK)] {
        let case = signed_with(&signer, &[("f.bin", &bytes(5 * CHUNK))]);
        case.flip("f.bin", 2 * CHUNK);
        let damaged = fs::read(case.file("f.bin")).unwrap();
        fs::hard_link(case.file("f.bin"), case.path("elsewhere")).unwrap();
        fs::set_permissions(case.file("f.bin"), Permissions::from_mode(0o640)).unwrap();
        let source = good(&case);
        let counting = Counting::new(&source);
        let report = repaired(&case, &counting);
        assert_eq!((report.files()[0].how, report.files_replaced()), (Mended::Replaced, 1));
        assert_eq!(fs::read(case.path("elsewhere")).unwrap(), damaged);
        let metadata = case.file("f.bin").metadata().unwrap();
        assert_eq!((metadata.nlink(), metadata.mode() & 0o7777), (1, 0o640));
        // Good pieces come from the old file.
        let expected = match report.files()[0].ranges[0].length() {
            length if length == CHUNK as u64 => range(2 * CHUNK, 3 * CHUNK),
            _ => range(0, 5 * CHUNK),
        };
        assert_eq!(counting.ranges(), [("f.bin".to_owned(), expected)]);
    }
}

#[test]
fn what_may_not_be_written_is_replaced() {
    as_ordinary_user("repair::writing::what_may_not_be_written_is_replaced", || {
        let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("f.bin", &bytes(5 * CHUNK))]);
        case.flip("f.bin", 2 * CHUNK);
        fs::set_permissions(case.file("f.bin"), Permissions::from_mode(0o444)).unwrap();
        let report = repaired(&case, &good(&case));
        assert_eq!(report.files()[0].how, Mended::Replaced);
        assert_eq!(report.files()[0].ranges, [range(2 * CHUNK, 3 * CHUNK)]);
        assert_eq!(case.file("f.bin").metadata().unwrap().mode() & 0o7777, 0o444);
    });
}

#[test]
fn where_nothing_can_be_made_it_is_said() {
    as_ordinary_user("repair::writing::where_nothing_can_be_made_it_is_said", || {
        let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("a.bin", b"a"), ("b/c.bin", b"c")]);
        fs::remove_file(case.file("b/c.bin")).unwrap();
        case.flip("a.bin", 0);
        fs::set_permissions(case.file("b"), Permissions::from_mode(0o555)).unwrap();
        let error = not_repaired(&case, &good(&case));
        fs::set_permissions(case.file("b"), Permissions::from_mode(0o755)).unwrap();
        let report = unrepaired(&error);
        assert_eq!(report.files()[0].name, "a.bin", "the others are mended");
        assert_outcome(&report.failures()[0], ErrorKind::Io, "b/c.bin");
        assert_eq!(error.kind(), ErrorKind::Missing);
        repaired(&case, &good(&case));
    });
}

#[test]
fn a_link_or_folder_in_the_way_is_not_followed_and_not_removed() {
    for what in ["link to a file", "link to a folder", "folder", "file for a folder"] {
        let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("d/f.bin", &bytes(2 * CHUNK))]);
        fs::create_dir(case.path("away")).unwrap();
        fs::write(case.path("away/f.bin"), b"precious").unwrap();
        fs::remove_dir_all(case.file("d")).unwrap();
        match what {
            "link to a file" => {
                fs::create_dir(case.file("d")).unwrap();
                symlink(case.path("away/f.bin"), case.file("d/f.bin")).unwrap();
            }
            "link to a folder" => symlink(case.path("away"), case.file("d")).unwrap(),
            "folder" => fs::create_dir_all(case.file("d/f.bin/x")).unwrap(),
            _ => fs::write(case.file("d"), b"precious").unwrap(),
        }
        let before = case.listing();
        let error = not_repaired(&case, &good(&case));
        assert_eq!(error.kind().outcome().exit_code, 1, "{what}");
        assert_eq!(case.listing(), before, "{what}");
    }
}

/// A link that comes between the first look and the writing.
#[test]
fn a_folder_exchanged_for_a_link_meanwhile_is_not_entered() {
    let case = signed_with(
        &chunked(HashAlgorithm::Sha256),
        &[("a.bin", &bytes(CHUNK + 1)), ("d/f.bin", &bytes(CHUNK + 1))],
    );
    case.flip("a.bin", 0);
    case.flip("d/f.bin", 0);
    let source = good(&case);
    let exchange = Says(|name: &str, offset, buffer: &mut [u8]| {
        if case.file("d").symlink_metadata().unwrap().is_dir() {
            fs::rename(case.file("d"), case.path("away")).unwrap();
            symlink(case.path("away"), case.file("d")).unwrap();
        }
        source.read_at(&modelsig::ModelPath::parse(name).unwrap(), offset, buffer)
    });
    let error = not_repaired(&case, &exchange);
    assert_eq!(unrepaired(&error).files().len(), 1);
    let away = fs::read(case.path("away/f.bin")).unwrap();
    assert_ne!(away, bytes(CHUNK + 1), "what lies outside is not even mended");
    assert_eq!(fs::read_dir(case.path("away")).unwrap().count(), 1);
}

#[test]
fn a_second_repair_has_to_wait() {
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("f.bin", &bytes(3 * CHUNK))]);
    case.flip("f.bin", 0);
    let source = good(&case);
    let meanwhile = Says(|name: &str, offset, buffer: &mut [u8]| {
        let verifier = case.verifier(Policy::strict());
        let error = refused(verifier.repair(&case.model(), &case.bundle(), &source));
        assert!(matches!(&error, Error::Io { operation: "lock", .. }), "{error:?}");
        assert_outcome(&error, ErrorKind::Io, case.model().to_str().unwrap());
        source.read_at(&modelsig::ModelPath::parse(name).unwrap(), offset, buffer)
    });
    repaired(&case, &meanwhile);
}

/// What was written is read again, and what another process writes into it meanwhile is found.
#[test]
fn who_writes_at_the_same_time_is_noticed() {
    for hard_link in [false, true] {
        let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("f.bin", &bytes(5 * CHUNK))]);
        case.flip("f.bin", 0);
        case.flip("f.bin", 4 * CHUNK);
        if hard_link {
            fs::hard_link(case.file("f.bin"), case.path("elsewhere")).unwrap();
        }
        let source = good(&case);
        let meddling = Says(|name: &str, offset, buffer: &mut [u8]| {
            if offset >= 4 * CHUNK as u64 {
                for path in leftovers(&case).into_iter().chain([case.file("f.bin")]) {
                    // The first chunk was mended a moment ago.
                    let mut content = fs::read(&path).unwrap();
                    content[1] ^= 1;
                    fs::write(&path, content).unwrap();
                }
            }
            source.read_at(&modelsig::ModelPath::parse(name).unwrap(), offset, buffer)
        });
        let error = not_repaired(&case, &meddling);
        let left: Vec<_> = unrepaired(&error).report().problems().collect();
        let [Error::DigestMismatch { ranges, .. }] = left[..] else { panic!("{left:?}") };
        assert_eq!(*ranges, [range(0, CHUNK)]);
        repaired(&case, &source);
    }
}

/// Another file under the name of the one in the making is not taken into the model.
#[test]
fn an_exchanged_temporary_file_is_not_put_in_place() {
    let case = signed_with(&ModelSigner::new().chunks(None), &[("f.bin", &bytes(3 * CHUNK))]);
    case.flip("f.bin", 0);
    let source = good(&case);
    let exchange = Says(|name: &str, offset, buffer: &mut [u8]| {
        for path in leftovers(&case) {
            fs::remove_file(&path).unwrap();
            fs::write(&path, b"evil").unwrap();
        }
        source.read_at(&modelsig::ModelPath::parse(name).unwrap(), offset, buffer)
    });
    let before = fs::read(case.file("f.bin")).unwrap();
    let error = not_repaired(&case, &exchange);
    assert_outcome(&unrepaired(&error).failures()[0], ErrorKind::Io, "f.bin");
    assert_eq!(fs::read(case.file("f.bin")).unwrap(), before);
}

#[test]
fn a_cancelled_repair_leaves_nothing_behind() {
    for (signer, parts) in [(chunked(HashAlgorithm::Sha256), true), (ModelSigner::new().chunks(None), false)]
    {
        let case = signed_with(&signer, &[("f.bin", &bytes(40 * CHUNK))]);
        for at in 0..40 {
            case.flip("f.bin", at * CHUNK);
        }
        let (source, cancel) = (good(&case), CancelToken::new());
        let stop = Says(|name: &str, offset, buffer: &mut [u8]| -> io::Result<usize> {
            cancel.cancel();
            source.read_at(&modelsig::ModelPath::parse(name).unwrap(), offset, buffer)
        });
        let engine = Engine::new(1).unwrap().with_cancel(cancel.clone());
        let verifier = case.verifier(Policy::strict()).with_engine(engine);
        let error = refused(verifier.repair(&case.model(), &case.bundle(), &stop));
        assert_outcome(&error, ErrorKind::Cancelled, "");
        // In place, what was read by then is written and told; a whole file that is half made is not.
        let files = written(&error).iter();
        let told: Vec<_> = files.map(|file| (file.how, file.ranges.clone(), file.cut)).collect();
        let first = (Mended::InPlace, vec![range(0, CHUNK)], 0);
        assert_eq!(told, if parts { vec![first] } else { Vec::new() });
        assert!(leftovers(&case).is_empty());
        assert_eq!(problems(&refused(case.verify(Policy::strict()))).len(), 1);
        repaired(&case, &source);
    }
}

/// What was written until a repair was cut short.
fn written(error: &Error) -> &[RepairedFile] {
    match error {
        Error::HalfDone { done, .. } => match &**done {
            Done::Repaired(written) => written,
            other => panic!("{other:?}"),
        },
        Error::Cancelled => &[],
        other => panic!("{other:?}"),
    }
}

#[test]
fn whenever_a_repair_is_cancelled_what_was_written_is_told() {
    let names: Vec<String> = (0..8).map(|at| format!("{at}.bin")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), &b"good"[..])).collect();
    let case = signed_with(&ModelSigner::new().chunks(None), &files);
    for last in 0..names.len() {
        names.iter().for_each(|name| case.write(name, b"evil"));
        let (source, cancel) = (good(&case), CancelToken::new());
        // While it reads the copy of this file, which is then the first that is not mended; or in the last look.
        let stop = Says(|name: &str, offset, buffer: &mut [u8]| -> io::Result<usize> {
            let count = source.read_at(&modelsig::ModelPath::parse(name).unwrap(), offset, buffer)?;
            if name == names[last] && count > 0 {
                cancel.cancel();
            }
            Ok(count)
        });
        let engine = Engine::new(1).unwrap().with_cancel(cancel.clone());
        let verifier = case.verifier(Policy::strict()).with_engine(engine);
        let error = refused(verifier.repair(&case.model(), &case.bundle(), &stop));
        assert_outcome(&error, ErrorKind::Cancelled, "");
        let told: Vec<_> = written(&error).iter().map(|file| file.name.as_str()).collect();
        let on_disk: Vec<_> =
            names.iter().filter(|name| fs::read(case.file(name)).unwrap() == b"good").collect();
        assert_eq!(told, on_disk, "{last}");
        assert_eq!(told.len(), last);
        let what = if last > 0 { ", after files were changed" } else { "" };
        assert_eq!(error.to_string(), format!("cancelled{what}"));
    }
}

/// Not only when it is cancelled: whatever comes between the last write and the verdict.
#[test]
fn an_error_after_the_last_write_does_not_hide_what_was_written() {
    let case = signed_with(&ModelSigner::new().chunks(None), &[("a.bin", b"good"), ("b.bin", b"good")]);
    case.write("a.bin", b"evil");
    let source = good(&case);
    let exchange = Says(|name: &str, offset, buffer: &mut [u8]| -> io::Result<usize> {
        let count = source.read_at(&modelsig::ModelPath::parse(name).unwrap(), offset, buffer)?;
        if count == 0 {
            // More files than the limit allows, when the folder is walked again.
            (0..10).for_each(|at| fs::write(case.file(&format!("more-{at}")), b"").unwrap());
        }
        Ok(count)
    });
    let mut limits = Limits::default();
    limits.resources = 5;
    let verifier = case.verifier(Policy::strict()).with_limits(limits);
    let error = refused(verifier.repair(&case.model(), &case.bundle(), &exchange));
    assert_eq!((error.kind(), written(&error).len()), (ErrorKind::Limit, 1), "{error:?}");
    assert_eq!(fs::read(case.file("a.bin")).unwrap(), b"good");
}
