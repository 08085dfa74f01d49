//! The answers file's grammar: records one after the other, each whole in itself.
//!
//! A record is a mark, the length and CRC-32 of its body (32 bits each, little-endian), and the body: the key that
//! the file belongs to, the segments of the image, a table of texts, the addresses in rising order by their
//! differences, and for each a chain. Numbers are LEB128. As each record carries its key and its texts, no record
//! depends on another, nor on which process wrote first.

use super::key::Key;
use crate::symbols::chains::{Chains, IndexedPlace, RawPlace};
use crate::symbols::numbers::{Reader, put, put_text};
use crate::symbols::segments::Segment;

/// The last byte but one is the format's version; the line end shows files that were sent as text.
const MARK: [u8; 8] = *b"hlsym\0\x01\n";
/// Mark, length, checksum.
pub(super) const HEAD: usize = 16;
/// A record is closed once its body has this many bytes.
const CLOSE_AT: usize = 1 << 20;
/// No record is longer; one that claims to be is damaged.
pub(super) const MAX_BODY: usize = 4 << 20;

/// Wanted addresses, to be met in rising order.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Each with its place in the caller's list.
    pub(super) sorted: Vec<(u64, usize)>,
}

impl Wanted {
    pub(super) fn new(addresses: &[Option<u64>]) -> Wanted {
        let with_place = addresses.iter().enumerate();
        let mut sorted: Vec<(u64, usize)> = with_place.filter_map(|(at, a)| Some(((*a)?, at))).collect();
        sorted.sort_unstable();
        Wanted { sorted }
    }
}

/// The length of the body that a head announces and its checksum; `None` if it is no head.
pub(super) fn head(head: &[u8; HEAD]) -> Option<(usize, u32)> {
    let (mark, rest) = head.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (checksum, _) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (*mark == MARK && length <= MAX_BODY).then(|| (length, u32::from_le_bytes(*checksum)))
}

/// A record around a body.
fn close(body: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEAD + body.len());
    record.extend_from_slice(&MARK);
    record.extend_from_slice(&(body.len() as u32).to_le_bytes());
    record.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
    record.extend_from_slice(body);
    record
}

/// The records that hold the chains of some addresses, which rise.
pub(super) fn write(key: &Key, chains: &Chains, answers: &[(u64, usize)]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut batch = Batch::new(chains);
    let mut first = 0;
    for (i, &(_, at)) in answers.iter().enumerate() {
        batch.add(chains, at);
        if batch.size() >= CLOSE_AT || i + 1 == answers.len() {
            let body = batch.body(key, chains, &answers[first..=i]);
            // One place with megabytes of names is not worth keeping.
            if body.len() <= MAX_BODY {
                records.push(close(&body));
            }
            batch = Batch::new(chains);
            first = i + 1;
        }
    }
    records
}

/// Chains on their way into one record.
struct Batch {
    /// Where each of all texts stands in this record.
    local: Vec<Option<u32>>,
    texts: Vec<u32>,
    text_bytes: usize,
    chains: Vec<u8>,
}

impl Batch {
    fn new(chains: &Chains) -> Batch {
        Batch { local: vec![None; chains.text_count()], texts: Vec::new(), text_bytes: 0, chains: Vec::new() }
    }

    fn size(&self) -> usize {
        self.text_bytes + self.chains.len()
    }

    fn add(&mut self, chains: &Chains, at: usize) {
        let chain = chains.indexed(at);
        put(&mut self.chains, chain.len() as u64);
        for place in chain {
            let name = self.text(chains, place.name);
            let file = place.file.map_or(0, |file| u64::from(self.text(chains, file)) + 1);
            put(&mut self.chains, name.into());
            put(&mut self.chains, file);
            put(&mut self.chains, place.line.into());
            put(&mut self.chains, place.column.into());
        }
    }

    fn text(&mut self, chains: &Chains, index: u32) -> u32 {
        let next = self.texts.len() as u32;
        let local = &mut self.local[index as usize];
        *local.get_or_insert_with(|| {
            self.texts.push(index);
            self.text_bytes += chains.text(index).len() + 4;
            next
        })
    }

    fn body(&self, key: &Key, chains: &Chains, answers: &[(u64, usize)]) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.size() + 4096);
        put_text(&mut body, &key.text);
        put(&mut body, key.segments.len() as u64);
        for segment in &key.segments {
            put(&mut body, segment.offset);
            put(&mut body, segment.size);
            put(&mut body, segment.address);
        }
        put(&mut body, self.texts.len() as u64);
        self.texts.iter().for_each(|&text| put_text(&mut body, chains.text(text)));
        put(&mut body, answers.len() as u64);
        let mut last = 0;
        for &(address, _) in answers {
            put(&mut body, address - last);
            last = address;
        }
        body.extend_from_slice(&self.chains);
        body
    }
}

/// A record's first part.
pub(super) struct Opened<'a> {
    pub(super) key: &'a str,
    pub(super) segments: Vec<Segment>,
    rest: Reader<'a>,
}

