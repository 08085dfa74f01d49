//! The samples of the file: each stack once (for each thread, and each side of a difference), in a stable order.

use super::order;
use crate::profile::{Profile, Sample, SampleType, StackId, ThreadId, Values};

/// Samples that follow one another lie far apart in memory: so many are fetched together, and waited for once.
const AT_ONCE: usize = 256;

/// The profile's samples in the order of the file.
pub(super) struct Sorted<'p> {
    profile: &'p Profile,
    order: Vec<Key>,
}

/// The place of the stack, that of the thread (0 for none) and the side of a difference, which make samples one row; and
/// the sample's index. As one number they are sorted soonest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u128);

impl Key {
    fn new(stack: u64, thread: u32, is_base: bool, index: u32) -> Key {
        let row = u128::from(stack) << 32 | u128::from(thread << 1 | u32::from(is_base));
        Key(row << 32 | u128::from(index))
    }

    fn is_same_row(self, other: Key) -> bool {
        self.0 >> 32 == other.0 >> 32
    }

    fn index(self) -> usize {
        self.0 as u32 as usize
    }
}

impl<'p> Sorted<'p> {
    pub(super) fn new(profile: &'p Profile) -> Sorted<'p> {
        let ends = order::ends(profile);
        let threads = thread_places(profile);
        let key = |(sample, index): (&Sample, u32)| {
            let thread = sample.thread.map_or(0, |id| threads[id.index()]);
            Key::new(order::place(&ends, sample.stack), thread, is_base(sample), index)
        };
        let mut order: Vec<Key> = profile.samples().iter().zip(0..).map(key).collect();
        order.sort_unstable();
        Sorted { profile, order }
    }

    /// The sums of equal samples; those that round to nothing are left out.
    pub(super) fn rows(&self, types: &[SampleType]) -> impl Iterator<Item = Row> {
        let samples = self.profile.samples();
        let fetch = |&key: &Key| (key, samples[key.index()]);
        let fetched =
            self.order.chunks(AT_ONCE).flat_map(move |some| some.iter().map(fetch).collect::<Vec<_>>());
        let mut sorted = fetched.peekable();
        std::iter::from_fn(move || {
            loop {
                let (key, sample) = sorted.next()?;
                let mut sum = sample.values;
                while let Some((_, equal)) = sorted.next_if(|(next, _)| next.is_same_row(key)) {
                    sum += equal.values;
                }
                let values = Whole::new(&sum, types);
                if values.as_slice().iter().any(|&value| value != 0) {
                    let Sample { stack, thread, .. } = sample;
                    return Some(Row { stack, thread, is_base: is_base(&sample), values });
                }
            }
        })
    }
}

/// Threads by their numbers and names, from 1: their order in the profile is that of the input.
fn thread_places(profile: &Profile) -> Vec<u32> {
    let threads = profile.threads();
    let mut sorted: Vec<usize> = (0..threads.len()).collect();
    sorted.sort_unstable_by_key(|&index| (threads[index].uid, &threads[index].name));
    let mut places = vec![0; threads.len()];
    for (place, index) in (1..).zip(sorted) {
        places[index] = place;
    }
    places
}

fn is_base(sample: &Sample) -> bool {
    SampleType::ALL.iter().any(|&t| sample.values.get(t).is_negative())
}

/// A sample as it is written.
pub(super) struct Row {
    pub(super) stack: Option<StackId>,
    pub(super) thread: Option<ThreadId>,
    /// True for the base of a difference; its values are negative.
    pub(super) is_base: bool,
    pub(super) values: Whole,
}

/// One value for each sample type of the file, unsampled, the nearest whole number.
pub(super) struct Whole {
    values: [i64; SampleType::ALL.len()],
    count: usize,
}

impl Whole {
    fn new(exact: &Values, types: &[SampleType]) -> Whole {
        let mut whole = Whole { values: [0; SampleType::ALL.len()], count: 0 };
        for (value, &sample_type) in whole.values.iter_mut().zip(types) {
            *value = exact.get(sample_type).round().clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            whole.count += 1;
        }
        whole
    }

    pub(super) fn as_slice(&self) -> &[i64] {
        &self.values[..self.count]
    }
}
