//! The call tree: stacks merged by function name, from the root.

use crate::profile::{Amount, FrameId, Profile, SampleType};
use crate::sampling::{self, Interval};
use rustc_hash::FxHashMap;

/// Call tree of one sample type. Node 0 is the root, "all"; the others follow in preorder, children by name.
#[derive(Clone, Debug)]
pub struct Tree {
    /// What is counted.
    pub sample_type: SampleType,
    /// True for a difference: `before` is the base.
    pub is_diff: bool,
    /// True if objects were counted beside the bytes.
    pub has_objects: bool,
    /// Average bytes between samples, `None` if the values are exact.
    pub rate: Option<u64>,
    /// All nodes in preorder.
    pub nodes: Vec<Node>,
}

/// A function as called along one path. All amounts are unsampled; bytes or objects by the tree's sample type.
#[derive(Clone, Debug)]
pub struct Node {
    /// Function name (raw: escape it for where it goes).
    pub name: String,
    /// `file:line` of the heaviest place inside the function, where known.
    pub location: Option<String>,
    /// The binary or library, where known.
    pub module: Option<String>,
    /// True if the function was inlined into its caller.
    pub inlined: bool,
    /// Index of the caller; the root is its own parent.
    pub parent: usize,
    /// 0 for the root.
    pub depth: u32,
    /// One past the last node below this one.
    pub end: usize,
    /// Cumulative amount, of the new side for a difference.
    pub after: Amount,
    /// Cumulative amount of the base; zero unless it is a difference.
    pub before: Amount,
    /// Part of `after` allocated by this very function.
    pub self_after: Amount,
    /// Part of `before` allocated by this very function.
    pub self_before: Amount,
    /// Sum over the paths at and below this node that grew, of how much each grew (≥ 0).
    pub grown: Amount,
    /// Sum over the paths at and below this node that shrank, of how much each shrank (≥ 0).
    pub shrunk: Amount,
    /// Cumulative objects if the tree counts bytes, bytes if it counts objects; of the new side.
    pub other_after: Amount,
    /// The same of the base.
    pub other_before: Amount,
}

impl Node {
    /// Net cumulative change; for a tree that is no difference, the cumulative amount.
    pub fn net(&self) -> Amount {
        self.after - self.before
    }

    /// Net change of what this very function allocated.
    pub fn self_net(&self) -> Amount {
        self.self_after - self.self_before
    }

    /// Drawn width: grown + shrunk, so that no changed path vanishes. Never below the sum of the children's.
    pub fn width(&self) -> Amount {
        self.grown + self.shrunk
    }
}

impl Tree {
    /// Merges a profile's stacks by function name.
    pub fn new(profile: &Profile, sample_type: SampleType) -> Tree {
        Builder::new(profile, sample_type).build()
    }

    /// The direct callees of a node, in name order.
    pub fn children(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.nodes[node].end;
        let mut next = node + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = next;
                next = self.nodes[child].end;
                child
            })
        })
    }

    /// The root's node: the totals.
    pub fn root(&self) -> &Node {
        &self.nodes[0]
    }

    /// 95 % interval of a node's net amount in bytes; `None` for objects and for exact values.
    pub fn interval(&self, node: &Node) -> Option<Interval> {
        if !self.sample_type.is_bytes() {
            return None;
        }
        let rate = self.rate?;
        Some(if self.is_diff {
            sampling::interval_of_difference(node.before.as_f64(), node.after.as_f64(), rate)
        } else {
            sampling::interval(node.after.as_f64(), rate)
        })
    }
}

/// A node while the tree grows: children are found by name.
struct Growing {
    /// Index into `Builder::names`.
    name: u32,
    depth: u32,
    parent: usize,
    place: Place,
    self_after: Amount,
    self_before: Amount,
    other_after: Amount,
    other_before: Amount,
}

/// The heaviest frame that was merged into a node.
#[derive(Clone, Copy)]
struct Place {
    frame: Option<FrameId>,
    weight: Amount,
}

struct Builder<'a> {
    profile: &'a Profile,
    sample_type: SampleType,
    /// Distinct frame names, each frame's index in it.
    names: Vec<String>,
    name_of_frame: Vec<u32>,
    nodes: Vec<Growing>,
    child: FxHashMap<(usize, u32), usize>,
}

