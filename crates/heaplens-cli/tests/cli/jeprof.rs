//! `heaplens jeprof` where there is nothing to compare with jeprof: what it refuses, and what it says instead.

use crate::run::{Ran, heaplens};
use std::path::Path;

const DUMP: &str = "heap_v2/524288\n  t*: 2: 2097152 [0: 0]\n  t3: 2: 2097152 [0: 0] one name\n@ 0x1010 0x1020\n  t*: 2: \
                    2097152 [0: 0]\n  t3: 2: 2097152 [0: 0]\n\nMAPPED_LIBRARIES:\n1000-2000 r-xp 00000000 fe:00 7 /no/server\n";

fn jeprof(dir: &Path, arguments: &str) -> Ran {
    std::fs::write(dir.join("mem.heap"), DUMP).unwrap();
    std::fs::write(dir.join("server"), "no program").unwrap();
    let arguments = arguments.split_whitespace();
    heaplens(["jeprof"]).args(arguments).current_dir(dir).output().unwrap().into()
}

#[test]
fn modes_that_are_not_there_say_what_to_use() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        ("--web server mem.heap", ["--web opens no browser", "--svg"]),
        ("--gv server mem.heap", ["--gv opens no viewer", "--svg"]),
        ("--evince server mem.heap", ["--evince opens no viewer", "--pdf"]),
        ("--interactive server mem.heap", ["--interactive is not there", "heaplens top"]),
        ("--heapcheck server mem.heap", ["--heapcheck", "--base"]),
        ("--contentions server mem.heap", ["contention profiles", "heap profiles only"]),
        ("--total_d server mem.heap", ["--total_delay", "contention profiles"]),
        ("--test", ["tests inside jeprof", "cargo test"]),
        ("--text --collapsed server mem.heap", ["--text, --collapsed", "output modes"]),
        ("--lines --files server mem.heap", ["--lines, --files", "granularities"]),
        ("--inuse_space --alloc_space server mem.heap", ["--alloc_space, --inuse_space", "sample types"]),
        ("--inuse server mem.heap", ["inuse is ambiguous", "--inuse_objects"]),
        ("--focus=( server mem.heap", ["--focus", "unclosed group"]),
        ("--focus=(?=x) server mem.heap", ["--focus", "look-around"]),
        ("--text server", ["server is the program", "profile"]),
        ("", ["name the program", "--help"]),
    ] {
        jeprof(dir.path(), arguments).fails(2, &words);
    }
}

#[test]
fn other_profiles_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let cpu: Vec<u8> = [0u64, 3, 0, 10_000, 0].into_iter().flat_map(u64::to_le_bytes).collect();
    std::fs::write(dir.path().join("cpu"), cpu).unwrap();
    std::fs::write(dir.path().join("lock"), "--- contention\ncycles/second=1\n").unwrap();
    std::fs::write(dir.path().join("old-lock"), "%warn old\n--- Stacks:\n").unwrap();
    for (file, words) in [
        ("cpu", ["a CPU profile", "go tool pprof"]),
        ("lock", ["a profile of lock contention", "heaplens reads heap profiles"]),
        ("old-lock", ["a profile of lock contention", "heaplens reads heap profiles"]),
        ("absent", ["no such file", "absent"]),
        ("server", ["server", "not a heap profile"]),
    ] {
        jeprof(dir.path(), &format!("server {file}")).fails(4, &words);
        jeprof(dir.path(), &format!("--base={file} server mem.heap")).fails(4, &words);
    }
    jeprof(dir.path(), "no-server mem.heap").fails(4, &["no-server", "No such file"]);
}

#[test]
fn threads_are_found_by_number_and_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let table = jeprof(dir.path(), "--thread=3 server mem.heap").ok();
    assert!(table.starts_with("Total (t3 one name): 2.3 MB\n"), "{table}");
    let mut by_name = heaplens(["jeprof", "--thread", "one name", "server", "mem.heap"]);
    assert_eq!(by_name.current_dir(dir.path()).output().map(|o| Ran::from(o).ok()).unwrap(), table);
    assert_eq!(jeprof(dir.path(), "--thread=* server mem.heap").ok(), table);
    let none = jeprof(dir.path(), "--thread=4 server mem.heap");
    assert!(none.stderr.contains("no thread 4 has stacks; there are t3 one name"), "{none:?}");
    assert_eq!(none.ok(), "");
}

#[test]
fn help_and_version_ask_for_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    assert!(jeprof(dir.path(), "--web -help").ok().contains("Usage: heaplens jeprof"));
    assert!(jeprof(dir.path(), "--vers").ok().contains("jeprof 5.3.0"));
}

/// A script stands for graphviz, and shows what it is given.
#[cfg(unix)]
#[test]
fn pictures_are_drawn_by_graphviz_if_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("path");
    std::fs::create_dir(&path).unwrap();
    let draw = |mode: &str| -> Ran {
        let arguments = [mode, "--nodefraction=0", "server", "mem.heap"];
        let mut command = heaplens(["jeprof"]);
        command.args(arguments).current_dir(dir.path()).env("PATH", &path).output().unwrap().into()
    };
    let graph = jeprof(dir.path(), "--dot --nodefraction=0 server mem.heap").ok();
    assert!(graph.starts_with("digraph \"server; 2.3 MB\" {\n"), "{graph}");
    draw("--svg").fails(4, &["graphviz", "not in the search path", "--dot > mem.dot", "heaplens flamegraph"]);
    crate::programs::script(
        &path.join("dot"),
        "#!/bin/sh\necho \"$@\"\nwhile read -r l; do echo \"$l\"; done\n",
    )
    .unwrap();
    for (mode, format) in [("--svg", "svg"), ("--ps", "ps2"), ("--pdf", "pdf"), ("--gif", "gif")] {
        let drawn = draw(mode).ok();
        let (arguments, given) = drawn.split_once('\n').unwrap();
        assert_eq!(arguments, format!("-T{format}"));
        assert!(given.starts_with("digraph"), "{given}");
        assert_eq!(given.contains("\nsize="), mode == "--pdf");
    }
    crate::programs::script(&path.join("dot"), "#!/bin/sh\nexit 3\n").unwrap();
    draw("--svg").fails(4, &["dot", "exit status: 3"]);
    let nothing = jeprof(dir.path(), "--dot --focus=absent server mem.heap");
    nothing.fails(4, &["no nodes to print", "--nodefraction"]);
}
