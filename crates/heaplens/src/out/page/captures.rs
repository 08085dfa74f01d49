//! What is known of each capture, in the order of time.

use super::Options;
use crate::leaks::Leaks;
use crate::sampling::{self, Interval};
use crate::series::{Capture, Clock, Run, Series};
use serde::Serialize;

/// No date of a browser is later.
const LATEST: u64 = 8_640_000_000_000_000;

/// More warnings of one capture are counted.
const MOST_WARNINGS: usize = 10;

/// Amounts are bytes, times Unix milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct CaptureRow {
    name: String,
    time: Option<u64>,
    /// Since the first of its run; its place if there are no times.
    seconds: f64,
    /// Number of its run, −1 if it was left out.
    run: i64,
    left_out: String,
    rate: Option<u64>,
    total: i64,
    low: i64,
    high: i64,
    objects: i64,
    has_threads: bool,
    allocated: Option<u64>,
    active: Option<u64>,
    resident: Option<u64>,
    retained: Option<u64>,
    rss: Option<u64>,
    warnings: Vec<String>,
    /// Place of its process, −1 if it is not known.
    process: i64,
}

/// Runs with the captures that were too young to be judged.
fn runs(leaks: Option<&Leaks>) -> impl Iterator<Item = (&Run, &[usize])> {
    leaks.into_iter().flat_map(|leaks| &leaks.runs).map(|judged| (&judged.run, judged.warmup.as_slice()))
}

/// When a capture was made, in Unix milliseconds; `None` too where its run was not judged by such a time.
fn time(series: &Series, leaks: Option<&Leaks>, capture: usize) -> Option<u64> {
    let run = run_of(leaks, capture).map(|(run, _)| run);
    if run.is_some_and(|run| matches!(run.clock, Clock::Given | Clock::Order)) {
        return None;
    }
    let in_run = run.and_then(|run| {
        let place = run.captures.iter().position(|&other| other == capture)?;
        Some(run.first_ms?.saturating_add((run.times[place] * 1000.0).round() as u64))
    });
    // One that was too young to be judged is of its run's clock, too: two would not agree on the order.
    let found = &series.captures()[capture];
    let by_clock = run.map_or_else(|| Clock::of_capture(found), |run| run.clock.read(found));
    in_run.or(by_clock).filter(|&time| time <= LATEST)
}

/// Seconds since the first of its run; 0 if it is not known.
fn seconds(leaks: Option<&Leaks>, capture: usize) -> f64 {
    let Some((run, warmup)) = run_of(leaks, capture) else { return 0.0 };
    // At equal distances the ones too young to be judged, which come first, have their times, too.
    let distance = match run.times.get(1) {
        Some(&distance) if matches!(run.clock, Clock::Given | Clock::Order) => distance,
        _ => 0.0,
    };
    if let Some(place) = warmup.iter().position(|&other| other == capture) {
        return place as f64 * distance;
    }
    let place = run.captures.iter().position(|&other| other == capture);
    place.map_or(0.0, |place| run.times[place] + warmup.len() as f64 * distance)
}

fn run_of(leaks: Option<&Leaks>, capture: usize) -> Option<(&Run, &[usize])> {
    runs(leaks).find(|(run, warmup)| run.captures.contains(&capture) || warmup.contains(&capture))
}

/// Where the times are from. Of what is not judged, the worst clock that any capture needs.
pub(super) fn clock(series: &Series, leaks: Option<&Leaks>) -> Clock {
    if let Some((run, _)) = runs(leaks).next() {
        return run.clock;
    }
    let of = |capture| Clock::TELLING.into_iter().find(|clock| clock.read(capture).is_some());
    let clocks: Option<Vec<Clock>> = series.captures().iter().map(of).collect();
    let worst = |clocks: Vec<Clock>| Clock::TELLING.into_iter().rev().find(|clock| clocks.contains(clock));
    clocks.and_then(worst).unwrap_or(Clock::Order)
}

/// All captures by time. Without times as they were given, each run in the order in which it was judged.
pub(super) fn order(series: &Series, leaks: Option<&Leaks>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..series.captures().len()).collect();
    let times: Option<Vec<u64>> = order.iter().map(|&capture| time(series, leaks, capture)).collect();
    match times {
        Some(times) => order.sort_by_key(|&capture| times[capture]),
        None => {
            for (run, warmup) in runs(leaks) {
                let sequence: Vec<usize> = warmup.iter().chain(&run.captures).copied().collect();
                let mut places = sequence.clone();
                places.sort_unstable();
                for (place, capture) in places.into_iter().zip(sequence) {
                    order[place] = capture;
                }
            }
        }
    }
    order
}

pub(super) fn row(
    series: &Series,
    leaks: Option<&Leaks>,
    capture: usize,
    process: i64,
    options: &Options,
) -> CaptureRow {
    let number =
        runs(leaks).position(|(run, warmup)| run.captures.contains(&capture) || warmup.contains(&capture));
    let found: &Capture = &series.captures()[capture];
    let left = leaks.and_then(|leaks| leaks.left_out.iter().find(|left| left.capture == capture));
    // As what the page adds up: without stacks that a filter left out.
    let held = || found.points().iter().filter(|point| series.stack(point.stack).is_some());
    let total: f64 = held().map(|point| point.bytes).sum();
    let Interval { low, high } = match found.rate {
        Some(rate) => sampling::interval(total, rate),
        None => Interval { low: total, high: total },
    };
    let trailer = found.trailer.as_ref();
    let stat = |key: &str| trailer.and_then(|trailer| trailer.stats.get(key).copied());
    let mut warnings: Vec<String> = found
        .warnings
        .iter()
        .take(MOST_WARNINGS)
        .map(|warning| options.shown(&warning.to_string()))
        .collect();
    if let Some(more) = found.warnings.len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
        warnings.push(format!("and {more} more"));
    }
    CaptureRow {
        name: options.shown_path(&found.source.name),
        time: time(series, leaks, capture),
        seconds: seconds(leaks, capture),
        run: number.map_or(-1, |number| number as i64),
        left_out: left.map_or_else(String::new, |left| options.shown(&left.why.description())),
        rate: found.rate,
        total: total.round() as i64,
        low: low.round() as i64,
        high: high.round() as i64,
        objects: held().map(|point| point.objects).sum::<f64>().round() as i64,
        has_threads: !found.by_thread().is_empty(),
        allocated: stat("allocated"),
        active: stat("active"),
        resident: stat("resident"),
        retained: stat("retained"),
        rss: trailer.and_then(|trailer| trailer.rss.get("vmrss").copied()),
        warnings,
        process,
    }
}
