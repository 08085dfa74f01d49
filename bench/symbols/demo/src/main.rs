//! heaplens-demo with jemalloc_pprof in the same program.

use clap::Parser;
use std::process::ExitCode;

heaplens_agent::jemalloc!();

fn main() -> ExitCode {
    std::thread::spawn(inside::answer);
    match heaplens_demo::cli::run(heaplens_demo::cli::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
