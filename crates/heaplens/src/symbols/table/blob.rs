//! What a table says of one function: the lines of its code, and what is inlined where.
//!
//! A blob is its length and then, as LEB128 numbers: how many texts it uses and their positions in the file, rising,
//! by their differences; the first address; the name; the inlined functions in the order of the debug information,
//! each with its depth, its ranges, its name and where it was called; the rows of lines. Addresses are differences
//! from what stands before, those that can fall are zigzag-coded. Texts are places in the list of positions, 0 for
//! none.

use super::overlap::Part;
use crate::symbols::numbers::{Reader, put};

/// A line's place. Files are positions of texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) file: Option<u64>,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A function inlined into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inlined {
    /// 0 if inlined into the function itself.
    pub(super) depth: u32,
    pub(super) ranges: Vec<(u64, u64)>,
    pub(super) name: Option<u64>,
    /// Where it was called.
    pub(super) call: Line,
}

/// A function's own part of the table. Names are positions of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Blob {
    /// `None` for lines that belong to no known function.
    pub(super) name: Option<u64>,
    /// Each after the one that it was inlined into.
    pub(super) inlined: Vec<Inlined>,
    /// In the order of addresses, without overlaps.
    pub(super) rows: Vec<Part<Line>>,
}

/// A function of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: Option<u64>,
    pub(super) line: Line,
}

fn zigzag(from: u64, to: u64) -> u64 {
    let difference = to.wrapping_sub(from) as i64;
    ((difference << 1) ^ (difference >> 63)) as u64
}

fn unzigzag(from: u64, coded: u64) -> u64 {
    from.wrapping_add((coded >> 1) ^ (coded & 1).wrapping_neg())
}

impl Blob {
    /// The functions at an address, innermost first. Reads the lists as [`crate::symbols::dwarf`] does.
    pub(super) fn chain(&self, address: u64) -> Vec<Place> {
        let at = self.rows.partition_point(|row| row.to <= address);
        let row = self.rows.get(at).filter(|row| row.from <= address);
        let mut line = row.map_or_else(Line::default, |row| row.what);
        let mut depth = 0;
        let here: Vec<&Inlined> = self
            .inlined
            .iter()
            .filter(|inlined| {
                let holds = |&(from, to): &(u64, u64)| from <= address && address < to;
                let here = inlined.depth == depth && inlined.ranges.iter().any(holds);
                depth += u32::from(here);
                here
            })
            .collect();
        let mut chain = Vec::with_capacity(here.len() + 1);
        for inlined in here.into_iter().rev() {
            chain.push(Place { name: inlined.name, line });
            line = inlined.call;
        }
        chain.push(Place { name: self.name, line });
        chain
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut texts: Vec<u64> = self.texts().collect();
        texts.sort_unstable();
        texts.dedup();
        let place =
            |text: Option<u64>| text.map_or(0, |text| texts.partition_point(|&t| t < text) as u64 + 1);
        let mut body = Vec::new();
        put(&mut body, texts.len() as u64);
        let mut last = 0;
        for &text in &texts {
            put(&mut body, text - last);
            last = text;
        }
        let base = self.rows.first().map_or(0, |row| row.from);
        put(&mut body, base);
        put(&mut body, place(self.name));
        put(&mut body, self.inlined.len() as u64);
        let mut before = base;
        for inlined in &self.inlined {
            put(&mut body, inlined.depth.into());
            put(&mut body, inlined.ranges.len() as u64);
            for &(from, to) in &inlined.ranges {
                put(&mut body, zigzag(before, from));
                put(&mut body, to.wrapping_sub(from));
                before = from;
            }
            put(&mut body, place(inlined.name));
            put_line(&mut body, Line::default(), inlined.call, place);
        }
        put(&mut body, self.rows.len() as u64);
        let (mut end, mut line) = (base, Line::default());
        for row in &self.rows {
            put(&mut body, row.from - end);
            put(&mut body, row.to - row.from);
            put_line(&mut body, line, row.what, place);
            (end, line) = (row.to, row.what);
        }
        let mut blob = Vec::with_capacity(body.len() + 4);
        put(&mut blob, body.len() as u64);
        blob.extend_from_slice(&body);
        blob
    }

    fn texts(&self) -> impl Iterator<Item = u64> {
        let inlined = self.inlined.iter().flat_map(|inlined| [inlined.name, inlined.call.file]);
        let rows = self.rows.iter().map(|row| row.what.file);
        inlined.chain(rows).chain([self.name]).flatten()
    }

