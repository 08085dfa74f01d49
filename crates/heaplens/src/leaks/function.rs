//! A function to blame, as people look it up: its name, its place, its way to the allocation.

use super::Caller;
use super::blame::{Blamed, Growing};
use super::sites::Sites;
use crate::classify::{Crate, Owner, crate_of};
use crate::profile::{FrameId, Profile};
use std::collections::BTreeMap;

/// Of callers, more are of no help.
const MOST_CALLERS: usize = 5;

/// A function that stacks are charged to. Names are raw: escape them for where they go.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Function {
    /// Its name.
    pub name: String,
    /// `file:line` of the call that allocates most.
    pub location: Option<String>,
    /// The crate and its version, where names or files tell.
    pub krate: Option<Crate>,
    /// Whose code it is.
    pub owner: Owner,
    /// The stack that grows most, outermost function first.
    pub stack: Vec<String>,
    /// From the function to the allocation: what it calls, innermost last. The end of `stack`.
    pub path: Vec<String>,
    /// Who calls it, by their part of the growth, largest first.
    pub callers: Vec<Caller>,
    /// Numbers of the stacks in the series that are charged to it.
    pub stacks: Vec<u32>,
}

pub(super) fn describe(code: &Profile, sites: &Sites, blamed: &Blamed) -> Function {
    let function = blamed.frame.and_then(|frame| code.frame(frame).function).map(|id| code.function(id));
    let file = function.and_then(|function| function.file).map(|file| code.string(file));
    let name =
        blamed.frame.map_or_else(|| "[no stack]".to_owned(), |frame| code.frame_name(frame).into_owned());
    let leaf = blamed.sites.first().and_then(|one| sites.sites[one.site].stack);
    let frames = code.stack_from_root(leaf);
    let stack: Vec<String> = frames.iter().map(|frame| code.frame_name(*frame).into_owned()).collect();
    let is_culprit =
        |frame: &FrameId| blamed.frame.is_some_and(|culprit| sites.name(*frame) == sites.name(culprit));
    let after_culprit = frames.iter().rposition(is_culprit).map_or(frames.len(), |at| at + 1);
    Function {
        location: blamed.frame.and_then(|frame| code.frame_location(frame)),
        krate: crate_of(&name, file),
        owner: blamed.frame.map_or(Owner::ThirdParty, |frame| sites.owner(frame)),
        path: stack[after_culprit..].to_vec(),
        stack,
        callers: blamed.frame.map_or_else(Vec::new, |frame| callers(code, sites, &blamed.sites, frame)),
        stacks: blamed.sites.iter().flat_map(|one| sites.sites[one.site].stacks.iter().copied()).collect(),
        name,
    }
}

/// The next functions outwards that are no runtime's and no standard library's.
fn callers(code: &Profile, sites: &Sites, growing: &[Growing], culprit: FrameId) -> Vec<Caller> {
    let mut parts: BTreeMap<String, f64> = BTreeMap::new();
    let all: f64 = growing.iter().map(|one| one.growth).sum();
    for one in growing {
        let frames = code.stack_from_leaf(sites.sites[one.site].stack).map(|(_, frame)| frame);
        let is_own = |frame: &FrameId| matches!(sites.owner(*frame), Owner::FirstParty | Owner::ThirdParty);
        let outer = frames.skip_while(|frame| sites.name(*frame) != sites.name(culprit));
        let caller = outer.filter(is_own).find(|frame| sites.name(*frame) != sites.name(culprit));
        if let Some(frame) = caller {
            *parts.entry(code.frame_name(frame).into_owned()).or_default() += one.growth / all;
        }
    }
    let mut callers: Vec<Caller> = parts.into_iter().map(|(name, share)| Caller { name, share }).collect();
    callers.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.name.cmp(&b.name)));
    callers.truncate(MOST_CALLERS);
    callers
}
