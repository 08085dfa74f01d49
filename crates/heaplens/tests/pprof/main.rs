//! pprof: what is written is read back by a reader of its own, and what is read was written by hand.

mod decode;
mod encode;
#[path = "../generated/mod.rs"]
mod generated;
#[path = "../golden/mod.rs"]
mod golden;
mod read;
mod refused;

use decode::{Decoded, decode, fields};
use generated::{dump_text, folded};
use heaplens::Profile;
use heaplens::diff::diff;
use heaplens::dump::{Dump, Threads};
use heaplens::input::{Limits, unpack};
use heaplens::out::pprof::{self, Packing};
use heaplens::profile::{Frame, Module, ModuleKind, SampleType, SymbolState};
use heaplens::symbols::{Place, Resolution, Resolve, symbolize_with};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

fn plain(profile: &Profile) -> Vec<u8> {
    profile.check().unwrap();
    let mut out = Vec::new();
    pprof::write(profile, Packing::Plain, &mut out).unwrap();
    out
}

fn written(profile: &Profile) -> Decoded {
    decode(&plain(profile))
}

fn read(text: &str, threads: Threads) -> Profile {
    Dump::parse(text.as_bytes()).unwrap().to_profile(threads)
}

/// Names for the program: one function inlined into another at even offsets; nothing for libraries.
struct Names;

impl Resolve for Names {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        if !module.is_main {
            return Resolution::unknown(SymbolState::Missing { why: "no file was found".to_owned() });
        }
        let mut result =
            Resolution::unknown(SymbolState::Verified { used: "/usr/lib/debug/server".to_owned() });
        let mut place = |name: &str, system_name: &str, file: Option<&str>, line, column| {
            let function = result.function(name, system_name, file);
            Place { function, line, column }
        };
        let places = lookups
            .iter()
            .map(|lookup| {
                let outer = place("app::serve", "_ZN3app5serveE", Some("src/main.rs"), *lookup as u32, 0);
                match lookup % 2 {
                    0 => vec![place("app::insert", "_ZN3app6insertE", Some("src/map.rs"), 7, 13), outer],
                    _ => vec![outer],
                }
            })
            .collect();
        result.places = places;
        result
    }
}

const MAPS: &str = "\nMAPPED_LIBRARIES:\n\
    55d0a0000000-55d0a0001000 r--p 00000000 08:01 42 /opt/my app/server\n\
    55d0a0001000-55d0a0009000 r-xp 00001000 08:01 42 /opt/my app/server\n\
    7f0000000000-7f0000010000 r-xp 00000000 00:00 0 \n\
    7f0000020000-7f0000030000 r-xp 00003000 08:01 43 /lib/libc.so.6\n\
    7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0 [vdso]\n\
    7ffd00000000-7ffd00002000 rw-p 00000000 00:00 0 [stack]\n";

const TRAILER: &str = "# heaplens 1\n\
    # process pid=7 start=951827000000 time=951827696000 exe=/opt/my%20app/server host=db7\n\
    # jemalloc version=5.3.1 lg_sample=19 active=true\n\
    # stats allocated=1000 resident=2000\n\
    # build-id 00112233445566778899aabbccddeeff00112233 /opt/my app/server\n";

const STACKS: &str = "heap_v2/524288\n  t*: 6: 6291456 [9: 9437184]\n  t0: 5: 5242880 [8: 8388608]\n  \
    t12: 1: 1048576 [1: 1048576] worker 1\n\
    @ 0x7f0000020101 0x55d0a0001011 0x55d0a0001020\n  t*: 3: 3145728 [5: 5242880]\n  \
    t0: 2: 2097152 [4: 4194304]\n  t12: 1: 1048576 [1: 1048576]\n\
    @ 0x7f0000000041 0x55d0a0001020\n  t*: 2: 2097152 [3: 3145728]\n  t0: 2: 2097152 [3: 3145728]\n\
    @ 0x7ffc00000abd 0x1234 0x55d0a0001020\n  t*: 1: 1048576 [1: 1048576]\n  t0: 1: 1048576 [1: 1048576]\n";

