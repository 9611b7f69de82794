//! The C ABI from C: the programs in `c/` are compiled against the committed header, linked with the static and with
//! the shared library, and run on models that were signed here. Linux, with a C compiler, `nm` and no network.

#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use modelsig::{KeyType, ModelSigner, PrivateKey, Signer};
use serde_json::Value;
use tempfile::TempDir;

/// What a program that links the static library needs besides, as the README of the crate says.
const NATIVE_LIBRARIES: [&str; 7] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];
const STRICT_C: [&str; 7] =
    ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wshadow"];
const LINKAGES: [Linkage; 2] = [Linkage::Static, Linkage::Shared];

#[test]
fn a_changed_byte_is_rejected() {
    for key_type in [KeyType::Ed25519, KeyType::P256] {
        for linkage in LINKAGES {
            let model = SignedModel::new(key_type);
            let verify = programs().verify(linkage, &model);
            assert_eq!(verify(), Verdict::Verified, "{key_type} {linkage:?}");

            let weights = model.path("model/weights.bin");
            flip_a_bit(&weights, SignedModel::WEIGHTS / 2);
            verify().assert_refused(100, "'weights.bin'");

            flip_a_bit(&weights, SignedModel::WEIGHTS / 2);
            assert_eq!(verify(), Verdict::Verified, "{key_type} {linkage:?}, changed back");
        }
    }
}

#[test]
fn unsigned_and_missing_files_are_rejected() {
    for linkage in LINKAGES {
        let model = SignedModel::new(KeyType::Ed25519);
        let verify = programs().verify(linkage, &model);
        fs::write(model.path("model/extra.py"), "import os").unwrap();
        verify().assert_refused(102, "'extra.py'");

        fs::remove_file(model.path("model/extra.py")).unwrap();
        fs::remove_file(model.path("model/config.json")).unwrap();
        verify().assert_refused(101, "'config.json'");
    }
}

#[test]
fn of_several_problems_the_gravest_is_told() {
    let model = SignedModel::new(KeyType::Ed25519);
    fs::write(model.path("model/a-new-file"), "").unwrap();
    flip_a_bit(&model.path("model/weights.bin"), 0);
    let verify = programs().verify(Linkage::Static, &model);
    verify().assert_refused(100, "2 problems, the gravest: 'weights.bin'");
}

#[test]
fn another_key_is_not_trusted() {
    for linkage in LINKAGES {
        let model = SignedModel::new(KeyType::P256);
        fs::rename(model.path("other.pub"), model.path("key.pub")).unwrap();
        programs().verify(linkage, &model)().assert_refused(111, "model.sig");
    }
}

#[test]
fn a_path_may_be_any_bytes() {
    let model = SignedModel::new(KeyType::Ed25519);
    let odd = model.folder.path().join(OsStr::from_bytes(b"m\xffdel"));
    fs::rename(model.path("model"), &odd).unwrap();
    let arguments = [odd, model.path("model.sig"), model.path("key.pub")];
    let output = programs().run(Linkage::Shared, "verify", arguments);
    assert_eq!(Verdict::of(&output), Verdict::Verified);
}

#[test]
fn the_suite_passes() {
    for linkage in LINKAGES {
        let model = SignedModel::new(KeyType::Ed25519);
        let arguments = ["model", "model.sig", "key.pub", "other.pub"].map(|name| model.path(name));
        let output = programs().run(linkage, "suite", arguments);
        print!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{linkage:?}");
        assert!(text(&output.stdout).ends_with(" passed, 0 failed\n"), "{linkage:?}");
        // None of its parts was left out in silence.
        let passed = text(&output.stdout).lines().last().unwrap().split(' ').next().unwrap();
        assert!(passed.parse::<u32>().unwrap() > 1000, "{passed}");
    }
}

