//! What other writers of pprof do, and what becomes of it.

use crate::encode::{BYTES, Message, Pprof};
use crate::{TRAILER, plain, sealed};
use heaplens::Profile;
use heaplens::dump::Threads;
use heaplens::input::{self, Limits, parse_pprof};
use heaplens::out::pprof::{self, Packing};
use heaplens::profile::{Frame, Mapped, ModuleKind, Offsets, SampleType};

fn read_as(message: &[u8], threads: Threads) -> Profile {
    let mut limits = Limits::default();
    limits.threads = threads;
    let profile = parse_pprof(message, &limits).unwrap();
    profile.check().unwrap();
    profile
}

fn read(pprof: &Pprof) -> Profile {
    read_as(&pprof.message(), Threads::Separate)
}

fn codes(profile: &Profile) -> Vec<&str> {
    profile.warnings.iter().map(|warning| warning.code).collect()
}

/// The values of each sample, in our order.
fn values(profile: &Profile) -> Vec<[i128; 4]> {
    profile.samples().iter().map(|s| SampleType::ALL.map(|t| s.values.get(t).round())).collect()
}

/// The frames of a sample, from the leaf.
fn frames(profile: &Profile, sample: usize) -> Vec<Frame> {
    let stack = profile.samples()[sample].stack;
    profile.stack_from_leaf(stack).map(|(_, id)| profile.frame(id)).collect()
}

fn module_of(profile: &Profile, frame: Frame) -> &heaplens::profile::Module {
    profile.module(frame.module.unwrap())
}

#[test]
fn columns_are_found_by_their_names() {
    let mut swapped = Pprof::new(&[
        ("inuse_space", "bytes"),
        ("lock", "nanoseconds"),
        ("alloc_space", "bytes"),
        ("inuse_objects", "count"),
        ("alloc_objects", "count"),
    ]);
    swapped.sample(&[], &[1, 2, 3, 4, 5], &[]);
    let profile = read(&swapped);
    assert_eq!(values(&profile), [[5, 3, 4, 1]]);
    assert!(profile.meta.has_alloc && profile.meta.has_objects && !profile.meta.is_diff);
    assert_eq!(codes(&profile), ["sample-types"]);

    let mut tcmalloc = Pprof::new(&[("objects", "count"), ("space", "bytes")]);
    tcmalloc.sample(&[], &[3, 300], &[]);
    assert_eq!(values(&read(&tcmalloc)), [[0, 0, 3, 300]]);

    let mut alone = Pprof::new(&[BYTES]);
    alone.sample(&[], &[7], &[]);
    let profile = read(&alone);
    assert_eq!(values(&profile), [[0, 0, 0, 7]]);
    assert!(!profile.meta.has_alloc && !profile.meta.has_objects && codes(&profile).is_empty());
}

