//! Writes the trailer behind jemalloc's text; `heaplens::trailer` documents the grammar and reads it.

use std::fmt::Write as _;

use crate::complete::{Maps, maps_of};
use crate::process::{self, Memory};
use crate::state::State;
use crate::stats::{self, Stats};

/// What goes into a trailer.
pub(crate) struct Facts {
    /// `(build-id in hex, path as the mappings show it)`.
    pub(crate) build_ids: Vec<(String, Vec<u8>)>,
    pub(crate) pid: u32,
    pub(crate) start_ms: Option<u64>,
    pub(crate) time_ms: u64,
    pub(crate) exe: Option<Vec<u8>>,
    pub(crate) host: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) lg_sample: Option<u64>,
    pub(crate) active_since_ms: Option<u64>,
    pub(crate) state: State,
    pub(crate) maps: Maps,
    pub(crate) stats: Stats,
    pub(crate) memory: Memory,
}

/// Gathers the facts for a dump that was just taken.
pub(crate) fn facts(text: &[u8], maps: Maps, state: State, active_since_ms: Option<u64>) -> Facts {
    Facts {
        build_ids: build_ids(maps_of(text).unwrap_or_default()),
        pid: std::process::id(),
        start_ms: process::start_ms(),
        time_ms: process::now_ms(),
        exe: process::executable().map(|path| path.into_os_string().into_encoded_bytes()),
        host: process::host(),
        version: stats::version(),
        lg_sample: stats::lg_sample(),
        active_since_ms,
        state,
        maps,
        stats: stats::read_totals(),
        memory: process::memory(),
    }
}

/// The build-ids of the loaded modules, with the paths that the mappings give them.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) fn build_ids(maps: &[u8]) -> Vec<(String, Vec<u8>)> {
    let name = |(index, module): (usize, &crate::sys::modules::Module)| {
        // The mapping's path is what readers look up; the loader's name may be relative or a link.
        let path = path_at(maps, module.address).map(<[u8]>::to_vec).or_else(|| {
            // Without mappings only the first module has a name: the program itself.
            (index == 0)
                .then(process::executable)
                .flatten()
                .map(|path| escape_path(path.as_os_str().as_encoded_bytes()))
        })?;
        let mut id = String::new();
        for byte in module.build_id() {
            let _ = write!(id, "{byte:02x}");
        }
        Some((id, path))
    };
    crate::sys::modules::loaded().iter().enumerate().filter_map(name).collect()
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn build_ids(_maps: &[u8]) -> Vec<(String, Vec<u8>)> {
    Vec::new()
}

/// The path of the mapping that holds an address, as it stands in the line, without ` (deleted)`.
fn path_at(maps: &[u8], address: u64) -> Option<&[u8]> {
    maps.split(|&byte| byte == b'\n').find_map(|line| {
        let space = line.iter().position(|&byte| byte == b' ')?;
        let (range, mut rest) = line.split_at(space);
        let (from, to) = std::str::from_utf8(range).ok()?.split_once('-')?;
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        if !(from..to).contains(&address) {
            return None;
        }
        // Permissions, offset, device, inode.
        for _ in 0..4 {
            rest = rest.trim_ascii_start();
            rest = &rest[rest.iter().position(|&byte| byte == b' ')?..];
        }
        let path = rest.trim_ascii_start();
        let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
        (!path.is_empty()).then_some(path)
    })
}

/// Octal escapes, as the kernel writes them, for what would end the line.
fn escape_path(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    for &byte in path {
        if byte.is_ascii_control() {
            out.extend(format!("\\{byte:03o}").bytes());
        } else {
            out.push(byte);
        }
    }
    out
}

