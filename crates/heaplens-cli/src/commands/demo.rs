//! `heaplens demo`: the main job once through, on a service that leaks.

mod server;

use crate::commands::flamegraph::picture;
use crate::http::Client;
use crate::output::{Kind, Target};
use crate::source::Source;
use crate::{culprit, notes, reading};
use anyhow::{Context, bail};
use heaplens::dump::Threads;
use heaplens::filter::{self, Fold, Folding};
use heaplens::out::{escape, svg, text, units};
use heaplens::profile::SampleType;
use heaplens::view::{Order, Top};
use heaplens::{Profile, diff, symbols};
use server::Server;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

const ENDPOINT: &str = "/debug/prof/mem";
const LARGEST_DUMP: u64 = 1 << 30;
const TIMEOUT: Duration = Duration::from_secs(60);
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

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let program = server::find(options.server.as_deref())?;
    let dir = &options.out_dir;
    std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    let (base, leak) = dumps(&program, options)?;
    let files = Files::in_dir(dir);
    write(&files.base, &base, Kind::DumpReplacing)?;
    write(&files.leak, &leak, Kind::DumpReplacing)?;

    let parsed = |bytes: &[u8], file: &Path| {
        let source = Source::File(file.to_owned());
        let profile = reading::parse(bytes, &source, LARGEST_DUMP, Threads::Merged)?;
        Ok::<_, anyhow::Error>(reading::with_source(profile, &source))
    };
    let (base, leak) = (parsed(&base, &files.base)?, parsed(&leak, &files.leak)?);
    let now = prepared(&leak, &program);
    let grown = prepared(&diff::diff(&base, &leak), &program);
    notes::warnings(&grown);
    notes::symbols(&grown);
    let heading = |text: &str| svg::Options::new().title(text);
    write(
        &files.mem,
        &picture(&now, SampleType::InuseSpace, heading("Live memory after the load"))?,
        Kind::Report,
    )?;
    write(
        &files.diff,
        &picture(&grown, SampleType::InuseSpace, heading("What grew under load"))?,
        Kind::Report,
    )?;
    let said = conclusion(&grown, &files, &program)?;
    Target::Stdout.write(said.as_bytes(), Kind::Report)
}

/// What the demo leaves behind.
struct Files {
    base: PathBuf,
    leak: PathBuf,
    mem: PathBuf,
    diff: PathBuf,
}

impl Files {
    fn in_dir(dir: &Path) -> Files {
        Files {
            base: dir.join("base.heap"),
            leak: dir.join("leak.heap"),
            mem: dir.join("mem.svg"),
            diff: dir.join("diff.svg"),
        }
    }
}

fn write(path: &Path, bytes: &[u8], kind: Kind) -> anyhow::Result<()> {
    Target::File(path.to_owned()).write(bytes, kind)
}

/// A dump after the warm-up, and one after as much load again.
fn dumps(program: &Path, options: &Options) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
    let seconds = options.seconds;
    let client = Client::new(None, TIMEOUT);
    notes::line(&format!("starting {} with MALLOC_CONF=prof:true", program.display()));
    let mut server = Server::start(program, &options.out_dir.join("server.log"))?;
    let url = format!("{}{ENDPOINT}", server.url);
    notes::line(&format!("it listens on {}; warming up for {seconds} s", server.url));
    server.load(seconds)?;
    let base = client.fetch(&url, LARGEST_DUMP)?;
    notes::line(&format!("fetched the base dump from {url}; loading for another {seconds} s"));
    server.load(seconds)?;
    let leak = client.fetch(&url, LARGEST_DUMP)?;
    notes::line("fetched the later dump");
    Ok((base, leak))
}

fn prepared(profile: &Profile, program: &Path) -> Profile {
    let mut lookup = symbols::Options::default();
    lookup.binaries.push(program.to_owned());
    filter::fold(
        &symbols::symbolize(profile, &lookup),
        Folding { allocator: Fold::Away, runtime: Fold::Away },
    )
}

/// The table of what grew, the function that grew most, and what to try next.
fn conclusion(grown: &Profile, files: &Files, program: &Path) -> anyhow::Result<String> {
    let mut top = Top::new(grown, SampleType::InuseSpace);
    // Flat amounts name the containers that grew; their owners are what tells the story.
    top.sort(Order::Cumulative);
    let mut options = text::Options::default();
    options.limit = ROWS;
    let mut table = Vec::new();
    text::write_top(&top, &options, &mut table)?;
    let Some(culprit) = culprit::find(grown, SampleType::InuseSpace) else {
        bail!(
            "no function of the program itself grew between the two dumps (net growth: {}); give it more time with \
             --seconds, or a binary with symbols",
            units::signed(top.total.net().as_f64(), true)
        );
    };
    let mut said = String::from_utf8_lossy(&table).into_owned();
    let name = escape::terminal(&culprit.name);
    let amount = units::signed(culprit.growth.as_f64(), true);
    writeln!(said, "\nThe leak: {name} grew most, {amount} between the two dumps.")?;
    if let Some(location) = &culprit.location {
        writeln!(said, "It allocates at {}.", escape::terminal(location))?;
    }
    let (base, leak) = (files.base.display(), files.leak.display());
    writeln!(said, "\nFlame graph:              {}", files.mem.display())?;
    writeln!(said, "Differential flame graph: {}", files.diff.display())?;
    writeln!(said, "\nNext, on the same dumps:")?;
    writeln!(said, "  heaplens diff --binary {} {base} {leak}", program.display())?;
    writeln!(said, "  heaplens top --cum {leak}")?;
    writeln!(said, "  heaplens flamegraph --base {base} {leak} -o diff.svg")?;
    Ok(said)
}
