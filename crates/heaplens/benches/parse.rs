//! Reading a dump of 100 MB, on one core. Every measured call is checked against the generator's sums.

#[path = "generated.rs"]
mod generated;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use heaplens::dump::{Dump, Threads};

fn parse(criterion: &mut Criterion) {
    let generated = generated::dump(100 << 20);
    let text = &generated.text[..];
    let mut group = criterion.benchmark_group("dump of 100 MB");
    group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
    group.bench_function("parse", |bencher| {
        bencher.iter(|| {
            let dump = Dump::parse(text).unwrap();
            assert_eq!(dump.stacks().len(), generated.stacks);
            let (mut frames, mut objects, mut bytes) = (0, 0, 0);
            for stack in dump.stacks() {
                frames += stack.addresses.len();
                objects += stack.total().objects;
                bytes += stack.total().bytes;
            }
            assert_eq!((frames, objects, bytes), (generated.frames, generated.objects, generated.bytes));
            dump
        });
    });
    group.bench_function("parse, check and build the profile", |bencher| {
        bencher.iter(|| {
            let profile = Dump::parse(text).unwrap().to_profile(Threads::Merged);
            assert_eq!(profile.samples().len(), generated.stacks);
            assert!(profile.total().inuse_space.as_f64() > generated.bytes as f64);
            profile
        });
    });
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
