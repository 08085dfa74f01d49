//! The gate: exit codes, forms of inputs and outputs, evidence.

#[cfg(unix)]
mod command;
mod target;

use crate::run::{Ran, run};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A dump with names in which every allocation is counted: `app::insert` holds so many bytes.
fn dump(insert: u64, pid: u32, minute: u64) -> Vec<u8> {
    let mut text = String::from(
        "--- symbol\nbinary=/srv/app\n0x5500000010 app::insert\n0x550000001f app::serve\n0x550000002f main\n---\n--- heap\n",
    );
    let heap = format!(
        "heap_v2/1\n  t*: 2: {} [0: 0]\n@ 0x5500000010 0x5500000020 0x5500000030\n  t*: 1: {insert} [0: 0]\n\
         @ 0x5500000020 0x5500000030\n  t*: 1: 5000 [0: 0]\n\nMAPPED_LIBRARIES:\n\
         5500000000-5500001000 r-xp 00000000 fe:00 7 /srv/app\n7ffc00000000-7ffc00001000 rw-p 00000000 00:00 0 [stack]\n",
        insert + 5000
    );
    let time = 1_795_789_800_000 + 60_000 * minute;
    let _ = write!(
        text,
        "{heap}# heaplens 1\n# process pid={pid} start=1795780000000 time={time} exe=/srv/app host=db1\n\
         # end length={} crc32={:08x}\n",
        heap.len(),
        crc32fast::hash(heap.as_bytes())
    );
    text.into_bytes()
}

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Dir {
        Dir(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// `a.heap`, and `b.heap` with 1,000 bytes more.
    fn two(&self) -> (String, String) {
        (self.file("a.heap", dump(1000, 7, 0)), self.file("b.heap", dump(2000, 7, 10)))
    }

    fn names(&self, below: &str) -> Vec<String> {
        names(&self.path(below))
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn check(args: &[&str]) -> Ran {
    run([&["check"], args].concat())
}

/// Ended with this code and this first line on stdout; gives stdout.
#[track_caller]
fn answers(ran: Ran, code: i32, start: &str) -> String {
    let stdout = String::from_utf8(ran.stdout.clone()).unwrap();
    assert_eq!(ran.code, Some(code), "{ran:?}");
    assert!(stdout.starts_with(start), "{stdout}{}", ran.stderr);
    assert!(!ran.stderr.contains("error: "), "{}", ran.stderr);
    stdout
}

#[test]
fn each_outcome_has_its_exit_code() {
    let dir = Dir::new();
    let (a, b) = dir.two();
    let two = ["--base", a.as_str(), "--new", b.as_str()];
    let with = |more: &[&str]| check(&[&two[..], more].concat());
    answers(with(&["--max-growth", "1000"]), 0, "passed: nothing grew by more than is allowed");
    let said = answers(
        with(&["--max-growth", "999"]),
        1,
        "failed: app::insert grew most, by +1,000 B: the heap grew",
    );
    assert!(said.contains(&format!("to see it: heaplens diff {a} {b}\n")), "{said}");
    assert!(said.contains("to suppress it: leak:^app::insert$\n"), "{said}");
    answers(with(&["--max-site-growth", "999"]), 1, "failed: app::insert grew by");
    answers(with(&["--max-rate", "5KiB/h"]), 1, "failed: app::insert grows by 141 KiB/day; --max-rate");
    answers(
        with(&["--max-per-iteration", "9", "--iterations", "100"]),
        1,
        "failed: app::insert grew by +10 B an",
    );
    answers(with(&["--max-per-iteration", "10", "--iterations", "100"]), 0, "passed");
    let other = dir.file("other.heap", dump(2000, 8, 10));
    let restarted = ["--base", a.as_str(), "--new", other.as_str(), "--max-growth", "1"];
    answers(check(&restarted), 3, "inconclusive: the dumps are of two processes (pid 7, then 8)");
    answers(check(&[&restarted[..], &["--strict"]].concat()), 1, "inconclusive: ");
    check(&["--base", "none.heap", "--new", &b, "--max-growth", "1"]).fails(4, &["none.heap"]);
}

#[test]
fn what_cannot_be_answered_is_refused_before_anything_is_read() {
    let two = ["--base", "none", "--new", "none"];
    let with = |more: &[&'static str]| check(&[&two[..], more].concat());
    with(&[]).fails(2, &["two dumps tell no leak", "--max-growth"]);
    with(&["--max-per-iteration", "1"]).fails(2, &["required"]);
    with(&["--max-growth", "1", "--fail-on-increase", "5%"]).fails(2, &["required"]);
    with(&["--max-growth", "1", "dumps"]).fails(2, &["cannot be used"]);
    check(&[]).fails(2, &["required"]);
    check(&["--base", "none", "--max-growth", "1"]).fails(2, &["required"]);
    check(&["--target", "http://127.0.0.1:1"]).fails(2, &["required"]);
    check(&["--target", "127.0.0.1:1", "--for", "1h"]).fails(2, &["write http://127.0.0.1:1"]);
    check(&["--target", "http://127.0.0.1:1", "--for", "3m"]).fails(2, &["make 4 of the 8 dumps"]);
    check(&["--target", "http://127.0.0.1:1", "--for", "9m", "--warmup", "3"])
        .fails(2, &["make 10 dumps", "--warmup 3 leaves fewer than 8"]);
    check(&["--target", "http://127.0.0.1:1", "--for", "3s", "--max-growth", "1"])
        .fails(2, &["make one dump"]);
    check(&["--run", "true", "--max-rate", "1MiB/h"]).fails(2, &["--max-per-iteration"]);
    check(&["--run", "true", "--warmup", "5m"]).fails(2, &["number of rounds"]);
    check(&["dumps", "--iterations", "5"]).fails(2, &["cannot be used"]);
}

#[test]
fn every_form_is_written_and_a_file_says_its_answer_on_stderr() {
    let dir = Dir::new();
    let (a, b) = dir.two();
    let two = ["--base", a.as_str(), "--new", b.as_str(), "--max-growth", "10"];
    let with = |more: &[&str]| check(&[&two[..], more].concat());
    for (format, start) in [
        ("text", "failed: app::insert"),
        (
            "json",
            "{\n  \"schema\": \"heaplens\",\n  \"version\": 1,\n  \"kind\": \"check\",\n  \"outcome\": \"failed\"",
        ),
        ("junit", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "),
        ("sarif", "{\n  \"$schema\": "),
        ("github", "::error title=heaplens check::app::insert grew most"),
    ] {
        let said = answers(with(&["--format", format]), 1, start);
        let out = dir.path("out");
        let ran = with(&["--format", format, "-o", out.to_str().unwrap()]);
        assert_eq!((ran.code, ran.stdout.as_slice()), (Some(1), &b""[..]), "{ran:?}");
        assert!(ran.stderr.ends_with("--max-growth allows 10 B\n"), "{}", ran.stderr);
        assert_eq!(std::fs::read_to_string(out).unwrap(), said);
    }
}

#[test]
fn a_directory_is_a_series_and_a_broken_dump_in_it_is_left_out() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("dumps")).unwrap();
    for minute in 0..12 {
        dir.file(&format!("dumps/{minute}.heap"), dump(1_000_000 * minute, 7, minute));
    }
    let dumps = dir.path("dumps");
    let dumps = dumps.to_str().unwrap();
    let said = answers(check(&[dumps, "--warmup", "0"]), 1, "failed: app::insert leaks: it grows by ");
    assert!(said.contains("to see it: heaplens diff "), "{said}");
    answers(check(&[dumps, "--max-rate", "1GiB/h"]), 0, "passed: nothing grew by more than is allowed, in 1");
    dir.file("dumps/5.heap", "no dump");
    let ran = check(&[dumps, "--warmup", "0"]);
    assert!(ran.stderr.contains("warning: left out: ") && ran.stderr.contains("5.heap"), "{ran:?}");
    answers(ran, 1, "failed: app::insert leaks");
    let few = [dir.file("x.heap", dump(1, 7, 0)), dir.file("y.heap", dump(2, 7, 1))];
    // What filters leave nothing of was not looked at, however it is asked.
    for more in
        [&["--focus", "renamed"][..], &["--ignore", "."], &["--focus", "renamed", "--max-growth", "1GiB"]]
    {
        let with = |format| check(&[&[dumps, "--format", format][..], more].concat());
        let said = "no stack is left after the filters (there were 10.5 MiB before)";
        let text = answers(with("text"), 3, &format!("inconclusive: {said}"));
        assert!(text.contains(&format!("(only stacks of {} ", more[0])), "{text}");
        for format in ["json", "junit", "sarif", "github"] {
            let ran = with(format);
            assert_eq!(ran.code, Some(3), "{ran:?}");
            let stdout = String::from_utf8(ran.stdout).unwrap();
            assert!(stdout.contains(said), "{stdout}");
        }
    }
    answers(check(&[&few[0], &few[1]]), 3, "inconclusive: 2 dumps of one process; 8 are needed");
}

#[test]
fn evidence_is_the_dumps_and_the_picture_of_what_grew() {
    let dir = Dir::new();
    let (a, b) = dir.two();
    let evidence = dir.path("evidence");
    let said = answers(
        check(&["--base", &a, "--new", &b, "--max-growth", "1", "--save", evidence.to_str().unwrap()]),
        1,
        "failed: ",
    );
    assert_eq!(dir.names("evidence"), ["base-a.heap", "growth.svg", "new-b.heap"]);
    assert_eq!(std::fs::read(evidence.join("new-b.heap")).unwrap(), dump(2000, 7, 10));
    let picture = std::fs::read_to_string(evidence.join("growth.svg")).unwrap();
    assert!(picture.contains("app::insert") && picture.contains("What grew"), "{picture}");
    assert!(said.contains("growth.svg, or heaplens diff "), "{said}");
}

#[test]
fn what_is_known_is_not_counted_until_its_last_day() {
    let dir = Dir::new();
    let (a, b) = dir.two();
    let with = |file: &str| {
        let file = dir.file("supp", file);
        check(&["--base", &a, "--new", &b, "--max-growth", "1", "--suppress", &file])
    };
    let said = answers(with("# ours\nleak:insert reason=see 12\nleak:gone\n"), 0, "passed");
    assert!(said.contains("suppressed, +1,000 B: leak:insert in line 2 (see 12)\n"), "{said}");
    assert!(
        said.contains("unused suppression, since nothing that it matches grew: leak:gone in line 3\n"),
        "{said}"
    );
    let said = answers(with("leak:insert until=2001-02-03\n"), 1, "failed");
    assert!(
        said.contains("no longer suppressed, since 2001-02-03 is over: leak:insert in line 1\n"),
        "{said}"
    );
    answers(with("leak:insert until=9999-12-31\n"), 0, "passed");
    with("leak:insert\nwhat\n").fails(4, &["--suppress", "line 2", "\"what\""]);
    let two = ["--base", a.as_str(), "--new", &b, "--max-growth", "1"];
    let none = check(&[&two[..], &["--suppress", "none.txt"]].concat());
    none.fails(4, &["--suppress none.txt: no such file; check the name"]);
    let bytes = dir.file("supp", b"\xff\xfe");
    check(&[&two[..], &["--suppress", &bytes]].concat())
        .fails(4, &["found what is no text", "leak:FUNCTION"]);
}

#[test]
fn an_earlier_check_is_a_baseline() {
    let dir = Dir::new();
    let (a, b) = dir.two();
    let c = dir.file("c.heap", dump(2049, 7, 10));
    let d = dir.file("d.heap", dump(2051, 7, 10));
    let baseline = dir.path("check.json");
    let baseline = baseline.to_str().unwrap();
    let made =
        check(&["--base", &a, "--new", &b, "--max-growth", "1MiB", "--format", "json", "-o", baseline]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let against = |new: &str, more: &[&str]| {
        check(&[&["--base", a.as_str(), "--new", new, "--baseline", baseline], more].concat())
    };
    answers(against(&c, &[]), 0, "passed");
    answers(
        against(&d, &[]),
        1,
        "failed: app::insert grew by +1,051 B; the baseline with --fail-on-increase 5% allows 1,050 B",
    );
    answers(against(&d, &["--fail-on-increase", "6%"]), 0, "passed");
    against(&d, &["--iterations", "10"])
        .fails(2, &["--baseline", "growth per check", "growth per iteration"]);
    against(&b, &["--focus", "insert"]).fails(2, &["--baseline", "all stacks", "--focus \"insert\""]);
    dir.file("check.json", "{}");
    against(&d, &[])
        .fails(4, &["--baseline", "found other JSON (missing field", "heaplens check --format json"]);
    dir.file("check.json", dump(1, 7, 0));
    against(&d, &[]).fails(4, &["--baseline", "found no JSON (", "heaplens check --format json"]);
    std::fs::remove_file(baseline).unwrap();
    against(&d, &[]).fails(4, &["--baseline", "check.json: no such file; check the name"]);
}
