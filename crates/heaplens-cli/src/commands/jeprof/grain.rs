//! Stacks of places -> stacks of what one row or box stands for: an address, a line, a function or a file.

use super::settings::Granularity;
use super::stacks::{Place, Places, Stack};
use heaplens::Profile;
use heaplens::profile::{Frame, FrameId, Function, Meta, Sample, SampleType, Values};

/// Marks functions that are inlined where they stand.
const INLINED: &str = " (inline)";
/// Stacks can hold addresses above; they are no code of the program.
const LAST_ADDRESS: u64 = 0x7fff_ffff_ffff_ffff;

/// A profile whose frames' names are what rows and boxes are called; only this sample type has amounts.
pub(super) fn profile(
    places: &Places,
    stacks: &[Stack],
    granularity: Granularity,
    sample: SampleType,
) -> Profile {
    build(places, stacks, sample, |profile, place| {
        let labels = labels(places, place, granularity);
        labels.iter().map(|label| named(profile, label, None, 0)).collect()
    })
}

/// A profile of the functions that are not inlined, by their short names, with files and lines.
pub(super) fn calls(places: &Places, stacks: &[Stack], sample: SampleType) -> Profile {
    build(places, stacks, sample, |profile, place| {
        let function = place.functions.first();
        let file = function.and_then(|function| function.file.as_deref());
        vec![named(profile, place.name(), file, function.map_or(0, |function| function.line))]
    })
}

/// A profile with the frames that each place has, the outermost first.
fn build(
    places: &Places,
    stacks: &[Stack],
    sample: SampleType,
    frames: impl Fn(&mut Profile, &Place) -> Vec<FrameId>,
) -> Profile {
    let mut profile = Profile::new(Meta { has_objects: true, is_diff: true, ..Meta::default() });
    let frames: Vec<Vec<FrameId>> = places.iter().map(|place| frames(&mut profile, place)).collect();
    for stack in stacks {
        let from_root = stack.places.iter().rev().flat_map(|&place| &frames[place]).copied();
        let stack_id = profile.add_stack_from_root(from_root);
        let mut values = Values::default();
        match sample {
            SampleType::AllocObjects => values.alloc_objects = stack.amount,
            SampleType::AllocSpace => values.alloc_space = stack.amount,
            SampleType::InuseObjects => values.inuse_objects = stack.amount,
            SampleType::InuseSpace => values.inuse_space = stack.amount,
        }
        profile.add_sample(Sample { stack: stack_id, thread: None, values });
    }
    profile
}

fn named(profile: &mut Profile, label: &str, file: Option<&str>, line: u32) -> FrameId {
    let name = profile.intern(label);
    let file = file.map(|file| profile.intern(file));
    let function = profile.add_function(Function { name, system_name: name, file });
    profile.add_frame(Frame { line, ..Frame::named(function) })
}

/// What a place's functions are called, the outermost first.
fn labels(places: &Places, place: &Place, granularity: Granularity) -> Vec<String> {
    if place.address.is_some_and(|address| address > LAST_ADDRESS) {
        return Vec::new();
    }
    if place.functions.is_empty() {
        return vec![match (granularity, place.digits()) {
            (Granularity::Addresses, Some(digits)) => format!("{digits} {}", place.nameless),
            _ => place.nameless.clone(),
        }];
    }
    let label = |(depth, function)| {
        let mark = if depth == 0 { "" } else { INLINED };
        let name = places.shown(place, function);
        let location = function.location();
        match granularity {
            Granularity::Functions => format!("{name}{mark}"),
            Granularity::Lines => format!("{name}{mark} {location}"),
            Granularity::Addresses => {
                let digits = place.digits().unwrap_or_else(|| "0".repeat(16));
                format!("{digits} {name}{mark} {location}")
            }
            Granularity::Files => function.file.clone().unwrap_or(location),
        }
    };
    place.functions.iter().enumerate().map(label).collect()
}
