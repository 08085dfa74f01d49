//! Wrong files, streams that never end, pipes that close.

use crate::run::{fixture, gzip, heaplens, run, run_with_stdin};
use crate::server::Server;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn every_wrong_kind_of_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let elf = std::fs::read(env!("CARGO_BIN_EXE_heaplens")).unwrap();
    let kinds: [(&str, &[u8], &str); 5] = [
        ("page", b"<!DOCTYPE html>\n<html><body>Not Found</body></html>\n", "HTML"),
        ("json", br#"{"error":"Memory profiling is not enabled"}"#, "Memory profiling is not enabled"),
        ("elf", &elf[..200_000], "ELF"),
        ("empty", b"", "empty"),
        ("zeros", &[0; 100_000], "not a heap profile"),
    ];
    for (name, bytes, word) in kinds {
        for packed in [false, true] {
            let path = dir.path().join(format!("{name}{}", if packed { ".gz" } else { "" }));
            std::fs::write(&path, if packed { gzip(bytes) } else { bytes.to_vec() }).unwrap();
            for command in ["top", "folded", "flamegraph"] {
                let ran = run([OsStr::new(command), path.as_os_str()]);
                ran.fails(4, &[path.to_str().unwrap(), word]);
            }
        }
    }
}

#[test]
fn a_damaged_gzip_file_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.heap.gz");
    let packed = gzip(&std::fs::read(fixture("leak.heap")).unwrap());
    std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    run([OsStr::new("top"), path.as_os_str()]).fails(4, &["gzip"]);
}

#[test]
fn a_mistyped_name_is_an_error_and_never_a_request() {
    run(["top", "mem.hepa"]).fails(4, &["mem.hepa", "no such file"]);
    let server = Server::fixed("200 OK", "", b"main;f 1\n");
    let name = format!("{}/debug/prof/mem", server.address);
    for command in ["top", "folded", "flamegraph"] {
        run([command, &name]).fails(4, &[&format!("write http://{name}")]);
    }
    run(["capture", &name]).fails(2, &[&format!("write http://{name}")]);
    assert!(server.requests().is_empty(), "a request was made");
    run(["top", "ftp://host/x"]).fails(4, &["http://"]);
}

#[cfg(unix)]
#[test]
fn files_that_never_end_are_refused_or_cut() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    run([OsStr::new("top"), fifo.as_os_str()]).fails(4, &["not a regular file"]);
    run(["top", "/dev/zero"]).fails(4, &["/dev/zero", "not a regular file"]);
    run([OsStr::new("top"), dir.path().as_os_str()]).fails(4, &["directory"]);
    for name in ["-", "/dev/stdin", "/dev/fd/0"] {
        let zeros = std::fs::File::open("/dev/zero").unwrap();
        let ran = heaplens(["top", name]).stdin(zeros).output().unwrap();
        crate::run::Ran::from(ran).fails(4, &["not a heap profile"]);
    }
    run_with_stdin(["top", "--max-size", "1MiB", "-"], "main;f 1\n".repeat(1 << 18).as_bytes())
        .fails(4, &["standard input", "larger than 1 MiB", "--max-size"]);
    let bomb = gzip(&vec![b'x'; 8 << 20]);
    run_with_stdin(["top", "--max-size", "1MiB", "-"], &bomb).fails(4, &["gzip", "limit"]);
}

#[test]
fn a_file_above_the_cap_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sparse");
    std::fs::File::create(&path).unwrap().set_len(1 << 42).unwrap();
    run([OsStr::new("top"), path.as_os_str()]).fails(4, &["larger than 4 GiB"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("many.folded");
    let many: String = (0..50_000).map(|i| format!("main;f{i} {i}\n")).collect();
    std::fs::write(&path, many).unwrap();
    for command in ["folded", "top", "flamegraph"] {
        let mut child = heaplens([OsStr::new(command), OsStr::new("-"), path.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Gone before the program can write, since it still waits for its input.
        drop(child.stdout.take());
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"main;g 1\n").expect("it still reads");
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), &*String::from_utf8_lossy(&output.stderr)),
            (Some(0), ""),
            "{command}"
        );
    }
}

