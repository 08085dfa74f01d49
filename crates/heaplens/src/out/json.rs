//! JSON for programs; the form is documented in `docs/json.md`. Numbers are unsampled estimates, whole bytes or
//! objects; a consumer must skip fields that it does not know.

use crate::error::Error;
use crate::profile::{Amount, Frame, Granularity, Profile, SampleType, SymbolState};
use crate::view::{Change, Row, Top};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// Raised when a field changes its meaning or goes; new fields do not raise it.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: u32,
    kind: &'static str,
    sample_type: &'static str,
    unit: &'static str,
    /// Average bytes between samples; null if values are exact.
    rate: Option<u64>,
    /// What names stand for, if they are not functions'.
    #[serde(skip_serializing_if = "Option::is_none")]
    granularity: Option<&'static str>,
    total: Figure,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<Process<'a>>,
    modules: Vec<Module<'a>>,
    warnings: Vec<Warning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    functions: Option<Vec<Function<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<Vec<FrameRow<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stacks: Option<Vec<StackRow>>,
}

/// An amount. `from` and `to` only in a difference, whose `value` is `to − from`.
#[derive(Serialize)]
struct Figure {
    value: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<i64>,
    /// 95 %, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<[i64; 2]>,
}

#[derive(Serialize)]
struct Process<'a> {
    pid: Option<u64>,
    exe: Option<&'a str>,
    host: Option<&'a str>,
    start_ms: Option<u64>,
    time_ms: Option<u64>,
    jemalloc_version: Option<&'a str>,
    active_since_ms: Option<u64>,
    stats: &'a BTreeMap<String, u64>,
    rss: &'a BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Module<'a> {
    path: &'a str,
    build_id: Option<&'a str>,
    deleted: bool,
    symbols: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol_file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct Warning<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    location: Option<&'a str>,
    module: Option<&'a str>,
    flat: Figure,
    cum: Figure,
}

#[derive(Serialize)]
struct FrameRow<'a> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "is_zero")]
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    inlined: bool,
}

#[derive(Serialize)]
struct StackRow {
    /// Indices into `frames`, outermost first.
    frames: Vec<u32>,
    #[serde(flatten)]
    figure: Figure,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// Writes the table of functions, at most `limit` rows (0 for all).
///
/// # Errors
/// Those of `out`.
pub fn write_top(profile: &Profile, top: &Top, limit: usize, out: &mut dyn Write) -> Result<(), Error> {
    let limit = if limit == 0 { top.rows.len() } else { limit };
    let functions = top.rows.iter().take(limit).map(|row| function(top, row)).collect();
    finish(Document { functions: Some(functions), ..document(profile, top) }, out)
}

/// Writes every stack.
///
/// # Errors
/// Those of `out`.
pub fn write_profile(profile: &Profile, sample_type: SampleType, out: &mut dyn Write) -> Result<(), Error> {
    let top = Top::new(profile, sample_type);
    // Frames that no stack has (folded or filtered away) are not listed.
    let mut used = vec![false; profile.frame_count()];
    for sample in profile.samples() {
        profile.stack_from_leaf(sample.stack).for_each(|(_, frame)| used[frame.index()] = true);
    }
    let mut position = vec![0u32; used.len()];
    let mut frames = Vec::new();
    for id in profile.frame_ids().filter(|id| used[id.index()]) {
        position[id.index()] = frames.len() as u32;
        frames.push(frame_row(profile, profile.frame(id), id));
    }
    let mut sums: BTreeMap<Vec<u32>, (Change, Change)> = BTreeMap::new();
    for sample in profile.samples() {
        let mut stack: Vec<u32> =
            profile.stack_from_leaf(sample.stack).map(|(_, frame)| position[frame.index()]).collect();
        stack.reverse();
        let (value, other) = sums.entry(stack).or_default();
        value.add(sample.values.get(sample_type));
        other.add(sample.values.get(sample_type.counterpart()));
    }
    let stacks = sums
        .into_iter()
        .map(|(frames, (value, other))| StackRow { frames, figure: figure(&top, &value, &other) })
        .collect();
    finish(Document { frames: Some(frames), stacks: Some(stacks), ..document(profile, &top) }, out)
}

fn finish(document: Document<'_>, out: &mut dyn Write) -> Result<(), Error> {
    serde_json::to_writer_pretty(&mut *out, &document).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn document<'a>(profile: &'a Profile, top: &Top) -> Document<'a> {
    Document {
        schema: "heaplens",
        version: VERSION,
        kind: if top.is_diff { "difference" } else { "profile" },
        sample_type: top.sample_type.name(),
        unit: if top.sample_type.is_bytes() { "bytes" } else { "objects" },
        rate: top.rate,
        granularity: (top.granularity != Granularity::Function).then(|| top.granularity.noun()),
        total: figure(top, &top.total, &top.total_other),
        process: profile.meta.trailer.as_ref().map(|t| Process {
            pid: t.pid,
            exe: t.exe.as_deref(),
            host: t.host.as_deref(),
            start_ms: t.start_ms,
            time_ms: t.time_ms,
            jemalloc_version: t.jemalloc_version.as_deref(),
            active_since_ms: t.active_since_ms,
            stats: &t.stats,
            rss: &t.rss,
        }),
        modules: profile.modules().iter().map(module).collect(),
        warnings: profile.warnings.iter().map(|w| Warning { code: w.code, message: &w.message }).collect(),
        functions: None,
        frames: None,
        stacks: None,
    }
}

fn module(module: &crate::profile::Module) -> Module<'_> {
    let (symbol_file, why) = match &module.symbols {
        SymbolState::NotLooked => (None, None),
        SymbolState::Verified { used } | SymbolState::Unverified { used } => (Some(used.as_str()), None),
        SymbolState::Served { by } => (Some(by.as_str()), None),
        SymbolState::Mismatched { found, .. } => (Some(found.as_str()), None),
        SymbolState::Missing { why } => (None, Some(why.as_str())),
    };
    Module {
        path: &module.path,
        build_id: module.build_id.as_deref(),
        deleted: module.deleted,
        symbols: super::symbols::state(module),
        symbol_file,
        why,
    }
}

fn function<'a>(top: &Top, row: &'a Row) -> Function<'a> {
    Function {
        name: &row.name,
        location: row.location.as_deref(),
        module: row.module.as_deref(),
        flat: figure(top, &row.flat, &row.flat_other),
        cum: figure(top, &row.cum, &row.cum_other),
    }
}

fn frame_row(profile: &Profile, frame: Frame, id: crate::profile::FrameId) -> FrameRow<'_> {
    let file = frame.function.and_then(|f| profile.function(f).file).map(|file| profile.string(file));
    FrameRow {
        name: profile.frame_name(id).into_owned(),
        file,
        line: frame.line,
        module: frame.module.map(|m| m.index() as u32),
        offset: frame.module.map(|_| format!("{:#x}", frame.offset)),
        inlined: frame.inlined,
    }
}

fn figure(top: &Top, value: &Change, other: &Change) -> Figure {
    let interval = top.interval(value).map(|i| [clamp(i.low.round()), clamp(i.high.round())]);
    Figure {
        value: whole(value.net()),
        from: top.is_diff.then(|| whole(value.before)),
        to: top.is_diff.then(|| whole(value.after)),
        objects: (top.has_objects && top.sample_type.is_bytes()).then(|| whole(other.net())),
        interval,
    }
}

fn whole(amount: Amount) -> i64 {
    amount.round().clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

fn clamp(value: f64) -> i64 {
    value as i64
}
