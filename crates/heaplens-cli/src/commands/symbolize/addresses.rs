//! Addresses as they are typed and as they come from standard input.

use anyhow::Context;
use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};

/// Of longer lines the rest is not looked at; names of symbols can be long.
const MAX_LINE: usize = 64 << 10;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Address(u64),
    Symbol { name: Box<[u8]>, offset: u64 },
}

/// Parts of the list, in its order.
pub(super) type Batches = Receiver<anyhow::Result<Vec<Asked>>>;

impl Asked {
    /// Reads an argument or a line as addr2line does, since each must have its answer: no address is 0, too large a one
    /// the largest, and what follows it is skipped. What could be hexadecimal digits is a symbol only with a `+`.
    pub(super) fn read(text: &[u8]) -> Asked {
        let text = after_blanks(text);
        let hexadecimal = match text.first() {
            None => true,
            Some(first) => first.is_ascii_digit() || first.is_ascii_hexdigit() && !text.contains(&b'+'),
        };
        if hexadecimal {
            let digits = text.strip_prefix(b"0x").or(text.strip_prefix(b"0X")).unwrap_or(text);
            return Asked::Address(number(digits, 16));
        }
        let end = text.iter().position(|&b| b == b'+' || is_blank(b)).unwrap_or(text.len());
        let offset = after_blanks(&text[end..]).strip_prefix(b"+").map_or(0, offset);
        Asked::Symbol { name: text[..end].into(), offset }
    }

    pub(super) fn symbol(&self) -> Option<&[u8]> {
        match self {
            Asked::Address(_) => None,
            Asked::Symbol { name, .. } => Some(name),
        }
    }
}

/// A number as C's `strtoul` reads it if the text is to say the base.
fn offset(text: &[u8]) -> u64 {
    let text = after_blanks(text);
    let (negative, digits) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let number = match digits {
        [b'0', b'x' | b'X', rest @ ..] => number(rest, 16),
        [b'0', rest @ ..] => number(rest, 8),
        _ => number(digits, 10),
    };
    if negative { number.wrapping_neg() } else { number }
}

/// The number that a text begins with; the largest if it is too large.
fn number(text: &[u8], base: u32) -> u64 {
    let mut digits = text.iter().map_while(|&b| char::from(b).to_digit(base));
    let add = |sum: u64, digit| sum.checked_mul(base.into())?.checked_add(u64::from(digit));
    digits.try_fold(0, add).unwrap_or(u64::MAX)
}

fn after_blanks(text: &[u8]) -> &[u8] {
    &text[text.iter().position(|&b| !is_blank(b)).unwrap_or(text.len())..]
}

/// C's `isspace`.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Reads standard input on a thread of its own, so that a program that waits for each answer has it, and one that
/// does not wait has its addresses looked up together, which takes less time.
pub(super) fn from_stdin() -> Batches {
    let (send, receive) = sync_channel(8);
    std::thread::spawn(move || {
        let mut lines = Lines::default();
        let mut buffer = vec![0; 1 << 16];
        let mut stdin = std::io::stdin().lock();
        loop {
            let batch = match stdin.read(&mut buffer) {
                Ok(0) => {
                    // The end of the receiver is the end of the program.
                    let _ = send.send(Ok(lines.end()));
                    return;
                }
                Ok(count) => Ok(lines.add(&buffer[..count])),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error).context("reading addresses from standard input"),
            };
            let failed = batch.is_err();
            if send.send(batch).is_err() || failed {
                return;
            }
        }
    });
    receive
}

/// What has come since, up to about `most`; waits for the first of it. `None` at the end.
pub(super) fn next(batches: &Batches, most: usize) -> Option<anyhow::Result<Vec<Asked>>> {
    let mut all = match batches.recv() {
        Ok(Ok(first)) => first,
        Ok(Err(error)) => return Some(Err(error)),
        Err(_) => return None,
    };
    while all.len() < most {
        match batches.try_recv() {
            Ok(Ok(more)) => all.extend(more),
            Ok(Err(error)) => return Some(Err(error)),
            Err(_) => break,
        }
    }
    Some(Ok(all))
}

/// Lines put together from pieces of any size.
#[derive(Default)]
struct Lines {
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    begun: bool,
}

impl Lines {
    fn add(&mut self, piece: &[u8]) -> Vec<Asked> {
        let mut found = Vec::new();
        let mut parts = piece.split(|&b| b == b'\n').peekable();
        while let Some(part) = parts.next() {
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            self.begun |= !part.is_empty();
            if parts.peek().is_some() {
                found.push(Asked::read(&self.line));
                self.line.clear();
                self.begun = false;
            }
        }
        found
    }

    /// The last line, if it has no end.
    fn end(&mut self) -> Vec<Asked> {
        let last = self.begun.then(|| Asked::read(&self.line));
        last.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(name: &str, offset: u64) -> Asked {
        Asked::Symbol { name: name.as_bytes().into(), offset }
    }

    #[test]
    fn addresses_are_read_as_addr2line_reads_them() {
        for (text, expected) in [
            ("1139", 0x1139),
            ("0x1139", 0x1139),
            ("0XaBc", 0xabc),
            ("face", 0xface),
            ("  1139 junk", 0x1139),
            ("1139\r", 0x1139),
            ("1139+4", 0x1139),
            ("a.c", 0xa),
            ("0x", 0),
            ("0xzz", 0),
            ("", 0),
            (" \t", 0),
            ("ffffffffffffffff", u64::MAX),
            ("ffffffffffffffffffff", u64::MAX),
        ] {
            assert_eq!(Asked::read(text.as_bytes()), Asked::Address(expected), "{text}");
        }
        for (text, name, offset) in [
            ("main", "main", 0),
            ("  main junk+4", "main", 0),
            ("main+4", "main", 4),
            ("main + 10\r", "main", 10),
            ("main+0x10", "main", 16),
            ("main+010", "main", 8),
            ("main+-4", "main", 4u64.wrapping_neg()),
            ("main+", "main", 0),
            ("main+0x", "main", 0),
            ("main+99999999999999999999", "main", u64::MAX),
            ("face+4", "face", 4),
            ("+0x10", "", 16),
            ("-1", "-1", 0),
            ("zz", "zz", 0),
            ("ns::f(int)", "ns::f(int)", 0),
        ] {
            assert_eq!(Asked::read(text.as_bytes()), symbol(name, offset), "{text}");
        }
    }

    #[test]
    fn lines_come_in_pieces_of_any_size() {
        let text = b"10\n\n0x20\nmain+2\n30";
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let mut found: Vec<Asked> = text.chunks(size).flat_map(|piece| lines.add(piece)).collect();
            found.extend(lines.end());
            let [a, b, c, e] = [0x10, 0, 0x20, 0x30].map(Asked::Address);
            assert_eq!(found, [a, b, c, symbol("main", 2), e], "{size}");
        }
        let mut lines = Lines::default();
        for _ in 0..100 {
            assert!(lines.add(&[b' '; 1000]).is_empty());
        }
        assert_eq!(lines.line.len(), MAX_LINE);
        assert_eq!(lines.add(b"\n7\n"), [0, 7].map(Asked::Address));
        assert!(lines.end().is_empty());
    }
}
