//! Profiles made smaller for people: frames folded away, samples kept or left out.

use crate::classify::{Owner, owner};
use crate::error::Error;
use crate::profile::{Frame, FrameId, Function, Profile, StackId};
use regex::{Regex, RegexBuilder};

/// What a compiled pattern may take in bytes, and its cache while it runs.
const PATTERN_BYTES: usize = 1 << 20;
const PATTERN_NESTING: u32 = 50;

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
                let frame = named_frame(new, runtime_name(profile, &frames));
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

/// Only the samples with a frame whose name, `file` or `file:line` matches.
pub fn focus(profile: &Profile, pattern: &Regex) -> Profile {
    select(profile, pattern, true)
}

/// Without the samples with a frame whose name, `file` or `file:line` matches.
pub fn ignore(profile: &Profile, pattern: &Regex) -> Profile {
    select(profile, pattern, false)
}

/// Compiles a pattern for [`focus`] and [`ignore`], its size limited.
///
/// # Errors
/// [`Error::Pattern`] if it is no regular expression or needs more memory than any honest one.
pub fn pattern(text: &str) -> Result<Regex, Error> {
    RegexBuilder::new(text)
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(PATTERN_BYTES)
        .nest_limit(PATTERN_NESTING)
        .build()
        .map_err(|e| {
            let shown: String = text.chars().take(200).collect();
            let why = match e {
                regex::Error::CompiledTooBig(limit) => {
                    format!("it compiles to more than {limit} bytes; use fewer or smaller repetitions")
                }
                // The last line says what is wrong; those before it draw an arrow for a terminal.
                other => {
                    let text = other.to_string();
                    let last = text.lines().last().unwrap_or("it is no regular expression");
                    last.trim_start_matches("error: ").to_owned()
                }
            };
            Error::Pattern { pattern: shown, why }
        })
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

fn named_frame(profile: &mut Profile, name: &str) -> FrameId {
    let name = profile.intern(name);
    let function = profile.add_function(Function { name, system_name: name, file: None });
    profile.add_frame(Frame::named(function))
}

fn select(profile: &Profile, pattern: &Regex, keep_matching: bool) -> Profile {
    // A stack matches if its frame does or its caller's stack does, and callers have smaller ids.
    let frames: Vec<bool> = profile.frame_ids().map(|id| frame_matches(profile, id, pattern)).collect();
    let mut stacks: Vec<bool> = Vec::with_capacity(profile.stack_count());
    for id in profile.stack_ids() {
        let node = profile.stack(id);
        let above = node.parent.is_some_and(|p| stacks[p.index()]);
        stacks.push(above || frames[node.frame.index()]);
    }
    profile.rebuild_stacks(|new, leaf| {
        let matches = leaf.is_some_and(|id: StackId| stacks[id.index()]);
        (matches == keep_matching).then(|| {
            let mut path: Vec<FrameId> = profile.stack_from_leaf(leaf).map(|(_, frame)| frame).collect();
            path.reverse();
            new.add_stack_from_root(path)
        })
    })
}

fn frame_matches(profile: &Profile, id: FrameId, pattern: &Regex) -> bool {
    pattern.is_match(&profile.frame_name(id))
        || profile.frame_location(id).is_some_and(|location| pattern.is_match(&location))
}

#[cfg(test)]
mod tests;
