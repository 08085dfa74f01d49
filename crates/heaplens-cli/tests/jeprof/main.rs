//! The real jeprof beside `heaplens jeprof`: programs in C, C++ and Rust, and for each the same options given to both.
//! What jeprof prints, changed by the differences that docs/jeprof.md lists (`differences`), is what heaplens prints.
//!
//! A test whose tools are absent is reported as ignored, or fails if `HEAPLENS_REQUIRE_PEERS=1` is set.

mod combinations;
mod compare;
mod differences;
mod judge;
mod only_ours;
mod options;
#[path = "../programs/mod.rs"]
mod programs;
mod shapes;
#[path = "../peers/tools.rs"]
mod tools;

use libtest_mimic::{Arguments, Trial};
use shapes::{Lab, Language};
use std::process::ExitCode;
use std::sync::Arc;

/// From the same package as the library that the other tests load.
const STATIC_JEMALLOC: &str = "/usr/lib/x86_64-linux-gnu/libjemalloc.a";
const TOOLS: [&str; 7] = ["jeprof", "addr2line", "nm", "objdump", "gcc", "g++", STATIC_JEMALLOC];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = std::env::var_os("HEAPLENS_REQUIRE_PEERS").is_some_and(|v| v == "1");
    let absent = TOOLS.iter().any(|tool| !tools::is_there(tool));
    let lab = Arc::new(Lab::default());
    let mut trials = Vec::new();
    let combinations = Language::ALL.map(|language| combinations::of(language).collect::<Vec<_>>());
    // The languages in turn, so that their programs are built side by side.
    for index in 0..combinations.iter().map(Vec::len).max().unwrap_or(0) {
        for (language, combinations) in Language::ALL.into_iter().zip(&combinations) {
            let Some(&combination) = combinations.get(index) else { continue };
            let lab = Arc::clone(&lab);
            let name = format!("{}: jeprof {combination}", language.name());
            trials.push(Trial::test(name, move || compare::run(&lab, language, combination)));
        }
    }
    for (name, test) in only_ours::TESTS {
        let lab = Arc::clone(&lab);
        trials.push(Trial::test(*name, move || test(&lab)));
    }
    let trials = trials.into_iter().map(|trial| trial.with_ignored_flag(absent && !required)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
