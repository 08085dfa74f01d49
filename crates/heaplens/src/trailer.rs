//! The lines that our agent appends to a dump, so that one file tells which binary, which run, when, and how
//! much memory the process had. Other readers skip them.
//!
//! ```text
//! # heaplens 1
//! # build-id <hex> <path>                                  one a module; path to the end of the line
//! # process pid=… start=<unix ms> time=<unix ms> exe=… host=…
//! # jemalloc version=… lg_sample=… prof_active_since=<unix ms> active=… maps=none
//! # note …                                                 for people, while sampling is off
//! # stats allocated=… active=… resident=… metadata=… retained=… mapped=…     bytes
//! # rss vmrss=… rssanon=… rssfile=… rssshmem=… lazyfree=… swap=…             bytes
//! # end length=<bytes before "# heaplens 1"> crc32=<hex of those bytes>
//! ```
//!
//! Values hold no spaces: space, `%` and control characters stand as `%20` and so on; newlines in paths as
//! `\012`. Unknown lines and keys are kept and skipped, so that older readers take newer trailers.

use std::collections::BTreeMap;

/// The first line of a trailer, with its version.
pub const MAGIC: &str = "# heaplens 1";

/// What a dump says about the process that wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trailer {
    /// `(build-id in lower-case hex, path)` of each loaded module.
    pub build_ids: Vec<(String, String)>,
    /// Process id.
    pub pid: Option<u64>,
    /// When the process started, in Unix milliseconds.
    pub start_ms: Option<u64>,
    /// When the dump was made, in Unix milliseconds.
    pub time_ms: Option<u64>,
    /// Path of the executable.
    pub exe: Option<String>,
    /// Host name.
    pub host: Option<String>,
    /// jemalloc's version string.
    pub jemalloc_version: Option<String>,
    /// False if profiling was switched off when the dump was made.
    pub active: Option<bool>,
    /// When profiling was last switched on, in Unix milliseconds; `None` if it has been on since the start.
    pub active_since_ms: Option<u64>,
    /// jemalloc's `stats.*`, in bytes: allocated, active, resident, metadata, retained, mapped.
    pub stats: BTreeMap<String, u64>,
    /// The kernel's figures, in bytes: vmrss, rssanon, rssfile, rssshmem, lazyfree, swap.
    pub rss: BTreeMap<String, u64>,
    /// True if the closing line was there and length and checksum were those of the dump.
    pub sealed: bool,
}

/// The file name of a program's path, without what Linux says of one that was deleted.
pub fn program_name(exe: &str) -> &str {
    let exe = exe.strip_suffix(" (deleted)").unwrap_or(exe);
    exe.rsplit('/').next().unwrap_or(exe)
}

/// How a trailer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// Length and checksum fit the dump before it.
    Intact,
    /// The closing line is missing: the file was cut inside the trailer.
    Missing,
    /// Length or checksum differ: the dump before it is not what was written.
    Broken,
}

/// Splits a dump's bytes before its trailer: `(jemalloc's text, trailer)`; the trailer is empty if there is none.
pub fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut finder = memchr::memmem::rfind_iter(bytes, MAGIC.as_bytes());
    let at = finder.find(|&at| at == 0 || bytes[at - 1] == b'\n').unwrap_or(bytes.len());
    bytes.split_at(at)
}

