//! Names: jeprof's and ours for the stacks of the demo, inlined functions included.
//!
//! Compared are all functions of the program itself, one by one, as jeprof prints them but for its marks: `[inline]`,
//! the address behind what nm knows, the hash of older binutils. One difference is binutils', and allowed: where the
//! innermost inlined function has no name that a linker would know, it prints the symbol around it.
//!
//! Not compared are the names inside of libraries: where a library has no full symbol table, jeprof takes the nearest
//! exported function, however far away; we take none that does not reach the address.

use crate::by_address::read;
use crate::jeprof::{self, Line, plain};
use crate::service::Lab;
use crate::tools::{heaplens, stdout};
use heaplens::Profile;
use heaplens::out::folded::unescape;
use heaplens::profile::{Amount, Sample};
use heaplens::symbols::{Options, symbolize};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::path::Path;

/// The functions at each address of a stack, from the root; `None` in libraries.
type Stack = Vec<Option<Vec<String>>>;

/// To each of jeprof's lines belongs exactly one of our stacks, with the same names and bytes.
pub(crate) fn stacks(lab: &Lab) -> Result<(), Failed> {
    for run in [lab.coarse(), lab.fine()] {
        let profile = named(&run.leak, &run.program);
        let mut ours: Vec<(Stack, i128)> =
            profile.samples().iter().map(|s| (stack(&profile, s), s.values.inuse_space.trunc())).collect();
        let mut named_places = 0;
        let judged = jeprof::collapsed(&run.program, None, &run.leak);
        for line in judged.into_iter().filter(|line| line.bytes != 0) {
            let found = ours.iter().position(|(stack, bytes)| *bytes == line.bytes && agree(stack, &line));
            let Some(found) = found else {
                let near: Vec<_> = ours.iter().filter(|(_, bytes)| *bytes == line.bytes).collect();
                return Err(format!("no stack of ours is {line:?}; of its bytes are {near:?}").into());
            };
            named_places += ours.swap_remove(found).0.iter().flatten().count();
        }
        ours.retain(|(_, bytes)| *bytes != 0);
        assert!(ours.is_empty(), "only we have {ours:?}");
        assert!(named_places > 100, "{named_places} places of the program only");
        folded_is(&profile, &run.leak, &run.program);
    }
    Ok(())
}

fn agree(ours: &Stack, theirs: &Line) -> bool {
    let same = |(ours, theirs): (&Option<Vec<String>>, &Vec<String>)| match ours {
        Some(ours) => same_place(ours, theirs),
        None => true,
    };
    ours.len() == theirs.places.len() && ours.iter().zip(&theirs.places).all(same)
}

/// The functions at one address, outermost first.
pub(crate) fn same_place(ours: &[String], theirs: &[String]) -> bool {
    let (Some((innermost, outer)), Some((their_innermost, their_outer))) =
        (ours.split_last(), theirs.split_last())
    else {
        return false;
    };
    let symbol_around = outer.first().is_some_and(|symbol| symbol == their_innermost);
    outer == their_outer && (innermost == their_innermost || symbol_around)
}

/// The dump with names from this program and the libraries that the dump names.
pub(crate) fn named(dump: &Path, program: &Path) -> Profile {
    let mut options = Options::default();
    options.binaries.push(program.to_owned());
    symbolize(&read(dump), &options)
}

fn stack(profile: &Profile, sample: &Sample) -> Stack {
    let mut places: Stack = Vec::new();
    for (_, id) in profile.stack_from_leaf(sample.stack) {
        let frame = profile.frame(id);
        let in_program = frame.module.is_some_and(|module| profile.module(module).is_main);
        if frame.inline_depth == 0 {
            places.push(in_program.then(Vec::new));
        }
        if let Some(Some(place)) = places.last_mut() {
            place.insert(0, plain(&profile.frame_name(id)).to_owned());
        }
    }
    places.reverse();
    places
}

/// `heaplens folded` prints these very names.
fn folded_is(profile: &Profile, dump: &Path, program: &Path) {
    let mut command = heaplens(["folded", "--show-allocator", "--binary"]);
    let text = stdout(command.arg(program).arg(dump));
    let mut printed: BTreeMap<Vec<String>, i128> = BTreeMap::new();
    for line in text.lines() {
        let (stack, bytes) = line.rsplit_once(' ').unwrap();
        let names = stack.split(';').map(|name| unescape(name).into_owned()).collect();
        assert_eq!(printed.insert(names, bytes.parse().unwrap()), None, "printed twice: {stack}");
    }
    let whole = |amount: Amount| amount.trunc();
    let expected = profile.net_stacks().into_iter().map(|(names, values)| (names, whole(values.inuse_space)));
    assert_eq!(printed, expected.filter(|(_, bytes)| *bytes != 0).collect());
}
