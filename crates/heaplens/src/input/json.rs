//! What jemalloc's two JSON files have in common. They are read into what is needed of them at once: documents in
//! memory would take many times the file.

use crate::error::Error;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::error::Category;
use std::fmt;

/// A stack's addresses as text, the innermost first: `["0x55d0a0001234", …]`.
#[derive(Debug, Default)]
pub(super) struct Stack(pub(super) Vec<u64>);

/// Many of them, one after another.
#[derive(Debug, Default)]
pub(super) struct Stacks {
    addresses: Vec<u64>,
    ends: Vec<usize>,
}

impl Stacks {
    pub(super) fn get(&self, index: usize) -> Option<&[u64]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.addresses.get(start..end)
    }

    pub(super) fn push(&mut self, stack: &[u64]) -> usize {
        self.addresses.extend_from_slice(stack);
        self.ends.push(self.addresses.len());
        self.ends.len() - 1
    }
}

impl<'de> Deserialize<'de> for Stack {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Stack, D::Error> {
        let mut addresses = Vec::new();
        Addresses(&mut addresses).deserialize(from)?;
        Ok(Stack(addresses))
    }
}

impl<'de> Deserialize<'de> for Stacks {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Stacks, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Stacks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of stacks")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Stacks, A::Error> {
                let mut stacks = Stacks::default();
                while from.next_element_seed(Addresses(&mut stacks.addresses))?.is_some() {
                    stacks.ends.push(stacks.addresses.len());
                }
                Ok(stacks)
            }
        }
        from.deserialize_seq(All)
    }
}

/// Appends the addresses of a list.
struct Addresses<'a>(&'a mut Vec<u64>);

impl<'de> DeserializeSeed<'de> for Addresses<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Addresses<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of addresses")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        while let Some(Address(address)) = from.next_element()? {
            self.0.push(address);
        }
        Ok(())
    }
}

struct Address(u64);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Address;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address such as \"0x55d0a0001234\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Address, E> {
                // printf's %p of no address.
                if text == "(nil)" {
                    return Ok(Address(0));
                }
                let digits = text.strip_prefix("0x").filter(|digits| !digits.starts_with('+'));
                let value = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
                value.map(Address).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        from.deserialize_str(Text)
    }
}

/// Reads a document, or says where it is wrong.
pub(super) fn parse<'a, T: Deserialize<'a>>(text: &'a str, expected: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| syntax(text.as_bytes(), &error, expected))
}

fn syntax(text: &[u8], error: &serde_json::Error, expected: &str) -> Error {
    let line = error.line().max(1);
    let before = memchr::memchr_iter(b'\n', text).nth(line.wrapping_sub(2)).map_or(0, |end| end + 1);
    let start = if line == 1 { 0 } else { before };
    let byte = start + error.column().saturating_sub(1);
    let said = error.to_string();
    let found = said.split(" at line ").next().unwrap_or(&said);
    let said: String = found.chars().take(200).flat_map(char::escape_default).collect();
    // What serde says is what it wanted: it does not follow "found".
    let found = match error.classify() {
        Category::Eof => "the end of the JSON; was the file cut?".to_owned(),
        Category::Data => format!("other JSON ({said})"),
        Category::Syntax | Category::Io => format!("no JSON ({said})"),
    };
    Error::Syntax { line: line as u64, byte: byte as u64, found, expected: expected.to_owned() }
}
