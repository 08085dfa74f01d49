//! The program `heaplens`: what was typed, to the library's calls, to a file or the terminal.
//!
//! Every command but `capture` and `demo` is the same line: read the inputs, sum them, subtract the base, put names
//! to addresses, filter ([`pipeline`]); then its own view and output ([`commands`]).

mod args;
mod cache_dir;
mod chosen;
mod clock;
mod commands;
mod culprit;
mod debuginfod;
mod exit;
mod http;
mod judging;
mod kept;
mod load;
mod notes;
mod output;
mod page;
mod paths;
mod pipeline;
mod progress;
mod reading;
mod running;
mod series;
mod source;
mod source_files;
mod symbol_server;
mod units;

use args::{Cli, Command};
use clap::Parser;
use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    exit::code(&run())
}

/// What was typed, with the arguments that addr2line would take from files; jeprof's are not clap's to look at.
fn arguments() -> anyhow::Result<Vec<OsString>> {
    let mut typed: Vec<OsString> = std::env::args_os().collect();
    match typed.get(1).and_then(|command| command.to_str()) {
        Some("symbolize") => {
            let rest = typed.split_off(2);
            typed.extend(commands::symbolize::response::expand(rest)?);
        }
        Some("jeprof") => typed.insert(2, "--".into()),
        _ => {}
    }
    Ok(typed)
}

fn run() -> anyhow::Result<()> {
    match Cli::parse_from(arguments()?).command {
        Command::Capture(args) => commands::capture::run(&args),
        Command::Flamegraph(args) => commands::flamegraph::run(&args),
        Command::Top(args) => commands::top::run(&args),
        Command::Diff(args) => commands::diff::run(&args),
        Command::Leaks(args) => commands::leaks::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::View(args) => commands::view::run(&args),
        Command::Folded(args) => commands::folded::run(&args),
        Command::Convert(args) => commands::convert::run(&args),
        Command::Jeprof(args) => commands::jeprof::run(&args),
        Command::Symbolize(args) => commands::symbolize::run(&args),
        Command::Symbols(args) => commands::symbols::run(&args),
        Command::Demo(args) => commands::demo::run(&args),
    }
}
