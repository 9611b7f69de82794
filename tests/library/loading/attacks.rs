//! A second process works against the loader all the time: what is handed out is what was signed, or an error, and this
//! process lives on. In place (Stable and less) the documented limits hold, and no more.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use modelsig::{Error, Policy, Protection, SignedModel, danger};
use modelsig_tests::Case;

use super::{in_chunks, noise, signers};

const LENGTH: usize = 3 << 20;
/// The byte that is changed: not in the first page, and in a chunk of its own.
const AT: usize = 2_000_000;

fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/attacker.c");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attacker");
        let strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-o"];
        let status =
            Command::new("cc").args(strict).arg(&program).arg(source).status().expect("a C compiler");
        assert!(status.success());
        program
    })
}

/// Goes on until it is dropped.
struct Attacker {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Attacker {
    fn begin(how: &str, file: &Path, other: &str) -> Self {
        let mut child = Command::new(program())
            .args([how.as_ref(), file.as_os_str(), other.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was just compiled");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it says when it begins");
        assert_eq!(line, "begun\n");
        Self { input: child.stdin.take(), child, output }
    }

    /// It must have come to its end by itself.
    fn end(mut self) {
        drop(self.input.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("it says when it ends");
        assert!(self.child.wait().expect("it can be waited for").success());
        assert_eq!(rest, "ended\n");
    }
}

type Attack<'a> = (&'a str, &'a Path, &'a str);

/// The attacks on `w.bin`.
fn attacks<'a>(file: &'a Path, forged: &'a str) -> [Attack<'a>; 5] {
    [
        ("flip", file, "2000000"),
        ("truncate", file, ""),
        ("append", file, ""),
        ("replace", file, forged),
        ("link", file, forged),
    ]
}

fn case(signer: &modelsig::ModelSigner) -> (Case, PathBuf) {
    let case = Case::new(&[("w.bin", &noise(LENGTH))]);
    case.sign_with(signer);
    let forged = case.path("forged");
    let mut bytes = noise(LENGTH);
    bytes[AT] ^= 1;
    std::fs::write(&forged, bytes).unwrap();
    (case, forged)
}

/// Looks again and again, until both outcomes were seen or the time is up. Says how often each was.
fn look(
    open: &dyn Fn() -> Result<SignedModel, Error>,
    read: &dyn Fn(&SignedModel) -> Result<Vec<u8>, Error>,
) -> (u32, u32) {
    let signed = noise(LENGTH);
    let (mut good, mut refused) = (0, 0);
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1500) && (good < 5 || refused < 5) {
        match open().and_then(|model| read(&model)) {
            Ok(bytes) => {
                assert!(
                    signed.windows(1).len() >= bytes.len() && contains(&signed, &bytes),
                    "bytes that nobody signed"
                );
                good += 1;
            }
            Err(Error::Internal { what }) => panic!("{what}"),
            Err(_) => refused += 1,
        }
    }
    (good, refused)
}

fn contains(signed: &[u8], bytes: &[u8]) -> bool {
    bytes == signed || bytes == &signed[AT - 5..AT + 5] || bytes == &signed[..10]
}

type Reading = fn(&SignedModel) -> Result<Vec<u8>, Error>;

fn all_ways_of_reading() -> [(&'static str, Reading); 5] {
    let stream = |model: &SignedModel| {
        let mut bytes = Vec::new();
        match model.reader("w.bin")?.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(source) => Err(Error::Io { operation: "read", path: "w.bin".into(), source }),
        }
    };
    let descriptor = |model: &SignedModel| {
        let mut bytes = Vec::new();
        let fd = model.fd("w.bin")?;
        assert!(fd.protection() >= Protection::Clone);
        fd.into_file().read_to_end(&mut bytes).expect("what is sealed can be read");
        Ok(bytes)
    };
    [
        ("get", |model| Ok(model.get("w.bin")?.to_vec())),
        ("read", |model| model.read("w.bin")),
        ("range", |model| Ok(model.range("w.bin", AT as u64 - 5..AT as u64 + 5)?.to_vec())),
        ("reader", stream),
        ("fd", descriptor),
    ]
}

