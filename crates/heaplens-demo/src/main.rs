//! The program `heaplens-demo`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match heaplens_demo::cli::run(heaplens_demo::cli::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("heaplens-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
