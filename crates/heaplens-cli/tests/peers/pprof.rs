//! What we write as pprof, read by `go tool pprof`: its stacks, its figures and its addresses are ours.

use crate::by_address::read;
use crate::by_name::named;
use crate::c_program;
use crate::service::Lab;
use crate::tools::stdout;
use heaplens::Profile;
use heaplens::classify;
use heaplens::diff::diff;
use heaplens::dump::{Dump, Threads};
use heaplens::filter::{self, Folding, fold};
use heaplens::input::{self, Limits};
use heaplens::out::pprof::{self, Packing};
use heaplens::profile::{FrameId, SampleType};
use heaplens::symbols::{Options, symbolize};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn write(profile: &Profile, path: PathBuf) -> PathBuf {
    let mut out = std::fs::File::create(&path).unwrap();
    pprof::write(profile, Packing::Gzip, &mut out).unwrap();
    path
}

/// What `go tool pprof` prints; `-symbolize=none` unless the options say otherwise.
pub(crate) fn go(options: &[&str], profile: &Path) -> String {
    let mut command = Command::new("go");
    command.args(["tool", "pprof", "-symbolize=none", "-unit=B", "-nodefraction=0", "-nodecount=100000"]);
    stdout(command.args(options).arg(profile))
}

/// Name, flat and cumulative bytes of the rows of `-top`.
pub(crate) fn top(options: &[&str], profile: &Path) -> BTreeMap<String, (i64, i64)> {
    let text = go(&[&["-top"], options].concat(), profile);
    let rows = text.lines().skip_while(|line| !line.trim_start().starts_with("flat ")).skip(1);
    let rows = rows.map(|row| {
        let mut words = row.trim_start();
        let mut columns = [""; 5];
        for column in &mut columns {
            let end = words.find(' ').unwrap();
            *column = &words[..end];
            words = words[end..].trim_start();
        }
        let bytes = |column: &str| column.trim_end_matches('B').parse().unwrap();
        // Functions that are inlined, everywhere or here and there, have a mark.
        let name = [" (inline)", " (partial-inline)"].iter().find_map(|mark| words.strip_suffix(mark));
        (name.unwrap_or(words).to_owned(), (bytes(columns[0]), bytes(columns[3])))
    });
    rows.collect()
}

/// What `go tool pprof` calls a frame.
fn name(profile: &Profile, id: FrameId) -> String {
    let frame = profile.frame(id);
    match (frame.function, frame.module) {
        (None, Some(module)) => format!("[{}]", profile.module(module).short_name()),
        _ => profile.frame_name(id).into_owned(),
    }
}

/// As [`name`], with file and line as `-lines` has them.
fn line_name(profile: &Profile, id: FrameId) -> String {
    let name = name(profile, id);
    profile.frame_location(id).map_or_else(|| name.clone(), |place| format!("{name} {place}"))
}

/// A stack from the leaf, and a whole value.
type Stack = (Vec<String>, i64);

/// Stacks of names, and the values of each sample.
pub(crate) fn named_stacks(profile: &Profile, sample_type: SampleType) -> Vec<Stack> {
    stacks_by(profile, sample_type, name)
}

fn stacks_by(
    profile: &Profile,
    sample_type: SampleType,
    name: impl Fn(&Profile, FrameId) -> String,
) -> Vec<Stack> {
    let stack = |sample: &heaplens::profile::Sample| {
        let names = profile.stack_from_leaf(sample.stack).map(|(_, frame)| name(profile, frame));
        (names.collect(), sample.values.get(sample_type).round() as i64)
    };
    profile.samples().iter().map(stack).filter(|(_, value)| *value != 0).collect()
}

/// The stacks that are left when allocator frames are folded away, which `drop_frames` asks of the tool too.
fn folded_stacks(profile: &Profile) -> Vec<Stack> {
    named_stacks(&fold(profile, Folding::default()), SampleType::InuseSpace)
}

/// The flat and the cumulative value of each function.
pub(crate) fn sums(stacks: &[Stack]) -> BTreeMap<String, (i64, i64)> {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (names, value) in stacks {
        let Some(leaf) = names.first() else { continue };
        sums.entry(leaf.clone()).or_default().0 += value;
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        once.into_iter().for_each(|name| sums.entry(name).or_default().1 += value);
    }
    sums
}

/// Functions and their bytes are those of our own table, and stacks those of our flame graph.
pub(crate) fn figures(lab: &Lab) -> Result<(), Failed> {
    for (label, run, at_least) in [("coarse", lab.coarse(), 1), ("fine", lab.fine(), 50)] {
        let profile = named(&run.leak, &run.program);
        let file = write(&profile, lab.dir().join(format!("{label}-names.pb.gz")));
        let stacks = folded_stacks(&profile);

        let expected = sums(&stacks);
        let judged = top(&[], &file);
        assert!(expected.len() >= at_least, "{} functions only", expected.len());
        for (name, figures) in &expected {
            assert_eq!(judged.get(name), Some(figures), "{label}: {name}");
        }
        assert_eq!(judged.len(), expected.len(), "{label}: {judged:?}");

        let mut ours: Vec<(i64, Vec<String>)> =
            stacks.into_iter().map(|(names, bytes)| (bytes, names)).collect();
        let mut theirs = traces(&file);
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "{label}");
        }
    }
    Ok(())
}