#[test]
fn several_inputs_are_summed_from_anywhere() {
    let bytes = std::fs::read(fixture("leak.heap")).unwrap();
    let path = fixture("leak.heap");
    let path = path.to_str().unwrap();
    let once = run(["folded", "--no-symbols", path]).ok();
    let twice = run_with_stdin(["folded", "--no-symbols", path, "-"], &gzip(&bytes)).ok();
    assert_eq!(once.lines().count(), 4);
    for (one, two) in once.lines().zip(twice.lines()) {
        let split = |line: &str| {
            line.rsplit_once(' ').map(|(stack, n)| (stack.to_owned(), n.parse::<u64>().unwrap()))
        };
        let ((stack, one), (same, two)) = (split(one).unwrap(), split(two).unwrap());
        // Fractions of a byte are cut off after the sum.
        assert!(stack == same && (two == 2 * one || two == 2 * one + 1), "{stack}: {one}, {two}");
    }
    run(["top", "-", "-"]).fails(2, &["only once"]);
}

#[test]
fn a_difference_of_a_dump_with_itself_is_nothing() {
    let path = fixture("leak.heap");
    let path = path.to_str().unwrap();
    let folded = run(["folded", "--base", path, path]).ok();
    assert_eq!(folded.lines().count(), 4);
    for line in folded.lines() {
        let columns: Vec<&str> = line.rsplitn(3, ' ').collect();
        assert_eq!(columns[0], columns[1], "{line}");
    }
}

#[test]
fn diff_is_top_with_a_base() {
    let (base, leak) = (fixture("base.heap"), fixture("leak.heap"));
    let (base, leak) = (base.to_str().unwrap(), leak.to_str().unwrap());
    let diff = run(["diff", base, leak, "-n", "3"]).ok();
    assert_eq!(diff, run(["top", "--base", base, leak, "-n", "3"]).ok());
    assert!(diff.contains("tsdb+0xd010"), "{diff}");
}

#[test]
fn names_reach_the_terminal_without_control_characters() {
    let stacks = "main;a\u{1b}[2Jb\u{202e};c 5\n";
    let table = run_with_stdin(["top", "-"], stacks.as_bytes()).ok();
    assert!(!table.contains(['\u{1b}', '\u{202e}']), "{table:?}");
    let folded = run_with_stdin(["folded", "-"], stacks.as_bytes()).ok();
    assert!(!folded.contains('\u{1b}'), "{folded:?}");
    let ran = run(["top", "no\u{1b}[2Jsuch"]);
    assert!(!ran.stderr.contains('\u{1b}'), "{ran:?}");
    ran.fails(4, &["no such file"]);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in [
        &["top"][..],
        &["frobnicate"],
        &["top", "--sample", "nothing", "x"],
        &["top", "--max-size", "much", "x"],
    ] {
        assert_eq!(run(args).code, Some(2), "{args:?}");
    }
    let path = fixture("leak.heap");
    let focus = run([OsStr::new("top"), OsStr::new("--focus"), OsStr::new("("), path.as_os_str()]);
    focus.fails(2, &["--focus", "("]);
}

#[cfg(unix)]
#[test]
fn an_output_file_is_whole_or_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.svg");
    let folded = fixture("stacks.folded");
    let args = |out: &Path| {
        ["flamegraph".into(), folded.clone().into_os_string(), "-o".into(), out.as_os_str().to_owned()]
    };
    run(args(&out)).ok();
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("<svg") && text.trim_end().ends_with("</svg>"));
    run(args(Path::new("/dev/null"))).ok();
    run(args(&dir.path().join("none/out.svg"))).fails(4, &["none/out.svg"]);
    // The input is not a place for the result.
    let copy = dir.path().join("copy.folded");
    std::fs::copy(&folded, &copy).unwrap();
    run([OsStr::new("flamegraph"), copy.as_os_str(), OsStr::new("-o"), copy.as_os_str()])
        .fails(2, &["input"]);
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&folded).unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file stays");
}

#[test]
fn a_binary_that_is_not_there_or_of_no_use_is_said() {
    let dump = fixture("leak.heap");
    let with =
        |option: &str, value: &OsStr| run([OsStr::new("top"), OsStr::new(option), value, dump.as_os_str()]);
    with("--binary", OsStr::new("no-such-binary")).fails(4, &["--binary no-such-binary"]);
    with("--binary-dir", dump.as_os_str()).fails(4, &["expected a directory"]);
    let useless = with("--binary", dump.as_os_str());
    assert!(useless.stderr.contains("was not used"), "{useless:?}");
    useless.ok();
}

#[test]
fn a_pattern_that_matches_nothing_is_said() {
    let dump = fixture("leak.heap");
    let none = run(["top", "--no-symbols", "--focus", "nosuch", dump.to_str().unwrap()]);
    assert!(none.stderr.contains("no stack is left"), "{none:?}");
    assert!(none.ok().contains("no stack that is shown has a sample (one in 512 KiB on average)"));
}
