//! `heaplens report`: the page as one file.

use crate::exit::Usage;
use crate::notes;
use crate::output::{Kind, Target};
use crate::page::showing::{Contents, Showing, Shown};
use crate::page::single_file;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Write one HTML file that opens with the answer: which function leaks, memory over time, flame graphs, tables
///
/// It works from disk and fetches nothing: attach it to a ticket.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens report dumps/*.heap -o report.html
  heaplens report base.heap leak.heap -o report.html
  heaplens report --redact http://localhost:4000/debug/prof/mem -o report.html")]
pub(crate) struct Options {
    #[command(flatten)]
    showing: Showing,
    /// The file to write; stdout if that is not a terminal
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Leave out directories, hosts and sources
    #[arg(long, conflicts_with = "sources")]
    redact: bool,
    /// Put the program's own source lines into it, where the files are at hand; they may be confidential
    #[arg(long)]
    sources: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let target = Target::new(options.output.as_deref());
    if target == Target::Stdout && std::io::stdout().is_terminal() {
        return Err(Usage("a page is of no use on a terminal; add -o report.html".to_owned()).into());
    }
    let contents = Contents { is_redacted: options.redact, has_sources: options.sources };
    let Shown { page, title, has_sources } = options.showing.page(contents)?;
    if options.sources && !has_sources {
        notes::line("no sources: none of the files that the program's own functions are in is at hand");
    }
    let mut html = Vec::new();
    single_file::write(&page, &title, &mut html)?;
    target.write(&html, Kind::Report)?;
    if let Target::File(path) = &target {
        notes::line(&format!("wrote {}", path.display()));
    }
    Ok(())
}
