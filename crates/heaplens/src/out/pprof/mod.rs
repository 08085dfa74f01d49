//! pprof's profile.proto, as `go tool pprof`, Pyroscope, Parca and many others read it
//! (<https://github.com/google/pprof/blob/main/proto/profile.proto>).
//!
//! - Sample types in the order `alloc_objects`, `alloc_space`, `inuse_objects`, `inuse_space`, as far as the profile
//!   has them; values are unsampled and rounded. The default is `inuse_space`.
//! - `period` is the average number of bytes between samples (1 if values are no estimates); `duration_nanos` is 0,
//!   as for every snapshot; `time_nanos` is when the dump was made, if it tells.
//! - Addresses and mappings are the profiled program's own where the dump told them, else made up (see `space`), and
//!   names stand beside them as far as the profile has names. Without names, readers find them by address or by
//!   build-id. Inlined functions are lines of one location.
//! - Samples of a profile that keeps threads apart have the labels `thread_id` and, where known, `thread`.
//! - A difference is as `go tool pprof -diff_base` makes it: the base's samples are negative and have the label
//!   `pprof::base`, so that a reader shows net values and percentages of the base.
//! - `drop_frames` is a pattern for the allocator's own functions, which `go tool pprof` leaves out.
//! - Comments have the facts of the run and all warnings.
//!
//! Text is made visible as for a terminal ([`escape`](super::escape)), since readers print it as it is.

pub(crate) mod facts;
mod order;
mod path;
mod samples;
mod strings;
mod wire;

use super::locations::Locations;
use super::space::{self, Address, Mapping};
use crate::classify;
use crate::error::Error;
use crate::profile::{FunctionId, Profile, SampleType, Thread};
use crate::profile_proto as field;
use flate2::write::GzEncoder;
use indexmap::IndexSet;
use path::Path;
use rustc_hash::FxBuildHasher;
use samples::Sorted;
use std::io::{self, BufWriter, Write};
use strings::Strings;
use wire::Message;

/// Whether the file is compressed. Readers take both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// gzip, as the format's definition asks of files and servers.
    #[default]
    Gzip,
    /// The plain message.
    Plain,
}

/// Writes the profile. The message is never in memory as a whole; beside the profile it takes a few words for each
/// stack node, sample and location.
///
/// # Errors
/// Those of `out`.
pub fn write(profile: &Profile, packing: Packing, out: &mut dyn Write) -> Result<(), Error> {
    write_with_default(profile, SampleType::default(), packing, out)
}

/// As [`write()`], with the sample type that readers show first; one that the profile does not have is not named.
///
/// # Errors
/// Those of `out`.
pub fn write_with_default(
    profile: &Profile,
    default: SampleType,
    packing: Packing,
    out: &mut dyn Write,
) -> Result<(), Error> {
    match packing {
        Packing::Plain => {
            let mut out = BufWriter::new(out);
            write_message(profile, default, &mut out)?;
            out.flush()?;
        }
        Packing::Gzip => {
            // Names repeat so much that the best level gains little over the fastest.
            let mut out = BufWriter::new(GzEncoder::new(out, flate2::Compression::fast()));
            write_message(profile, default, &mut out)?;
            let gzip = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            gzip.finish()?.flush()?;
        }
    }
    Ok(())
}

fn write_message(profile: &Profile, default: SampleType, out: &mut dyn Write) -> io::Result<()> {
    let types = profile.meta.sample_types();
    let mut strings = Strings::new(profile);
    let mut message = Message::default();

    for sample_type in &types {
        let unit = if sample_type.is_bytes() { "bytes" } else { "count" };
        value_type(&mut message, &mut strings, sample_type.name(), unit);
        message.write(field::profile::SAMPLE_TYPE, out)?;
    }

    let locations = write_samples(profile, &types, &mut strings, out)?;

    let (mappings, addresses) = space::lay_out(profile, &locations);
    for (index, mapping) in mappings.iter().enumerate() {
        write_mapping(profile, index, mapping, &mut strings, &mut message);
        message.write(field::profile::MAPPING, out)?;
    }
    let functions = write_locations(profile, &locations, &addresses, out)?;
    write_functions(profile, &functions, &mut strings, out)?;

    let drop_frames = strings.id(classify::allocator_pattern());
    let period = profile.meta.rate.unwrap_or(1).min(i64::MAX as u64);
    let comments = facts::comments(profile, period);
    let comments: Vec<u64> = comments.into_iter().map(|text| strings.id(text)).collect();
    let default = if types.contains(&default) { default } else { SampleType::default() };
    let default = strings.id(default.name());
    let mut period_type = Message::default();
    value_type(&mut period_type, &mut strings, "space", "bytes");
    let time_ms = profile.meta.trailer.as_ref().and_then(|trailer| trailer.time_ms);
    strings.write(field::profile::STRING_TABLE, out)?;

    message.clear();
    message.number(field::profile::DROP_FRAMES, drop_frames);
    // A time that the field cannot hold is no time.
    let nanos = time_ms.and_then(|ms| ms.checked_mul(1_000_000)).filter(|&ns| i64::try_from(ns).is_ok());
    message.number(field::profile::TIME_NANOS, nanos.unwrap_or(0));
    message.message(field::profile::PERIOD_TYPE, &period_type);
    message.number(field::profile::PERIOD, period);
    message.numbers(field::profile::COMMENT, comments);
    message.number(field::profile::DEFAULT_SAMPLE_TYPE, default);
    message.write_fields(out)
}

