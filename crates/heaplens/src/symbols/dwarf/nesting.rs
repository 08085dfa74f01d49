//! What is inlined at the addresses of one function.

use super::super::bytes::Result;
use super::effort::Account;
use super::functions::Inlined;

/// For each address the functions inlined there, found by going over all that is inlined in the function once.
pub(super) struct Nesting<'f> {
    /// For each address its innermost layer.
    innermost: Vec<Option<u32>>,
    layers: Vec<Layer<'f>>,
}

struct Layer<'f> {
    inlined: &'f Inlined,
    around: Option<u32>,
}

impl<'f> Nesting<'f> {
    /// `addresses` must be sorted.
    ///
    /// # Errors
    /// If more lies at them than they may cost.
    pub(super) fn of(
        inlined: &'f [Inlined],
        addresses: &[u64],
        account: &mut Account<'_>,
    ) -> Result<Nesting<'f>> {
        let mut nesting = Nesting { innermost: vec![None; addresses.len()], layers: Vec::new() };
        for inlined in inlined {
            for &(from, to) in &inlined.ranges {
                let low = addresses.partition_point(|&a| a < from);
                // Most ranges are shorter than the way between two addresses.
                let here = addresses[low..].iter().take_while(|&&a| a < to).count();
                account.spend(here as u64)?;
                for at in low..low + here {
                    nesting.add(at, inlined);
                }
            }
        }
        Ok(nesting)
    }

    /// Adds what was inlined into what is there already; anything else overlaps it, and the first counts.
    fn add(&mut self, at: usize, inlined: &'f Inlined) {
        let around = self.innermost[at];
        let depth = around.map_or(0, |around| self.layers[around as usize].inlined.depth + 1);
        if inlined.depth == depth {
            self.innermost[at] = Some(self.layers.len() as u32);
            self.layers.push(Layer { inlined, around });
        }
    }

    /// What is inlined at an address, by its place in the list, the innermost first.
    pub(super) fn at(&self, at: usize) -> impl Iterator<Item = &'f Inlined> {
        let layer = |at: u32| &self.layers[at as usize];
        let first = self.innermost[at].map(layer);
        std::iter::successors(first, move |inner| inner.around.map(layer)).map(|layer| layer.inlined)
    }
}

#[cfg(test)]
mod tests {
    use super::super::effort::{Effort, LOOK_UP};
    use super::super::functions::Name;
    use super::*;

    fn inlined(depth: u32, line: u32, ranges: &[(u64, u64)]) -> Inlined {
        let ranges = ranges.to_vec();
        Inlined { depth, ranges, name: Name::Unknown, call_file: None, call_line: line, call_column: 0 }
    }

    fn lines(list: &[Inlined], addresses: &[u64]) -> Vec<Vec<u32>> {
        let effort = Effort::new(0, LOOK_UP);
        let nesting = Nesting::of(list, addresses, &mut Account::new(&effort)).unwrap();
        (0..addresses.len()).map(|at| nesting.at(at).map(|inlined| inlined.call_line).collect()).collect()
    }

    #[test]
    fn each_address_has_what_is_inlined_there_innermost_first() {
        let list = [
            inlined(0, 1, &[(10, 20), (15, 18), (50, 60)]),
            inlined(1, 2, &[(12, 15)]),
            inlined(2, 3, &[(14, 16)]),
            inlined(1, 4, &[(14, 16), (52, 54)]),
            inlined(0, 5, &[(19, 40)]),
        ];
        let addresses = [9, 10, 12, 14, 15, 19, 20, 39, 40, 52, 59, 60];
        let expected: [&[u32]; 12] =
            [&[], &[1], &[2, 1], &[3, 2, 1], &[4, 1], &[1], &[5], &[5], &[], &[4, 1], &[1], &[]];
        assert_eq!(lines(&list, &addresses), expected);
        for (&address, expected) in addresses.iter().zip(expected) {
            assert_eq!(lines(&list, &[address]), [expected]);
        }
        assert_eq!(lines(&[], &[1]), [[0; 0]]);
        assert!(lines(&list, &[]).is_empty());
    }

    /// What is inlined a hundred thousand times in the same place is not passed for each address.
    #[test]
    fn overlaps_without_end_are_refused() {
        let list = vec![inlined(0, 1, &[(0, 1000)]); 100_000];
        let addresses: Vec<u64> = (0..1000).collect();
        let effort = Effort::new(0, LOOK_UP);
        assert!(Nesting::of(&list, &addresses, &mut Account::new(&effort)).is_err());
    }
}
