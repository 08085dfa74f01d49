use super::*;
use crate::line_protocol::{Precision, parse};
use crate::store::aggregate::Aggregate;
use crate::store::label_index::IndexSize;

const SECOND: i64 = 1_000_000_000;

fn engine(dead_labels: DeadLabels) -> Engine {
    Engine::new(EngineOptions {
        retention: 5 * SECOND,
        cache_bytes: 64 << 10,
        flush_bytes: 64 << 10,
        dead_labels,
    })
}

fn write(engine: &Engine, text: &str, now: i64) -> Result<(), LineError> {
    engine.write(&parse(text.as_bytes(), Precision::Nanoseconds).unwrap(), now)
}

fn range(field: &str, aggregate: Aggregate, labels: &[(&str, &str)]) -> RangeQuery {
    RangeQuery {
        measurement: "m".into(),
        field: field.into(),
        aggregate,
        start: 0,
        end: 1000 * SECOND,
        step: 10 * SECOND,
        labels: labels.iter().map(|&(k, v)| (k.into(), v.into())).collect(),
    }
}

/// A second of load: 50 requests, each with a label of its own.
fn churn(engine: &Engine, second: i64) {
    let lines: String = (0..50).map(|i| format!("m,host=h{},id=r{second}-{i} v={i}\n", i % 4)).collect();
    write(engine, &lines, second * SECOND).unwrap();
    engine.maintain(second * SECOND);
}

#[test]
fn answers_the_same_from_buffer_segments_and_cache_as_a_naive_scan() {
    let engine = engine(DeadLabels::Compacted);
    let points: Vec<(i64, i64, i64)> =
        (0..2000).map(|i| (i % 3, i * 37 % 97, i * 7919 % 100 * SECOND)).collect();
    for (step, chunk) in points.chunks(250).enumerate() {
        let lines: String =
            chunk.iter().map(|(h, v, at)| format!("m,host=h{h},zone=z v={v}i {at}\n")).collect();
        write(&engine, &lines, step as i64).unwrap();
        // All but the last chunk become segments; at time 0 retention keeps everything.
        if step < 7 {
            lock(&engine.state).flush_where(|_| true);
        }
    }
    let stats = engine.stats();
    assert_eq!((stats.segments, stats.series, stats.points_written), (7, 3, 2000));
    assert!(stats.buffered_bytes > 0);
    for host in [None, Some(1)] {
        let labels = [("host", "h1"), ("zone", "z")];
        let labels = if host.is_some() { &labels[..] } else { &[] };
        for (aggregate, fold) in [
            (Aggregate::Sum, (|values| values.iter().sum()) as fn(&[f64]) -> f64),
            (Aggregate::Count, |values| values.len() as f64),
            (Aggregate::Max, |values| values.iter().copied().fold(f64::MIN, f64::max)),
            (Aggregate::Min, |values| values.iter().copied().fold(f64::MAX, f64::min)),
            (Aggregate::Mean, |values| values.iter().sum::<f64>() / values.len() as f64),
        ] {
            let mut expected = Vec::new();
            for step in 0..10 {
                let wanted = points
                    .iter()
                    .filter(|(h, _, at)| host.is_none_or(|w| w == *h) && at / (10 * SECOND) == step);
                let values: Vec<f64> = wanted.map(|(_, v, _)| *v as f64).collect();
                expected.push((step * 10 * SECOND, fold(&values)));
            }
            assert_eq!(
                engine.query(&range("v", aggregate, labels)).unwrap(),
                expected,
                "{aggregate:?} {host:?}"
            );
        }
    }
    let cache = engine.stats().cache;
    assert_eq!((cache.misses, cache.hits), (2 * 7, 2 * 4 * 7));
}

#[test]
fn a_range_that_cuts_a_segment_takes_only_its_points() {
    let engine = engine(DeadLabels::Compacted);
    write(&engine, "m v=1 10\nm v=2 20\nm v=4 30", 0).unwrap();
    lock(&engine.state).flush_where(|_| true);
    let query = RangeQuery { start: 20, end: 30, step: 10, ..range("v", Aggregate::Sum, &[]) };
    assert_eq!(engine.query(&query).unwrap(), [(20, 2.0)]);
    assert_eq!(engine.stats().cache_bytes, 0);
}

#[test]
fn last_is_by_time_and_then_by_writing() {
    let engine = engine(DeadLabels::Compacted);
    write(&engine, "m v=1 20\nm v=2 10", 0).unwrap();
    lock(&engine.state).flush_where(|_| true);
    assert_eq!(engine.query(&range("v", Aggregate::Last, &[])).unwrap(), [(0, 1.0)]);
    write(&engine, "m v=3 20", 0).unwrap();
    assert_eq!(engine.query(&range("v", Aggregate::Last, &[])).unwrap(), [(0, 3.0)]);
}

