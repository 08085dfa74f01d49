//! pprof's profile.proto -> [`Profile`].
//!
//! The message is walked several times, each time for one table, since the format allows its fields in any order and
//! samples stand first: what they name is then known, and no stack is built twice.
//!
//! What is not read: `drop_frames` and `keep_frames` (allocator frames are folded by [`filter`](crate::filter), and
//! whole stacks are kept for those who want them), `default_sample_type`, `duration_nanos`, labels but for threads and
//! a difference's base. Text stays as it is; what is not UTF-8 is replaced by U+FFFD.

mod facts;
mod ids;
mod locations;
mod mappings;
mod path;
mod samples;
mod strings;
mod types;
mod wire;

use super::{Limits, budget};
use crate::error::{Error, Warning};
use crate::profile::{FunctionId, Meta, Profile};
use crate::profile_proto as field;
use budget::Budget;
use ids::Ids;
use locations::Locations;
use mappings::Mappings;
use strings::Strings;
use types::Columns;
use wire::{Fault, Field, Part};

/// Far more than any writer has.
const MOST_TYPES: usize = 64;
const MOST_COMMENTS: usize = 1 << 16;

/// How much [`is_pprof`] looks at.
pub(super) const HEAD: usize = 4096;

/// True if bytes begin as a pprof message does: with a sample type, or the period's, as Go has it, perhaps behind other
/// fields. No text is one.
pub fn is_pprof(bytes: &[u8]) -> bool {
    let mut message = Part::of(&bytes[..bytes.len().min(HEAD)]);
    while let Ok(Some(found)) = message.next_field() {
        match found.number {
            field::profile::SAMPLE_TYPE | field::profile::PERIOD_TYPE => {
                return found.part().is_ok_and(is_value_type);
            }
            field::profile::SAMPLE..=field::profile::STRING_TABLE if found.part().is_ok() => {}
            field::profile::DROP_FRAMES..=field::profile::DEFAULT_SAMPLE_TYPE => {}
            _ => return false,
        }
    }
    false
}

fn is_value_type(mut part: Part<'_>) -> bool {
    loop {
        match part.next_field() {
            Ok(None) => return true,
            Ok(Some(inner)) if inner.number <= field::value_type::UNIT && inner.number().is_ok() => {}
            _ => return false,
        }
    }
}

/// Reads a pprof message that is not compressed.
///
/// # Errors
/// Says where the message is not what its definition demands, or what it measures instead of a heap.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    parse_packed(bytes, bytes.len(), limits)
}

/// As [`parse`], of what `packed` bytes held.
pub(super) fn parse_packed(bytes: &[u8], packed: usize, limits: &Limits) -> Result<Profile, Error> {
    let mut reader = Reader {
        whole: Part::of(bytes),
        spans: Default::default(),
        strings: Strings::default(),
        profile: Profile::default(),
        budget: Budget::new(packed),
    };
    let head = reader.head()?;
    let Columns { types, has_alloc, has_objects, warnings } = reader.columns(&head.types)?;
    reader.profile = Profile::new(Meta {
        rate: (head.has_rate && head.period > 1).then_some(head.period as u64),
        has_alloc,
        has_objects,
        ..Meta::default()
    });
    reader.profile.warnings = warnings;
    let recorded = reader.comments(&head)?;
    let functions = reader.functions()?;
    let mappings = reader.mappings()?;
    let locations = reader.locations(&mappings, &functions)?;
    reader.reserve(head.samples);
    samples::read(&mut reader, &types, &locations, limits.threads, recorded.is_diff)?;
    let mut profile = reader.profile;
    if locations.outside > 0 {
        profile.warnings.push(Warning::new(
            "unmapped",
            format!("{} addresses lie outside of their mappings: they are in no module", locations.outside),
        ));
    }
    // Last, as the writer has them.
    profile.warnings.extend(recorded.warnings);
    Ok(profile)
}

