//! What is mended: each kind of damage, under each way of signing.

use std::fs;
use std::os::unix::fs::MetadataExt;

use modelsig::hash::{Access, HashAlgorithm};
use modelsig::{Check, Error, ErrorKind, LocalSource, Mended, ModelSigner, Policy, danger};
use modelsig_tests::{Case, assert_outcome, refused, run};

use super::{
    CHUNK, Counting, bytes, chunked, good, leftovers, not_repaired, range, repair, repaired, sharded,
    signed_with, unrepaired,
};

#[test]
fn only_damaged_chunks_are_read_and_written() {
    let large = bytes(20 * CHUNK + 7);
    let case =
        signed_with(&chunked(HashAlgorithm::Sha256), &[("a.bin", &large), ("b.bin", &large), ("c", b"c")]);
    let inode = case.file("a.bin").metadata().unwrap().ino();
    for at in [3 * CHUNK, 5 * CHUNK - 1, 17 * CHUNK + 9, 20 * CHUNK + 6] {
        case.flip("a.bin", at);
    }
    let (source, expected) = (
        good(&case),
        [range(3 * CHUNK, 5 * CHUNK), range(17 * CHUNK, 18 * CHUNK), range(20 * CHUNK, 20 * CHUNK + 7)],
    );
    let counting = Counting::new(&source);
    let report = repaired(&case, &counting);
    assert_eq!(counting.ranges(), expected.map(|range| ("a.bin".to_owned(), range)));
    let [file] = report.files() else { panic!("{report:?}") };
    assert_eq!((file.name.as_str(), file.how, file.cut), ("a.bin", Mended::InPlace, 0));
    assert_eq!(file.ranges, expected);
    assert_eq!((report.ranges(), report.bytes_copied()), (3, 3 * CHUNK as u64 + 7));
    assert_eq!(report.files_replaced(), 0);
    assert_eq!(report.report().files().len(), 3);
    assert_eq!(case.file("a.bin").metadata().unwrap().ino(), inode);
    assert!(report.verdict_line().contains("3 ranges in 1 file, 196.6 kB copied, now verified: 3 files"));

    // Nothing is left to do, and nothing is asked for.
    let counting = Counting::new(&source);
    let report = repaired(&case, &counting);
    assert!(report.files().is_empty() && counting.ranges().is_empty());
    assert!(report.verdict_line().starts_with("VERIFIED"));
}

/// How a file is damaged.
type Harm = (&'static str, fn(&Case, &str));

const HARMS: [Harm; 8] = [
    ("first byte", |case, name| case.flip(name, 0)),
    ("last byte", |case, name| {
        let length = case.file(name).metadata().unwrap().len() as usize;
        case.flip(name, length - 1);
    }),
    ("cut by one byte", |case, name| {
        let file = fs::OpenOptions::new().write(true).open(case.file(name)).unwrap();
        file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    }),
    ("empty", |case, name| fs::write(case.file(name), b"").unwrap()),
    ("grown", |case, name| {
        let mut content = fs::read(case.file(name)).unwrap();
        content.extend_from_slice(b"more");
        case.write(name, &content);
    }),
    ("grown and wrong", |case, name| {
        let mut content = fs::read(case.file(name)).unwrap();
        content.extend_from_slice(&[0; 3 * CHUNK]);
        content[0] ^= 1;
        case.write(name, &content);
    }),
    ("missing", |case, name| fs::remove_file(case.file(name)).unwrap()),
    ("missing with its folder", |case, _| fs::remove_dir_all(case.file("d")).unwrap()),
];

#[test]
fn every_damage_is_mended_however_it_was_signed() {
    let signers: [(&str, ModelSigner); 7] = [
        ("whole", ModelSigner::new().chunks(None)),
        ("whole blake2b", ModelSigner::new().chunks(None).hash(HashAlgorithm::Blake2b)),
        ("default", ModelSigner::new()),
        ("chunks", chunked(HashAlgorithm::Sha256)),
        ("chunks blake3", chunked(HashAlgorithm::Blake3).hash(HashAlgorithm::Blake3)),
        ("shards", sharded(100_000)),
        ("one shard", sharded(1 << 30)),
    ];
    for (signed, signer) in &signers {
        for length in [1, 3 * CHUNK + 5] {
            let case = signed_with(signer, &[("d/e/f.bin", &bytes(length)), ("other.bin", b"o")]);
            for (harm, damage) in HARMS {
                for check in [Check::Chunks, Check::Whole, Check::Both] {
                    let what = format!("{signed} {length} {harm} {check:?}");
                    damage(&case, "d/e/f.bin");
                    let verifier = case.verifier(Policy::strict().check(check)).with_access(Access::Auto);
                    let report = verifier
                        .repair(&case.model(), &case.bundle(), &good(&case))
                        .unwrap_or_else(|error| panic!("{what}: {:?}", unrepaired(&error)));
                    assert_eq!(report.files().len(), 1, "{what}: {report:?}");
                    assert_eq!(report.files()[0].name, "d/e/f.bin");
                    assert_eq!(case.verify(Policy::strict().check(Check::Both)).unwrap().names().count(), 2);
                    assert_eq!(fs::read(case.file("d/e/f.bin")).unwrap(), bytes(length), "{what}");
                    assert!(leftovers(&case).is_empty(), "{what}");
                    let grown = harm.starts_with("grown").then_some(report.files()[0].cut > 0);
                    assert!(grown.is_none_or(|cut| cut || *signed == "whole" || *signed == "whole blake2b"));
                }
            }
        }
    }
}

#[test]
fn what_has_only_grown_is_cut_and_nothing_is_copied() {
    for signer in [chunked(HashAlgorithm::Sha256), ModelSigner::new(), sharded(CHUNK)] {
        let case = signed_with(&signer, &[("f.bin", &bytes(2 * CHUNK))]);
        case.write("f.bin", &bytes(9 * CHUNK));
        let source = good(&case);
        let counting = Counting::new(&source);
        let report = repaired(&case, &counting);
        assert!(counting.ranges().is_empty());
        let [file] = report.files() else { panic!("{report:?}") };
        assert_eq!((file.how, file.cut, file.bytes()), (Mended::InPlace, 7 * CHUNK as u64, 0));
    }
}

#[test]
fn of_a_cut_file_only_what_is_missing_is_read() {
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("f.bin", &bytes(10 * CHUNK))]);
    let file = fs::OpenOptions::new().write(true).open(case.file("f.bin")).unwrap();
    file.set_len(7 * CHUNK as u64 + 1).unwrap();
    case.flip("f.bin", 2 * CHUNK);
    let source = good(&case);
    let counting = Counting::new(&source);
    repaired(&case, &counting);
    let expected = [range(2 * CHUNK, 3 * CHUNK), range(7 * CHUNK, 10 * CHUNK)];
    assert_eq!(counting.ranges(), expected.map(|range| ("f.bin".to_owned(), range)));
}