#[test]
fn signed_bytes_or_an_error_whatever_is_done_meanwhile() {
    for signer in &signers()[..2] {
        let (case, forged) = case(signer);
        let (file, forged) = (case.file("w.bin"), forged.to_str().unwrap().to_owned());
        for (how, file, other) in attacks(&file, &forged) {
            let attacker = Attacker::begin(how, file, other);
            let mut seen = (0, 0);
            for (way, read) in all_ways_of_reading() {
                let verifier = case.verifier(Policy::strict());
                let open = || verifier.open(&case.model(), &case.bundle());
                let (good, refused) = look(&open, &read);
                assert!(good + refused > 0, "{how} {way}");
                seen = (seen.0 + good, seen.1 + refused);
            }
            attacker.end();
            assert!(seen.1 > 0, "{how}: nothing was ever refused, so nothing was attacked: {seen:?}");
            // Nothing is left of the attack.
            let model = case.verifier(Policy::strict()).verify(&case.model(), &case.bundle()).unwrap();
            assert!(model.read("w.bin").unwrap() == noise(LENGTH), "{how}");
        }
    }
}

/// The bytes that were handed out stay what they were.
#[test]
fn what_was_handed_out_does_not_change() {
    for least in [Protection::Private, Protection::Sealed] {
        let (case, forged) = case(&in_chunks());
        let (file, forged) = (case.file("w.bin"), forged.to_str().unwrap().to_owned());
        for (how, file, other) in attacks(&file, &forged) {
            let verifier = case.verifier(Policy::strict().min_protection(least));
            let model = verifier.open(&case.model(), &case.bundle()).unwrap();
            let held = (model.get("w.bin").unwrap(), model.fd("w.bin").unwrap());
            assert!(held.0.protection() >= least && held.1.protection() >= Protection::Clone);
            let attacker = Attacker::begin(how, file, other);
            let signed = noise(LENGTH);
            let (bytes, mut fd) = (held.0, held.1.into_file());
            for _ in 0..20 {
                assert!(*bytes == signed, "{how}");
                let mut read = Vec::new();
                std::io::Seek::rewind(&mut fd).unwrap();
                fd.read_to_end(&mut read).unwrap();
                assert!(read == signed, "{how}");
            }
            attacker.end();
        }
    }
}

/// Times do not move when somebody writes through a map that is dirty already: a look at the file in place cannot tell.
#[test]
fn in_place_a_later_write_is_seen() {
    use std::os::unix::fs::MetadataExt;

    let (case, _) = case(&in_chunks());
    let policy = danger::unprotected(Policy::strict().max_copy_bytes(1 << 20));
    let verifier = case.verifier(policy);
    let model = verifier.open(&case.model(), &case.bundle()).unwrap();
    let file = case.file("w.bin");
    // It holds the file open and mapped from here on, but has not written yet when the file is checked, or has written
    // an even number of times: so try until the check succeeds.
    let attacker = Attacker::begin("flip", &file, "2000000");
    let before = file.metadata().unwrap();
    let began = Instant::now();
    let held = loop {
        match model.get("w.bin") {
            Ok(held) => break held,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(20), "never seen whole: {error}"),
        }
    };
    if held.protection() > Protection::Private {
        // The file system gives better for nothing.
        return attacker.end();
    }
    assert_eq!(held.protection(), Protection::Unprotected, "somebody has it open for writing");
    let signed = noise(LENGTH)[AT];
    // Through memory that the compiler believes to be constant: look at it anew each time.
    let look = || std::hint::black_box(&held)[AT];
    while look() == signed {
        assert!(began.elapsed() < Duration::from_secs(20), "the write was never seen");
    }
    attacker.end();
    let after = file.metadata().unwrap();
    assert_eq!((before.mtime(), before.mtime_nsec()), (after.mtime(), after.mtime_nsec()));
}
