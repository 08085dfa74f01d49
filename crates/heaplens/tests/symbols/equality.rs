//! Real programs: addresses drawn from their whole text, against the `addr2line` crate and `llvm-symbolizer`.
//!
//! This test program itself is one. `HEAPLENS_BIG_BINARY` names another, of any size (see `variants.sh`):
//!
//! - `HEAPLENS_BIG_COUNT`: how many addresses, 20,000 by default;
//! - `HEAPLENS_BIG_SEED`: others than the usual ones;
//! - `HEAPLENS_BIG_BASE`: a file with the same code and debug information in a form that every judge reads; it is
//!   handed to the judges, and its own answers must be the same too.

use crate::binaries::nowhere;
use crate::chains::{Chain, code, ours};
use crate::crate_judge::by_loader;
use crate::differences::{Differences, Evidence, compare};
use crate::llvm_judge::llvm;
use crate::split_bases::SplitBases;
use crate::symbols_of::SymbolsOf;
use crate::trial;
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};

/// A judge of real programs.
type Judge = fn(&Path, &[u64]) -> Result<Vec<Chain>, String>;

const JUDGES: [(&str, Option<&str>, Judge); 2] =
    [("crate", None, by_loader), ("llvm", Some("llvm-symbolizer"), llvm)];

pub(crate) fn trials() -> Vec<Trial> {
    let binary = std::env::var_os("HEAPLENS_BIG_BINARY").map(PathBuf::from);
    let mut trials = Vec::new();
    for (name, tool, judge) in JUDGES {
        let tools = Vec::from_iter(tool);
        trials.push(trial(format!("own_program::{name}"), &tools, move || own_program(judge)));
        let title = format!("big_binary::{name}");
        trials.push(match binary.clone() {
            Some(path) => trial(title, &tools, move || big(&path, judge)),
            None => {
                Trial::test(title, || Err("HEAPLENS_BIG_BINARY is not set".into())).with_ignored_flag(true)
            }
        });
    }
    trials
}

/// Addresses of a file's code, every byte as likely as any other; sorted, each once.
fn draw(path: &Path, count: usize, seed: u64) -> Vec<u64> {
    let ranges = code(path);
    let total: u64 = ranges.iter().map(|r| r.end - r.start).sum();
    let mut state = seed;
    let mut addresses: Vec<u64> = (0..count)
        .map(|_| {
            let mut at = next(&mut state) % total;
            let range = ranges.iter().find(|range| {
                let size = range.end - range.start;
                let inside = at < size;
                at -= if inside { 0 } else { size };
                inside
            });
            range.expect("the number is below the total").start + at
        })
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// SplitMix64: the same numbers everywhere.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The file with the debug information of a stripped one, beside it.
fn debug_file(path: &Path) -> PathBuf {
    let beside = path.with_extension("debug");
    if beside.exists() { beside } else { path.to_owned() }
}

fn check(path: &Path, base: &Path, count: usize, seed: u64, judge: Judge) -> Result<Differences, Failed> {
    let addresses = draw(path, count, seed);
    let mut options = nowhere();
    // For what large programs have in compressed sections.
    options.max_memory = 8 << 30;
    let (found, problem) = ours(path, &addresses, &options)?;
    if let Some(problem) = problem {
        return Err(problem.into());
    }
    if base != path {
        let (of_base, _) = ours(base, &addresses, &options)?;
        let differ = found.iter().zip(&of_base).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 0, "{} and {} differ", path.display(), base.display());
    }
    let named = found.iter().filter(|chain| !chain.0.is_empty()).count();
    let inlined = found.iter().filter(|chain| chain.0.len() > 1).count();
    println!(
        "{} addresses of {}: {named} named, {inlined} with inlined functions",
        found.len(),
        path.display()
    );
    assert!(named * 10 > found.len() * 8 && inlined > 0, "too little is known to compare");
    let debug = debug_file(base);
    let theirs = judge(&debug, &addresses)?;
    let symbols = SymbolsOf::files(&[path, &debug]);
    let split = SplitBases::of(base);
    let evidence = Evidence { symbols: &|at| symbols.at(at), split_base: &|at| split.hold(at) };
    Ok(compare(&addresses, &found, &theirs, &evidence))
}

fn verdict(differences: &Differences) -> Result<(), Failed> {
    println!("{}", differences.report());
    if differences.open.is_empty() { Ok(()) } else { Err(differences.report().into()) }
}

/// This program, which is there without any tool.
fn own_program(judge: Judge) -> Result<(), Failed> {
    let path = std::env::current_exe()?;
    verdict(&check(&path, &path, 1000, 1, judge)?)
}

/// The program that the environment names.
fn big(path: &Path, judge: Judge) -> Result<(), Failed> {
    let number = |name: &str, default: u64| match std::env::var(name) {
        Ok(text) => text.parse().map_err(|e| format!("{name}={text}: {e}")),
        Err(_) => Ok(default),
    };
    let count = number("HEAPLENS_BIG_COUNT", 20_000)? as usize;
    let base = std::env::var_os("HEAPLENS_BIG_BASE").map_or(path.to_owned(), PathBuf::from);
    verdict(&check(path, &base, count, number("HEAPLENS_BIG_SEED", 1)?, judge)?)
}
