//! The call tree: stacks merged by function name, from the root.

use crate::profile::{Amount, FrameId, Granularity, Profile, SampleType};
use crate::sampling::{self, Interval};
use rustc_hash::FxHashMap;
use std::sync::Arc;

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
    /// What nodes are: functions, unless frames were grouped.
    pub granularity: Granularity,
    /// All nodes in preorder.
    pub nodes: Vec<Node>,
}

/// A function as called along one path. All amounts are unsampled; bytes or objects by the tree's sample type.
///
/// A tree can have millions of nodes, of a few thousand functions: what nodes share they share.
#[derive(Clone, Debug)]
pub struct Node {
    /// Which function, and where.
    pub place: Arc<Place>,
    /// Index of the caller; the root is its own parent.
    pub parent: usize,
    /// 0 for the root.
    pub depth: u32,
    /// One past the last node below this one.
    pub end: usize,
    /// Cumulative amount, of the new side for a difference.
    pub after: Amount,
    /// Part of `after` allocated by this very function.
    pub self_after: Amount,
    /// Cumulative objects if the tree counts bytes, bytes if it counts objects; of the new side.
    pub other_after: Amount,
    /// Only in a difference.
    base: Option<Box<Base>>,
}

/// What the nodes of one function tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Function name (raw: escape it for where it goes).
    pub name: String,
    /// `file:line` of the heaviest place inside the function, where known.
    pub location: Option<String>,
    /// The binary or library, where known.
    pub module: Option<String>,
    /// True if the function was inlined into its caller.
    pub inlined: bool,
}

/// The base's side, and how it differs.
#[derive(Clone, Copy, Debug, Default)]
struct Base {
    before: Amount,
    self_before: Amount,
    other_before: Amount,
    grown: Amount,
    shrunk: Amount,
}

impl Node {
    /// Cumulative amount of the base; zero unless it is a difference.
    pub fn before(&self) -> Amount {
        self.base().before
    }

    /// Part of [`Node::before`] allocated by this very function.
    pub fn self_before(&self) -> Amount {
        self.base().self_before
    }

    /// What `other_after` is, of the base.
    pub fn other_before(&self) -> Amount {
        self.base().other_before
    }

    /// Sum over the paths at and below this node that grew, of how much each grew (≥ 0).
    pub fn grown(&self) -> Amount {
        self.base.as_ref().map_or(self.after, |base| base.grown)
    }

    /// Sum over the paths at and below this node that shrank, of how much each shrank (≥ 0).
    pub fn shrunk(&self) -> Amount {
        self.base().shrunk
    }

    /// Net cumulative change; for a tree that is no difference, the cumulative amount.
    pub fn net(&self) -> Amount {
        self.after - self.before()
    }

    /// Net change of what this very function allocated.
    pub fn self_net(&self) -> Amount {
        self.self_after - self.self_before()
    }

    /// Drawn width: grown + shrunk, so that no changed path vanishes. Never below the sum of the children's.
    pub fn width(&self) -> Amount {
        self.grown() + self.shrunk()
    }

