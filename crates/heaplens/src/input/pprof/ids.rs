//! Ids of a table's rows. Most writers count from 1; the format allows any number but 0.

use super::wire::Fault;
use crate::seeded::SeededMap;
use std::collections::hash_map::Entry;

#[derive(Default)]
pub(super) struct Ids {
    /// Rows whose ids are one more than their places.
    counted: u32,
    /// The rest.
    others: SeededMap<u64, u32>,
}

impl Ids {
    /// Gives the next row its id.
    pub(super) fn add(&mut self, id: u64, at: usize) -> Result<(), Fault> {
        if id == 0 {
            return Err(Fault::new(at, "the id 0, or none", "another number: 0 stands for nothing"));
        }
        let row = self.counted + self.others.len() as u32;
        if id == u64::from(row) + 1 && self.others.is_empty() {
            self.counted += 1;
            return Ok(());
        }
        let twice = || Fault::new(at, format!("the id {id} a second time"), "an id for each");
        if id <= u64::from(self.counted) {
            return Err(twice());
        }
        match self.others.entry(id) {
            Entry::Occupied(_) => Err(twice()),
            Entry::Vacant(place) => {
                place.insert(row);
                Ok(())
            }
        }
    }

    /// The row of an id.
    #[inline]
    pub(super) fn row(&self, id: u64) -> Option<usize> {
        if id.wrapping_sub(1) < u64::from(self.counted) {
            return Some(id as usize - 1);
        }
        self.others.get(&id).map(|&row| row as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_ids_are_found_and_doubles_refused() {
        let mut ids = Ids::default();
        for id in [1, 2, 7, 3, 1 << 63, u64::MAX] {
            ids.add(id, 0).unwrap();
        }
        assert_eq!([1, 2, 7, 3, 1 << 63, u64::MAX].map(|id| ids.row(id)), [0, 1, 2, 3, 4, 5].map(Some));
        assert_eq!([0, 4, 8].map(|id| ids.row(id)), [None; 3]);
        for id in [0, 1, 7, 3, u64::MAX] {
            assert!(ids.add(id, 0).is_err(), "{id}");
        }
    }
}
