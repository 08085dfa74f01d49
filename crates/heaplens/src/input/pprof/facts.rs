//! What our writer said of the run, in comments and as the time. Other comments stay as they are.

use crate::error::Warning;
use crate::out::pprof::facts::{self, DIFFERENCE, RECORDED, VALUES, WARNING};
use crate::out::units;
use crate::profile::Meta;
use crate::trailer::Trailer;
use std::collections::BTreeMap;

const PROCESS: &str = "process";
const JEMALLOC: &str = "jemalloc";
const STATS: &str = "stats";
/// What the writer's lines begin with.
const WORDS: [&str; 4] = [PROCESS, JEMALLOC, STATS, "rss"];

/// What is not a part of [`Meta`].
#[derive(Default)]
pub(super) struct Recorded {
    pub(super) is_diff: bool,
    pub(super) warnings: Vec<Warning>,
}

/// Takes over what is understood, so that the writer would say the same of it; the rest goes to `meta.comments`.
pub(super) fn read(comments: Vec<String>, time_nanos: i64, meta: &mut Meta) -> Recorded {
    let mut recorded = Recorded::default();
    let time_ms = u64::try_from(time_nanos).ok().filter(|&ns| ns > 0).map(|ns| ns / 1_000_000);
    let mut trailer = Trailer { time_ms, ..Trailer::default() };
    let mut known = Vec::new();
    for comment in comments {
        if let Some(said) = comment.strip_prefix(WARNING) {
            recorded.warnings.push(Warning::new(RECORDED, said));
        } else if comment == DIFFERENCE {
            recorded.is_diff = true;
        } else if !comment.starts_with(VALUES) && !learn(&mut trailer, &mut known, &comment) {
            meta.comments.push(comment);
        }
    }
    meta.trailer = (trailer != Trailer::default()).then_some(trailer);
    recorded
}

/// False if the line is none of ours, or a second one, or does not come out as it is: a path can hold what looks like a
/// key.
fn learn(trailer: &mut Trailer, known: &mut Vec<&'static str>, line: &str) -> bool {
    let Some((word, rest)) = line.split_once(": ") else { return false };
    let Some(word) = WORDS.into_iter().find(|known| *known == word) else { return false };
    if known.contains(&word) {
        return false;
    }
    // With nothing else, so that this line is all that the writer makes of it.
    let mut new = Trailer::default();
    match word {
        PROCESS => {
            let values = values(&["pid", "exe", "host", "start", "time"], rest);
            let text = |key: &str| Some((*values.get(key)?).to_owned());
            new.pid = values.get("pid").and_then(|pid| pid.parse().ok());
            (new.exe, new.host) = (text("exe"), text("host"));
            new.start_ms = values.get("start").and_then(|time| units::parse_utc(time));
            new.time_ms = trailer.time_ms;
        }
        JEMALLOC => {
            let values = values(&["version", "active", "active_since"], rest);
            new.jemalloc_version = values.get("version").map(|version| (*version).to_owned());
            new.active = values.get("active").and_then(|active| active.parse().ok());
            new.active_since_ms = values.get("active_since").and_then(|time| units::parse_utc(time));
        }
        STATS => new.stats = figures(rest),
        _ => new.rss = figures(rest),
    }
    if facts::of_trailer(&new) != [line] {
        return false;
    }
    known.push(word);
    match word {
        PROCESS => {
            (trailer.pid, trailer.exe, trailer.host, trailer.start_ms) =
                (new.pid, new.exe, new.host, new.start_ms);
        }
        JEMALLOC => {
            (trailer.jemalloc_version, trailer.active, trailer.active_since_ms) =
                (new.jemalloc_version, new.active, new.active_since_ms);
        }
        STATS => trailer.stats = new.stats,
        _ => trailer.rss = new.rss,
    }
    true
}

/// The values of a line by their keys. A value runs up to the next key, since paths and times hold spaces.
fn values<'a>(keys: &[&'static str], rest: &'a str) -> BTreeMap<&'static str, &'a str> {
    let place = |key: &&'static str| {
        let start = rest.strip_prefix(*key).is_some_and(|rest| rest.starts_with('='));
        let at = if start { 0 } else { rest.find(&format!(" {key}="))? + 1 };
        Some((at, *key))
    };
    let mut places: Vec<(usize, &'static str)> = keys.iter().filter_map(place).collect();
    places.sort_unstable();
    let ends: Vec<usize> = places.iter().skip(1).map(|(at, _)| at - 1).chain([rest.len()]).collect();
    let value =
        |(&(at, key), end): (&(usize, &'static str), usize)| Some((key, rest.get(at + key.len() + 1..end)?));
    places.iter().zip(ends).filter_map(value).collect()
}

fn figures(rest: &str) -> BTreeMap<String, u64> {
    let figure = |word: &str| {
        let (name, bytes) = word.split_once('=')?;
        // Nothing that a trailer's line would end at.
        if !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
            return None;
        }
        Some((name.to_owned(), bytes.parse().ok()?))
    };
    rest.split(' ').filter_map(figure).collect()
}
