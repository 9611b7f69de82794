//! Signing again without reading again: what is taken over from an older bundle, and what never is.

use std::fs::{self, File};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use modelsig::hash::{ChunkSize, Engine, HashAlgorithm, Progress};
use modelsig::{
    Check, ChunkIndexing, Error, ErrorKind, KeyType, Method, ModelPath, ModelSigner, Policy, PrivateKey,
    Reuse, SignReport, Signer, danger,
};
use modelsig_tests::{Case, assert_outcome, only_problem, refused};

const LARGE: usize = 3 << 20;
/// Longer than the steps of a file system's clock.
const TICK: Duration = Duration::from_millis(30);

/// A model that was signed a moment ago.
fn signed_by(signer: &ModelSigner) -> Case {
    let large: Vec<u8> = (0..LARGE).map(|at| (at % 251) as u8).collect();
    let case = Case::new(&[
        ("README.md", b"first words"),
        ("empty", b""),
        ("sub/weights-1.bin", &large),
        ("sub/weights-2.bin", &large[1..]),
    ]);
    sleep(TICK);
    case.sign_with(signer);
    sleep(TICK);
    case
}

fn signed() -> Case {
    signed_by(&ModelSigner::new())
}

fn reuse(case: &Case) -> Reuse {
    Reuse::new(&case.bundle(), case.key.public_key().clone())
}

/// Signs again, and counts what the engine hashed. What was taken over is right: the model verifies, both ways.
#[track_caller]
fn sign_again_with(case: &Case, signer: ModelSigner, reuse: Reuse) -> (Vec<String>, u64) {
    let report = sign_and_count(case, signer, reuse);
    case.verify(danger::allow_symlinks(Policy::strict().check(Check::Both), true)).unwrap();
    (report.reused.into_iter().map(|file| file.name).collect(), report.bytes_hashed)
}

#[track_caller]
fn sign_and_count(case: &Case, signer: ModelSigner, reuse: Reuse) -> SignReport {
    let progress = Progress::new();
    let engine = Engine::new(1).unwrap().with_progress(progress.clone());
    let report = case.sign_with(&danger::reuse_digests(signer.with_engine(engine), reuse));
    assert_eq!(progress.done(), report.bytes_hashed, "the report counts what the engine counted");
    let reused: u64 = report.reused.iter().map(|file| file.bytes).sum();
    assert_eq!(report.bytes, report.bytes_hashed + reused);
    report
}

