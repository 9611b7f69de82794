//! What a measurement is worth nothing without: the CPU, the kernel, the day, the commit. No host or user names.

use std::env::consts::ARCH;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use crate::Result;

/// The root of this repository.
pub(crate) const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// The day (UTC), as in `2026-01-31`.
    pub(crate) date: String,
    pub(crate) cpu: String,
    /// The release of the kernel.
    pub(crate) kernel: String,
    pub(crate) threads: usize,
}

impl Machine {
    pub(crate) fn look(threads: usize) -> Result<Self> {
        let date = jiff::Timestamp::now().to_string()[..10].to_owned();
        let cpu = cpu_model(&fs::read_to_string("/proc/cpuinfo")?);
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned();
        Ok(Self { date, cpu, kernel, threads })
    }

    /// The CPU as a part of a file name.
    pub(crate) fn cpu_slug(&self) -> String {
        slug(&self.cpu)
    }
}

fn cpu_model(cpuinfo: &str) -> String {
    let value = |name: &str| {
        let line = cpuinfo.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    // ARM has numbers instead of a name.
    let arm = || Some(format!("{ARCH} {} {}", value("CPU implementer")?, value("CPU part")?));
    value("model name").or_else(arm).unwrap_or_else(|| ARCH.to_owned())
}

fn slug(cpu: &str) -> String {
    let lower = cpu.to_lowercase().replace("(r)", "").replace("(tm)", "");
    let name = lower.split(" @ ").next().unwrap_or_default();
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty() && !["cpu", "processor"].contains(word))
        .collect::<Vec<_>>()
        .join("-")
}

/// The commit that the workspace is at, with `-dirty` if it was changed since; empty where git cannot tell.
pub(crate) fn commit() -> String {
    let output = Command::new("git")
        .args(["-C", WORKSPACE, "describe", "--always", "--dirty", "--exclude", "*"])
        .output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => String::new(),
    }
}

/// The target folder that this program was built in.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or("this program lies outside a target folder")?;
    Ok(target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_of_cpus() {
        for (cpu, expected) in [
            ("AMD EPYC", "amd-epyc"),
            ("AMD EPYC 7763 64-Core Processor", "amd-epyc-7763-64-core"),
            ("Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", "intel-xeon-platinum-8375c"),
            ("aarch64 0x41 0xd0c", "aarch64-0x41-0xd0c"),
        ] {
            assert_eq!(slug(cpu), expected);
        }
    }

    #[test]
    fn names_of_cpus() {
        assert_eq!(cpu_model("processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: a\n"), "AMD EPYC");
        assert_eq!(cpu_model("CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"), format!("{ARCH} 0x41 0xd0c"));
        assert_eq!(cpu_model(""), ARCH);
    }
}