/// The programs that the README shows, on a model with a tensor.
#[test]
fn the_examples_run() {
    let model = SignedModel::new(KeyType::P256);
    let [folder, bundle, key, other] =
        ["model", "model.sig", "key.pub", "other.pub"].map(|name| model.path(name));
    for linkage in LINKAGES {
        let run = |program, key| programs().run(linkage, program, [&folder, &bundle, key]);
        let verified = run("example", &key);
        assert_eq!((verified.status.code(), text(&verified.stdout)), (Some(0), "verified\n"), "{linkage:?}");
        let refused = run("example", &other);
        assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(1), ""), "{linkage:?}");
        assert!(text(&refused.stderr).contains("another key"), "{linkage:?}");

        let tiny = OsString::from("tiny.safetensors");
        let header = |key: &Path| {
            programs().run(
                linkage,
                "header",
                [folder.as_os_str(), bundle.as_os_str(), key.as_os_str(), &tiny],
            )
        };
        let read = header(&key);
        assert!(text(&read.stdout).contains("56 bytes of header: {\"t\""), "{read:?}");
        let refused = header(&other);
        assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(1), ""), "{refused:?}");

        if !programs().has_cpp {
            println!("no C++ compiler: the loader was not compiled");
            continue;
        }
        let loaded = run("loader", &key);
        let header =
            text(SignedModel::TENSORS).trim_start_matches(|c: char| c != '{').split_once('}').unwrap().0;
        assert!(text(&loaded.stdout).starts_with(&format!("tiny.safetensors: {header}")), "{loaded:?}");
        assert!(loaded.status.success() && loaded.stderr.is_empty(), "{loaded:?}");
        let refused = run("loader", &other);
        assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(1), ""), "{linkage:?}");
        assert!(text(&refused.stderr).contains("another key"), "{refused:?}");
        flip_a_bit(&model.path("model/tiny.safetensors"), 20);
        let refused = run("loader", &key);
        assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(1), ""), "{linkage:?}");
        assert!(text(&refused.stderr).contains("'tiny.safetensors'"), "{refused:?}");
        flip_a_bit(&model.path("model/tiny.safetensors"), 20);
    }
}

#[test]
fn a_program_may_unload_the_library() {
    let library = &programs().shared_library;
    let unload = programs().folder.join("unload");
    let mut command = strict_c();
    command.arg(sources().join("unload.c")).arg("-o").arg(&unload).args(["-lpthread", "-ldl"]);
    succeeded(&command.output().unwrap(), "unload.c");

    let model = SignedModel::small(KeyType::Ed25519);
    let paths = ["model", "model.sig", "key.pub"].map(|name| model.path(name));
    let output = Command::new(unload).arg(library).args(paths).output().unwrap();
    assert_eq!(Verdict::of(&output), Verdict::Verified);
}

