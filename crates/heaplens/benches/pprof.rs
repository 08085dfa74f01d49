//! Writing and reading pprof, not compressed, on one core. Every measured call is checked against the generator's sums.

#[path = "generated.rs"]
mod generated;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use heaplens::dump::{Dump, Threads};
use heaplens::input::{Limits, parse_pprof};
use heaplens::out::pprof::{self, Packing};
use heaplens::profile::{Module, Profile, SymbolState};
use heaplens::symbols::{Place, Resolution, Resolve, symbolize_with};

/// Names, files and lines for all code, every other function with one inlined into it.
struct Names;

impl Resolve for Names {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        let mut result = Resolution::unknown(SymbolState::Unverified { used: module.path.clone() });
        let mut place = |kind: &str, lookup: u64| {
            let name = format!("server::storage::{kind}::Partition<K, V>::operation_{}", lookup / 256);
            let system_name = format!("_ZN6server7storage{kind}9Partition{}E", lookup / 256);
            let file = format!("/build/server/src/storage/{kind}/{}.rs", lookup / 4096);
            let function = result.function(&name, &system_name, Some(&file));
            Place { function, line: (lookup % 4096) as u32, column: (lookup % 80) as u32 }
        };
        result.places = lookups
            .iter()
            .map(|&lookup| match lookup / 64 % 2 {
                0 => vec![place("outer", lookup)],
                _ => vec![place("inner", lookup), place("outer", lookup)],
            })
            .collect();
        result
    }
}

fn write(profile: &Profile, bytes: &mut Vec<u8>) {
    bytes.clear();
    pprof::write(profile, Packing::Plain, bytes).unwrap();
}

fn both_ways(criterion: &mut Criterion) {
    let generated = generated::dump(200 << 20);
    let dump = Dump::parse(&generated.text).unwrap();
    let total = dump.total();
    assert_eq!((total.objects, total.bytes), (generated.objects, generated.bytes));
    assert_eq!(dump.stacks().len(), generated.stacks);
    assert_eq!(dump.stacks().map(|stack| stack.addresses.len()).sum::<usize>(), generated.frames);
    let profile = symbolize_with(&dump.to_profile(Threads::Separate), &Names);
    let (samples, stacks) = (profile.samples().len(), profile.stack_count());
    let threads = profile.threads().len();
    drop((dump, generated));
    let mut message = Vec::new();
    write(&profile, &mut message);
    let mut limits = Limits::default();
    limits.threads = Threads::Separate;

    let title = format!("pprof of {} MB, {samples} samples", message.len() / 1_000_000);
    let mut group = criterion.benchmark_group(title);
    group.throughput(Throughput::Bytes(message.len() as u64)).sample_size(10);
    group.bench_function("write", |bencher| {
        let mut bytes = Vec::with_capacity(message.len());
        bencher.iter(|| {
            write(&profile, &mut bytes);
            assert_eq!(bytes.len(), message.len());
        });
        assert!(bytes == message);
    });
    group.bench_function("read", |bencher| {
        bencher.iter(|| {
            let back = parse_pprof(&message, &limits).unwrap();
            assert_eq!((back.samples().len(), back.threads().len()), (samples, threads));
            assert_eq!(back.stack_count(), stacks);
            let (ours, theirs) = (back.total().inuse_space, profile.total().inuse_space);
            // Each sample was rounded.
            assert!((ours - theirs).abs().as_f64() <= samples as f64);
            back
        });
    });
    group.finish();
}

criterion_group!(benches, both_ways);
criterion_main!(benches);
