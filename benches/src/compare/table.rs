//! What a case came to, as a table.

use crate::case::Case;
use crate::measure::Sample;
use crate::median::{median, spread};
use crate::peer::Peer;
use crate::roofline::Limit;
use crate::rounds::Results;
use crate::row::{Row, Work};

pub(crate) const LEGEND: &str = "\
GB/s: 10^9 bytes of the model in a second of the median run.  CPU s: user and system time.
x: how many times faster than the peer that the case names.  x/thread: that, for each of the threads the two were given.
streams: of what so many lone streams of SHA-256 would do.  memory: of what so many threads read from memory.
anon MiB: the most anonymous memory seen, - where a process is started by another or ends too soon.";

type Cells = [String; COLUMNS.len()];

const NONE: &str = "-";
const COLUMNS: [&str; 10] =
    ["row", "seconds", "GB/s", "CPU s", "x", "x/thread", "streams", "memory", "anon MiB", "min - max s"];

/// A case that has been run.
pub(crate) struct Table<'r> {
    pub(crate) case: Case,
    /// Of the model.
    pub(crate) bytes: u64,
    /// That the rows with more than one thread were given.
    pub(crate) threads: usize,
    pub(crate) rows: &'r [Row],
    pub(crate) results: &'r Results,
}

impl Table<'_> {
    pub(crate) fn print(&self) {
        println!("{}", self.rooflines());
        if let Some(dropped) = &self.results.dropped {
            println!("Cold: {}", dropped.describe());
        }
        println!("x: {}", self.references());
        let cells: Vec<_> = (0..self.rows.len()).map(|index| self.cells(index)).collect();
        print!("{}", aligned(&cells));
    }

    fn rooflines(&self) -> String {
        let rate = |limit| match self.results.limit(limit) {
            Some(rate) => format!("{} GB/s", significant(rate / 1e9)),
            None => "not measured".into(),
        };
        format!(
            "Rooflines: memory {} by 1 thread, {} by {}; SHA-256 {} (sha2 crate, one stream); pread {} (1 thread)",
            rate(Limit::MemoryOne),
            rate(Limit::MemoryAll),
            self.threads,
            rate(Limit::Sha256),
            rate(Limit::Read),
        )
    }

    /// Which rows are measured against which.
    fn references(&self) -> String {
        let mut groups: Vec<(&[Peer], Vec<&str>)> = Vec::new();
        for (work, name) in [(Work::Sha256, "SHA-256"), (Work::Blake3, "BLAKE3"), (Work::Blake2b, "BLAKE2b")]
        {
            if !self.rows.iter().any(|row| row.work == work) {
                continue;
            }
            let peers = self.case.references(work);
            match groups.iter_mut().find(|(others, _)| *others == peers) {
                Some((_, names)) => names.push(name),
                None => groups.push((peers, vec![name])),
            }
        }
        let texts = groups.iter().map(|(peers, works)| {
            let peers = peers.iter().map(|peer| match self.row_of(*peer) {
                Some(index) => self.rows[index].name.clone(),
                None => format!("{} (not installed)", peer.name()),
            });
            format!("{} against {}", works.join(", "), peers.collect::<Vec<_>>().join(" / "))
        });
        texts.collect::<Vec<_>>().join("; ")
    }

    fn row_of(&self, peer: Peer) -> Option<usize> {
        self.rows.iter().position(|row| row.peer == Some(peer))
    }

    fn cells(&self, index: usize) -> Cells {
        let (row, samples) = (&self.rows[index], &self.results.samples[index]);
        let seconds = self.seconds(index);
        let rate = self.bytes as f64 / seconds;
        let percent = |limit: Option<f64>| match limit {
            Some(limit) => format!("{:.0} %", 100.0 * rate / limit),
            None => NONE.into(),
        };
        let streams = self.results.limit(Limit::Sha256).filter(|_| row.work == Work::Sha256);
        let memory = if row.threads == self.threads { Limit::MemoryAll } else { Limit::MemoryOne };
        let (least, greatest) = spread(samples.iter().map(|sample| sample.seconds));
        [
            row.name.clone(),
            significant(seconds),
            significant(rate / 1e9),
            significant(median(samples.iter().map(|sample| sample.cpu_seconds))),
            self.ratios(index, |_| 1.0),
            self.ratios(index, |reference| reference.threads as f64 / row.threads as f64),
            percent(streams.map(|rate| rate * row.threads as f64)),
            percent(self.results.limit(memory)),
            anonymous(row, samples).map_or_else(|| NONE.into(), |kib| format!("{:.1}", kib as f64 / 1024.0)),
            format!("{} - {}", significant(least), significant(greatest)),
        ]
    }

    /// How many times faster a row is than each of its references, times what `weight` makes of that one.
    fn ratios(&self, index: usize, weight: impl Fn(&Row) -> f64) -> String {
        let ratio = |peer: &Peer| match self.row_of(*peer) {
            Some(reference) => {
                let ratio = self.seconds(reference) / self.seconds(index);
                significant(ratio * weight(&self.rows[reference]))
            }
            None => NONE.into(),
        };
        let texts: Vec<String> = self.case.references(self.rows[index].work).iter().map(ratio).collect();
        texts.join(" / ")
    }

    fn seconds(&self, index: usize) -> f64 {
        median(self.results.samples[index].iter().map(|sample| sample.seconds))
    }
}

fn anonymous(row: &Row, samples: &[Sample]) -> Option<u64> {
    let peaks = samples.iter().filter_map(|sample| sample.memory).map(|memory| memory.anonymous);
    peaks.max().filter(|_| row.is_direct())
}

/// Three significant digits, as far as five places go.
pub(crate) fn significant(number: f64) -> String {
    let places = match number {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        0.01.. => 4,
        _ => 5,
    };
    format!("{number:.places$}")
}

/// Lines with the names at the left and the numbers at the right.
fn aligned(rows: &[Cells]) -> String {
    let head = COLUMNS.map(str::to_owned);
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
        rows.iter().chain([&head]).map(|row| row[column].len()).max().unwrap_or_default()
    });
    let line = |row: &Cells| {
        let numbers = (1..COLUMNS.len()).map(|column| format!("{:>1$}", row[column], widths[column]));
        let first = format!("{:<1$}", row[0], widths[0]);
        format!("{first}  {}\n", numbers.collect::<Vec<_>>().join("  "))
    };
    [&head].into_iter().chain(rows).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (number, text) in [
            (1234.5, "1234"),
            (99.94, "99.9"),
            (1.0, "1.00"),
            (0.5, "0.500"),
            (0.0123, "0.0123"),
            (0.0, "0.00000"),
        ] {
            assert_eq!(significant(number), text);
        }
    }

    #[test]
    fn columns_are_aligned() {
        let row =
            |name: &str, number: &str| std::array::from_fn(|i| if i == 0 { name } else { number }.into());
        let text = aligned(&[row("a", "1"), row("longer", "22222222222222")]);
        let lengths: Vec<usize> = text.lines().map(str::len).collect();
        assert!(lengths.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
        assert!(text.lines().all(|line| line.ends_with(['s', '1', '2'])), "{text}");
    }
}