#[test]
fn the_header_is_plain_c_and_cpp() {
    let folder = TempDir::new().unwrap();
    for (compiler, standards, source) in [
        (c_compiler(), ["-std=c99", "-std=c11"], "header.c"),
        (cpp_compiler(), ["-std=c++11", "-std=c++17"], "header.cc"),
    ] {
        let source = folder.path().join(source);
        // Twice: the include guard.
        fs::write(&source, "#include \"modelsig.h\"\n#include \"modelsig.h\"\n").unwrap();
        for standard in standards {
            let mut command = Command::new(&compiler);
            command.args([standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"]);
            match command.arg("-I").arg(include()).arg(&source).output() {
                Ok(output) => succeeded(&output, standard),
                Err(error) if error.kind() == io::ErrorKind::NotFound && standard.contains("++") => {
                    println!("no C++ compiler: {standard} skipped");
                }
                Err(error) => panic!("{}: {error}", compiler.display()),
            }
        }
    }
}

#[test]
fn the_examples_of_the_readme_compile() {
    let readme = fs::read_to_string(ffi_crate().join("README.md")).unwrap();
    let folder = TempDir::new().unwrap();
    let examples = readme.split("\n```c\n").skip(1).map(|rest| rest.split_once("```\n").unwrap().0);
    let mut count = 0;
    for example in examples {
        let source = folder.path().join("example.c");
        fs::write(&source, example).unwrap();
        let output = strict_c().arg("-fsyntax-only").arg(&source).output().unwrap();
        succeeded(&output, "an example of the README");
        count += 1;
    }
    assert!(count >= 2);
    for library in NATIVE_LIBRARIES {
        assert!(readme.contains(library), "the README does not name {library}");
    }
}

#[test]
fn the_shared_library_exports_what_the_header_declares() {
    let library = &programs().shared_library;
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(library).output().unwrap();
    succeeded(&output, "nm");
    let exported: BTreeSet<String> = text(&output.stdout)
        .lines()
        .filter_map(|line| line.split_whitespace().next_back())
        .filter(|name| name.starts_with("modelsig_"))
        .map(str::to_owned)
        .collect();
    assert_eq!(exported, declared_functions());
}

/// How a program is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Linkage {
    Static,
    Shared,
}

/// The C programs, compiled once for all tests.
struct Programs {
    folder: PathBuf,
    shared_library: PathBuf,
    has_cpp: bool,
}

fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let (archive, shared_library) = build_libraries();
        // Not a temporary folder: nothing would delete that of a static.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_abi");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let place = |name: &str| {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            path
        };
        // As an installation would lay them out. The linker finds libmodelsig.so, a program at run time its SONAME
        // only.
        symlink(archive, place("static/libmodelsig.a")).unwrap();
        symlink(&shared_library, place("shared/libmodelsig.so")).unwrap();
        symlink(&shared_library, place(&format!("run/libmodelsig.so.{}", abi_version()))).unwrap();
        let examples = ffi_crate().join("examples");
        let mut has_cpp = true;
        for (program, source) in [
            ("verify", sources().join("verify.c")),
            ("suite", sources().join("suite.c")),
            ("example", examples.join("c/verify.c")),
            ("header", examples.join("c/header.c")),
            ("loader", examples.join("cpp/loader.cpp")),
        ] {
            for (linkage, libraries) in LINKAGES.into_iter().zip(["static", "shared"]) {
                let mut command = if source.extension() == Some(OsStr::new("c")) {
                    strict_c()
                } else {
                    has_cpp = Command::new(cpp_compiler()).arg("--version").output().is_ok();
                    if !has_cpp {
                        continue;
                    }
                    strict_cpp()
                };
                command.arg(&source);
                command.arg("-o").arg(folder.join(format!("{program}-{linkage:?}")));
                command.arg("-L").arg(folder.join(libraries)).arg("-lmodelsig");
                if linkage == Linkage::Static {
                    command.args(NATIVE_LIBRARIES);
                }
                succeeded(&command.output().unwrap(), program);
            }
        }
        Programs { folder, shared_library, has_cpp }
    })
}

impl Programs {
    fn run<A: AsRef<OsStr>>(
        &self,
        linkage: Linkage,
        program: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Output {
        let mut command = Command::new(self.folder.join(format!("{program}-{linkage:?}")));
        if linkage == Linkage::Shared {
            command.env("LD_LIBRARY_PATH", self.folder.join("run"));
        }
        command.args(arguments).output().unwrap()
    }

    /// `verify` on a model, its bundle and its key.
    fn verify<'m>(&'m self, linkage: Linkage, model: &'m SignedModel) -> impl Fn() -> Verdict + 'm {
        let arguments = ["model", "model.sig", "key.pub"].map(|name| model.path(name));
        move || Verdict::of(&self.run(linkage, "verify", &arguments))
    }
}

/// What `verify` said.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Verified,
    Refused { status: i32, message: String },
}

impl Verdict {
    fn of(output: &Output) -> Self {
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        match output.status.code() {
            Some(0) if stdout == "verified\n" && stderr.is_empty() => Self::Verified,
            Some(1) if stdout.is_empty() => {
                let (status, message) = stderr.split_once(": ").unwrap();
                Self::Refused { status: status.parse().unwrap(), message: message.to_owned() }
            }
            other => panic!("{other:?} {stdout:?} {stderr:?}"),
        }
    }

    #[track_caller]
    fn assert_refused(self, expected: i32, words: &str) {
        match self {
            Self::Refused { status, message } if status == expected && message.contains(words) => {}
            other => panic!("expected status {expected} with {words:?}, found {other:?}"),
        }
    }
}

/// A folder with `model/`, signed by `key.pub` in `model.sig`, and the public key `other.pub`.
struct SignedModel {
    folder: TempDir,
}

impl SignedModel {
    /// Bytes of its largest file: several chunks and a piece of one.
    const WEIGHTS: u64 = (5 << 20) + 4321;

