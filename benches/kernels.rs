//! How fast each SHA-256 kernel compresses, and how fast so many streams are with the kernels that are chosen for them.
//!
//! `cargo bench -p modelsig-benches --bench kernels`

#![forbid(unsafe_code)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use modelsig_hash::sha256::{Feed, Kernel, Kernels, Stream};

/// Bytes of each stream: all of them together stay in an L2 cache.
const LENGTH: usize = 16 << 10;

fn absorb(kernels: &Kernels, streams: &mut [Stream], bytes: &[u8]) {
    let mut feeds: Vec<Feed<'_>> = streams
        .iter_mut()
        .zip(bytes.chunks(LENGTH))
        .map(|(stream, bytes)| Feed::new(stream, bytes, false))
        .collect();
    kernels.absorb(&mut feeds, false);
}

fn kernels(criterion: &mut Criterion) {
    let bytes = vec![0xa5; 16 * LENGTH];
    let mut run = |group: &str, name: &str, kernels: &Kernels, count: usize| {
        let mut group = criterion.benchmark_group(group);
        group.throughput(Throughput::Bytes((count * LENGTH) as u64));
        let mut streams = vec![Stream::new(); count];
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| absorb(black_box(kernels), &mut streams, &bytes));
        });
        group.finish();
    };
    for kernel in Kernel::ALL {
        if let Some(alone) = Kernels::only(kernel) {
            run("kernel, all lanes", kernel.name(), &alone, kernel.lanes());
        }
    }
    for count in [1, 2, 3, 4, 8, 16] {
        let chosen = Kernels::detect();
        run("streams, chosen kernel", &format!("{count} ({})", chosen.best(count)), chosen, count);
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
