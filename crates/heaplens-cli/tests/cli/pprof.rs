//! pprof as input: what the commands say of it is what they say of the dump that it was made of.

use crate::run::{run, run_with_stdin};
use crate::server::Server;
use heaplens::input::{self, Limits};
use heaplens::out::pprof::{self, Packing};
use std::path::{Path, PathBuf};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme").join(name)
}

/// A dump as pprof, its addresses without names.
fn packed(dump: &Path, packing: Packing) -> Vec<u8> {
    let profile = input::read(&std::fs::read(dump).unwrap(), &Limits::default()).unwrap();
    let mut bytes = Vec::new();
    pprof::write(&profile, packing, &mut bytes).unwrap();
    bytes
}

struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    fn new() -> Files {
        Files { dir: tempfile::tempdir().unwrap() }
    }

    fn add(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Folded stacks; values of pprof are rounded, so they can differ by one.
fn same_stacks(ours: &str, theirs: &str) {
    let lines = |folded: &str| -> Vec<(String, Vec<i64>)> {
        let split = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let numbers = words.iter().rev().map_while(|word| word.parse().ok());
            (words[0].to_owned(), numbers.collect())
        };
        folded.lines().map(split).collect()
    };
    let (ours, theirs) = (lines(ours), lines(theirs));
    assert!(ours.len() > 2);
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(&theirs) {
        assert_eq!((&a.0, a.1.len()), (&b.0, b.1.len()));
        assert!(a.1.iter().zip(&b.1).all(|(a, b)| (a - b).abs() <= 1), "{a:?} {b:?}");
    }
}

#[test]
fn a_dump_and_its_pprof_say_the_same() {
    let files = Files::new();
    let (base, leak) = (example("base.heap"), example("leak.heap"));
    let tsdb = text(&example("tsdb"));
    for packing in [Packing::Gzip, Packing::Plain] {
        let base_file = files.add("base.pb.gz", &packed(&base, packing));
        let leak_file = files.add("leak.pb.gz", &packed(&leak, packing));
        let (base, leak) = (text(&base), text(&leak));
        // Symbols are found by the build-id that the file brings.
        for symbols in [vec!["--no-symbols"], vec!["--binary", &tsdb]] {
            let folded = |inputs: &[&str]| run([&["folded"], inputs, &symbols[..]].concat()).ok();
            same_stacks(&folded(&[&leak_file]), &folded(&[&leak]));
            same_stacks(&folded(&["--base", &base_file, &leak_file]), &folded(&["--base", &base, &leak]));
            // One of each.
            same_stacks(&folded(&["--base", &base, &leak_file]), &folded(&["--base", &base, &leak]));
        }
        // What people read does not show single bytes.
        for command in [
            vec!["top", &leak_file, "--binary", &tsdb],
            vec!["diff", &base_file, &leak_file, "--binary", &tsdb],
        ] {
            let with = |from: &str, to: &str, word: &&str| {
                if *word == from { to.to_owned() } else { (*word).to_owned() }
            };
            let of_dumps: Vec<String> = command
                .iter()
                .map(|word| with(&leak_file, &leak, &with(&base_file, &base, word).as_str()))
                .collect();
            let (ours, theirs) = (run(&command), run(&of_dumps));
            assert!(ours.stderr.contains("tsdb (verified)"), "{ours:?}");
            let ours = ours.ok();
            assert!(ours.contains("tsdb::query_cache::QueryCache::insert"), "{ours}");
            // Counts of objects can differ by the rounding of each stack, and stand without a unit.
            let is_count = |word: &&str| word.chars().all(|c| c.is_ascii_digit() || "+−,".contains(c));
            let words = |table: &str| -> Vec<String> {
                table.split_whitespace().filter(|word| !is_count(word)).map(str::to_owned).collect()
            };
            assert_eq!(words(&ours), words(&theirs.ok()));
        }
        let svg = run(["flamegraph", &leak_file, "--binary", &tsdb]).ok();
        assert!(svg.contains("<svg") && svg.contains("QueryCache::insert"));
    }
}

#[test]
fn a_difference_is_read_as_one() {
    let files = Files::new();
    let read = |name: &str| input::read(&std::fs::read(example(name)).unwrap(), &Limits::default()).unwrap();
    let mut bytes = Vec::new();
    let difference = heaplens::diff::diff(&read("base.heap"), &read("leak.heap"));
    pprof::write(&difference, Packing::Gzip, &mut bytes).unwrap();
    let file = files.add("difference.pb.gz", &bytes);
    let (base, leak) = (text(&example("base.heap")), text(&example("leak.heap")));
    let of_dumps = run(["folded", "--no-symbols", "--base", &base, &leak]).ok();
    same_stacks(&run(["folded", "--no-symbols", &file]).ok(), &of_dumps);
}

#[test]
fn streams_and_servers_send_it() {
    let plain = packed(&example("leak.heap"), Packing::Plain);
    let dump = text(&example("leak.heap"));
    let expected = run(["folded", "--no-symbols", &dump]).ok();
    same_stacks(&run_with_stdin(["folded", "--no-symbols", "-"], &plain).ok(), &expected);
    for packing in [Packing::Plain, Packing::Gzip] {
        let body = packed(&example("leak.heap"), packing);
        let server = Server::fixed("200 OK", "Content-Type: application/octet-stream\r\n", &body);
        let url = server.url("/debug/pprof/heap");
        same_stacks(&run(["folded", "--no-symbols", &url]).ok(), &expected);
        // Only dumps are kept, since they have everything.
        let dir = tempfile::tempdir().unwrap();
        let out = text(&dir.path().join("x.heap"));
        run(["capture", &url, "-o", &out]).fails(4, &["pprof", "output=text"]);
    }
    // Longer than what a stream is judged by.
    let many: String = (0..5000).map(|i| format!("main;function_with_a_long_name_{i} {i}\n")).collect();
    let profile = input::parse_folded(many.as_bytes()).unwrap();
    let mut long = Vec::new();
    pprof::write(&profile, Packing::Plain, &mut long).unwrap();
    assert!(long.len() > 200_000);
    assert_eq!(run_with_stdin(["folded", "-"], &long).ok().lines().count(), 4999);
}

#[test]
fn what_was_not_measured_is_said() {
    let files = Files::new();
    let folded = input::parse_folded(b"main;f 10\n").unwrap();
    let mut bytes = Vec::new();
    pprof::write(&folded, Packing::Plain, &mut bytes).unwrap();
    let bytes_alone = files.add("bytes.pb", &bytes);
    run(["top", "--sample", "inuse_objects", &bytes_alone]).fails(4, &["objects were not recorded"]);
    run(["top", "--sample", "alloc_space", &bytes_alone]).fails(4, &["alloc_space was not recorded"]);
    // The one sample type renamed.
    let renamed = |to: &str| {
        let at = bytes.windows(11).position(|w| w == b"inuse_space").unwrap();
        let mut renamed = bytes.clone();
        renamed[at..at + 11].copy_from_slice(to.as_bytes());
        files.add("renamed.pb", &renamed)
    };
    let allocated = renamed("alloc_space");
    run(["top", &allocated]).fails(4, &["inuse_space was not recorded", "--sample"]);
    assert!(run(["top", "--sample", "alloc_space", &allocated]).ok().starts_with("alloc_space: 10 B"));
    let other = renamed("lock_waited");
    run(["top", &other]).fails(4, &["lock_waited/bytes", "inuse_space"]);
}
