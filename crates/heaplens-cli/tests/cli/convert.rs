//! Forms that other tools read, and what they come back as.

use crate::run::{fixture, run, run_with_stdin};
use std::ffi::OsStr;

const ENDS: [(&str, &[u8]); 12] = [
    ("pb.gz", b"\x1f\x8b"),
    ("pb", b"\x1f\x8b"),
    ("pprof", b"\x1f\x8b"),
    ("symbolized", b"--- symbol\n"),
    ("folded", b"tsdb+0xf030;"),
    ("collapsed", b"tsdb+0xf030;"),
    ("speedscope.json", b"{\"$schema\":\"https://www.speedscope.app/"),
    ("callgrind", b"events: inuse_space\n"),
    ("dot", b"digraph \"leak.heap; "),
    ("gv", b"digraph \"leak.heap; "),
    ("csv", b"inuse_objects,"),
    ("svg", b"<?xml"),
];

#[test]
fn the_end_of_a_name_tells_the_form() {
    let dir = tempfile::tempdir().unwrap();
    let dump = fixture("leak.heap");
    for (end, start) in ENDS {
        let path = dir.path().join(format!("leak.heap.{end}"));
        let args = ["convert", "--no-symbols", "-o"].map(OsStr::new);
        let ran = run(args.into_iter().chain([path.as_os_str(), dump.as_os_str()]));
        assert_eq!((ran.code, ran.stdout.len()), (Some(0), 0), "{ran:?}");
        assert!(ran.stderr.ends_with(&format!("wrote {}\n", path.display())), "{}", ran.stderr);
        assert!(std::fs::read(&path).unwrap().starts_with(start), "{end}");
    }
    for (name, words) in
        [("x.json", ["--to json", "speedscope"]), ("x.txt", ["x.txt", "--to"]), ("-", ["--to", "-o"])]
    {
        let args = ["convert", "-o", name].map(OsStr::new);
        run(args.into_iter().chain([dump.as_os_str()])).fails(2, &words);
    }
}

/// The forms that are read as well hold the same stacks, and give the same bytes again.
#[test]
fn what_is_written_is_read_back() {
    let dump = fixture("leak.heap");
    let dump = dump.to_str().unwrap();
    let folded = run(["folded", "--no-symbols", dump]).ok();
    for form in ["symbolized", "folded"] {
        let once = run(["convert", "--no-symbols", "--to", form, dump]).ok();
        assert_eq!(run_with_stdin(["folded", "--no-symbols", "-"], once.as_bytes()).ok(), folded, "{form}");
        let twice = run_with_stdin(["convert", "--no-symbols", "--to", form, "-"], once.as_bytes()).ok();
        assert_eq!(twice, once, "{form}");
    }
    let json = run(["convert", "--no-symbols", "--to", "json", dump]).ok();
    assert_eq!(json, run(["flamegraph", "--no-symbols", "--format", "json", dump]).ok());
    let objects = run(["convert", "--no-symbols", "--to", "folded", "--sample", "inuse_objects", dump]).ok();
    assert!(objects.lines().all(|line| line.rsplit(' ').next().unwrap().len() <= 2), "{objects}");
}

#[test]
fn a_difference_goes_where_the_form_has_a_place() {
    let (base, dump) = (fixture("base.heap"), fixture("leak.heap"));
    let (base, dump) = (base.to_str().unwrap(), dump.to_str().unwrap());
    let convert = |form| run(["convert", "--no-symbols", "--to", form, "--base", base, dump]);
    for (form, part) in [
        ("folded", " 16777217 100663307\n"),
        ("csv", "inuse_space_from,inuse_space_to"),
        ("speedscope", "\"inuse_space shrunk\""),
        ("json", "\"kind\": \"difference\""),
    ] {
        let text = convert(form).ok();
        assert!(text.contains(part), "{text}");
    }
    assert!(convert("pprof").stdout.starts_with(b"\x1f\x8b"));
    assert!(convert("dot").ok().starts_with("digraph "));
    convert("symbolized").fails(2, &["symbolized file cannot hold a difference", "--base"]);
    convert("callgrind").fails(2, &["callgrind file cannot hold a difference", "KCachegrind"]);
    // Folded stacks with two columns are one by themselves.
    run_with_stdin(["convert", "--to", "symbolized", "-"], b"main;f 1 2\n")
        .fails(4, &["symbolized file cannot hold a difference"]);
    run_with_stdin(["convert", "--to", "callgrind", "-"], b"main;f 1 2\n")
        .fails(4, &["callgrind file cannot hold a difference"]);
}

