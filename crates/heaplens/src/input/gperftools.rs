//! gperftools' heap profile as text, and Go's (`/debug/pprof/heap?debug=1`), which has the same form.
//!
//! ```text
//! heap profile:   1246:  8800744 [  1246:  8800744] @ heap_v2/524288
//!     1:   262144 [     1:   262144] @ 0x55d0a0001234 0x55d0a0005678
//! MAPPED_LIBRARIES:
//! 55d0a0000000-55d0a0009000 r-xp …
//! ```
//!
//! What the word behind `@` says of sampling is as jeprof has it (`ReadHeapProfile`, `AdjustSamples`).

use super::budget::Budget;
use super::lines::{self, Line};
use crate::addresses::{Addresses, Symbols};
use crate::error::{Error, Warning};
use crate::maps::{self, Maps};
use crate::profile::{Meta, Profile, Sample, Values};
use crate::sampling::{unsample, unsample_periodic};
use memchr::memmem;
use std::borrow::Cow;

/// What gperftools samples by if it does not say.
const DEFAULT_INTERVAL: f64 = 131_072.0;
const HEADER: &str = "heap profile: objects: bytes [objects: bytes] @ type/rate";
/// Linux's `PATH_MAX`.
const LONGEST_PATH: usize = 4096;
/// How often a path that `$build` begins is kept, roughly.
const COPIES: usize = 6;
const FORM: &str = "objects: bytes [objects: bytes] @ addresses, with numbers below 2^64";

/// How values come to stand for what was not sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sampling {
    /// Every allocation was counted.
    None,
    /// One sample in so many bytes, evenly: the first version of gperftools' sampling.
    Periodic(f64),
    /// One sample in so many bytes on average.
    Poisson(u64),
}

impl Sampling {
    fn rate(self) -> Option<u64> {
        match self {
            Sampling::None => None,
            Sampling::Periodic(interval) => Some(interval.round() as u64),
            Sampling::Poisson(rate) => Some(rate),
        }
    }

    fn unsample(self, (objects, bytes): (u64, u64)) -> (f64, f64) {
        match self {
            Sampling::None => (objects as f64, bytes as f64),
            Sampling::Periodic(interval) => unsample_periodic(objects, bytes, interval),
            Sampling::Poisson(rate) => unsample(objects, bytes, rate),
        }
    }
}

/// `objects: bytes [objects: bytes]`: live ones, and all since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    live: (u64, u64),
    all: (u64, u64),
}

/// Reads the profile; threads are not told apart in it.
pub(super) fn read(bytes: &[u8], symbols: &Symbols<'_>) -> Result<Profile, Error> {
    let (body, maps_text) = split_maps(bytes);
    let maps_text = maps_text.map(expand_build).transpose()?;
    let skipped =
        |line: &Line<'_>| line.is_blank() || line.text.starts_with(b"%") || line.text.starts_with(b"#");
    let mut lines = lines::of(body).filter(|line| !skipped(line));
    let header = lines.next().ok_or_else(|| Error::NotAProfile {
        found: "an empty file".to_owned(),
        hint: "did the download or the dump fail?".to_owned(),
    })?;
    let (total, kind) = parse_header(header.text).ok_or_else(|| header.syntax(HEADER))?;
    let sampling = sampling(kind, total, is_by_go(body));
    let maps = Maps::parse(maps_text.as_deref().unwrap_or_default());
    // A sampler that counts live objects only prints them twice.
    let differs =
        |line: Line<'_>| parse_counts(line.text).is_some_and(|(counts, _)| counts.live != counts.all);
    let has_alloc = sampling == Sampling::None || lines.clone().any(differs);
    let meta = Meta { rate: sampling.rate(), has_alloc, has_objects: true, ..Meta::default() };
    let mut profile = Profile::new(meta);
    let mut addresses = Addresses::new(&maps, symbols, &mut profile);
    let mut stack = Vec::new();
    let (mut live, mut cut) = ((0u128, 0u128), false);
    for line in lines {
        if !line.whole {
            cut = true;
            break;
        }
        let counts = parse_stack(line.text, &mut stack).ok_or_else(|| line.syntax(FORM))?;
        live.0 += u128::from(counts.live.0);
        live.1 += u128::from(counts.live.1);
        let all = if has_alloc { sampling.unsample(counts.all) } else { (0.0, 0.0) };
        let values = Values::from_estimates(all, sampling.unsample(counts.live));
        if !values.is_zero() {
            let stack = addresses.stack(&stack, &mut profile);
            profile.add_sample(Sample { stack, thread: None, values });
        }
    }
    let unmapped = addresses.unmapped;
    if cut {
        profile.warnings.push(Warning::new("truncated", "the file ends in the middle of a line"));
    }
    if live != (u128::from(total.live.0), u128::from(total.live.1)) {
        profile.warnings.push(Warning::new(
            "damaged",
            format!(
                "the profile is cut or damaged: its first line counts {} live bytes as sampled, its stacks {}; make a new one",
                total.live.1, live.1
            ),
        ));
    }
    profile.warnings.extend(maps::warn_missing(maps_text.as_deref()));
    profile.warnings.extend(maps.warn_unmapped(unmapped));
    Ok(profile)
}

