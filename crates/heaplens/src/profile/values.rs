//! The numbers of a profile: exact sums of estimates.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// The number of binary digits behind the point of an [`Amount`].
const FRACTION_BITS: u32 = 32;
const ONE: f64 = (1u64 << FRACTION_BITS) as f64;
/// One line of a dump counts for at most 2^68 (a u64 and a factor 16 of unsampling); 2^27 such lines
/// sum without reaching the end of an i128.
const LIMIT: f64 = (1u128 << 100) as f64;

/// Bytes or objects, unsampled, as a fixed-point number (96 bits before the point, 32 behind it).
///
/// Unsampling yields fractions, and floating-point sums depend on their order. Fixed point makes
/// addition exact, so merging is associative, `diff(p, p)` is zero and `base + diff` is `new`,
/// to the last digit; and sums saturate instead of wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// The nearest amount towards zero; what is not a number is zero, what is too large is clamped.
    pub fn from_f64(value: f64) -> Amount {
        Amount((value * ONE).clamp(-LIMIT, LIMIT) as i128)
    }

    /// An exact whole number.
    pub fn from_u64(value: u64) -> Amount {
        Amount(i128::from(value) << FRACTION_BITS)
    }

    /// An exact whole number; clamped past 2^68 as every single value is.
    pub fn from_i128(value: i128) -> Amount {
        let limit = LIMIT as i128 >> FRACTION_BITS;
        Amount(value.clamp(-limit, limit) << FRACTION_BITS)
    }

    /// As a floating-point number, for ratios and statistics.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / ONE
    }

    /// The whole number towards zero, as `jeprof` prints it.
    pub fn trunc(self) -> i128 {
        self.0 / (1i128 << FRACTION_BITS)
    }

    /// The nearest whole number.
    pub fn round(self) -> i128 {
        let half = 1i128 << (FRACTION_BITS - 1);
        let shifted = if self.0 < 0 { self.0.saturating_sub(half) } else { self.0.saturating_add(half) };
        shifted / (1i128 << FRACTION_BITS)
    }

    /// The amount without its sign.
    pub fn abs(self) -> Amount {
        Amount(self.0.saturating_abs())
    }

    /// True below zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// True for exactly nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add for Amount {
    type Output = Amount;
    fn add(self, other: Amount) -> Amount {
        Amount(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        *self = *self + other;
    }
}

impl Sub for Amount {
    type Output = Amount;
    fn sub(self, other: Amount) -> Amount {
        Amount(self.0.saturating_sub(other.0))
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Amount) {
        *self = *self - other;
    }
}

impl Neg for Amount {
    type Output = Amount;
    fn neg(self) -> Amount {
        Amount(self.0.saturating_neg())
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Amount>>(amounts: I) -> Amount {
        amounts.fold(Amount::ZERO, Add::add)
    }
}

/// What is counted: pprof's four heap values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SampleType {
    /// Objects allocated since profiling began, freed ones included. Needs `prof_accum:true`.
    AllocObjects,
    /// Bytes allocated since profiling began, freed ones included. Needs `prof_accum:true`.
    AllocSpace,
    /// Live objects.
    InuseObjects,
    /// Live bytes.
    #[default]
    InuseSpace,
}

impl SampleType {
    /// All four, in pprof's order.
    pub const ALL: [SampleType; 4] =
        [SampleType::AllocObjects, SampleType::AllocSpace, SampleType::InuseObjects, SampleType::InuseSpace];

    /// The name in pprof: `inuse_space` and so on.
    pub fn name(self) -> &'static str {
        match self {
            SampleType::AllocObjects => "alloc_objects",
            SampleType::AllocSpace => "alloc_space",
            SampleType::InuseObjects => "inuse_objects",
            SampleType::InuseSpace => "inuse_space",
        }
    }

    /// The type with that pprof name.
    pub fn from_name(name: &str) -> Option<SampleType> {
        SampleType::ALL.into_iter().find(|t| t.name() == name)
    }

    /// The code of the warning that says that an input does not have it, where nothing else tells.
    pub fn code_if_absent(self) -> &'static str {
        match self {
            SampleType::AllocObjects => "no-alloc_objects",
            SampleType::AllocSpace => "no-alloc_space",
            SampleType::InuseObjects => "no-inuse_objects",
            SampleType::InuseSpace => "no-inuse_space",
        }
    }

    /// True for bytes, false for objects.
    pub fn is_bytes(self) -> bool {
        matches!(self, SampleType::AllocSpace | SampleType::InuseSpace)
    }

    /// The objects that belong to these bytes, and the reverse.
    pub fn counterpart(self) -> SampleType {
        match self {
            SampleType::AllocObjects => SampleType::AllocSpace,
            SampleType::AllocSpace => SampleType::AllocObjects,
            SampleType::InuseObjects => SampleType::InuseSpace,
            SampleType::InuseSpace => SampleType::InuseObjects,
        }
    }
}