impl<'a> Builder<'a> {
    fn new(profile: &'a Profile, sample_type: SampleType) -> Builder<'a> {
        let mut names = vec!["all".to_owned()];
        let mut known: FxHashMap<String, u32> = FxHashMap::default();
        let name_of_frame = profile
            .frame_ids()
            .map(|id| {
                let name = profile.frame_name(id);
                if let Some(&index) = known.get(name.as_ref()) {
                    return index;
                }
                let index = names.len() as u32;
                names.push(name.clone().into_owned());
                known.insert(name.into_owned(), index);
                index
            })
            .collect();
        let root = Growing {
            name: 0,
            depth: 0,
            parent: 0,
            place: Place { frame: None, weight: Amount::ZERO },
            self_after: Amount::ZERO,
            self_before: Amount::ZERO,
            other_after: Amount::ZERO,
            other_before: Amount::ZERO,
        };
        Builder { profile, sample_type, names, name_of_frame, nodes: vec![root], child: FxHashMap::default() }
    }

    fn build(mut self) -> Tree {
        // Callers come before callees, so one pass maps every stack node to its merged node.
        let mut merged: Vec<usize> = Vec::with_capacity(self.profile.stack_count());
        let mut weight = vec![Amount::ZERO; self.profile.stack_count()];
        for sample in self.profile.samples() {
            if let Some(stack) = sample.stack {
                weight[stack.index()] += sample.values.get(self.sample_type).abs();
            }
        }
        let ids: Vec<_> = self.profile.stack_ids().collect();
        for &id in ids.iter().rev() {
            if let Some(parent) = self.profile.stack(id).parent {
                let own = weight[id.index()];
                weight[parent.index()] += own;
            }
        }
        for &id in &ids {
            let node = self.profile.stack(id);
            let parent = node.parent.map_or(0, |p| merged[p.index()]);
            merged.push(self.descend(parent, node.frame, weight[id.index()]));
        }
        for sample in self.profile.samples() {
            let node = &mut self.nodes[sample.stack.map_or(0, |s| merged[s.index()])];
            let value = sample.values.get(self.sample_type);
            let other = sample.values.get(self.sample_type.counterpart());
            if value.is_negative() || other.is_negative() {
                node.self_before += -value;
                node.other_before += -other;
            } else {
                node.self_after += value;
                node.other_after += other;
            }
        }
        self.finish()
    }

    fn descend(&mut self, parent: usize, frame: FrameId, weight: Amount) -> usize {
        let name = self.name_of_frame[frame.index()];
        let next = self.nodes.len();
        let index = *self.child.entry((parent, name)).or_insert(next);
        if index == next {
            self.nodes.push(Growing {
                name,
                depth: self.nodes[parent].depth + 1,
                parent,
                place: Place { frame: Some(frame), weight },
                self_after: Amount::ZERO,
                self_before: Amount::ZERO,
                other_after: Amount::ZERO,
                other_before: Amount::ZERO,
            });
        } else if weight > self.nodes[index].place.weight {
            self.nodes[index].place = Place { frame: Some(frame), weight };
        }
        index
    }

    fn finish(self) -> Tree {
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().skip(1) {
            children[node.parent].push(i);
        }
        for list in &mut children {
            list.sort_by(|&a, &b| {
                self.names[self.nodes[a].name as usize].cmp(&self.names[self.nodes[b].name as usize])
            });
        }
        let mut nodes: Vec<Node> = Vec::with_capacity(self.nodes.len());
        let mut pending = vec![(0usize, 0usize)];
        while let Some((old, parent)) = pending.pop() {
            let index = nodes.len();
            nodes.push(self.node(&self.nodes[old], parent));
            pending.extend(children[old].iter().rev().map(|&child| (child, index)));
        }
        // Children follow their parent, so a backward pass sums each subtree.
        for i in (0..nodes.len()).rev() {
            let end = nodes[i].end.max(i + 1);
            nodes[i].end = end;
            if i == 0 {
                break;
            }
            let child = nodes[i].clone_sums();
            let parent_index = nodes[i].parent;
            let parent = &mut nodes[parent_index];
            parent.end = parent.end.max(end);
            parent.after += child.after;
            parent.before += child.before;
            parent.grown += child.grown;
            parent.shrunk += child.shrunk;
            parent.other_after += child.other_after;
            parent.other_before += child.other_before;
        }
        let has_objects = self.profile.meta.has_objects;
        Tree {
            sample_type: self.sample_type,
            is_diff: self.profile.meta.is_diff,
            has_objects,
            rate: self.profile.meta.rate,
            nodes,
        }
    }

    fn node(&self, growing: &Growing, parent: usize) -> Node {
        let net = growing.self_after - growing.self_before;
        let frame = growing.place.frame.map(|id| (id, self.profile.frame(id)));
        Node {
            name: self.names[growing.name as usize].clone(),
            location: frame.and_then(|(id, _)| self.profile.frame_location(id)),
            module: frame.and_then(|(_, f)| Some(self.profile.module(f.module?).short_name().to_owned())),
            inlined: frame.is_some_and(|(_, f)| f.inlined),
            parent,
            depth: growing.depth,
            end: 0,
            after: growing.self_after,
            before: growing.self_before,
            self_after: growing.self_after,
            self_before: growing.self_before,
            grown: net.max(Amount::ZERO),
            shrunk: (-net).max(Amount::ZERO),
            other_after: growing.other_after,
            other_before: growing.other_before,
        }
    }
}

/// The sums that a child adds to its parent.
struct Sums {
    after: Amount,
    before: Amount,
    grown: Amount,
    shrunk: Amount,
    other_after: Amount,
    other_before: Amount,
}

impl Node {
    fn clone_sums(&self) -> Sums {
        Sums {
            after: self.after,
            before: self.before,
            grown: self.grown,
            shrunk: self.shrunk,
            other_after: self.other_after,
            other_before: self.other_before,
        }
    }
}
