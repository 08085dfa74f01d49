//! What the README and the pages beside it show: commands with their output, the picture, the program text.
//!
//! After an intended change: `TRYCMD=overwrite HEAPLENS_BLESS=1 cargo test -p heaplens-cli --test readme`.

#[path = "../../heaplens/tests/golden/mod.rs"]
mod golden;

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn inputs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme")
}

fn read(path: &str) -> String {
    let path = root().join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    text.replace("\r\n", "\n")
}

/// Blocks marked `console` run where the small dumps are. Those that need a server, or build something, are marked
/// `console,ignore`; their commands are listed here, so that none is skipped unnoticed.
#[test]
fn commands_print_what_is_written() {
    let pages = [
        "README.md",
        "docs/json.md",
        "docs/agent.md",
        "docs/check.md",
        "docs/filters.md",
        "crates/heaplens-cli/README.md",
    ];
    let skipped: Vec<String> = pages.iter().flat_map(|page| skipped(&read(page))).collect();
    let expected = [
        "cargo run --release -- demo",
        "MALLOC_CONF=prof:true cargo run --release -p heaplens-agent --example axum --features axum-08,jemalloc",
        "heaplens capture http://127.0.0.1:4000 -o base.heap",
        "heaplens flamegraph http://127.0.0.1:4000 -o mem.svg",
        "heaplens diff base.heap http://127.0.0.1:4000",
        "heaplens capture http://127.0.0.1:4000 --every 10m --count 6 --out-dir dumps",
        "jeprof --tools=addr2line:./addr2line,/usr/bin/ --collapsed ./server mem.heap",
        "jeprof --collapsed http://127.0.0.1:4000/debug/pprof/heap",
        "go tool pprof -top http://127.0.0.1:4000/debug/pprof/heap",
        "curl -s http://127.0.0.1:4000/debug/prof/mem/status",
        "curl -s http://127.0.0.1:4000/debug/prof/mem",
    ];
    assert_eq!(skipped, expected, "commands that no test runs");

    // The examples write files, so they run on copies. No other test of this process goes by the current directory.
    let copies = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    std::fs::create_dir_all(&copies).unwrap();
    for name in ["base.heap", "leak.heap", "tsdb"] {
        std::fs::copy(inputs().join(name), copies.join(name)).unwrap();
    }
    // A table of an earlier run would answer in the place of the program.
    let _ = std::fs::remove_file(copies.join("tsdb.heaplens-symbols"));
    std::fs::copy(inputs().join("../cmd/dumps.in/two.folded"), copies.join("two.folded")).unwrap();
    std::fs::create_dir_all(copies.join("day")).unwrap();
    for dump in inputs().join("../cmd/leaks.in/day").read_dir().unwrap() {
        let dump = dump.unwrap();
        std::fs::copy(dump.path(), copies.join("day").join(dump.file_name())).unwrap();
    }
    let pages: Vec<PathBuf> = pages.iter().map(|page| root().canonicalize().unwrap().join(page)).collect();
    std::env::set_current_dir(copies).unwrap();
    let cases = trycmd::TestCases::new();
    cases.env("COLUMNS", "100").env("HEAPLENS_NO_CACHE", "1");
    for page in pages {
        cases.case(page);
    }
}

fn skipped(page: &str) -> Vec<String> {
    let blocks = page.split("\n```console,ignore\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("\n```").next().unwrap_or_default().lines());
    lines.filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

#[test]
fn the_picture_is_drawn_from_the_stacks_beside_it() {
    let drawn = Command::new(env!("CARGO_BIN_EXE_heaplens"))
        .args(["flamegraph", "demo.folded", "--title", "What grew under load"])
        .current_dir(inputs())
        .output()
        .unwrap();
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    let drawn = String::from_utf8(drawn.stdout).unwrap();
    if golden::is_written() {
        std::fs::write(root().join("docs/img/diff.svg"), &drawn).unwrap();
    }
    let same = read("docs/img/diff.svg") == drawn;
    assert!(same, "docs/img/diff.svg differs; HEAPLENS_BLESS=1 draws it anew");
}

/// The three lines, as they stand in a program that is compiled (`examples/axum.rs`).
#[test]
fn the_program_text_is_the_examples() {
    let example = read("crates/heaplens-agent/examples/axum.rs");
    let program = example.split_once("\n\n").unwrap().1;
    for page in ["README.md", "crates/heaplens-agent/README.md"] {
        let shown = format!("```rust\n{program}```\n");
        assert!(read(page).contains(&shown), "{page} shows another program than examples/axum.rs");
    }
}
