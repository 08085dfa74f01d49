//! A server over time.

use super::Gathered;
use crate::commands::capture::Captured;
use crate::commands::check::evidence;
use crate::exit::Usage;
use crate::http::Client;
use crate::notes;
use crate::series::{self, Making};
use crate::source::Source;
use anyhow::{Context, bail};
use heaplens::check::Doubt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many dumps there are: one at the start, one at the end.
pub(super) fn count(duration: Duration, every: Duration) -> u64 {
    duration.as_secs() / every.as_secs().max(1) + 1
}

/// A server that fails so often in a row is gone.
const GONE: u64 = 3;

/// Asks a server, and keeps its dumps in `save`. One that it does not answer is said and left out; one that is gone is
/// asked no more.
///
/// # Errors
/// If the first dump could not be had: what is wrong then is wrong later.
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
    let wanted = count(duration, every);
    let (mut answered, mut failed) = (0, 0);
    let mut doubt = None;
    for number in 0..wanted {
        let due = every * u32::try_from(number).unwrap_or(u32::MAX);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        let one = || {
            let dump = Captured::fetch(&client, url, making.fetching.max_size)?;
            match dump.fault() {
                Some(fault) => bail!("{fault}"),
                None => Ok(dump),
            }
        };
        let error = match one() {
            Ok(dump) => {
                // A full disk says nothing of the server.
                files.push(evidence::dump(save, &dump.name(), &dump.bytes)?);
                gathering.take(&source, dump.name(), &dump.bytes)?;
                (answered, failed) = (answered + 1, 0);
                continue;
            }
            Err(error) if error.is::<Usage>() => return Err(error),
            Err(error) if number == 0 => {
                return Err(error).context("--target: the first dump failed, so the server is asked no more");
            }
            Err(error) => error,
        };
        series::left_out(&error);
        failed += 1;
        // At the end of the time it may be gone as well, and nobody asks again.
        if failed == GONE || number + 1 == wanted {
            doubt = Some(Doubt::Gone { answered, wanted, why: format!("{error:#}") });
            break;
        }
    }
    if doubt.is_some() {
        notes::line(&format!(
            "the server is asked no more; what it gave before is judged ({answered} of {wanted} dumps)"
        ));
    }
    Ok(Gathered { series: gathering.finish(usize::try_from(wanted).unwrap_or(usize::MAX))?, files, doubt })
}
