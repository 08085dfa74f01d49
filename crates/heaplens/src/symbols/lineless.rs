//! What is said of binaries whose debug information is elsewhere: their functions have names and no lines.
//!
//! The profiled program and what was built for it are said one by one. Systems come without debug information, so that of
//! their libraries is an aside.

use super::report::{INCOMPLETE, MOST_MESSAGES, push, visible};
use crate::profile::{ModuleId, Profile};
use rustc_hash::FxHashSet;

/// Names in the aside.
const MOST_NAMES: usize = 5;

/// Debug information that a binary names and that was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The name of the debug file.
    pub file: Option<String>,
    /// The binary's build-id, by which servers know it.
    pub build_id: Option<String>,
}

/// Warns about modules with names whose lines are elsewhere.
pub(super) fn warn<'l>(profile: &mut Profile, lacking: impl IntoIterator<Item = (ModuleId, &'l Lacking)>) {
    // Without any name more is missing than lines, which is said apart.
    let frames = profile.sampled_frames().into_iter().map(|id| profile.frame(id));
    let named: FxHashSet<ModuleId> =
        frames.filter(|frame| frame.function.is_some()).filter_map(|frame| frame.module).collect();
    let mut messages = Vec::new();
    let mut aside = Vec::new();
    for (id, lacking) in lacking.into_iter().filter(|(id, _)| named.contains(id)) {
        let module = profile.module(id);
        let name = visible(module.short_name());
        if messages.len() < MOST_MESSAGES && (module.is_main || !is_of_system(&module.path)) {
            messages.push(format!("{name}: {}", message(lacking)));
        } else {
            aside.push(name);
        }
    }
    aside.sort();
    aside.dedup();
    messages.extend(summary(&aside));
    for message in messages {
        push(profile, INCOMPLETE, message);
    }
}

fn message(lacking: &Lacking) -> String {
    let what = match &lacking.file {
        Some(file) => format!("its debug file {}", visible(file)),
        None => "its debug information".to_owned(),
    };
    let (id, server) = match &lacking.build_id {
        Some(id) => (format!(" (build-id {})", visible(id)), ", or a server that has it with --debuginfod"),
        None => (String::new(), ""),
    };
    format!(
        "{what}{id} was not found, so it has names without lines; give its directory with --debug-dir{server}"
    )
}

fn summary(names: &[String]) -> Option<String> {
    let (have, their) = if names.len() == 1 { ("has", "its") } else { ("have", "their") };
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).cloned().collect();
    let more = names.len() - shown.len();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    (!names.is_empty()).then(|| {
        format!(
            "{} {have} no debug information here: names without lines; {their} packages of debug information, --debug-dir or \
             --debuginfod would add them",
            shown.join(", ")
        )
    })
}

/// True for where a system keeps the libraries that come with it.
fn is_of_system(path: &str) -> bool {
    let first = ["/lib", "/usr/lib"].iter().find_map(|dir| path.strip_prefix(dir));
    // `/lib/`, `/lib64/`, `/libx32/`.
    let lib = first
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(more, _)| more.is_empty() || ["32", "64", "x32", "exec"].contains(&more));
    lib || ["/nix/store/", "/gnu/store/", "/System/"].iter().any(|dir| path.starts_with(dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Frame, Function, Meta, Module, Sample, Values};

    fn said(modules: &[(&str, bool, Option<&str>)]) -> Vec<String> {
        let mut profile = Profile::new(Meta::default());
        let mut lacking = Vec::new();
        for (path, is_main, file) in modules {
            let module = profile.add_module(Module { is_main: *is_main, ..Module::file(*path) });
            let name = profile.intern(path);
            let function = profile.add_function(Function { name, system_name: name, file: None });
            let frame = profile.add_frame(Frame { function: Some(function), ..Frame::at(module, 16) });
            let stack = Some(profile.add_stack(None, frame));
            profile.add_sample(Sample { stack, thread: None, values: Values::default() });
            let build_id = file.is_none().then(|| "beef".to_owned());
            lacking.push((module, Lacking { file: file.map(str::to_owned), build_id }));
        }
        let nameless = profile.add_module(Module::file("/opt/nameless"));
        lacking.push((nameless, Lacking { file: None, build_id: None }));
        warn(&mut profile, lacking.iter().map(|(id, lacking)| (*id, lacking)));
        profile.warnings.into_iter().map(|warning| warning.message).collect()
    }

    #[test]
    fn a_program_is_said_by_itself_and_a_system_in_one_line() {
        assert_eq!(said(&[]), [""; 0]);
        assert_eq!(
            said(&[
                ("/usr/bin/app", true, Some("app.debug")),
                ("/opt/lib/own.so", false, None),
                ("/lib64/libc.so.6", false, Some("c.debug")),
            ]),
            [
                "app: its debug file app.debug was not found, so it has names without lines; give its directory with \
                 --debug-dir",
                "own.so: its debug information (build-id beef) was not found, so it has names without lines; give its \
                 directory with --debug-dir, or a server that has it with --debuginfod",
                "libc.so.6 has no debug information here: names without lines; its packages of debug information, \
                 --debug-dir or --debuginfod would add them",
            ]
        );
        let paths: Vec<String> = (0..9).map(|i| format!("/usr/lib/x86_64-linux-gnu/lib{i}.so")).collect();
        let many: Vec<_> = paths.iter().map(|path| (path.as_str(), false, None)).collect();
        let [aside] = &said(&many)[..] else { panic!() };
        assert!(aside.starts_with("lib0.so, lib1.so, lib2.so, lib3.so, lib4.so, 4 more have no"), "{aside}");
    }

    #[test]
    fn a_hostile_dump_fills_no_screen() {
        let paths: Vec<String> = (0..1000).map(|i| format!("/opt/lib{i}.so")).collect();
        let many: Vec<_> = paths.iter().map(|path| (path.as_str(), false, None)).collect();
        assert_eq!(said(&many).len(), MOST_MESSAGES + 1);
    }

    #[test]
    fn systems_keep_their_libraries_in_known_places() {
        for path in
            ["/lib/a.so", "/usr/lib64/a.so", "/usr/lib/x86_64-linux-gnu/a.so", "/nix/store/x/lib/a.so"]
        {
            assert!(is_of_system(path), "{path}");
        }
        for path in ["/library/a.so", "/usr/local/lib/a.so", "/opt/lib/a.so", "/lib", "a.so", ""] {
            assert!(!is_of_system(path), "{path}");
        }
    }
}