    /// A safetensors file with one tensor of four bytes.
    const TENSORS: &[u8] =
        b"\x38\0\0\0\0\0\0\0{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}   \x01\x02\x03\x04";

    fn new(key_type: KeyType) -> Self {
        Self::of_size(key_type, Self::WEIGHTS)
    }

    fn small(key_type: KeyType) -> Self {
        Self::of_size(key_type, 1000)
    }

    fn of_size(key_type: KeyType, weights: u64) -> Self {
        let model = Self { folder: TempDir::new().unwrap() };
        let weights: Vec<u8> = (0..weights).map(|index| ((index * index) >> 7) as u8).collect();
        fs::create_dir(model.path("model")).unwrap();
        fs::write(model.path("model/config.json"), "{}").unwrap();
        fs::write(model.path("model/weights.bin"), weights).unwrap();
        fs::write(model.path("model/tiny.safetensors"), Self::TENSORS).unwrap();

        let key = PrivateKey::generate(key_type).unwrap();
        let other = PrivateKey::generate(key_type).unwrap();
        fs::write(model.path("key.pub"), key.public_key().to_pem()).unwrap();
        fs::write(model.path("other.pub"), other.public_key().to_pem()).unwrap();
        ModelSigner::new().sign(&model.path("model"), &model.path("model.sig"), &key).unwrap();
        model
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn flip_a_bit(path: &Path, offset: u64) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 1], offset).unwrap();
}

/// Builds the crate as a user would, into the target folder of these tests: the archive and the shared library.
fn build_libraries() -> (PathBuf, PathBuf) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()))
        .args(["build", "--offline", "--locked", "--package", "modelsig-ffi"])
        .args(["--message-format", "json-render-diagnostics", "--target-dir"])
        .arg(target)
        .current_dir(ffi_crate())
        .output()
        .unwrap();
    succeeded(&output, "cargo build");
    let files: Vec<PathBuf> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|message| message["target"]["name"] == "modelsig_ffi")
        .filter_map(|message| message["filenames"].as_array().cloned())
        .flatten()
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .collect();
    let with = |extension| {
        let mut found = files.iter().filter(|file| file.extension() == Some(OsStr::new(extension)));
        found.next().unwrap_or_else(|| panic!("no .{extension} in {files:?}")).clone()
    };
    (with("a"), with("so"))
}

/// The functions of the header: every `modelsig_` name outside of comments that an opening parenthesis follows.
fn declared_functions() -> BTreeSet<String> {
    let header = header();
    let code = header.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, code)| code));
    let functions: BTreeSet<String> = code
        .flat_map(|code| code.split('(').rev().skip(1).collect::<Vec<_>>())
        .filter_map(|before| before.rsplit(|character: char| !is_in_names(character)).next())
        .filter(|name| name.starts_with("modelsig_"))
        .map(str::to_owned)
        .collect();
    assert!(functions.contains("modelsig_verify"), "{functions:?}");
    functions
}

fn is_in_names(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn abi_version() -> u32 {
    let header = header();
    let (_, number) = header.split_once("\n#define MODELSIG_ABI_VERSION ").unwrap();
    number.lines().next().unwrap().parse().unwrap()
}

fn header() -> String {
    fs::read_to_string(include().join("modelsig.h")).unwrap()
}

fn ffi_crate() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/modelsig-ffi")
}

fn include() -> PathBuf {
    ffi_crate().join("include")
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c")
}

fn strict_c() -> Command {
    let mut command = Command::new(c_compiler());
    command.args(STRICT_C).arg("-g").arg("-I").arg(include());
    command
}

fn strict_cpp() -> Command {
    let mut command = Command::new(cpp_compiler());
    command.args(["-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-I"]).arg(include());
    command
}

fn c_compiler() -> OsString {
    std::env::var_os("CC").unwrap_or_else(|| "cc".into())
}

fn cpp_compiler() -> OsString {
    std::env::var_os("CXX").unwrap_or_else(|| "g++".into())
}

#[track_caller]
fn succeeded(output: &Output, what: &str) {
    assert!(output.status.success(), "{what}: {}{}", text(&output.stdout), text(&output.stderr));
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
