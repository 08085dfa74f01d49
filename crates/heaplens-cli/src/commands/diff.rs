//! `heaplens diff BASE NEW`: short for `heaplens top --base BASE NEW`.

use crate::args::{Inputs, Shared};
use crate::commands::top::{self, Table};
use std::ffi::OsString;

/// Show which functions grew and which shrank between two inputs (`top --base BASE NEW`)
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens diff base.heap leak.heap
  heaplens diff base.heap http://localhost:4000/debug/prof/mem")]
pub(crate) struct Options {
    /// The earlier input
    #[arg(value_name = "BASE")]
    base: OsString,
    /// The later input; several are summed
    #[arg(value_name = "NEW", required = true)]
    new: Vec<OsString>,
    #[command(flatten)]
    table: Table,
    #[command(flatten)]
    shared: Shared,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let inputs = Inputs { inputs: options.new.clone(), base: Some(options.base.clone()) };
    top::show(&inputs, &options.table, &options.shared)
}
