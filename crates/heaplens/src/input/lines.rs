//! Lines of a text with their places, for errors that name them.

use crate::error::Error;
use memchr::memchr;

/// A line without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a [u8],
    /// False for the last one if it has no end.
    pub(super) whole: bool,
    number: u64,
    start: usize,
}

impl Line<'_> {
    pub(super) fn syntax(&self, expected: &str) -> Error {
        let shown = &self.text[..self.text.len().min(60)];
        let dots = if shown.len() < self.text.len() { "…" } else { "" };
        Error::Syntax {
            line: self.number,
            byte: self.start as u64,
            found: format!("`{}{dots}`", shown.escape_ascii()),
            expected: expected.to_owned(),
        }
    }

    /// True if nothing is on it.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }
}

/// The word of a line `--- word`, as gperftools' tools head the parts of a file.
pub(super) fn title(line: &[u8]) -> Option<&[u8]> {
    Some(line.strip_prefix(b"---")?.trim_ascii())
}

/// All lines of a text.
pub(super) fn of(text: &[u8]) -> Lines<'_> {
    Lines { text, at: 0, number: 0 }
}

#[derive(Clone)]
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    number: u64,
}

impl Lines<'_> {
    /// Where the next line starts.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// How many lines were taken.
    pub(super) fn taken(&self) -> u64 {
        self.number
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr(b'\n', rest);
        self.at += end.map_or(rest.len(), |end| end + 1);
        self.number += 1;
        let text = &rest[..end.unwrap_or(rest.len())];
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        Some(Line { text, whole: end.is_some(), number: self.number, start })
    }
}

/// The number that a text starts with, below 2^64, and what follows it.
pub(super) fn decimal(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let value = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    Some((value, &text[digits..]))
}

/// A word of hexadecimal digits, below 2^64.
pub(super) fn hexadecimal(word: &[u8]) -> Option<u64> {
    let plain = word.iter().all(u8::is_ascii_hexdigit);
    plain
        .then(|| std::str::from_utf8(word).ok().and_then(|word| u64::from_str_radix(word, 16).ok()))
        .flatten()
}
