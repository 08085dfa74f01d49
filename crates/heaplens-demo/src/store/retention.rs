//! Retention: segments older than the limit go, with the series and labels that only they had.

use std::sync::Arc;

use super::label_index::LabelIndex;
use super::segment::Segment;
use super::series::SeriesTable;

/// What becomes of the labels of dropped series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeadLabels {
    /// The index gives their memory back.
    Compacted,
    /// The index keeps them for ever: the leak.
    Kept,
}

/// Takes out the segments whose newest point is older than `oldest` (nanoseconds).
#[inline(never)]
pub(crate) fn drop_expired(segments: &mut Vec<Arc<Segment>>, oldest: i64) -> Vec<Arc<Segment>> {
    segments.extract_if(.., |segment| segment.last < oldest).collect()
}

/// Forgets the series that had points in these segments only; gives their number.
#[inline(never)]
pub(crate) fn forget_series_of(
    dropped: &[Arc<Segment>],
    series: &mut SeriesTable,
    index: &mut LabelIndex,
    dead: DeadLabels,
) -> usize {
    let mut forgotten = 0;
    for &id in dropped.iter().flat_map(|segment| segment.held()) {
        if let Some(gone) = series.release(id) {
            index.forget_series(&gone.labels);
            forgotten += 1;
        }
    }
    if forgotten > 0 {
        series.shrink();
        match dead {
            DeadLabels::Compacted => index.compact(|id| series.get(id).is_some()),
            DeadLabels::Kept => {}
        }
    }
    forgotten
}
