//! jeprof's symbolized file: names, then a heap profile. Every jeprof reads it without the program.
//!
//! ```text
//! --- symbol
//! binary=/app/bin/server
//! 0x55d0a0001233 outer--inlined into it
//! ---
//! --- heap
//! heap_v2/524288
//! …
//! ```
//!
//! - The numbers are those that unsampling turns into the profile's values: the dump's own, where it came from dumps of
//!   one sampling rate. Where no such numbers are (sums of dumps of several rates, exact values) the rate is 0, which
//!   stands for none, and the numbers are the values, rounded.
//! - Addresses are the profiled program's own, as in [`pprof`](super::pprof). Functions without an address, and those
//!   whose address others have, get one above all of these, by their names: jeprof compares two files by address.
//! - Each sample is a stack of its own, with its thread where the profile keeps threads apart.
//! - Mapping lines and the agent's lines stand at the end, so that modules, build-ids and facts of the run come back.
//! - Files and lines of source have no place. A difference has none either.
//!
//! In names, control characters stand as `\x0a` and so on, and so does what would separate them.

use super::escape::{encoded, terminal};
use super::locations::Locations;
use super::space::{self, Address, Mapping};
use crate::error::Error;
use crate::octal;
use crate::profile::{
    Amount, FrameId, Module, ModuleKind, Offsets, Profile, Sample, SampleType, Thread, Values,
};
use crate::sampling::{sample, unsample};
use crate::trailer;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Where addresses of functions without one start, and how far they are apart: each takes two.
const MADE_UP: u64 = 1 << 52;
const APART: u64 = 16;
/// Where those start that met another's.
const OTHERS: u64 = MADE_UP + (APART << 32);

/// The address of names without one, if it is free: in every file the same.
fn made_up(profile: &Profile, frames: &[FrameId]) -> u64 {
    let mut hash = crc32fast::Hasher::new();
    for &id in frames {
        hash.update(profile.frame_name(id).as_bytes());
        hash.update(b"\0");
    }
    MADE_UP + u64::from(hash.finalize()) * APART
}

/// Writes the profile.
///
/// # Errors
/// [`Error::CannotHold`] for a difference; those of `out`.
pub fn write(profile: &Profile, out: &mut dyn Write) -> Result<(), Error> {
    if profile.meta.is_diff {
        return Err(Error::CannotHold {
            format: "a symbolized file",
            what: "a difference",
            hint: "write two of them and give jeprof the first with --base, or write pprof, folded stacks, JSON or SVG",
        });
    }
    let mut locations = Locations::new(profile);
    profile.samples().iter().for_each(|sample| locations.of(sample.stack).for_each(drop));
    let (mappings, addresses) = space::lay_out(profile, &locations);
    let places = Places::new(profile, &mut locations, &addresses);
    write_symbols(profile, &locations, &places, out)?;
    out.write_all(&heap(profile, &mut locations, &places, &mappings))?;
    Ok(())
}

/// Return addresses of locations. A caller's name stands under the address before, a leaf's under its own, so both are
/// a location's alone.
struct Places {
    returns: Vec<u64>,
    /// Whether a location is a leaf, and whether it is a caller.
    used: Vec<[bool; 2]>,
}

