//! The walls that ARCHITECTURE.md draws inside this crate, where the compiler does not hold them.

use std::path::{Path, PathBuf};

/// Every source file of the library: its path under `src` with forward slashes, and its text without unit tests and comments.
fn sources() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        (name, lines.map(|line| format!("{line}\n")).collect())
    };
    let sources: Vec<(String, String)> =
        files.into_iter().map(read).filter(|(name, _)| !is_test(name)).collect();
    assert!(sources.len() > 30, "the sources were not found");
    sources
}

/// Files of unit tests only.
fn is_test(name: &str) -> bool {
    name.ends_with("tests.rs") || name.contains("/tests/")
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// Files outside `allowed` that have one of the words, as `file: word`.
fn offenders(words: &[&str], allowed: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in sources() {
        for word in words.iter().filter(|w| text.contains(**w) && !name.starts_with(allowed)) {
            found.push(format!("{name}: {word}"));
        }
    }
    found
}

#[test]
fn only_symbols_open_files() {
    assert_eq!(offenders(&["std::fs", "fs::File", "std::env"], "symbols/"), [""; 0]);
}

#[test]
fn nothing_starts_a_program_asks_a_network_or_reads_a_clock() {
    let words = ["std::process", "std::net", "SystemTime", "Instant::", "std::io::stdout", "println!"];
    assert_eq!(offenders(&words, "(none)"), [""; 0]);
}

#[test]
fn only_outputs_are_serialized_and_only_inputs_deserialized() {
    assert_eq!(offenders(&["Serialize"], "out/"), [""; 0]);
    assert_eq!(offenders(&["Deserialize"], "input/"), [""; 0]);
    let serde = offenders(&["use serde::"], "out/");
    assert!(serde.iter().all(|found| found.starts_with("input/")), "{serde:?}");
}

#[test]
fn the_search_finds_what_is_there() {
    assert!(!offenders(&["std::fs"], "(none)").is_empty());
    assert!(!offenders(&["use serde::"], "(none)").is_empty());
}
