//! Coarser frames, or finer ones: what a frame's name stands for, and stacks under the threads they are of.
//!
//! Two builds of a program, for one, have only the names of functions in common.

mod threads;

pub use threads::by_thread;
pub(crate) use threads::{NO_THREAD, root_name};

use crate::classify::{crate_of, is_made_up};
use crate::profile::{Frame, FrameId, Function, Granularity, Profile};
use crate::short::library_path;
use rustc_hash::FxHashMap;

/// The name of frames of which nothing is known that they could be grouped by.
const UNKNOWN: &str = "[unknown]";

/// Every frame becomes its function's name alone, so that stacks merge across builds. Frames without a
/// symbol keep module and offset.
pub fn by_function(profile: &Profile) -> Profile {
    regroup(profile, Granularity::Function, |new, id| match profile.frame(id).function {
        Some(function) => new.add_named_frame(profile.string(profile.function(function).name)),
        None => id,
    })
}

/// The same profile with frames that stand for something else; every sample and every total stays. What is grouped
/// already stays as it is.
///
/// - [`Granularity::Address`]: `function module+0xoffset`.
/// - [`Granularity::Line`]: `function file:line`, as far as they are known.
/// - [`Granularity::Function`]: see [`by_function`].
/// - [`Granularity::File`]: the source file; without one `[module]`.
/// - [`Granularity::Crate`]: the crate, or C++'s outermost namespace, of a function that has one; otherwise (C's
///   functions, places without a name) `[module]`.
/// - [`Granularity::Module`]: the file name of the binary or library.
///
/// Files of registries, git checkouts and the standard library are named from their crate on. For files, crates and
/// modules consecutive equal frames become one. The frame of a folded runtime stays; what is not known is `[unknown]`.
pub fn by(profile: &Profile, granularity: Granularity) -> Profile {
    if granularity == Granularity::Function {
        return by_function(profile);
    }
    if profile.meta.granularity == granularity {
        return profile.clone();
    }
    regroup(profile, granularity, |new, id| {
        let frame = profile.frame(id);
        let function = frame.function.map(|function| profile.function(function));
        let name = function.map(|function| profile.string(function.name));
        if frame.module.is_none() && name.is_some_and(is_made_up) {
            return id;
        }
        let file = function.and_then(|function| function.file).map(|file| profile.string(file));
        match granularity {
            Granularity::Function => id,
            Granularity::Address => match (function, name, frame.module) {
                (Some(function), Some(name), Some(_)) => {
                    let name = new.intern(&format!("{name} {}", profile.place_name(frame)));
                    let function = new.add_function(Function { name, ..function });
                    new.add_frame(Frame { function: Some(function), ..frame })
                }
                _ => id,
            },
            Granularity::Line => match (function, name) {
                (Some(function), Some(name)) => {
                    let name = match (file.map(file_name), frame.line) {
                        (Some(file), 0) => new.intern(&format!("{name} {file}")),
                        (Some(file), line) => new.intern(&format!("{name} {file}:{line}")),
                        (None, _) => function.name,
                    };
                    let function = new.add_function(Function { name, ..function });
                    new.add_frame(Frame { line: frame.line, ..Frame::named(function) })
                }
                _ => id,
            },
            Granularity::File => match file {
                Some(file) => new.add_named_frame(file_name(file)),
                None => new.add_named_frame(&in_module(profile, frame)),
            },
            Granularity::Crate => match name.and_then(|name| crate_of(name, file)) {
                // Packages are named with hyphens, crates in names of functions are not.
                Some(found) => new.add_named_frame(&found.name.replace('-', "_")),
                None => new.add_named_frame(&in_module(profile, frame)),
            },
            Granularity::Module => match frame.module {
                Some(module) => new.add_named_frame(profile.module(module).short_name()),
                None => new.add_named_frame(UNKNOWN),
            },
        }
    })
}

fn file_name(path: &str) -> &str {
    library_path(path).unwrap_or(path)
}

fn in_module(profile: &Profile, frame: Frame) -> String {
    match frame.module.map(|module| profile.module(module).short_name()) {
        Some(name) if name.starts_with('[') => name.to_owned(),
        Some(name) => format!("[{name}]"),
        None => UNKNOWN.to_owned(),
    }
}

/// Replaces each frame. Of what is coarser than functions, a run of equal frames is one: code that calls code of its
/// own crate.
fn regroup(
    profile: &Profile,
    granularity: Granularity,
    mut change: impl FnMut(&mut Profile, FrameId) -> FrameId,
) -> Profile {
    let merge_runs = matches!(granularity, Granularity::File | Granularity::Crate | Granularity::Module);
    let mut changed: FxHashMap<FrameId, FrameId> = FxHashMap::default();
    let mut grouped = profile.rebuild_stacks(|new, leaf| {
        let mut frames = profile.stack_from_root(leaf);
        for id in &mut frames {
            *id = *changed.entry(*id).or_insert_with(|| change(new, *id));
        }
        if merge_runs {
            frames.dedup();
        }
        Some(new.add_stack_from_root(frames))
    });
    grouped.meta.granularity = granularity;
    grouped
}

#[cfg(test)]
mod tests;
