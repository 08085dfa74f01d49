//! bytes -> [`Dump`]. Works on bytes, one pass, no line is copied unless it is odd.

use super::{ALL_THREADS, Counts, Dump, Fault, StackEnd, Verbatim};
use crate::error::Error;
use crate::trailer::{self, Trailer};
use memchr::memchr;

/// What a line of the stacks' part says.
enum Line<'a> {
    Stack,
    Counts { owner: u64, counts: Counts, name: Option<&'a [u8]> },
    MapsTitle,
    Blank,
    Unknown,
    Bad(&'static str),
}

impl Dump {
    /// Reads a dump; see the module's documentation for the form.
    ///
    /// # Errors
    /// [`Error::NotAProfile`] if the first line is not heap_v2's, [`Error::Syntax`] with line and byte where a
    /// line cannot be understood. A tail that was cut off is no error: see [`Dump::accounting`].
    pub fn parse(bytes: &[u8]) -> Result<Dump, Error> {
        let (body, trailer_text) = trailer::split(bytes);
        let mut parser = Parser { body, ..Parser::default() };
        parser.header()?;
        parser.reserve();
        parser.lines()?;
        let mut dump = parser.dump;
        dump.trailer_text = trailer_text.to_vec();
        if !trailer_text.is_empty() {
            dump.trailer = Some(Trailer::parse(body, trailer_text));
        }
        Ok(dump)
    }
}

#[derive(Default)]
struct Parser<'a> {
    body: &'a [u8],
    at: usize,
    line: u64,
    items: u32,
    dump: Dump,
}

impl<'a> Parser<'a> {
    /// The next line with its end, and where it starts.
    fn next_line(&mut self) -> Option<(&'a [u8], usize)> {
        let start = self.at;
        if start >= self.body.len() {
            return None;
        }
        let rest = &self.body[start..];
        let length = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        self.at += length;
        self.line += 1;
        Some((&rest[..length], start))
    }

    fn syntax(&self, start: usize, text: &[u8], expected: &str) -> Error {
        Error::Syntax {
            line: self.line,
            byte: start as u64,
            found: quote(text),
            expected: expected.to_owned(),
        }
    }

    fn keep(&mut self, text: &[u8], is_item: bool) {
        self.dump.verbatim.push(Verbatim { before: self.items, is_item, text: text.into() });
    }

    /// `heap_v2/<rate>`, after any `%` lines and a byte order mark.
    fn header(&mut self) -> Result<(), Error> {
        if self.body.starts_with(b"\xef\xbb\xbf") {
            self.keep(&self.body[..3], false);
            self.at = 3;
        }
        loop {
            let Some((line, start)) = self.next_line() else {
                return Err(Error::NotAProfile {
                    found: "a file without the line heap_v2/<rate>".to_owned(),
                    hint: "was it cut off before the profile began?".to_owned(),
                });
            };
            let text = content(line);
            if text.starts_with(b"%") || text.is_empty() {
                self.keep(line, false);
                continue;
            }
            let Some(digits) = text.strip_prefix(b"heap_v2/") else {
                return Err(self.syntax(start, text, "heap_v2/<average bytes between samples>"));
            };
            let Some((rate, b"")) = decimal(digits) else {
                return Err(self.syntax(start, text, "heap_v2/ and a number below 2^64"));
            };
            if !line.ends_with(b"\n") {
                return Err(self.syntax(start, text, "more lines after this one: the file was cut off here"));
            }
            self.dump.rate = rate;
            self.dump.crlf = line.ends_with(b"\r\n");
            // A rate printed otherwise (leading zeros) would not come back the same.
            self.accept(line, digits.first() != Some(&b'0') || digits.len() == 1);
            return Ok(());
        }
    }

