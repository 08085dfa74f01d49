//! What commands on a series ask of the user about the program.

use crate::exit::Usage;
use crate::{load, units};
use heaplens::classify::Owners;
use heaplens::filter::{self, Regex};
use heaplens::leaks::{self, Warmup};
use std::path::PathBuf;

/// What the user knows of the program.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Judging")]
pub(crate) struct Judging {
    /// Do not judge the process's first time, or so many dumps or rounds. By default 5 minutes or the first tenth of its
    /// life, but no more than every eighth dump, and none of the last eight; 2 of a command's rounds
    #[arg(long, value_name = "TIME|N", value_parser = units::parse_warmup)]
    warmup: Option<Warmup>,
    /// Requests served so far, one `time,count` a line (times as Unix seconds or milliseconds, or 2026-11-27T14:30:05Z), to
    /// tell growth with the load from a leak
    #[arg(long, value_name = "FILE")]
    load: Option<PathBuf>,
    /// Functions whose name or file matches are the program's own, and may be blamed
    #[arg(long, value_name = "REGEX")]
    first_party: Vec<String>,
    /// Functions whose name or file matches are a dependency's, and are not blamed if others can be
    #[arg(long, value_name = "REGEX")]
    third_party: Vec<String>,
}

impl Judging {
    /// # Errors
    /// Names the option that cannot be used.
    pub(crate) fn options(&self) -> anyhow::Result<leaks::Options> {
        let patterns = |option: &str, typed: &[String]| {
            let compiled = typed.iter().map(|text| filter::pattern(text));
            compiled.collect::<Result<Vec<Regex>, _>>().map_err(|error| Usage(format!("{option}: {error}")))
        };
        let mut options = leaks::Options::default();
        options.warmup = self.warmup;
        options.owners = Owners {
            first_party: patterns("--first-party", &self.first_party)?,
            third_party: patterns("--third-party", &self.third_party)?,
        };
        options.load = self.load.as_deref().map(load::read).transpose()?;
        Ok(options)
    }
}
