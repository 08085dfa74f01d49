//! jemalloc's heap_v2 text, read without loss.
//!
//! ```text
//! heap_v2/524288                                  average bytes between samples
//!   t*: 3530: 101069509 [0: 0]                    objects: bytes [the same since the start, if prof_accum]
//!   t5: 12: 49152 [0: 0] name of the thread
//! @ 0x55d0a0001234 0x55d0a0005678                 return addresses, innermost first
//!   t*: 1: 1048576 [0: 0]
//!   t5: 1: 1048576 [0: 0]
//!
//! MAPPED_LIBRARIES:
//! 55d0a0000000-55d0a0009000 r-xp …
//! ```
//!
//! All counts here are raw, as printed. They are to be unsampled line by line and only then added (see
//! [`crate::sampling`]); [`Dump::to_profile`] does both.

mod account;
mod parse;
mod print;
mod to_profile;

pub use account::{Accounting, Writer};
pub use to_profile::Threads;

use crate::trailer::{Seal, Trailer};

/// Raw counts of one line: what was sampled, before unsampling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Live objects.
    pub objects: u64,
    /// Live bytes.
    pub bytes: u64,
    /// Objects since the start; 0 without `prof_accum`.
    pub accum_objects: u64,
    /// Bytes since the start; 0 without `prof_accum`.
    pub accum_bytes: u64,
}

/// Whose counts a line gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// `t*`: all threads together.
    All,
    /// `t<uid>`.
    Thread(u64),
}

/// A dump. Writing it again gives the bytes it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dump {
    /// The number after `heap_v2/`: average bytes between samples.
    pub rate: u64,
    /// Return addresses of all stacks, innermost first, one stack after another.
    addresses: Vec<u64>,
    lines: CountLines,
    /// Lines of the header: `lines[..header_end]`.
    header_end: usize,
    stacks: Vec<StackEnd>,
    /// Names of header lines' threads, any bytes: `(line, name)`.
    names: Vec<(u32, Box<[u8]>)>,
    /// Lines whose text is not what printing would give, in order.
    verbatim: Vec<Verbatim>,
    /// True if lines end in CR LF.
    crlf: bool,
    /// From the empty line before `MAPPED_LIBRARIES:` on, up to the trailer, as it stands.
    maps_section: Vec<u8>,
    /// Our agent's lines, as they stand.
    trailer_text: Vec<u8>,
    trailer: Option<(Trailer, Seal)>,
    /// Damage that parsing met and could step over.
    faults: Vec<Fault>,
}

/// Damage inside a dump that is otherwise readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub what: &'static str,
}

/// Count lines in columns: the accumulated pair is stored only where a dump has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct CountLines {
    /// `u64::MAX` for `t*`, else the thread.
    owner: Vec<u64>,
    live: Vec<(u64, u64)>,
    accum: Vec<(u64, u64)>,
}

const ALL_THREADS: u64 = u64::MAX;

impl CountLines {
    fn len(&self) -> usize {
        self.owner.len()
    }

    fn push(&mut self, owner: u64, counts: Counts) {
        let accum = (counts.accum_objects, counts.accum_bytes);
        if accum != (0, 0) && self.accum.is_empty() {
            self.accum.resize(self.owner.len(), (0, 0));
        }
        if accum != (0, 0) || !self.accum.is_empty() {
            self.accum.push(accum);
        }
        self.owner.push(owner);
        self.live.push((counts.objects, counts.bytes));
    }

    fn get(&self, index: usize) -> (Owner, Counts) {
        let owner =
            if self.owner[index] == ALL_THREADS { Owner::All } else { Owner::Thread(self.owner[index]) };
        let (objects, bytes) = self.live[index];
        let (accum_objects, accum_bytes) = self.accum.get(index).copied().unwrap_or_default();
        (owner, Counts { objects, bytes, accum_objects, accum_bytes })
    }
}

/// Where a stack's addresses and lines end; they begin where the previous one's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StackEnd {
    addresses: u32,
    lines: u32,
}

/// A line kept as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Verbatim {
    /// It stands before this item (line that has a meaning), counted from the file's first.
    before: u32,
    /// It is itself the text of that item, not an extra line.
    is_item: bool,
    /// With its line end, if it has one.
    text: Box<[u8]>,
}

/// One stack of a dump.
#[derive(Clone, Copy, Debug)]
pub struct Stack<'a> {
    dump: &'a Dump,
    /// Return addresses, innermost first.
    pub addresses: &'a [u64],
    first_line: usize,
    end_line: usize,
}

impl<'a> Stack<'a> {
    /// The raw counts, `t*` first, then per thread.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = (Owner, Counts)> + use<'a> {
        let dump = self.dump;
        (self.first_line..self.end_line).map(move |i| dump.lines.get(i))
    }

    /// The raw `t*` counts of this stack.
    pub fn total(&self) -> Counts {
        self.lines().find(|(owner, _)| *owner == Owner::All).map(|(_, counts)| counts).unwrap_or_default()
    }
}

impl Dump {
    /// The header's raw total.
    pub fn total(&self) -> Counts {
        (0..self.header_end)
            .map(|i| self.lines.get(i))
            .find(|(owner, _)| *owner == Owner::All)
            .map(|(_, counts)| counts)
            .unwrap_or_default()
    }

    /// The header's threads: uid, raw counts, name (any bytes).
    pub fn threads(&self) -> impl Iterator<Item = (u64, Counts, Option<&[u8]>)> {
        (0..self.header_end).filter_map(|i| match self.lines.get(i) {
            (Owner::Thread(uid), counts) => {
                let name = self.names.binary_search_by_key(&(i as u32), |n| n.0).ok();
                Some((uid, counts, name.map(|n| &*self.names[n].1)))
            }
            (Owner::All, _) => None,
        })
    }

    /// All stacks, in the file's order.
    pub fn stacks(&self) -> impl ExactSizeIterator<Item = Stack<'_>> {
        (0..self.stacks.len()).map(|i| {
            let start = match i.checked_sub(1) {
                Some(previous) => self.stacks[previous],
                None => StackEnd { addresses: 0, lines: self.header_end as u32 },
            };
            let end = self.stacks[i];
            Stack {
                dump: self,
                addresses: &self.addresses[start.addresses as usize..end.addresses as usize],
                first_line: start.lines as usize,
                end_line: end.lines as usize,
            }
        })
    }

    /// True if the dump has a `MAPPED_LIBRARIES:` section.
    pub fn has_maps(&self) -> bool {
        !self.maps_section.is_empty()
    }

    /// The mapping lines, as they stand.
    pub fn maps_text(&self) -> &[u8] {
        match memchr::memchr_iter(b'\n', &self.maps_section).find(|&at| at > 1) {
            Some(end_of_title) => &self.maps_section[end_of_title + 1..],
            None => &[],
        }
    }

    /// What our agent said about the process, and whether the lines before it are as written.
    pub fn trailer(&self) -> Option<&(Trailer, Seal)> {
        self.trailer.as_ref()
    }

    /// Damage that was stepped over.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// True if some stack has accumulated counts (`prof_accum:true`).
    pub fn has_accum(&self) -> bool {
        !self.lines.accum.is_empty()
    }
}
