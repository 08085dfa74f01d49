//! What is known and not to be counted: LeakSanitizer's lines, with an end and a reason.
//!
//! ```text
//! # comment
//! leak:app::sessions::insert until=2026-12-31 reason=issue 12
//! file:src/cache.rs
//! crate:legacy-*
//! ```

use crate::classify::{Owner, Owners, crate_of};
use crate::error::Error;
use crate::out::escape;
use crate::out::units::from_calendar;
use crate::profile::{FrameId, Profile, StackId};
use crate::series::Series;
use regex::Regex;

/// What a pattern is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Any function of a stack, its file, or its module: as LeakSanitizer does.
    Leak,
    /// Files from the program's own innermost function on inwards.
    File,
    /// The crates of the same functions.
    Crate,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// As it stands there, without end and reason.
    pub text: String,
    /// Why it is there.
    pub reason: Option<String>,
    /// Its last day, `2026-12-31`.
    pub until: Option<String>,
    /// Its line in the file, from 1.
    pub line: u64,
    kind: Kind,
    pattern: Regex,
    /// The first moment, in Unix milliseconds, at which it does not hold.
    end_ms: Option<u64>,
}

/// A line and what it did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Suppressed {
    /// The line.
    pub suppression: Suppression,
    /// True if its last day is over.
    pub is_expired: bool,
    /// Numbers of the stacks that it left out.
    pub stacks: Vec<u32>,
    /// By how much they grew, in unsampled bytes; if not at all, the line is of no use.
    pub growth: f64,
}

impl Suppressed {
    /// True if it matched something that grew.
    pub fn is_used(&self) -> bool {
        self.growth > 0.0
    }
}

/// Reads a file of suppressions.
///
/// # Errors
/// [`Error::Syntax`] for a line that is none.
pub fn parse(text: &str) -> Result<Vec<Suppression>, Error> {
    let mut all = Vec::new();
    let mut byte = 0;
    for (line, whole) in (1..).zip(text.split_inclusive('\n')) {
        let trimmed = whole.trim();
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            let refused = |expected: &str| Error::Syntax {
                line,
                byte,
                found: format!("{:?}", trimmed.chars().take(80).collect::<String>()),
                expected: expected.to_owned(),
            };
            all.push(one(trimmed, line).map_err(refused)?);
        }
        byte += whole.len() as u64;
    }
    Ok(all)
}

const FORMS: &str =
    "leak:FUNCTION, file:FILE or crate:CRATE, then until=YYYY-MM-DD and reason=TEXT if wanted";

fn one(text: &str, line: u64) -> Result<Suppression, &'static str> {
    let (mut rest, until) =
        without(text, " until=", |value| value.split_whitespace().next().unwrap_or_default());
    let reason = rest.find(" reason=").map(|at| {
        let reason = rest[at + " reason=".len()..].trim().to_owned();
        rest.truncate(at);
        reason
    });
    let text = rest.trim().to_owned();
    let (kind, pattern) = text.split_once(':').ok_or(FORMS)?;
    let kind = match kind {
        "leak" => Kind::Leak,
        "file" => Kind::File,
        "crate" => Kind::Crate,
        _ => return Err(FORMS),
    };
    if pattern.trim_matches(['*', '^', '$', ' ']).is_empty() {
        return Err("a pattern that does not match everything");
    }
    let pattern = match kind {
        // Crates are known by their whole names, and written with either.
        Kind::Crate => regex(&format!("^{}$", pattern.trim_matches(['^', '$']).replace('-', "_"))),
        Kind::Leak | Kind::File => regex(pattern),
    };
    const DAY: u64 = 86_400_000;
    let end_ms = match &until {
        Some(day) => Some(midnight(day).ok_or("a day after until=, such as until=2026-12-31")? + DAY),
        None => None,
    };
    Ok(Suppression { pattern: pattern.ok_or("a shorter pattern")?, kind, end_ms, until, reason, line, text })
}

