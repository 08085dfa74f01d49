//! What is allowed, as it is typed.

use crate::{source, units};
use anyhow::{Context, anyhow};
use clap::ValueEnum;
use heaplens::check::{self, Baseline, Limits, Suppression};
use heaplens::input;
use std::path::PathBuf;

/// What may grow by how much.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct Allowed {
    /// How much the heap may grow
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
    max_growth: Option<u64>,
    /// How much what one function holds may grow
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
    max_site_growth: Option<u64>,
    /// How fast the heap, and what one function holds, may grow: 5MiB/h
    #[arg(long, value_name = "RATE", value_parser = units::parse_rate)]
    max_rate: Option<f64>,
    /// How much the heap, and what one function holds, may grow for each of --iterations
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size, requires = "iterations")]
    max_per_iteration: Option<u64>,
    /// What is compared with a limit: an end of the 95 % interval, or the estimate
    #[arg(long, value_enum, default_value_t = Bound::Lower)]
    bound: Bound,
    /// The JSON of an earlier check: fail if more grew than there
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// How much more than in the baseline is allowed
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = units::parse_percent, requires = "baseline")]
    fail_on_increase: f64,
    /// What is known and not counted: lines as leak:FUNCTION, file:FILE or crate:CRATE, with until=YYYY-MM-DD and
    /// reason=TEXT if wanted
    #[arg(long, value_name = "FILE")]
    suppress: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bound {
    /// Fail if the limit is surely exceeded
    Lower,
    /// Fail if it is exceeded as far as samples tell
    Estimate,
    /// Fail unless it is surely kept
    Upper,
}

impl Allowed {
    pub(super) fn limits(&self) -> Limits {
        let bytes = |limit: Option<u64>| limit.map(|bytes| bytes as f64);
        let mut limits = Limits::default();
        limits.growth = bytes(self.max_growth);
        limits.site_growth = bytes(self.max_site_growth);
        limits.rate = self.max_rate;
        limits.per_iteration = bytes(self.max_per_iteration);
        limits.increase = self.baseline.is_some().then_some(self.fail_on_increase);
        limits.bound = match self.bound {
            Bound::Lower => check::Bound::Lower,
            Bound::Estimate => check::Bound::Estimate,
            Bound::Upper => check::Bound::Upper,
        };
        limits
    }

    /// # Errors
    /// Names the file, and the line that is none.
    pub(super) fn suppressions(&self) -> anyhow::Result<Vec<Suppression>> {
        let mut all = Vec::new();
        for path in &self.suppress {
            let shown = || format!("--suppress {}", path.display());
            let text = String::from_utf8(source::beside(path).with_context(shown)?)
                .map_err(|_| {
                    anyhow!(
                        "found what is no text; expected lines as leak:FUNCTION, file:FILE or crate:CRATE"
                    )
                })
                .with_context(shown)?;
            all.extend(check::parse_suppressions(&text).with_context(shown)?);
        }
        Ok(all)
    }

    /// # Errors
    /// Names the file, and what it is instead.
    pub(super) fn baseline(&self) -> anyhow::Result<Option<Baseline>> {
        let Some(path) = &self.baseline else { return Ok(None) };
        let shown = || format!("--baseline {}", path.display());
        let bytes = source::beside(path).with_context(shown)?;
        Ok(Some(input::parse_check(&bytes).with_context(shown)?))
    }
}
