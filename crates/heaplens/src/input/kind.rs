//! What a file is that is no profile: people fetch error pages and mistake binaries for dumps.

use crate::error::Error;

/// True if the first line that matters is heap_v2's.
pub(super) fn is_heap_v2(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = bytes.split(|&b| b == b'\n');
    lines
        .find(|l| !l.starts_with(b"%") && !l.trim_ascii().is_empty())
        .is_some_and(|l| l.starts_with(b"heap_v2/"))
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
    if start.starts_with(b"{") || start.starts_with(b"[{") {
        return Some(json(start));
    }
    if start.starts_with(b"heap profile:") || start.starts_with(b"heapz_v2") || start.starts_with(b"growthz")
    {
        return is(
            "a gperftools heap profile",
            "heaplens reads jemalloc's heap_v2 dumps, pprof and folded stacks; `jeprof --collapsed` turns this one into folded stacks",
        );
    }
    if let Some(what) = of_gperftools(bytes) {
        return is(what, "heaplens reads heap profiles only; use pprof or jeprof for it");
    }
    if start.starts_with(b"--- ") {
        return is(
            "a symbolized profile of jeprof",
            "give the dump it was made from, or its folded stacks (`jeprof --collapsed`)",
        );
    }
    if memchr::memchr(0, &bytes[..bytes.len().min(4096)]).is_some() {
        let shown = &bytes[..bytes.len().min(8)];
        return Some((
            format!("binary data that starts with `{}`", shown.escape_ascii()),
            "expected text that starts with heap_v2/, pprof's protobuf, or folded stacks".to_owned(),
        ));
    }
    None
}

/// Profiles of gperftools that are none of a heap.
fn of_gperftools(bytes: &[u8]) -> Option<&'static str> {
    // A count of 0, then the number of words that follow in the header: 3; words of either size.
    let is_cpu =
        |word: usize| bytes.len() > word && bytes[..word].iter().all(|&b| b == 0) && bytes[word] == 3;
    let header = bytes.split(|&b| b == b'\n').find(|line| !line.starts_with(b"%")).unwrap_or_default();
    let section = header.strip_prefix(b"---").map(<[u8]>::trim_ascii_start).unwrap_or_default();
    let titled = |titles: &[&[u8]]| titles.iter().any(|title| section.starts_with(title));
    if is_cpu(8) || is_cpu(4) || titled(&[b"profile"]) {
        Some("a CPU profile of gperftools")
    } else if titled(&[b"contention", b"Stacks:"]) {
        Some("a contention profile of gperftools")
    } else {
        None
    }
}

fn json(text: &[u8]) -> (String, String) {
    let object = serde_json::from_slice::<serde_json::Value>(text).ok();
    let field = |name: &str| object.as_ref()?.get(name)?.as_str().map(shorten);
    match field("error") {
        Some(error) => (
            format!("an error that a server answered as JSON: \"{error}\""),
            field("fix").unwrap_or_else(|| "ask the server what is wrong, then fetch again".to_owned()),
        ),
        None => ("JSON".to_owned(), "expected text that starts with heap_v2/, or folded stacks".to_owned()),
    }
}

fn shorten(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(300).collect()
}
