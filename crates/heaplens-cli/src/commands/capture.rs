//! `heaplens capture`: dumps from running servers, kept as files.

use crate::args::Fetching;
use crate::exit::Usage;
use crate::http::{self, Client, shown};
use crate::output::{Kind, Target};
use crate::source::Source;
use crate::{clock, notes, reading, units};
use anyhow::{Context, bail};
use heaplens::dump::Threads;
use heaplens::{Profile, Warning, input, trailer};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Save the dump of a running server
///
/// Without -o the file is named after the program, its pid and the time in UTC, and that name is printed. A dump that is
/// cut or damaged is not saved (exit code 4) unless --keep-damaged is given.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens capture http://localhost:4000/debug/prof/mem -o base.heap
  heaplens capture http://localhost:4000 --every 10m --count 6 --out-dir dumps")]
pub(crate) struct Options {
    /// Where to ask; without a path, /debug/prof/mem is
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,
    /// The file to write, `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The directory for files that are named here; made if it is missing
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    out_dir: Option<PathBuf>,
    /// Replace a file of the same name
    #[arg(long)]
    force: bool,
    /// Save a dump that is cut or damaged as well, with a warning
    #[arg(long)]
    keep_damaged: bool,
    /// Capture again and again, this long from one start to the next; until stopped, or --count times
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration, conflicts_with = "output")]
    every: Option<Duration>,
    /// How often with --every
    #[arg(long, value_name = "N", requires = "every", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    #[command(flatten)]
    fetching: Fetching,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    for url in &options.urls {
        if !http::is_url(url) {
            return Err(Usage(format!("{url}: capture asks a server; write http://{url}")).into());
        }
    }
    if options.output.is_some() && options.urls.len() > 1 {
        return Err(Usage("several dumps do not fit into one file; use --out-dir".to_owned()).into());
    }
    if let Some(dir) = &options.out_dir {
        std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    }
    let client = Client::new(options.fetching.token.as_deref(), options.fetching.timeout);
    let Some(every) = options.every else {
        return each(options, &client);
    };
    series(options, &client, every)
}

/// A server that is away for a while does not end a series: its failures are said, and the last exit code tells.
fn series(options: &Options, client: &Client, every: Duration) -> anyhow::Result<()> {
    let mut failed = 0u64;
    let mut round = 0u64;
    loop {
        let begun = Instant::now();
        match each(options, client) {
            Err(error) if error.is::<Usage>() || error.is::<crate::exit::ReaderGone>() => return Err(error),
            Err(error) => {
                failed += 1;
                notes::line(&format!("warning: {error:#}"));
            }
            Ok(()) => {}
        }
        round += 1;
        if options.count.is_some_and(|count| round >= count) {
            break;
        }
        std::thread::sleep(every.saturating_sub(begun.elapsed()));
    }
    if failed > 0 {
        bail!("{failed} of {round} rounds failed, see the warnings above");
    }
    Ok(())
}

/// Asks every server, the later ones also if an earlier one fails.
fn each(options: &Options, client: &Client) -> anyhow::Result<()> {
    let mut first_error = None;
    for url in &options.urls {
        if let Err(error) = one(options, client, url)
            && let Some(earlier) = first_error.replace(error)
        {
            notes::line(&format!("error: {earlier:#}"));
        }
    }
    first_error.map_or(Ok(()), Err)
}

fn one(options: &Options, client: &Client, url: &str) -> anyhow::Result<()> {
    let dump = Captured::fetch(client, url, options.fetching.max_size)?;
    notes::warnings(&dump.profile);
    if let Some(fault) = dump.fault()
        && !options.keep_damaged
    {
        bail!("{fault}; not saved: ask again, or add --keep-damaged");
    }
    let kind = if options.force { Kind::DumpReplacing } else { Kind::Dump };
    if let Some(path) = &options.output {
        return Target::new(Some(path)).write(&dump.bytes, kind);
    }
    let path = options.out_dir.clone().unwrap_or_default().join(dump.name());
    Target::File(path.clone()).write(&dump.bytes, kind)?;
    Target::Stdout.write(format!("{}\n", path.display()).as_bytes(), Kind::Report)
}

/// A dump in plain text, as other programs read it, and the profile it holds.
pub(crate) struct Captured {
    pub(crate) bytes: Vec<u8>,
    profile: Profile,
}

impl Captured {
    /// # Errors
    /// Names the URL, and what it answers instead of a dump.
    pub(crate) fn fetch(client: &Client, url: &str, cap: u64) -> anyhow::Result<Captured> {
        let answer = client.fetch(url, cap)?;
        let source = Source::Url(url.to_owned());
        let profile = reading::with_source(reading::parse(&answer, &source, cap, Threads::Merged)?, &source);
        let mut limits = input::Limits::default();
        limits.unpacked = cap;
        let bytes = input::unpack(&answer, &limits)?.into_owned();
        let is_dump = bytes.split(|&b| b == b'\n').take(8).any(|line| line.starts_with(b"heap_v2/"));
        if !is_dump {
            bail!(
                "{}: the server answered no heap dump, but pprof or folded stacks; ask for output=text",
                shown(url)
            );
        }
        Ok(Captured { bytes, profile })
    }

    /// What is missing or wrong in it.
    pub(crate) fn fault(&self) -> Option<&Warning> {
        self.profile.warnings.iter().find(|w| matches!(w.code, "damaged" | "truncated"))
    }

    /// The name of its file.
    pub(crate) fn name(&self) -> String {
        name(&self.profile)
    }
}

/// `<program>.<pid>.<UTC time>.heap` as far as the dump tells.
fn name(profile: &Profile) -> String {
    let trailer = profile.meta.trailer.as_ref();
    let time = clock::stamp(trailer.and_then(|t| t.time_ms).unwrap_or_else(clock::now_ms));
    let program = trailer.and_then(|t| t.exe.as_deref()).map(program_name);
    match (program, trailer.and_then(|t| t.pid)) {
        (Some(program), Some(pid)) => format!("{program}.{pid}.{time}.heap"),
        _ => format!("heap.{time}.heap"),
    }
}

/// The last part of a path that a server named: letters, digits, `.`, `_`, `-`, no leading dot.
fn program_name(path: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }
    };
    let name: String = trailer::program_name(path).chars().take(64).map(safe).collect();
    match name.trim_start_matches(['.', '-']) {
        "" => "heap".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_program_name_stays_a_file_name() {
        for (path, name) in [
            ("/usr/bin/greptime", "greptime"),
            ("/srv/app (deleted)", "app"),
            ("../../etc/passwd", "passwd"),
            ("/x/..", "heap"),
            ("/x/.bashrc", "bashrc"),
            ("/x/a b\u{202e}\n;rm", "a_b__;rm".replace(';', "_").as_str()),
            ("", "heap"),
        ] {
            assert_eq!(program_name(path), name, "{path:?}");
        }
    }
}