#[test]
fn threads_are_kept_apart_where_the_form_has_them() {
    let dump = fixture("leak.heap");
    let text = run(["convert", "--no-symbols", "--to", "symbolized", dump.to_str().unwrap()]).ok();
    assert!(text.contains("\n  t0: 18: 150994944 [0: 0] tsdb\n"), "{text}");
    assert_eq!(text.matches("\n  t0: ").count(), 5, "{text}");
}

/// jeprof compares two files by address, so functions without one get it by their names.
#[test]
fn addresses_that_are_made_up_are_the_same_in_another_file() {
    let symbols = |folded: &[u8]| {
        let text = run_with_stdin(["convert", "--to", "symbolized", "-"], folded).ok();
        let lines = text.lines().filter(|line| line.starts_with("0x")).map(str::to_owned);
        lines.collect::<std::collections::BTreeSet<_>>()
    };
    let (one, other) = (symbols(b"main;a 10\nmain;b 20\n"), symbols(b"main;b 20\nmain;c 30\n"));
    let both: Vec<_> = one.intersection(&other).map(|line| &line[19..]).collect();
    assert_eq!(both.len(), 2, "{one:?} {other:?}");
    assert!(both.contains(&"main") && both.contains(&"b"), "{both:?}");
}

/// Threads of two runs that have one number, and warnings, stay what they are however often a file is written anew.
#[test]
fn two_runs_with_equal_threads_are_written_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let dump = |file: &str, name: &str, stacks: &str| {
        let path = dir.path().join(file);
        let text = format!("heap_v2/1\n  t*: 1: 20 [0: 0]\n  t1: 1: 20 [0: 0] {name}\n{stacks}");
        std::fs::write(&path, text).unwrap();
        path
    };
    let counts = "  t*: 1: 20 [0: 0]\n  t1: 1: 20 [0: 0]\n";
    let (a, b) =
        (dump("a", "zzz", &format!("@ 0x20\n{counts}")), dump("b", "aaa", &format!("@ 0x10\n{counts}")));
    let convert = |inputs: &[&std::path::Path], end: &str| {
        let path = dir.path().join(end);
        let args = ["convert", "--no-symbols", "-o"].map(OsStr::new);
        run(args.into_iter().chain([path.as_os_str()]).chain(inputs.iter().map(|path| path.as_os_str())))
            .ok();
        path
    };
    let once = convert(&[&a, &b], "once.pb");
    let twice = convert(&[&once], "twice.pb");
    assert!(std::fs::read(&once).unwrap() == std::fs::read(&twice).unwrap());
    let text = std::fs::read_to_string(convert(&[&a, &b], "x.symbolized")).unwrap();
    assert!(text.contains("t0: 1: 20 [0: 0] aaa\n") && text.contains("t1: 1: 20 [0: 0] zzz\n"), "{text}");
}

/// A virtual address is no place in the file, which a mapping line would say.
#[test]
fn a_virtual_address_has_no_mapping_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("virtual.pb");
    let pprof = [
        // inuse_space/bytes
        &[0x0a, 4, 8, 1, 16, 2][..],
        &[0x12, 6, 0x0a, 1, 1, 0x12, 1, 100],
        // A mapping from 0 to the end of all addresses, and an address in it.
        &[0x1a, 15, 8, 1, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 40, 3],
        &[0x22, 7, 8, 1, 16, 1, 24, 0x80, 0x20],
        &[0x32, 0],
        b"\x32\x0binuse_space",
        b"\x32\x05bytes",
        b"\x32\x06/bin/a",
    ];
    std::fs::write(&path, pprof.concat()).unwrap();
    let folded = run(["folded", "--no-symbols", path.to_str().unwrap()]).ok();
    assert_eq!(folded, "a+0x1001 100\n");
    let text = run(["convert", "--no-symbols", "--to", "symbolized", path.to_str().unwrap()]).ok();
    assert!(text.contains("@ 0x1001\n") && !text.contains("r-xp"), "{text}");
}

/// What was not measured can be asked for by those who count one thing, not by those who take all.
#[test]
fn forms_of_all_sample_types_take_any() {
    let pprof = [
        // alloc_space/bytes
        &[0x0a, 4, 8, 1, 16, 2][..],
        &[0x12, 3, 0x12, 1, 100],
        &[0x32, 0],
        b"\x32\x0balloc_space",
        b"\x32\x05bytes",
    ];
    let convert = |form| run_with_stdin(["convert", "--to", form, "-"], &pprof.concat());
    assert!(convert("csv").ok().contains("100"));
    assert!(convert("pprof").stdout.starts_with(b"\x1f\x8b"));
    convert("folded").fails(4, &["inuse_space was not recorded", "--sample"]);
}
