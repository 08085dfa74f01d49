//! Addresses as they are typed and as they come from standard input.

use anyhow::Context;
use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};

/// Of longer lines the rest is not looked at.
const MAX_LINE: usize = 256;
/// Addresses that are looked up together at most.
const MAX_BATCH: usize = 1 << 20;

/// Batches of addresses, in their order.
pub(super) type Batches = Receiver<anyhow::Result<Vec<u64>>>;

/// An address on the command line: hexadecimal digits and nothing else.
pub(super) fn typed(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    whole.then(|| address(text.as_bytes()))
}

/// An address in a line, read as addr2line does, since each line must have its answer: blanks before it and all that
/// follows it are skipped, no address is 0, and too large a one the largest.
fn address(line: &[u8]) -> u64 {
    let line = line.trim_ascii_start();
    let digits = line.strip_prefix(b"0x").or(line.strip_prefix(b"0X")).unwrap_or(line);
    let digits = digits.iter().map_while(|&b| char::from(b).to_digit(16));
    digits.fold(0u64, |sum, digit| match sum.checked_mul(16) {
        Some(sum) => sum | u64::from(digit),
        None => u64::MAX,
    })
}

/// Reads standard input on a thread of its own, so that a program that waits for each answer has it, and one that
/// does not wait has its addresses looked up together, which takes less time.
pub(super) fn from_stdin() -> Batches {
    let (send, receive) = sync_channel(64);
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

/// What has come since, as one batch; waits for the first of it. `None` at the end.
pub(super) fn next(batches: &Batches) -> Option<anyhow::Result<Vec<u64>>> {
    let mut all = match batches.recv() {
        Ok(Ok(first)) => first,
        Ok(Err(error)) => return Some(Err(error)),
        Err(_) => return None,
    };
    while all.len() < MAX_BATCH {
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
    fn add(&mut self, piece: &[u8]) -> Vec<u64> {
        let mut found = Vec::new();
        let mut parts = piece.split(|&b| b == b'\n').peekable();
        while let Some(part) = parts.next() {
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            self.begun |= !part.is_empty();
            if parts.peek().is_some() {
                found.push(address(&self.line));
                self.line.clear();
                self.begun = false;
            }
        }
        found
    }

    /// The last line, if it has no end.
    fn end(&mut self) -> Vec<u64> {
        let last = self.begun.then(|| address(&self.line));
        last.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_addr2line_reads_them() {
        for (line, expected) in [
            ("1139", 0x1139),
            ("0x1139", 0x1139),
            ("0XaBc", 0xabc),
            ("  1139 junk", 0x1139),
            ("1139\r", 0x1139),
            ("zz", 0),
            ("", 0),
            ("-1", 0),
            ("ffffffffffffffff", u64::MAX),
            ("ffffffffffffffffffff", u64::MAX),
        ] {
            assert_eq!(address(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(typed("0x1139"), Some(0x1139));
        for wrong in ["", "0x", "zz", "12 34", "main+4", "-1", "１"] {
            assert_eq!(typed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lines_come_in_pieces_of_any_size() {
        let text = b"10\n\n0x20\nabc\n30";
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let mut found: Vec<u64> = text.chunks(size).flat_map(|piece| lines.add(piece)).collect();
            found.extend(lines.end());
            assert_eq!(found, [0x10, 0, 0x20, 0xabc, 0x30], "{size}");
        }
        let mut lines = Lines::default();
        for _ in 0..100 {
            assert!(lines.add(&[b' '; 1000]).is_empty());
        }
        assert_eq!(lines.line.len(), MAX_LINE);
        assert_eq!(lines.add(b"\n7\n"), [0, 7]);
        assert!(lines.end().is_empty());
    }
}
