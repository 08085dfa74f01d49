//! Containers that double.
//!
//! A vector or a table is one large object that is replaced by one of twice its size when it is full. If items come
//! steadily, each size lasts twice as long as the one before, so the series decelerates like a cache that fills; only the
//! next doubling that stays away tells them apart.

use super::History;
use super::growth::Growth;
use super::series::{Series, mean};

/// Levels this near to each other are one.
const SAME: f64 = 0.1;

/// A level that is at least, and at most, so many times the one before has doubled. Tables of which each is at another
/// place of its growth stay within.
const DOUBLED: (f64, f64) = (1.6, 2.6);

/// What is not a handful of objects is no container, nor its shards.
const MOST_OBJECTS: f64 = 32.0;

/// How much later than expected the next doubling may be.
const PATIENCE: f64 = 1.25;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The next doubling is not due yet.
    Growing,
    /// It is overdue.
    Full,
}

/// What the container does whose levels these are; None if it is none.
pub(super) fn state(series: &Series, site: &History, growth: &Growth) -> Option<State> {
    let objects = series.objects(site);
    let size = |(bytes, objects): (&f64, &f64)| (*objects > 0.0).then(|| bytes / objects);
    let mut sizes = growth.bytes.iter().zip(&objects).filter_map(size);
    let first = sizes.next()?;
    let last = sizes.next_back()?;
    // Smaller objects are seen as often as chance has it, so their levels are none; and what grows in number is a leak of
    // objects, whatever their size.
    if last <= series.rate.max(1) as f64 || last < DOUBLED.0 * first || *objects.last()? > MOST_OBJECTS {
        return None;
    }
    let times = series.times();
    let doublings = doublings(times, &without_spikes(&growth.bytes))?;
    let [.., before, last] = doublings[..] else { return None };
    let due = last + 2.0 * (last - before) * PATIENCE;
    let now = *times.last()?;
    Some(if now < due { State::Growing } else { State::Full })
}

/// Median of each value and its two neighbours: while a container is copied, old and new are there.
fn without_spikes(bytes: &[f64]) -> Vec<f64> {
    let mut calm = bytes.to_vec();
    for (calm, three) in calm.iter_mut().skip(1).zip(bytes.windows(3)) {
        let (a, b, c) = (three[0], three[1], three[2]);
        *calm = a.min(b).max(a.max(b).min(c));
    }
    calm
}

/// When the level doubled; None if it ever did anything else.
fn doublings(times: &[f64], bytes: &[f64]) -> Option<Vec<f64>> {
    let mut doublings = Vec::new();
    let mut level: Vec<f64> = Vec::new();
    for (time, bytes) in times.iter().zip(bytes) {
        let usual = mean(&level);
        if level.is_empty() || (bytes - usual).abs() <= SAME * usual {
            level.push(*bytes);
            continue;
        }
        if usual > 0.0 {
            let (least, most) = DOUBLED;
            let mut factor = bytes / usual;
            // Captures may miss a level.
            while factor > most {
                factor /= 2.0;
                doublings.push(*time);
            }
            if factor < least {
                return None;
            }
            doublings.push(*time);
        }
        level = vec![*bytes];
    }
    Some(doublings)
}