impl Trailer {
    /// Reads the trailer lines that follow `body` (jemalloc's own text); lenient in all but the seal.
    pub fn parse(body: &[u8], trailer: &[u8]) -> (Trailer, Seal) {
        let mut parsed = Trailer::default();
        let mut seal = Seal::Missing;
        for line in String::from_utf8_lossy(trailer).split_inclusive('\n') {
            let whole = line.ends_with('\n');
            let Some((word, rest)) =
                line.trim_end_matches(['\n', '\r']).strip_prefix("# ").and_then(|l| l.split_once(' '))
            else {
                continue;
            };
            match word {
                "build-id" => {
                    if let Some((id, path)) = rest.split_once(' ') {
                        let plain = id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit());
                        if plain {
                            let path = crate::octal::unescaped(path.as_bytes());
                            let path = String::from_utf8_lossy(&path).into_owned();
                            parsed.build_ids.push((id.to_ascii_lowercase(), path));
                        }
                    }
                }
                "process" => {
                    for (key, value) in pairs(rest) {
                        match key {
                            "pid" => parsed.pid = value.parse().ok(),
                            "start" => parsed.start_ms = value.parse().ok(),
                            "time" => parsed.time_ms = value.parse().ok(),
                            "exe" => parsed.exe = Some(value),
                            "host" => parsed.host = Some(value),
                            _ => {}
                        }
                    }
                }
                "jemalloc" => {
                    for (key, value) in pairs(rest) {
                        match key {
                            "version" => parsed.jemalloc_version = Some(value),
                            "active" => parsed.active = value.parse().ok(),
                            "prof_active_since" => parsed.active_since_ms = value.parse().ok(),
                            _ => {}
                        }
                    }
                }
                "stats" => parsed.stats.extend(numbers(rest)),
                "rss" => parsed.rss.extend(numbers(rest)),
                "end" if whole => {
                    let value = |name| pairs(rest).find(|(key, _)| *key == name).map(|(_, value)| value);
                    let length = value("length").and_then(|v| v.parse::<u64>().ok());
                    let crc = value("crc32").and_then(|v| u32::from_str_radix(&v, 16).ok());
                    let fits = length == Some(body.len() as u64) && crc == Some(crc32fast::hash(body));
                    seal = if fits { Seal::Intact } else { Seal::Broken };
                }
                _ => {}
            }
        }
        parsed.sealed = seal == Seal::Intact;
        (parsed, seal)
    }
}

impl Trailer {
    /// The build-id that the trailer gives for a path. Looks at each; for many paths make a map.
    pub fn build_id_of(&self, path: &str) -> Option<&str> {
        self.build_ids.iter().find(|(_, p)| p == path).map(|(id, _)| id.as_str())
    }
}

/// Appends a trailer to the text of a dump, which ends with a line: what is known of its process, and the build-ids of
/// its modules with their paths.
pub(crate) fn append<'a>(
    text: &mut Vec<u8>,
    facts: &Trailer,
    build_ids: impl Iterator<Item = (&'a str, &'a str)>,
) {
    let (length, crc32) = (text.len(), crc32fast::hash(text));
    let mut lines = format!("{MAGIC}\n");
    let number = |key: &str, value: Option<u64>| value.map(|value| format!(" {key}={value}"));
    let text_value =
        |key: &str, value: &Option<String>| value.as_deref().map(|v| format!(" {key}={}", percent_encode(v)));
    let mut line = |word: &str, pairs: Vec<Option<String>>| {
        let pairs: String = pairs.into_iter().flatten().collect();
        if !pairs.is_empty() {
            lines.push_str(&format!("# {word}{pairs}\n"));
        }
    };
    line(
        "process",
        vec![
            number("pid", facts.pid),
            number("start", facts.start_ms),
            number("time", facts.time_ms),
            text_value("exe", &facts.exe),
            text_value("host", &facts.host),
        ],
    );
    line(
        "jemalloc",
        vec![
            text_value("version", &facts.jemalloc_version),
            number("prof_active_since", facts.active_since_ms),
            facts.active.map(|active| format!(" active={active}")),
        ],
    );
    let figures = |figures: &BTreeMap<String, u64>| {
        figures.iter().map(|(key, value)| number(key, Some(*value))).collect()
    };
    line("stats", figures(&facts.stats));
    line("rss", figures(&facts.rss));
    for (id, path) in build_ids {
        lines.push_str(&format!("# build-id {id} {}\n", crate::octal::escaped(path)));
    }
    text.extend(lines.bytes());
    text.extend(format!("# end length={length} crc32={crc32:08x}\n").bytes());
}

fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_graphic() && byte != b'%' {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, String)> {
    text.split(' ').filter_map(|word| word.split_once('=')).map(|(key, value)| (key, percent_decode(value)))
}

fn numbers(text: &str) -> impl Iterator<Item = (String, u64)> {
    pairs(text).filter_map(|(key, value)| Some((key.to_owned(), value.parse().ok()?)))
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'%')
            .then(|| tail.get(..2).and_then(|d| std::str::from_utf8(d).ok()))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