impl Places {
    fn new(profile: &Profile, locations: &mut Locations<'_>, addresses: &[Address]) -> Places {
        let count = locations.len();
        let first = |at: usize| locations.frames(at).first().map(|&id| profile.frame(id));
        let is_named = |at: usize| first(at).is_some_and(|frame| frame.function.is_some());
        let return_of = |at: usize| {
            let Address { mapping, address } = addresses[at];
            // Only outside of mappings is a stack's address 0 met.
            let is_null = mapping == 0 && first(at).is_some_and(|frame| frame.offset == 0);
            if is_null { 0 } else { address.wrapping_add(1) }
        };
        let mut returns: Vec<u64> = (0..count).map(return_of).collect();
        let mut owner: FxHashMap<u64, usize> = FxHashMap::default();
        let keys = |address: u64| [address, address.wrapping_sub(1)];
        // Those without a name have nothing but their address.
        for at in (0..count).filter(|&at| !is_named(at)) {
            owner.extend(keys(returns[at]).map(|key| (key, at)));
        }
        let mut next = OTHERS;
        for at in (0..count).filter(|&at| is_named(at)) {
            let is_free = |owner: &FxHashMap<u64, usize>, address| {
                keys(address).iter().all(|key| owner.get(key).is_none_or(|&other| other == at))
            };
            let has_none = first(at).is_none_or(|frame| frame.module.is_none());
            if has_none || !is_free(&owner, returns[at]) {
                returns[at] = made_up(profile, locations.frames(at));
                while !is_free(&owner, returns[at]) {
                    returns[at] = next;
                    next += APART;
                }
            }
            owner.extend(keys(returns[at]).map(|key| (key, at)));
        }
        let mut used = vec![[false; 2]; count];
        for sample in profile.samples() {
            for (i, id) in locations.of(sample.stack).enumerate() {
                used[id as usize - 1][usize::from(i > 0)] = true;
            }
        }
        Places { returns, used }
    }
}

fn write_symbols(
    profile: &Profile,
    locations: &Locations<'_>,
    places: &Places,
    out: &mut dyn Write,
) -> Result<(), Error> {
    writeln!(out, "--- symbol")?;
    if let Some(program) = profile.modules().iter().find(|module| module.is_main) {
        writeln!(out, "binary={}", terminal(&program.path))?;
    }
    let mut line = String::new();
    for (at, &address) in places.returns.iter().enumerate() {
        line.clear();
        for &id in locations.frames(at).iter().rev() {
            let Some(function) = profile.frame(id).function else { continue };
            line.push_str(if line.is_empty() { "" } else { "--" });
            line.push_str(&protected(profile.string(profile.function(function).name)));
        }
        let [is_leaf, is_caller] = places.used[at];
        for (_, key) in
            [(is_leaf, address), (is_caller, address.wrapping_sub(1))].iter().filter(|(used, _)| *used)
        {
            if !line.is_empty() {
                writeln!(out, "{key:#018x} {line}")?;
            }
        }
    }
    writeln!(out, "---\n--- heap")?;
    Ok(())
}

/// A name without what separates names, and without what readers take for no name.
fn protected(name: &str) -> String {
    if name.is_empty() {
        return "[unnamed]".to_owned();
    }
    let bytes = name.as_bytes();
    let is_address = name.starts_with("0x") || name == "??";
    let separates = |at: usize| {
        let at_end = at + 1 == bytes.len();
        match bytes[at] {
            b'-' => at_end || (at > 0 && bytes[at - 1] == b'-'),
            b' ' => at == 0 || at_end,
            b'0' | b'?' => at == 0 && is_address,
            _ => false,
        }
    };
    encoded(name, separates).into_owned()
}

/// The heap profile: heap_v2 with mapping lines and trailer.
fn heap(profile: &Profile, locations: &mut Locations<'_>, places: &Places, mappings: &[Mapping]) -> Vec<u8> {
    let rate = rate(profile);
    let mut text = format!("heap_v2/{rate}\n").into_bytes();
    let mut total = Values::default();
    let uids = uids(profile.threads());
    let mut of_thread: BTreeMap<u64, (Option<&str>, Values)> = BTreeMap::new();
    for sample in profile.samples() {
        let values = if rate == 0 { whole(sample.values) } else { sample.values };
        total += values;
        if let Some(id) = sample.thread {
            let name = profile.threads()[id.index()].name.as_deref();
            of_thread.entry(uids[id.index()]).or_insert((name, Values::default())).1 += values;
        }
    }
    push_counts(&mut text, "*", total, rate, "");
    for (uid, (name, values)) in of_thread {
        let name = name.map_or_else(String::new, |name| format!(" {}", terminal(name)));
        push_counts(&mut text, &uid.to_string(), values, rate, &name);
    }
    for Sample { stack, thread, values } in profile.samples() {
        if counts(*values, rate).iter().all(|&count| count == 0) {
            continue;
        }
        text.push(b'@');
        for id in locations.of(*stack) {
            match places.returns[id as usize - 1] {
                0 => text.extend(b" 0"),
                address => text.extend(format!(" {address:#x}").bytes()),
            }
        }
        text.push(b'\n');
        push_counts(&mut text, "*", *values, rate, "");
        if let Some(id) = thread {
            push_counts(&mut text, &uids[id.index()].to_string(), *values, rate, "");
        }
    }
    text.extend(b"\nMAPPED_LIBRARIES:\n");
    for mapping in mappings {
        let module = profile.module(mapping.module);
        // What a mapping line says are places in the file.
        if module.offsets == Offsets::InFile {
            push_mapping(&mut text, module, mapping);
        }
    }
    let modules = profile.modules().iter();
    let build_ids = modules.filter_map(|module| Some((module.build_id.as_deref()?, module.path.as_str())));
    trailer::append(&mut text, &profile.meta.trailer.clone().unwrap_or_default(), build_ids);
    text
}

