//! Parts of the address space that overlap, cut so that each address has one owner.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A part and what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<T> {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) what: T,
}

/// Cuts parts so that none overlap: where several hold an address, the one with the lowest rank has it, of equals the
/// first in the list. The result is in the order of addresses; neighbours with the same owner are one.
pub(super) fn settle<T: Copy, R: Ord>(parts: &[Part<T>], rank: impl Fn(&T) -> R) -> Vec<Part<T>> {
    let mut order: Vec<usize> = (0..parts.len()).filter(|&i| parts[i].from < parts[i].to).collect();
    order.sort_by_key(|&i| (parts[i].from, i));
    let mut settled: Vec<(usize, Part<T>)> = Vec::with_capacity(order.len());
    let mut active: BinaryHeap<Reverse<(R, usize)>> = BinaryHeap::new();
    let mut at = 0;
    let mut order = order.into_iter().peekable();
    loop {
        while active.peek().is_some_and(|Reverse((_, i))| parts[*i].to <= at) {
            active.pop();
        }
        while let Some(i) = order.next_if(|&i| parts[i].from <= at) {
            if parts[i].to > at {
                active.push(Reverse((rank(&parts[i].what), i)));
            }
        }
        let next = order.peek().map(|&i| parts[i].from);
        let Some(&Reverse((_, owner))) = active.peek() else {
            // Nothing here; on to where something begins.
            match next {
                Some(next) => at = next,
                None => return settled.into_iter().map(|(_, part)| part).collect(),
            }
            continue;
        };
        let to = next.map_or(parts[owner].to, |next| next.min(parts[owner].to));
        match settled.last_mut() {
            Some((last, part)) if *last == owner && part.to == at => part.to = to,
            _ => settled.push((owner, Part { from: at, to, what: parts[owner].what })),
        }
        at = to;
    }
}

/// What of the first list is in none of the second; both sorted and without overlaps.
pub(super) fn without<T: Copy, U>(parts: &[Part<T>], holes: &[Part<U>]) -> Vec<Part<T>> {
    let mut rest = Vec::new();
    let mut holes = holes;
    for part in parts {
        let mut from = part.from;
        holes = &holes[holes.partition_point(|hole| hole.to <= from)..];
        for hole in holes.iter().take_while(|hole| hole.from < part.to) {
            if from < hole.from {
                rest.push(Part { from, to: hole.from, what: part.what });
            }
            from = hole.to;
        }
        if from < part.to {
            rest.push(Part { from, to: part.to, what: part.what });
        }
    }
    rest
}

/// What of sorted parts without overlaps lies in a range.
pub(super) fn within<T: Copy>(parts: &[Part<T>], from: u64, to: u64) -> impl Iterator<Item = Part<T>> {
    let first = parts.partition_point(|part| part.to <= from);
    let inside = parts[first..].iter().take_while(move |part| part.from < to);
    let clip = move |part: &Part<T>| Part { from: part.from.max(from), to: part.to.min(to), what: part.what };
    inside.map(clip).filter(|part| part.from < part.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts() -> impl Strategy<Value = Vec<Part<u8>>> {
        let part =
            (0u64..40, 0u64..12, 0u8..6).prop_map(|(from, size, what)| Part { from, to: from + size, what });
        prop::collection::vec(part, 0..12)
    }

    fn owner(parts: &[Part<u8>], address: u64) -> Option<u8> {
        let here = parts.iter().filter(|p| p.from <= address && address < p.to);
        here.min_by_key(|p| p.what).map(|p| p.what)
    }

    proptest! {
        #[test]
        fn each_address_has_the_owner_that_a_look_at_all_parts_gives(all in parts(), holes in parts(), a in 0u64..60, b in 0u64..60) {
            let settled = settle(&all, |&what| what);
            let holes = settle(&holes, |&what| what);
            let rest = without(&settled, &holes);
            let inside: Vec<_> = within(&settled, a, b).collect();
            for list in [&settled, &rest, &inside] {
                prop_assert!(list.iter().all(|p| p.from < p.to));
                prop_assert!(list.windows(2).all(|w| w[0].to <= w[1].from), "{:?}", list);
            }
            for address in 0..60 {
                let expected = owner(&all, address);
                prop_assert_eq!(owner(&settled, address), expected);
                prop_assert_eq!(owner(&rest, address), expected.filter(|_| owner(&holes, address).is_none()));
                let between = a <= address && address < b;
                prop_assert_eq!(owner(&inside, address), expected.filter(|_| between));
            }
        }
    }

    #[test]
    fn of_equals_the_first_wins_and_neighbours_are_joined() {
        let part = |from, to, what: (u8, u8)| Part { from, to, what };
        let all = [part(0, 10, (1, 7)), part(5, 15, (1, 8)), part(3, 4, (2, 9))];
        let settled = settle(&all, |what| what.0);
        assert_eq!(settled, [part(0, 10, (1, 7)), part(10, 15, (1, 8))]);
    }
}
