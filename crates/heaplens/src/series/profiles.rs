//! Captures as profiles again: one, or the difference of two.

use super::{Capture, Series};
use crate::profile::{Profile, Sample, Values};

impl Series {
    /// One capture as a profile of its own.
    pub fn profile(&self, capture: usize) -> Profile {
        let mut profile = self.code.clone();
        let capture = &self.captures[capture];
        profile.meta.rate = capture.rate;
        profile.meta.trailer.clone_from(&capture.trailer);
        profile.warnings.extend(capture.warnings.iter().cloned());
        self.add_samples(&mut profile, capture, |values| values, |_| true);
        profile
    }

    /// What the chosen stacks grew and shrank between two captures, as a difference.
    pub fn difference(&self, before: usize, after: usize, is_chosen: impl Fn(u32) -> bool) -> Profile {
        let (before, after) = (&self.captures[before], &self.captures[after]);
        let mut profile = self.code.clone();
        profile.meta.is_diff = true;
        profile.meta.rate = before.rate.max(after.rate);
        profile.meta.trailer.clone_from(&after.trailer);
        self.add_samples(&mut profile, after, |values| values, &is_chosen);
        self.add_samples(&mut profile, before, |values| -values, &is_chosen);
        profile
    }

    fn add_samples(
        &self,
        profile: &mut Profile,
        capture: &Capture,
        scale: impl Fn(Values) -> Values,
        is_chosen: impl Fn(u32) -> bool,
    ) {
        for point in capture.points.iter().filter(|point| is_chosen(point.stack)) {
            if let Some(stack) = self.stack(point.stack) {
                let values = Values::from_estimates((0.0, 0.0), (point.objects, point.bytes));
                profile.add_sample(Sample { stack, thread: None, values: scale(values) });
            }
        }
    }
}
