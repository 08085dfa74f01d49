//! Warnings about symbols: what is another build, missing or unproven, and what to do.

use super::has_no_file;
use crate::error::Warning;
use crate::profile::{Module, ModuleId, Profile, SymbolState};

/// Another build was found than the one that ran.
const MISMATCHED: &str = "mismatched-binary";
/// No file, or a file without names.
const MISSING: &str = "missing-symbols";
/// Found by name only.
const UNVERIFIED: &str = "unverified-binary";
/// A part of the debug information cannot be read.
const DAMAGED: &str = "damaged-debug-info";
/// Debug information that was not there, or not used.
pub(super) const INCOMPLETE: &str = "incomplete-symbols";
/// Named by the user, but of no use.
const UNUSED: &str = "unused-binary";

/// Most modules that are warned about one by one.
pub(super) const MOST_MESSAGES: usize = 10;

/// A warning about one module.
struct Message {
    code: &'static str,
    places: u64,
    text: String,
}

/// Warns about a part of a module's files that could not be read.
pub(super) fn problem(profile: &mut Profile, module: ModuleId, problem: Option<&str>) {
    let Some(problem) = problem else { return };
    let name = visible(profile.module(module).short_name());
    let message = format!("{name}: {}; names without lines come from the symbol table", visible(problem));
    push(profile, DAMAGED, message);
}

/// Warns about what was missing or not used for modules.
pub(super) fn notes<'n>(profile: &mut Profile, notes: impl IntoIterator<Item = (ModuleId, &'n String)>) {
    let mut notes = notes.into_iter();
    for (module, note) in notes.by_ref().take(2 * MOST_MESSAGES) {
        let name = visible(profile.module(module).short_name());
        push(profile, INCOMPLETE, format!("{name}: {}", visible(note)));
    }
    let more = notes.count();
    if more > 0 {
        push(
            profile,
            INCOMPLETE,
            format!("and {more} more parts of debug information that are missing or not used"),
        );
    }
}

/// Warns about a binary that was named for nothing.
pub(super) fn unused(profile: &mut Profile, path: &str, why: &str) {
    push(profile, UNUSED, format!("{} was not used: {}", visible(path), visible(why)));
}

/// Warns about the states of all modules with sampled frames, in the place of earlier warnings of that kind.
pub(super) fn states(profile: &mut Profile) {
    profile.warnings.retain(|w| ![MISMATCHED, MISSING, UNVERIFIED].contains(&w.code));
    let mut places = vec![0u64; profile.modules().len()];
    let mut named = vec![0u64; profile.modules().len()];
    for id in profile.sampled_frames() {
        let frame = profile.frame(id);
        if let Some(module) = frame.module {
            places[module.index()] += 1;
            named[module.index()] += u64::from(frame.function.is_some());
        }
    }
    let mut messages = Vec::new();
    let mut unverified = Vec::new();
    for (i, module) in profile.modules().iter().enumerate() {
        if places[i] == 0 || has_no_file(module.kind) {
            continue;
        }
        messages.extend(message(module, places[i], named[i]));
        if matches!(module.symbols, SymbolState::Unverified { .. }) {
            unverified.push(module);
        }
    }
    let unverified = doubts(&unverified);
    // The modules with most places tell the story; a hostile dump can name thousands.
    messages.sort_by(|a, b| b.places.cmp(&a.places).then_with(|| a.text.cmp(&b.text)));
    let rest = messages.split_off(messages.len().min(MOST_MESSAGES));
    for message in messages {
        push(profile, message.code, message.text);
    }
    if !rest.is_empty() {
        let places: u64 = rest.iter().map(|m| m.places).sum();
        let text = format!("{} more modules without usable symbols, for {places} places", rest.len());
        push(profile, MISSING, text);
    }
    for text in unverified {
        push(profile, UNVERIFIED, text);
    }
}

/// What is said of files that were believed for their names, and what would give proof: the profile or the files have no
/// build-ids.
fn doubts(modules: &[&Module]) -> Vec<String> {
    let (known, unknown): (Vec<&Module>, Vec<&Module>) = modules.iter().partition(|m| m.build_id.is_some());
    let mut texts = Vec::new();
    if !unknown.is_empty() {
        let by_process = unknown.iter().all(|module| match &module.symbols {
            SymbolState::Unverified { used } => used.starts_with("/proc/"),
            _ => false,
        });
        texts.push(format!(
            "symbols unverified: the profile has no build-id that says that the files used for {} are the ones that ran; \
             dumps by the agent have build-ids{}",
            names(&unknown),
            if by_process { "" } else { ", and --pid reads the files of a process that still runs" }
        ));
    }
    if !known.is_empty() {
        texts.push(format!(
            "symbols unverified: the files used for {} have no build-id, and the ones that ran had one; names are wrong if \
             it is another build; give the binary that ran with --binary or --binary-dir, its process with --pid, or a \
             server that has it with --debuginfod",
            names(&known)
        ));
    }
    texts
}

fn names(modules: &[&Module]) -> String {
    let mut names: Vec<String> = modules.iter().map(|module| visible(module.short_name())).collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(MOST_MESSAGES);
    names.truncate(MOST_MESSAGES);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

fn message(module: &Module, places: u64, named: u64) -> Option<Message> {
    let path = visible(&module.path);
    let (code, text) = match &module.symbols {
        SymbolState::Mismatched { found, found_build_id } => {
            let wanted = module.build_id.as_deref().unwrap_or("unknown");
            let message = format!(
                "{path}: {} is another build (build-id {}; the profile has {wanted}), so its names were not used; \
                 give the binary that ran with --binary or --binary-dir, or its process with --pid if it still runs",
                visible(found),
                visible(found_build_id),
            );
            (MISMATCHED, message)
        }
        SymbolState::Missing { why } => {
            let ways = match (module.deleted, &module.build_id) {
                (true, _) => "give it with --binary, or its process with --pid if it still runs",
                (false, None) => {
                    "give it with --binary, --binary-dir or --sysroot, or its process with --pid"
                }
                (false, Some(_)) => {
                    "give it with --binary, --binary-dir or --sysroot, its process with --pid, or a server that has it \
                     with --debuginfod"
                }
            };
            let message = format!("{path}: no symbols for {places} places: {}; {ways}", visible(why));
            (MISSING, message)
        }
        SymbolState::Verified { used } | SymbolState::Unverified { used } if named == 0 => {
            let message = format!(
                "{path}: {} has neither debug information nor symbols for {places} places; use an unstripped \
                 build, or give the directory of its debug information with --debug-dir, or a server that has it with \
                 --debuginfod",
                visible(used)
            );
            (MISSING, message)
        }
        _ => return None,
    };
    Some(Message { code, places, text })
}

pub(super) fn push(profile: &mut Profile, code: &'static str, message: String) {
    let warning = Warning::new(code, message);
    if !profile.warnings.contains(&warning) {
        profile.warnings.push(warning);
    }
}

/// Text for a sentence: control characters from paths must not reach a terminal, and no path fills a screen.
pub(super) fn visible(text: &str) -> String {
    const MAX_CHARS: usize = 500;
    let mut out = String::new();
    for c in text.chars().take(MAX_CHARS) {
        let bidi = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || bidi {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(MAX_CHARS).is_some() {
        out.push('…');
    }
    out
}
