//! The same for programs; the form is documented in `docs/json.md`, and `--baseline` reads it.

use super::doubt::doubt;
use super::message::Message;
use super::{Options, sentence};
use crate::check::{Check, Finding, Grown, Growth, Least, Limits, Process, Suppressed};
use crate::error::Error;
use crate::leaks::rounds::Pace;
use crate::leaks::{Estimate, Label};
use crate::out::json::VERSION;
use crate::series::Series;
use serde::Serialize;
use std::io::Write;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: u32,
    kind: &'static str,
    outcome: &'static str,
    sentence: String,
    /// Options that left stacks out.
    chosen: &'a [String],
    form: &'static str,
    limits: LimitsRow,
    findings: Vec<FindingRow<'a>>,
    inconclusive: Vec<String>,
    processes: Vec<ProcessRow<'a>>,
    suppressions: Vec<SuppressionRow<'a>>,
    left_out: Vec<LeftOutRow<'a>>,
}

#[derive(Serialize)]
struct LimitsRow {
    growth: Option<f64>,
    site_growth: Option<f64>,
    rate: Option<f64>,
    per_iteration: Option<f64>,
    increase: Option<f64>,
    bound: &'static str,
}

#[derive(Serialize)]
struct FindingRow<'a> {
    limit: &'static str,
    message: String,
    function: Option<&'a str>,
    location: Option<String>,
    process: usize,
    measured: EstimateRow,
    allowed: f64,
    suppression: Option<String>,
}

#[derive(Serialize)]
struct EstimateRow {
    value: f64,
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct ProcessRow<'a> {
    pid: Option<u64>,
    start_ms: Option<u64>,
    host: Option<&'a str>,
    exe: Option<&'a str>,
    /// Average bytes between two samples.
    rate: u64,
    captures: Vec<&'a str>,
    warmup: Vec<&'a str>,
    clock: &'static str,
    /// Seconds since the first; numbers of captures if `clock` is `order`.
    times: &'a [f64],
    before: i64,
    after: i64,
    growth: GrowthRow,
    /// What growth is a multiple of where a baseline is compared, and how many of these there were.
    per: &'static str,
    units: f64,
    allocated_growth: Option<i64>,
    least: Option<LeastRow>,
    functions: Vec<FunctionRow<'a>>,
}

#[derive(Serialize)]
struct GrowthRow {
    total: EstimateRow,
    per_second: Option<EstimateRow>,
    per_round: Option<EstimateRow>,
    per_iteration: Option<EstimateRow>,
}

#[derive(Serialize)]
struct LeastRow {
    heap: f64,
    function: f64,
    rate: Option<f64>,
}

#[derive(Serialize)]
struct FunctionRow<'a> {
    name: &'a str,
    location: Option<&'a str>,
    #[serde(rename = "crate")]
    krate: Option<&'a str>,
    crate_version: Option<&'a str>,
    owner: &'static str,
    is_sure: bool,
    label: Option<&'static str>,
    pace: Option<&'static str>,
    growth: GrowthRow,
    live: i64,
    history: Vec<i64>,
    stack: &'a [String],
}

#[derive(Serialize)]
struct SuppressionRow<'a> {
    line: u64,
    text: &'a str,
    reason: Option<&'a str>,
    until: Option<&'a str>,
    state: &'static str,
    stacks: usize,
    growth: i64,
}

#[derive(Serialize)]
struct LeftOutRow<'a> {
    capture: &'a str,
    why: String,
}

