//! Hashing of numbers that the input chooses: with a known hash, chosen numbers fall into one place of a table, and each
//! then takes as long as all before it.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

pub(crate) type SeededMap<K, V> = HashMap<K, V, Seeded>;

/// Hashes with a seed of its own for each table; nearly as fast as without, which the standard one is not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeded {
    start: u64,
    factor: u64,
}

impl Seeded {
    fn new(start: u64, factor: u64) -> Seeded {
        Seeded { start, factor: factor | 1 }
    }
}

impl Default for Seeded {
    fn default() -> Seeded {
        let random = RandomState::new();
        Seeded::new(random.hash_one(0), random.hash_one(1))
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folded;

    #[inline]
    fn build_hasher(&self) -> Folded {
        Folded { state: self.start, factor: self.factor }
    }
}

/// Both halves of the product of each number with a factor that nobody knows.
pub(crate) struct Folded {
    state: u64,
    factor: u64,
}

impl Hasher for Folded {
    #[inline]
    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.state ^ number) * u128::from(self.factor);
        self.state = product as u64 ^ (product >> 64) as u64;
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u8(byte);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustc_hash::FxBuildHasher;
    use std::collections::HashSet;

    /// The places of a table of 2^16, by the lowest bits, and the tags that it compares first, by the highest.
    fn spread(hash: &impl BuildHasher, numbers: &[u64]) -> (usize, usize) {
        let hashes = numbers.iter().map(|number| hash.hash_one(number));
        let (places, tags): (HashSet<u64>, HashSet<u64>) = hashes.map(|h| (h & 0xffff, h >> 57)).unzip();
        (places.len(), tags.len())
    }

    #[test]
    fn numbers_that_collide_without_a_seed_are_spread() {
        // The inverse of FxHash's factor, modulo 2^64 (Newton: each step doubles the bits that are right).
        let factor = 0xf135_7aea_2e62_a9c5u64;
        let inverse = (0..6).fold(factor, |x, _| x.wrapping_mul(2u64.wrapping_sub(factor.wrapping_mul(x))));
        assert_eq!(factor.wrapping_mul(inverse), 1);
        let chosen: Vec<u64> = (1..=10_000u64).map(|i| i.wrapping_mul(inverse)).collect();
        assert_eq!(spread(&FxBuildHasher, &chosen), (1, 1));

        let counted: Vec<u64> = (1..=10_000).collect();
        let high: Vec<u64> = (1..=10_000).map(|i| i << 50).collect();
        let pages: Vec<u64> = (1..=10_000).map(|i| 0x7f00_0000_0000 + (i << 12)).collect();
        for seed in [1u64, 0x9e37_79b9_7f4a_7c15, 0x0123_4567_89ab_cdef] {
            let factor = seed.wrapping_mul(0xd6e8_feb8_6659_fd93);
            for numbers in [&chosen, &counted, &high, &pages] {
                // Chance gives about 9,270 places.
                let (places, tags) = spread(&Seeded::new(seed, factor), numbers);
                assert!(places > 5_000 && tags > 100, "{seed:#x}: {places}, {tags}");
            }
        }
    }

    #[test]
    fn each_table_has_a_seed_of_its_own() {
        let (one, other) = (Seeded::default(), Seeded::default());
        assert_ne!((one.start, one.factor), (other.start, other.factor));
        assert_ne!(one.hash_one(7u64), other.hash_one(7u64));
        assert_eq!(one.hash_one((7u64, true)), one.hash_one((7u64, true)));
        assert_ne!(one.hash_one((7u64, true)), one.hash_one((7u64, false)));
    }
}