#[test]
fn an_address_is_a_place_in_the_file_of_its_mapping() {
    let mut pprof = Pprof::new(&[BYTES]);
    pprof.mapping(3, [0x40_0000, 0x50_0000, 0x2000], "/bin/app", "00112233AABB");
    pprof.mapping(4, [0x60_0000, 0x70_0000, 0x9000], "/bin/app", "00112233AABB");
    pprof.mapping(5, [0, u64::MAX, 0], "/lib/virtual.so", "");
    pprof.mapping(6, [0x7000_0000, 0x7001_0000, 0], "", "");
    pprof.mapping(7, [0x7100_0000, 0x7101_0000, 0], "[vdso]", "");
    pprof.mapping(8, [0x7200_0000, 0x7201_0000, 0], "/tmp/gone (deleted)", "not hex, so none");
    pprof.mapping(9, [0x8000_0000, 0, 0x100], "/lib/open-ended.so", "");
    let addresses = [
        (3, 0x40_0010),
        (4, 0x60_0010),
        (5, 0x1234),
        (6, 0x7000_0010),
        (7, 0x7100_0010),
        (8, 0x7200_0010),
        (9, 0x8000_0010),
        (0, 0xabc),
        (3, 0x50_0000),
    ];
    for (index, (mapping, address)) in addresses.into_iter().enumerate() {
        pprof.location(index as u64 + 1, mapping, address, &[]);
        pprof.sample(&[index as u64 + 1], &[1], &[]);
    }
    let profile = read(&pprof);
    let found: Vec<(&str, u64)> = (0..addresses.len())
        .map(|at| {
            (module_of(&profile, frames(&profile, at)[0]).path.as_str(), frames(&profile, at)[0].offset)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("/bin/app", 0x2011),
            ("/bin/app", 0x9011),
            ("/lib/virtual.so", 0x1235),
            ("[anonymous]", 0x7000_0011),
            ("[vdso]", 0x11),
            ("/tmp/gone", 0x7200_0011 - 0x7200_0000),
            ("/lib/open-ended.so", 0x111),
            ("[unmapped]", 0xabd),
            ("[unmapped]", 0x50_0001),
        ]
    );
    let module = |at: usize| module_of(&profile, frames(&profile, at)[0]);
    assert_eq!(module(0).build_id.as_deref(), Some("00112233aabb"));
    assert_eq!(
        module(0).mapped,
        [
            Mapped { start: 0x40_0000, limit: 0x50_0000, offset: 0x2000 },
            Mapped { start: 0x60_0000, limit: 0x70_0000, offset: 0x9000 },
        ]
    );
    assert!(module(0).is_main && !module(2).is_main);
    assert_eq!((module(2).offsets, module(0).offsets), (Offsets::Virtual, Offsets::InFile));
    assert_eq!((module(3).kind, module(4).kind), (ModuleKind::Anonymous, ModuleKind::Vdso));
    assert!(module(5).deleted && module(5).build_id.is_none() && module(6).mapped.is_empty());
    // One lies outside of the mapping that it names; the other names none.
    assert_eq!(codes(&profile), ["unmapped"]);
    assert!(profile.warnings[0].message.starts_with("1 addresses"), "{:?}", profile.warnings);
}

#[test]
fn lines_are_functions_inlined_into_one_another() {
    let mut pprof = Pprof::new(&[BYTES]);
    pprof.mapping(1, [0x1000, 0x2000, 0], "/bin/a", "");
    pprof.function(1, "inner", "_inner", "i.c");
    pprof.function(2, "", "_outer", "");
    pprof.function(3, "", "", "");
    // What has no name is no line.
    pprof.location(1, 1, 0x1010, &[(1, 10), (3, 1), (0, 1), (2, 20)]);
    pprof.location(2, 1, 0x1020, &[(3, 5)]);
    pprof.location(3, 1, 0, &[(2, u64::MAX)]);
    pprof.sample(&[1, 2, 3], &[1], &[]);
    let profile = read(&pprof);
    let frames = frames(&profile, 0);
    let shown: Vec<_> = frames
        .iter()
        .map(|f| {
            let function = f.function.map(|id| profile.function(id));
            let names = function.map(|f| [f.name, f.system_name].map(|id| profile.string(id)).join(" "));
            let file = function.and_then(|f| f.file).map(|id| profile.string(id));
            (f.module.is_some(), f.offset, f.inline_depth, f.inlined, names, file, (f.line, f.column))
        })
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        shown,
        [
            (true, 0x11, 0, true, some("inner _inner"), Some("i.c"), (10, 5)),
            (true, 0x11, 1, false, some("_outer _outer"), None, (20, 10)),
            (true, 0x21, 0, false, None, None, (0, 0)),
            (false, 0, 0, false, some("_outer _outer"), None, (0, 0)),
        ]
    );
}

