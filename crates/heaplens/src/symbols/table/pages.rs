//! The lowest layer of a table: pages of 4 KiB, each with its checksum, so that whatever is read is known to be what
//! was written, and little more than what is asked for is read.
//!
//! Positions are those of the content without checksums. A page's checksum covers its number too: pages that changed
//! places are noticed as well.

use crate::symbols::bytes::{Bytes, Damage, Result};
use rustc_hash::FxHashMap;
use std::io::{self, Write};
use std::ops::Range;

const PAGE: u64 = 4096;
/// Of a page, what is content.
const CONTENT: u64 = PAGE - 4;
/// Most pages that a reader holds, 4 MiB.
const MOST_HELD: usize = 1024;

fn checksum(page: u64, content: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&page.to_le_bytes());
    hasher.update(content);
    hasher.finalize().to_le_bytes()
}

/// Writes content from its start to its end.
pub(super) struct Writer<W> {
    out: W,
    page: Vec<u8>,
    full: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Writer<W> {
        Writer { out, page: Vec::with_capacity(PAGE as usize), full: 0 }
    }

    /// Where the next byte goes.
    pub(super) fn position(&self) -> u64 {
        self.full * CONTENT + self.page.len() as u64
    }

    pub(super) fn write(&mut self, mut content: &[u8]) -> io::Result<()> {
        while !content.is_empty() {
            let room = CONTENT as usize - self.page.len();
            let (now, later) = content.split_at(room.min(content.len()));
            self.page.extend_from_slice(now);
            content = later;
            if self.page.len() as u64 == CONTENT {
                self.close()?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        let checksum = checksum(self.full, &self.page);
        self.page.extend_from_slice(&checksum);
        self.out.write_all(&self.page)?;
        self.page.clear();
        self.full += 1;
        Ok(())
    }

    /// Writes the last page, which may be a short one; gives the bytes written in all.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        let rest = match self.page.len() as u64 {
            0 => 0,
            length => length + 4,
        };
        let bytes = self.full * PAGE + rest;
        if rest > 0 {
            self.close()?;
        }
        self.out.flush()?;
        Ok(bytes)
    }
}

/// Reads content anywhere.
pub(super) struct Reader {
    bytes: Bytes,
    length: u64,
    held: FxHashMap<u64, Box<[u8]>>,
}

impl Reader {
    pub(super) fn new(bytes: Bytes) -> Reader {
        let (full, rest) = (bytes.len() / PAGE, bytes.len() % PAGE);
        let length = full * CONTENT + rest.saturating_sub(4);
        Reader { bytes, length, held: FxHashMap::default() }
    }

    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// Puts a range of the content into `into`, in the place of what it held.
    ///
    /// # Errors
    /// If the range leaves the content, or a page of it is damaged.
    pub(super) fn read(&mut self, range: Range<u64>, into: &mut Vec<u8>) -> Result<()> {
        into.clear();
        if range.end > self.length {
            return Err(Damage::new("it refers beyond its end"));
        }
        let mut at = range.start;
        while at < range.end {
            let (number, inside) = (at / CONTENT, (at % CONTENT) as usize);
            let page = self.page(number)?;
            let end = page.len().min(inside + (range.end - at) as usize);
            let part = page.get(inside..end).filter(|part| !part.is_empty());
            let part = part.ok_or_else(|| Damage::new("it ends too early"))?;
            into.extend_from_slice(part);
            at += part.len() as u64;
        }
        Ok(())
    }

    /// As [`Reader::read`], fewer bytes at the end.
    pub(super) fn read_up_to(&mut self, at: u64, most: u64, into: &mut Vec<u8>) -> Result<()> {
        let end = at.saturating_add(most).min(self.length);
        self.read(at.min(end)..end, into)
    }

    fn page(&mut self, number: u64) -> Result<&[u8]> {
        if self.held.len() >= MOST_HELD && !self.held.contains_key(&number) {
            self.held.clear();
        }
        match self.held.entry(number) {
            std::collections::hash_map::Entry::Occupied(held) => Ok(held.into_mut()),
            std::collections::hash_map::Entry::Vacant(free) => {
                let mut page = Vec::with_capacity(PAGE as usize);
                self.bytes.read_up_to(number * PAGE, PAGE, &mut page)?;
                let stored = page.split_off(page.len().saturating_sub(4));
                if stored != checksum(number, &page) {
                    return Err(Damage(format!("its page {number} is damaged")));
                }
                Ok(free.insert(page.into_boxed_slice()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(length: usize) -> (Vec<u8>, Vec<u8>) {
        let content: Vec<u8> = (0..length).map(|i| (i / 7 % 251) as u8).collect();
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file);
        for part in content.chunks(1000) {
            let before = writer.position();
            writer.write(part).unwrap();
            assert_eq!(writer.position(), before + part.len() as u64);
        }
        assert_eq!(writer.finish().unwrap(), file.len() as u64);
        (content, file)
    }

    #[test]
    fn content_of_any_length_comes_back() {
        for length in [0, 1, 4091, 4092, 4093, 8183, 8184, 8185, 100_000] {
            let (content, file) = written(length);
            let mut reader = Reader::new(Bytes::of_memory(file));
            assert_eq!(reader.len(), length as u64);
            let mut read = Vec::new();
            for (from, to) in [(0, length), (length / 2, length), (length / 3, length / 2)] {
                reader.read(from as u64..to as u64, &mut read).unwrap();
                assert_eq!(read, content[from..to]);
            }
            reader.read_up_to(length as u64 / 2, 10_000, &mut read).unwrap();
            assert_eq!(read, content[length / 2..length.min(length / 2 + 10_000)]);
            assert!(reader.read(0..length as u64 + 1, &mut read).is_err());
            reader.read_up_to(u64::MAX, 10, &mut read).unwrap();
            assert!(read.is_empty());
        }
    }

    #[test]
    fn no_damage_is_read_as_content() {
        let (content, file) = written(10_000);
        let mut read = Vec::new();
        let mut damaged = |bytes: Vec<u8>| {
            let mut reader = Reader::new(Bytes::of_memory(bytes));
            let mut sound = 0;
            for at in (0..content.len()).step_by(500) {
                if reader.read(at as u64..at as u64 + 500, &mut read).is_ok() {
                    assert_eq!(read, content[at..at + 500]);
                    sound += 1;
                }
            }
            assert!(sound < 20, "a part is damaged");
        };
        for at in (0..file.len()).step_by(13) {
            let mut changed = file.clone();
            changed[at] ^= 4;
            damaged(changed);
            damaged(file[..at].to_vec());
        }
        let mut swapped = file[4096..8192].to_vec();
        swapped.extend_from_slice(&file[..4096]);
        swapped.extend_from_slice(&file[8192..]);
        damaged(swapped);
    }
}