/// A dump as the agent sends it.
fn sealed() -> String {
    let text = format!("{STACKS}{MAPS}");
    let (length, crc) = (text.len(), crc32fast::hash(text.as_bytes()));
    format!("{text}{TRAILER}# end length={length} crc32={crc:08x}\n")
}

/// Compares with a file under `tests/golden/pprof`; HEAPLENS_BLESS=1 writes it instead.
fn golden(name: &str, profile: &Profile) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pprof").join(name);
    let shown = written(profile).raw();
    if golden::is_written() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &shown).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(expected == shown, "{name} differs; look at it, then HEAPLENS_BLESS=1 writes it:\n{shown}");
}

#[test]
fn a_dump_with_all_that_it_can_tell() {
    let profile = read(&sealed(), Threads::Separate);
    golden("addresses.txt", &profile);
    golden("names.txt", &symbolize_with(&profile, &Names));
}

#[test]
fn a_difference_across_runs() {
    let base = read(&format!("{STACKS}{MAPS}"), Threads::Merged);
    // The program has moved; there is another C library where the one was.
    let moved = |text: &str| text.replace("55d0a000", "66d0a000");
    let maps = moved(MAPS).replace("08:01 43 /lib/libc.so.6", "08:01 44 /lib/libc.so.7");
    let stacks = moved(STACKS).replace(
        "[1: 1048576]\n  t0: 1: 1048576 [1: 1048576]",
        "[2: 2097152]\n  t0: 1: 1048576 [2: 2097152]",
    );
    let stacks = stacks.replace("[9: 9437184]", "[10: 10485760]").replace("[8: 8388608]", "[9: 9437184]");
    let new = read(&format!("{stacks}{maps}"), Threads::Merged);
    golden("difference.txt", &diff(&base, &new));
}

#[test]
fn folded_stacks_have_names_alone() {
    let profile = heaplens::input::parse_folded(b"main;f 10\nmain;f;g\x1b[1m 5\n").unwrap();
    golden("folded.txt", &profile);
}

#[test]
fn an_empty_profile_is_a_profile() {
    let d = written(&Profile::default());
    assert!(d.samples.is_empty() && d.mappings.is_empty());
    assert_eq!((d.default_type.as_str(), d.period), ("inuse_space", 1));
}

#[test]
fn what_is_shown_first_is_what_the_profile_has() {
    let default = |text: &str, asked_for| {
        let mut out = Vec::new();
        let profile = read(text, Threads::Merged);
        pprof::write_with_default(&profile, asked_for, Packing::Plain, &mut out).unwrap();
        decode(&out).default_type
    };
    let accum = sealed();
    let plain = "heap_v2/524288\n  t*: 1: 8 [0: 0]\n@ 0x10\n  t*: 1: 8 [0: 0]\n";
    assert_eq!(default(&accum, SampleType::AllocSpace), "alloc_space");
    assert_eq!(default(&accum, SampleType::InuseSpace), "inuse_space");
    assert_eq!(default(plain, SampleType::AllocSpace), "inuse_space");
}

