//! Aggregates per time step, in a form that can be merged: segments are aggregated one by one.

use std::collections::BTreeMap;

/// What a query asks of the values in each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Min,
    Max,
    Mean,
    Sum,
    Count,
    Last,
}

impl Aggregate {
    pub(crate) const NAMES: &str = "min, max, mean, sum, count or last";

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "min" => Self::Min,
            "max" => Self::Max,
            "mean" => Self::Mean,
            "sum" => Self::Sum,
            "count" => Self::Count,
            "last" => Self::Last,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Last => "last",
        }
    }
}

/// The values of one step, ready for every aggregate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Partial {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    last: f64,
    last_at: i64,
}

impl Partial {
    fn of(timestamp: i64, value: f64) -> Self {
        Self { count: 1, sum: value, min: value, max: value, last: value, last_at: timestamp }
    }

    /// Adds values that were written later: of two values of the same time, theirs is the last.
    fn merge(&mut self, later: &Self) {
        self.count += later.count;
        self.sum += later.sum;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        if later.last_at >= self.last_at {
            self.last = later.last;
            self.last_at = later.last_at;
        }
    }

    pub(crate) fn result(&self, aggregate: Aggregate) -> f64 {
        match aggregate {
            Aggregate::Min => self.min,
            Aggregate::Max => self.max,
            Aggregate::Mean => self.sum / self.count as f64,
            Aggregate::Sum => self.sum,
            Aggregate::Count => self.count as f64,
            Aggregate::Last => self.last,
        }
    }
}

/// The steps of a range: `start + k · step`, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Steps {
    /// The start of any one of them, reduced to `0..step`.
    phase: i64,
    step: i64,
}

impl Steps {
    /// `step` must be positive.
    pub(crate) fn new(start: i64, step: i64) -> Self {
        Self { phase: start.rem_euclid(step), step }
    }

    /// The start of the step that a time falls into.
    fn of(self, timestamp: i64) -> i64 {
        let into = (i128::from(timestamp) - i128::from(self.phase)).rem_euclid(i128::from(self.step));
        i64::try_from(i128::from(timestamp) - into).unwrap_or(i64::MIN)
    }
}

/// Aggregated steps, by their start.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Buckets(BTreeMap<i64, Partial>);

impl Buckets {
    /// Aggregates points in the order of writing.
    #[inline(never)]
    pub(crate) fn aggregate(points: impl Iterator<Item = (i64, f64)>, steps: Steps) -> Self {
        let mut buckets = Self::default();
        for (timestamp, value) in points {
            buckets.add(steps.of(timestamp), &Partial::of(timestamp, value));
        }
        buckets
    }

    fn add(&mut self, start: i64, partial: &Partial) {
        match self.0.get_mut(&start) {
            Some(known) => known.merge(partial),
            None => {
                self.0.insert(start, *partial);
            }
        }
    }

    /// Adds what was written later.
    #[inline(never)]
    pub(crate) fn merge(&mut self, later: &Self) {
        for (&start, partial) in &later.0 {
            self.add(start, partial);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Partial)> {
        self.0.iter().map(|(&start, partial)| (start, partial))
    }

    /// Bytes that the steps hold, without the tree's own nodes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.len() * (size_of::<i64>() + size_of::<Partial>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(aggregate: Aggregate, values: &[(i64, f64)]) -> f64 {
        let numbers = || values.iter().map(|&(_, value)| value);
        match aggregate {
            Aggregate::Min => numbers().fold(f64::INFINITY, f64::min),
            Aggregate::Max => numbers().fold(f64::NEG_INFINITY, f64::max),
            Aggregate::Mean => numbers().sum::<f64>() / values.len() as f64,
            Aggregate::Sum => numbers().sum(),
            Aggregate::Count => values.len() as f64,
            // `max_by_key` gives the last of equals.
            Aggregate::Last => values.iter().max_by_key(|(at, _)| *at).unwrap().1,
        }
    }

    proptest! {
        #[test]
        fn pieces_merged_equal_the_naive_computation(
            points in proptest::collection::vec((-50i64..50, -1000i32..1000), 1..80),
            cut in 0usize..80,
            step in 1i64..30,
            start in -60i64..-40,
        ) {
            let points: Vec<(i64, f64)> = points.into_iter().map(|(at, v)| (at, f64::from(v))).collect();
            let points: Vec<_> = points.into_iter().filter(|(at, _)| *at >= start).collect();
            let (older, newer) = points.split_at(cut.min(points.len()));
            let steps = Steps::new(start, step);
            let mut found = Buckets::aggregate(older.iter().copied(), steps);
            found.merge(&Buckets::aggregate(newer.iter().copied(), steps));
            let mut expected: BTreeMap<i64, Vec<(i64, f64)>> = BTreeMap::new();
            for &(at, value) in &points {
                expected.entry(start + (at - start) / step * step).or_default().push((at, value));
            }
            prop_assert_eq!(found.iter().map(|(at, _)| at).collect::<Vec<_>>(), expected.keys().copied().collect::<Vec<_>>());
            for name in Aggregate::NAMES.split([',', ' ']).filter_map(Aggregate::from_name) {
                for (at, partial) in found.iter() {
                    prop_assert_eq!(partial.result(name), naive(name, &expected[&at]));
                }
            }
        }
    }

    #[test]
    fn every_name_is_read_and_the_ends_of_time_do_not_overflow() {
        let names: Vec<_> = Aggregate::NAMES.split([',', ' ']).filter_map(Aggregate::from_name).collect();
        assert_eq!(names.len(), 6);
        let steps = Steps::new(5, 10);
        assert_eq!(steps.of(4), -5);
        assert_eq!(steps.of(i64::MAX) % 10, 5);
        assert_eq!(steps.of(i64::MIN), i64::MIN);
    }
}