    fn lines(&mut self) -> Result<(), Error> {
        let mut in_header = true;
        loop {
            if self.fast_stack_line() {
                in_header = self.open_stack(in_header);
                self.items += 1;
                continue;
            }
            let before = self.at;
            let Some((line, start)) = self.next_line() else {
                break;
            };
            let whole = line.ends_with(b"\n");
            let text = content(line);
            let addresses = self.dump.addresses.len();
            let (meaning, canonical) = self.classify(text);
            if matches!(meaning, Line::Bad(_)) {
                self.dump.addresses.truncate(addresses);
            }
            if !whole && !matches!(meaning, Line::MapsTitle | Line::Blank) {
                // Half a line has half a number: it is kept, but means nothing.
                self.dump.addresses.truncate(addresses);
                self.fault("the file ends in the middle of a line");
                self.keep(line, false);
                break;
            }
            match meaning {
                Line::Stack => {
                    in_header = self.open_stack(in_header);
                    self.accept(line, canonical);
                }
                Line::Counts { owner, counts, name } => {
                    if in_header && let Some(name) = name {
                        self.dump.names.push((self.dump.lines.len() as u32, name.into()));
                    }
                    self.dump.lines.push(owner, counts);
                    if in_header {
                        self.dump.header_end = self.dump.lines.len();
                    } else if let Some(last) = self.dump.stacks.last_mut() {
                        last.lines = self.dump.lines.len() as u32;
                    }
                    self.accept(line, canonical && (in_header || name.is_none()));
                }
                Line::MapsTitle => {
                    // The empty line before belongs to the section.
                    let start = self.reclaim_blank(before);
                    self.dump.maps_section = self.body[start..].to_vec();
                    break;
                }
                Line::Unknown | Line::Bad(_) if in_header && self.continues_name(line) => {}
                Line::Blank | Line::Unknown => self.keep(line, false),
                Line::Bad(expected) => return Err(self.syntax(start, text, expected)),
            }
        }
        self.close_stack();
        if self.dump.header_end == 0 {
            let end = self.body.len();
            return Err(self.syntax(end, b"", "a line `  t*: objects: bytes [n: m]` with the totals"));
        }
        Ok(())
    }

    /// Makes room from the density of the first lines: growing by copies would double the memory.
    fn reserve(&mut self) {
        let rest = &self.body[self.at..];
        let sample = &rest[..rest.len().min(1 << 20)];
        let expect = |marker: u8| {
            let density = memchr::memchr_iter(marker, sample).count() as f64 / sample.len().max(1) as f64;
            (density * rest.len() as f64 * 1.02) as usize + 16
        };
        self.dump.addresses.reserve(expect(b'x'));
        self.dump.stacks.reserve(expect(b'@'));
        self.dump.lines.owner.reserve(expect(b'['));
        self.dump.lines.live.reserve(expect(b'['));
    }

    /// Begins a stack whose addresses were just pushed; false, since the header is over.
    fn open_stack(&mut self, in_header: bool) -> bool {
        if in_header {
            self.dump.header_end = self.dump.lines.len();
        } else {
            self.close_stack();
        }
        self.dump.stacks.push(StackEnd {
            addresses: self.dump.addresses.len() as u32,
            lines: self.dump.lines.len() as u32,
        });
        false
    }

    /// Takes a stack line that is just as jemalloc prints it, almost every line of a large dump; otherwise
    /// changes nothing.
    fn fast_stack_line(&mut self) -> bool {
        let mut rest = &self.body[self.at..];
        if rest.first() != Some(&b'@') || self.dump.crlf {
            return false;
        }
        let pushed = self.dump.addresses.len();
        rest = &rest[1..];
        while let [b' ', b'0', b'x', first, ..] = rest {
            let found = (*first != b'0').then(|| hex_word(&rest[3..])).flatten();
            let Some((value, digits)) = found else { break };
            self.dump.addresses.push(value);
            rest = &rest[3 + digits..];
        }
        if rest.first() != Some(&b'\n') {
            self.dump.addresses.truncate(pushed);
            return false;
        }
        self.at = self.body.len() - rest.len() + 1;
        self.line += 1;
        true
    }

    /// jemalloc 5.3.1 copies thread names unchecked, line feeds and all: a line without a meaning right after a
    /// named thread is the rest of the name. Such names have 15 bytes at most; what is longer, or meant to be
    /// a line of counts, is damage.
    fn continues_name(&mut self, line: &[u8]) -> bool {
        const LONGEST: usize = 64;
        let previous = self.dump.lines.len().wrapping_sub(1) as u32;
        let text = content(line);
        let fits = |name: &[u8]| name.len() + text.len() < LONGEST;
        let Some((_, name)) = self.dump.names.last_mut().filter(|(i, name)| *i == previous && fits(name))
        else {
            return false;
        };
        if text.starts_with(b"  t") || self.dump.crlf != line.ends_with(b"\r\n") {
            return false;
        }
        match self.dump.verbatim.last_mut() {
            Some(odd) if odd.is_item && odd.before + 1 == self.items => {
                odd.text = [&odd.text, line].concat().into();
            }
            Some(odd) if odd.before == self.items => return false,
            _ => {}
        }
        let line_end: &[u8] = if self.dump.crlf { b"\r\n" } else { b"\n" };
        *name = [name, line_end, text].concat().into();
        true
    }

    /// Gives a directly preceding blank line back, and says where the section then starts.
    fn reclaim_blank(&mut self, before: usize) -> usize {
        match self.dump.verbatim.last() {
            Some(last) if !last.is_item && last.before == self.items && content(&last.text).is_empty() => {
                let length = last.text.len();
                self.dump.verbatim.pop();
                before - length
            }
            _ => before,
        }
    }

