//! Writing and reading pprof, not compressed, on one core. Every measured call is checked against the generator's sums.

#[path = "../benches/generated.rs"]
mod generated;

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

fn cpu() -> u64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}
fn main() {
    let generated = generated::dump(200 << 20);
    let t = cpu();
    let dump = Dump::parse(&generated.text).unwrap();
    let t = cpu();
    let profile = dump.to_profile(Threads::Separate);
    println!("to_profile {} ms", (cpu() - t) / 1_000_000);
    let profile = symbolize_with(&profile, &Names);
    drop((dump, generated));
    let mut message = Vec::new();
    write(&profile, &mut message);
    let mut limits = Limits::default();
    limits.threads = Threads::Separate;
    println!(
        "{} MB {} samples {} nodes {} frames",
        message.len() / 1000000,
        profile.samples().len(),
        profile.stack_count(),
        profile.frame_count()
    );
    let which = std::env::args().nth(1).unwrap_or_default();
    for _ in 0..5 {
        let t = cpu();
        if which != "read" {
            write(&profile, &mut message);
        }
        let w = cpu() - t;
        let t = cpu();
        if which != "write" {
            let back = parse_pprof(&message, &limits).unwrap();
            let r = cpu() - t;
            println!(
                "write {:.0} MB/s, read {:.0} MB/s",
                message.len() as f64 * 1000.0 / w as f64,
                message.len() as f64 * 1000.0 / r as f64
            );
            let t = cpu();
            drop(back);
            println!("drop {}", (cpu() - t) / 1000000);
        } else {
            println!("write {:.0} MB/s", message.len() as f64 * 1000.0 / w as f64);
        }
    }
}
