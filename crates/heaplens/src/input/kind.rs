//! What a file is that is no profile: people fetch error pages and mistake binaries for dumps.

use super::folded;
use super::lines::title;
use crate::error::Error;
use memchr::memmem;
use serde::Deserialize;

/// What can be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    HeapV2,
    Gperftools,
    Symbolized,
    ProfLog,
    ProfRecent,
    /// Anything else that is text.
    Folded,
}

/// What the bytes look like, once [`not_a_profile`] has not refused them.
pub(super) fn of(bytes: &[u8]) -> Kind {
    let line = first_line(bytes);
    if line.starts_with(b"heap_v2/") {
        return Kind::HeapV2;
    }
    if line.starts_with(b"heap profile:") {
        return Kind::Gperftools;
    }
    if matches!(title(line), Some(b"symbol" | b"heap")) {
        return Kind::Symbolized;
    }
    if line.trim_ascii_start().starts_with(b"{") {
        let has = |name: &str| memmem::find(bytes, name.as_bytes()).is_some();
        // One that was cut has the first of these alone.
        if has("\"lg_sample_rate\"") || has("\"stack_traces\"") {
            return Kind::ProfLog;
        }
        if has("\"recent_alloc\"") {
            return Kind::ProfRecent;
        }
    }
    Kind::Folded
}

/// The first line that matters.
fn first_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = bytes.split(|&b| b == b'\n');
    lines.find(|l| !l.starts_with(b"%") && !l.trim_ascii().is_empty()).unwrap_or_default()
}

/// The error for bytes that can be told to be something else.
pub(super) fn not_a_profile(bytes: &[u8]) -> Option<Error> {
    let (found, hint) = describe(bytes)?;
    Some(Error::NotAProfile { found, hint })
}

fn describe(bytes: &[u8]) -> Option<(String, String)> {
    let is = |found: &str, hint: &str| Some((found.to_owned(), hint.to_owned()));
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let text_start = start[..start.len().min(512)].to_ascii_lowercase();
    if start.is_empty() {
        return is("an empty file", "did the download or the dump fail?");
    }
    match bytes {
        [0x7f, b'E', b'L', b'F', ..] => {
            return is("an ELF binary", "name the dump as input and the binary with --binary");
        }
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => {
            return is("a Mach-O binary", "name the dump as input and the binary with --binary");
        }
        [b'M', b'Z', _, 0, ..] => {
            return is("a Windows binary", "name the dump as input and the binary with --binary");
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => return is("zstd-compressed data", "unpack it with zstd -d first"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => return is("xz-compressed data", "unpack it with xz -d first"),
        [b'P', b'K', 3, 4, ..] => return is("a zip archive", "unpack it first"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return is("text in UTF-16", "PowerShell's `>` writes that: save the raw bytes, as curl -o does");
        }
        _ => {}
    }
    if text_start.starts_with(b"<!doctype html") || text_start.starts_with(b"<html") {
        return is("an HTML page", "does the address lead to the profiling endpoint, and past a login?");
    }
    if text_start.starts_with(b"<?xml") || text_start.starts_with(b"<svg") {
        return is("XML or an SVG picture", "give the dump itself, not a picture of it");
    }
    if text_start.starts_with(b"http/1.") || text_start.starts_with(b"http/2") {
        return is("an HTTP answer with its head", "save the body alone: curl without -i");
    }
    if text_start.starts_with(b"# help ") || text_start.starts_with(b"# type ") {
        return is("metrics for Prometheus", "the profile has another address, such as /debug/prof/mem");
    }
    let first = first_line(bytes);
    let is_json = (start.starts_with(b"{") && of(bytes) == Kind::Folded) || start.starts_with(b"[{");
    // PHP names a function `{closure}`.
    if is_json && !folded::is_stack(first) {
        return Some(json(start));
    }
    let is_growth = first.starts_with(b"heap profile:") && memmem::find(first, b"growth").is_some();
    if is_growth || first.starts_with(b"growthz") || title(first) == Some(b"growth") {
        return is(
            "a gperftools heap growth profile",
            "it counts where the heap grew, whether that was freed or not; fetch /pprof/heap instead",
        );
    }
    const OTHERS: &str =
        "heaplens reads heap profiles; `go tool pprof` and gperftools' pprof read the others";
    let is_title = |words: &[&str]| {
        title(first).is_some_and(|title| words.iter().any(|word| title.starts_with(word.as_bytes())))
    };
    if is_title(&["contention", "Stacks:", "mutex"]) {
        return is("a profile of lock contention", OTHERS);
    }
    if is_title(&["profile", "wall", "pmuprofile"]) || is_cpu_profile(bytes) {
        return is("a CPU profile", OTHERS);
    }
    if first.starts_with(b"goroutine profile:") || first.starts_with(b"threadcreate profile:") {
        return is("a profile of goroutines or threads", OTHERS);
    }
    // Behind names another part begins, which is looked at by itself.
    let has_zeros = memchr::memchr(0, &bytes[..bytes.len().min(4096)]).is_some();
    if has_zeros && of(bytes) != Kind::Symbolized {
        let shown = &bytes[..bytes.len().min(8)];
        return Some((
            format!("binary data that starts with `{}`", shown.escape_ascii()),
            "expected one of the forms in docs/formats.md, such as text that starts with heap_v2/".to_owned(),
        ));
    }
    None
}

/// What servers answer instead of a profile; other fields are skipped, not kept.
#[derive(Deserialize)]
struct Answer {
    error: String,
    fix: Option<String>,
}

fn json(text: &[u8]) -> (String, String) {
    match serde_json::from_slice::<Answer>(text) {
        Ok(Answer { error, fix }) => (
            format!("an error that a server answered as JSON: \"{}\"", shorten(&error)),
            fix.map_or_else(
                || "ask the server what is wrong, then fetch again".to_owned(),
                |fix| shorten(&fix),
            ),
        ),
        Err(_) => (
            "JSON".to_owned(),
            "expected text that starts with heap_v2/, folded stacks, or jemalloc's prof_log or prof_recent"
                .to_owned(),
        ),
    }
}

fn shorten(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(300).collect()
}

/// gperftools' binary header: words 0, 3, 0, period, 0, of 4 or 8 bytes in either order.
fn is_cpu_profile(bytes: &[u8]) -> bool {
    let word = |size: usize, index: usize, big: bool| -> Option<u64> {
        let word = bytes.get(index * size..)?.get(..size)?;
        let shift = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if big { word.iter().fold(0, shift) } else { word.iter().rev().fold(0, shift) })
    };
    [4, 8].into_iter().any(|size| {
        [false, true].into_iter().any(|big| {
            let at = |index| word(size, index, big);
            (at(0), at(1), at(2)) == (Some(0), Some(3), Some(0)) && at(3).is_some_and(|period| period > 0)
        })
    })
}