/// The number of each thread: its own, or, where threads of two runs have the same, one that none has.
fn uids(threads: &[Thread]) -> Vec<u64> {
    let mut taken: BTreeSet<u64> = threads.iter().map(|thread| thread.uid).collect();
    let mut met = BTreeSet::new();
    let mut next = 0;
    let uid = |thread: &Thread| {
        if met.insert(thread.uid) {
            return thread.uid;
        }
        while !taken.insert(next) {
            next += 1;
        }
        next
    };
    threads.iter().map(uid).collect()
}

/// The rate whose unsampling gives every value back to the last digit, else 0.
fn rate(profile: &Profile) -> u64 {
    let Some(rate) = profile.meta.rate else { return 0 };
    let comes_back = |sample: &Sample| {
        let [objects, bytes, all_objects, all_bytes] = counts(sample.values, rate);
        let (inuse, alloc) = (unsample(objects, bytes, rate), unsample(all_objects, all_bytes, rate));
        Values::from_estimates(alloc, inuse) == sample.values
    };
    if profile.samples().iter().all(comes_back) { rate } else { 0 }
}

/// What is printed: live objects and bytes, and all since the start.
fn counts(values: Values, rate: u64) -> [u64; 4] {
    let whole = |value: Amount| u64::try_from(value.round()).unwrap_or(u64::MAX);
    let get = |sample_type| values.get(sample_type);
    let pair = |objects: Amount, bytes: Amount| match rate {
        0 => (whole(objects), whole(bytes)),
        _ => {
            let (objects, bytes) = sample(objects.as_f64(), bytes.as_f64(), rate);
            (objects.round() as u64, bytes.round() as u64)
        }
    };
    let live = pair(get(SampleType::InuseObjects), get(SampleType::InuseSpace));
    let all = pair(get(SampleType::AllocObjects), get(SampleType::AllocSpace));
    [live.0, live.1, all.0, all.1]
}

/// As they are printed where the rate is 0, so that readers find the sums equal.
fn whole(values: Values) -> Values {
    let [objects, bytes, all_objects, all_bytes] = counts(values, 0).map(Amount::from_u64);
    Values { alloc_objects: all_objects, alloc_space: all_bytes, inuse_objects: objects, inuse_space: bytes }
}

fn push_counts(text: &mut Vec<u8>, owner: &str, values: Values, rate: u64, name: &str) {
    let [objects, bytes, all_objects, all_bytes] = counts(values, rate);
    text.extend(format!("  t{owner}: {objects}: {bytes} [{all_objects}: {all_bytes}]{name}\n").bytes());
}

fn push_mapping(text: &mut Vec<u8>, module: &Module, mapping: &Mapping) {
    let Mapping { start, limit, file_offset, .. } = mapping;
    let path = match module.kind {
        ModuleKind::Anonymous if module.path == "[anonymous]" => "".into(),
        _ => octal::escaped(&module.path),
    };
    let file_id = module.file_id.as_deref().unwrap_or("00:00 0");
    let deleted = if module.deleted { " (deleted)" } else { "" };
    let line = format!("{start:x}-{limit:x} r-xp {file_offset:08x} {} {path}{deleted}\n", terminal(file_id));
    text.extend(line.bytes());
}
