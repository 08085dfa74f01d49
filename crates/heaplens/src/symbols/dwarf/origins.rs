//! Names that stand in another unit than the function.
//!
//! A name can stand behind several references, each into another unit. All names that are open go one step at a time,
//! in the order of the file, so that each unit is looked at once a round. Of a unit nothing is read but its root and
//! the entries that are referred to.

use super::super::bytes::{Damage, Result};
use super::functions::{MAX_REFERENCES, Name, endless, name_at};
use super::references::Reference;
use super::sections::Reader;
use super::starts::Starts;
use super::unit::{Header, LastAbbrevs, Unit};

/// Finds names by reference, in one file.
pub(super) struct Origins<'s> {
    reader: Reader<'s>,
    starts: Starts,
    abbrevs: LastAbbrevs,
    /// The unit that was looked at last.
    last: Option<(Header, Result<Unit>)>,
}

impl<'s> Origins<'s> {
    pub(super) fn new(reader: Reader<'s>, starts: Starts) -> Origins<'s> {
        Origins { reader, starts, abbrevs: LastAbbrevs::default(), last: None }
    }

    /// What was learned of where units begin.
    pub(super) fn into_starts(self) -> Starts {
        self.starts
    }

    /// The name at an offset, or where it stands in turn.
    fn step(&mut self, supplement: Option<&mut Reader<'_>>, offset: u64) -> Result<Name> {
        let reader = &mut self.reader;
        let (header, unit) = match self.last.take() {
            Some((header, unit)) if (header.start..header.end).contains(&offset) => (header, unit),
            _ => {
                let header = self.starts.unit_at(reader, offset)?;
                (header, Unit::read(reader, header, &mut self.abbrevs, None))
            }
        };
        let name = match &unit {
            Ok(unit) => name_at(unit, reader, supplement, offset - header.start),
            Err(damage) => Err(damage.clone()),
        };
        self.last = Some((header, unit));
        name
    }
}

/// A file and its supplementary one, as far as there is one.
pub(super) struct Pair<'s> {
    pub(super) main: Origins<'s>,
    pub(super) supplement: Option<Origins<'s>>,
}

impl Pair<'_> {
    /// Gives the names that are found to `found`, each with the place of its reference in the list. What is lost is
    /// said in the sections' note.
    pub(super) fn resolve(&mut self, references: &[Reference], mut found: impl FnMut(usize, &str)) {
        let mut open: Vec<(Reference, usize)> = references.iter().copied().zip(0..).collect();
        for _ in 0..MAX_REFERENCES {
            open.sort_unstable();
            let mut next = Vec::new();
            // Many lead to the same entry.
            let mut last: Option<(Reference, Name)> = None;
            for (reference, at) in open {
                let name = match last.take() {
                    Some((before, name)) if before == reference => name,
                    _ => self.step(reference).unwrap_or_else(|damage| {
                        self.lost(&damage);
                        Name::Unknown
                    }),
                };
                match &name {
                    Name::Known(text) => found(at, text),
                    other => next.extend(Reference::of(other).map(|reference| (reference, at))),
                }
                last = Some((reference, name));
            }
            if next.is_empty() {
                return;
            }
            open = next;
        }
        self.lost(&endless());
    }

    fn step(&mut self, reference: Reference) -> Result<Name> {
        match (reference, &mut self.supplement) {
            (Reference::Main(offset), supplement) => {
                self.main.step(supplement.as_mut().map(|origins| &mut origins.reader), offset)
            }
            (Reference::Supplementary(offset), Some(origins)) => {
                let name = origins.step(None, offset)?;
                Ok(match name {
                    // What it refers to lies in the same file.
                    Name::Elsewhere(offset) => Name::Supplementary(offset),
                    other => other,
                })
            }
            // That it is missing was said when it was looked for.
            (Reference::Supplementary(_), None) => Ok(Name::Unknown),
        }
    }

    fn lost(&self, damage: &Damage) {
        self.main.reader.sections.note.say(|| format!("names that stand in other units are lost ({damage})"));
    }
}
