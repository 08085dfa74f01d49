//! Which things have code in which pages, for a file that stays open.
//!
//! Whoever asks for one address after the other would have all units of the file looked at each time. Their ranges
//! would be a large part of the file, so only the pages are kept that each has code in; what lies in the page of an
//! address is then looked at.

use super::super::bytes::{Damage, Result};

/// Bytes of a page, as a power of two.
const PAGE: u32 = 12;
/// Pages that one thing may have: 256 MiB of code.
const MOST_EACH: u64 = 1 << 16;
/// What a page takes, or a thing with too many: growing holds it twice for a moment.
const EACH: u64 = 32;

/// Things by the pages of their code; each is known by a number.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Page and thing.
    pairs: Vec<(u64, u64)>,
    /// Things with too many pages, which are looked at for every address.
    everywhere: Vec<u64>,
    /// How many of both there may be.
    most: usize,
}

/// The pages of one thing.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pages: Vec<u64>,
    too_many: bool,
}

impl Pieces {
    /// Takes note of code from one address to before another.
    pub(super) fn add(&mut self, from: u64, to: u64) {
        let Some(last) = to.checked_sub(1).filter(|&last| from <= last) else { return };
        let (first, last) = (from >> PAGE, last >> PAGE);
        let room = 2 * MOST_EACH - self.pages.len() as u64;
        if last - first >= room.min(MOST_EACH) {
            self.tidy();
            self.too_many |= last - first >= MOST_EACH || self.pages.len() as u64 > MOST_EACH;
        }
        if self.too_many {
            self.pages = Vec::new();
        } else {
            // Most ranges lie in the page of the one before.
            let known = self.pages.last().copied();
            self.pages.extend((first..=last).filter(|&page| Some(page) != known));
        }
    }

    fn tidy(&mut self) {
        self.pages.sort_unstable();
        self.pages.dedup();
    }
}

impl Pages {
    /// More serve no program: pages of 16 GiB of code.
    pub(super) const MOST_BYTES: u64 = 128 << 20;

    /// An empty index that takes so many bytes at most.
    pub(super) fn within(bytes: u64) -> Pages {
        Pages { most: (bytes / EACH) as usize, ..Pages::default() }
    }

    /// # Errors
    /// If there is no memory for so many.
    pub(super) fn insert(&mut self, thing: u64, mut pieces: Pieces) -> Result<()> {
        pieces.tidy();
        let count = pieces.pages.len();
        let room = self.most - self.pairs.len() - self.everywhere.len();
        if !pieces.too_many && count as u64 <= MOST_EACH && count <= room {
            self.pairs.extend(pieces.pages.into_iter().map(|page| (page, thing)));
        } else if room > 0 {
            self.everywhere.push(thing);
        } else {
            let size = (self.most as u64 + 1) * EACH;
            return Err(Damage::too_large("an index of units", size, self.most as u64 * EACH));
        }
        Ok(())
    }

    /// To be called after the last [`Pages::insert`].
    pub(super) fn finish(&mut self) {
        self.pairs.sort_unstable();
        self.pairs.shrink_to_fit();
    }

    /// What may have code at one of the addresses, which must be sorted: each once, in order.
    pub(super) fn of(&self, addresses: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut things = self.everywhere.clone();
        let mut last = None;
        for page in addresses.map(|address| address >> PAGE) {
            if last.replace(page) != Some(page) {
                let from = self.pairs.partition_point(|&(p, _)| p < page);
                let pairs = self.pairs[from..].iter().take_while(|&&(p, _)| p == page);
                things.extend(pairs.map(|&(_, thing)| thing));
            }
        }
        things.sort_unstable();
        things.dedup();
        things
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(ranges: &[(u64, u64)]) -> Pieces {
        let mut pieces = Pieces::default();
        ranges.iter().for_each(|&(from, to)| pieces.add(from, to));
        pieces
    }

    #[test]
    fn things_are_found_by_their_pages() {
        let mut pages = Pages::within(Pages::MOST_BYTES);
        pages
            .insert(7, pieces(&[(0x1000, 0x1001), (0x1fff, 0x2000), (0x5000, 0x7001), (9, 9), (9, 3)]))
            .unwrap();
        pages.insert(3, pieces(&[(0x1ff0, 0x2001)])).unwrap();
        pages.insert(4, pieces(&[(u64::MAX - 1, u64::MAX)])).unwrap();
        pages.finish();
        for (addresses, expected) in [
            (&[0xfff][..], &[][..]),
            (&[0x1000], &[3, 7]),
            (&[0x2fff], &[3]),
            (&[0x7fff], &[7]),
            (&[0x8000], &[]),
            (&[0x1000, 0x1001, 0x6000, u64::MAX], &[3, 4, 7]),
        ] {
            assert_eq!(pages.of(addresses.iter().copied()), expected, "{addresses:x?}");
        }
    }

    #[test]
    fn what_claims_all_memory_takes_none() {
        let mut pages = Pages::within(Pages::MOST_BYTES);
        pages.insert(1, pieces(&[(0, u64::MAX)])).unwrap();
        pages.insert(2, pieces(&[(0, 1), (0x1000, u64::MAX), (0, 1)])).unwrap();
        let many: Vec<(u64, u64)> = (0..MOST_EACH / 2).map(|i| (i << PAGE, (i << PAGE) + 1)).collect();
        pages.insert(3, pieces(&[&many[..], &many, &many, &many, &many].concat())).unwrap();
        pages.finish();
        assert_eq!(pages.everywhere, [1, 2]);
        assert_eq!(pages.pairs.len() as u64, MOST_EACH / 2);
        assert_eq!(pages.of([0x5000].into_iter()), [1, 2, 3]);
    }

    #[test]
    fn things_beyond_the_memory_are_refused() {
        let mut pages = Pages::within(3 * EACH);
        pages.insert(1, pieces(&[(0, 1), (0x1000, 0x1001)])).unwrap();
        // There is no room for its pages, but for itself.
        pages.insert(2, pieces(&[(0, 1), (0x1000, 0x1001)])).unwrap();
        assert!(pages.insert(3, pieces(&[(0, 1)])).is_err());
        pages.finish();
        assert_eq!(pages.of([0x7000].into_iter()), [2]);
    }
}