#[test]
fn threads_are_those_with_a_number() {
    let mut pprof = Pprof::small();
    pprof.sample(&[1], &[2], &[("thread", "worker"), ("thread_id", "7"), ("other", "x")]);
    pprof.sample(&[1], &[4], &[("thread", "nameless")]);
    let label = Message::default().number(1, pprof.text("thread_id")).number(3, 9);
    pprof.add(2, &Message::default().packed(1, [1]).packed(2, [8]).bytes(3, &label.0));
    // Of another run.
    pprof.sample(&[1], &[16], &[("thread", "reader"), ("thread_id", "7")]);
    let profile = read(&pprof);
    let of = |profile: &Profile, at: usize| {
        let thread = profile.samples()[at].thread.map(|id| &profile.threads()[id.index()]);
        thread.map(|thread| (thread.uid, thread.name.clone()))
    };
    assert_eq!(
        (0..5).map(|at| of(&profile, at)).collect::<Vec<_>>(),
        [
            None,
            Some((7, Some("worker".to_owned()))),
            None,
            Some((9, None)),
            Some((7, Some("reader".to_owned())))
        ]
    );
    let merged = read_as(&pprof.message(), Threads::Merged);
    assert!(merged.threads().is_empty() && (0..5).all(|at| of(&merged, at).is_none()));
    assert_eq!(merged.total(), profile.total());
}

#[test]
fn negative_values_are_a_difference() {
    let types = [("inuse_objects", "count"), BYTES];
    let mut labelled = Pprof::new(&types);
    labelled.sample(&[], &[2, 20], &[]);
    labelled.sample(&[], &[-3, -30], &[("pprof::base", "true")]);
    let profile = read(&labelled);
    assert!(profile.meta.is_diff && codes(&profile).is_empty());
    assert_eq!(values(&profile), [[0, 0, 2, 20], [0, 0, -3, -30]]);

    let mut net = Pprof::new(&types);
    net.sample(&[], &[1, -50], &[]);
    let profile = read(&net);
    assert!(profile.meta.is_diff);
    assert_eq!(
        (values(&profile), codes(&profile)),
        (vec![[0, 0, 1, 0], [0, 0, 0, -50]], vec!["net-difference"])
    );

    let mut labels_alone = Pprof::new(&types);
    labels_alone.sample(&[], &[0, 0], &[("pprof::base", "true")]);
    assert!(read(&labels_alone).meta.is_diff);
    assert!(!read(&Pprof::small()).meta.is_diff);
}

/// A writer may order fields as it likes, and pack lists of numbers or not.
#[test]
fn any_order_and_any_packing() {
    let mut pprof = Pprof::new(&[BYTES]);
    pprof.sample(&[2, 1], &[5], &[]);
    pprof.location(2, 0, 0x20, &[]);
    pprof.location(1, 0, 0x10, &[]);
    let unpacked = {
        let mut message = Message::default();
        for text in &pprof.strings {
            message = message.bytes(6, text);
        }
        message = message.bytes(4, &Message::default().number(3, 0x10).number(1, 1).0);
        let sample = Message::default().number(1, 2).number(2, 5).number(1, 1);
        message = message.bytes(2, &sample.0).bytes(4, &Message::default().number(1, 2).number(3, 0x20).0);
        // Unknown fields of every kind.
        message = message.number(99, 1).bytes(100, b"x");
        message.0.extend_from_slice(&[0x99, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0x9d, 0x06, 1, 2, 3, 4]);
        message.bytes(1, &Message::default().number(1, 1).number(2, 2).0).0
    };
    let (a, b) = (read(&pprof), read_as(&unpacked, Threads::Merged));
    assert_eq!(a.net_stacks(), b.net_stacks());
    assert_eq!(a.net_stacks()[0].0, ["[unmapped]+0x11", "[unmapped]+0x21"]);
}

