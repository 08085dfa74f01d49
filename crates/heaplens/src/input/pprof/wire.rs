//! Protobuf's wire format, as far as a reader of profile.proto needs it
//! (<https://protobuf.dev/programming-guides/encoding/>).

use crate::error::Error;
use std::fmt::Display;

/// What is wrong, before it is known in which part of the profile.
#[derive(Debug)]
pub(super) struct Fault {
    byte: usize,
    found: String,
    expected: &'static str,
}

impl Fault {
    pub(super) fn new(byte: usize, found: impl Into<String>, expected: &'static str) -> Fault {
        Fault { byte, found: found.into(), expected }
    }

    /// The error, its part named: `location 7`.
    pub(super) fn within(self, place: impl Display) -> Error {
        Error::Pprof {
            place: place.to_string(),
            byte: self.byte as u64,
            found: self.found,
            expected: self.expected.to_owned(),
        }
    }
}

/// Bytes of the file, and where they stand in it. What is read is taken from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) at: usize,
    pub(super) bytes: &'a [u8],
}

/// A field's number and content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) number: u32,
    /// Where the content begins.
    pub(super) at: usize,
    content: Content<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Content<'a> {
    Number(u64),
    Delimited(&'a [u8]),
    /// Eight or four bytes, which profile.proto has none of.
    Fixed,
}

const MAX_FIELD: u64 = (1 << 29) - 1;
const NUMBER: &str = "a number of at most ten bytes and 64 bits";

impl<'a> Part<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Part<'a> {
        Part { at: 0, bytes }
    }

    /// The next field; `None` at the end.
    #[inline]
    pub(super) fn next_field(&mut self) -> Result<Option<Field<'a>>, Fault> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let start = self.at;
        let tag = self.number()?;
        let number = match tag >> 3 {
            number @ 1..=MAX_FIELD => number as u32,
            number => return Err(bad_field(start, number)),
        };
        let mut at = self.at;
        let content = match tag & 7 {
            0 => Content::Number(self.number()?),
            2 => {
                let length = self.number()?;
                at = self.at;
                Content::Delimited(self.take(length)?)
            }
            1 => self.take(8).map(|_| Content::Fixed)?,
            5 => self.take(4).map(|_| Content::Fixed)?,
            kind => return Err(bad_kind(start, kind)),
        };
        Ok(Some(Field { number, at, content }))
    }

    #[inline]
    fn number(&mut self) -> Result<u64, Fault> {
        let before = self.bytes.len();
        match varint(&mut self.bytes) {
            Some(value) => {
                self.at += before - self.bytes.len();
                Ok(value)
            }
            None => Err(self.bad_number()),
        }
    }

    /// All of it as numbers, and where they stand.
    #[inline]
    pub(super) fn numbers(self, mut each: impl FnMut(u64, usize) -> Result<(), Fault>) -> Result<(), Fault> {
        let (mut bytes, end) = (self.bytes, self.at + self.bytes.len());
        while !bytes.is_empty() {
            let at = end - bytes.len();
            match varint(&mut bytes) {
                Some(value) => each(value, at)?,
                None => return Err(Part { at, bytes }.bad_number()),
            }
        }
        Ok(())
    }

    /// What stands in the place of a number.
    #[cold]
    fn bad_number(&self) -> Fault {
        let found = match self.bytes.iter().take(10).position(|&b| b < 0x80) {
            Some(_) => "one of more than 64 bits",
            None if self.bytes.len() < 10 => "the end of the data",
            None => "one of more than ten bytes",
        };
        Fault::new(self.at, found, NUMBER)
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<&'a [u8], Fault> {
        let found = usize::try_from(length).ok().and_then(|length| self.bytes.split_at_checked(length));
        let Some((taken, rest)) = found else { return Err(self.too_short(length)) };
        self.at += taken.len();
        self.bytes = rest;
        Ok(taken)
    }

    #[cold]
    fn too_short(&self, length: u64) -> Fault {
        let found = format!("a length of {length} where {} bytes are left", self.bytes.len());
        Fault::new(self.at, found, "no more than is there; was the file cut?")
    }
}

#[cold]
fn bad_field(at: usize, number: u64) -> Fault {
    Fault::new(at, format!("a field of number {number}"), "a number from 1 to 536870911")
}

#[cold]
fn bad_kind(at: usize, kind: u64) -> Fault {
    let name = if kind < 5 { "a group" } else { "a wire type that does not exist" };
    Fault::new(at, format!("{name} ({kind})"), "wire type 0, 1, 2 or 5")
}