/// Pieces that are too long to be held in memory.
#[test]
fn long_shards_are_staged() {
    const SHARD: usize = (16 << 20) + 1;
    let case = signed_with(&sharded(SHARD), &[("f.bin", &bytes(2 * SHARD + 5))]);
    case.flip("f.bin", SHARD);
    let source = good(&case);
    let counting = Counting::new(&source);
    let report = repaired(&case, &counting);
    assert_eq!(counting.ranges(), [("f.bin".to_owned(), range(SHARD, 2 * SHARD))]);
    assert_eq!(report.files()[0].how, Mended::InPlace);
    assert!(leftovers(&case).is_empty());
}

#[test]
fn empty_files_need_no_source() {
    let case = signed_with(&ModelSigner::new(), &[("empty", b""), ("f.bin", b"f")]);
    fs::remove_file(case.file("empty")).unwrap();
    fs::remove_file(case.path("good/empty")).unwrap();
    let report = repair(&case, &good(&case)).unwrap();
    assert_eq!((report.files()[0].how, report.bytes_copied()), (Mended::Created, 0));
    case.verified();
}

#[test]
fn a_single_file_is_mended_from_a_single_file() {
    for dot in [false, true] {
        for signer in [chunked(HashAlgorithm::Sha256), ModelSigner::new().chunks(None)] {
            let case = Case::new(&[]);
            let (file, copy) = (case.path("weights.bin"), case.path("copy"));
            fs::write(&file, bytes(4 * CHUNK)).unwrap();
            fs::copy(&file, &copy).unwrap();
            signer.single_file_dot(dot).sign(&file, &case.bundle(), &case.key).unwrap();
            let mut damaged = bytes(4 * CHUNK);
            damaged[CHUNK] ^= 1;
            fs::write(&file, &damaged).unwrap();
            std::os::unix::fs::symlink("weights.bin", case.path("linked.bin")).unwrap();
            // The path to the model is the caller's own word.
            let path = if dot { case.path("linked.bin") } else { file.clone() };
            let source = LocalSource::open(&copy).unwrap();
            let report = case.verifier(Policy::strict()).repair(&path, &case.bundle(), &source).unwrap();
            assert_eq!(report.files().len(), 1);
            assert_eq!(fs::read(&file).unwrap(), bytes(4 * CHUNK));
            assert!(case.path("linked.bin").symlink_metadata().unwrap().is_symlink());
            assert!(leftovers(&case).is_empty());
        }
    }
}

/// In a model of one file, nothing else is made beside it.
#[test]
fn a_single_file_of_another_name_is_not_a_missing_file() {
    let case = Case::new(&[("a.bin", b"a")]);
    case.sign();
    fs::write(case.path("b.bin"), b"b").unwrap();
    let source = LocalSource::open(&case.file("a.bin")).unwrap();
    let before = case.listing();
    let error = refused(case.verifier(Policy::strict()).repair(&case.path("b.bin"), &case.bundle(), &source));
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(unrepaired(&error).files().is_empty());
    assert_eq!(case.listing(), before);
}

