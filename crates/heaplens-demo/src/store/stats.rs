//! The store in figures: what `/metrics` prints.

use std::collections::VecDeque;
use std::fmt::Write;

use super::label_index::IndexSize;
use super::query_cache::CacheCounts;
use super::retention::DeadLabels;

/// A picture of the store at one moment. Sizes are bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stats {
    pub(crate) points_written: u64,
    pub(crate) series: usize,
    pub(crate) series_dropped: u64,
    pub(crate) buffered_bytes: usize,
    pub(crate) segments: usize,
    pub(crate) segment_bytes: usize,
    pub(crate) segments_dropped: u64,
    pub(crate) cache_bytes: usize,
    pub(crate) cache_capacity: usize,
    pub(crate) cache: CacheCounts,
    pub(crate) index: IndexSize,
    pub(crate) dead_labels: DeadLabels,
    pub(crate) leak_rate: f64,
}

impl Stats {
    /// Prometheus' text format.
    pub(crate) fn to_text(self) -> String {
        let leak = self.dead_labels == DeadLabels::Kept;
        let leaked = if leak { self.index.leaked_bytes() } else { 0 };
        let lines: [(&str, &str, &str, f64); 19] = [
            ("points_written_total", "counter", "Points accepted", self.points_written as f64),
            ("series", "gauge", "Series that have points", self.series as f64),
            ("series_dropped_total", "counter", "Series that retention dropped", self.series_dropped as f64),
            ("buffered_bytes", "gauge", "Bytes in the write buffers", self.buffered_bytes as f64),
            ("segments", "gauge", "Segments retained", self.segments as f64),
            ("segment_bytes", "gauge", "Bytes in segments", self.segment_bytes as f64),
            (
                "segments_dropped_total",
                "counter",
                "Segments that retention dropped",
                self.segments_dropped as f64,
            ),
            ("cache_bytes", "gauge", "Bytes in the query cache", self.cache_bytes as f64),
            ("cache_capacity_bytes", "gauge", "Bound of the query cache", self.cache_capacity as f64),
            ("cache_hits_total", "counter", "Results found in the cache", self.cache.hits as f64),
            ("cache_misses_total", "counter", "Results not in the cache", self.cache.misses as f64),
            ("cache_evictions_total", "counter", "Results pushed out", self.cache.evictions as f64),
            ("label_index_entries", "gauge", "Labels in the index", self.index.entries as f64),
            ("label_index_bytes", "gauge", "Bytes of their strings and lists", self.index.bytes as f64),
            ("label_index_dead_entries", "gauge", "Labels without a series", self.index.dead_entries as f64),
            ("label_index_stale_ids", "gauge", "Dropped series in lists in use", self.index.stale_ids as f64),
            ("leak_enabled", "gauge", "1 if --leak was given", f64::from(u8::from(leak))),
            ("leak_bytes", "gauge", "True size of the leak, in jemalloc's size classes", leaked as f64),
            ("leak_bytes_per_second", "gauge", "Its growth over the last ten seconds", self.leak_rate),
        ];
        let mut out = String::new();
        for (name, kind, help, value) in lines {
            let name = format!("heaplens_demo_{name}");
            let _ = writeln!(out, "# HELP {name} {help}.\n# TYPE {name} {kind}\n{name} {value}");
        }
        out
    }
}

/// How fast a size grows, over a sliding window.
#[derive(Debug, Default)]
pub(crate) struct GrowthRate {
    samples: VecDeque<(i64, usize)>,
}

/// Nanoseconds.
const WINDOW: i64 = 10_000_000_000;

impl GrowthRate {
    /// Notes the size at a time (nanoseconds).
    pub(crate) fn note(&mut self, now: i64, bytes: usize) {
        while self.samples.front().is_some_and(|&(at, _)| at < now.saturating_sub(WINDOW)) {
            self.samples.pop_front();
        }
        self.samples.push_back((now, bytes));
    }

    /// Bytes per second between the first and the last sample of the window; 0 with fewer than two.
    pub(crate) fn per_second(&self) -> f64 {
        match (self.samples.front(), self.samples.back()) {
            (Some(&(from, before)), Some(&(to, after))) if to > from => {
                (after as f64 - before as f64) / ((to - from) as f64 / 1e9)
            }
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GrowthRate;

    #[test]
    fn the_rate_is_that_of_the_last_ten_seconds() {
        let mut rate = GrowthRate::default();
        assert_eq!(rate.per_second(), 0.0);
        for second in 0..=20 {
            rate.note(second * 1_000_000_000, if second < 10 { 0 } else { (second as usize - 10) * 500 });
        }
        assert_eq!(rate.per_second(), 500.0);
    }
}
