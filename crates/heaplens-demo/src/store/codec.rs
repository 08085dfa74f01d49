//! Compressed sequences: deltas, changed bits, runs. Each is written once and read from its beginning.

/// Integers as the differences between neighbours, zigzag and variable length: sorted timestamps take few bytes.
#[derive(Debug)]
pub(crate) struct Deltas(Box<[u8]>);

impl Deltas {
    pub(crate) fn encode(values: impl IntoIterator<Item = i64>) -> Self {
        let mut bytes = Vec::new();
        let mut last = 0i64;
        for value in values {
            let delta = value.wrapping_sub(last);
            put_varint(&mut bytes, ((delta << 1) ^ (delta >> 63)) as u64);
            last = value;
        }
        Self(bytes.into_boxed_slice())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        let mut last = 0i64;
        varints(&self.0).map(move |zigzag| {
            let delta = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
            last = last.wrapping_add(delta);
            last
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// Floats as the bits that differ from the value before: equal and similar values take few bytes.
#[derive(Debug)]
pub(crate) struct ChangedBits(Box<[u8]>);

impl ChangedBits {
    pub(crate) fn encode(values: impl IntoIterator<Item = f64>) -> Self {
        let mut bytes = Vec::new();
        let mut last = 0u64;
        for value in values {
            let bits = value.to_bits();
            // The changes stand in the upper bits; a varint is short when they stand in the lower ones.
            put_varint(&mut bytes, (bits ^ last).reverse_bits());
            last = bits;
        }
        Self(bytes.into_boxed_slice())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        let mut last = 0u64;
        varints(&self.0).map(move |change| {
            last ^= change.reverse_bits();
            f64::from_bits(last)
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// Values as runs of equals.
#[derive(Debug)]
pub(crate) struct Runs<T>(Box<[(T, u32)]>);

impl<T: Copy + PartialEq> Runs<T> {
    pub(crate) fn encode(values: impl IntoIterator<Item = T>) -> Self {
        let mut runs: Vec<(T, u32)> = Vec::new();
        for value in values {
            match runs.last_mut() {
                Some((last, length)) if *last == value && *length < u32::MAX => *length += 1,
                _ => runs.push((value, 1)),
            }
        }
        Self(runs.into_boxed_slice())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().flat_map(|&(value, length)| std::iter::repeat_n(value, length as usize))
    }

    pub(crate) fn bytes(&self) -> usize {
        std::mem::size_of_val(&*self.0)
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn varints(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut bytes = bytes.iter();
    std::iter::from_fn(move || {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = *bytes.next()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
            shift += 7;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_come_back(values: Vec<i64>) {
            prop_assert_eq!(Deltas::encode(values.iter().copied()).iter().collect::<Vec<_>>(), values);
        }

        #[test]
        fn floats_come_back_bit_by_bit(values: Vec<f64>) {
            let back: Vec<u64> = ChangedBits::encode(values.iter().copied()).iter().map(f64::to_bits).collect();
            prop_assert_eq!(back, values.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
        }

        #[test]
        fn runs_come_back(values: Vec<bool>) {
            prop_assert_eq!(Runs::encode(values.iter().copied()).iter().collect::<Vec<_>>(), values);
        }
    }

    #[test]
    fn regular_data_shrinks() {
        let second = 1_000_000_000;
        let timestamps = Deltas::encode((0..1000).map(|i| 1_700_000_000 * second + i * second));
        assert!(timestamps.bytes() <= 5 * 1000 + 10, "{}", timestamps.bytes());
        assert!(ChangedBits::encode([21.5; 1000]).bytes() <= 1010);
        assert_eq!(Runs::encode([true; 1000]).bytes(), 8);
    }
}
