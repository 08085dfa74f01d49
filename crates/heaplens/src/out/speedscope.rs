//! speedscope's own format (<https://www.speedscope.app/file-format-schema.json>): "sampled" profiles over shared frames.
//!
//! One profile a sample type; `inuse_space` is the one that is shown first. Weights are unsampled and rounded; bytes have
//! the unit `bytes`, objects `none`. speedscope knows no negative weights, so a difference has two profiles for each
//! type: what grew, and what shrank, each by stack. Threads, addresses, modules and intervals have no place there.

use super::escape::terminal;
use super::stacks::{self, Ranked, Threads};
use crate::error::Error;
use crate::profile::{Amount, FrameId, Profile, SampleType};
use serde::Serialize;
use std::io::Write;

const SCHEMA: &str = "https://www.speedscope.app/file-format-schema.json";

#[derive(Serialize)]
struct File<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    exporter: &'static str,
    #[serde(rename = "activeProfileIndex")]
    active: usize,
    shared: Shared<'a>,
    profiles: Vec<Sampled<'a>>,
}

#[derive(Serialize)]
struct Shared<'a> {
    frames: &'a [Frame],
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Frame {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    line: u32,
    #[serde(skip_serializing_if = "is_zero")]
    col: u32,
}

#[derive(Serialize)]
struct Sampled<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    unit: &'static str,
    #[serde(rename = "startValue")]
    start: i64,
    #[serde(rename = "endValue")]
    end: i64,
    /// Indices into the frames, outermost first.
    samples: Vec<&'a [u32]>,
    weights: Vec<i64>,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// Writes the profile.
///
/// # Errors
/// Those of `out`.
pub fn write(profile: &Profile, out: &mut dyn Write) -> Result<(), Error> {
    let ranked = Ranked::new(profile, |id| frame(profile, id));
    let sums = stacks::sums(profile, &ranked, Threads::Together);
    let one = |sample_type: SampleType, name: String, weight: &dyn Fn(Amount) -> Amount| {
        let index = stacks::index(sample_type);
        let weighed = sums.iter().map(|((stack, _), sums)| (&stack[..], whole(weight(sums[index].net()))));
        let (samples, weights): (Vec<&[u32]>, Vec<i64>) = weighed.filter(|(_, weight)| *weight > 0).unzip();
        let unit = if sample_type.is_bytes() { "bytes" } else { "none" };
        let end = weights.iter().fold(0i64, |sum, weight| sum.saturating_add(*weight));
        Sampled { kind: "sampled", name, unit, start: 0, end, samples, weights }
    };
    let mut profiles = Vec::new();
    let mut active = 0;
    for sample_type in profile.meta.sample_types() {
        if sample_type == SampleType::default() {
            active = profiles.len();
        }
        let name = sample_type.name();
        if profile.meta.is_diff {
            profiles.push(one(sample_type, format!("{name} grown"), &|net| net));
            profiles.push(one(sample_type, format!("{name} shrunk"), &|net| -net));
        } else {
            profiles.push(one(sample_type, name.to_owned(), &|net| net));
        }
    }
    let shared = Shared { frames: &ranked.all };
    let file = File { schema: SCHEMA, exporter: "heaplens", active, shared, profiles };
    serde_json::to_writer(&mut *out, &file).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn frame(profile: &Profile, id: FrameId) -> Frame {
    let frame = profile.frame(id);
    let file = frame.function.and_then(|f| profile.function(f).file).map(|file| profile.string(file));
    Frame {
        name: terminal(&profile.frame_name(id)).into_owned(),
        file: file.map(|file| terminal(file).into_owned()),
        line: frame.line,
        col: frame.column,
    }
}

fn whole(amount: Amount) -> i64 {
    i64::try_from(amount.round()).unwrap_or(i64::MAX)
}