/// The four values of one sample, unsampled. Negative values are a base's (see [`crate::diff`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Values {
    /// Objects allocated so far.
    pub alloc_objects: Amount,
    /// Bytes allocated so far.
    pub alloc_space: Amount,
    /// Live objects.
    pub inuse_objects: Amount,
    /// Live bytes.
    pub inuse_space: Amount,
}

impl Values {
    /// From unsampled pairs `(objects, bytes)`.
    pub(crate) fn from_estimates(alloc: (f64, f64), inuse: (f64, f64)) -> Values {
        Values {
            alloc_objects: Amount::from_f64(alloc.0),
            alloc_space: Amount::from_f64(alloc.1),
            inuse_objects: Amount::from_f64(inuse.0),
            inuse_space: Amount::from_f64(inuse.1),
        }
    }

    /// The value of one type.
    pub fn get(&self, sample_type: SampleType) -> Amount {
        match sample_type {
            SampleType::AllocObjects => self.alloc_objects,
            SampleType::AllocSpace => self.alloc_space,
            SampleType::InuseObjects => self.inuse_objects,
            SampleType::InuseSpace => self.inuse_space,
        }
    }

    /// The value of one type, to change it.
    pub fn get_mut(&mut self, sample_type: SampleType) -> &mut Amount {
        match sample_type {
            SampleType::AllocObjects => &mut self.alloc_objects,
            SampleType::AllocSpace => &mut self.alloc_space,
            SampleType::InuseObjects => &mut self.inuse_objects,
            SampleType::InuseSpace => &mut self.inuse_space,
        }
    }

    /// True if all four are nothing.
    pub fn is_zero(&self) -> bool {
        SampleType::ALL.into_iter().all(|t| self.get(t).is_zero())
    }

    fn zip(self, other: Values, op: impl Fn(Amount, Amount) -> Amount) -> Values {
        Values {
            alloc_objects: op(self.alloc_objects, other.alloc_objects),
            alloc_space: op(self.alloc_space, other.alloc_space),
            inuse_objects: op(self.inuse_objects, other.inuse_objects),
            inuse_space: op(self.inuse_space, other.inuse_space),
        }
    }
}

impl Add for Values {
    type Output = Values;
    fn add(self, other: Values) -> Values {
        self.zip(other, Add::add)
    }
}

impl AddAssign for Values {
    fn add_assign(&mut self, other: Values) {
        *self = *self + other;
    }
}

impl Sub for Values {
    type Output = Values;
    fn sub(self, other: Values) -> Values {
        self.zip(other, Sub::sub)
    }
}

impl Neg for Values {
    type Output = Values;
    fn neg(self) -> Values {
        Values::default() - self
    }
}

impl Sum for Values {
    fn sum<I: Iterator<Item = Values>>(values: I) -> Values {
        values.fold(Values::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncates_and_rounds_towards_the_right_side() {
        let x = Amount::from_f64(-2.75);
        assert_eq!((x.trunc(), x.round()), (-2, -3));
        let y = Amount::from_f64(2.25);
        assert_eq!((y.trunc(), y.round()), (2, 2));
    }

    #[test]
    fn hostile_numbers_do_not_wrap() {
        assert_eq!(Amount::from_f64(f64::NAN), Amount::ZERO);
        let huge = Amount::from_f64(f64::INFINITY);
        assert!(!std::iter::repeat_n(huge, 1000).sum::<Amount>().is_negative());
        assert!((Amount(i128::MAX) + Amount(1)).trunc() > 0);
    }
}
