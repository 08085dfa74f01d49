//! The write buffer of a measurement: rows in the order of arrival, until a flush freezes them.

use std::collections::{HashMap, HashSet};

use super::column::{ColumnBuffer, FieldType};
use super::segment::Segment;
use super::series::SeriesId;
use crate::line_protocol::Field;

/// Points of one measurement that are not in a segment yet.
#[derive(Debug, Default)]
pub(crate) struct Memtable {
    timestamps: Vec<i64>,
    series: Vec<SeriesId>,
    columns: HashMap<Box<str>, ColumnBuffer>,
    held: HashSet<SeriesId>,
    opened_at: Option<i64>,
}

/// Whether a point's series was in the buffer already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Already,
    New,
}

impl Memtable {
    /// Appends a point that arrived at `now` (nanoseconds).
    #[inline(never)]
    pub(crate) fn append(
        &mut self,
        series: SeriesId,
        timestamp: i64,
        fields: &[Field<'_>],
        now: i64,
    ) -> Held {
        let row = self.timestamps.len() as u32;
        self.opened_at.get_or_insert(now);
        self.timestamps.push(timestamp);
        self.series.push(series);
        for field in fields {
            if let Some(column) = self.columns.get_mut(field.name.as_ref()) {
                column.push(row, &field.value);
            } else {
                let mut column = ColumnBuffer::new(FieldType::of(&field.value));
                column.push(row, &field.value);
                self.columns.insert(field.name.as_ref().into(), column);
            }
        }
        if self.held.insert(series) { Held::New } else { Held::Already }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// When the first of its points arrived, in nanoseconds.
    pub(crate) fn opened_at(&self) -> Option<i64> {
        self.opened_at
    }

    /// Bytes that the buffer holds, capacity included.
    pub(crate) fn bytes(&self) -> usize {
        self.timestamps.capacity() * size_of::<i64>()
            + self.series.capacity() * size_of::<SeriesId>()
            + self.held.capacity() * size_of::<SeriesId>()
            + self.columns.iter().map(|(name, column)| name.len() + column.bytes()).sum::<usize>()
    }

    /// Timestamp, series and value of each point that has the field, in the order of arrival.
    pub(crate) fn scan(&self, field: &str) -> impl Iterator<Item = (i64, SeriesId, f64)> + '_ {
        let numbers = self.columns.get(field).into_iter().flat_map(ColumnBuffer::numbers);
        numbers.map(|(row, value)| (self.timestamps[row as usize], self.series[row as usize], value))
    }

    /// The buffer as an immutable segment, sorted by time; points of the same time keep their order.
    #[inline(never)]
    pub(crate) fn freeze(self, id: u64) -> Segment {
        let mut order: Vec<u32> = (0..self.timestamps.len() as u32).collect();
        order.sort_by_key(|&row| self.timestamps[row as usize]);
        let mut position = vec![0u32; order.len()];
        for (new, &old) in (0u32..).zip(&order) {
            position[old as usize] = new;
        }
        let columns =
            self.columns.iter().map(|(name, column)| (name.clone(), column.compress(&position))).collect();
        let mut held: Vec<SeriesId> = self.held.into_iter().collect();
        held.sort_unstable();
        let timestamps = order.iter().map(|&row| self.timestamps[row as usize]);
        let series = order.iter().map(|&row| self.series[row as usize]);
        Segment::new(id, timestamps, series, columns, held.into_boxed_slice())
    }
}
