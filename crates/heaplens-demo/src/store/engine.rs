//! The engine: write buffers, segments and indexes behind one lock; the query cache behind its own.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use super::aggregate::{Buckets, Steps};
use super::column::FieldType;
use super::label_index::LabelIndex;
use super::memtable::{Held, Memtable};
use super::query::{self, RangeQuery, Snapshot};
use super::query_cache::QueryCache;
use super::retention::{self, DeadLabels};
use super::segment::Segment;
use super::series::{Interned, SeriesId, SeriesTable};
use super::stats::{GrowthRate, Stats};
use crate::line_protocol::{LineError, Point};
use crate::lock::lock;

/// A write buffer is flushed at this age, in nanoseconds, even if it is small.
const FLUSH_AGE: i64 = 1_000_000_000;

/// The engine's limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineOptions {
    /// Nanoseconds that points are kept, by their own time.
    pub(crate) retention: i64,
    /// Bound of the query cache in bytes.
    pub(crate) cache_bytes: usize,
    /// Size in bytes at which a write buffer is flushed.
    pub(crate) flush_bytes: usize,
    pub(crate) dead_labels: DeadLabels,
}

#[derive(Debug, Default)]
struct Measurement {
    schema: HashMap<Box<str>, FieldType>,
    memtable: Memtable,
    segments: Vec<Arc<Segment>>,
}

#[derive(Debug, Default)]
struct State {
    measurements: HashMap<Box<str>, Measurement>,
    series: SeriesTable,
    index: LabelIndex,
    next_segment: u64,
    points_written: u64,
    series_dropped: u64,
    segments_dropped: u64,
    leak_rate: GrowthRate,
}

/// The store as the server sees it. Every `now` is nanoseconds since the epoch: the engine reads no clock.
#[derive(Debug)]
pub(crate) struct Engine {
    options: EngineOptions,
    state: Mutex<State>,
    cache: Mutex<QueryCache>,
}

impl Engine {
    pub(crate) fn new(options: EngineOptions) -> Self {
        Self { options, state: Mutex::default(), cache: Mutex::new(QueryCache::new(options.cache_bytes)) }
    }

