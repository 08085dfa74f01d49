//! How much work a file may cause.
//!
//! A small file can make its reader work for ever without a single circle: a thousand units that share one long list
//! of ranges, units inside of units, tables that begin inside of other tables. An honest file causes work in
//! proportion to its size, so that is what every file may cause, several times over.

use super::super::bytes::{Damage, Result};
use std::sync::atomic::{AtomicU64, Ordering};

/// How often a look-up may read each byte: once to find units, once to read them, and for names in other units.
pub(super) const LOOK_UP: u64 = 8;
/// A table of everything follows references from every unit.
pub(super) const EVERYTHING: u64 = 256;
/// What each address may cost beside that: the functions at it, as often as they are passed.
const EACH_ADDRESS: u64 = 64;
/// What any file may cause, in bytes read or steps taken.
const LEAST: u64 = 16 << 20;

/// What is left of the work that a file may cause; shared by all threads.
#[derive(Debug, Default)]
pub(super) struct Effort {
    all: AtomicU64,
    left: AtomicU64,
}

impl Effort {
    /// For a file whose sections have so many bytes.
    pub(super) fn new(size: u64, times: u64) -> Effort {
        let all = size.saturating_mul(times).saturating_add(LEAST);
        Effort { all: AtomicU64::new(all), left: AtomicU64::new(all) }
    }

    /// # Errors
    /// If that was more than is left. Nothing is left then.
    pub(super) fn spend(&self, work: u64) -> Result<()> {
        let less = |left: u64| Some(left.saturating_sub(work));
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(left) if work <= left => Ok(()),
            _ => Err(exhausted()),
        }
    }

    /// What may still be spent.
    ///
    /// # Errors
    /// If that is nothing.
    pub(super) fn left(&self) -> Result<u64> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 { Err(exhausted()) } else { Ok(left) }
    }

    /// True if so much is left that something may be read for comfort.
    pub(super) fn is_ample(&self) -> bool {
        self.left.load(Ordering::Relaxed) > LEAST / 2
    }

    /// More may be read: the size of another file that was found.
    pub(super) fn allow(&self, size: u64, times: u64) {
        let more = size.saturating_mul(times).min(1 << 50);
        self.all.fetch_add(more, Ordering::Relaxed);
        self.left.fetch_add(more, Ordering::Relaxed);
    }

    /// The next step, for so many addresses, may cost as much again.
    pub(super) fn renew(&self, addresses: usize) {
        let each = (addresses as u64).saturating_mul(EACH_ADDRESS);
        self.left.store(self.all.load(Ordering::Relaxed).saturating_add(each), Ordering::Relaxed);
    }
}

/// What one thread spends, told to the others in large amounts, since all of them wait for the same number.
pub(super) struct Account<'e> {
    effort: &'e Effort,
    owed: u64,
}

impl<'e> Account<'e> {
    /// What is not told yet is no more than this.
    const MOST: u64 = 4096;

    pub(super) fn new(effort: &'e Effort) -> Account<'e> {
        Account { effort, owed: 0 }
    }

    /// # Errors
    /// As [`Effort::spend`], a little later.
    #[inline]
    pub(super) fn spend(&mut self, work: u64) -> Result<()> {
        self.owed = self.owed.saturating_add(work);
        if self.owed < Self::MOST { Ok(()) } else { self.effort.spend(std::mem::take(&mut self.owed)) }
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        // Whoever spends next is told.
        let _ = self.effort.spend(self.owed);
    }
}

fn exhausted() -> Damage {
    Damage::new("it makes its reader do more work than a file of its size should, and is not read on")
}

/// Gives things to the first that claims them. Those that are given are stepped over, so that all claims together
/// cost little more than there are things.
pub(super) struct Claims {
    /// For each thing the next that may be free, itself if it is.
    next: Vec<u32>,
    left: usize,
}

impl Claims {
    pub(super) fn new(count: usize) -> Claims {
        Claims { next: (0..=count as u32).collect(), left: count }
    }

    /// How many are free.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Claims those that are free from one to before another.
    pub(super) fn claim(&mut self, from: usize, to: usize, mut give: impl FnMut(usize)) {
        let mut at = self.free(from);
        while at < to {
            give(at);
            self.left -= 1;
            self.next[at] = at as u32 + 1;
            at = self.free(at + 1);
        }
    }

    fn free(&mut self, from: usize) -> usize {
        let mut at = from.min(self.next.len() - 1);
        while self.next[at] as usize != at {
            // Halves the way for who comes next.
            self.next[at] = self.next[self.next[at] as usize];
            at = self.next[at] as usize;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_claim_counts() {
        let mut claims = Claims::new(10);
        let mut given = vec![0; 10];
        for (who, (from, to)) in (1..).zip([(3, 5), (4, 7), (0, 4), (0, 10), (0, 10), (9, 99), (50, 60)]) {
            claims.claim(from, to.min(10), |at| {
                assert_eq!(given[at], 0);
                given[at] = who;
            });
        }
        assert_eq!(given, [3, 3, 3, 1, 1, 2, 2, 4, 4, 4]);
        assert_eq!(claims.left(), 0);
    }

    #[test]
    fn work_is_refused_once_it_is_spent() {
        let effort = Effort::new(0, LOOK_UP);
        assert!(effort.spend(LEAST).is_ok());
        assert!(effort.left().is_err() && effort.spend(1).is_err());
        effort.allow(3, 2);
        assert_eq!(effort.left(), Ok(6));
        assert!(effort.spend(7).is_err() && effort.left().is_err());
        effort.renew(2);
        assert_eq!(effort.left(), Ok(LEAST + 6 + 2 * EACH_ADDRESS));
    }

    #[test]
    fn what_is_owed_is_spent_in_the_end() {
        let effort = Effort::new(0, LOOK_UP);
        let mut account = Account::new(&effort);
        assert!(account.spend(Account::MOST - 1).is_ok());
        assert_eq!(effort.left(), Ok(LEAST));
        assert!(account.spend(3).is_ok());
        assert_eq!(effort.left(), Ok(LEAST - Account::MOST - 2));
        assert!(account.spend(1).is_ok());
        drop(account);
        assert_eq!(effort.left(), Ok(LEAST - Account::MOST - 3));
        assert!(Account::new(&effort).spend(LEAST).is_err());
    }
}
