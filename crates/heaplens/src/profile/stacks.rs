//! The tree of stacks: nodes whose caller and frame are equal share an id.

use super::ids::{FrameId, StackId};
use super::tables::StackNode;
use crate::seeded::SeededMap;
use std::collections::hash_map::Entry;

/// Stacks are most of a profile's memory, and walking them is waiting for it, so nodes are small. They are added along a
/// stack, so nearly all stand right behind their callers: there a callee is found without a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Stacks {
    nodes: Vec<Node>,
    /// Nodes that do not stand behind their callers.
    others: SeededMap<Node, StackId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    /// The index behind the caller's; 0 for outermost nodes, as if they had one before all.
    behind: u32,
    frame: FrameId,
}

impl Node {
    fn new(node: StackNode) -> Node {
        Node { behind: node.parent.map_or(0, |id| id.0 + 1), frame: node.frame }
    }

    fn row(self) -> StackNode {
        StackNode { parent: self.behind.checked_sub(1).map(StackId), frame: self.frame }
    }
}

impl Stacks {
    pub(super) fn with_capacity(nodes: usize) -> Stacks {
        Stacks { nodes: Vec::with_capacity(nodes), ..Stacks::default() }
    }

    /// Makes room for so many more nodes, of so many stacks.
    pub(super) fn reserve(&mut self, stacks: usize, nodes: usize) {
        self.nodes.reserve(nodes);
        self.others.reserve(stacks);
    }

    #[inline]
    pub(super) fn insert(&mut self, node: StackNode) -> StackId {
        let node = Node::new(node);
        match self.nodes.get(node.behind as usize) {
            Some(behind) if *behind == node => StackId(node.behind),
            Some(_) => self.find_or_add(node),
            // A caller that is the last node has no callees yet.
            None => self.push(node),
        }
    }

    fn find_or_add(&mut self, node: Node) -> StackId {
        match self.others.entry(node) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                place.insert(StackId(self.nodes.len() as u32));
                self.push(node)
            }
        }
    }

    fn push(&mut self, node: Node) -> StackId {
        let id = StackId(self.nodes.len() as u32);
        self.nodes.push(node);
        id
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