#[test]
fn a_single_file_mends_one_file_and_not_two() {
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("a", b"aa"), ("b", b"bb"), ("c", b"cc")]);
    case.flip("b", 0);
    case.flip("c", 0);
    let source = LocalSource::open(&case.path("good/b")).unwrap();
    let before = case.listing();
    let error = refused(repair(&case, &source));
    assert!(matches!(error, Error::Usage { .. }), "{error:?}");
    assert_eq!(case.listing(), before);
    case.flip("c", 0);
    repaired(&case, &source);
}

#[test]
fn what_was_not_signed_is_reported_and_kept() {
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("f.bin", &bytes(3 * CHUNK))]);
    case.flip("f.bin", 0);
    case.write("evil.py", b"import os");
    case.write(".modelsig-repair-0000.tmp", b"whose is this");
    std::os::unix::fs::symlink("f.bin", case.file("link")).unwrap();
    let error = not_repaired(&case, &good(&case));
    assert_eq!(error.kind(), ErrorKind::Unsigned);
    let report = unrepaired(&error);
    assert_eq!(report.ranges(), 1);
    assert!(report.failures().is_empty());
    let left: Vec<_> = report.report().problems().map(|problem| problem.path().unwrap()).collect();
    assert_eq!(left, [".modelsig-repair-0000.tmp", "evil.py", "link"]);
    for name in left {
        fs::remove_file(case.file(name)).unwrap();
    }
    case.verified();
}

/// A link is not written through; the file that it leads to is mended under its own name.
#[test]
fn links_hold_again_when_their_files_do() {
    let case = Case::new(&[("blobs/0123", &bytes(3 * CHUNK)[..])]);
    fs::create_dir(case.file("snapshot")).unwrap();
    std::os::unix::fs::symlink("../blobs/0123", case.file("snapshot/model.bin")).unwrap();
    case.sign_with(&chunked(HashAlgorithm::Sha256).allow_symlinks(true));
    run("cp", &[&"-R", &case.model(), &case.path("good")]);
    case.flip("blobs/0123", CHUNK);
    let policy = danger::allow_symlinks(Policy::strict(), true);
    let report = case.verifier(policy).repair(&case.model(), &case.bundle(), &good(&case)).unwrap();
    assert_eq!(report.files().iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["blobs/0123"]);
    assert!(case.file("snapshot/model.bin").symlink_metadata().unwrap().is_symlink());
}

/// The verdict beside a repair is that of `verify`: damaged ranges are named in each case.
#[test]
fn damaged_ranges_are_named_in_the_report() {
    const LENGTH: usize = 3 * CHUNK + 5;
    for (signer, located) in [
        (chunked(HashAlgorithm::Sha256), true),
        (sharded(CHUNK), true),
        (ModelSigner::new().chunks(None), false),
    ] {
        let case = signed_with(&signer, &[("f.bin", &bytes(LENGTH))]);
        let damaged = || {
            let error = refused(case.verify(Policy::strict()));
            let Error::Rejected(report) = &error else { panic!("{error:?}") };
            let json = serde_json::to_value(report).unwrap();
            let file = &report.files()[0];
            let pairs: Vec<_> = file.damaged().iter().map(|range| [range.start(), range.end()]).collect();
            assert_eq!(json["files"][0]["problem"]["damaged"], serde_json::json!(pairs), "{json}");
            file.damaged()
        };
        let length_is_signed = |expected: Vec<_>| if located { expected } else { Vec::new() };
        case.flip("f.bin", CHUNK);
        assert_eq!(damaged(), length_is_signed(vec![range(CHUNK, 2 * CHUNK)]));
        case.write("f.bin", &bytes(LENGTH)[..100]);
        assert_eq!(damaged(), length_is_signed(vec![range(100, LENGTH)]));
        case.write("f.bin", &bytes(LENGTH + 3));
        assert_eq!(damaged(), length_is_signed(vec![range(LENGTH, LENGTH + 3)]));
        fs::remove_file(case.file("f.bin")).unwrap();
        assert_eq!(damaged(), length_is_signed(vec![range(0, LENGTH)]));
    }
}

#[test]
fn without_a_good_signature_nothing_is_written() {
    let case = signed_with(&chunked(HashAlgorithm::Sha256), &[("f.bin", b"f")]);
    case.flip("f.bin", 0);
    let before = case.listing();
    let stranger = modelsig::PrivateKey::generate(modelsig::KeyType::Ed25519).unwrap();
    let stranger = modelsig::Signer::public_key(&stranger).clone();
    let verifier = modelsig::Verifier::new(stranger);
    let error = refused(verifier.repair(&case.model(), &case.bundle(), &good(&case)));
    assert_outcome(&error, ErrorKind::Untrusted, case.bundle().to_str().unwrap());
    assert_eq!(case.listing(), before);
}
