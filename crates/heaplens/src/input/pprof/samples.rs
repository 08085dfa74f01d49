//! Samples: stacks, values, and the labels that are ours.

use super::locations::Locations;
use super::path::{self, List, Path};
use super::wire::{Fault, Field, Part};
use super::{Reader, budget};
use crate::dump::Threads;
use crate::error::{Error, Warning};
use crate::profile::{Amount, Sample, SampleType, Thread, ThreadId, Values};
use crate::profile_proto::{label, profile, sample as field};
use rustc_hash::FxHashMap;

/// Reads all samples; the other tables are read.
pub(super) fn read(
    reader: &mut Reader<'_>,
    types: &[Option<SampleType>],
    locations: &Locations,
    threads: Threads,
    mut is_diff: bool,
) -> Result<(), Error> {
    let mut row = Row::default();
    let mut path = Path::default();
    let mut known = FxHashMap::default();
    let mut unlabelled = false;
    reader.walk(profile::SAMPLE, |reader, count, found| {
        let within = |fault: Fault| fault.within(format!("sample {count}"));
        row.read(found, types, locations, reader).map_err(within)?;
        path.read(&row.locations, locations).map_err(within)?;
        let (grown, shrunk) = row.sides(types);
        is_diff |= row.is_base || !shrunk.is_zero();
        unlabelled |= !row.is_base && !shrunk.is_zero();
        if grown.is_zero() && shrunk.is_zero() {
            // Its stack is not made, so the next one cannot go on from it.
            path.forget();
            return Ok(());
        }
        reader.budget.charge(budget::SAMPLE)?;
        let stack = path.stack(locations, reader)?;
        let thread = match threads {
            Threads::Merged => None,
            Threads::Separate => row.thread(reader, &mut known)?,
        };
        // The rule of the sign: a stack that grew in one value and shrank in another is two samples.
        for values in [grown, shrunk].into_iter().filter(|values| !values.is_zero()) {
            reader.profile.add_sample(Sample { stack, thread, values });
        }
        Ok(())
    })?;
    reader.profile.meta.is_diff = is_diff;
    if unlabelled {
        reader.profile.warnings.push(Warning::new(
            "net-difference",
            "some values are negative: shown as a difference whose two sides are not known, only the net change",
        ));
    }
    Ok(())
}

/// A label, as far as it is ours.
#[derive(Clone, Copy)]
enum Label {
    ThreadId(Option<u64>),
    /// The index of the name.
    ThreadName(u64),
    Base(bool),
    Other,
}

/// Samples have few different labels: what they mean is looked up by their bytes.
const MOST_LABELS: usize = 4096;

/// A sample as it stands in the file.
#[derive(Default)]
struct Row<'a> {
    locations: List<'a>,
    values: Vec<i64>,
    is_base: bool,
    thread_id: Option<u64>,
    /// The index of the thread's name.
    thread_name: Option<u64>,
    labels: FxHashMap<&'a [u8], Label>,
}

impl<'a> Row<'a> {
    fn read(
        &mut self,
        found: Field<'a>,
        types: &[Option<SampleType>],
        locations: &Locations,
        reader: &Reader<'a>,
    ) -> Result<(), Fault> {
        self.locations = List::default();
        self.values.clear();
        (self.is_base, self.thread_id, self.thread_name) = (false, None, None);
        let mut part = found.part()?;
        while let Some(inner) = part.next_field()? {
            match inner.number {
                field::LOCATION_ID => self.add_locations(inner, locations)?,
                field::VALUE => inner.numbers(|value, _| {
                    // One too many is enough to know.
                    if self.values.len() <= types.len() {
                        self.values.push(value as i64);
                    }
                    Ok(())
                })?,
                field::LABEL => self.label(inner.part()?, reader)?,
                _ => {}
            }
        }
        if self.values.len() != types.len() {
            let more = if self.values.len() > types.len() { " or more" } else { "" };
            let found_count = format!("{}{more} values for {} sample types", self.values.len(), types.len());
            return Err(Fault::new(found.at, found_count, "one for each"));
        }
        Ok(())
    }

