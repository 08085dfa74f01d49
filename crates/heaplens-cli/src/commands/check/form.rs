//! What is compared: two dumps, a series, a server over time, a command's rounds.

use super::evidence;
use crate::exit::Usage;
use crate::http;
use crate::series::{self, Making};
use crate::source::{self, Source};
use crate::units;
use clap::{ArgGroup, Args};
use heaplens::check::measure::{self, Options};
use heaplens::check::{Doubt, Measured, Suppressed};
use heaplens::leaks::Warmup;
use heaplens::leaks::decide::FEWEST_CAPTURES;
use heaplens::series::Series;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod command;
mod target;

use command::Wanted;

/// One of these.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("compared").args(["inputs", "base", "target", "command"]).required(true))]
pub(super) struct Form {
    /// A series: dumps and other inputs, or directories of them; they are put in order of their times
    #[arg(value_name = "INPUT")]
    inputs: Vec<OsString>,
    /// Two dumps: the earlier one
    #[arg(long, value_name = "INPUT", requires = "new")]
    base: Option<OsString>,
    /// The later one, of the same process
    #[arg(long, value_name = "INPUT", requires = "base")]
    new: Option<OsString>,
    /// A server, asked again and again
    #[arg(long, value_name = "URL", requires = "duration")]
    target: Option<String>,
    /// For how long the server is asked
    #[arg(long = "for", id = "duration", value_name = "TIME", value_parser = units::parse_duration, requires = "target")]
    duration: Option<Duration>,
    /// A command, run by the shell with jemalloc's profiling on: its rounds are compared. It marks them with
    /// heaplens_agent::round_done(); else jemalloc's own dumps, evenly spaced, stand for them
    #[arg(long = "run", id = "command", value_name = "COMMAND")]
    command: Option<String>,
    /// How many rounds are compared, after those that warm up
    #[arg(long, value_name = "N", default_value_t = 8, requires = "command", value_parser = clap::value_parser!(u16).range(2..))]
    rounds: u16,
    /// How often the server is asked (60s if it is not said); with INPUT how far apart they are, taken in their order,
    /// whatever times they tell
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    every: Option<Duration>,
    /// How often the program did its work between the two dumps, or in each round
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with_all = ["inputs", "target"])]
    iterations: Option<u64>,
}

const EVERY: Duration = Duration::from_secs(60);

/// What was read.
pub(super) struct Gathered {
    pub(super) series: Series,
    /// Where each capture lies, as far as it is a file that stays.
    pub(super) files: Vec<Option<PathBuf>>,
    /// What kept it from being whole.
    pub(super) doubt: Option<Doubt>,
}

impl Form {
    /// The distance of inputs, where the user says it.
    pub(super) fn every_given(&self) -> Option<f64> {
        self.every.filter(|_| self.target.is_none()).map(|time| time.as_secs_f64())
    }

    pub(super) fn iterations(&self) -> Option<f64> {
        self.iterations.map(|number| number as f64)
    }

    pub(super) fn rounds(&self) -> usize {
        self.rounds.into()
    }

    fn every(&self) -> Duration {
        self.every.unwrap_or(EVERY)
    }

    /// # Errors
    /// [`Usage`] for what cannot be answered, whatever the dumps hold.
    pub(super) fn require(&self, options: &Options) -> Result<(), Usage> {
        let (limits, warmup) = (&options.limits, options.judging.warmup);
        if self.base.is_some() && limits.is_empty() {
            return Err(Usage(
                "two dumps tell no leak from other growth; say how much is allowed: --max-growth, --max-site-growth, \
                 --max-rate, --max-per-iteration or --baseline"
                    .to_owned(),
            ));
        }
        if self.command.is_some() && limits.rate.is_some() {
            return Err(Usage(
                "rounds are not measured by time; instead of --max-rate give --iterations and --max-per-iteration"
                    .to_owned(),
            ));
        }
        if self.command.is_some() && matches!(warmup, Some(Warmup::Seconds(_))) {
            return Err(Usage("--warmup of a command is a number of rounds".to_owned()));
        }
        let Some(url) = &self.target else { return Ok(()) };
        if !http::is_url(url) {
            return Err(Usage(format!("--target {url}: a server is asked; write http://{url}")));
        }
        let count = target::count(self.duration.unwrap_or_default(), self.every());
        if limits.is_empty() && count < FEWEST_CAPTURES as u64 {
            return Err(Usage(format!(
                "--for and --every make {count} of the {FEWEST_CAPTURES} dumps that tell a leak; give it more time, or a limit"
            )));
        }
        if let Some(Warmup::Captures(young)) = warmup
            && limits.is_empty()
            && count < (young as u64).saturating_add(FEWEST_CAPTURES as u64)
        {
            return Err(Usage(format!(
                "--for and --every make {count} dumps, and --warmup {young} leaves fewer than {FEWEST_CAPTURES}, which it \
                 takes to tell a leak; give it more time, or --warmup 0"
            )));
        }
        if count < 2 {
            return Err(Usage("--for and --every make one dump; two are the least".to_owned()));
        }
        Ok(())
    }

    /// How many dumps after rounds there should be.
    fn dumps(&self, options: &Options) -> usize {
        let warmup = match options.judging.warmup {
            Some(Warmup::Captures(rounds)) => rounds,
            _ => measure::WARMUP_ROUNDS,
        };
        warmup.max(1) + options.rounds
    }

    /// Reads what is compared. What is no file of the user's is kept in `save`.
    ///
    /// # Errors
    /// Names what could not be read.
    pub(super) fn gather(
        &self,
        making: &Making,
        options: &Options,
        save: Option<&Path>,
    ) -> anyhow::Result<Gathered> {
        if let Some(command) = &self.command {
            let wanted = Wanted { dumps: self.dumps(options), has_iterations: self.iterations.is_some() };
            return command::gather(making, command, wanted, save);
        }
        if let Some(url) = &self.target {
            return target::gather(making, url, self.duration.unwrap_or_default(), self.every(), save);
        }
        let mut gathering = making.start()?;
        let is_series = self.base.is_none();
        let sources = match is_series {
            true => series::sources(&self.inputs)?,
            false => source::all(self.base.iter().chain(&self.new))?,
        };
        let mut files = Vec::new();
        for (number, source) in (1..).zip(&sources) {
            let mut one = || {
                let bytes = gathering.bytes(source)?;
                gathering.take(source, source.to_string(), &bytes)?;
                files.push(match source {
                    Source::File(path) => Some(path.clone()),
                    Source::Stdin | Source::Url(_) => {
                        evidence::dump(save, &format!("input-{number:04}.heap"), &bytes)?
                    }
                });
                Ok(())
            };
            match one() {
                Ok(()) => {}
                Err(error) if is_series && sources.len() > 1 => series::left_out(&error),
                Err(error) => return Err(error),
            }
        }
        Ok(Gathered { series: gathering.finish(sources.len())?, files, doubt: None })
    }

    pub(super) fn measure(
        &self,
        series: &Series,
        suppressed: Vec<Suppressed>,
        options: &Options,
    ) -> Measured {
        match (&self.base, &self.command) {
            (Some(_), _) => measure::dumps(series, suppressed, options),
            (_, Some(_)) => measure::rounds(series, suppressed, options),
            _ => measure::series(series, suppressed, options),
        }
    }
}