#[track_caller]
fn sign_again(case: &Case) -> (Vec<String>, u64) {
    sign_again_with(case, ModelSigner::new(), reuse(case))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn set_modified(path: &Path, time: SystemTime) {
    File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

fn changed_time(path: &Path) -> SystemTime {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().unwrap();
    SystemTime::UNIX_EPOCH + Duration::new(metadata.ctime() as u64, metadata.ctime_nsec() as u32)
}

const ALL: [&str; 4] = ["README.md", "empty", "sub/weights-1.bin", "sub/weights-2.bin"];
const OTHERS: [&str; 3] = ["empty", "sub/weights-1.bin", "sub/weights-2.bin"];

#[test]
fn an_edit_of_one_small_file_reads_that_file_alone() {
    let case = signed();
    case.write("README.md", b"other words, and more");
    sleep(TICK);
    assert_eq!(sign_again(&case), (names(&OTHERS), 21));
    // Once more, from the bundle that was made without reading.
    sleep(TICK);
    assert_eq!(sign_again(&case), (names(&ALL), 0));
    // Without being asked, everything is read.
    assert_eq!(case.sign().bytes_hashed, case.sign().bytes);
    assert!(case.sign().reused.is_empty());
}

#[test]
fn the_bundle_may_lie_in_the_model() {
    let case = signed();
    let bundle = case.file("model.sig");
    ModelSigner::new().sign(&case.model(), &bundle, &case.key).unwrap();
    sleep(TICK);
    let signer =
        danger::reuse_digests(ModelSigner::new(), Reuse::new(&bundle, case.key.public_key().clone()));
    let report = signer.sign(&case.model(), &bundle, &case.key).unwrap();
    assert_eq!((report.reused.len(), report.bytes_hashed), (4, 0));
    case.verifier(Policy::strict()).verify(&case.model(), &bundle).unwrap();
}

#[test]
fn an_edit_that_keeps_length_and_modification_time_is_read() {
    let case = signed();
    let path = case.file("sub/weights-1.bin");
    let modified = path.metadata().unwrap().modified().unwrap();
    case.flip("sub/weights-1.bin", LARGE / 2);
    set_modified(&path, modified);
    let (reused, hashed) = sign_again(&case);
    assert_eq!((reused, hashed), (names(&["README.md", "empty", "sub/weights-2.bin"]), LARGE as u64));
}

#[test]
fn a_file_of_another_length_is_read_whatever_its_times_say() {
    let case = signed();
    case.write("README.md", b"first words longer");
    // The bundle seems to be newer than the edit.
    set_modified(&case.bundle(), SystemTime::now());
    assert_eq!(sign_again(&case), (names(&OTHERS), 18));
}

#[test]
fn files_and_folders_named_as_changed_are_read() {
    let case = signed();
    let path = |path: &str| ModelPath::parse(path).unwrap();
    let read_again = |changed: &[&str]| {
        let reuse = changed.iter().fold(reuse(&case), |reuse, name| reuse.changed(path(name)));
        sleep(TICK);
        sign_again_with(&case, ModelSigner::new(), reuse)
    };
    assert_eq!(read_again(&["README.md"]), (names(&OTHERS), 11));
    assert_eq!(read_again(&["sub"]), (names(&["README.md", "empty"]), 2 * LARGE as u64 - 1));
    assert_eq!(read_again(&["sub/weights-2.bin", "empty"]).1, LARGE as u64 - 1);
    for nothing in ["readme.md", "sub/weights", "su", "sub/weights-1.bin/x"] {
        let signer = danger::reuse_digests(ModelSigner::new(), reuse(&case).changed(path(nothing)));
        assert_outcome(&case.sign_refused(&signer), ErrorKind::Usage, nothing);
    }
    // What has been removed was there.
    fs::remove_file(case.file("README.md")).unwrap();
    assert_eq!(read_again(&["README.md"]), (names(&OTHERS), 0));
}

#[test]
fn new_files_are_read_and_removed_ones_are_gone() {
    let case = signed();
    fs::remove_file(case.file("sub/weights-2.bin")).unwrap();
    case.write("sub/weights-3.bin", b"new");
    assert_eq!(sign_again(&case), (names(&["README.md", "empty", "sub/weights-1.bin"]), 3));
}

#[test]
fn only_strictly_older_files_are_taken_over() {
    let case = signed();
    let changed = changed_time(&case.file("sub/weights-2.bin"));
    let modified = case.file("sub/weights-2.bin").metadata().unwrap().modified().unwrap();
    assert!(modified <= changed);
    set_modified(&case.bundle(), changed);
    assert!(!sign_again(&case).0.contains(&"sub/weights-2.bin".to_owned()));
    set_modified(&case.bundle(), changed + Duration::from_nanos(1));
    assert!(sign_again(&case).0.contains(&"sub/weights-2.bin".to_owned()));

    // The modification time counts for itself.
    let later = SystemTime::now() + Duration::from_secs(3600);
    set_modified(&case.file("sub/weights-2.bin"), later);
    sleep(TICK);
    case.sign();
    assert!(!sign_again(&case).0.contains(&"sub/weights-2.bin".to_owned()));
}

#[test]
fn a_bundle_from_the_future_tells_nothing() {
    let case = signed();
    set_modified(&case.bundle(), SystemTime::now() + Duration::from_secs(60));
    let error = case.sign_refused(&danger::reuse_digests(ModelSigner::new(), reuse(&case)));
    assert!(matches!(error, Error::BundleTime { .. }), "{error}");
    assert_outcome(&error, ErrorKind::Policy, case.bundle().to_str().unwrap());
}

#[test]
fn other_settings_take_nothing_over() {
    let chunks = |size, algorithm| Some(ChunkIndexing { size: ChunkSize::new(size).ok(), algorithm });
    let plain = ModelSigner::new;
    let blake3 = HashAlgorithm::Blake3;
    let sha256 = HashAlgorithm::Sha256;
    let shards = |shard_size| plain().method(Method::Shards { shard_size }).allow_unsigned_empty(true);
    let allow_empty = |case: &Case| {
        fs::remove_file(case.file("empty")).unwrap();
    };
    for (old, new) in [
        (plain(), plain().hash(blake3)),
        (plain(), plain().chunks(chunks(0, blake3))),
        (plain(), plain().chunks(chunks(64 << 10, sha256))),
        (plain(), plain().chunks(None)),
        (plain().chunks(None), plain()),
        (plain().chunks(None), plain().chunks(None)),
        (plain(), shards(1_000_000)),
        (shards(1_000_000), plain()),
        (shards(1_000_000), shards(1_000_001)),
        (shards(1_000_000), shards(1_000_000).hash(blake3)),
    ] {
        let case = signed_by(&old);
        allow_empty(&case);
        let (reused, hashed) = sign_again_with(&case, new, reuse(&case));
        assert_eq!((reused, hashed), (Vec::new(), 2 * LARGE as u64 - 1 + 11));
    }
    for same in [shards(1_000_000), plain().hash(blake3), plain().chunks(chunks(64 << 10, blake3))] {
        let case = signed_by(&same);
        allow_empty(&case);
        let reused = names(&["README.md", "sub/weights-1.bin", "sub/weights-2.bin"]);
        assert_eq!(sign_again_with(&case, same, reuse(&case)), (reused, 0));
    }
}

#[test]
fn the_chunk_size_of_the_old_bundle_is_kept_unless_another_is_wanted() {
    let case = signed_by(&ModelSigner::new().chunks(Some(ChunkIndexing {
        size: ChunkSize::new(64 << 10).ok(),
        algorithm: HashAlgorithm::Sha256,
    })));
    assert_eq!(sign_again(&case), (names(&ALL), 0));
    let statement = case.read_statement();
    for resource in statement["predicate"]["resources"].as_array().unwrap() {
        assert_eq!(resource["annotations"]["modelsig.chunks.v1"]["chunk_size"], 64 << 10);
    }
}

#[test]
fn an_old_bundle_that_nobody_trusted_signed_is_refused() {
    let case = signed();
    let refuse = |reuse: Reuse| case.sign_refused(&danger::reuse_digests(ModelSigner::new(), reuse));
    let stranger = PrivateKey::generate(KeyType::Ed25519).unwrap();
    let error = refuse(Reuse::new(&case.bundle(), stranger.public_key().clone()));
    assert_eq!(error.kind(), ErrorKind::Untrusted, "{error}");
    let error = refuse(Reuse::new(&case.bundle(), Vec::new()));
    assert!(matches!(error, Error::NoTrust), "{error}");
    let error = refuse(Reuse::new(&case.path("nothing.sig"), case.key.public_key().clone()));
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let error = refuse(Reuse::new(&case.file("README.md"), case.key.public_key().clone()));
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");

    // One byte of the signed payload, still well-formed.
    let statement = String::from_utf8(modelsig_tests::payload_of(&case.read_bundle())).unwrap();
    let mut bundle = case.read_bundle();
    let forged = statement.replacen("README.md", "READMF.md", 1);
    bundle["dsseEnvelope"]["payload"] = modelsig_tests::base64(forged.as_bytes()).into();
    case.write_bundle(bundle.to_string());
    let error = refuse(reuse(&case));
    assert_eq!(error.kind(), ErrorKind::BadSignature, "{error}");
}

#[test]
fn links_are_read() {
    let case = signed();
    std::os::unix::fs::symlink("sub/weights-1.bin", case.file("link")).unwrap();
    let signer = || ModelSigner::new().allow_symlinks(true);
    case.sign_with(&signer());
    sleep(TICK);
    let (reused, hashed) = sign_again_with(&case, signer(), reuse(&case));
    assert_eq!((reused, hashed), (names(&ALL), LARGE as u64));
}

#[test]
fn a_single_file_is_taken_over_under_its_name_and_as_a_dot() {
    let case = signed();
    let model = case.file("sub/weights-1.bin");
    for (old, new) in [(false, false), (true, true), (false, true), (true, false)] {
        ModelSigner::new().single_file_dot(old).sign(&model, &case.bundle(), &case.key).unwrap();
        sleep(TICK);
        let signer = danger::reuse_digests(ModelSigner::new().single_file_dot(new), reuse(&case));
        let report = signer.sign(&model, &case.bundle(), &case.key).unwrap();
        assert_eq!((report.reused.len(), report.bytes_hashed), (1, 0));
        case.verifier(Policy::strict()).verify(&model, &case.bundle()).unwrap();
    }
}

/// A signer that edits a file: the model was hashed by then, the bundle is not written yet.
struct Editor<'c>(&'c Case);

impl Signer for Editor<'_> {
    fn public_key(&self) -> &modelsig::PublicKey {
        self.0.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.flip("sub/weights-1.bin", 0);
        sleep(TICK);
        self.0.key.sign(message)
    }
}

