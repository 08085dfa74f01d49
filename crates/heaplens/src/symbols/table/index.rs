//! Addresses to blobs: entries in the order of addresses, each up to the next one's address.
//!
//! Blocks of entries, and a list of the blocks' first addresses that is short enough to be read whole.

use super::pages;
use crate::symbols::bytes::{Damage, Result};
use crate::symbols::numbers::{Reader, put};
use std::io::{self, Write};

/// Entries in a block; about 2 KiB.
const BLOCK: usize = 256;
/// Address, position and length of a block in the list.
const LISTED: usize = 20;
/// More blocks than this no program needs.
const MOST_BLOCKS: u64 = 1 << 20;

/// What is at an address and at those behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) address: u64,
    /// Position of the blob, 0 for none.
    pub(super) blob: u64,
    /// Position of the name that the symbol table has for the function itself, 0 for none.
    pub(super) name: u64,
}

/// Collects entries and writes them block by block.
#[derive(Default)]
pub(super) struct Writer {
    block: Vec<Entry>,
    list: Vec<u8>,
    last: Entry,
    pub(super) entries: u64,
}

impl Writer {
    /// Adds an entry behind the last one's address.
    pub(super) fn add<W: Write>(&mut self, entry: Entry, out: &mut pages::Writer<W>) -> io::Result<()> {
        if (entry.blob, entry.name) == (self.last.blob, self.last.name) {
            return Ok(());
        }
        self.last = entry;
        self.entries += 1;
        self.block.push(entry);
        if self.block.len() == BLOCK { self.close(out) } else { Ok(()) }
    }

    fn close<W: Write>(&mut self, out: &mut pages::Writer<W>) -> io::Result<()> {
        let Some(&first) = self.block.first() else { return Ok(()) };
        let mut bytes = Vec::new();
        let mut last = first;
        for entry in &self.block {
            put(&mut bytes, entry.address - last.address);
            put(&mut bytes, entry.blob);
            put(&mut bytes, entry.name);
            last = *entry;
        }
        self.list.extend(first.address.to_le_bytes());
        self.list.extend(out.position().to_le_bytes());
        self.list.extend((bytes.len() as u32).to_le_bytes());
        self.block.clear();
        out.write(&bytes)
    }

    /// Writes the rest and the list; where the list begins, and how many blocks it has.
    pub(super) fn finish<W: Write>(mut self, out: &mut pages::Writer<W>) -> io::Result<(u64, u64)> {
        self.close(out)?;
        let start = out.position();
        out.write(&self.list)?;
        Ok((start, (self.list.len() / LISTED) as u64))
    }
}

/// The index of a table, one block at hand.
pub(super) struct Index {
    /// First address, position and length of each block.
    list: Vec<(u64, u64, u32)>,
    block: Vec<Entry>,
    held: Option<usize>,
    bytes: Vec<u8>,
}

impl Index {
    pub(super) fn open(start: u64, blocks: u64, pages: &mut pages::Reader) -> Result<Index> {
        if blocks > MOST_BLOCKS {
            return Err(Damage(format!("its index has {blocks} blocks, more than any program needs")));
        }
        let end = start.checked_add(blocks * LISTED as u64).ok_or_else(damaged)?;
        let mut bytes = Vec::new();
        pages.read(start..end, &mut bytes)?;
        let (listed, _) = bytes.as_chunks::<LISTED>();
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte));
        let list = listed.iter().map(|b| (number(&b[..8]), number(&b[8..16]), number(&b[16..]) as u32));
        Ok(Index { list: list.collect(), block: Vec::new(), held: None, bytes })
    }

    /// What is at an address, `None` for nothing.
    pub(super) fn find(&mut self, address: u64, pages: &mut pages::Reader) -> Result<Option<Entry>> {
        let Some(at) = self.list.partition_point(|block| block.0 <= address).checked_sub(1) else {
            return Ok(None);
        };
        if self.held != Some(at) {
            self.held = None;
            let (first, position, length) = self.list[at];
            let end = position.checked_add(length.into()).ok_or_else(damaged)?;
            pages.read(position..end, &mut self.bytes)?;
            self.block = block(first, &self.bytes).ok_or_else(damaged)?;
            self.held = Some(at);
        }
        let before = self.block.partition_point(|entry| entry.address <= address);
        let entry = before.checked_sub(1).map(|i| self.block[i]);
        Ok(entry.filter(|entry| (entry.blob, entry.name) != (0, 0)))
    }
}

fn block(first: u64, bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut rest = Reader::new(bytes);
    let mut entries = Vec::with_capacity(BLOCK);
    let mut address = first;
    while !rest.is_empty() {
        address = address.checked_add(rest.number()?)?;
        entries.push(Entry { address, blob: rest.number()?, name: rest.number()? });
        if entries.len() > BLOCK {
            return None;
        }
    }
    Some(entries)
}

fn damaged() -> Damage {
    Damage::new("its index is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::bytes::Bytes;

    #[test]
    fn each_entry_reaches_to_the_next() {
        let mut file = Vec::new();
        let mut out = pages::Writer::new(&mut file);
        let mut index = Writer::default();
        let entry = |i: u64| Entry {
            address: i * 10,
            blob: if i.is_multiple_of(5) { 0 } else { 7000 - i },
            name: i % 3 % 2,
        };
        for i in 1..2000 {
            index.add(entry(i), &mut out).unwrap();
            index.add(Entry { address: i * 10 + 4, ..entry(i) }, &mut out).unwrap();
        }
        let (start, blocks) = index.finish(&mut out).unwrap();
        out.finish().unwrap();
        let mut pages = pages::Reader::new(Bytes::of_memory(file));
        let mut index = Index::open(start, blocks, &mut pages).unwrap();
        for address in (0..10).chain((10..20_500).step_by(3)).chain([u64::MAX]) {
            let expected = entry((address / 10).min(1999));
            let something = address >= 10 && (expected.blob, expected.name) != (0, 0);
            assert_eq!(index.find(address, &mut pages).unwrap(), something.then_some(expected), "{address}");
        }
        assert!(Index::open(start, blocks + 1, &mut pages).is_err());
        assert!(Index::open(start, u64::MAX, &mut pages).is_err());
        assert!(Index::open(u64::MAX, blocks, &mut pages).is_err());
    }
}
