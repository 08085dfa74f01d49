//! Dumps cut short: each is refused, flagged, or has the figures of the whole.

use crate::service::Lab;
use heaplens::input;
use heaplens::profile::Values;
use libtest_mimic::Failed;
use std::path::Path;
use std::sync::Mutex;

/// Dumps up to this size are cut everywhere; larger ones at every byte of their head and of their end, where the
/// mapping lines and the trailer are, and at every 101st between.
const EVERYWHERE: usize = 30_000;
const HEAD: usize = 2_000;
const END: usize = 10_000;
/// What says that a dump is not whole.
const FLAGS: [&str; 3] = ["damaged", "no-maps", "truncated"];

#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    flagged: usize,
    same: usize,
}

/// The demo's dumps, with the agent's trailer and without.
pub(crate) fn demo(lab: &Lab) -> Result<(), Failed> {
    for dump in [&lab.coarse().leak, &lab.fine().leak] {
        let bytes = std::fs::read(dump)?;
        let (body, trailer) = heaplens::trailer::split(&bytes);
        assert!(!trailer.is_empty(), "the agent's dump has no trailer");
        // Every prefix of the dump without its trailer is one of the dump with it, so the cuts are made once.
        let (with, without) = (figures(&bytes)?, figures(body)?);
        assert_eq!(with, without);
        check(&bytes)?;
    }
    Ok(())
}

/// A dump in a file.
pub(crate) fn file(dump: &Path) -> Result<(), Failed> {
    check(&std::fs::read(dump)?)
}

fn check(bytes: &[u8]) -> Result<(), Failed> {
    let (whole, flags) = figures(bytes).map_err(|error| format!("the whole dump: {error}"))?;
    assert!(flags.is_empty(), "the whole dump is flagged: {flags:?}");
    assert!(!whole.is_zero());
    let ends = |cut: usize| cut < HEAD || cut + END > bytes.len();
    let cuts: Vec<usize> =
        (0..bytes.len()).filter(|&cut| bytes.len() <= EVERYWHERE || ends(cut) || cut % 101 == 0).collect();
    let tally = Mutex::new((Tally::default(), Vec::new()));
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        for share in cuts.chunks(cuts.len().div_ceil(workers)) {
            let tally = &tally;
            scope.spawn(move || {
                for &cut in share {
                    let result = figures(&bytes[..cut]);
                    let (tally, wrong) = &mut *tally.lock().unwrap();
                    match result {
                        Err(_) => tally.refused += 1,
                        Ok((_, flags)) if !flags.is_empty() => tally.flagged += 1,
                        Ok((figures, _)) if figures == whole => tally.same += 1,
                        Ok((figures, _)) => wrong.push((cut, figures)),
                    }
                }
            });
        }
    });
    let (tally, wrong) = tally.into_inner().unwrap();
    if let Some((cut, figures)) = wrong.first() {
        let n = wrong.len();
        let near = String::from_utf8_lossy(&bytes[cut.saturating_sub(60)..*cut]).into_owned();
        return Err(format!("{n} cuts are taken for whole; at {cut}, behind {near:?}: {figures:?}").into());
    }
    // Else the test would have cut nothing that matters.
    assert!(tally.refused > 0 && tally.flagged > 1000 && tally.same > 0, "{tally:?}");
    Ok(())
}

/// The totals and what flags them.
fn figures(bytes: &[u8]) -> Result<(Values, Vec<&'static str>), String> {
    let profile = input::read(bytes, &input::Limits::default()).map_err(|error| error.to_string())?;
    let codes = profile.warnings.iter().map(|warning| warning.code);
    Ok((profile.total(), codes.filter(|code| FLAGS.contains(code)).collect()))
}
