//! Profiles made smaller for people: frames folded away or hidden, samples kept or left out.

mod choose;
mod threads;

pub use choose::{focus, hide, ignore, matches, pattern, show_from};
pub use regex::Regex;
pub use threads::{ThreadChoice, thread};

use crate::classify::{Owner, is_made_up, owner};
use crate::profile::{FrameId, Profile, StackId};

/// Whether frames of one owner are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    /// Folded away: what they allocated is their caller's.
    Away,
    /// Shown as they are.
    Show,
}

/// Which frames are folded. By default the allocator's are, the runtime's are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Folding {
    /// The allocator's frames at the leaf.
    pub allocator: Fold,
    /// The runtime's frames at the root: they become one frame.
    pub runtime: Fold,
}

impl Default for Folding {
    fn default() -> Folding {
        Folding { allocator: Fold::Away, runtime: Fold::Show }
    }
}

/// The same profile with frames folded; every sample and every total stays.
///
/// Allocator frames are cut off from the leaf up to the last one in a row; of a stack that has no other frames
/// the outermost is kept. Runtime frames at the root become one frame, `[runtime: tokio]` or the like.
pub fn fold(profile: &Profile, folding: Folding) -> Profile {
    let kinds: Vec<Kind> = profile.frame_ids().map(|id| kind(profile, id)).collect();
    let runs = match folding.runtime {
        Fold::Away => runtime_runs(profile, &kinds),
        Fold::Show => Vec::new(),
    };
    // Stacks share their callers, so the new stack of each old one is kept, with the length of the run that it was
    // made for: below frames that may or may not belong to the run, that depends on what comes further in.
    let mut made: Vec<Option<(u32, StackId)>> = vec![None; profile.stack_count()];
    let mut path = Vec::new();
    profile.rebuild_stacks(|new, leaf| {
        let mut leaf = leaf;
        if folding.allocator == Fold::Away {
            let frames = profile.stack_from_leaf(leaf).map(|(_, frame)| frame);
            let cut = allocator_run(frames.map(|f| kinds[f.index()]));
            leaf = profile.stack_from_leaf(leaf).take(cut + 1).last().map(|(stack, _)| stack);
        }
        let run = leaf.and_then(|leaf| runs.get(leaf.index())).map_or(0, |run| run.frames);
        let mut parent = None;
        for (stack, frame) in profile.stack_from_leaf(leaf) {
            if let Some((made_for, known)) = made[stack.index()]
                && made_for == run
            {
                parent = Some(known);
                break;
            }
            if run > 0 && runs[stack.index()].depth == run {
                let mut frames: Vec<FrameId> =
                    profile.stack_from_leaf(Some(stack)).map(|(_, frame)| frame).collect();
                frames.reverse();
                let frame = new.add_named_frame(runtime_name(profile, &frames));
                let known = new.add_stack(None, frame);
                made[stack.index()] = Some((run, known));
                parent = Some(known);
                break;
            }
            path.push((stack, frame));
        }
        for (stack, frame) in path.drain(..).rev() {
            let known = new.add_stack(parent, frame);
            made[stack.index()] = Some((run, known));
            parent = Some(known);
        }
        Some(parent)
    })
}

/// What [`fold`] takes off a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    /// Innermost frames that are the allocator's.
    pub(crate) allocator: usize,
    /// Outermost frames that are a runtime's.
    pub(crate) runtime: usize,
    /// The frame that stands for these.
    pub(crate) runtime_name: Option<&'static str>,
}

/// What folding would take off stacks, for those who fold themselves.
pub(crate) fn ends(profile: &Profile) -> impl Fn(Option<StackId>) -> Ends + '_ {
    let kinds: Vec<Kind> = profile.frame_ids().map(|id| kind(profile, id)).collect();
    let runs = runtime_runs(profile, &kinds);
    move |leaf| {
        let frames = profile.stack_from_root(leaf);
        let allocator = allocator_run(frames.iter().rev().map(|frame| kinds[frame.index()]));
        let runtime = leaf.map_or(0, |leaf| runs[leaf.index()].frames as usize);
        let runtime_name = (runtime > 0).then(|| runtime_name(profile, &frames[..runtime]));
        Ends { allocator: allocator.min(frames.len().saturating_sub(1)), runtime, runtime_name }
    }
}