/// Writes everything that is known, as one document. Amounts are unsampled estimates in bytes.
///
/// # Errors
/// Those of `out`.
pub fn write(series: &Series, check: &Check, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let measured = &check.measured;
    let name = |capture: usize| series.captures()[capture].source.name.as_str();
    let document = Document {
        schema: "heaplens",
        version: VERSION,
        kind: "check",
        outcome: check.outcome.name(),
        sentence: sentence(check, options),
        chosen: series.chosen(),
        form: measured.form.name(),
        limits: limits(&check.limits),
        findings: check.findings.iter().map(|finding| finding_row(check, finding, options)).collect(),
        inconclusive: measured.doubts.iter().map(doubt).collect(),
        processes: measured.processes.iter().map(|process| process_row(process, name)).collect(),
        suppressions: measured.suppressed.iter().map(suppression).collect(),
        left_out: measured
            .left_out
            .iter()
            .map(|left| LeftOutRow { capture: name(left.capture), why: left.why.description() })
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn limits(limits: &Limits) -> LimitsRow {
    let Limits { growth, site_growth, rate, per_iteration, increase, bound } = *limits;
    LimitsRow { growth, site_growth, rate, per_iteration, increase, bound: bound.name() }
}

fn finding_row<'a>(check: &'a Check, finding: &Finding, options: &Options) -> FindingRow<'a> {
    let message = Message::new(check, finding, options);
    let functions = &check.measured.processes[finding.process].functions;
    FindingRow {
        limit: finding.limit.name(),
        function: finding.function.map(|at| functions[at].function.name.as_str()),
        location: message.place.map(|(file, line)| format!("{file}:{line}")),
        message: message.headline,
        process: finding.process,
        measured: estimate(&finding.measured),
        allowed: finding.allowed,
        suppression: message.suppression,
    }
}

fn estimate(estimate: &Estimate) -> EstimateRow {
    EstimateRow { value: estimate.value, low: estimate.low, high: estimate.high }
}

fn process_row<'a>(process: &'a Process, name: impl Fn(usize) -> &'a str) -> ProcessRow<'a> {
    let run = &process.run;
    ProcessRow {
        pid: run.pid,
        start_ms: run.start_ms,
        host: run.host.as_deref(),
        exe: run.exe.as_deref(),
        rate: run.rate,
        captures: run.captures.iter().map(|&capture| name(capture)).collect(),
        warmup: process.warmup.iter().map(|&capture| name(capture)).collect(),
        clock: run.clock.name(),
        times: &run.times,
        before: whole(process.heap.0),
        after: whole(process.heap.1),
        growth: growth(&process.growth),
        per: process.per.name(),
        units: process.units,
        allocated_growth: process.allocated_growth.map(whole),
        least: process.least.map(|Least { heap, function, rate }| LeastRow { heap, function, rate }),
        functions: process.functions.iter().map(function).collect(),
    }
}

fn growth(growth: &Growth) -> GrowthRow {
    GrowthRow {
        total: estimate(&growth.total),
        per_second: growth.per_second.as_ref().map(estimate),
        per_round: growth.per_round.as_ref().map(estimate),
        per_iteration: growth.per_iteration.as_ref().map(estimate),
    }
}

fn function(grown: &Grown) -> FunctionRow<'_> {
    let function = &grown.function;
    FunctionRow {
        name: &function.name,
        location: function.location.as_deref(),
        krate: function.krate.as_ref().map(|krate| krate.name.as_str()),
        crate_version: function.krate.as_ref().and_then(|krate| krate.version.as_deref()),
        owner: function.owner.name(),
        is_sure: grown.is_sure,
        label: grown.label.map(Label::code),
        pace: grown.pace.map(|pace| match pace {
            Pace::EveryRound => "every-round",
            Pace::InSteps => "in-steps",
        }),
        growth: growth(&grown.growth),
        live: whole(grown.live),
        history: grown.history.iter().map(|&bytes| whole(bytes)).collect(),
        stack: &function.stack,
    }
}

fn suppression(one: &Suppressed) -> SuppressionRow<'_> {
    let suppression = &one.suppression;
    SuppressionRow {
        line: suppression.line,
        text: &suppression.text,
        reason: suppression.reason.as_deref(),
        until: suppression.until.as_deref(),
        state: match (one.is_expired, one.is_used()) {
            (true, _) => "expired",
            (false, true) => "used",
            (false, false) => "unused",
        },
        stacks: one.stacks.len(),
        growth: whole(one.growth),
    }
}

fn whole(value: f64) -> i64 {
    value.round() as i64
}
