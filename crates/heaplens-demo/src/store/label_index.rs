//! From a label to the series that carry it.
//!
//! A series that retention drops is at first only counted as gone (`forget_series`); `compact` then gives the
//! memory back. With `--leak` nobody calls `compact`, which is this program's leak.

use std::collections::HashMap;

use super::footprint::size_class;
use super::series::SeriesId;

/// Series for which a label's list has room from the start: most labels (host, service) name dozens.
///
/// One that names a request has a single series and wastes nearly all of it: 512 bytes for 8.
const EXPECTED_SERIES: usize = 64;

#[derive(Debug)]
struct Postings {
    /// Ascending, because ids ascend.
    series: Vec<SeriesId>,
    /// How many of them still exist.
    live: usize,
}

impl Postings {
    fn stale(&self) -> usize {
        self.series.len() - self.live
    }

    fn bytes(&self, value: &str) -> usize {
        size_class(value.len()) + size_class(self.series.capacity() * size_of::<SeriesId>())
    }
}

/// The index of all labels.
#[derive(Debug, Default)]
pub(crate) struct LabelIndex {
    names: HashMap<Box<str>, HashMap<Box<str>, Postings>>,
    size: IndexSize,
}

/// What the index holds, in jemalloc's size classes: label strings and series lists, not the hash tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IndexSize {
    /// Labels, those of dropped series included.
    pub(crate) entries: usize,
    /// Bytes of all labels.
    pub(crate) bytes: usize,
    /// Labels of which no series exists any more.
    pub(crate) dead_entries: usize,
    /// Bytes of these.
    pub(crate) dead_bytes: usize,
    /// Ids of dropped series in the lists of labels that are still in use.
    pub(crate) stale_ids: usize,
}

impl IndexSize {
    /// Bytes that serve no series that exists: what leaks if they are never given back.
    pub(crate) fn leaked_bytes(&self) -> usize {
        self.dead_bytes + self.stale_ids * size_of::<SeriesId>()
    }
}

impl LabelIndex {
    /// Adds a new series to a label's list; a label not seen before is remembered.
    #[inline(never)]
    pub(crate) fn remember_label(&mut self, name: &str, value: &str, series: SeriesId) {
        if !self.names.contains_key(name) {
            self.names.insert(name.into(), HashMap::new());
        }
        let Some(values) = self.names.get_mut(name) else {
            return;
        };
        if let Some(postings) = values.get_mut(value) {
            let before = postings.bytes(value);
            if postings.live == 0 {
                self.size.dead_entries -= 1;
                self.size.dead_bytes -= before;
                self.size.stale_ids += postings.series.len();
            }
            postings.series.push(series);
            postings.live += 1;
            self.size.bytes += postings.bytes(value) - before;
            return;
        }
        let mut list = Vec::with_capacity(EXPECTED_SERIES);
        list.push(series);
        let postings = Postings { series: list, live: 1 };
        self.size.entries += 1;
        self.size.bytes += postings.bytes(value);
        values.insert(value.into(), postings);
    }

    /// Notes that a series with these labels exists no more. Frees nothing; `compact` does.
    #[inline(never)]
    pub(crate) fn forget_series(&mut self, labels: &[(Box<str>, Box<str>)]) {
        for (name, value) in labels {
            let Some(postings) = self.names.get_mut(name).and_then(|values| values.get_mut(value)) else {
                continue;
            };
            let stale = postings.stale();
            postings.live = postings.live.saturating_sub(1);
            if postings.live == 0 {
                self.size.stale_ids -= stale;
                self.size.dead_entries += 1;
                self.size.dead_bytes += postings.bytes(value);
            } else {
                self.size.stale_ids += 1;
            }
        }
    }

