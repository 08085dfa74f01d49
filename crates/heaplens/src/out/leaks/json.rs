//! The same for programs; the form is documented in `docs/json.md`.

use super::sentence::sentence;
use crate::error::Error;
use crate::leaks::decide::Needs;
use crate::leaks::{Culprit, Dismissed, Estimate, Inconclusive, Judged, Leaks};
use crate::out::json::VERSION;
use crate::out::redact::{redacted, redacted_option, redacted_path};
use crate::sampling::Interval;
use crate::series::Series;
use serde::Serialize;
use std::borrow::Cow;
use std::io::Write;

/// The whole document.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    schema: &'static str,
    version: u32,
    kind: &'static str,
    verdict: &'static str,
    sentence: String,
    /// Options that left stacks out.
    chosen: Vec<Cow<'a, str>>,
    /// Of the run that the verdict is from.
    culprits: Vec<CulpritRow<'a>>,
    runs: Vec<RunRow<'a>>,
    left_out: Vec<LeftOutRow<'a>>,
}

#[derive(Serialize)]
struct RunRow<'a> {
    verdict: &'static str,
    pid: Option<u64>,
    start_ms: Option<u64>,
    host: Option<&'a str>,
    exe: Option<Cow<'a, str>>,
    rate: u64,
    rate_is_assumed: bool,
    clock: &'static str,
    first_ms: Option<u64>,
    /// Seconds since the first; numbers of captures if `clock` is `order`.
    times: &'a [f64],
    captures: Vec<Cow<'a, str>>,
    warmup: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    places: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warmup_places: Option<Vec<usize>>,
    heap: Vec<i64>,
    growth: i64,
    allocated_growth: Option<i64>,
    least_rate: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    inconclusive: Option<InconclusiveRow<'a>>,
    culprits: Vec<CulpritRow<'a>>,
    dismissed: Vec<DismissedRow<'a>>,
}

#[derive(Default, Serialize)]
struct InconclusiveRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_captures: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lg_prof_sample: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before_filters: Option<i64>,
}

#[derive(Serialize)]
struct CulpritRow<'a> {
    name: &'a str,
    location: Option<Cow<'a, str>>,
    #[serde(rename = "crate")]
    krate: Option<&'a str>,
    crate_version: Option<&'a str>,
    owner: &'static str,
    label: &'static str,
    /// Bytes a second, or a capture if the run's `clock` is `order`.
    rate: RateRow,
    score: f64,
    growth: i64,
    share_of_growth: Option<f64>,
    live: LiveRow,
    since: usize,
    history: Vec<i64>,
    path: &'a [String],
    callers: Vec<CallerRow<'a>>,
    stacks: usize,
}

#[derive(Serialize)]
struct RateRow {
    value: f64,
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct LiveRow {
    value: i64,
    interval: [i64; 2],
    objects: i64,
}

#[derive(Serialize)]
struct CallerRow<'a> {
    name: &'a str,
    share: f64,
}

#[derive(Serialize)]
struct DismissedRow<'a> {
    label: &'static str,
    count: usize,
    live: i64,
    examples: Vec<ExampleRow<'a>>,
}

#[derive(Serialize)]
struct ExampleRow<'a> {
    name: &'a str,
    growth: i64,
}

#[derive(Serialize)]
struct LeftOutRow<'a> {
    capture: Cow<'a, str>,
    why: String,
}

/// Writes everything that is known, as one document. Amounts are unsampled estimates, in whole bytes or objects.
///
/// # Errors
/// Those of `out`.
pub fn write(series: &Series, leaks: &Leaks, out: &mut dyn Write) -> Result<(), Error> {
    let document = document(series, leaks);
    serde_json::to_writer_pretty(&mut *out, &document).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

pub(crate) fn document<'a>(series: &'a Series, leaks: &'a Leaks) -> Document<'a> {
    let name = |capture: usize| series.captures()[capture].source.name.as_str();
    Document {
        schema: "heaplens",
        version: VERSION,
        kind: "leaks",
        verdict: leaks.verdict.name(),
        sentence: sentence(leaks),
        chosen: series.chosen().iter().map(|choice| choice.as_str().into()).collect(),
        culprits: leaks.runs.first().map_or_else(Vec::new, culprits),
        runs: leaks.runs.iter().map(|run| run_row(run, name)).collect(),
        left_out: leaks
            .left_out
            .iter()
            .map(|left| LeftOutRow { capture: name(left.capture).into(), why: left.why.description() })
            .collect(),
    }
}

impl Document<'_> {
    /// Leaves out directories and hosts.
    pub(crate) fn redact(&mut self) {
        let cut = |text: &mut Cow<'_, str>| *text = Cow::Owned(redacted_path(text).to_owned());
        for run in &mut self.runs {
            run.host = None;
            run.exe.iter_mut().for_each(cut);
            run.captures.iter_mut().chain(&mut run.warmup).for_each(cut);
        }
        for location in self.culprits.iter().filter_map(|row| row.location.as_deref()) {
            self.sentence = self.sentence.replace(location, redacted_path(location));
        }
        let rows = self.runs.iter_mut().flat_map(|run| &mut run.culprits).chain(&mut self.culprits);
        rows.filter_map(|row| row.location.as_mut()).for_each(cut);
        for choice in &mut self.chosen {
            *choice = Cow::Owned(redacted_option(choice));
        }
        for left in &mut self.left_out {
            cut(&mut left.capture);
            left.why = redacted(&left.why);
        }
    }
}