/// What the tables are read with.
struct Reader<'a> {
    whole: Part<'a>,
    /// For each field number, from where to where its fields stand, others perhaps between them.
    spans: [(usize, usize); field::profile::FUNCTION as usize + 1],
    strings: Strings<'a>,
    profile: Profile,
    budget: Budget,
}

/// What stands in the message itself, texts as places in the table.
#[derive(Default)]
struct Head {
    samples: usize,
    /// Type and unit, and where they stand.
    types: Vec<(u64, u64, usize)>,
    period_type: (u64, u64),
    period: i64,
    /// True if the period is in bytes of memory.
    has_rate: bool,
    time_nanos: i64,
    /// And where each stands.
    comments: Vec<(u64, usize)>,
}

impl Head {
    fn read<'a>(&mut self, strings: &mut Strings<'a>, found: Field<'a>) -> Result<(), Fault> {
        match found.number {
            field::profile::SAMPLE_TYPE => {
                if self.types.len() == MOST_TYPES {
                    return Err(Fault::new(found.at, "one more sample type", "at most 64"));
                }
                let (name, unit) = value_type(found.part()?)?;
                self.types.push((name, unit, found.at));
            }
            field::profile::SAMPLE => self.samples += 1,
            field::profile::STRING_TABLE => strings.push(found.part()?.bytes, found.at)?,
            field::profile::TIME_NANOS => self.time_nanos = found.number()? as i64,
            field::profile::PERIOD_TYPE => self.period_type = value_type(found.part()?)?,
            field::profile::PERIOD => self.period = found.number()? as i64,
            field::profile::COMMENT => found.numbers(|index, at| {
                if self.comments.len() == MOST_COMMENTS {
                    return Err(Fault::new(found.at, "one more comment", "at most 65536"));
                }
                self.comments.push((index, at));
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    }
}

/// Functions by their rows; `None` for those without a name.
struct Functions {
    ids: Ids,
    rows: Vec<Option<FunctionId>>,
}

impl<'a> Reader<'a> {
    /// Calls `each` with all fields of one number, counted from 1. The whole message was walked before.
    fn walk(
        &mut self,
        number: u32,
        mut each: impl FnMut(&mut Reader<'a>, u64, Field<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(&(start, end)) = self.spans.get(number as usize) else { return Ok(()) };
        let mut message = Part { at: start, bytes: &self.whole.bytes[start..end] };
        let mut count = 0;
        while let Some(found) = message.next_field().map_err(|fault| fault.within("the profile"))? {
            if found.number == number {
                count += 1;
                each(self, count, found)?;
            }
        }
        Ok(())
    }

    /// Reads all but the large tables.
    fn head(&mut self) -> Result<Head, Error> {
        let mut head = Head::default();
        let mut message = self.whole;
        let within = |fault: Fault| fault.within("the profile");
        loop {
            let start = message.at;
            let Some(found) = message.next_field().map_err(within)? else { break };
            if let Some(span) = self.spans.get_mut(found.number as usize) {
                *span = (if span.1 == 0 { start } else { span.0 }, message.at);
            }
            self.budget.charge(match found.number {
                field::profile::STRING_TABLE => budget::STRING,
                _ => 0,
            })?;
            head.read(&mut self.strings, found).map_err(within)?;
        }
        let is = |index, word: &[u8]| self.strings.bytes(index, 0).is_ok_and(|text| text == word);
        head.has_rate = is(head.period_type.0, b"space") && is(head.period_type.1, b"bytes");
        Ok(head)
    }

    fn columns(&mut self, named: &[(u64, u64, usize)]) -> Result<Columns, Error> {
        let mut texts = Vec::new();
        for (&(name, unit, at), number) in named.iter().zip(1u64..) {
            let text =
                |index| self.strings.text(index, at).map_err(|f| f.within(format!("sample type {number}")));
            let (name, unit) = (text(name)?, text(unit)?);
            self.budget.charge(name.len() + unit.len() + budget::TEXT)?;
            texts.push((name.into_owned(), unit.into_owned()));
        }
        types::columns(&texts)
    }

    fn comments(&mut self, head: &Head) -> Result<facts::Recorded, Error> {
        let mut texts = Vec::new();
        for &(index, at) in &head.comments {
            let text = self.strings.text(index, at).map_err(|fault| fault.within("comment"))?;
            self.budget.charge(text.len() + budget::TEXT)?;
            texts.push(text.into_owned());
        }
        Ok(facts::read(texts, head.time_nanos, &mut self.profile.meta))
    }

    fn functions(&mut self) -> Result<Functions, Error> {
        let mut functions = Functions { ids: Ids::default(), rows: Vec::new() };
        self.walk(field::profile::FUNCTION, |reader, count, found| {
            let mut read = || -> Result<[(u64, usize); 4], Fault> {
                let mut numbers = [(0, found.at); 4];
                let mut part = found.part()?;
                while let Some(inner) = part.next_field()? {
                    let slot = match inner.number {
                        field::function::ID => 0,
                        field::function::NAME => 1,
                        field::function::SYSTEM_NAME => 2,
                        field::function::FILENAME => 3,
                        _ => continue,
                    };
                    numbers[slot] = (inner.number()?, inner.at);
                }
                functions.ids.add(numbers[0].0, numbers[0].1)?;
                Ok(numbers)
            };
            let within = |fault: Fault| fault.within(format!("function {count}"));
            let [_, name, system_name, file] = read().map_err(within)?;
            let row = reader.function(name, system_name, file, within)?;
            functions.rows.push(row);
            Ok(())
        })?;
        Ok(functions)
    }

    fn function(
        &mut self,
        name: (u64, usize),
        system_name: (u64, usize),
        file: (u64, usize),
        within: impl Fn(Fault) -> Error,
    ) -> Result<Option<FunctionId>, Error> {
        self.budget.charge(budget::FUNCTION)?;
        let Reader { strings, profile, budget, .. } = self;
        // Empty ones are as good as none.
        let mut keep = |(index, at): (u64, usize)| {
            let is_there = !strings.bytes(index, at).map_err(&within)?.is_empty();
            is_there.then(|| strings.keep(index, profile, budget)).transpose()
        };
        let (name, system_name, file) = (keep(name)?, keep(system_name)?, keep(file)?);
        let Some((name, system_name)) = name.or(system_name).zip(system_name.or(name)) else {
            return Ok(None);
        };
        Ok(Some(self.profile.add_function(crate::profile::Function { name, system_name, file })))
    }

    fn mappings(&mut self) -> Result<Mappings, Error> {
        let mut mappings = Mappings::default();
        self.walk(field::profile::MAPPING, |reader, count, found| mappings.read(reader, count, found))?;
        Ok(mappings)
    }

    /// Makes room for samples and their stacks, as far as they may have it: these are most of the memory, and would be
    /// copied as they grow.
    fn reserve(&mut self, samples: usize) {
        let (start, end) = self.spans[field::profile::SAMPLE as usize];
        // Few files have more nodes.
        let nodes = (end - start) / 2;
        let left = self.budget.left();
        self.profile.reserve(samples.min(left / budget::SAMPLE), nodes.min(left / budget::NODE));
    }

    fn locations(&mut self, mappings: &Mappings, functions: &Functions) -> Result<Locations, Error> {
        let mut locations = Locations::default();
        self.walk(field::profile::LOCATION, |reader, count, found| {
            locations.read(reader, mappings, functions, count, found)
        })?;
        Ok(locations)
    }
}

fn value_type(mut part: Part<'_>) -> Result<(u64, u64), Fault> {
    let (mut name, mut unit) = (0, 0);
    while let Some(inner) = part.next_field()? {
        match inner.number {
            field::value_type::TYPE => name = inner.number()?,
            field::value_type::UNIT => unit = inner.number()?,
            _ => {}
        }
    }
    Ok((name, unit))
}