/// Reads the first part of a body; `None` if it is no body of ours.
pub(super) fn open(body: &[u8]) -> Option<Opened<'_>> {
    let mut rest = Reader::new(body);
    let key = rest.text()?;
    let count = rest.count()?;
    let segment = |rest: &mut Reader<'_>| {
        Some(Segment { offset: rest.number()?, size: rest.number()?, address: rest.number()? })
    };
    let segments = (0..count).map(|_| segment(&mut rest)).collect::<Option<_>>()?;
    Some(Opened { key, segments, rest })
}

/// A record's second part: texts, addresses, and for each of these where its chain begins.
struct Parts<'a> {
    texts: Vec<&'a str>,
    addresses: Vec<u64>,
    chains: Reader<'a>,
}

/// A place as a record has it.
struct Place {
    name: u32,
    /// One more than the file's text, 0 for none.
    file: u32,
    line: u32,
    column: u32,
}

fn place(rest: &mut Reader<'_>) -> Option<Place> {
    Some(Place { name: rest.small()?, file: rest.small()?, line: rest.small()?, column: rest.small()? })
}

impl<'a> Opened<'a> {
    fn parts(self) -> Option<Parts<'a>> {
        let mut rest = self.rest;
        let count = rest.count()?;
        let texts = (0..count).map(|_| rest.text()).collect::<Option<Vec<_>>>()?;
        let count = rest.count()?;
        let mut address = 0u64;
        let addresses = (0..count).map(|_| {
            address = address.checked_add(rest.number()?)?;
            Some(address)
        });
        let addresses = addresses.collect::<Option<Vec<u64>>>()?;
        Some(Parts { texts, addresses, chains: rest })
    }

    /// Takes the chains of wanted addresses into `chains`, and notes in `known` which they are; `None` if the body
    /// is damaged. What was taken before the damage showed is sound: the checksum held for it.
    pub(super) fn take(self, wanted: &Wanted, chains: &mut Chains, known: &mut [bool]) -> Option<()> {
        let Parts { texts, addresses, chains: mut rest } = self.parts()?;
        let mut interned: Vec<Option<u32>> = vec![None; texts.len()];
        let mut wanted = wanted.sorted.as_slice();
        let mut chain = Vec::new();
        for address in addresses {
            let places = rest.count()?;
            let before = wanted.partition_point(|&(w, _)| w < address);
            wanted = &wanted[before..];
            let hits = &wanted[..wanted.partition_point(|&(w, _)| w == address)];
            chain.clear();
            for _ in 0..places {
                let Place { name, file, line, column } = place(&mut rest)?;
                if hits.is_empty() {
                    continue;
                }
                let mut text = |index: u32| {
                    let known = interned.get_mut(index as usize)?;
                    Some(*known.get_or_insert_with(|| chains.intern(texts[index as usize])))
                };
                let name = text(name)?;
                let file = match file.checked_sub(1) {
                    Some(file) => Some(text(file)?),
                    None => None,
                };
                chain.push(IndexedPlace { name, file, line, column });
            }
            for &(_, at) in hits {
                if let Some(known) = known.get_mut(at)
                    && !std::mem::replace(known, true)
                {
                    chains.set_indexed(at, chain.iter().copied());
                }
            }
        }
        rest.is_empty().then_some(())
    }
}

/// A record in memory, to be asked again and again.
pub(super) struct Held {
    body: Box<[u8]>,
    /// Where each text lies in the body.
    texts: Vec<(u32, u32)>,
}

impl Held {
    /// Keeps a body, and shows `visit` each address and where its chain begins; `None` if it is no sound body with
    /// this key.
    pub(super) fn new(body: &[u8], key: &str, mut visit: impl FnMut(u64, u32)) -> Option<Held> {
        let Parts { texts, addresses, chains: mut rest } =
            open(body).filter(|record| record.key == key)?.parts()?;
        for &address in &addresses {
            visit(address, (body.len() - rest.len()) as u32);
            for _ in 0..rest.count()? {
                let Place { name, file, .. } = place(&mut rest)?;
                if name.max(file.saturating_sub(1)) as usize >= texts.len() {
                    return None;
                }
            }
        }
        let start = |text: &str| text.as_ptr().addr() - body.as_ptr().addr();
        let texts = texts.iter().map(|text| (start(text) as u32, text.len() as u32)).collect();
        rest.is_empty().then(|| Held { body: body.into(), texts })
    }

    /// The chain that begins at a place which [`Held::new`] told.
    pub(super) fn chain(&self, at: u32) -> Vec<RawPlace<'_>> {
        let mut rest = Reader::new(self.body.get(at as usize..).unwrap_or_default());
        let count = rest.count().unwrap_or(0);
        let raw = |place: Place| RawPlace {
            name: self.text(place.name).unwrap_or_default(),
            file: place.file.checked_sub(1).and_then(|file| self.text(file)),
            line: place.line,
            column: place.column,
        };
        (0..count).map_while(|_| place(&mut rest).map(raw)).collect()
    }

    fn text(&self, index: u32) -> Option<&str> {
        let &(start, length) = self.texts.get(index as usize)?;
        let bytes = self.body.get(start as usize..)?.get(..length as usize)?;
        std::str::from_utf8(bytes).ok()
    }
}