/// A frame's part in folding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Allocator,
    Runtime,
    /// Neither by itself, but either between two of its frames: a place without a name, or C's `main` around
    /// Rust's.
    Between,
    /// As `Between` at the root: a standard library's closure call inside of a runtime.
    Std,
    Other,
}

fn kind(profile: &Profile, id: FrameId) -> Kind {
    let frame = profile.frame(id);
    let Some(function) = frame.function else {
        let module = frame.module.map(|m| profile.module(m).short_name());
        // A stripped jemalloc still has the name of its file.
        return match module {
            Some(name) if name.starts_with("libjemalloc") => Kind::Allocator,
            _ => Kind::Between,
        };
    };
    let function = profile.function(function);
    let name = profile.string(function.name);
    let file = function.file.map(|f| profile.string(f));
    match owner(name, file) {
        // Folded before, as in folded stacks: its name says which runtime it was.
        Owner::Runtime if is_made_up(name) => Kind::Other,
        Owner::Allocator => Kind::Allocator,
        Owner::Runtime => Kind::Runtime,
        Owner::Std => Kind::Std,
        Owner::FirstParty if name == "main" => Kind::Between,
        Owner::FirstParty | Owner::ThirdParty => Kind::Other,
    }
}

/// How many frames from the leaf are the allocator's.
fn allocator_run(from_leaf: impl Iterator<Item = Kind>) -> usize {
    let mut run = 0;
    for (i, kind) in from_leaf.enumerate() {
        match kind {
            Kind::Allocator => run = i + 1,
            Kind::Between => {}
            Kind::Runtime | Kind::Std | Kind::Other => break,
        }
    }
    run
}

/// What of a stack is the runtime's.
#[derive(Clone, Copy, Default)]
struct Run {
    /// Frames of the whole stack.
    depth: u32,
    /// How many of them, from the root, are the runtime's.
    frames: u32,
    /// True if nothing further in can belong to it.
    ended: bool,
}

fn runtime_runs(profile: &Profile, kinds: &[Kind]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::with_capacity(profile.stack_count());
    // Callers have smaller ids.
    for id in profile.stack_ids() {
        let node = profile.stack(id);
        let mut run = node.parent.map_or(Run::default(), |parent| runs[parent.index()]);
        run.depth += 1;
        match kinds[node.frame.index()] {
            _ if run.ended => {}
            Kind::Runtime => run.frames = run.depth,
            Kind::Between | Kind::Std => {}
            Kind::Allocator | Kind::Other => run.ended = true,
        }
        runs.push(run);
    }
    runs
}

/// One name for a run of runtime frames: the outermost known runtime, so that stacks of one runtime merge.
fn runtime_name(profile: &Profile, run: &[FrameId]) -> &'static str {
    const KNOWN: &[(&str, &str)] = &[
        ("tokio::", "[runtime: tokio]"),
        ("rayon_core::", "[runtime: rayon]"),
        ("async_executor::", "[runtime: smol]"),
        ("async_global_executor::", "[runtime: async-std]"),
        ("async_std::", "[runtime: async-std]"),
        ("smol::", "[runtime: smol]"),
    ];
    let mut name = "[runtime: system]";
    for &frame in run {
        let text = profile.frame_name(frame);
        let text = text.trim_start_matches('<');
        if let Some((_, known)) = KNOWN.iter().find(|(prefix, _)| text.starts_with(prefix)) {
            return known;
        }
        if ["std::", "core::", "alloc::"].iter().any(|p| text.starts_with(p)) {
            name = "[runtime: std]";
        }
    }
    name
}

#[cfg(test)]
mod tests;
