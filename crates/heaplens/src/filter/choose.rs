//! Stacks and frames chosen by regular expressions. A pattern matches a frame if it matches its name, its file or
//! `file:line`. They do what the options of their names do in `go tool pprof`, which applies them in the order focus and
//! ignore, hide, show_from; but `hide` keeps what is left without a frame, so that totals stay.

use crate::error::Error;
use crate::profile::{FrameId, Profile, StackId};
use regex::{Regex, RegexBuilder};

/// What a compiled pattern may take in bytes, and its cache while it runs.
const PATTERN_BYTES: usize = 1 << 20;
const PATTERN_NESTING: u32 = 50;

/// Only the samples with a frame that matches.
pub fn focus(profile: &Profile, pattern: &Regex) -> Profile {
    select(profile, pattern, true)
}

/// Without the samples with a frame that matches.
pub fn ignore(profile: &Profile, pattern: &Regex) -> Profile {
    select(profile, pattern, false)
}

/// Without the frames that match: what they allocated is their caller's. Every sample and every total stays; what is
/// left without a frame is no function's.
pub fn hide(profile: &Profile, pattern: &Regex) -> Profile {
    let hidden = matching(profile, pattern);
    profile.rebuild_stacks(|new, leaf| {
        let shown = profile.stack_from_root(leaf).into_iter().filter(|frame| !hidden[frame.index()]);
        Some(new.add_stack_from_root(shown))
    })
}

/// Stacks from their outermost frame that matches on, without its callers; samples without any are left out.
pub fn show_from(profile: &Profile, pattern: &Regex) -> Profile {
    let matching = matching(profile, pattern);
    profile.rebuild_stacks(|new, leaf| {
        let frames = profile.stack_from_root(leaf);
        let outermost = frames.iter().position(|frame| matching[frame.index()])?;
        Some(new.add_stack_from_root(frames.into_iter().skip(outermost)))
    })
}

/// True if the pattern matches a frame of any sample.
pub fn matches(profile: &Profile, pattern: &Regex) -> bool {
    profile.sampled_frames().into_iter().any(|frame| frame_matches(profile, frame, pattern))
}

/// Compiles a pattern for this module's functions, its size limited.
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

fn select(profile: &Profile, pattern: &Regex, keep_matching: bool) -> Profile {
    // A stack matches if its frame does or its caller's stack does, and callers have smaller ids.
    let frames = matching(profile, pattern);
    let mut stacks: Vec<bool> = Vec::with_capacity(profile.stack_count());
    for id in profile.stack_ids() {
        let node = profile.stack(id);
        let above = node.parent.is_some_and(|p| stacks[p.index()]);
        stacks.push(above || frames[node.frame.index()]);
    }
    profile.rebuild_stacks(|new, leaf| {
        let matches = leaf.is_some_and(|id: StackId| stacks[id.index()]);
        (matches == keep_matching).then(|| new.add_stack_from_root(profile.stack_from_root(leaf)))
    })
}

/// Which frames match.
fn matching(profile: &Profile, pattern: &Regex) -> Vec<bool> {
    profile.frame_ids().map(|id| frame_matches(profile, id, pattern)).collect()
}

fn frame_matches(profile: &Profile, id: FrameId, pattern: &Regex) -> bool {
    if pattern.is_match(&profile.frame_name(id)) {
        return true;
    }
    let frame = profile.frame(id);
    let Some(file) = frame.function.and_then(|function| profile.function(function).file) else {
        return false;
    };
    pattern.is_match(profile.string(file))
        || frame.line != 0 && profile.frame_location(id).is_some_and(|location| pattern.is_match(&location))
}
