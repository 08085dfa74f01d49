//! The tree of stacks: nodes whose caller and frame are equal share an id.

use super::ids::{FrameId, StackId};
use super::tables::StackNode;
use rustc_hash::FxHashMap;

/// So many callees of a node are found by looking at each.
const FEW: usize = 4;

/// Most nodes have one callee or two, so a list of these finds them sooner than a hash of all nodes would, and in less
/// memory; those of nodes with many are found by hash.
#[derive(Clone, Debug, Default)]
pub(super) struct Stacks {
    nodes: Vec<Node>,
    /// One more than the first outermost node's id; 0 if there is none.
    first_root: u32,
    /// Callees behind the first [`FEW`] of their callers.
    others: FxHashMap<(Option<StackId>, FrameId), StackId>,
}

/// Stacks are most of a profile's memory. Ids are stored as one more than they are, 0 for none.
#[derive(Clone, Copy, Debug)]
struct Node {
    parent: u32,
    frame: FrameId,
    first_callee: u32,
    /// The next callee of this node's caller.
    next: u32,
}

impl Node {
    fn new(node: StackNode) -> Node {
        let parent = node.parent.map_or(0, |id| id.0 + 1);
        Node { parent, frame: node.frame, first_callee: 0, next: 0 }
    }

    fn row(self) -> StackNode {
        StackNode { parent: self.parent.checked_sub(1).map(StackId), frame: self.frame }
    }
}

impl Stacks {
    pub(super) fn with_capacity(nodes: usize) -> Stacks {
        Stacks { nodes: Vec::with_capacity(nodes), ..Stacks::default() }
    }

    #[inline]
    pub(super) fn insert(&mut self, node: StackNode) -> StackId {
        let first = match node.parent {
            Some(parent) => self.nodes[parent.index()].first_callee,
            None => self.first_root,
        };
        // Most nodes that are new are the callees of new ones.
        if first == 0 { self.add_behind(None, node) } else { self.find_or_add(first, node) }
    }

    fn find_or_add(&mut self, first: u32, node: StackNode) -> StackId {
        let (mut next, mut last) = (first, None);
        for _ in 0..FEW {
            let Some(at) = next.checked_sub(1) else { return self.add_behind(last, node) };
            let callee = &self.nodes[at as usize];
            if callee.frame == node.frame {
                return StackId(at);
            }
            (last, next) = (Some(at), callee.next);
        }
        let new = StackId(self.nodes.len() as u32);
        let id = *self.others.entry((node.parent, node.frame)).or_insert(new);
        if id == new {
            self.nodes.push(Node::new(node));
        }
        id
    }

    /// Adds a callee behind the last one of its caller that a look at each finds.
    fn add_behind(&mut self, last: Option<u32>, node: StackNode) -> StackId {
        let id = self.nodes.len() as u32;
        self.nodes.push(Node::new(node));
        match (last, node.parent) {
            (Some(last), _) => self.nodes[last as usize].next = id + 1,
            (None, Some(parent)) => self.nodes[parent.index()].first_callee = id + 1,
            (None, None) => self.first_root = id + 1,
        }
        StackId(id)
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> StackNode {
        self.nodes[index as usize].row()
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = StackNode> + '_ {
        self.nodes.iter().map(|node| node.row())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexmap::IndexSet;
    use proptest::prelude::*;

    proptest! {
        /// Few frames and nodes, so that many are met again, and some nodes have many callees.
        #[test]
        fn equal_nodes_share_an_id(rows in prop::collection::vec((0u32..8, 0u32..12), 0..200)) {
            let (mut stacks, mut model) = (Stacks::default(), IndexSet::new());
            for (parent, frame) in rows {
                let parent = parent.checked_sub(1).filter(|&p| (p as usize) < stacks.len()).map(StackId);
                let node = StackNode { parent, frame: FrameId(frame) };
                prop_assert_eq!(stacks.insert(node).index(), model.insert_full(node).0);
            }
            prop_assert_eq!(stacks.iter().collect::<Vec<_>>(), model.into_iter().collect::<Vec<_>>());
        }
    }
}
