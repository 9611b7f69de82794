//! Other programs and other users.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Runs a program that must succeed; its standard output.
#[track_caller]
pub fn run(program: &str, arguments: &[&dyn AsRef<OsStr>]) -> Vec<u8> {
    let output = command(program, arguments);
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Whether `openssl` is there. A machine with only Rust and a C compiler may lack it; CI may not.
pub fn has_openssl() -> bool {
    let found = Command::new("openssl").arg("version").stdin(Stdio::null()).output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "CI needs openssl");
    if !found {
        println!("openssl is not installed: nothing was compared with it");
    }
    found
}

/// Runs `openssl`, which must succeed; its standard output.
#[track_caller]
pub fn openssl(arguments: &[&dyn AsRef<OsStr>]) -> Vec<u8> {
    run("openssl", arguments)
}

/// True when `openssl` ran and ended with an error.
#[track_caller]
pub fn openssl_refuses(arguments: &[&dyn AsRef<OsStr>]) -> bool {
    !command("openssl", arguments).status.success()
}

#[track_caller]
fn command(program: &str, arguments: &[&dyn AsRef<OsStr>]) -> std::process::Output {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be run: {error}"))
}

/// Makes a FIFO.
pub fn make_fifo(path: &Path) {
    run("mkfifo", &[&path]);
}

/// Raises a flag at the end of its life, by a panic too, so that a thread that watches the flag comes to its end.
pub struct RaiseAtEnd<'f>(pub &'f AtomicBool);

impl Drop for RaiseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does something that must come to an end.
#[track_caller]
pub fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = std::sync::mpsc::channel();
    let worker = std::thread::spawn(move || drop(done.send(work())));
    match wait.recv_timeout(limit) {
        Ok(result) => result,
        // The worker is gone without a word: it panicked.
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!("it would have sent its result"),
        },
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
    }
}

/// Does something as a user whom permission bits bind. They do not bind root: as root, the test named `test` runs
/// once more as a child process with another user id, in which `work` is done.
#[cfg(unix)]
#[track_caller]
pub fn as_ordinary_user(test: &str, work: impl FnOnce()) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let folder = tempfile::tempdir().expect("a temporary folder");
    if folder.path().metadata().expect("it was just made").uid() != 0 {
        return work();
    }
    // The build folder may be closed to others, so the program is copied to where they can run it.
    let program = folder.path().join("test");
    std::fs::copy(std::env::current_exe().expect("the path of this program"), &program)
        .expect("it can be copied");
    for (path, mode) in [(program.as_path(), 0o755), (folder.path(), 0o1777)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("they are ours");
    }
    let mut child = Command::new(&program);
    child
        .args(["--exact", test, "--nocapture"])
        .current_dir(folder.path())
        .env("TMPDIR", folder.path())
        .uid(NOBODY)
        .gid(NOBODY);
    // A process that another test forked meanwhile may hold the copy open for writing until it runs its own program.
    let busy = std::io::ErrorKind::ExecutableFileBusy;
    let output = (0..500)
        .find_map(|_| match child.output() {
            Err(error) if error.kind() == busy => {
                std::thread::sleep(std::time::Duration::from_millis(10));
                None
            }
            result => Some(result),
        })
        .expect("nobody holds it for long")
        .expect("the child can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "there is no test named {test}: {said}");
}