#[test]
fn the_same_bytes_every_time_and_the_same_message_when_packed() {
    let profile = symbolize_with(&read(&sealed(), Threads::Separate), &Names);
    assert_eq!(plain(&profile), plain(&profile.clone()));
    let mut packed = Vec::new();
    pprof::write(&profile, Packing::Gzip, &mut packed).unwrap();
    // No time and no name in the head.
    assert_eq!(packed[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    assert_eq!(*unpack(&packed, &Limits::default()).unwrap(), plain(&profile));
}

#[test]
fn a_full_disk_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for packing in [Packing::Plain, Packing::Gzip] {
        assert!(pprof::write(&Profile::default(), packing, &mut Full).is_err());
    }
}

#[test]
fn fields_come_in_the_order_of_their_numbers() {
    let profile = symbolize_with(&read(&sealed(), Threads::Separate), &Names);
    let bytes = plain(&profile);
    let numbers: Vec<u64> = fields(&bytes).into_iter().map(|(number, _)| number).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

/// What a place is called in both worlds: its function and line, else module and offset of the call.
fn place(profile: &Profile, frame: Frame) -> String {
    match (frame.function, frame.module) {
        (Some(function), _) => {
            let name = profile.string(profile.function(function).name);
            format!("{}:{}", heaplens::out::escape::terminal(name), frame.line)
        }
        (None, Some(module)) => match profile.module(module).kind {
            ModuleKind::Unmapped => format!("{:#x}", frame.offset.saturating_sub(1)),
            _ => format!("{}+{:#x}", profile.module(module).path, frame.offset.saturating_sub(1)),
        },
        (None, None) => unreachable!("a frame of nothing"),
    }
}

/// Bytes and objects of each stack and thread, from the leaf; positive and negative ones apart.
type Sums = BTreeMap<(Vec<String>, Option<String>, bool), Vec<i64>>;

fn sums_of(profile: &Profile) -> Sums {
    let mut exact: BTreeMap<_, heaplens::profile::Values> = BTreeMap::new();
    for sample in profile.samples() {
        let frames = profile.stack_from_leaf(sample.stack).map(|(_, id)| place(profile, profile.frame(id)));
        let thread = sample.thread.map(|id| profile.threads()[id.index()].uid.to_string());
        let negative = SampleType::ALL.iter().any(|&t| sample.values.get(t).is_negative());
        *exact.entry((frames.collect::<Vec<_>>(), thread, negative)).or_default() += sample.values;
    }
    let round = |v: i128| v.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    let types = types_of(profile);
    let rounded = exact
        .into_iter()
        .map(|(key, values)| (key, types.iter().map(|&t| round(values.get(t).round())).collect::<Vec<_>>()));
    rounded.filter(|(_, values)| values.iter().any(|&v| v != 0)).collect()
}

fn types_of(profile: &Profile) -> Vec<SampleType> {
    let names = written(profile).types;
    names.iter().map(|(name, _)| SampleType::from_name(name).unwrap()).collect()
}

fn sums_in(d: &Decoded) -> Sums {
    let mut sums = Sums::new();
    for sample in &d.samples {
        let mut frames = Vec::new();
        for &id in &sample.locations {
            let location = &d.locations[id as usize - 1];
            for line in &location.lines {
                frames.push(format!("{}:{}", d.functions[line.function as usize - 1].name, line.line));
            }
            if location.lines.is_empty() {
                frames.push(match location.mapping.checked_sub(1) {
                    Some(index) => {
                        let m = &d.mappings[index as usize];
                        assert!(m.start == 0 || (m.start..m.limit).contains(&location.address), "{m:?}");
                        // Of memory without a file, offsets are addresses.
                        let offset = if m.file == "[anonymous]" { m.start } else { m.offset };
                        let offset = location.address.wrapping_sub(m.start).wrapping_add(offset);
                        format!("{}+{offset:#x}", m.file)
                    }
                    None => format!("{:#x}", location.address),
                });
            }
        }
        let label = |key: &str| sample.labels.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
        let negative = label("pprof::base").is_some();
        assert_eq!(negative, sample.values.iter().any(|&v| v < 0));
        let key = (frames, label("thread_id"), negative);
        assert_eq!(sums.insert(key, sample.values.clone()), None, "a stack came twice");
    }
    sums
}

proptest! {
    #[test]
    fn stacks_and_values_come_back(a in dump_text(), b in dump_text()) {
        for threads in [Threads::Merged, Threads::Separate] {
            let (a, b) = (read(&a, threads), read(&b, threads));
            for p in [a.clone(), symbolize_with(&a, &Names), diff(&a, &b)] {
                let d = written(&p);
                prop_assert_eq!(sums_in(&d), sums_of(&p));
            }
        }
    }

    #[test]
    fn folded_stacks_come_back(p in folded(), base in folded()) {
        for p in [p.clone(), diff(&base, &p)] {
            let d = written(&p);
            prop_assert_eq!(sums_in(&d), sums_of(&p));
        }
    }

    #[test]
    fn mappings_do_not_overlap(a in dump_text(), b in dump_text()) {
        let d = written(&diff(&read(&a, Threads::Merged), &read(&b, Threads::Merged)));
        let mut ranges: Vec<_> = d.mappings.iter().map(|m| (m.start, m.limit)).collect();
        ranges.sort_unstable();
        prop_assert!(ranges.windows(2).all(|w| w[0].1 <= w[1].0), "{:?}", ranges);
    }
}
