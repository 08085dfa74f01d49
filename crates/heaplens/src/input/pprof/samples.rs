//! Samples: stacks, values, and the labels that are ours.

use super::locations::Locations;
use super::wire::{Fault, Field, Part};
use super::{Reader, budget};
use crate::dump::Threads;
use crate::error::{Error, Warning};
use crate::profile::{Amount, Sample, SampleType, StackId, Thread, ThreadId, Values};
use crate::profile_proto::{label, profile, sample as field};
use rustc_hash::FxHashMap;

/// Of one stack; deeper ones are no program's.
const MOST_LOCATIONS: usize = 1 << 21;

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
    let mut known: FxHashMap<u64, ThreadId> = FxHashMap::default();
    let mut unlabelled = false;
    reader.walk(profile::SAMPLE, |reader, count, found| {
        let within = |fault: Fault| fault.within(format!("sample {count}"));
        row.read(found, types, locations, reader).map_err(within)?;
        let (grown, shrunk) = row.sides(types);
        is_diff |= row.is_base || !shrunk.is_zero();
        unlabelled |= !row.is_base && !shrunk.is_zero();
        if grown.is_zero() && shrunk.is_zero() {
            return Ok(());
        }
        reader.budget.charge(budget::SAMPLE)?;
        path.follow(&row.locations, locations, reader)?;
        let thread = match threads {
            Threads::Merged => None,
            Threads::Separate => row.thread(reader, &mut known)?,
        };
        let stack = path.leaf();
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

/// A sample as it stands in the file.
#[derive(Default)]
struct Row {
    /// Rows of locations, the innermost first.
    locations: Vec<u32>,
    values: Vec<i64>,
    is_base: bool,
    thread_id: Option<u64>,
    /// The index of the thread's name.
    thread_name: Option<u64>,
}

impl Row {
    fn read(
        &mut self,
        found: Field<'_>,
        types: &[Option<SampleType>],
        locations: &Locations,
        reader: &Reader<'_>,
    ) -> Result<(), Fault> {
        self.locations.clear();
        self.values.clear();
        (self.is_base, self.thread_id, self.thread_name) = (false, None, None);
        let mut part = found.part()?;
        while let Some(inner) = part.next_field()? {
            match inner.number {
                field::LOCATION_ID => inner.numbers(|id| match locations.ids.row(id) {
                    Some(row) if self.locations.len() < MOST_LOCATIONS => {
                        self.locations.push(row as u32);
                        Ok(())
                    }
                    Some(_) => Err(Fault::new(inner.at, "one more location", "at most 2097152 for a stack")),
                    None => {
                        Err(Fault::new(inner.at, format!("location {id}, which is not there"), "one that is"))
                    }
                })?,
                field::VALUE => inner.numbers(|value| {
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

    fn label(&mut self, mut part: Part<'_>, reader: &Reader<'_>) -> Result<(), Fault> {
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
        match reader.strings.bytes(key.0, key.1)? {
            b"thread_id" => {
                let digits = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                self.thread_id = digits.or(number);
            }
            b"thread" if !value.is_empty() => self.thread_name = Some(text.0),
            b"pprof::base" => self.is_base = value == b"true",
            _ => {}
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
        known: &mut FxHashMap<u64, ThreadId>,
    ) -> Result<Option<ThreadId>, Error> {
        let Some(uid) = self.thread_id else { return Ok(None) };
        if let Some(&id) = known.get(&uid) {
            return Ok(Some(id));
        }
        let name = self.thread_name.and_then(|index| reader.strings.text(index, 0).ok());
        reader.budget.charge(name.as_ref().map_or(0, |name| name.len()) + budget::TEXT)?;
        let id = reader.profile.add_thread(Thread { uid, name: name.map(|name| name.into_owned()) });
        known.insert(uid, id);
        Ok(Some(id))
    }
}

/// The stack of the sample before: the next one shares most of its callers.
#[derive(Default)]
struct Path {
    /// Locations from the root, and the stack that each ends.
    steps: Vec<(u32, Option<StackId>)>,
}

impl Path {
    /// Goes to a stack given from its innermost location.
    fn follow(
        &mut self,
        from_leaf: &[u32],
        locations: &Locations,
        reader: &mut Reader<'_>,
    ) -> Result<(), Error> {
        let Reader { profile, budget, .. } = reader;
        let from_root = from_leaf.iter().rev();
        let same = from_root.clone().zip(&self.steps).take_while(|(row, step)| **row == step.0).count();
        self.steps.truncate(same);
        let mut stack = self.leaf();
        for &row in from_root.skip(same) {
            let before = profile.stack_count();
            for &frame in locations.frames(row as usize) {
                stack = Some(profile.add_stack(stack, frame));
            }
            budget.charge((profile.stack_count() - before) * budget::NODE)?;
            self.steps.push((row, stack));
        }
        Ok(())
    }

    fn leaf(&self) -> Option<StackId> {
        self.steps.last().and_then(|step| step.1)
    }
}
