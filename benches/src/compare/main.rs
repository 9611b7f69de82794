//! `modelsig` beside its peers: whole processes on the same files, in alternation, on one machine.
//!
//! ```sh
//! cargo run --release -p modelsig-benches --bin compare -- --size 4GiB
//! ```
//!
//! Each case makes a model, signs it, and runs every row once in each round, so that a noisy moment hits all rows
//! alike. The first round is discarded. Printed are medians; the CSV under `benches/results` has every run. A row that
//! fails ends the comparison; a peer that is not installed is said to be so. Linux only.

#![forbid(unsafe_code)]

mod args;
mod cache;
mod case;
mod chart;
mod csv;
mod machine;
mod measure;
mod median;
mod model;
mod modelsig;
mod peer;
mod program;
mod roofline;
mod rounds;
mod row;
mod scratch;
mod signed;
mod table;

use std::fs;
use std::process::ExitCode;

use clap::Parser;

use args::Options;
use case::Case;
use csv::Csv;
use machine::Machine;
use model::Model;
use modelsig::Modelsig;
use peer::Peer;
use program::Program;
use rounds::Rounds;
use row::Row;
use scratch::Scratch;
use signed::Signed;
use table::Table;

/// An error is told to whoever started the comparison, and never handled.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Fewer runs have a median that says little.
const RUNS: u32 = 5;

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match &options.chart {
        Some(csv) => chart::draw(csv, options.out.as_deref(), &options.cases),
        None => compare(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare(options: &Options) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Err("processes are measured by what Linux tells in /proc".into());
    }
    let scratch = Scratch::make(options.dir.as_deref())?;
    let modelsigs = Modelsig::find_all(options)?;
    if let Some(name) = options.without.iter().find(|name| !Peer::ALL.iter().any(|peer| peer.name() == *name))
    {
        return Err(format!("there is no peer called {name}").into());
    }
    let peers: Vec<(Peer, Option<Program>)> = Peer::ALL
        .into_iter()
        .filter(|peer| !options.without.iter().any(|name| name == peer.name()))
        .map(|peer| (peer, peer.find(&options.python)))
        .collect();
    let machine = Machine::look(options.threads())?;
    let mut csv = Csv::create(options.csv.as_deref(), &machine)?;
    print_heading(options, &machine, &modelsigs, &peers);
    for case in &options.cases {
        run_case(*case, options, &scratch, &modelsigs, &peers, &machine, &mut csv)?;
    }
    println!("\n{}\nEvery run: {}", table::LEGEND, csv.path().display());
    Ok(())
}

fn run_case(
    case: Case,
    options: &Options,
    scratch: &Scratch,
    modelsigs: &[Modelsig],
    peers: &[(Peer, Option<Program>)],
    machine: &Machine,
    csv: &mut Csv,
) -> Result<()> {
    eprintln!("{}: making the model", case.id());
    let place = scratch.path().join(case.id());
    let model = Model::make(&place, case, options)?;
    let signed = Signed::make(&place, &model, modelsigs[0].program(), machine.threads)?;
    // What is written back while the rows run would disturb them, and only clean pages can be dropped.
    rustix::fs::sync();
    let mut rows: Vec<Row> = Vec::new();
    for modelsig in modelsigs {
        rows.extend(modelsig.rows(case, &model, &signed, machine.threads));
    }
    for (peer, program) in peers.iter().filter(|(peer, _)| peer.takes_part(case)) {
        rows.extend(program.as_ref().map(|program| peer.row(program, &model, &signed, machine.threads)));
    }
    let rounds = Rounds { case, model: &model, machine, rows: &rows, runs: options.runs };
    let results = rounds.run(scratch, options.keep_caches, csv)?;
    println!("\n{} ({}), bytes: {}", case.title(), case.id(), model.bytes);
    println!("Files: {} ({}: {})", model.files.len(), modelsigs[0].name(), signed.access);
    Table { case, bytes: model.bytes, threads: machine.threads, rows: &rows, results: &results }.print();
    fs::remove_dir_all(&place)?;
    Ok(())
}

fn print_heading(
    options: &Options,
    machine: &Machine,
    modelsigs: &[Modelsig],
    peers: &[(Peer, Option<Program>)],
) {
    println!("{}, Linux {}, {} threads, {}", machine.cpu, machine.kernel, machine.threads, machine.date);
    println!("  SHA-256 by {}", modelsig_hash::sha256::Kernels::detect());
    for modelsig in modelsigs {
        let Program { version, commit, .. } = modelsig.program();
        println!("  {}: {}", modelsig.name(), format!("{version} {commit}").trim_end());
    }
    for (peer, program) in peers {
        let version = program.as_ref().map_or("not installed", |program| &program.version);
        println!("  {}: {version}", peer.name());
    }
    options.without.iter().for_each(|name| println!("  {name}: left out"));
    println!("Medians of {} runs, after one that is discarded.", options.runs);
    if options.runs < RUNS {
        println!("NOT A MEASUREMENT: fewer than {RUNS} runs.");
    }
    if cfg!(debug_assertions) {
        println!("NOT A MEASUREMENT: the rooflines were compiled without optimisation; use --release.");
    }
}
