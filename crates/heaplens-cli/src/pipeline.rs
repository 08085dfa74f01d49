//! From what was typed to the profile that a view is made of: read, sum, subtract, name, filter.

use crate::args::{Choosing, Inputs, Shared, Symbols};
use crate::http::Client;
use crate::notes;
use crate::progress::Progress;
use crate::source::{self, Source};
use anyhow::Context;
use heaplens::{Profile, diff, filter, input, symbols};
use std::ffi::OsString;

/// The profile that the inputs and options describe, its warnings and the symbols used said on stderr.
///
/// # Errors
/// Names the input that could not be read, or the pattern that is none.
pub(crate) fn profile(inputs: &Inputs, shared: &Shared) -> anyhow::Result<Profile> {
    // Patterns first: a mistyped one should not cost a minute of reading.
    let choose = Choose::new(&shared.choosing)?;
    let profile = read(inputs, shared)?;
    let profile = named(profile, &shared.symbols);
    let profile = choose.apply(&profile);
    notes::warnings(&profile);
    Ok(profile)
}

fn read(inputs: &Inputs, shared: &Shared) -> anyhow::Result<Profile> {
    let fetching = &shared.fetching;
    let client = Client::new(fetching.token.as_deref(), fetching.timeout);
    let mut sources = source::all(inputs.inputs.iter().chain(&inputs.base))?;
    let base = inputs.base.is_some().then(|| sources.pop()).flatten();
    let one = |source: &Source| {
        let bytes = source.read(&client, fetching.max_size)?;
        let _progress = Progress::start(format!("reading {source}"));
        parse(&bytes, source, fetching.max_size)
    };
    let mut sum: Option<Profile> = None;
    for source in &sources {
        let next = one(source)?;
        match &mut sum {
            Some(sum) => sum.absorb(&next),
            None => sum = Some(next),
        }
    }
    let sum = sum.unwrap_or_default();
    Ok(match &base {
        Some(base) => diff::diff(&one(base)?, &sum),
        None => sum,
    })
}

/// The target that `-o` names, refused if it is one of the inputs.
///
/// # Errors
/// [`Usage`] if the result would replace an input.
pub(crate) fn target(output: Option<&Path>, inputs: &Inputs) -> anyhow::Result<Target> {
    let target = Target::new(output);
    if let Target::File(path) = &target
        && let Ok(path) = path.canonicalize()
        && path.is_file()
        && inputs.inputs.iter().chain(&inputs.base).any(|i| Path::new(i).canonicalize().is_ok_and(|i| i == path))
    {
        let path = path.display();
        return Err(Usage(format!("{path} is an input; choose another name for the result")).into());
    }
    Ok(target)
}

/// The inputs' names for a heading, without their directories.
pub(crate) fn heading(inputs: &Inputs) -> String {
    let short = |typed: &OsString| match Source::new(typed) {
        Source::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        other => other.to_string(),
    };
    let names: Vec<String> = inputs.inputs.iter().map(short).collect();
    match &inputs.base {
        Some(base) => format!("{} → {}", short(base), names.join(" + ")),
        None => names.join(" + "),
    }
}

/// Reads one input's bytes; its warnings then begin with its name.
pub(crate) fn parse(bytes: &[u8], source: &Source, max_size: u64) -> anyhow::Result<Profile> {
    let mut limits = input::Limits::default();
    limits.unpacked = max_size;
    let mut profile = input::read(bytes, &limits).with_context(|| source.to_string())?;
    for warning in &mut profile.warnings {
        warning.message = format!("{source}: {}", warning.message);
    }
    Ok(profile)
}
