//! The rounds of a case: every row once in each, beginning with another row each time.

use modelsig_hash::sha256::Kernels;

use crate::Result;
use crate::cache::Dropped;
use crate::case::Case;
use crate::csv::{Csv, Record};
use crate::machine::Machine;
use crate::measure::{self, Sample};
use crate::median::median;
use crate::model::Model;
use crate::roofline::{self, Limit, Pass};
use crate::row::Row;
use crate::scratch::Scratch;

pub(crate) struct Rounds<'r> {
    pub(crate) case: Case,
    pub(crate) model: &'r Model,
    pub(crate) machine: &'r Machine,
    pub(crate) rows: &'r [Row],
    pub(crate) runs: u32,
}

/// What the rounds of a case came to.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// The runs that count, for each row.
    pub(crate) samples: Vec<Vec<Sample>>,
    passes: Vec<Pass>,
    /// For the cold case.
    pub(crate) dropped: Option<Dropped>,
}

impl Results {
    /// Bytes in a second.
    pub(crate) fn limit(&self, limit: Limit) -> Option<f64> {
        let rates = self.passes.iter().filter(|pass| pass.limit == limit);
        let rates: Vec<f64> = rates.map(|pass| pass.bytes as f64 / pass.seconds).collect();
        (!rates.is_empty()).then(|| median(rates))
    }
}

impl Rounds<'_> {
    /// Round 0 is discarded: it brings the files and the programs into the page cache.
    pub(crate) fn run(&self, scratch: &Scratch, keep_caches: bool, csv: &mut Csv) -> Result<Results> {
        let mut results = Results::default();
        results.samples.resize(self.rows.len(), Vec::new());
        let errors = scratch.path().join("stderr");
        for round in 0..=self.runs {
            eprintln!("{}: round {round} of {}", self.case.id(), self.runs);
            for index in rotated(self.rows.len(), round) {
                let row = &self.rows[index];
                if self.case == Case::Cold {
                    let dropped = results.dropped.get_or_insert_default();
                    dropped.drop_again(&self.model.files, self.model.bytes, keep_caches)?;
                }
                let sample = measure::run(row.command(), &errors)?;
                if round > 0 {
                    csv.write(&self.record(row, round, &sample))?;
                    results.samples[index].push(sample);
                }
            }
            if round > 0 {
                for pass in roofline::measure(self.machine.threads, self.file_to_read())? {
                    csv.write(&self.roofline_record(round, &pass))?;
                    results.passes.push(pass);
                }
            }
        }
        Ok(results)
    }

    /// Whose reading says how fast the page cache is: not a tiny file, and none that is not in it.
    fn file_to_read(&self) -> Option<&std::path::Path> {
        match self.case {
            Case::Many | Case::Cold => None,
            _ => self.model.files.first().map(|file| file.as_path()),
        }
    }

    fn record(&self, row: &Row, run: u32, sample: &Sample) -> Record {
        let memory = sample.memory.filter(|_| row.is_direct());
        Record {
            row: row.name.clone(),
            seconds: sample.seconds,
            cpu_seconds: Some(sample.cpu_seconds),
            bytes: self.model.bytes,
            rss_anon_kib: memory.map(|memory| memory.anonymous),
            max_rss_kib: memory.map(|memory| memory.resident),
            program: row.program.version.clone(),
            commit: row.program.commit.clone(),
            // What was built here computes as this process would.
            sha256_kernel: match row.program.commit.is_empty() {
                true => String::new(),
                false => Kernels::detect().to_string(),
            },
            threads: row.threads,
            ..self.empty_record(run)
        }
    }

    fn roofline_record(&self, run: u32, pass: &Pass) -> Record {
        Record {
            row: pass.limit.name().to_owned(),
            seconds: pass.seconds,
            bytes: pass.bytes,
            threads: if pass.limit == Limit::MemoryAll { self.machine.threads } else { 1 },
            ..self.empty_record(run)
        }
    }

    fn empty_record(&self, run: u32) -> Record {
        Record {
            date: self.machine.date.clone(),
            cpu: self.machine.cpu.clone(),
            kernel: self.machine.kernel.clone(),
            case: self.case.id().to_owned(),
            run,
            cache: self.case.cache().to_owned(),
            ..Record::default()
        }
    }
}

/// The numbers below `count`, beginning with that of the round.
fn rotated(count: usize, round: u32) -> impl Iterator<Item = usize> {
    (0..count).map(move |place| (place + round as usize) % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_has_every_row_once_and_begins_with_another() {
        assert_eq!(rotated(3, 0).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(rotated(3, 2).collect::<Vec<_>>(), [2, 0, 1]);
        assert_eq!(rotated(3, 7).collect::<Vec<_>>(), [1, 2, 0]);
        assert_eq!(rotated(0, 1).count(), 0);
    }
}
