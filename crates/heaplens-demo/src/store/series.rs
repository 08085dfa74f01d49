//! Which series exist: an id for each measurement with its tags, for as long as something holds its points.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::line_protocol::Point;

/// Names a series. Ids ascend and are never used again.
pub(crate) type SeriesId = u64;

/// The label under which the index keeps the measurement itself.
pub(crate) const MEASUREMENT_LABEL: &str = "__name__";

/// A measurement with its tags.
#[derive(Debug)]
pub(crate) struct Series {
    key: Arc<str>,
    /// Tags, and the measurement as `__name__`.
    pub(crate) labels: Box<[(Box<str>, Box<str>)]>,
    /// Write buffers and segments that have points of it.
    holders: u32,
}

/// All series that have points.
#[derive(Debug, Default)]
pub(crate) struct SeriesTable {
    by_key: HashMap<Arc<str>, SeriesId>,
    by_id: HashMap<SeriesId, Series>,
    next: SeriesId,
    key: String,
}

/// What `SeriesTable::intern` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interned {
    Known(SeriesId),
    Created(SeriesId),
}

impl SeriesTable {
    /// The id of the point's series, whatever the order of its tags.
    #[inline(never)]
    pub(crate) fn intern(&mut self, point: &Point<'_>) -> Interned {
        let mut tags: Vec<(&str, &str)> = point.tags.iter().map(|(k, v)| (k.as_ref(), v.as_ref())).collect();
        tags.sort_unstable();
        tags.insert(0, (MEASUREMENT_LABEL, &point.measurement));
        // With its length in front, no part can be taken for two.
        self.key.clear();
        for part in tags.iter().flat_map(|(name, value)| [name, value]) {
            let _ = write!(self.key, "{}:{part}", part.len());
        }
        if let Some(&id) = self.by_key.get(self.key.as_str()) {
            return Interned::Known(id);
        }
        let id = self.next;
        self.next += 1;
        let key: Arc<str> = self.key.as_str().into();
        let series = Series {
            key: Arc::clone(&key),
            labels: tags.iter().map(|&(name, value)| (name.into(), value.into())).collect(),
            holders: 0,
        };
        self.by_key.insert(key, id);
        self.by_id.insert(id, series);
        Interned::Created(id)
    }

    pub(crate) fn get(&self, id: SeriesId) -> Option<&Series> {
        self.by_id.get(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// A write buffer begins to hold points of the series. A flush hands this over to the segment.
    pub(crate) fn hold(&mut self, id: SeriesId) {
        if let Some(series) = self.by_id.get_mut(&id) {
            series.holders += 1;
        }
    }

    /// A segment with points of the series is gone; the series itself, if it was the last one.
    #[inline(never)]
    pub(crate) fn release(&mut self, id: SeriesId) -> Option<Series> {
        let series = self.by_id.get_mut(&id)?;
        series.holders = series.holders.saturating_sub(1);
        if series.holders > 0 {
            return None;
        }
        let series = self.by_id.remove(&id)?;
        self.by_key.remove(&series.key);
        Some(series)
    }

    /// Gives back table space after many series went.
    pub(crate) fn shrink(&mut self) {
        if self.by_id.capacity() > 4 * self.by_id.len() + 1024 {
            self.by_id.shrink_to(2 * self.by_id.len());
            self.by_key.shrink_to(2 * self.by_key.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line_protocol::{Precision, parse};

    fn intern(table: &mut SeriesTable, line: &str) -> Interned {
        table.intern(&parse(line.as_bytes(), Precision::Nanoseconds).unwrap()[0])
    }

    #[test]
    fn the_order_of_tags_does_not_matter_and_parts_do_not_run_together() {
        let mut table = SeriesTable::default();
        assert_eq!(intern(&mut table, "m,a=1,b=2 v=1"), Interned::Created(0));
        assert_eq!(intern(&mut table, "m,b=2,a=1 v=1"), Interned::Known(0));
        assert_eq!(intern(&mut table, "m,a=1b,c=2 v=1"), Interned::Created(1));
        assert_eq!(intern(&mut table, "m,a=1,bc=2 v=1"), Interned::Created(2));
        assert_eq!(table.get(0).unwrap().labels[0], (MEASUREMENT_LABEL.into(), "m".into()));
    }

    #[test]
    fn a_series_lives_as_long_as_something_holds_it() {
        let mut table = SeriesTable::default();
        intern(&mut table, "m,a=1 v=1");
        table.hold(0);
        table.hold(0);
        assert!(table.release(0).is_none());
        assert_eq!(table.release(0).unwrap().labels.len(), 2);
        assert_eq!(table.len(), 0);
        assert_eq!(intern(&mut table, "m,a=1 v=1"), Interned::Created(1));
    }
}