#[test]
fn any_ids_but_zero() {
    let ids = [1 << 63, u64::MAX, 0x1010, 5];
    let mut pprof = Pprof::new(&[BYTES]);
    for id in ids {
        pprof.mapping(id, [0x1000, 0x2000, 0], "/bin/a", "");
        pprof.function(id, &format!("f{id}"), "", "");
        pprof.location(id, id, 0x1010, &[(id, 1)]);
        pprof.sample(&[id], &[1], &[]);
    }
    let names: Vec<_> = read(&pprof).net_stacks().into_iter().map(|(names, _)| names.concat()).collect();
    let mut expected = ids.map(|id| format!("f{id}"));
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn sums_are_exact_where_others_wrap() {
    let mut pprof = Pprof::small();
    pprof.sample(&[1], &[i64::MAX], &[]);
    pprof.sample(&[1], &[i64::MAX], &[]);
    pprof.sample(&[], &[i64::MIN], &[("pprof::base", "true")]);
    let profile = read(&pprof);
    let max = i128::from(i64::MAX);
    assert_eq!(profile.total().inuse_space.round(), 1 + max - 1);
    assert_eq!(values(&profile).iter().map(|v| v[3]).collect::<Vec<_>>(), [1, max, max, -max - 1]);
}

#[test]
fn text_that_is_no_utf8_is_read_all_the_same() {
    let mut pprof = Pprof::small();
    let last = pprof.strings.iter().position(|text| text == b"f").unwrap();
    pprof.strings[last] = b"a\xff\x1b".to_vec();
    let profile = read(&pprof);
    assert_eq!(profile.net_stacks()[0].0, ["a\u{fffd}\u{1b}"]);
    // Visible from then on.
    assert_eq!(read_as(&plain(&profile), Threads::Merged).net_stacks()[0].0, ["a\u{fffd}\\x1b"]);
}

#[test]
fn what_the_run_was_comes_back() {
    let dump = crate::read(&sealed(), Threads::Separate);
    let profile = read_as(&plain(&dump), Threads::Separate);
    let (ours, theirs) = (profile.meta.trailer.clone().unwrap(), dump.meta.trailer.clone().unwrap());
    assert!(TRAILER.contains("start=951827000000 time=951827696000"));
    assert_eq!((ours.time_ms, ours.start_ms), (theirs.time_ms, theirs.start_ms));
    assert_eq!((&ours.pid, &ours.exe, &ours.host), (&theirs.pid, &theirs.exe, &theirs.host));
    assert_eq!((&ours.jemalloc_version, ours.active), (&theirs.jemalloc_version, theirs.active));
    assert_eq!((&ours.stats, &ours.rss), (&theirs.stats, &theirs.rss));
    assert_eq!(profile.meta.rate, dump.meta.rate);
    assert!(profile.meta.comments.is_empty());
    // Warnings stay warnings, with the code in front.
    assert_eq!(codes(&profile), ["recorded"]);
    assert!(profile.warnings[0].message.starts_with("unmapped: 1 addresses"), "{:?}", profile.warnings);
    // Twice is as once.
    assert_eq!(plain(&profile), plain(&dump));
}

#[test]
fn comments_of_others_stay_as_they_are() {
    let mut pprof = Pprof::small();
    let told = [
        "built by CI",
        "process: pid=1 pid=2",
        "process: exe=/a host=b host=c",
        "stats: allocated=01",
        "rss: Swap=1",
        "jemalloc: active=maybe",
        "note: x",
    ];
    let indices: Vec<u64> = told.iter().map(|text| pprof.text(text)).collect();
    pprof.body = std::mem::take(&mut pprof.body).packed(13, indices);
    pprof.body = std::mem::take(&mut pprof.body).number(9, 1_000_000);
    let profile = read(&pprof);
    let meta = &profile.meta;
    assert_eq!(
        meta.trailer.as_ref().map(|t| (t.time_ms, t.pid, t.exe.is_some())),
        Some((Some(1), None, false))
    );
    assert_eq!(meta.comments, told);
    let again = read_as(&plain(&profile), Threads::Merged);
    assert_eq!(again.meta.comments, told);
    let mut sum = profile.clone();
    sum.absorb(&again);
    assert_eq!(sum.meta.comments, told);
}

/// A dump's trailer tells these a line each: none may begin another.
#[test]
fn a_figure_whose_name_has_two_lines_is_none() {
    let mut pprof = Pprof::small();
    let comment = pprof.text("stats: a\n#=1");
    pprof.body = std::mem::take(&mut pprof.body).packed(13, [comment]);
    let meta = read(&pprof).meta;
    assert_eq!((meta.trailer, meta.comments), (None, vec!["stats: a\n#=1".to_owned()]));
}

/// Profiles of several runs that others merged tell each of them.
#[test]
fn what_is_said_a_second_time_stays_a_comment() {
    let mut pprof = Pprof::small();
    let told = ["stats: allocated=1 resident=2", "process: pid=1", "process: pid=2", "stats: allocated=3"];
    let indices: Vec<u64> = told.iter().map(|text| pprof.text(text)).collect();
    pprof.body = std::mem::take(&mut pprof.body).packed(13, indices);
    let profile = read(&pprof);
    let trailer = profile.meta.trailer.as_ref().unwrap();
    assert_eq!((trailer.pid, trailer.stats.values().copied().collect()), (Some(1), vec![1, 2]));
    assert_eq!(profile.meta.comments, told[2..]);
    let again = read_as(&plain(&profile), Threads::Merged).meta;
    assert_eq!((again.trailer, again.comments), (profile.meta.trailer, profile.meta.comments));
}

#[test]
fn a_rate_is_one_in_bytes() {
    let with = |name: &str, unit: &str, period: u64| {
        let mut pprof = Pprof::small();
        let period_type = Message::default().number(1, pprof.text(name)).number(2, pprof.text(unit));
        pprof.add(11, &period_type);
        pprof.body = std::mem::take(&mut pprof.body).number(12, period);
        read(&pprof).meta.rate
    };
    assert_eq!(with("space", "bytes", 524_288), Some(524_288));
    assert_eq!(with("space", "bytes", 1), None);
    assert_eq!(with("space", "bytes", u64::MAX), None);
    assert_eq!(with("cpu", "nanoseconds", 100), None);
    assert_eq!(read(&Pprof::small()).meta.rate, None);
}

/// A mapping of everything stays one, since its addresses are those of the file's headers.
#[test]
fn virtual_addresses_are_written_as_they_came() {
    let mut pprof = Pprof::new(&[BYTES]);
    pprof.mapping(1, [0, u64::MAX, 0], "/bin/a", "00112233");
    pprof.mapping(2, [0, u64::MAX, 0], "/lib/b.so", "");
    pprof.location(1, 1, 0x1234, &[]);
    pprof.location(2, 2, 0x1234, &[]);
    pprof.sample(&[2, 1], &[1], &[]);
    let written = crate::written(&read(&pprof));
    let ranges: Vec<_> =
        written.mappings.iter().map(|m| (m.start, m.limit, m.offset, m.file.as_str())).collect();
    assert_eq!(ranges, [(0, u64::MAX, 0, "/bin/a"), (0, u64::MAX, 0, "/lib/b.so")]);
    let addresses: Vec<_> = written.locations.iter().map(|l| (l.mapping, l.address)).collect();
    assert_eq!(addresses, [(2, 0x1234), (1, 0x1234)]);
}

#[test]
fn packed_files_are_recognised() {
    let profile = read(&Pprof::small());
    for packing in [Packing::Gzip, Packing::Plain] {
        let mut bytes = Vec::new();
        pprof::write(&profile, packing, &mut bytes).unwrap();
        let back = input::read(&bytes, &Limits::default()).unwrap();
        assert_eq!(back.net_stacks(), profile.net_stacks());
    }
    assert!(input::is_pprof(&Pprof::new(&[BYTES]).message()));
    // As Go does it: the period's type first.
    let mut go = Pprof::new(&[]);
    let [space, bytes] = ["space", "bytes"].map(|text| go.text(text));
    go.add(11, &Message::default().number(1, space).number(2, bytes));
    go.add(1, &Message::default().number(1, space).number(2, bytes));
    assert!(input::is_pprof(&go.message()));
    let strings_first = go.strings.iter().fold(Message::default(), |m, text| m.bytes(6, text));
    assert!(input::is_pprof(&[strings_first.0, go.body.0].concat()));
    for text in
        ["\nmain;f 1\n", "\n\n", "heap_v2/512\n", "", "\n", "Z\n\t", "hehehe\n", "Z 1\nf 2\n", "22222222 1\n"]
    {
        assert!(!input::is_pprof(text.as_bytes()), "{text:?}");
    }
}