impl<'a> Field<'a> {
    /// A number, or a `bool`.
    #[inline]
    pub(super) fn number(&self) -> Result<u64, Fault> {
        match self.content {
            Content::Number(value) => Ok(value),
            _ => Err(self.unlike("a number")),
        }
    }

    /// A string or a message.
    #[inline]
    pub(super) fn part(&self) -> Result<Part<'a>, Fault> {
        match self.content {
            Content::Delimited(bytes) => Ok(Part { at: self.at, bytes }),
            _ => Err(self.unlike("a string or a message")),
        }
    }

    /// The numbers of a repeated field, and where they stand: all of them if they are packed, else one of them.
    #[inline]
    pub(super) fn numbers(&self, mut each: impl FnMut(u64, usize) -> Result<(), Fault>) -> Result<(), Fault> {
        match self.content {
            Content::Number(value) => each(value, self.at),
            Content::Delimited(bytes) => Part { at: self.at, bytes }.numbers(each),
            Content::Fixed => Err(self.unlike("numbers")),
        }
    }

    #[cold]
    fn unlike(&self, expected: &'static str) -> Fault {
        let kind = match self.content {
            Content::Number(_) => "a number",
            Content::Delimited(_) => "bytes with their length",
            Content::Fixed => "a number of fixed size",
        };
        Fault::new(self.at, format!("{kind} as field {}", self.number), expected)
    }
}

/// Seven bits a byte, the lowest first; `None`, and nothing taken, if that is no number of 64 bits.
#[inline(always)]
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    match **bytes {
        [a, ref rest @ ..] if a < 0x80 => {
            *bytes = rest;
            Some(u64::from(a))
        }
        [a, b, ref rest @ ..] if b < 0x80 => {
            *bytes = rest;
            Some(u64::from(a & 0x7f) | u64::from(b) << 7)
        }
        _ => long_varint(bytes),
    }
}

#[inline(never)]
fn long_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for (at, &byte) in bytes.iter().take(10).enumerate() {
        // The tenth byte has the highest bit alone.
        if at == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            *bytes = &bytes[at + 1..];
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<(u32, Option<u64>)>, String> {
        let (mut part, mut fields) = (Part::of(bytes), Vec::new());
        while let Some(field) = part.next_field().map_err(|f| f.within("x").to_string())? {
            fields.push((field.number, field.number().ok()));
        }
        Ok(fields)
    }

    #[test]
    fn the_documentations_examples() {
        assert_eq!(all(&[0x08, 0x96, 0x01]).unwrap(), [(1, Some(150))]);
        let minus_two = [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(all(&minus_two).unwrap(), [(1, Some(-2i64 as u64))]);
        let packed = [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05];
        let mut numbers = Vec::new();
        let field = Part::of(&packed).next_field().unwrap().unwrap();
        let push = |n, _| {
            numbers.push(n);
            Ok(())
        };
        field.numbers(push).unwrap();
        assert_eq!((field.number, numbers), (6, vec![3, 270, 86942]));
        assert_eq!(field.part().unwrap().at, 2);
        assert_eq!(all(&[0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4]).unwrap(), [(1, None), (2, None)]);
    }

    #[test]
    fn what_is_no_message_is_said() {
        for (bytes, words) in [
            (&[0x08u8][..], "byte 1): found the end of the data"),
            (&[0x08, 0xff, 0xff], "byte 1): found the end of the data"),
            (&[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], "more than ten bytes"),
            (&[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2], "more than 64 bits"),
            (&[0x0a, 5, 1, 2], "byte 2): found a length of 5 where 2 bytes are left"),
            (&[0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], "a length of 18446744073709551615"),
            (&[0x09, 1, 2], "a length of 8 where 2"),
            (&[0x0b], "a group (3)"),
            (&[0x0c], "a group (4)"),
            (&[0x0e], "a wire type that does not exist (6)"),
            (&[0x00, 0x00], "a field of number 0"),
            (&[0x80, 0x80, 0x80, 0x80, 0x10, 0x00], "a field of number 536870912"),
        ] {
            let error = all(bytes).unwrap_err();
            assert!(error.contains(words), "{bytes:?}: {error}");
        }
        let field = Part::of(&[0x0a, 2, 1, 0x80]).next_field().unwrap().unwrap();
        let error = field.numbers(|_, _| Ok(())).unwrap_err().within("x").to_string();
        assert!(error.contains("byte 3): found the end of the data"), "{error}");
    }
}
