//! `--symbols`: mapping lines and addresses from standard input, a name for each address.

use super::linked::Linked;
use super::names::short;
use super::read::Environment;
use super::settings::Settings;
use crate::exit::Usage;
use crate::notes;
use crate::source::Source;
use heaplens::maps::Maps;
use heaplens::out::escape;
use heaplens::profile::{Amount, Frame, Meta, Module, ModuleKind, Sample, Values};
use heaplens::{Profile, symbols};
use regex::bytes::Regex;
use std::io::Write;
use std::path::PathBuf;

/// Writes the short name of the function around each address, the address where there is none.
///
/// # Errors
/// If no program is named, or standard input cannot be read.
pub(super) fn write(settings: &Settings, out: &mut Vec<u8>) -> anyhow::Result<()> {
    let Some(program) = settings.inputs.first() else {
        return Err(Usage("jeprof --symbols: name the program".to_owned()).into());
    };
    let environment = Environment::read();
    let input = environment.bytes(&Source::Stdin)?;
    let (addresses, maps) = split(&input)?;
    let profile = profile(&addresses, &Maps::parse(&maps));
    let options = environment.symbols(settings, Some(PathBuf::from(program)));
    let linked = Linked::new(&options, settings.add_lib.as_deref());
    let profile = symbols::symbolize_or(&profile, &options, &linked);
    notes::symbols(&profile);
    for (sample, address) in profile.samples().iter().zip(addresses) {
        let frames = profile.stack_from_leaf(sample.stack).map(|(_, id)| profile.frame(id));
        let function = frames.filter(|frame| !frame.inlined).find_map(|frame| frame.function);
        let name = function.map(|function| short(profile.string(profile.function(function).name)));
        match name {
            Some(name) => writeln!(out, "{}", escape::terminal(&name))?,
            None => writeln!(out, "{address:#018x}")?,
        }
    }
    Ok(())
}

/// The addresses, one a line with `0x` before it, and all other lines.
fn split(input: &[u8]) -> anyhow::Result<(Vec<u64>, Vec<u8>)> {
    let pattern = Regex::new(r"(?i)\b0x([0-9a-f]{1,16})\b")?;
    let mut addresses = Vec::new();
    let mut maps = Vec::new();
    for line in input.split_inclusive(|&b| b == b'\n') {
        let found = pattern
            .captures(line)
            .and_then(|found| u64::from_str_radix(std::str::from_utf8(&found[1]).ok()?, 16).ok());
        match found {
            Some(address) => addresses.push(address),
            None => maps.extend(line),
        }
    }
    Ok((addresses, maps))
}

/// A sample for each address, in their order.
fn profile(addresses: &[u64], maps: &Maps) -> Profile {
    let mut profile = Profile::new(Meta::default());
    let modules: Vec<_> = maps.modules().iter().map(|module| profile.add_module(module.clone())).collect();
    let unmapped = Module { kind: ModuleKind::Unmapped, ..Module::file("[unmapped]") };
    let unmapped = profile.add_module(unmapped);
    for &address in addresses {
        let (module, offset) =
            maps.find(address).map_or((unmapped, address), |(module, offset)| (modules[module], offset));
        // Frames have the return address, which lies behind the call.
        let frame = profile.add_frame(Frame::at(module, offset.wrapping_add(1)));
        let stack = profile.add_stack_from_root([frame]);
        let values = Values { inuse_space: Amount::from_u64(1), ..Values::default() };
        profile.add_sample(Sample { stack, thread: None, values });
    }
    profile
}