/// The document for a page, in which a capture has a place: its name may be another one's as well.
pub(crate) fn for_page<'a>(
    series: &'a Series,
    leaks: &'a Leaks,
    place: impl Fn(usize) -> usize,
) -> Document<'a> {
    let mut document = document(series, leaks);
    for (row, judged) in document.runs.iter_mut().zip(&leaks.runs) {
        row.places = Some(judged.run.captures.iter().map(|&capture| place(capture)).collect());
        row.warmup_places = Some(judged.warmup.iter().map(|&capture| place(capture)).collect());
    }
    document
}

fn run_row<'a>(run: &'a Judged, name: impl Fn(usize) -> &'a str) -> RunRow<'a> {
    let facts = &run.run;
    RunRow {
        verdict: run.verdict.name(),
        pid: facts.pid,
        start_ms: facts.start_ms,
        host: facts.host.as_deref(),
        exe: facts.exe.as_deref().map(Cow::Borrowed),
        rate: facts.rate,
        rate_is_assumed: facts.rate_is_assumed,
        clock: facts.clock.name(),
        first_ms: facts.first_ms,
        times: &facts.times,
        captures: facts.captures.iter().map(|&capture| name(capture).into()).collect(),
        warmup: run.warmup.iter().map(|&capture| name(capture).into()).collect(),
        places: None,
        warmup_places: None,
        heap: run.heap.iter().map(|&bytes| whole(bytes)).collect(),
        growth: whole(run.growth),
        allocated_growth: run.allocated_growth.map(whole),
        least_rate: run.least_rate,
        inconclusive: run.inconclusive.as_ref().map(inconclusive),
        culprits: culprits(run),
        dismissed: run.dismissed.iter().map(dismissed).collect(),
    }
}

fn inconclusive(why: &Inconclusive) -> InconclusiveRow<'_> {
    match why {
        Inconclusive::TooFew { found, needed, .. } => {
            InconclusiveRow { more_captures: Some(needed - found), ..InconclusiveRow::default() }
        }
        Inconclusive::NoneChosen { before } => {
            InconclusiveRow { before_filters: Some(whole(*before)), ..InconclusiveRow::default() }
        }
        Inconclusive::Unsure { needs: Needs { captures, lg_prof_sample }, name } => InconclusiveRow {
            name: Some(name),
            more_captures: *captures,
            lg_prof_sample: *lg_prof_sample,
            ..InconclusiveRow::default()
        },
    }
}

fn culprits(run: &Judged) -> Vec<CulpritRow<'_>> {
    run.culprits.iter().map(|culprit| culprit_row(culprit, run)).collect()
}

fn culprit_row<'a>(culprit: &'a Culprit, run: &Judged) -> CulpritRow<'a> {
    let Estimate { value, low, high } = culprit.rate;
    let Interval { low: live_low, high: live_high } = culprit.live_interval;
    CulpritRow {
        name: &culprit.name,
        location: culprit.location.as_deref().map(Cow::Borrowed),
        krate: culprit.krate.as_ref().map(|krate| krate.name.as_str()),
        crate_version: culprit.krate.as_ref().and_then(|krate| krate.version.as_deref()),
        owner: culprit.owner.name(),
        label: culprit.label.code(),
        rate: RateRow { value, low, high },
        score: culprit.score,
        growth: whole(culprit.growth),
        share_of_growth: (run.growth > 0.0).then(|| culprit.growth / run.growth),
        live: LiveRow {
            value: whole(culprit.live),
            interval: [whole(live_low), whole(live_high)],
            objects: whole(culprit.objects),
        },
        since: culprit.since,
        history: culprit.history.iter().map(|&bytes| whole(bytes)).collect(),
        path: &culprit.path,
        callers: culprit.callers.iter().map(|c| CallerRow { name: &c.name, share: c.share }).collect(),
        stacks: culprit.stacks.len(),
    }
}

fn dismissed(group: &Dismissed) -> DismissedRow<'_> {
    DismissedRow {
        label: group.label.code(),
        count: group.count,
        live: whole(group.live),
        examples: group
            .examples
            .iter()
            .map(|(name, growth)| ExampleRow { name, growth: whole(*growth) })
            .collect(),
    }
}

fn whole(value: f64) -> i64 {
    value.round() as i64
}
