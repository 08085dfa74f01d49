//! A process's first time, which is not judged.

use super::Warmup;
use super::decide::FEWEST_CAPTURES;
use crate::series::Run;

/// At most so large a part of the captures is taken for warm-up by itself.
const PART: usize = 8;

/// Takes the captures of the process's first time out of a run.
pub(crate) fn drop_warmup(run: &mut Run, wanted: Option<Warmup>) -> Vec<usize> {
    let count = count(run, &run.times, wanted);
    let dropped: Vec<usize> = run.captures.drain(..count).collect();
    run.times.drain(..count);
    if let Some(&first) = run.times.first() {
        run.times.iter_mut().for_each(|time| *time -= first);
        if run.has_times() {
            run.first_ms = run.first_ms.map(|ms| ms + (first * 1000.0) as u64);
        }
    }
    dropped
}

/// How many captures more a run needs until so `many` more of them are judged: of a longer run, the warm-up may be
/// longer. They come at the distance of those that there are.
pub(super) fn with_warmup(run: &Run, wanted: Option<Warmup>, many: usize) -> usize {
    let judged = |times: &[f64]| times.len() - count(run, times, wanted);
    let there = run.times.len();
    let last = run.times.last().copied().unwrap_or(0.0);
    let distance = last / there.saturating_sub(1).max(1) as f64;
    let goal = judged(&run.times) + many;
    let mut times = run.times.clone();
    // A warm-up that grows as fast as the run has no end.
    while judged(&times) < goal && times.len() < 2 * (there + many) {
        times.push(last + distance * (times.len() + 1 - there) as f64);
    }
    times.len() - there
}

/// How many of the captures at these times, counted from the run's first, are of the process's first time.
fn count(run: &Run, times: &[f64], wanted: Option<Warmup>) -> usize {
    let before_first = match (run.first_ms, run.start_ms) {
        (Some(first), Some(start)) => first.saturating_sub(start) as f64 / 1000.0,
        _ => 0.0,
    };
    let age = |time: f64| time + before_first;
    let young = |limit: f64| times.iter().filter(|&&time| age(time) < limit).count();
    match wanted {
        Some(Warmup::Seconds(limit)) => young(limit),
        Some(Warmup::Captures(count)) => count.min(times.len()),
        None => {
            let minutes = if run.has_times() { 300.0 } else { 0.0 };
            let end = times.last().map_or(0.0, |&time| age(time));
            // Nobody asked for it, so it is no reason to have no answer.
            let spare = times.len().saturating_sub(FEWEST_CAPTURES);
            young(f64::max(minutes, end / 10.0)).min(times.len() / PART).min(spare)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Clock;

    /// Captures ten seconds apart of a process that started with the first.
    fn run(captures: usize) -> Run {
        Run {
            pid: None,
            start_ms: Some(1_000_000),
            active_since_ms: None,
            host: None,
            exe: None,
            rate: 1,
            rate_is_assumed: false,
            captures: (0..captures).collect(),
            times: (0..captures).map(|place| 10.0 * place as f64).collect(),
            first_ms: Some(1_000_000),
            clock: Clock::Trailer,
        }
    }

    #[test]
    fn what_nobody_asked_for_leaves_as_many_as_it_takes() {
        let dropped = |captures: usize, wanted| drop_warmup(&mut run(captures), wanted).len();
        for (captures, expected) in [(0, 0), (1, 0), (7, 0), (8, 0), (9, 1), (15, 1), (16, 2), (24, 3)] {
            assert_eq!(dropped(captures, None), expected, "{captures}");
        }
        assert_eq!(dropped(8, Some(Warmup::Captures(3))), 3);
        assert_eq!(dropped(8, Some(Warmup::Seconds(15.0))), 2);
        assert_eq!(dropped(2, Some(Warmup::Captures(3))), 2);
    }

    #[test]
    fn so_many_more_are_judged_whatever_the_warm_up_takes_of_them() {
        for wanted in [None, Some(Warmup::Captures(3)), Some(Warmup::Seconds(25.0))] {
            for there in 12..40 {
                for many in 1..20 {
                    let judged = |captures: usize| {
                        let mut run = run(captures);
                        drop_warmup(&mut run, wanted);
                        run.captures.len()
                    };
                    let more = with_warmup(&run(there), wanted, many);
                    assert!(judged(there + more) >= judged(there) + many, "{there} {many} {more}");
                    assert!(judged(there + more - 1) < judged(there) + many, "{there} {many} {more}");
                }
            }
        }
    }
}