    /// Writes all points or, if a field has another type than before, none. Points without a time get `now`.
    #[inline(never)]
    pub(crate) fn write(&self, points: &[Point<'_>], now: i64) -> Result<(), LineError> {
        let mut state = lock(&self.state);
        state.check_schema(points)?;
        for point in points {
            state.write_point(point, now);
        }
        state.points_written += points.len() as u64;
        state.flush_where(|memtable| memtable.bytes() >= self.options.flush_bytes);
        Ok(())
    }

    /// The aggregate of each step that has points. Err says why there is none.
    #[inline(never)]
    pub(crate) fn query(&self, query: &RangeQuery) -> Result<Vec<(i64, f64)>, String> {
        let Some(snapshot) = lock(&self.state).snapshot(query)? else {
            return Ok(Vec::new());
        };
        Ok(query::run(query, &snapshot, &self.cache))
    }

    /// Flushes aged write buffers and drops what retention no longer keeps. To be called a few times a second.
    #[inline(never)]
    pub(crate) fn maintain(&self, now: i64) {
        let mut state = lock(&self.state);
        let aged = |at: i64| now.saturating_sub(at) >= FLUSH_AGE;
        state.flush_where(|memtable| memtable.opened_at().is_some_and(aged));
        let dropped =
            state.drop_expired(now.saturating_sub(self.options.retention), self.options.dead_labels);
        let leaked = state.index.size().leaked_bytes();
        state.leak_rate.note(now, leaked);
        drop(state);
        if !dropped.is_empty() {
            lock(&self.cache).forget_segments(&dropped);
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        let state = lock(&self.state);
        let segments = || state.measurements.values().flat_map(|measurement| &measurement.segments);
        let cache = lock(&self.cache);
        Stats {
            points_written: state.points_written,
            series: state.series.len(),
            series_dropped: state.series_dropped,
            buffered_bytes: state.measurements.values().map(|measurement| measurement.memtable.bytes()).sum(),
            segments: segments().count(),
            segment_bytes: segments().map(|segment| segment.bytes()).sum(),
            segments_dropped: state.segments_dropped,
            cache_bytes: cache.bytes(),
            cache_capacity: cache.capacity(),
            cache: cache.counts(),
            index: state.index.size(),
            dead_labels: self.options.dead_labels,
            leak_rate: state.leak_rate.per_second(),
        }
    }
}

impl State {
    /// Adds new fields to the schema, but only if all points keep to it.
    fn check_schema(&mut self, points: &[Point<'_>]) -> Result<(), LineError> {
        let mut new: HashMap<(&str, &str), FieldType> = HashMap::new();
        for point in points {
            let known = self.measurements.get(point.measurement.as_ref());
            for field in &point.fields {
                let found = FieldType::of(&field.value);
                let expected = match known.and_then(|known| known.schema.get(field.name.as_ref())) {
                    Some(&expected) => expected,
                    None => *new.entry((&point.measurement, &field.name)).or_insert(found),
                };
                if expected != found {
                    let (name, found, expected) = (&field.name, found.name(), expected.name());
                    return Err(LineError {
                        at: field.at,
                        message: format!("the field {name:?} is of type {found} here, but {expected} before"),
                    });
                }
            }
        }
        for ((measurement, field), kind) in new {
            let measurement = self.measurements.entry(measurement.into()).or_default();
            measurement.schema.insert(field.into(), kind);
        }
        Ok(())
    }

    #[inline(never)]
    fn write_point(&mut self, point: &Point<'_>, now: i64) {
        let id = match self.series.intern(point) {
            Interned::Known(id) => id,
            Interned::Created(id) => {
                for (name, value) in self.series.get(id).iter().flat_map(|series| &series.labels) {
                    self.index.remember_label(name, value, id);
                }
                id
            }
        };
        let Some(measurement) = self.measurements.get_mut(point.measurement.as_ref()) else {
            return;
        };
        let timestamp = point.timestamp.unwrap_or(now);
        if measurement.memtable.append(id, timestamp, &point.fields, now) == Held::New {
            self.series.hold(id);
        }
    }

    #[inline(never)]
    fn flush_where(&mut self, due: impl Fn(&Memtable) -> bool) {
        for measurement in self.measurements.values_mut() {
            if !measurement.memtable.is_empty() && due(&measurement.memtable) {
                let memtable = std::mem::take(&mut measurement.memtable);
                measurement.segments.push(Arc::new(memtable.freeze(self.next_segment)));
                self.next_segment += 1;
            }
        }
    }

    /// Drops segments without a point since `oldest`; gives their ids, sorted.
    fn drop_expired(&mut self, oldest: i64, dead: DeadLabels) -> Vec<u64> {
        let mut dropped = Vec::new();
        for measurement in self.measurements.values_mut() {
            dropped.append(&mut retention::drop_expired(&mut measurement.segments, oldest));
        }
        self.measurements.retain(|_, m| !m.segments.is_empty() || !m.memtable.is_empty());
        let series = retention::forget_series_of(&dropped, &mut self.series, &mut self.index, dead);
        self.series_dropped += series as u64;
        self.segments_dropped += dropped.len() as u64;
        let mut ids: Vec<u64> = dropped.iter().map(|segment| segment.id).collect();
        ids.sort_unstable();
        ids
    }

    /// What the query has to read; `None` if there is no such measurement or field.
    fn snapshot(&self, query: &RangeQuery) -> Result<Option<Snapshot>, String> {
        use super::aggregate::Aggregate::Count;
        let Some(measurement) = self.measurements.get(query.measurement.as_str()) else {
            return Ok(None);
        };
        let Some(&kind) = measurement.schema.get(query.field.as_str()) else {
            return Ok(None);
        };
        if kind == FieldType::Text && query.aggregate != Count {
            return Err(format!("the field {:?} is a string, which agg=count alone can take", query.field));
        }
        let series = self.series_with_all(&query.labels);
        let overlaps = |segment: &&Arc<Segment>| segment.first < query.end && segment.last >= query.start;
        let points = measurement.memtable.scan(&query.field);
        let points = points.filter(|&(at, id, _)| query::selects(query, series.as_ref(), at, id));
        Ok(Some(Snapshot {
            segments: measurement.segments.iter().filter(overlaps).cloned().collect(),
            buffered: Buckets::aggregate(
                points.map(|(at, _, value)| (at, value)),
                Steps::new(query.start, query.step),
            ),
            series,
        }))
    }

    /// The series that have all of these labels; `None` if there are no labels to have.
    fn series_with_all(&self, labels: &[(String, String)]) -> Option<HashSet<SeriesId>> {
        let mut lists: Vec<&[SeriesId]> =
            labels.iter().map(|(name, value)| self.index.series_with(name, value)).collect();
        lists.sort_by_key(|list| list.len());
        let (shortest, others) = lists.split_first()?;
        let in_all = |id: &&SeriesId| others.iter().all(|list| list.binary_search(id).is_ok());
        Some(shortest.iter().filter(in_all).copied().collect())
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