#[test]
fn a_field_keeps_its_type_and_a_refused_body_writes_nothing() {
    let engine = engine(DeadLabels::Compacted);
    write(&engine, "m v=1", 0).unwrap();
    let error = write(&engine, "m w=1\nm,host=a v=2i", 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 10: the field \"v\" is of type integer here, but float before"
    );
    let error = write(&engine, "n x=1\nn x=t", 0).unwrap_err();
    assert_eq!((error.at.line, error.at.column), (2, 3));
    assert_eq!(engine.stats().points_written, 1);
    assert_eq!(engine.query(&range("w", Aggregate::Sum, &[])).unwrap(), []);
    assert_eq!(engine.stats().series, 1);
}

#[test]
fn strings_can_be_counted_only() {
    let engine = engine(DeadLabels::Compacted);
    write(&engine, "m s=\"a\" 1\nm s=\"b\" 2", 0).unwrap();
    assert_eq!(engine.query(&range("s", Aggregate::Count, &[])).unwrap(), [(0, 2.0)]);
    assert!(engine.query(&range("s", Aggregate::Max, &[])).unwrap_err().contains("agg=count"));
}

#[test]
fn a_buffer_is_flushed_by_age_and_by_size() {
    let engine = engine(DeadLabels::Compacted);
    write(&engine, "m v=1", 10 * SECOND).unwrap();
    engine.maintain(10 * SECOND + FLUSH_AGE - 1);
    assert_eq!(engine.stats().segments, 0);
    engine.maintain(10 * SECOND + FLUSH_AGE);
    assert_eq!((engine.stats().segments, engine.stats().buffered_bytes), (1, 0));
    let many: String = (0..5000).map(|i| format!("m v={i}\n")).collect();
    write(&engine, &many, 11 * SECOND).unwrap();
    assert_eq!((engine.stats().segments, engine.stats().buffered_bytes), (2, 0));
}

#[test]
fn retention_drops_segments_series_labels_and_cached_results() {
    let engine = engine(DeadLabels::Compacted);
    churn(&engine, 1);
    engine.maintain(2 * SECOND);
    engine.query(&range("v", Aggregate::Sum, &[])).unwrap();
    let before = engine.stats();
    assert_eq!((before.segments, before.series, before.index.entries), (1, 50, 50 + 4 + 1));
    assert!(before.cache_bytes > 0);
    engine.maintain(6 * SECOND);
    assert_eq!(engine.stats().segments, 1, "a point as old as the limit is kept");
    engine.maintain(6 * SECOND + 1);
    let after = engine.stats();
    assert_eq!((after.segments, after.segment_bytes, after.series, after.cache_bytes), (0, 0, 0, 0));
    assert_eq!((after.segments_dropped, after.series_dropped), (1, 50));
    assert_eq!(after.index, IndexSize::default());
    assert_eq!(engine.query(&range("v", Aggregate::Sum, &[])).unwrap(), []);
    // The schema went with the data, so the field may come back as something else.
    write(&engine, "m v=true", 7 * SECOND).unwrap();
}

#[test]
fn without_the_leak_the_index_stays_bounded_under_churn() {
    let engine = engine(DeadLabels::Compacted);
    let mut largest = 0;
    for second in 1..=60 {
        churn(&engine, second);
        let stats = engine.stats();
        assert_eq!(stats.index.leaked_bytes(), 0);
        largest = largest.max(stats.index.entries);
    }
    // Retention, a second in the buffer, and the one that is being written.
    assert!(largest <= 8 * 50 + 5, "{largest} labels");
    assert!(engine.stats().series <= 8 * 50);
}

#[test]
fn with_the_leak_the_index_grows_by_every_label_while_all_else_stays_bounded() {
    let engine = engine(DeadLabels::Kept);
    for second in 1..=60 {
        churn(&engine, second);
    }
    let stats = engine.stats();
    assert_eq!(stats.index.entries, 60 * 50 + 5);
    assert!(stats.series <= 8 * 50 && stats.segments <= 8);
    let dropped = stats.series_dropped as usize;
    assert_eq!(stats.index.dead_entries, dropped);
    // Each dead label: a string of 5 or 6 bytes (class 8) and a list of 64 ids; and it stays behind in two lists.
    assert_eq!(stats.index.leaked_bytes(), dropped * (8 + 512) + 2 * dropped * 8);
    assert_eq!(stats.leak_rate, 50.0 * (8.0 + 512.0 + 16.0));
    let text = stats.to_text();
    assert!(text.contains(&format!("\nheaplens_demo_leak_bytes {}\n", stats.index.leaked_bytes())), "{text}");
    assert!(text.contains("\nheaplens_demo_leak_bytes_per_second 26800\n"), "{text}");
    // Answers do not show it: dropped series are nowhere but in the index.
    let query = range("v", Aggregate::Count, &[("host", "h1")]);
    let kept: f64 = engine.query(&query).unwrap().iter().map(|(_, count)| count).sum();
    assert!(kept <= 8.0 * 13.0, "{kept}");
}