fn value_type(message: &mut Message, strings: &mut Strings<'_>, name: &'static str, unit: &'static str) {
    message.clear();
    message.number(field::value_type::TYPE, strings.id(name));
    message.number(field::value_type::UNIT, strings.id(unit));
}

/// Writes the samples and returns the locations that they name.
fn write_samples<'p>(
    profile: &'p Profile,
    types: &[SampleType],
    strings: &mut Strings<'p>,
    out: &mut dyn Write,
) -> io::Result<Locations<'p>> {
    let (mut locations, mut path) = (Locations::new(profile), Path::default());
    let mut message = Message::default();
    let mut of_thread: Vec<Option<Message>> = Vec::new();
    of_thread.resize_with(profile.threads().len(), || None);
    let mut of_base: Option<Message> = None;
    for row in Sorted::new(profile).rows(types) {
        message.clear();
        message.packed(field::sample::LOCATION_ID, path.follow(row.stack, &mut locations));
        // Two's complement is how the format has negative numbers.
        message.numbers(field::sample::VALUE, row.values.as_slice().iter().map(|&value| value as u64));
        if let Some(id) = row.thread {
            let thread = &profile.threads()[id.index()];
            message.append(of_thread[id.index()].get_or_insert_with(|| thread_labels(thread, strings)));
        }
        if row.is_base {
            message.append(
                of_base.get_or_insert_with(|| labels([(strings.id("pprof::base"), strings.id("true"))])),
            );
        }
        message.write(field::profile::SAMPLE, out)?;
    }
    Ok(locations)
}

fn thread_labels<'p>(thread: &'p Thread, strings: &mut Strings<'p>) -> Message {
    let name = thread.name.as_ref().map(|name| (strings.id("thread"), strings.id(name.as_str())));
    // As text: readers take numbers for amounts, and print units of their own behind them.
    let uid = (strings.id("thread_id"), strings.id(thread.uid.to_string()));
    labels(name.into_iter().chain([uid]))
}

/// Labels of a sample: keys and texts.
fn labels(list: impl IntoIterator<Item = (u64, u64)>) -> Message {
    let (mut all, mut label) = (Message::default(), Message::default());
    for (key, text) in list {
        label.clear();
        label.number(field::label::KEY, key);
        label.number(field::label::STR, text);
        all.message(field::sample::LABEL, &label);
    }
    all
}

fn write_mapping<'p>(
    profile: &'p Profile,
    index: usize,
    mapping: &Mapping,
    strings: &mut Strings<'p>,
    message: &mut Message,
) {
    let module = profile.module(mapping.module);
    let known = mapping.known;
    message.clear();
    message.number(field::mapping::ID, index as u64 + 1);
    message.number(field::mapping::MEMORY_START, mapping.start);
    message.number(field::mapping::MEMORY_LIMIT, mapping.limit);
    message.number(field::mapping::FILE_OFFSET, mapping.file_offset);
    message.number(field::mapping::FILENAME, strings.id(module.path.as_str()));
    message.number(field::mapping::BUILD_ID, strings.id(module.build_id.as_deref().unwrap_or("")));
    message.number(field::mapping::HAS_FUNCTIONS, known.functions.into());
    message.number(field::mapping::HAS_FILENAMES, known.filenames.into());
    message.number(field::mapping::HAS_LINE_NUMBERS, known.lines.into());
    message.number(field::mapping::HAS_INLINE_FRAMES, known.inlined.into());
}

/// Writes the locations and returns the functions that they name.
fn write_locations(
    profile: &Profile,
    locations: &Locations<'_>,
    addresses: &[Address],
    out: &mut dyn Write,
) -> io::Result<IndexSet<FunctionId, FxBuildHasher>> {
    let mut functions = IndexSet::default();
    let (mut message, mut line) = (Message::default(), Message::default());
    for (index, address) in addresses.iter().enumerate() {
        message.clear();
        message.number(field::location::ID, index as u64 + 1);
        message.number(field::location::MAPPING_ID, address.mapping.into());
        message.number(field::location::ADDRESS, address.address);
        for frame in locations.frames(index).iter().map(|&id| profile.frame(id)) {
            let Some(function) = frame.function else { continue };
            line.clear();
            line.number(field::line::FUNCTION_ID, functions.insert_full(function).0 as u64 + 1);
            line.number(field::line::LINE, frame.line.into());
            line.number(field::line::COLUMN, frame.column.into());
            message.message(field::location::LINE, &line);
        }
        message.write(field::profile::LOCATION, out)?;
    }
    Ok(functions)
}

fn write_functions<'p>(
    profile: &'p Profile,
    functions: &IndexSet<FunctionId, FxBuildHasher>,
    strings: &mut Strings<'p>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut message = Message::default();
    for (index, &id) in functions.iter().enumerate() {
        let function = profile.function(id);
        message.clear();
        message.number(field::function::ID, index as u64 + 1);
        message.number(field::function::NAME, strings.of(function.name));
        // A name that is a function's only one is none of the linker's: readers would cut generics out of it.
        if function.system_name != function.name {
            message.number(field::function::SYSTEM_NAME, strings.of(function.system_name));
        }
        message.number(field::function::FILENAME, function.file.map_or(0, |file| strings.of(file)));
        message.write(field::profile::FUNCTION, out)?;
    }
    Ok(())
}
