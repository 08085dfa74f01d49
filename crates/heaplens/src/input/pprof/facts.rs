//! What our writer said of the run, in comments and as the time. Other comments stay as they are.

use crate::error::Warning;
use crate::out::pprof::facts::{self, DIFFERENCE, RECORDED, VALUES, WARNING};
use crate::out::units;
use crate::profile::Meta;
use crate::trailer::Trailer;
use std::collections::BTreeMap;

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
    for comment in comments {
        if let Some(said) = comment.strip_prefix(WARNING) {
            recorded.warnings.push(Warning::new(RECORDED, said));
        } else if comment == DIFFERENCE {
            recorded.is_diff = true;
        } else if !comment.starts_with(VALUES) && !learn(&mut trailer, &comment) {
            meta.comments.push(comment);
        }
    }
    meta.trailer = (trailer != Trailer::default()).then_some(trailer);
    recorded
}

/// False if the line is none of ours, or does not come out as it is: a path can hold what looks like a key.
fn learn(trailer: &mut Trailer, line: &str) -> bool {
    let Some((word, rest)) = line.split_once(": ") else { return false };
    let text = |key: &str| Some(values(word, rest).remove(key)?.to_owned());
    let number = |key: &str| text(key)?.parse().ok();
    let time = |key: &str| units::parse_utc(&text(key)?);
    let mut new = trailer.clone();
    match word {
        "process" => {
            (new.pid, new.exe, new.host) = (number("pid"), text("exe"), text("host"));
            new.start_ms = time("start");
        }
        "jemalloc" => {
            new.jemalloc_version = text("version");
            new.active = text("active").and_then(|word| word.parse().ok());
            new.active_since_ms = time("active_since");
        }
        "stats" => new.stats = figures(rest),
        "rss" => new.rss = figures(rest),
        _ => return false,
    }
    let same = facts::of_trailer(&new).iter().any(|said| said == line);
    if same {
        *trailer = new;
    }
    same
}

/// The values of a line by their keys. A value runs up to the next key, since paths and times hold spaces.
fn values<'a>(word: &str, rest: &'a str) -> BTreeMap<&'static str, &'a str> {
    let keys: &[&'static str] = match word {
        "process" => &["pid", "exe", "host", "start", "time"],
        _ => &["version", "active", "active_since"],
    };
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
        Some((name.to_owned(), bytes.parse().ok()?))
    };
    rest.split(' ').filter_map(figure).collect()
}
