//! The samples of the file: each stack once (for each thread, and each side of a difference), in a stable order.

use super::order::Order;
use super::wire::Message;
use crate::profile::{Profile, Sample, SampleType, StackId, ThreadId, Values};

/// What makes two samples one.
type Key = (Option<StackId>, Option<ThreadId>, bool);

/// Indices into the profile's samples, equal keys side by side.
pub(super) fn sorted(profile: &Profile, order: &Order) -> Vec<u32> {
    // Threads by their numbers: their order in the profile is that of the input.
    let uid = |sample: &Sample| sample.thread.map(|id| profile.threads()[id.index()].uid);
    let samples = profile.samples().iter().zip(0u32..);
    let mut order: Vec<_> = samples
        .map(|(sample, i)| {
            let (stack, _, is_base) = key(sample);
            (order.place(stack), uid(sample), is_base, i)
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(.., i)| i).collect()
}

fn key(sample: &Sample) -> Key {
    let is_base = SampleType::ALL.iter().any(|&t| sample.values.get(t).is_negative());
    (sample.stack, sample.thread, is_base)
}

/// A sample as it is written.
pub(super) struct Row {
    pub(super) stack: Option<StackId>,
    pub(super) thread: Option<ThreadId>,
    /// True for the base of a difference; its values are negative.
    pub(super) is_base: bool,
    values: Values,
}

/// The sums of equal samples; those that round to nothing are left out.
pub(super) fn rows<'a>(
    profile: &'a Profile,
    order: &'a [u32],
    types: &'a [SampleType],
) -> impl Iterator<Item = Row> + 'a {
    let at = move |&i: &u32| &profile.samples()[i as usize];
    let groups = order.chunk_by(move |a, b| key(at(a)) == key(at(b)));
    groups.filter_map(move |group| {
        let (stack, thread, is_base) = key(at(group.first()?));
        let values = group.iter().map(|i| at(i).values).sum();
        let row = Row { stack, thread, is_base, values };
        types.iter().any(|&t| row.value(t) != 0).then_some(row)
    })
}

impl Row {
    /// Unsampled, the nearest whole number.
    fn value(&self, sample_type: SampleType) -> i64 {
        self.values.get(sample_type).round().clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    pub(super) fn write_values(&self, field: u32, types: &[SampleType], message: &mut Message) {
        // Two's complement is how the format has negative numbers.
        message.numbers(field, types.iter().map(|&t| self.value(t) as u64));
    }
}
