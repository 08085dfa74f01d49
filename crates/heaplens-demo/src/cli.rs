//! The command line.

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

use crate::load::LoadOptions;
use crate::server;
use crate::soak::{self, SoakOptions};
use crate::store::engine::EngineOptions;
use crate::store::retention::DeadLabels;

/// A small time-series service with a leak to find.
#[derive(Debug, Parser)]
#[command(name = "heaplens-demo", version)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The service in one process
    Standalone {
        #[command(subcommand)]
        command: Standalone,
    },
    /// Write to a service and query it, for a bounded time
    Load(LoadOptions),
    /// Work on the store in equal rounds, without a service, as `heaplens check --run` takes it
    Soak(SoakOptions),
}

#[derive(Debug, Subcommand)]
enum Standalone {
    /// Serve until Ctrl-C or SIGTERM
    Start(StartOptions),
}

#[derive(Debug, clap::Args)]
struct StartOptions {
    /// Where to listen; with port 0 on a free port, which the first line on stdout names
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4000")]
    http_addr: SocketAddr,
    /// Leak: the label index keeps the labels of series that retention dropped
    #[arg(long)]
    leak: bool,
    /// Bound of the query cache
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(0..=65536))]
    cache_mb: u32,
    /// How long points are kept, by their own time; short, so that a steady state is reached while one looks
    #[arg(long, value_name = "SECS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    retention: u32,
    /// Size of a write buffer at which it is flushed to a segment
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=1048576))]
    flush_kb: u32,
}

impl StartOptions {
    fn engine(&self) -> EngineOptions {
        EngineOptions {
            retention: i64::from(self.retention) * 1_000_000_000,
            cache_bytes: self.cache_mb as usize * (1 << 20),
            flush_bytes: self.flush_kb as usize * (1 << 10),
            dead_labels: if self.leak { DeadLabels::Kept } else { DeadLabels::Compacted },
        }
    }
}

/// Does what the command line asks for. The service returns after Ctrl-C or SIGTERM.
pub fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Standalone { command: Standalone::Start(options) } => {
            server::run(options.http_addr, options.engine())
        }
        Command::Load(options) => {
            let summary = crate::load::run(&options)?;
            println!("{summary}");
            summary.check()
        }
        Command::Soak(options) => soak::run(&options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_grammar_is_sound_and_has_the_articles_command() {
        Args::command().debug_assert();
        let args = Args::parse_from(["heaplens-demo", "standalone", "start"]);
        let Command::Standalone { command: Standalone::Start(options) } = args.command else { panic!() };
        assert_eq!(options.http_addr.to_string(), "127.0.0.1:4000");
        assert_eq!(options.engine().dead_labels, DeadLabels::Compacted);
        assert!(Args::try_parse_from(["heaplens-demo", "standalone", "start", "--retention", "0"]).is_err());
    }
}
