//! `heaplens symbolize` as scripts use it: arguments, response files, a conversation. What it prints beside addr2line is
//! judged in `tests/peers`.

use crate::run::{heaplens, run, run_with_stdin};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

fn program() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme/tsdb");
    path.to_str().unwrap().to_owned()
}

/// What `-f -s` says of the arguments, an answer of two lines each.
fn named(arguments: &[&str]) -> Vec<String> {
    let program = program();
    let all = [&["symbolize", "-fse", &program], arguments].concat();
    answers(&run(all).ok())
}

fn answers(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    lines.chunks(2).map(|answer| answer.join(" ")).collect()
}

const MAIN: &str = "_ZN4tsdb4main17h0123456789abcdefE";
const AT_MAIN: &str = "_ZN4tsdb4main17h0123456789abcdefE main.rs:12";
const NOTHING: &str = "?? ??:0";

#[test]
fn every_argument_has_its_answer() {
    let offset = format!("{MAIN}+0x1");
    let asked = ["212", "zz", "0x", "", "212 ", "+0x5", MAIN, &offset, "tsdb::main", "tsdb::main+1", "0X213"];
    let expected =
        [AT_MAIN, NOTHING, NOTHING, NOTHING, AT_MAIN, NOTHING, AT_MAIN, AT_MAIN, AT_MAIN, AT_MAIN, AT_MAIN];
    assert_eq!(named(&asked), expected);
    let lines: String = asked.iter().map(|text| format!("{text}\n")).collect();
    let piped = run_with_stdin(["symbolize", "-fse", &program()], lines.as_bytes()).ok();
    assert_eq!(answers(&piped), expected, "the same from standard input");
    // The style says whether names can be asked for demangled.
    assert_eq!(named(&["--demangle=none", "tsdb::main"]), [NOTHING]);
}

/// More than are looked up together.
#[test]
fn long_lists_are_answered_in_their_order() {
    let lines: Vec<String> = (0..0x90).map(|at| format!("{:x}\n", 0x1a0 + at)).collect();
    let once = run_with_stdin(["symbolize", "-fse", &program()], lines.concat().as_bytes()).ok();
    let many = 1 + (1 << 16) / lines.len() * 2;
    let all = run_with_stdin(["symbolize", "-fse", &program()], lines.concat().repeat(many).as_bytes()).ok();
    assert!(all == once.repeat(many));
}

#[test]
fn arguments_come_from_files_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("arguments");
    std::fs::write(&file, format!("-fs\n-e '{}'\n  \"212\" zz", program())).unwrap();
    let typed = format!("@{}", file.display());
    assert_eq!(
        answers(&run(["symbolize", &typed, "213", "@nowhere"]).ok()),
        [AT_MAIN, NOTHING, AT_MAIN, NOTHING]
    );
    run(["symbolize", &format!("@{}", dir.path().display())]).fails(2, &["is a directory"]);
    std::fs::write(&file, &typed).unwrap();
    run(["symbolize", &typed]).fails(2, &["circle"]);
    run(["top", &typed]).fails(4, &["@"]);
}

#[test]
fn styles_and_versions_are_those_of_addr2line() {
    for style in ["auto", "gnu-v3", "rust"] {
        let names = named(&[&format!("--demangle={style}"), "212"]);
        assert_eq!(names, ["tsdb::main main.rs:12"], "{style}");
    }
    for style in ["none", "java", "gnat", "dlang"] {
        assert_eq!(named(&[&format!("--demangle={style}"), "212"]), [AT_MAIN], "{style}");
    }
    for unknown in ["gnu", "AUTO", ""] {
        let ran = run(["symbolize", &format!("--demangle={unknown}"), "212"]);
        assert_eq!((ran.code, ran.stdout.is_empty()), (Some(2), true), "{unknown}");
    }
    let version = run(["--version"]).ok();
    for option in ["-v", "-V", "--version"] {
        assert_eq!(run(["symbolize", option]).ok(), version, "{option}");
    }
    let help = run(["symbolize", "-h"]).ok();
    assert_eq!(run(["symbolize", "-H"]).ok(), help);
    assert_eq!(run(["symbolize", "--help"]).ok().lines().next(), help.lines().next());
}

#[test]
fn a_mistyped_directory_is_refused() {
    run(["symbolize", "-e", &program(), "--debug-dir", "/nowhere/at/all", "212"])
        .fails(4, &["--debug-dir", "/nowhere/at/all"]);
    run(["symbolize", "-e", &program(), "--debug-dir", &program(), "212"])
        .fails(4, &["expected a directory"]);
}

/// The files that a cache has.
fn files(cache: &Path) -> Vec<PathBuf> {
    let list = std::fs::read_dir(cache).into_iter().flatten();
    list.map(|entry| entry.unwrap().path()).collect()
}

/// What is learned in a conversation is kept at its end, and not address by address.
#[test]
fn a_conversation_fills_the_cache_at_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("cache");
    let talk = || {
        let mut command = heaplens(["symbolize", "-fse", &program(), "--cache-dir"]);
        command.arg(&cache).env_remove("HEAPLENS_NO_CACHE");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let before = files(&cache);
        let mut found = Vec::new();
        for address in 0x1a0..0x230 {
            writeln!(stdin, "{address:x}").unwrap();
            found.push([lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap()].join(" "));
            assert_eq!(files(&cache), before);
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
        found
    };
    let size = || files(&cache).iter().map(|file| file.metadata().unwrap().len()).collect::<Vec<_>>();
    let first = talk();
    assert!(first.contains(&AT_MAIN.to_owned()) && first.contains(&NOTHING.to_owned()), "{first:?}");
    let kept = size();
    assert_eq!(kept.len(), 1);
    assert_eq!(talk(), first);
    assert_eq!(size(), kept, "nothing new was learned");
}