    fn add_locations(&mut self, found: Field<'a>, locations: &Locations) -> Result<(), Fault> {
        if let (List::Packed(Part { bytes: [], .. }), Ok(part)) = (&self.locations, found.part()) {
            self.locations = List::Packed(part);
            return Ok(());
        }
        let add = |rows: &mut Vec<u32>, id, at| {
            rows.push(path::row(id, at, rows.len(), locations)?);
            Ok(())
        };
        let mut rows = match std::mem::take(&mut self.locations) {
            List::Rows(rows) => rows,
            List::Packed(part) => {
                let mut rows = Vec::new();
                part.numbers(|id, at| add(&mut rows, id, at))?;
                rows
            }
        };
        found.numbers(|id, at| add(&mut rows, id, at))?;
        self.locations = List::Rows(rows);
        Ok(())
    }

    fn label(&mut self, part: Part<'a>, reader: &Reader<'_>) -> Result<(), Fault> {
        let label = match self.labels.get(part.bytes) {
            Some(known) => *known,
            None => {
                let read = read_label(part, reader)?;
                if self.labels.len() < MOST_LABELS {
                    self.labels.insert(part.bytes, read);
                }
                read
            }
        };
        match label {
            Label::ThreadId(id) => self.thread_id = id,
            Label::ThreadName(index) => self.thread_name = Some(index),
            Label::Base(is_base) => self.is_base = is_base,
            Label::Other => {}
        }
        Ok(())
    }

    /// Values above zero, and those below.
    fn sides(&self, types: &[Option<SampleType>]) -> (Values, Values) {
        let (mut grown, mut shrunk) = (Values::default(), Values::default());
        for (&value, sample_type) in self.values.iter().zip(types) {
            let Some(sample_type) = *sample_type else { continue };
            if value != 0 {
                let side = if value < 0 { &mut shrunk } else { &mut grown };
                *side.get_mut(sample_type) = Amount::from_i128(value.into());
            }
        }
        (grown, shrunk)
    }

    /// Names alone tell no threads apart: without an id there is no thread.
    fn thread(
        &self,
        reader: &mut Reader<'_>,
        known: &mut FxHashMap<(u64, Option<u64>), ThreadId>,
    ) -> Result<Option<ThreadId>, Error> {
        let Some(uid) = self.thread_id else { return Ok(None) };
        let key = (uid, self.thread_name);
        if let Some(&id) = known.get(&key) {
            return Ok(Some(id));
        }
        let name = self.thread_name.and_then(|index| reader.strings.text(index, 0).ok());
        reader.budget.charge(name.as_ref().map_or(0, |name| name.len()) + budget::TEXT)?;
        let id = reader.profile.add_thread(Thread { uid, name: name.map(|name| name.into_owned()) });
        known.insert(key, id);
        Ok(Some(id))
    }
}

fn read_label(mut part: Part<'_>, reader: &Reader<'_>) -> Result<Label, Fault> {
    let (mut key, mut text, mut number) = ((0, part.at), (0, part.at), None);
    while let Some(inner) = part.next_field()? {
        match inner.number {
            label::KEY => key = (inner.number()?, inner.at),
            label::STR => text = (inner.number()?, inner.at),
            label::NUM => number = Some(inner.number()?),
            _ => {}
        }
    }
    let value = reader.strings.bytes(text.0, text.1)?;
    Ok(match reader.strings.bytes(key.0, key.1)? {
        b"thread_id" => {
            let digits = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            Label::ThreadId(digits.or(number))
        }
        b"thread" if !value.is_empty() => Label::ThreadName(text.0),
        b"pprof::base" => Label::Base(value == b"true"),
        _ => Label::Other,
    })
}
