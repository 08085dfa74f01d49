//! Places: function, file and line of the demo's addresses, judged by binutils' addr2line.

use crate::by_name::{named, same_place};
use crate::jeprof::plain;
use crate::service::Lab;
use crate::tools::stdout;
use heaplens::Profile;
use libtest_mimic::Failed;
use object::{Object, ObjectSegment};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Addresses that are asked for at most.
const MOST: usize = 300;

/// The functions at an address, outermost first, and `file:line` of each.
#[derive(Clone, Debug, Default, PartialEq)]
struct Chain {
    names: Vec<String>,
    lines: Vec<String>,
}

/// Names as in [`crate::by_name`]; files and lines are equal for every function of every place.
pub(crate) fn addr2line(lab: &Lab) -> Result<(), Failed> {
    let run = lab.fine();
    let mut found = chains(&named(&run.leak, &run.program));
    found.extend(chains(&named(&run.base, &run.program)));
    let step = found.len().div_ceil(MOST);
    let found: Vec<(u64, Chain)> = found.into_iter().step_by(step).collect();
    assert!(found.len() > 50, "{} places only", found.len());

    let bytes = std::fs::read(&run.program)?;
    let file = object::File::parse(&*bytes)?;
    // The call lies before the address that it returns to.
    let addresses = found.iter().map(|(offset, _)| address(&file, offset - 1));
    let expected = judge(&run.program, addresses);
    assert_eq!(found.len(), expected.len());
    let differences: Vec<String> = found
        .iter()
        .zip(&expected)
        .filter(|((_, ours), theirs)| ours.lines != theirs.lines || !same_place(&ours.names, &theirs.names))
        .map(|((offset, ours), theirs)| format!("{offset:#x}: {ours:?}\n addr2line: {theirs:?}"))
        .collect();
    if !differences.is_empty() {
        let (n, all) = (differences.len(), found.len());
        return Err(format!("{n} of {all} places differ:\n{}", differences.join("\n")).into());
    }
    let with_inlines = found.iter().filter(|(_, chain)| chain.names.len() > 1).count();
    let own = found.iter().filter(|(_, chain)| chain.names[0].contains("heaplens_demo::")).count();
    assert!(with_inlines > 10 && own > 10, "{with_inlines} places with inlined functions, {own} of our own");
    Ok(())
}

/// By the offset in the program's file that a call returns to.
fn chains(profile: &Profile) -> BTreeMap<u64, Chain> {
    let mut chains: BTreeMap<u64, BTreeMap<u32, (String, String)>> = BTreeMap::new();
    for sample in profile.samples() {
        for (_, id) in profile.stack_from_leaf(sample.stack) {
            let frame = profile.frame(id);
            if frame.module.is_some_and(|module| profile.module(module).is_main) {
                let name = plain(&profile.frame_name(id));
                let line = profile.frame_location(id).unwrap_or_default();
                chains.entry(frame.offset).or_default().insert(frame.inline_depth, (name, line));
            }
        }
    }
    let outermost_first = |chain: BTreeMap<u32, (String, String)>| {
        let (names, lines) = chain.into_values().rev().unzip();
        Chain { names, lines }
    };
    chains.into_iter().map(|(offset, chain)| (offset, outermost_first(chain))).collect()
}

fn address(file: &object::File<'_>, offset: u64) -> u64 {
    let segment = file.segments().find(|segment| {
        let (start, size) = segment.file_range();
        (start..start + size).contains(&offset)
    });
    let segment = segment.expect("every place lies in a segment");
    offset - segment.file_range().0 + segment.address()
}

/// What addr2line prints: each address, then pairs of a function and a place, innermost first.
fn judge(program: &Path, addresses: impl Iterator<Item = u64>) -> Vec<Chain> {
    let list = addresses.map(|address| format!("{address:#x}"));
    let text = stdout(Command::new("addr2line").args(["-a", "-f", "-i", "-C", "-e"]).arg(program).args(list));
    let mut chains: Vec<Chain> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("0x") {
            chains.push(Chain::default());
            continue;
        }
        let chain = chains.last_mut().expect("addr2line begins with an address");
        let place = lines.next().expect("a place follows each function");
        let place = place.split(" (discriminator").next().unwrap_or(place);
        // Line 0 and `?` are how addr2line says that there is none.
        let place = place.strip_suffix(":?").or(place.strip_suffix(":0")).unwrap_or(place);
        chain.names.insert(0, plain(line));
        chain.lines.insert(0, if place == "??" { String::new() } else { place.to_owned() });
    }
    chains
}