    fn base(&self) -> Base {
        self.base.as_deref().copied().unwrap_or_default()
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
            sampling::interval_of_difference(node.before().as_f64(), node.after.as_f64(), rate)
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
    parent: u32,
    /// The heaviest frame that was merged into it.
    frame: Option<FrameId>,
    self_after: Amount,
    other_after: Amount,
    base: Option<Box<Base>>,
}

struct Builder<'a> {
    profile: &'a Profile,
    sample_type: SampleType,
    /// Distinct frame names, each frame's index in it.
    names: Vec<String>,
    name_of_frame: Vec<u32>,
    nodes: Vec<Growing>,
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
        let mut builder = Builder { profile, sample_type, names, name_of_frame, nodes: Vec::new() };
        builder.push(0, 0, 0, None);
        builder
    }

    fn push(&mut self, name: u32, depth: u32, parent: u32, frame: Option<FrameId>) {
        let (self_after, other_after) = (Amount::ZERO, Amount::ZERO);
        self.nodes.push(Growing { name, depth, parent, frame, self_after, other_after, base: None });
    }

    fn build(mut self) -> Tree {
        let merged = self.merge();
        for sample in self.profile.samples() {
            let node = &mut self.nodes[sample.stack.map_or(0, |s| merged[s.index()] as usize)];
            let value = sample.values.get(self.sample_type);
            let other = sample.values.get(self.sample_type.counterpart());
            if value.is_negative() || other.is_negative() {
                let base = node.base.get_or_insert_default();
                base.self_before += -value;
                base.other_before += -other;
            } else {
                node.self_after += value;
                node.other_after += other;
            }
        }
        drop(merged);
        self.finish()
    }

    /// The merged node of every stack node.
    fn merge(&mut self) -> Vec<u32> {
        let profile = self.profile;
        let mut weight = vec![Amount::ZERO; profile.stack_count()];
        for sample in profile.samples() {
            if let Some(stack) = sample.stack {
                weight[stack.index()] += sample.values.get(self.sample_type).abs();
            }
        }
        for id in profile.stack_ids().rev() {
            if let Some(parent) = profile.stack(id).parent {
                let own = weight[id.index()];
                weight[parent.index()] += own;
            }
        }
        let mut child: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        // Of each merged node: the weight of its heaviest frame.
        let mut heaviest = vec![Amount::ZERO];
        let mut merged: Vec<u32> = Vec::with_capacity(profile.stack_count());
        // Callers come before callees, so one pass maps every stack node.
        for id in profile.stack_ids() {
            let node = profile.stack(id);
            let parent = node.parent.map_or(0, |p| merged[p.index()]);
            let name = self.name_of_frame[node.frame.index()];
            let weight = weight[id.index()];
            let next = self.nodes.len() as u32;
            let index = *child.entry((parent, name)).or_insert(next);
            if index == next {
                self.push(name, self.nodes[parent as usize].depth + 1, parent, Some(node.frame));
                heaviest.push(weight);
            } else if weight > heaviest[index as usize] {
                heaviest[index as usize] = weight;
                self.nodes[index as usize].frame = Some(node.frame);
            }
            merged.push(index);
        }
        merged
    }

    fn finish(mut self) -> Tree {
        let (first, children) = self.children();
        let of = |node: u32| &children[first[node as usize] as usize..first[node as usize + 1] as usize];
        // Negative values are a base's, whatever the profile says of itself.
        let has_base = self.profile.meta.is_diff || self.nodes.iter().any(|node| node.base.is_some());
        let mut places: FxHashMap<Option<FrameId>, Arc<Place>> = FxHashMap::default();
        let mut nodes: Vec<Node> = Vec::with_capacity(self.nodes.len());
        let mut pending = vec![(0u32, 0usize)];
        while let Some((old, parent)) = pending.pop() {
            let index = nodes.len();
            let (frame, name) = (self.nodes[old as usize].frame, self.nodes[old as usize].name);
            let place = places.entry(frame).or_insert_with(|| Arc::new(self.place(frame, name)));
            nodes.push(grown(&mut self.nodes[old as usize], Arc::clone(place), parent, has_base));
            pending.extend(of(old).iter().rev().map(|&child| (child, index)));
        }
        sum_up(&mut nodes);
        Tree {
            sample_type: self.sample_type,
            is_diff: self.profile.meta.is_diff,
            has_objects: self.profile.meta.has_objects,
            rate: self.profile.meta.rate,
            granularity: self.profile.meta.granularity,
            nodes,
        }
    }

    /// All nodes but the root, by parent and name; and where each parent's begin.
    fn children(&self) -> (Vec<u32>, Vec<u32>) {
        let mut first = vec![0u32; self.nodes.len() + 1];
        for node in &self.nodes[1..] {
            first[node.parent as usize + 1] += 1;
        }
        for i in 1..first.len() {
            first[i] += first[i - 1];
        }
        let mut next = first.clone();
        let mut children = vec![0u32; self.nodes.len() - 1];
        for (i, node) in self.nodes.iter().enumerate().skip(1) {
            let place = &mut next[node.parent as usize];
            children[*place as usize] = i as u32;
            *place += 1;
        }
        drop(next);
        let name = |node: u32| &self.names[self.nodes[node as usize].name as usize];
        for range in first.windows(2) {
            children[range[0] as usize..range[1] as usize].sort_unstable_by(|&a, &b| name(a).cmp(name(b)));
        }
        (first, children)
    }

    fn place(&self, frame: Option<FrameId>, name: u32) -> Place {
        let known = frame.map(|id| self.profile.frame(id));
        let module = known.and_then(|frame| frame.module);
        Place {
            name: self.names[name as usize].clone(),
            location: frame.and_then(|id| self.profile.frame_location(id)),
            module: module.map(|module| self.profile.module(module).short_name().to_owned()),
            inlined: known.is_some_and(|frame| frame.inlined),
        }
    }
}

/// The node that a grown one becomes, its sums still its own.
fn grown(old: &mut Growing, place: Arc<Place>, parent: usize, has_base: bool) -> Node {
    let mut base = old.base.take();
    if has_base {
        let base = base.get_or_insert_default();
        let net = old.self_after - base.self_before;
        base.before = base.self_before;
        base.grown = net.max(Amount::ZERO);
        base.shrunk = (-net).max(Amount::ZERO);
    }
    Node {
        place,
        parent,
        depth: old.depth,
        end: 0,
        after: old.self_after,
        self_after: old.self_after,
        other_after: old.other_after,
        base,
    }
}

/// Adds what is below each node to it.
fn sum_up(nodes: &mut [Node]) {
    // Children follow their parent, so a backward pass sums each subtree.
    for i in (0..nodes.len()).rev() {
        let end = nodes[i].end.max(i + 1);
        nodes[i].end = end;
        if i == 0 {
            break;
        }
        let (after, other_after, below) = (nodes[i].after, nodes[i].other_after, nodes[i].base());
        let caller = nodes[i].parent;
        let caller = &mut nodes[caller];
        caller.end = caller.end.max(end);
        caller.after += after;
        caller.other_after += other_after;
        if let Some(base) = &mut caller.base {
            base.before += below.before;
            base.other_before += below.other_before;
            base.grown += below.grown;
            base.shrunk += below.shrunk;
        }
    }
}
