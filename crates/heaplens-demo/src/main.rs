//! The program `heaplens-demo`.

use std::process::ExitCode;

use clap::Parser;

// The allocator alone, no configuration: profiling is switched on with `MALLOC_CONF=prof:true`.
#[cfg(feature = "mem-prof")]
heaplens_agent::jemalloc!();

fn main() -> ExitCode {
    match heaplens_demo::cli::run(heaplens_demo::cli::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("heaplens-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
