//! Where memory is allocated: stacks of function names, and the program's own functions at their ends.

use super::History;
use crate::classify::{Owner, Owners};
use crate::profile::{FrameId, Profile, StackId, StringId};
use crate::seeded::SeededMap;
use crate::series::{Run, Series};
use rustc_hash::FxHashMap;

/// What frames are compared by: two places in one function are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Name {
    Function(StringId),
    /// A place without a name.
    Place(FrameId),
}

/// One stack of function names, with all stacks of the series that have these names.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// The innermost frame's node of the stack that held most.
    pub(super) stack: Option<StackId>,
    /// Numbers of its stacks in the series.
    pub(super) stacks: Vec<u32>,
    /// The innermost of the program's own functions.
    pub(super) owned_by: Option<Name>,
}

/// All sites of a series, and what they held in the captures of one run.
#[derive(Debug)]
pub(super) struct Sites {
    pub(super) sites: Vec<Site>,
    /// One a site.
    pub(super) histories: Vec<History>,
    names: Vec<Name>,
    owners: Vec<Owner>,
}

impl Sites {
    pub(super) fn new(series: &Series, run: &Run, owners: &Owners) -> Sites {
        let code = series.code();
        let names: Vec<Name> = code.frame_ids().map(|id| name(code, id)).collect();
        let owners: Vec<Owner> = code.frame_ids().map(|id| owners.of_frame(code, id)).collect();
        let mut sites = Sites { sites: Vec::new(), histories: Vec::new(), names, owners };
        let of_stack = sites.group(series);
        sites.fill(series, run, &of_stack);
        sites
    }

    /// Sites of stacks, by number of stack.
    fn group(&mut self, series: &Series) -> Vec<Option<usize>> {
        let code = series.code();
        // Nodes of the tree of names, by number; 0 is the root.
        let mut tree: SeededMap<(u32, Name), u32> = SeededMap::default();
        let mut node_of_stack: Vec<u32> = Vec::with_capacity(code.stack_count());
        let mut own_of_stack: Vec<Option<Name>> = Vec::with_capacity(code.stack_count());
        for id in code.stack_ids() {
            let node = code.stack(id);
            let (parent, own) = match node.parent {
                Some(parent) => (node_of_stack[parent.index()], own_of_stack[parent.index()]),
                None => (0, None),
            };
            let name = self.names[node.frame.index()];
            let new = tree.len() as u32 + 1;
            node_of_stack.push(*tree.entry((parent, name)).or_insert(new));
            let is_own =
                self.owners[node.frame.index()] == Owner::FirstParty && matches!(name, Name::Function(_));
            own_of_stack.push(if is_own { Some(name) } else { own });
        }
        let mut of_node: FxHashMap<u32, usize> = FxHashMap::default();
        (0..series.stack_count() as u32)
            .map(|number| {
                let stack = series.stack(number)?;
                let node = stack.map_or(0, |stack| node_of_stack[stack.index()]);
                let owned_by = stack.and_then(|stack| own_of_stack[stack.index()]);
                let site = *of_node.entry(node).or_insert_with(|| {
                    self.sites.push(Site { stack, stacks: Vec::new(), owned_by });
                    self.sites.len() - 1
                });
                self.sites[site].stacks.push(number);
                Some(site)
            })
            .collect()
    }

    fn fill(&mut self, series: &Series, run: &Run, of_stack: &[Option<usize>]) {
        let captures = run.captures.len();
        let empty = || History { bytes: vec![0.0; captures], objects: vec![0.0; captures] };
        self.histories = self.sites.iter().map(|_| empty()).collect();
        let mut held = vec![0.0; of_stack.len()];
        for (at, &capture) in run.captures.iter().enumerate() {
            for point in series.captures()[capture].points() {
                let Some(site) = of_stack[point.stack as usize] else { continue };
                self.histories[site].bytes[at] += point.bytes;
                self.histories[site].objects[at] += point.objects;
                held[point.stack as usize] += point.bytes;
            }
        }
        for site in &mut self.sites {
            let heaviest =
                site.stacks.iter().max_by(|a, b| held[**a as usize].total_cmp(&held[**b as usize]));
            site.stack = heaviest.and_then(|&number| series.stack(number)).flatten();
        }
    }

    /// What frames are compared by.
    pub(super) fn name(&self, frame: FrameId) -> Name {
        self.names[frame.index()]
    }

    /// Whose code a frame is.
    pub(super) fn owner(&self, frame: FrameId) -> Owner {
        self.owners[frame.index()]
    }

    /// The sum of some sites.
    pub(super) fn sum(&self, sites: &[usize]) -> History {
        let captures = self.histories.first().map_or(0, |history| history.bytes.len());
        let mut sum = History { bytes: vec![0.0; captures], objects: vec![0.0; captures] };
        for &site in sites {
            let add =
                |sum: &mut [f64], more: &[f64]| sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            add(&mut sum.bytes, &self.histories[site].bytes);
            add(&mut sum.objects, &self.histories[site].objects);
        }
        sum
    }

    /// Sites by the innermost of the program's own functions, where it has several.
    pub(super) fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: indexmap::IndexMap<Name, Vec<usize>, rustc_hash::FxBuildHasher> =
            indexmap::IndexMap::default();
        for (at, site) in self.sites.iter().enumerate() {
            if let Some(name) = site.owned_by {
                groups.entry(name).or_default().push(at);
            }
        }
        groups.into_values().filter(|sites| sites.len() > 1).collect()
    }
}

fn name(code: &Profile, id: FrameId) -> Name {
    match code.frame(id).function {
        Some(function) => Name::Function(code.function(function).name),
        None => Name::Place(id),
    }
}
