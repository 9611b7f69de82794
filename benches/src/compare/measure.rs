//! One run of one command: wall time, CPU time and memory.
//!
//! CPU time is what the children that have ended took, before and after (`getrusage`). Memory is sampled from
//! `/proc/PID/status`: the `ru_maxrss` of a child begins with that of the process that started it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use crate::Result;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) seconds: f64,
    /// User and system time of the process and of those that it waited for.
    pub(crate) cpu_seconds: f64,
    /// `None` when the process had ended before there were samples enough.
    pub(crate) memory: Option<Memory>,
}

/// Peaks, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// What the process allocated: files that it mapped are not in it.
    pub(crate) anonymous: u64,
    /// With the pages of mapped files.
    pub(crate) resident: u64,
}

const INTERVAL: Duration = Duration::from_millis(5);
/// Fewer would say only how a process begins.
const SAMPLES: usize = 3;

/// Runs a command that must succeed. What it says on stderr goes to the file `errors`, and into the error when it
/// fails.
pub(crate) fn run(mut command: Command, errors: &Path) -> Result<Sample> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(errors)?);
    let cpu_before = cpu_of_children()?;
    let began = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let pid = child.id();
    let ended = AtomicBool::new(false);
    let (status, seconds, memory) = thread::scope(|scope| {
        let sampler = scope.spawn(|| peak(pid, &ended));
        let status = child.wait();
        let seconds = began.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        sampler.thread().unpark();
        (status, seconds, sampler.join().ok().flatten())
    });
    let status = status?;
    if !status.success() {
        let errors = fs::read(errors)?;
        return Err(format!("{command:?}: {status}: {}", String::from_utf8_lossy(&errors).trim()).into());
    }
    Ok(Sample { seconds, cpu_seconds: cpu_of_children()? - cpu_before, memory })
}

fn cpu_of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// The most memory that the process was seen with until it has `ended`.
fn peak(pid: u32, ended: &AtomicBool) -> Option<Memory> {
    let path = format!("/proc/{pid}/status");
    let (mut most, mut samples) = (Memory::default(), 0);
    while !ended.load(Ordering::Relaxed) {
        if let Some(now) = fs::read_to_string(&path).ok().as_deref().and_then(parse_status) {
            most.anonymous = most.anonymous.max(now.anonymous);
            most.resident = most.resident.max(now.resident);
            samples += 1;
        }
        thread::park_timeout(INTERVAL);
    }
    (samples >= SAMPLES).then_some(most)
}

/// `None` for a process that has ended and is not waited for yet.
fn parse_status(status: &str) -> Option<Memory> {
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(Memory { anonymous: kib("RssAnon:")?, resident: kib("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_a_status() {
        let status =
            "Name:\tx\nVmHWM:\t    4724 kB\nVmRSS:\t    4724 kB\nRssAnon:\t    1020 kB\nThreads:\t1\n";
        assert_eq!(parse_status(status), Some(Memory { anonymous: 1020, resident: 4724 }));
        assert_eq!(parse_status("Name:\tx\nState:\tZ (zombie)\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_command_is_timed_and_its_failure_is_told() {
        let place = tempfile::tempdir().unwrap();
        let errors = place.path().join("errors");
        let mut sleep = Command::new("sleep");
        sleep.arg("0.1");
        let sample = run(sleep, &errors).unwrap();
        assert!(sample.seconds >= 0.1 && sample.cpu_seconds < 0.1, "{sample:?}");
        assert!(sample.memory.unwrap().resident > 0);

        let mut bad = Command::new("sh");
        bad.args(["-c", "echo because >&2; exit 3"]);
        let error = run(bad, &errors).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("because"), "{error}");
        assert!(run(Command::new("/no/such/program"), &errors).is_err());
    }
}
