//! The order of stacks in the file: each behind its callers, all that begin with it behind it.
//!
//! So neighbours have most of their locations in common. That compresses well, and neither writer nor reader does the
//! common part again.

use crate::profile::{Profile, StackId};

/// Where each stack node stands, and how many begin with it.
pub(super) struct Order {
    /// Behind the last that begins with the node.
    ends: Vec<u32>,
    sizes: Vec<u32>,
}

impl Order {
    pub(super) fn new(profile: &Profile) -> Order {
        let mut sizes = vec![1u32; profile.stack_count()];
        // Callers have smaller ids.
        for id in profile.stack_ids().rev() {
            if let Some(parent) = profile.stack(id).parent {
                sizes[parent.index()] += sizes[id.index()];
            }
        }
        let mut ends = vec![0u32; sizes.len()];
        let mut roots = 1;
        for id in profile.stack_ids() {
            let next = match profile.stack(id).parent {
                Some(parent) => &mut ends[parent.index()],
                None => &mut roots,
            };
            let place = *next;
            *next += sizes[id.index()];
            // Where its first callee comes.
            ends[id.index()] = place + 1;
        }
        Order { ends, sizes }
    }

    /// From 1; 0 for no stack at all.
    pub(super) fn place(&self, stack: Option<StackId>) -> u32 {
        stack.map_or(0, |id| self.ends[id.index()] - self.sizes[id.index()])
    }

    /// The place behind the last stack that begins with these callers.
    pub(super) fn end(&self, callers: StackId) -> u32 {
        self.ends[callers.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Frame, Function};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn callees_stand_behind_their_callers(paths in prop::collection::vec(prop::collection::vec(0u8..3, 0..5), 0..20)) {
            let mut profile = Profile::default();
            let mut leaves = Vec::new();
            for path in &paths {
                let frames: Vec<_> = path.iter().map(|n| {
                    let name = profile.intern(&n.to_string());
                    let function = profile.add_function(Function { name, system_name: name, file: None });
                    profile.add_frame(Frame::named(function))
                }).collect();
                leaves.push(profile.add_stack_from_root(frames));
            }
            let order = Order::new(&profile);
            let mut places: Vec<u32> = profile.stack_ids().map(|id| order.place(Some(id))).collect();
            for (a, leaf) in paths.iter().zip(&leaves) {
                for (b, callers) in paths.iter().zip(&leaves) {
                    let Some(callers) = *callers else { continue };
                    prop_assert_eq!((order.place(Some(callers))..order.end(callers)).contains(&order.place(*leaf)), a.starts_with(b), "{:?} {:?}", a, b);
                }
            }
            places.sort_unstable();
            prop_assert_eq!(places, (1..=profile.stack_count() as u32).collect::<Vec<_>>());
        }
    }
}
