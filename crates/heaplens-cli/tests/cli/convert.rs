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