    /// Counts an item; keeps its text if printing would give another.
    fn accept(&mut self, line: &[u8], canonical: bool) {
        let ending: &[u8] = if self.dump.crlf { b"\r\n" } else { b"\n" };
        let same_ending = line.ends_with(ending) && (self.dump.crlf || !line.ends_with(b"\r\n"));
        if !canonical || !same_ending {
            self.keep(line, true);
        }
        self.items += 1;
    }

    fn fault(&mut self, what: &'static str) {
        // A damaged file can hold millions; a few tell the story.
        if self.dump.faults.len() < 20 {
            self.dump.faults.push(Fault { line: self.line, what });
        }
    }

    /// Checks the stack that has just ended.
    fn close_stack(&mut self) {
        let count = self.dump.stacks.len();
        let Some(&last) = self.dump.stacks.last() else {
            return;
        };
        let first = match count.checked_sub(2) {
            Some(previous) => self.dump.stacks[previous].lines,
            None => self.dump.header_end as u32,
        };
        let owners = &self.dump.lines.owner[first as usize..last.lines as usize];
        match owners.iter().filter(|&&owner| owner == ALL_THREADS).count() {
            1 => {}
            0 => self.fault("the stack that ends before here has no line t*"),
            _ => self.fault("the stack that ends before here has several lines t*"),
        }
    }

    /// Says what a line means, and whether printing would give the same text. Addresses are pushed as met.
    fn classify(&mut self, text: &'a [u8]) -> (Line<'a>, bool) {
        match text {
            [b'@', rest @ ..] => self.stack_line(rest),
            [b' ', b' ', b't', rest @ ..] => counts_line(rest),
            b"" => (Line::Blank, true),
            // The second is gperftools' older title, which jeprof takes here too.
            b"MAPPED_LIBRARIES:" | b"--- Memory map:" => (Line::MapsTitle, true),
            [b' ' | b'\t', ..] => {
                let inner = text.trim_ascii_start();
                match inner {
                    // The same line with other spaces in front.
                    [b't', rest @ ..] if rest.first().is_some_and(|b| *b == b'*' || b.is_ascii_digit()) => {
                        (counts_line(rest).0, false)
                    }
                    _ => (Line::Unknown, true),
                }
            }
            [b'%' | b'#', ..] => (Line::Unknown, true),
            _ => (Line::Bad("a line that starts with @ or with two spaces, or MAPPED_LIBRARIES:"), false),
        }
    }

    fn stack_line(&mut self, mut rest: &[u8]) -> (Line<'a>, bool) {
        let mut canonical = true;
        loop {
            match rest {
                [] => return (Line::Stack, canonical),
                [b' ', b'0', b'x', digits @ ..] => {
                    let Some((value, tail, plain)) = hex(digits) else {
                        return (Line::Bad("addresses such as 0x55d0a0001234, at most 16 digits"), false);
                    };
                    canonical &= plain;
                    self.dump.addresses.push(value);
                    rest = tail;
                }
                // jemalloc prints %#x, which is a bare 0 for the address 0.
                [b' ', b'0', tail @ ..] if tail.first().is_none_or(|b| *b == b' ') => {
                    self.dump.addresses.push(0);
                    rest = tail;
                }
                [b' ', tail @ ..] => {
                    canonical = false;
                    rest = tail;
                }
                _ => {
                    return (Line::Bad("addresses such as 0x55d0a0001234, separated by spaces"), false);
                }
            }
        }
    }
}

/// `*: objects: bytes [objects: bytes] name` after the `t`.
fn counts_line(text: &[u8]) -> (Line<'_>, bool) {
    const FORM: &str = "`  t*: objects: bytes [objects: bytes]` with numbers below 2^64";
    let bad = (Line::Bad(FORM), false);
    let mut canonical = true;
    let mut number = |text: &mut &[u8]| {
        let plain = text.first() != Some(&b'0') || !text.get(1).is_some_and(u8::is_ascii_digit);
        canonical &= plain;
        let (value, rest) = decimal(text)?;
        *text = rest;
        Some(value)
    };
    let mut rest = text;
    let owner = match rest {
        [b'*', tail @ ..] => {
            rest = tail;
            ALL_THREADS
        }
        _ => match number(&mut rest) {
            Some(uid) if uid != ALL_THREADS => uid,
            _ => return bad,
        },
    };
    let mut read = |separator: &[u8]| {
        rest = rest.strip_prefix(separator)?;
        number(&mut rest)
    };
    let counts = (|| {
        Some(Counts {
            objects: read(b": ")?,
            bytes: read(b": ")?,
            accum_objects: read(b" [")?,
            accum_bytes: read(b": ")?,
        })
    })();
    let Some(counts) = counts else { return bad };
    match rest {
        b"]" => (Line::Counts { owner, counts, name: None }, canonical),
        [b']', b' ', name @ ..] => (Line::Counts { owner, counts, name: Some(name) }, canonical),
        _ => bad,
    }
}

fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn decimal(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    let mut digits = 0;
    while let Some(digit) = text.get(digits).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        // 19 digits always fit; further ones are checked.
        value = if digits < 19 {
            value * 10 + u64::from(digit)
        } else {
            value.checked_mul(10)?.checked_add(u64::from(digit))?
        };
        digits += 1;
    }
    (digits > 0).then(|| (value, &text[digits..]))
}

/// Digit value of each byte, 0xff for what is no hexadecimal digit; 0x10 marks capitals, which jemalloc never prints.
static HEX: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut i = 0;
    while i < 10 {
        table[b'0' as usize + i] = i as u8;
        i += 1;
    }
    let mut i = 0;
    while i < 6 {
        table[b'a' as usize + i] = 10 + i as u8;
        table[b'A' as usize + i] = 0x10 | (10 + i as u8);
        i += 1;
    }
    table
};

/// Value and length of up to 16 lower-case digits, eight at a time; `None` near the end of the file.
fn hex_word(text: &[u8]) -> Option<(u64, usize)> {
    let (high, digits) = hex_eight(text.first_chunk()?);
    if digits < 8 {
        return (digits > 0).then_some((high, digits));
    }
    let (low, more) = hex_eight(text[8..].first_chunk()?);
    // A digit after sixteen is for the careful reader to refuse.
    let whole = more < 8 || !text.get(16)?.is_ascii_hexdigit();
    whole.then(|| (high << (4 * more) | low, 8 + more))
}

/// Value and number of the lower-case digits that eight bytes start with, computed on all eight at once.
fn hex_eight(text: &[u8; 8]) -> (u64, usize) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let bytes = u64::from_le_bytes(*text);
    // '0'..'9' are 0x30.., 'a'..'f' are 0x61..: the low half, and 9 more for letters (bit 6).
    let nibbles = (bytes & (0x0f * ONES)) + ((bytes >> 6) & ONES) * 9;
    // Printing the nibbles again tells where the text was no digit.
    let letters = ((nibbles + 6 * ONES) >> 4) & ONES;
    let printed = nibbles + 0x30 * ONES + letters * 0x27;
    let wrong = (printed ^ bytes) | (nibbles & (0xf0 * ONES));
    let digits = if wrong == 0 { 8 } else { wrong.trailing_zeros() as usize / 8 };
    let mut packed = (nibbles & (0x0f * ONES)).swap_bytes();
    packed = (packed | packed >> 4) & 0x00ff_00ff_00ff_00ff;
    packed = (packed | packed >> 8) & 0x0000_ffff_0000_ffff;
    packed = (packed | packed >> 16) & 0xffff_ffff;
    (if digits == 0 { 0 } else { packed >> (4 * (8 - digits)) }, digits)
}

/// Value, rest, and whether `%#x` would print it so.
fn hex(text: &[u8]) -> Option<(u64, &[u8], bool)> {
    let mut value = 0u64;
    let mut marks = 0u8;
    let mut digits = 0;
    while digits < text.len() {
        let digit = HEX[text[digits] as usize];
        if digit == 0xff {
            break;
        }
        value = value << 4 | u64::from(digit & 0xf);
        marks |= digit;
        digits += 1;
    }
    if digits == 0 || digits > 16 {
        return None;
    }
    let canonical = marks & 0x10 == 0 && text[0] != b'0';
    Some((value, &text[digits..], canonical))
}

/// A line for an error message: escaped and shortened.
fn quote(text: &[u8]) -> String {
    if text.is_empty() {
        return "the end of the file".to_owned();
    }
    let shown = &text[..text.len().min(60)];
    let dots = if shown.len() < text.len() { "…" } else { "" };
    format!("`{}{dots}`", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_digits_at_once_are_read_as_one_by_one(text in "[0-9a-fA-Fg-z` /:x\n]{24}", hex in "[0-9a-f]{1,16}") {
            for text in [text.clone(), format!("{hex} {text}"), format!("{hex}\n{text}")] {
                let slow = hex_slow(text.as_bytes());
                prop_assert_eq!(hex_word(text.as_bytes()), slow, "{}", text);
            }
        }
    }

    fn hex_slow(text: &[u8]) -> Option<(u64, usize)> {
        let digits = text.iter().take_while(|b| b"0123456789abcdef".contains(b)).count();
        let follows = text[digits..].first().is_some_and(u8::is_ascii_hexdigit);
        if digits == 0 || digits > 16 || (digits == 16 && follows) {
            return None;
        }
        let value = u64::from_str_radix(std::str::from_utf8(&text[..digits]).ok()?, 16).ok()?;
        Some((value, digits))
    }
}
