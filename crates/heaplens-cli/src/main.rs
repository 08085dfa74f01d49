//! The program `heaplens`: what was typed, to the library's calls, to a file or the terminal.
//!
//! Every command but `capture` and `demo` is the same line: read the inputs, sum them, subtract the base, put names
//! to addresses, filter ([`pipeline`]); then its own view and output ([`commands`]).

mod args;
mod cache_dir;
mod clock;
mod commands;
mod culprit;
mod debuginfod;
mod exit;
mod http;
mod kept;
mod notes;
mod output;
mod paths;
mod pipeline;
mod progress;
mod running;
mod source;
mod units;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    exit::code(&run(Cli::parse()))
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Capture(args) => commands::capture::run(&args),
        Command::Flamegraph(args) => commands::flamegraph::run(&args),
        Command::Top(args) => commands::top::run(&args),
        Command::Diff(args) => commands::diff::run(&args),
        Command::Folded(args) => commands::folded::run(&args),
        Command::Symbolize(args) => commands::symbolize::run(&args),
        Command::Symbols(args) => commands::symbols::run(&args),
        Command::Demo(args) => commands::demo::run(&args),
    }
}