/// Escapes a value: no spaces, no control characters, ASCII only.
fn escape_value(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    for &byte in value {
        if byte.is_ascii_graphic() && byte != b'%' {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A line of `key=value` pairs.
struct Line(String);

impl Line {
    fn new(word: &str) -> Line {
        Line(format!("# {word}"))
    }

    fn pair(mut self, key: &str, value: impl std::fmt::Display) -> Line {
        let _ = write!(self.0, " {key}={value}");
        self
    }

    fn maybe(self, key: &str, value: Option<impl std::fmt::Display>) -> Line {
        match value {
            Some(value) => self.pair(key, value),
            None => self,
        }
    }
}

/// Appends the trailer to jemalloc's text.
pub(crate) fn append(text: &mut Vec<u8>, facts: &Facts) {
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    let (length, crc32) = (text.len(), crc32fast::hash(text));
    let mut line = |line: Line| {
        text.extend(line.0.bytes());
        text.push(b'\n');
    };
    line(Line::new("heaplens 1"));
    line(
        Line::new("process")
            .pair("pid", facts.pid)
            .maybe("start", facts.start_ms)
            .pair("time", facts.time_ms)
            .maybe("exe", facts.exe.as_deref().map(escape_value))
            .maybe("host", facts.host.as_deref().map(|host| escape_value(host.as_bytes()))),
    );
    line(
        Line::new("jemalloc")
            .maybe("version", facts.version.as_deref().map(|text| escape_value(text.as_bytes())))
            .maybe("lg_sample", facts.lg_sample)
            .maybe("prof_active_since", facts.active_since_ms)
            .pair("active", facts.state == State::Active)
            .maybe("maps", (facts.maps == Maps::Absent).then_some("none")),
    );
    if facts.state == State::Inactive {
        line(Line::new(
            "note profiling is inactive: only what was sampled while it was active, and is still live, is shown",
        ));
    }
    let figures = |word, figures: &[(&'static str, u64)]| {
        figures.iter().fold(Line::new(word), |line, (key, value)| line.pair(key, value))
    };
    line(figures("stats", &facts.stats.bytes));
    line(figures("rss", &facts.memory.bytes));
    for (id, path) in &facts.build_ids {
        text.extend(format!("# build-id {id} ").bytes());
        text.extend(path);
        text.push(b'\n');
    }
    text.extend(format!("# end length={length} crc32={crc32:08x}\n").bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use heaplens::trailer::{Seal, Trailer, split};

    fn sample() -> Facts {
        Facts {
            build_ids: vec![("00ff00ff00ff00ff".into(), b"/opt/a b/x\\012y".to_vec())],
            pid: 7,
            start_ms: Some(5),
            time_ms: 6,
            exe: Some(b"/opt/100% a\nb\xff".to_vec()),
            host: Some("h".into()),
            version: Some("5.3.1-0-gabc".into()),
            lg_sample: Some(19),
            active_since_ms: None,
            state: State::Inactive,
            maps: Maps::Absent,
            stats: Stats { bytes: vec![("allocated", 1), ("mapped", 2)] },
            memory: Memory { bytes: vec![("vmrss", 3)], threads: None },
        }
    }

    #[test]
    fn the_library_reads_what_is_written_here() {
        let mut text = b"heap_v2/1\n".to_vec();
        append(&mut text, &sample());
        let (body, tail) = split(&text);
        let (trailer, seal) = Trailer::parse(body, tail);
        assert_eq!((body, seal), (&b"heap_v2/1\n"[..], Seal::Intact));
        assert_eq!((trailer.pid, trailer.start_ms, trailer.time_ms), (Some(7), Some(5), Some(6)));
        assert_eq!(trailer.exe.as_deref(), Some("/opt/100% a\nb\u{fffd}"));
        assert_eq!(trailer.jemalloc_version.as_deref(), Some("5.3.1-0-gabc"));
        assert_eq!(trailer.active_since_ms, None);
        assert_eq!((trailer.stats["allocated"], trailer.stats["mapped"]), (1, 2));
        assert_eq!(trailer.rss["vmrss"], 3);
        assert_eq!(trailer.build_ids.len(), 1);
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains(" maps=none\n") && text.contains("\n# note profiling is inactive"), "{text}");
    }

    #[test]
    fn a_missing_line_end_is_added_and_counted() {
        let mut text = b"heap_v2/1".to_vec();
        append(&mut text, &sample());
        let (body, tail) = split(&text);
        assert_eq!(body, b"heap_v2/1\n");
        assert_eq!(Trailer::parse(body, tail).1, Seal::Intact);
    }

    #[test]
    fn paths_come_from_the_mapping_that_holds_the_address() {
        let maps = b"1000-2000 r-xp 00000000 fe:00 42                 /usr/bin/a b (deleted)\n\
            2000-3000 r-xp 00000000 00:00 0 \n\
            7f0000000000-7f0000001000 r-xp 00000000 00:00 0                  [vdso]\n";
        assert_eq!(path_at(maps, 0x1fff), Some(&b"/usr/bin/a b"[..]));
        assert_eq!(path_at(maps, 0x2000), None);
        assert_eq!(path_at(maps, 0x7f00_0000_0010), Some(&b"[vdso]"[..]));
        assert_eq!(path_at(b"", 1), None);
        assert_eq!(escape_path(b"a\nb\x1b c"), b"a\\012b\\033 c");
    }
}
