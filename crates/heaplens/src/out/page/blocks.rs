//! The values of one capture as bytes.
//!
//! Numbers are LEB128, signed ones in zigzag. First come flags (1: allocations follow each point's values, 2: points have a
//! thread), then how many captures back the one is that values are relative to (0: to nothing), then the number of points.
//! A point is the distance of its stack's number from the one before (the first one's from −1), the thread if there is one,
//! and bytes and objects in 256ths: estimates have fractions, and rounded ones would not sum up.

use crate::group::{NO_THREAD, root_name};
use crate::series::{Point, Series};
use rustc_hash::FxHashMap;

const HAS_ALLOC: u64 = 1;
const HAS_THREADS: u64 = 2;
const FRACTIONS: f64 = 256.0;

/// Site, thread, and two or four values.
struct Row {
    site: u32,
    thread: Option<u32>,
    values: [i64; 4],
}

/// All values of a capture, or what differs from the capture `base`, which the reader knows as the one before.
pub(super) fn values(series: &Series, capture: usize, base: Option<usize>) -> Vec<u8> {
    let has_alloc = |capture: usize| series.captures()[capture].has_alloc;
    // What one of them lacks cannot be relative to the other.
    let base = base.filter(|&base| has_alloc(base) == has_alloc(capture));
    let mut rows = rows(series, capture);
    if let Some(base) = base {
        rows = changes(rows, self::rows(series, base));
    }
    let flags = if has_alloc(capture) { HAS_ALLOC } else { 0 };
    encode(flags, u64::from(base.is_some()), &rows)
}

/// The values of each thread's pool; empty if threads were not told apart.
pub(super) fn threads(series: &Series, capture: usize) -> Vec<u8> {
    let points = series.captures()[capture].by_thread();
    if points.is_empty() {
        return Vec::new();
    }
    let (_, label_of) = labels(series);
    let mut rows: Vec<Row> = Vec::with_capacity(points.len());
    let mut points: Vec<(u32, Point)> = points
        .iter()
        .filter(|(_, point)| series.stack(point.stack).is_some())
        .map(|(thread, point)| (label_of(*thread), *point))
        .collect();
    points.sort_by_key(|(label, point)| (point.stack, *label));
    for (label, point) in points {
        let values = [fixed(point.bytes), fixed(point.objects), 0, 0];
        match rows.last_mut().filter(|row| row.site == point.stack && row.thread == Some(label)) {
            Some(row) => row.values = std::array::from_fn(|i| row.values[i].saturating_add(values[i])),
            None => rows.push(Row { site: point.stack, thread: Some(label), values }),
        }
    }
    encode(HAS_THREADS, 0, &rows)
}

/// The names of threads, those of a pool once, and which one a thread has.
pub(super) fn labels(series: &Series) -> (Vec<String>, impl Fn(u32) -> u32) {
    let mut labels: Vec<String> = Vec::new();
    let mut known: FxHashMap<String, u32> = FxHashMap::default();
    let mut label = |name: String| {
        *known.entry(name).or_insert_with_key(|name| {
            labels.push(name.clone());
            labels.len() as u32 - 1
        })
    };
    let of_threads: Vec<u32> = series.threads().iter().map(|thread| label(root_name(thread))).collect();
    let none = label(NO_THREAD.to_owned());
    (labels, move |thread| of_threads.get(thread as usize).copied().unwrap_or(none))
}

fn rows(series: &Series, capture: usize) -> Vec<Row> {
    let capture = &series.captures()[capture];
    let mut allocated = capture.allocated().iter().copied().peekable();
    let mut rows = Vec::with_capacity(capture.points().len());
    for point in capture.points() {
        // Both lists are of the same samples.
        let of_alloc = allocated.next_if(|other| other.stack == point.stack);
        if series.stack(point.stack).is_none() {
            continue;
        }
        let (bytes, objects) = of_alloc.map_or((0.0, 0.0), |alloc| (alloc.bytes, alloc.objects));
        let values = [point.bytes, point.objects, bytes, objects].map(fixed);
        rows.push(Row { site: point.stack, thread: None, values });
    }
    rows
}

/// The sites whose values differ; one that is gone has all of its base's, negative.
fn changes(rows: Vec<Row>, base: Vec<Row>) -> Vec<Row> {
    let mut changes = Vec::new();
    let mut base = base.into_iter().peekable();
    let gone = |row: Row| Row { values: row.values.map(|value| value.saturating_neg()), ..row };
    for row in rows {
        while let Some(before) = base.next_if(|before| before.site < row.site) {
            changes.push(gone(before));
        }
        match base.next_if(|before| before.site == row.site) {
            Some(before) if before.values == row.values => {}
            Some(before) => {
                let values = std::array::from_fn(|i| row.values[i].saturating_sub(before.values[i]));
                changes.push(Row { values, ..row });
            }
            None => changes.push(row),
        }
    }
    changes.extend(base.map(gone));
    changes
}

fn encode(flags: u64, base: u64, rows: &[Row]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 * rows.len() + 8);
    for number in [flags, base, rows.len() as u64] {
        push(&mut out, number);
    }
    let mut last = -1i64;
    for row in rows {
        push(&mut out, (i64::from(row.site) - last) as u64);
        last = i64::from(row.site);
        if let Some(thread) = row.thread {
            push(&mut out, u64::from(thread));
        }
        let count = if flags & HAS_ALLOC == 0 { 2 } else { 4 };
        for value in &row.values[..count] {
            push(&mut out, ((value << 1) ^ (value >> 63)) as u64);
        }
    }
    out
}

fn push(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// In a browser, numbers are exact up to 2^53: 32 TiB in these units.
fn fixed(value: f64) -> i64 {
    (value * FRACTIONS).round() as i64
}
