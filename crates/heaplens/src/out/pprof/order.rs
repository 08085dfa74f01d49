//! The order of stacks in the file: all that begin with the same callers stand in a row, the callers alone behind them.
//!
//! So neighbours have most of their locations in common. That compresses well, and neither writer nor reader does the
//! common part again.

use crate::profile::{Profile, StackId};

/// Where each stack comes, by its id, for [`place`].
pub(super) fn ends(profile: &Profile) -> Vec<u32> {
    // How many stacks begin with each; callers have smaller ids.
    let mut ends = vec![1u32; profile.stack_count()];
    for id in profile.stack_ids().rev() {
        if let Some(parent) = profile.stack(id).parent {
            ends[parent.index()] += ends[id.index()];
        }
    }
    // Of a stack whose callees come later, where the next one begins; at last, where all of them end.
    let mut roots = 0;
    for id in profile.stack_ids() {
        let size = ends[id.index()];
        let next = match profile.stack(id).parent {
            Some(parent) => &mut ends[parent.index()],
            None => &mut roots,
        };
        let start = *next;
        *next += size;
        ends[id.index()] = start + 1;
    }
    ends
}

/// A number that grows with the order; 0 for no stack at all.
pub(super) fn place(ends: &[u32], stack: Option<StackId>) -> u64 {
    // Of those that end together the callers have smaller ids.
    stack.map_or(0, |id| u64::from(ends[id.index()]) << 32 | u64::from(!id.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Frame, Function};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn callers_stand_behind_all_that_begin_with_them(
            paths in prop::collection::vec(prop::collection::vec(0u8..3, 1..5), 0..20),
        ) {
            let mut profile = Profile::default();
            let mut nodes = Vec::new();
            for path in &paths {
                let mut stack = None;
                for (depth, n) in path.iter().enumerate() {
                    let name = profile.intern(&n.to_string());
                    let function = profile.add_function(Function { name, system_name: name, file: None });
                    let frame = profile.add_frame(Frame::named(function));
                    stack = Some(profile.add_stack(stack, frame));
                    nodes.push((stack, &path[..=depth]));
                }
            }
            let ends = ends(&profile);
            nodes.sort_by_key(|(stack, _)| place(&ends, *stack));
            nodes.dedup();
            prop_assert_eq!(nodes.len(), profile.stack_count());
            for (at, (stack, path)) in nodes.iter().enumerate() {
                prop_assert!(place(&ends, *stack) > place(&ends, None));
                let below = nodes.iter().filter(|(_, other)| other.starts_with(path)).count();
                prop_assert!(nodes[at + 1 - below..=at].iter().all(|(_, other)| other.starts_with(path)));
            }
        }
    }
}