#[test]
fn an_edit_during_the_first_signing_is_not_taken_for_older() {
    let case = signed();
    ModelSigner::new().sign(&case.model(), &case.bundle(), &Editor(&case)).unwrap();
    assert_eq!(only_problem(&refused(case.verify(Policy::strict()))).kind(), ErrorKind::Mismatch);
    sleep(TICK);
    let (reused, hashed) = sign_again(&case);
    assert_eq!((reused, hashed), (names(&["README.md", "empty", "sub/weights-2.bin"]), LARGE as u64));
}

#[test]
fn a_file_that_is_touched_while_others_are_hashed_is_a_change() {
    let case = signed();
    // Takes a while to hash, and comes after the others.
    File::create(case.file("z")).unwrap().set_len(256 << 20).unwrap();
    let progress = Progress::new();
    let engine = Engine::new(1).unwrap().with_progress(progress.clone());
    let signer = danger::reuse_digests(ModelSigner::new().with_engine(engine), reuse(&case));
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            while progress.done() == 0 {
                std::thread::yield_now();
            }
            case.flip("sub/weights-1.bin", 0);
        });
        signer.sign(&case.model(), &case.bundle(), &case.key)
    });
    assert_outcome(&refused(result), ErrorKind::Changed, "sub/weights-1.bin");
}

/// What is written about the danger: a file changed without a trace is signed as it was, and does not verify.
#[test]
fn what_was_taken_on_trust_may_be_wrong_and_then_does_not_verify() {
    let case = signed();
    case.flip("sub/weights-1.bin", 0);
    sleep(TICK);
    set_modified(&case.bundle(), SystemTime::now());
    let report = sign_and_count(&case, ModelSigner::new(), reuse(&case));
    assert_eq!((report.reused.len(), report.bytes_hashed), (4, 0));
    let error = refused(case.verify(Policy::strict()));
    assert_outcome(only_problem(&error), ErrorKind::Mismatch, "sub/weights-1.bin");
    case.flip("sub/weights-1.bin", 0);
    case.verified();
}
