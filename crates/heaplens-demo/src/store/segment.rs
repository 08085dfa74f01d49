//! An immutable piece of a measurement: compressed columns, sorted by time.

use std::collections::HashMap;

use super::codec::Deltas;
use super::column::Column;
use super::series::SeriesId;

/// Points of one measurement that no write changes any more.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Never used again for another segment, so results about it may be cached under it.
    pub(crate) id: u64,
    /// Oldest timestamp, nanoseconds.
    pub(crate) first: i64,
    /// Newest timestamp, nanoseconds.
    pub(crate) last: i64,
    timestamps: Deltas,
    series: Deltas,
    columns: HashMap<Box<str>, Column>,
    held: Box<[SeriesId]>,
}

impl Segment {
    /// `timestamps` are sorted; `series` and `columns` follow the same order; `held` names each series once.
    pub(crate) fn new(
        id: u64,
        timestamps: impl Iterator<Item = i64> + Clone,
        series: impl Iterator<Item = SeriesId>,
        columns: HashMap<Box<str>, Column>,
        held: Box<[SeriesId]>,
    ) -> Self {
        Self {
            id,
            first: timestamps.clone().next().unwrap_or(i64::MIN),
            last: timestamps.clone().last().unwrap_or(i64::MIN),
            timestamps: Deltas::encode(timestamps),
            series: Deltas::encode(series.map(|id| id as i64)),
            columns,
            held,
        }
    }

    /// The series that have points here, ascending.
    pub(crate) fn held(&self) -> &[SeriesId] {
        &self.held
    }

    /// Bytes that the segment holds.
    pub(crate) fn bytes(&self) -> usize {
        self.timestamps.bytes()
            + self.series.bytes()
            + size_of_val(&*self.held)
            + self.columns.iter().map(|(name, column)| name.len() + column.bytes()).sum::<usize>()
    }

    /// Decompresses timestamp, series and value of each point that has the field, in the order of time.
    pub(crate) fn scan(&self, field: &str) -> impl Iterator<Item = (i64, SeriesId, f64)> + '_ {
        let column = self.columns.get(field);
        let mut rows = (0u32..).zip(self.timestamps.iter().zip(self.series.iter()));
        column.into_iter().flat_map(Column::numbers).filter_map(move |(row, value)| {
            let (_, (timestamp, series)) = rows.find(|(at, _)| *at == row)?;
            Some((timestamp, series as SeriesId, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::line_protocol::{Precision, parse};
    use crate::store::memtable::Memtable;

    #[test]
    fn a_frozen_buffer_gives_the_same_points_sorted_by_time() {
        let text = b"m f=1.5,n=1i 30\nm n=2i 10\nm f=2.5,s=\"x\" 20\nm f=3.5,b=true 10\nm s=\"y\" 40";
        let mut memtable = Memtable::default();
        for (series, point) in (7u64..).zip(parse(text, Precision::Nanoseconds).unwrap()) {
            memtable.append(series, point.timestamp.unwrap(), &point.fields, 0);
        }
        let fields = ["f", "n", "b", "absent"];
        let mut expected: Vec<Vec<_>> = fields.iter().map(|f| memtable.scan(f).collect()).collect();
        expected.iter_mut().for_each(|points| points.sort_by_key(|point| point.0));
        let segment = memtable.freeze(1);
        let found: Vec<Vec<_>> = fields.iter().map(|f| segment.scan(f).collect()).collect();
        assert_eq!(found, expected);
        assert_eq!(found[0], [(10, 10, 3.5), (20, 9, 2.5), (30, 7, 1.5)]);
        assert_eq!(segment.scan("s").map(|(t, id, _)| (t, id)).collect::<Vec<_>>(), [(20, 9), (40, 11)]);
        assert_eq!((segment.first, segment.last), (10, 40));
        assert_eq!(segment.held(), [7, 8, 9, 10, 11]);
    }
}
