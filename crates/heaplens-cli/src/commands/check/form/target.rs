//! A server over time.

use super::Gathered;
use crate::commands::capture::Captured;
use crate::commands::check::evidence;
use crate::exit::Usage;
use crate::http::Client;
use crate::series::{self, Making};
use crate::source::Source;
use anyhow::bail;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many dumps there are: one at the start, one at the end.
pub(super) fn count(duration: Duration, every: Duration) -> u64 {
    duration.as_secs() / every.as_secs().max(1) + 1
}

/// Asks a server, and keeps its dumps in `save`. One that it does not answer is said and left out.
///
/// # Errors
/// If no dump could be had.
pub(super) fn gather(
    making: &Making,
    url: &str,
    duration: Duration,
    every: Duration,
    save: Option<&Path>,
) -> anyhow::Result<Gathered> {
    let mut gathering = making.start()?;
    let client = Client::new(making.fetching.token.as_deref(), making.fetching.timeout);
    let source = Source::Url(url.to_owned());
    let begun = Instant::now();
    let mut files = Vec::new();
    let count = count(duration, every);
    for number in 0..count {
        let due = every * u32::try_from(number).unwrap_or(u32::MAX);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        let mut one = || {
            let dump = Captured::fetch(&client, url, making.fetching.max_size)?;
            if let Some(fault) = dump.fault() {
                bail!("{fault}");
            }
            gathering.take(&source, dump.name(), &dump.bytes)?;
            files.push(evidence::dump(save, &dump.name(), &dump.bytes)?);
            Ok(())
        };
        match one() {
            Ok(()) => {}
            Err(error) if error.is::<Usage>() => return Err(error),
            Err(error) => series::left_out(&error),
        }
    }
    Ok(Gathered { series: gathering.finish(usize::try_from(count).unwrap_or(usize::MAX))?, files })
}
