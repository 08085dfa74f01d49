//! Names: jeprof's and ours for the stacks of the demo, inlined functions included.
//!
//! Compared are all functions of the program itself, one by one, as jeprof prints them but for its marks: `[inline]`,
//! the address behind what nm knows, the hash of older binutils. One difference is binutils', and allowed: where an
//! inlined function has no name that a linker would know, it can print the symbol around it.
//!
//! Not compared are the names inside of libraries: where a library has no full symbol table, jeprof takes the nearest
//! exported function, however far away; we take none that does not reach the address.

use crate::by_address::{read, same};
use crate::jeprof::{self, Line, plain};
use crate::service::Lab;
use crate::tools::{heaplens, stdout};
use heaplens::Profile;
use heaplens::out::folded::unescape;
use heaplens::profile::Amount;
use heaplens::symbols::{Options, symbolize};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::path::Path;

/// What allocates in C's interface and in jemalloc's own, which the demo exports: jeprof leaves such a function out by
/// its name, with all that it calls.
const SKIPPED: [&str; 10] = [
    "aligned_alloc",
    "calloc",
    "malloc",
    "mallocx",
    "memalign",
    "posix_memalign",
    "rallocx",
    "realloc",
    "valloc",
    "xallocx",
];

/// An address: `None` in libraries, else its functions, outermost first.
type Place = Option<Vec<String>>;

/// Who told jeprof the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// With inlined functions only where `_fini` separates the answers of `addr2line -i`: glibc's libraries have none. There
    /// `allocate_dtv`, into which a `calloc` is inlined, is `calloc`.
    ByAddr2line,
    /// With all inlined functions.
    ByServer,
}

/// A stack of ours from the root, and its bytes.
#[derive(Debug)]
struct Stack {
    places: Vec<Place>,
    bytes: Amount,
}

/// To each of jeprof's lines belongs exactly one of our stacks, with the same names and bytes.
pub(crate) fn stacks(lab: &Lab) -> Result<(), Failed> {
    for (run, at_least) in [(lab.coarse(), 1), (lab.fine(), 100)] {
        let profile = named(&run.leak, &run.program);
        let judged = jeprof::collapsed(&run.program, None, &run.leak);
        same_stacks(&profile, judged, Told::ByAddr2line, at_least)?;
        folded_is(&profile, &run.leak, &run.program);
    }
    Ok(())
}

/// To each of jeprof's lines belongs exactly one of our stacks, and the program has at least so many places in them.
pub(crate) fn same_stacks(
    profile: &Profile,
    judged: Vec<Line>,
    told: Told,
    at_least: usize,
) -> Result<(), Failed> {
    let mut ours = own_stacks(profile, told);
    let mut named_places = 0;
    for line in judged.into_iter().filter(|line| line.bytes != 0) {
        let Some(found) = ours.iter().position(|stack| agree(stack, &line)) else {
            let near: Vec<_> = ours.iter().filter(|stack| stack.bytes.trunc() == line.bytes).collect();
            return Err(format!("no stack of ours is {line:?}; of its bytes are {near:?}").into());
        };
        named_places += ours.swap_remove(found).places.iter().flatten().count();
    }
    assert!(ours.is_empty(), "only we have {ours:?}");
    assert!(named_places >= at_least, "{named_places} places of the program only");
    Ok(())
}

fn agree(ours: &Stack, theirs: &Line) -> bool {
    let same_names = |(ours, theirs): (&Place, &Vec<String>)| match ours {
        Some(ours) => same_place(ours, theirs),
        None => true,
    };
    same(ours.bytes, theirs.bytes)
        && ours.places.len() == theirs.places.len()
        && ours.places.iter().zip(&theirs.places).all(same_names)
}

/// The functions at one address, outermost first.
pub(crate) fn same_place(ours: &[String], theirs: &[String]) -> bool {
    let Some(symbol) = ours.first() else { return false };
    let same = |(mine, judged): (&String, &String)| mine == judged || judged == symbol;
    ours.len() == theirs.len() && theirs.first() == Some(symbol) && ours.iter().zip(theirs).all(same)
}

/// The dump with names from this program and the libraries that the dump names.
pub(crate) fn named(dump: &Path, program: &Path) -> Profile {
    let mut options = Options::default();
    options.binaries.push(program.to_owned());
    symbolize(&read(dump), &options)
}

/// Our stacks by address, as far as jeprof shows them.
fn own_stacks(profile: &Profile, told: Told) -> Vec<Stack> {
    let mut stacks: BTreeMap<Vec<(usize, u64)>, Stack> = BTreeMap::new();
    for sample in profile.samples() {
        let mut addresses: Vec<(usize, u64)> = Vec::new();
        let mut chains: Vec<(bool, Vec<String>)> = Vec::new();
        for (_, id) in profile.stack_from_leaf(sample.stack) {
            let frame = profile.frame(id);
            let module = frame.module.expect("every frame of a dump is in a module");
            if frame.inline_depth == 0 {
                addresses.push((module.index(), frame.offset));
                chains.push((profile.module(module).is_main, Vec::new()));
            }
            let (_, chain) = chains.last_mut().expect("the innermost function comes first");
            chain.insert(0, plain(&profile.frame_name(id)));
        }
        addresses.reverse();
        chains.reverse();
        let shown = chains.iter().position(|chain| is_skipped(chain, told)).unwrap_or(chains.len());
        addresses.truncate(shown);
        chains.truncate(shown);
        let stack = stacks.entry(addresses).or_insert_with(|| Stack {
            places: chains.into_iter().map(|(is_main, chain)| is_main.then_some(chain)).collect(),
            bytes: Amount::ZERO,
        });
        stack.bytes += sample.values.inuse_space;
    }
    stacks.into_values().filter(|stack| stack.bytes.trunc() != 0).collect()
}

/// jeprof goes by the outermost function that it was told of.
fn is_skipped((is_main, chain): &(bool, Vec<String>), told: Told) -> bool {
    let knows_innermost_alone = told == Told::ByAddr2line && !is_main;
    let name = if knows_innermost_alone { chain.last() } else { chain.first() };
    name.is_some_and(|name| SKIPPED.contains(&name.as_str()))
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