    /// Reads a blob without its length; `None` if it is damaged.
    pub(super) fn decode(body: &[u8]) -> Option<Blob> {
        let mut rest = Reader::new(body);
        let count = rest.count()?;
        let mut texts = Vec::with_capacity(count);
        let mut last = 0u64;
        for _ in 0..count {
            last = last.checked_add(rest.number()?)?;
            texts.push(last);
        }
        let text = |place: u64| match place {
            0 => Some(None),
            _ => texts.get(usize::try_from(place - 1).ok()?).copied().map(Some),
        };
        let base = rest.number()?;
        let name = text(rest.number()?)?;
        let mut inlined = Vec::new();
        let mut before = base;
        for _ in 0..rest.count()? {
            let depth = rest.small()?;
            let count = rest.count()?;
            let mut ranges = Vec::with_capacity(count);
            for _ in 0..count {
                before = unzigzag(before, rest.number()?);
                ranges.push((before, before.wrapping_add(rest.number()?)));
            }
            let name = text(rest.number()?)?;
            let call = line(&mut rest, Line::default(), text)?;
            inlined.push(Inlined { depth, ranges, name, call });
        }
        let mut rows = Vec::new();
        let (mut end, mut last) = (base, Line::default());
        for _ in 0..rest.count()? {
            let from = end.checked_add(rest.number()?)?;
            end = from.checked_add(rest.number()?)?;
            last = line(&mut rest, last, text)?;
            rows.push(Part { from, to: end, what: last });
        }
        rest.is_empty().then_some(Blob { name, inlined, rows })
    }
}

/// The line by its difference, with the lowest bit for another file, then the file if it is another, the column.
fn put_line(body: &mut Vec<u8>, before: Line, line: Line, place: impl Fn(Option<u64>) -> u64) {
    let other_file = u64::from(before.file != line.file);
    put(body, zigzag(before.line.into(), line.line.into()) << 1 | other_file);
    if other_file == 1 {
        put(body, place(line.file));
    }
    put(body, line.column.into());
}

fn line(rest: &mut Reader<'_>, before: Line, text: impl Fn(u64) -> Option<Option<u64>>) -> Option<Line> {
    let coded = rest.number()?;
    let line = u32::try_from(unzigzag(before.line.into(), coded >> 1)).ok()?;
    let file = if coded & 1 == 1 { text(rest.number()?)? } else { before.file };
    Some(Line { file, line, column: rest.small()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines() -> impl Strategy<Value = Line> {
        let file = prop::option::of(0u64..1 << 40);
        let number = || prop_oneof![0u32..100, any::<u32>()];
        (file, number(), number()).prop_map(|(file, line, column)| Line { file, line, column })
    }

    fn blobs() -> impl Strategy<Value = Blob> {
        let range = (any::<u64>(), 0u64..1000).prop_map(|(from, size)| (from, from.saturating_add(size)));
        let inlined = (0u32..4, prop::collection::vec(range, 0..3), prop::option::of(0u64..50), lines());
        let inlined = inlined.prop_map(|(depth, ranges, name, call)| Inlined { depth, ranges, name, call });
        let rows = prop::collection::vec((0u64..50, 1u64..50, lines()), 0..9);
        let start = prop_oneof![0u64..1000, (u64::MAX - 1000)..(u64::MAX - 900)];
        (prop::option::of(0u64..50), prop::collection::vec(inlined, 0..6), rows, start).prop_map(
            |(name, inlined, rows, start)| {
                let mut end = start;
                let row = |(gap, size, what)| {
                    let from = end + gap;
                    end = from + size;
                    Part { from, to: end, what }
                };
                Blob { name, inlined, rows: rows.into_iter().map(row).collect() }
            },
        )
    }

    proptest! {
        #[test]
        fn a_blob_comes_back(blob in blobs()) {
            let coded = blob.encode();
            let mut reader = Reader::new(&coded);
            let length = reader.count().unwrap();
            let body = reader.bytes(length).unwrap();
            prop_assert!(reader.is_empty());
            prop_assert_eq!(Blob::decode(body), Some(blob));
        }

        #[test]
        fn bytes_of_any_kind_are_read_to_an_end(blob in blobs(), flips: Vec<(usize, u8)>, cut: usize) {
            let mut body = blob.encode().split_off(1);
            for (at, bits) in flips {
                let at = at % body.len();
                body[at] ^= bits;
            }
            body.truncate(cut % (body.len() + 1));
            if let Some(blob) = Blob::decode(&body) {
                prop_assert!(blob.rows.len() + blob.inlined.len() <= body.len());
                prop_assert!(blob.chain(5).len() <= blob.inlined.len() + 1);
            }
        }
    }

    #[test]
    fn inlined_functions_are_asked_level_by_level() {
        let line = |line| Line { file: Some(9), line, column: 1 };
        let inlined = |depth, from, to, name, call| Inlined {
            depth,
            ranges: vec![(from, to)],
            name: Some(name),
            call: line(call),
        };
        let blob = Blob {
            name: Some(1),
            inlined: vec![inlined(0, 10, 20, 2, 100), inlined(1, 12, 15, 3, 200), inlined(0, 30, 40, 4, 300)],
            rows: vec![Part { from: 8, to: 14, what: line(1) }, Part { from: 16, to: 50, what: line(2) }],
        };
        let chain = |address| -> Vec<(u64, u32)> {
            blob.chain(address).into_iter().map(|p| (p.name.unwrap(), p.line.line)).collect()
        };
        assert_eq!(chain(9), [(1, 1)]);
        assert_eq!(chain(11), [(2, 1), (1, 100)]);
        assert_eq!(chain(13), [(3, 1), (2, 200), (1, 100)]);
        assert_eq!(chain(14), [(3, 0), (2, 200), (1, 100)]);
        assert_eq!(chain(35), [(4, 2), (1, 300)]);
        assert_eq!(chain(60), [(1, 0)]);
    }
}
