//! How fast the engine turns bytes into digests: each hash on one and on all threads, files read and mapped.
//!
//! `cargo bench -p modelsig-benches`

#![forbid(unsafe_code)]

use std::fs;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use modelsig_hash::{Access, Engine, HashAlgorithm, Plan, Source, Task};

const LENGTH: usize = 64 << 20;
const CHUNK: u64 = 1 << 20;

fn engine(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights");
    fs::write(&path, vec![0xa5; LENGTH]).expect("64 MiB of room");
    let mut group = criterion.benchmark_group("64 MiB in chunks of 1 MiB");
    group.throughput(Throughput::Bytes(LENGTH as u64)).sample_size(10);
    for algorithm in HashAlgorithm::ALL {
        for threads in [1, 0] {
            let engine = Engine::new(threads).expect("threads");
            for access in [Access::Read, Access::Map] {
                let threads = if threads == 0 { "all threads" } else { "1 thread" };
                let id = BenchmarkId::new(algorithm.id(), format!("{access:?}, {threads}"));
                group.bench_function(id, |bencher| {
                    bencher.iter(|| {
                        let mut plan = Plan::new();
                        let source = Source::from_path(&path).expect("the file").with_access(access);
                        plan.push(Task::pieces(source, CHUNK, algorithm).expect("in range"));
                        black_box(engine.run(&plan))
                    });
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