/// The lines before the mappings, and those of the mappings.
fn split_maps(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    for title in [&b"MAPPED_LIBRARIES:"[..], b"--- Memory map:"] {
        let at_line_start = |&at: &usize| at == 0 || bytes[at - 1] == b'\n';
        let Some(at) = memmem::find_iter(bytes, title).find(at_line_start) else { continue };
        let text = memchr::memchr(b'\n', &bytes[at..]).map_or(&[][..], |end| &bytes[at + end + 1..]);
        return (&bytes[..at], Some(text));
    }
    (bytes, None)
}

/// The mapping lines with the variable `$build` of the older form in its place.
fn expand_build(text: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    let build = lines::of(text).find_map(|line| line.text.trim_ascii_start().strip_prefix(b"build="));
    let Some(build) = build.filter(|build| build.len() <= LONGEST_PATH) else {
        return Ok(Cow::Borrowed(text));
    };
    let mut budget = Budget::new(text.len());
    let mut out = Vec::with_capacity(text.len());
    for line in lines::of(text) {
        match memmem::find(line.text, b"$build") {
            // Once a line, where the path begins.
            Some(at) => {
                budget.charge(COPIES * build.len())?;
                [&line.text[..at], build, &line.text[at + 6..]].iter().for_each(|part| out.extend(*part))
            }
            None => out.extend(line.text),
        }
        if line.whole {
            out.push(b'\n');
        }
    }
    Ok(Cow::Owned(out))
}

/// The totals, and what stands behind `@`, if anything.
fn parse_header(line: &[u8]) -> Option<(Counts, Option<&[u8]>)> {
    let (counts, rest) = parse_counts(line.strip_prefix(b"heap profile:")?)?;
    let kind = rest.trim_ascii().strip_prefix(b"@").map(<[u8]>::trim_ascii);
    Some((counts, kind.filter(|kind| !kind.is_empty())))
}

fn sampling(kind: Option<&[u8]>, total: Counts, is_by_go: bool) -> Sampling {
    let Some(kind) = kind else {
        // Profiles without a type are so old that those which are sampled show it by two equal pairs.
        return match total.live == total.all {
            true => Sampling::Periodic(DEFAULT_INTERVAL),
            false => Sampling::None,
        };
    };
    let slash = memchr::memchr(b'/', kind).unwrap_or(kind.len());
    let (name, rate) = (&kind[..slash], kind.get(slash + 1..).unwrap_or_default());
    let rate = lines::decimal(rate).map_or(0, |(rate, _)| rate);
    if name == b"heapprofile" || memmem::find(name, b"heap").is_none() {
        Sampling::None
    } else if memmem::find(name, b"_v2").is_some() {
        Sampling::Poisson(if rate == 0 { DEFAULT_INTERVAL as u64 } else { rate })
    } else if is_by_go {
        // Go doubles its rate for readers of the first version, but samples as the second does.
        Sampling::Poisson((rate / 2).max(1))
    } else {
        Sampling::Periodic(if rate == 0 { DEFAULT_INTERVAL } else { rate as f64 / 2.0 })
    }
}

/// True for what Go's runtime writes, which ends with statistics of its own.
fn is_by_go(body: &[u8]) -> bool {
    memmem::find(body, b"\n# runtime.MemStats").is_some()
}

/// Counts, and the addresses of the stack, the innermost first.
fn parse_stack(line: &[u8], stack: &mut Vec<u64>) -> Option<Counts> {
    stack.clear();
    let (counts, rest) = parse_counts(line)?;
    let rest = rest.trim_ascii().strip_prefix(b"@")?;
    for word in rest.split(|b| b.is_ascii_whitespace()).filter(|word| !word.is_empty()) {
        stack.push(lines::hexadecimal(word.strip_prefix(b"0x").unwrap_or(word))?);
    }
    Some(counts)
}

fn parse_counts(text: &[u8]) -> Option<(Counts, &[u8])> {
    let mut rest = text;
    let mut number = |end: &[u8]| {
        let (value, tail) = lines::decimal(rest.trim_ascii_start())?;
        rest = tail.trim_ascii_start().strip_prefix(end)?;
        Some(value)
    };
    let live_objects = number(b":")?;
    let live_bytes = number(b"[")?;
    let all_objects = number(b":")?;
    let all_bytes = number(b"]")?;
    Some((Counts { live: (live_objects, live_bytes), all: (all_objects, all_bytes) }, rest))
}