    /// Removes the labels of which no series exists, and dropped series from the lists of the others.
    #[inline(never)]
    pub(crate) fn compact(&mut self, exists: impl Fn(SeriesId) -> bool) {
        let size = &mut self.size;
        for values in self.names.values_mut() {
            values.retain(|value, postings| {
                let before = postings.bytes(value);
                if postings.live == 0 {
                    size.entries -= 1;
                    size.bytes -= before;
                    return false;
                }
                if postings.stale() > 0 {
                    postings.series.retain(|&id| exists(id));
                    if postings.series.capacity() > 4 * postings.series.len().max(EXPECTED_SERIES) {
                        postings.series.shrink_to(2 * postings.series.len());
                    }
                    size.bytes -= before;
                    size.bytes += postings.bytes(value);
                }
                true
            });
            if values.capacity() > 4 * values.len() + 1024 {
                values.shrink_to(2 * values.len());
            }
        }
        self.names.retain(|_, values| !values.is_empty());
        size.dead_entries = 0;
        size.dead_bytes = 0;
        size.stale_ids = 0;
    }

    /// The series that carry the label, those included that were dropped since the last `compact`.
    #[inline(never)]
    pub(crate) fn series_with(&self, name: &str, value: &str) -> &[SeriesId] {
        let postings = self.names.get(name).and_then(|values| values.get(value));
        postings.map_or(&[], |postings| &postings.series)
    }

    pub(crate) fn size(&self) -> IndexSize {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Labels = Vec<(Box<str>, Box<str>)>;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|&(name, value)| (name.into(), value.into())).collect()
    }

    fn remember(index: &mut LabelIndex, labels: &[(Box<str>, Box<str>)], id: SeriesId) {
        labels.iter().for_each(|(name, value)| index.remember_label(name, value, id));
    }

    /// The size counted from scratch, against which the running count is held.
    fn measure(index: &LabelIndex) -> IndexSize {
        let mut size = IndexSize::default();
        for (value, postings) in index.names.values().flatten() {
            size.entries += 1;
            size.bytes += postings.bytes(value);
            if postings.live == 0 {
                size.dead_entries += 1;
                size.dead_bytes += postings.bytes(value);
            } else {
                size.stale_ids += postings.stale();
            }
        }
        size
    }

    #[test]
    fn a_label_costs_its_string_and_a_list() {
        let mut index = LabelIndex::default();
        index.remember_label("request_id", "0190b2a0-5f3c-7abc-8def-0123456789ab", 1);
        assert_eq!(index.size().bytes, 48 + 512);
        assert_eq!(index.size().leaked_bytes(), 0);
        assert_eq!(index.series_with("request_id", "0190b2a0-5f3c-7abc-8def-0123456789ab"), [1]);
        assert!(index.series_with("request_id", "other").is_empty());
    }

    #[test]
    fn forgetting_counts_and_compacting_frees() {
        let mut index = LabelIndex::default();
        let (first, second) = (labels(&[("host", "a"), ("id", "1")]), labels(&[("host", "a"), ("id", "2")]));
        remember(&mut index, &first, 1);
        remember(&mut index, &second, 2);
        index.forget_series(&first);
        let size = index.size();
        assert_eq!((size.entries, size.dead_entries, size.stale_ids), (3, 1, 1));
        assert_eq!(size.leaked_bytes(), 8 + 512 + 8);
        index.compact(|id| id == 2);
        assert_eq!((index.size().entries, index.size().leaked_bytes()), (2, 0));
        assert_eq!(index.series_with("host", "a"), [2]);
        assert!(index.series_with("id", "1").is_empty());
        index.forget_series(&second);
        index.compact(|_| false);
        assert_eq!(index.size(), IndexSize::default());
        assert!(index.names.is_empty());
    }

    proptest! {
        #[test]
        fn the_running_size_equals_the_measured_one(steps in proptest::collection::vec((0u8..4, 0u8..5), 0..300)) {
            let mut index = LabelIndex::default();
            let mut living: Vec<(SeriesId, Labels)> = Vec::new();
            for (id, (step, label)) in (0u64..).zip(steps) {
                match step {
                    0 | 1 => {
                        let labels = labels(&[("host", "a"), ("id", &"x".repeat(label.into()))]);
                        remember(&mut index, &labels, id);
                        living.push((id, labels));
                    }
                    2 if !living.is_empty() => {
                        let (_, labels) = living.swap_remove(usize::from(label) % living.len());
                        index.forget_series(&labels);
                    }
                    2 => {}
                    _ => index.compact(|id| living.iter().any(|(known, _)| *known == id)),
                }
                prop_assert_eq!(index.size(), measure(&index));
            }
        }
    }
}
