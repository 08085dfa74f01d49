//! Protobuf's wire format, as far as a writer of profile.proto needs it
//! (<https://protobuf.dev/programming-guides/encoding/>).

use std::io::{self, Write};

/// A message under construction. Cleared and used again, so that writing allocates for the largest one only.
#[derive(Default)]
pub(super) struct Message {
    bytes: Vec<u8>,
    packed: Vec<u8>,
}

impl Message {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// A number, or a `bool` as 0 or 1. Zero is every field's default and not written.
    pub(super) fn number(&mut self, field: u32, value: u64) {
        if value != 0 {
            tag(&mut self.bytes, field, VARINT);
            varint(&mut self.bytes, value);
        }
    }

    /// A repeated field of numbers.
    pub(super) fn numbers(&mut self, field: u32, values: impl IntoIterator<Item = u64>) {
        self.packed.clear();
        for value in values {
            varint(&mut self.packed, value);
        }
        if !self.packed.is_empty() {
            delimited(&mut self.bytes, field, &self.packed);
        }
    }

    /// As [`Message::numbers`], of numbers that are packed already.
    pub(super) fn packed(&mut self, field: u32, packed: &[u8]) {
        if !packed.is_empty() {
            delimited(&mut self.bytes, field, packed);
        }
    }

    /// The fields of another message, as fields of this one.
    pub(super) fn append(&mut self, other: &Message) {
        self.bytes.extend_from_slice(&other.bytes);
    }

    /// A string; also if it is empty, as lists need it.
    pub(super) fn text(&mut self, field: u32, text: &str) {
        delimited(&mut self.bytes, field, text.as_bytes());
    }

    /// A message within this one.
    pub(super) fn message(&mut self, field: u32, inner: &Message) {
        delimited(&mut self.bytes, field, &inner.bytes);
    }

    /// The fields of the outermost message, which is never held as a whole.
    pub(super) fn write_fields(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.bytes)
    }

    /// This as a field of the outermost message.
    pub(super) fn write(&mut self, field: u32, out: &mut dyn Write) -> io::Result<()> {
        self.packed.clear();
        head(&mut self.packed, field, self.bytes.len());
        out.write_all(&self.packed)?;
        out.write_all(&self.bytes)
    }
}

const VARINT: u32 = 0;
const LENGTH_DELIMITED: u32 = 2;

fn tag(out: &mut Vec<u8>, field: u32, kind: u32) {
    varint(out, u64::from(field << 3 | kind));
}

fn delimited(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    head(out, field, bytes.len());
    out.extend_from_slice(bytes);
}

fn head(out: &mut Vec<u8>, field: u32, length: usize) {
    tag(out, field, LENGTH_DELIMITED);
    varint(out, length as u64);
}

/// Seven bits a byte, the lowest first. Negative numbers come as their two's complement and take ten bytes.
#[inline]
pub(super) fn varint(out: &mut Vec<u8>, mut value: u64) {
    // Most are ids of locations.
    if (0x80..0x4000).contains(&value) {
        return out.extend_from_slice(&[value as u8 | 0x80, (value >> 7) as u8]);
    }
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(fill: impl FnOnce(&mut Message)) -> Vec<u8> {
        let mut message = Message::default();
        fill(&mut message);
        message.bytes
    }

    #[test]
    fn the_documentations_examples() {
        assert_eq!(bytes(|m| m.number(1, 150)), [0x08, 0x96, 0x01]);
        assert_eq!(bytes(|m| m.number(1, -2i64 as u64)).len(), 11);
        assert_eq!(
            bytes(|m| m.numbers(6, [3, 270, 86942])),
            [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]
        );
        let mut inner = Message::default();
        inner.number(1, 150);
        assert_eq!(bytes(|m| m.message(3, &inner)), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(bytes(|m| m.text(2, "testing")), b"\x12\x07testing");
    }

    #[test]
    fn defaults_are_left_out_but_not_in_lists() {
        assert_eq!(bytes(|m| m.number(1, 0)), [0u8; 0]);
        assert_eq!(bytes(|m| m.numbers(2, [])), [0u8; 0]);
        assert_eq!(bytes(|m| m.numbers(2, [0, 1])), [0x12, 2, 0, 1]);
    }
}
