//! Range queries: what is asked, and how the answer is put together from segments and the write buffer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::aggregate::{Aggregate, Buckets, Steps};
use super::query_cache::{CacheKey, QueryCache};
use super::segment::Segment;
use super::series::SeriesId;
use crate::lock::lock;

/// The most steps that one query may ask for, as in Prometheus.
const MAX_STEPS: i128 = 11_000;

/// A range query. Times are nanoseconds since the epoch; the end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RangeQuery {
    pub(crate) measurement: String,
    pub(crate) field: String,
    pub(crate) aggregate: Aggregate,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) step: i64,
    /// Tags that a series must have.
    pub(crate) labels: Vec<(String, String)>,
}

impl RangeQuery {
    /// Reads the parameters of a request; every one that is not ours is a tag.
    ///
    /// Without `end` the range ends now, without `start` it is the last minute, without `step` one step.
    pub(crate) fn from_params(params: Vec<(String, String)>, now: i64) -> Result<Self, String> {
        let (mut measurement, mut field, mut aggregate) = (None, None, Aggregate::Mean);
        let (mut start, mut end, mut step) = (None, None, None);
        let mut labels = Vec::new();
        for (name, value) in params {
            match name.as_str() {
                "measurement" => measurement = Some(value),
                "field" => field = Some(value),
                "agg" => {
                    aggregate = Aggregate::from_name(&value)
                        .ok_or_else(|| format!("agg={value}: expected {}", Aggregate::NAMES))?;
                }
                "start" => start = Some(time("start", &value, now)?),
                "end" => end = Some(time("end", &value, now)?),
                "step" => step = Some(duration("step", &value)?),
                _ => labels.push((name, value)),
            }
        }
        labels.sort();
        let end = end.unwrap_or(now.saturating_add(1));
        let start = start.unwrap_or(end.saturating_sub(60_000_000_000));
        if start >= end {
            return Err(format!("start={start} is not before end={end}"));
        }
        let step = step.unwrap_or(end.saturating_sub(start));
        if (i128::from(end) - i128::from(start)) / i128::from(step) > MAX_STEPS {
            return Err(format!("more than {MAX_STEPS} steps: ask for a longer step or a shorter range"));
        }
        Ok(Self {
            measurement: measurement.ok_or("measurement= is missing")?,
            field: field.ok_or("field= is missing")?,
            aggregate,
            start,
            end,
            step,
            labels,
        })
    }
}

/// `1700000000000000000` (nanoseconds), `now`, `now-5s`.
fn time(name: &str, text: &str, now: i64) -> Result<i64, String> {
    if text == "now" {
        return Ok(now);
    }
    match text.strip_prefix("now-") {
        Some(ago) => Ok(now.saturating_sub(duration(name, ago)?)),
        None => text.parse().map_err(|_| format!("{name}={text}: expected nanoseconds, now or now-5s")),
    }
}

/// A positive duration: `250ms`, `5s`, `10m`, `1h`; a bare number counts nanoseconds.
fn duration(name: &str, text: &str) -> Result<i64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: i64 = match &text[digits.len()..] {
        "" | "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => 0,
    };
    match digits.parse::<i64>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(duration) if duration > 0 => Ok(duration),
        _ => Err(format!("{name}={text}: expected a positive duration such as 250ms, 5s, 10m or 1h")),
    }
}

/// What a query reads, taken under the store's lock so that the work can be done without it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Segments that overlap the range, in the order of writing.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// The write buffer's part, already aggregated.
    pub(crate) buffered: Buckets,
    /// The series that have the tags; `None` if all are asked for.
    pub(crate) series: Option<HashSet<SeriesId>>,
}

/// Whether a point of this time and series is asked for.
pub(crate) fn selects(query: &RangeQuery, series: Option<&HashSet<SeriesId>>, at: i64, id: SeriesId) -> bool {
    (query.start..query.end).contains(&at) && series.is_none_or(|wanted| wanted.contains(&id))
}

/// Aggregates the snapshot; what whole segments contribute comes from the cache where it is there.
#[inline(never)]
pub(crate) fn run(query: &RangeQuery, snapshot: &Snapshot, cache: &Mutex<QueryCache>) -> Vec<(i64, f64)> {
    let mut buckets = Buckets::default();
    for segment in &snapshot.segments {
        buckets.merge(&segment_part(query, segment, snapshot.series.as_ref(), cache));
    }
    buckets.merge(&snapshot.buffered);
    buckets.iter().map(|(start, partial)| (start, partial.result(query.aggregate))).collect()
}

fn segment_part(
    query: &RangeQuery,
    segment: &Segment,
    series: Option<&HashSet<SeriesId>>,
    cache: &Mutex<QueryCache>,
) -> Arc<Buckets> {
    // A segment that the range cuts contributes something else to every range.
    if segment.first < query.start || segment.last >= query.end {
        return Arc::new(scan_segment(query, segment, series));
    }
    let key = CacheKey {
        segment: segment.id,
        field: query.field.clone(),
        labels: query.labels.clone(),
        steps: Steps::new(query.start, query.step),
    };
    let known = lock(cache).get(&key);
    known.unwrap_or_else(|| {
        let part = Arc::new(scan_segment(query, segment, series));
        lock(cache).insert(key, Arc::clone(&part));
        part
    })
}

#[inline(never)]
fn scan_segment(query: &RangeQuery, segment: &Segment, series: Option<&HashSet<SeriesId>>) -> Buckets {
    let points = segment.scan(&query.field).filter(|&(at, id, _)| selects(query, series, at, id));
    Buckets::aggregate(points.map(|(at, _, value)| (at, value)), Steps::new(query.start, query.step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Result<RangeQuery, String> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        RangeQuery::from_params(pairs.map(|(k, v)| (k.into(), v.into())).collect(), 100_000_000_000)
    }

    #[test]
    fn reads_times_durations_and_tags() {
        let query =
            params("measurement=m&field=f&agg=max&start=now-5s&end=now&step=250ms&zone=b&host=a").unwrap();
        assert_eq!((query.start, query.end, query.step), (95_000_000_000, 100_000_000_000, 250_000_000));
        assert_eq!(query.labels, [("host".into(), "a".into()), ("zone".into(), "b".into())]);
        let query = params("measurement=m&field=f").unwrap();
        assert_eq!((query.start, query.end, query.step), (40_000_000_001, 100_000_000_001, 60_000_000_000));
    }

    #[test]
    fn refuses_what_it_cannot_answer() {
        let cases = [
            ("field=f", "measurement= is missing"),
            ("measurement=m", "field= is missing"),
            ("measurement=m&field=f&agg=median", "expected min, max"),
            ("measurement=m&field=f&step=0", "positive duration"),
            ("measurement=m&field=f&step=5d", "positive duration"),
            ("measurement=m&field=f&start=yesterday", "expected nanoseconds"),
            ("measurement=m&field=f&start=5&end=5", "is not before"),
            ("measurement=m&field=f&step=1ms", "more than 11000 steps"),
        ];
        for (text, message) in cases {
            let error = params(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
