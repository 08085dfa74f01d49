//! Names that stand in another unit than the function: looked up last, in the order of the file.

use super::super::bytes::Result;
use super::functions::{MAX_REFERENCES, Name, name_at};
use super::sections::Reader;
use super::unit::{Header, LastAbbrevs, Unit};
use super::units::Starts;

/// Finds names by reference, in one file.
pub(super) struct Origins {
    starts: Starts,
    abbrevs: LastAbbrevs,
    /// The unit that was read last: references to one unit come one after the other.
    unit: Option<(Unit, Vec<u8>)>,
    /// A larger unit is not read for a name.
    most: u64,
}

impl Origins {
    pub(super) fn new(starts: Starts, most: u64) -> Origins {
        Origins { starts, abbrevs: LastAbbrevs::default(), unit: None, most }
    }

    /// What was learned of where units begin.
    pub(super) fn into_starts(self) -> Starts {
        self.starts
    }

    /// The name at an offset, or where it stands in turn.
    fn step(
        &mut self,
        reader: &mut Reader<'_>,
        supplement: Option<&mut Reader<'_>>,
        offset: u64,
    ) -> Result<Name> {
        let inside = |header: &Header| (header.start..header.end).contains(&offset);
        if !self.unit.as_ref().is_some_and(|(unit, _)| inside(&unit.header)) {
            self.unit = None;
            let Some(header) = self.starts.unit_at(reader, offset)? else { return Ok(Name::Unknown) };
            if header.end - header.start > self.most {
                return Ok(Name::Unknown);
            }
            reader.sections.effort.spend(header.end - header.start)?;
            let unit = Unit::read(reader, header, &mut self.abbrevs, None)?;
            let mut bytes = Vec::new();
            reader.sections.info.read(header.start..header.end, &mut bytes)?;
            self.unit = Some((unit, bytes));
        }
        match &self.unit {
            Some((unit, bytes)) => {
                let offset = offset - unit.header.start;
                Ok(name_at(unit, bytes, reader, supplement, offset))
            }
            None => Ok(Name::Unknown),
        }
    }
}

/// A file and its supplementary one, as far as there is one.
pub(super) struct Pair<'s> {
    pub(super) main: (Reader<'s>, Origins),
    pub(super) supplement: Option<(Reader<'s>, Origins)>,
}

impl Pair<'_> {
    /// Follows references until there is a name; `None` if there is none to be had.
    pub(super) fn resolve(&mut self, name: &Name) -> Option<String> {
        let mut name = name.clone();
        for _ in 0..MAX_REFERENCES {
            let next = match name {
                Name::Unknown => return None,
                Name::Known(text) => return Some(text.to_string()),
                Name::Elsewhere(offset) => {
                    let (reader, origins) = &mut self.main;
                    let supplement = self.supplement.as_mut().map(|(reader, _)| reader);
                    origins.step(reader, supplement, offset)
                }
                Name::Supplementary(offset) => {
                    let (reader, origins) = self.supplement.as_mut()?;
                    // What it refers to lies in the same file.
                    origins.step(reader, None, offset).map(|name| match name {
                        Name::Elsewhere(offset) => Name::Supplementary(offset),
                        other => other,
                    })
                }
            };
            name = next.unwrap_or(Name::Unknown);
        }
        None
    }
}