/// Bytes and names, from the leaf, of the stacks that `-traces` prints.
fn traces(profile: &Path) -> Vec<(i64, Vec<String>)> {
    let text = go(&["-traces"], profile);
    let blocks = text.split("-----------+-------------------------------------------------------\n").skip(1);
    let blocks = blocks.filter_map(|block| {
        let mut lines = block.lines();
        let (bytes, leaf) = lines.next()?.trim_start().split_once("B   ")?;
        let names = [leaf].into_iter().chain(lines.map(str::trim_start));
        // Inlined functions have a mark.
        let names = names.map(|name| name.strip_suffix(" (inline)").unwrap_or(name).to_owned());
        Some((bytes.parse().unwrap(), names.collect()))
    });
    blocks.collect()
}

/// Without names a profile has the very addresses of the calls, and the mappings that hold them.
pub(crate) fn addresses(lab: &Lab) -> Result<(), Failed> {
    let run = lab.fine();
    let profile = read(&run.leak);
    let file = write(&profile, lab.dir().join("addresses.pb.gz"));
    let raw = go(&["-raw"], &file);
    let (head, rest) = raw.split_once("\nSamples:\n").ok_or("no samples")?;
    let (samples, rest) = rest.split_once("\nLocations\n").ok_or("no locations")?;
    let (locations, mappings) = rest.split_once("\nMappings\n").ok_or("no mappings")?;
    assert!(head.contains("PeriodType: space bytes\nPeriod: 4096\nTime: 20"), "{head}");
    assert!(!head.contains("Duration"), "{head}");
    assert!(head.contains(&format!("exe={}", run.program.display())), "{head}");

    let locations: BTreeMap<&str, &str> = locations
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().unwrap().trim_end_matches(':'), words.next().unwrap())
        })
        .collect();
    let mut samples = samples.lines();
    assert_eq!(samples.next(), Some("inuse_objects/count inuse_space/bytes[dflt]"));
    let mut theirs: Vec<(Vec<String>, i64)> = samples
        .map(|line| {
            let (values, ids) = line.split_once(':').unwrap();
            let addresses = ids.split_whitespace().map(|id| locations[id].to_owned()).collect();
            (addresses, values.split_whitespace().nth(1).unwrap().parse().unwrap())
        })
        .collect();
    let bytes = std::fs::read(&run.leak)?;
    let dump = Dump::parse(&bytes)?;
    let mut ours: Vec<(Vec<String>, i64)> = dump
        .stacks()
        .map(|stack| {
            let counts = stack.total();
            let (_, space) = heaplens::sampling::unsample(counts.objects, counts.bytes, dump.rate);
            let addresses = stack.addresses.iter().map(|address| format!("{:#x}", address - 1));
            (addresses.collect(), space.round() as i64)
        })
        .filter(|(_, space)| *space > 0)
        .collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);

    // The first mapping is the program, and the build-id makes sure of it.
    let first = mappings.lines().next().ok_or("no mapping")?;
    let build_id = profile.modules().iter().find(|m| m.is_main).and_then(|m| m.build_id.clone());
    let program = format!(" {} {} ", run.program.display(), build_id.ok_or("no build-id")?);
    assert!(first.starts_with("1: 0x") && first.contains(&program), "{first}");
    assert!(!first.contains("[FN]"), "{first}");
    Ok(())
}

/// A difference is shown as the tool shows its own, in either direction: the service surely grew, while what shrinks
/// beside it is left to chance.
pub(crate) fn difference(lab: &Lab) -> Result<(), Failed> {
    let run = lab.fine();
    let (early, late) = (named(&run.base, &run.program), named(&run.leak, &run.program));
    let early_file = write(&early, lab.dir().join("early.pb.gz"));
    let late_file = write(&late, lab.dir().join("late.pb.gz"));
    let shown = |name: &str, (base, base_file): (&Profile, &Path), (new, new_file): (&Profile, &Path)| {
        let rows = top(&[], &write(&diff(base, new), lab.dir().join(name)));
        assert_eq!(rows, top(&["-diff_base", &base_file.to_string_lossy()], new_file), "{name}");
        rows
    };
    let grown = shown("grown.pb.gz", (&early, &early_file), (&late, &late_file));
    assert!(grown.values().any(|row| row.0 > 0), "{grown:?}");
    let shrunk = shown("shrunk.pb.gz", (&late, &late_file), (&early, &early_file));
    assert!(shrunk.values().any(|row| row.0 < 0), "{shrunk:?}");
    Ok(())
}

