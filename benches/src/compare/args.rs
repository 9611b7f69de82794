//! The command line of the comparison.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::thread;

use clap::Parser;

use crate::case::Case;

/// Run modelsig beside its peers on the same files and print the medians
#[derive(Parser)]
#[command(name = "compare", max_term_width = 100)]
pub(crate) struct Options {
    /// Bytes of the models `one` and `eight`: a number, or one with KiB, MiB or GiB
    #[arg(long, default_value = "4GiB")]
    pub(crate) size: Size,
    /// Bytes of the model `cold` [default: twice --size]
    #[arg(long, value_name = "SIZE")]
    pub(crate) cold_size: Option<Size>,
    /// Files of the model `many`
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    pub(crate) files: u32,
    /// What to compare on
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Case::ALL)]
    pub(crate) cases: Vec<Case>,
    /// Runs of each row that count
    #[arg(long, default_value_t = crate::RUNS, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// Threads of modelsig and of the peers that can be told; 0 means one for each CPU
    #[arg(long, default_value_t = 0, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=1024))]
    threads: u16,
    /// The modelsig to run [default: a release build of this workspace]
    #[arg(long, value_name = "PATH")]
    pub(crate) modelsig: Option<PathBuf>,
    /// A peer to leave out, such as one that would take an hour (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub(crate) without: Vec<String>,
    /// Another modelsig, whose rows are named "before"
    #[arg(long, value_name = "PATH")]
    pub(crate) before: Option<PathBuf>,
    /// A Python that can import model_signing
    #[arg(long, value_name = "PATH", default_value = "python3")]
    pub(crate) python: PathBuf,
    /// Where to make the models, on a disk [default: the target folder]
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
    /// Before a cold run, drop only the model from the page cache, although all could be dropped
    #[arg(long)]
    pub(crate) keep_caches: bool,
    /// The CSV to write; one of that name is not touched, a number is added [default: benches/results/DATE-CPU.csv]
    #[arg(long, value_name = "PATH")]
    pub(crate) csv: Option<PathBuf>,
    /// Run nothing, but draw this CSV
    #[arg(long, value_name = "CSV")]
    pub(crate) chart: Option<PathBuf>,
    /// The SVG to write [default: benches/results/chart.svg]
    #[arg(long, value_name = "SVG", requires = "chart")]
    pub(crate) out: Option<PathBuf>,
}

impl Options {
    pub(crate) fn threads(&self) -> usize {
        match self.threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads.into(),
        }
    }

    pub(crate) fn cold_size(&self) -> u64 {
        self.cold_size.map_or(self.size.0 * 2, |size| size.0)
    }
}

/// Bytes, written with or without a binary unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl FromStr for Size {
    type Err = NotASize;

    fn from_str(text: &str) -> Result<Self, NotASize> {
        let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
        let unit = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)));
        let (digits, shift) = unit.unwrap_or((text, &0));
        // Up to an exbibyte, so that twice the size is a number too.
        let bytes = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(1 << shift));
        bytes.filter(|bytes| (1..=1 << 60).contains(bytes)).map(Self).ok_or(NotASize)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotASize;

impl fmt::Display for NotASize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a size such as 4GiB, 64MiB, 512KiB or 1000")
    }
}

impl std::error::Error for NotASize {}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Options::command().debug_assert();
        let options = Options::parse_from(["compare", "--size", "3MiB"]);
        assert_eq!((options.cold_size(), options.cases.len()), (6 << 20, 6));
    }

    #[test]
    fn sizes() {
        for (text, bytes) in
            [("1", 1), ("1000", 1000), ("3KiB", 3 << 10), ("64MiB", 64 << 20), ("4GiB", 4 << 30)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for bad in [
            "",
            "0",
            "0GiB",
            "GiB",
            "-1",
            "4 GiB",
            "4GB",
            "4gib",
            "1.5GiB",
            "99999999999999999999",
            "9999999999GiB",
        ] {
            assert_eq!(bad.parse::<Size>(), Err(NotASize), "{bad}");
        }
    }
}
