//! Where units begin.

use super::super::bytes::{Damage, Result, Window};
use super::sections::{Reader, Sections};
use super::unit::Header;

/// Headers are read this much at a time: real ones lie far apart, and a file can be made of nothing else.
const STEP: u64 = 4 << 10;
/// Starts that lie closer to the one before are not remembered: the way to them is short.
const GAP: u64 = 64 << 10;

/// The starts of a section's units, learned bit by bit.
#[derive(Debug, Default)]
pub(super) struct Starts {
    /// What `.debug_aranges` names, sorted.
    listed: Vec<u64>,
    /// Some of those that were passed, sorted.
    passed: Vec<u64>,
}

impl Starts {
    /// `listed` must be sorted.
    pub(super) fn new(listed: Vec<u64>) -> Starts {
        Starts { listed, passed: Vec::new() }
    }

    /// The header of the unit that holds an offset of `.debug_info`.
    ///
    /// # Errors
    /// If there is none, or a header on the way cannot be read.
    pub(super) fn unit_at(&mut self, reader: &mut Reader<'_>, offset: u64) -> Result<Header> {
        if offset >= reader.sections.info.len() {
            return Err(Damage::new("an entry is referred to that lies outside its section"));
        }
        let before = |starts: &[u64]| {
            let count = starts.partition_point(|&start| start <= offset);
            count.checked_sub(1).map_or(0, |last| starts[last])
        };
        let mut start = before(&self.listed).max(before(&self.passed));
        loop {
            let header = header(&mut reader.info, reader.sections, start)?;
            self.pass(start);
            if offset < header.end {
                return Ok(header);
            }
            start = header.end;
        }
    }

    fn pass(&mut self, start: u64) {
        let at = self.passed.partition_point(|&passed| passed <= start);
        let last = at.checked_sub(1).map_or(0, |last| self.passed[last]);
        if start - last >= GAP {
            self.passed.insert(at, start);
        }
    }
}

fn header(window: &mut Window<'_>, sections: &Sections, start: u64) -> Result<Header> {
    let header = Header::read(window, sections.info.len(), start, sections.big_endian)?;
    sections.effort.spend(header.entries)?;
    Ok(header)
}

/// The headers of all units that may hold code, in order, up to the first that cannot be read.
pub(super) struct Headers<'s> {
    sections: &'s Sections,
    window: Window<'s>,
    next: u64,
    /// Why the units behind are not known.
    pub(super) damage: Option<Damage>,
}

impl<'s> Headers<'s> {
    pub(super) fn new(sections: &'s Sections) -> Headers<'s> {
        Headers { sections, window: Window::new(&sections.info, STEP), next: 0, damage: None }
    }
}

impl Iterator for Headers<'_> {
    type Item = Header;

    fn next(&mut self) -> Option<Header> {
        while self.damage.is_none() && self.next < self.sections.info.len() {
            match header(&mut self.window, self.sections, self.next) {
                Ok(header) => {
                    self.next = header.end;
                    if header.may_have_code {
                        return Some(header);
                    }
                }
                Err(damage) => self.damage = Some(damage),
            }
        }
        None
    }
}