/// Threads, accumulated counts; and names that the tool finds by our addresses and mappings itself.
pub(crate) fn c_program(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("c-pprof");
    let dump = c_program::dump(&dir, ",prof_accum:true")?;
    let mut limits = Limits::default();
    limits.threads = Threads::Separate;
    let plain = input::read(&std::fs::read(&dump)?, &limits)?;
    let profile = symbolize(&plain, &Options::default());
    let named = write(&profile, dir.join("names.pb.gz"));
    // Of the same lines: threads taken together are unsampled as one, which gives another estimate.
    let total = |t| plain.total().get(t);

    let tags = go(&["-tags"], &named);
    assert!(tags.contains(": writer one\n") && tags.contains(": writer/two: 7\n"), "{tags}");
    let by_thread = top(&["-tagroot=thread"], &named);
    assert!(by_thread.contains_key("writer one") && by_thread.contains_key("writer/two: 7"), "{by_thread:?}");
    let mains = by_thread.get("<unknown>").ok_or("the main thread has no name")?;
    assert!(mains.1 >= by_thread["main"].1);
    threads(&profile, &tags, &by_thread);
    lines(&profile, &named);
    for sample_type in SampleType::ALL {
        let option = format!("-sample_index={}", sample_type.name());
        let rows = top(&[&option, if sample_type.is_bytes() { "-unit=B" } else { "-unit=count" }], &named);
        let sum: i64 = rows.values().map(|row| row.0).sum();
        let expected = total(sample_type).round() as i64;
        // Each sample was rounded.
        assert!(
            (sum - expected).abs() <= plain.samples().len() as i64,
            "{sample_type:?}: {sum}, not {expected}"
        );
        assert!(sum > 0);
    }

    let file = write(&plain, dir.join("addresses.pb.gz"));
    let (ours, theirs) = (top(&[], &named), top(&["-symbolize=local"], &file));
    for function in c_program::FUNCTIONS {
        // A function that is inlined everywhere is still there by name.
        assert_eq!(ours.get(function).map(|row| row.1), theirs.get(function).map(|row| row.1), "{function}");
        assert!(ours.contains_key(function), "{function}: {ours:?}");
    }
    Ok(())
}

/// Threads by number and name, as labels and as roots.
fn threads(profile: &Profile, tags: &str, by_thread: &BTreeMap<String, (i64, i64)>) {
    let (mut names, mut numbers): (BTreeMap<String, i64>, BTreeMap<String, i64>) = Default::default();
    let mut nameless = 0;
    for sample in profile.samples() {
        let thread = &profile.threads()[sample.thread.unwrap().index()];
        let bytes = sample.values.inuse_space.round() as i64;
        *numbers.entry(thread.uid.to_string()).or_default() += bytes;
        match &thread.name {
            Some(name) => *names.entry(name.clone()).or_default() += bytes,
            None => nameless += bytes,
        }
    }
    let mut shown: BTreeMap<&str, BTreeMap<String, i64>> = BTreeMap::new();
    let mut key = "";
    for line in tags.lines() {
        if let Some((name, _)) = line.trim().split_once(": Total ") {
            key = name;
        } else if let Some((figure, name)) = line.trim().split_once("): ") {
            let bytes = figure.split(['B', '.', ' ']).next().unwrap().parse().unwrap();
            shown.entry(key).or_default().insert(name.trim_start().to_owned(), bytes);
        }
    }
    numbers.retain(|_, bytes| *bytes != 0);
    assert_eq!(shown.get("thread"), Some(&names), "{tags}");
    assert_eq!(shown.get("thread_id"), Some(&numbers), "{tags}");
    for (name, bytes) in &names {
        assert_eq!(by_thread.get(name).map(|row| row.1), Some(*bytes), "{name}");
    }
    assert_eq!(by_thread["<unknown>"].1, nameless);
}

/// Lines of all functions, those that are inlined too. Directories are left out, since the tool tidies them.
fn lines(profile: &Profile, file: &Path) {
    let short = |name: &str| match name.rsplit_once(' ') {
        Some((function, place)) => format!("{function} {}", place.rsplit('/').next().unwrap_or(place)),
        None => name.to_owned(),
    };
    let pattern = filter::pattern(&format!("^(?:{})$", classify::allocator_pattern())).unwrap();
    let mut stacks = stacks_by(profile, SampleType::InuseSpace, |profile, id| short(&line_name(profile, id)));
    for (names, _) in &mut stacks {
        // As `drop_frames` is defined: what matches, and what it calls.
        let is_dropped = |name: &String| pattern.is_match(name.split(' ').next().unwrap_or(name));
        let first = names.iter().rposition(is_dropped).map_or(0, |at| at + 1);
        names.drain(..first);
    }
    let expected = sums(&stacks);
    let in_lines = expected.keys().filter(|name| name.contains(".c:")).count();
    assert!(in_lines >= c_program::FUNCTIONS.len(), "{expected:?}");
    let mut shown: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (name, (flat, cumulative)) in top(&["-lines"], file) {
        let row = shown.entry(short(&name)).or_default();
        *row = (row.0 + flat, row.1 + cumulative);
    }
    assert_eq!(shown, expected);
}
