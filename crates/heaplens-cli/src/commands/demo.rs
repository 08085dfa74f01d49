//! `heaplens demo`: the main job once through, on a service that leaks.

mod server;

use crate::args::Fetching;
use crate::http::Client;
use crate::source::Source;
use crate::output::{Kind, Target};
use crate::{notes, pipeline};
use anyhow::{Context, bail};
use heaplens::out::{escape, svg, text, units};
use heaplens::profile::SampleType;
use heaplens::view::Top;
use heaplens::{Profile, diff};
use server::Server;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Rows of the table of what grew.
const ROWS: usize = 8;

/// Find the leak of a small service: start it, load it, take two dumps, draw what grew
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  cargo run --release -- demo")]
pub(crate) struct Options {
    /// Where the dumps and pictures go
    #[arg(long, value_name = "DIR", default_value = "heaplens-demo-out")]
    out_dir: PathBuf,
    /// How long the service is loaded before each of the two dumps
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// The service: `heaplens-demo`, built with the feature mem-prof. Else it is built with cargo, under
    /// `cargo run`, or looked for beside this program
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
}