/// Takes `key` and its value out of a text.
fn without(text: &str, key: &str, value: impl Fn(&str) -> &str) -> (String, Option<String>) {
    let Some(at) = text.find(key) else {
        return (text.to_owned(), None);
    };
    let after = &text[at + key.len()..];
    let found = value(after);
    (format!("{}{}", &text[..at], &after[found.len()..]), Some(found.to_owned()))
}

fn midnight(day: &str) -> Option<u64> {
    let fields: Vec<u64> = day.split('-').map_while(|field| field.parse().ok()).collect();
    let [year, month, day_of_month] = fields[..] else { return None };
    let is_whole = day.len() == 10 && day.matches('-').count() == 2;
    from_calendar([year, month, day_of_month, 0, 0, 0]).filter(|_| is_whole)
}

/// LeakSanitizer's patterns: anywhere in the text, `*` for anything, `^` for its start and `$` for its end.
fn regex(pattern: &str) -> Option<Regex> {
    let (start, pattern) = pattern.strip_prefix('^').map_or(("", pattern), |rest| ("^", rest));
    let (end, pattern) = pattern.strip_suffix('$').map_or(("", pattern), |rest| ("$", rest));
    let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
    Regex::new(&format!("(?s){start}{}{end}", parts.join(".*"))).ok()
}

/// The line that suppresses a function, to be put into a file of suppressions.
pub fn line(function: &str) -> String {
    format!("leak:^{}$", escape::terminal(function))
}

/// Leaves the stacks out that lines match which hold at a time in Unix milliseconds. The series has its names already;
/// [`Suppressed::growth`] is filled in by [`measure`](super::measure).
pub fn suppress(series: &mut Series, all: Vec<Suppression>, now_ms: u64, owners: &Owners) -> Vec<Suppressed> {
    let mut result: Vec<Suppressed> = all
        .into_iter()
        .map(|suppression| Suppressed {
            is_expired: suppression.end_ms.is_some_and(|end| now_ms >= end),
            suppression,
            stacks: Vec::new(),
            growth: 0.0,
        })
        .collect();
    for one in result.iter_mut().filter(|one| !one.is_expired) {
        let frames = matching_frames(series.code(), &one.suppression);
        let is_out = |stack: StackId| is_matched(series.code(), stack, &frames, one.suppression.kind, owners);
        one.stacks = (0..series.stack_count() as u32)
            .filter(|&number| series.stack(number).flatten().is_some_and(is_out))
            .collect();
        series.leave_out(&one.stacks);
    }
    result
}

fn matching_frames(code: &Profile, suppression: &Suppression) -> Vec<bool> {
    let matches = |text: &str| suppression.pattern.is_match(text);
    code.frame_ids()
        .map(|id| {
            let name = code.frame_name(id);
            let frame = code.frame(id);
            let file = frame
                .function
                .and_then(|function| code.function(function).file)
                .map(|file| code.string(file));
            match suppression.kind {
                Kind::Leak => {
                    let module = frame.module.map(|module| code.module(module).path.as_str());
                    matches(&name) || file.is_some_and(matches) || module.is_some_and(matches)
                }
                Kind::File => file.is_some_and(matches),
                Kind::Crate => {
                    crate_of(&name, file).is_some_and(|krate| matches(&krate.name.replace('-', "_")))
                }
            }
        })
        .collect()
}

fn is_matched(code: &Profile, stack: StackId, frames: &[bool], kind: Kind, owners: &Owners) -> bool {
    let mut from_leaf = code.stack_from_leaf(Some(stack)).map(|(_, frame)| frame);
    if kind == Kind::Leak {
        return from_leaf.any(|frame| frames[frame.index()]);
    }
    // main's file, or the runtime's crate, would match everything.
    let inner: Vec<FrameId> = from_leaf.collect();
    let end = |wanted: Owner| inner.iter().position(|frame| owners.of_frame(code, *frame) == wanted);
    let end = end(Owner::FirstParty).or_else(|| end(Owner::ThirdParty)).map_or(inner.len(), |at| at + 1);
    inner[..end].iter().any(|frame| frames[frame.index()])
}
