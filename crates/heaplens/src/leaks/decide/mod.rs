//! What the series of every site of one run amounts to: a leak, or one of the other things that growth can be.
//!
//! In this order: sites too small to be judged are left out; growth has to exceed what sampling can feign (the noise
//! test) and to go on through the series (the trend test), so surely that among all sites found few are found by chance
//! (Benjamini and Hochberg); it has to go on in the later half; and no other shape may explain it. `docs/leaks.md` says it
//! for users.

mod bend;
mod container;
mod growth;
mod load;
mod needs;
mod pace;
mod series;
mod shape;
#[cfg(test)]
mod tests;

use super::statistics::benjamini_hochberg;
use crate::sampling::interval_of_difference;
use growth::Growth;
pub use needs::Needs;
use series::Series;

/// Fewer captures than this are not judged: with 7, no order of them is improbable enough among some hundred sites.
pub const FEWEST_CAPTURES: usize = 8;

/// One site's amounts, unsampled, one a capture; zero where it is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Live bytes.
    pub bytes: Vec<f64>,
    /// Live objects.
    pub objects: Vec<f64>,
}

/// The captures of one process that was sampled at one rate throughout.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// When each was taken, in seconds; strictly increasing. If they are not, captures count as one second apart.
    pub times: &'a [f64],
    /// One sample in so many bytes. Up to 1, amounts are exact.
    pub rate: u64,
    /// Live bytes of the whole profile, one value a capture.
    pub heap: &'a [f64],
    /// A counter of requests, cumulative, one value a capture.
    pub load: Option<&'a [f64]>,
}

/// How to decide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Which share of the sites found may be found by chance.
    pub false_discoveries: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options { false_discoveries: 0.05 }
    }
}

/// A value with the ends of its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The estimate itself.
    pub value: f64,
    /// Low end.
    pub low: f64,
    /// High end.
    pub high: f64,
}

/// What a series of amounts is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// It grows on and on.
    Leak,
    /// Few large objects that double, at ever longer intervals, as a container does into which items are put steadily.
    GrowingContainer,
    /// It grew, ever less: a cache that fills, or a start.
    WarmUp,
    /// It rises and falls; its low points do not rise.
    Sawtooth,
    /// It grew at once, and has stayed there.
    Step,
    /// It follows the requests a second.
    Load,
    /// It does not grow, or not beyond what sampling can feign.
    Noise,
    /// It may grow; more would have to be known.
    Inconclusive,
}

impl Label {
    /// In a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Label::Leak => "leak",
            Label::GrowingContainer => "growing container",
            Label::WarmUp => "warm-up",
            Label::Sawtooth => "sawtooth",
            Label::Step => "step",
            Label::Load => "load",
            Label::Noise => "noise",
            Label::Inconclusive => "inconclusive",
        }
    }

    /// True for growth that has another reason than a leak.
    pub fn explains(self) -> bool {
        matches!(self, Label::WarmUp | Label::Sawtooth | Label::Step | Label::Load)
    }

    /// In JSON.
    pub fn code(self) -> &'static str {
        match self {
            Label::GrowingContainer => "growing-container",
            _ => self.name(),
        }
    }
}

/// What is concluded of one site.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What its series is.
    pub label: Label,
    /// Whether it is to be reported: a leak, or a container that grows.
    pub is_suspect: bool,
    /// The chance of such growth by sampling alone; 1 for sites that are too small to be tested.
    pub p_noise: f64,
    /// The chance of such an order of values by itself; 1 for sites that are too small to be tested.
    pub p_trend: f64,
    /// The larger of both.
    pub p: f64,
    /// Sen's slope in bytes a second. Its interval holds both the scatter around the slope and sampling's error.
    pub slope: Estimate,
    /// Bytes a second that it grows at least, less where it grows ever slower: the key to rank by.
    pub score: f64,
    /// Bytes, from the mean of the first quarter of captures to that of the last.
    pub growth: Estimate,
    /// The capture at which growth begins, where it is growth.
    pub since: Option<usize>,
    /// What would decide it, where that can be said.
    pub needs: Option<Needs>,
}

/// Judges the sites of a run, in their order. The same input gives the same answer; sites that are groups of others may
/// stand among them.
pub fn decide(run: &Run<'_>, sites: &[History], options: &Options) -> Vec<Decision> {
    let series = Series::new(run);
    if series.len() < FEWEST_CAPTURES {
        return sites.iter().map(|site| undecided(&series, site)).collect();
    }
    let threshold = threshold(&series);
    let tested: Vec<Option<Growth>> = sites
        .iter()
        .map(|site| series.bytes(site))
        .map(|bytes| is_large_enough(&bytes, threshold, run.rate).then(|| Growth::new(&series, bytes)))
        .collect();
    let p: Vec<f64> = tested.iter().flatten().map(Growth::p).collect();
    let mut found = benjamini_hochberg(&p, options.false_discoveries).into_iter();
    let mut hinted = benjamini_hochberg(&p, HINT).into_iter();
    let trends: Vec<f64> = tested.iter().flatten().map(|growth| growth.p_trend).collect();
    let mut trending = benjamini_hochberg(&trends, options.false_discoveries).into_iter();
    let field = needs::Field { tests: p.len(), false_discoveries: options.false_discoveries };
    sites
        .iter()
        .zip(tested)
        .map(|(site, growth)| match growth {
            None => too_small(&series, site),
            Some(growth) => {
                let is_found = found.next().unwrap_or(false);
                let is_hinted = hinted.next().unwrap_or(false);
                let is_trend = trending.next().unwrap_or(false);
                let is_hinted = is_hinted || is_trend && growth.p_noise < UNLIKELY;
                judge(&series, site, &growth, is_found, is_hinted, &field)
            }
        })
        .collect()
}

/// No suspects, but to be looked at again, are sites that are found if one of five may be found by chance,
const HINT: f64 = 0.2;
/// and those whose trend is certain, while sampling makes up such growth with this chance.
const UNLIKELY: f64 = 0.02;

/// How large a site has to become, in bytes, to be tested: it must not depend on growth, or the discoveries that are
/// false are no longer counted right.
///
/// 1 MiB says "too small to matter" for servers of gigabytes. In a heap of 5 MiB it would leave out nearly every site,
/// so 2 % of the heap suffice there; 0.2 % are asked for in any case.
fn threshold(series: &Series) -> f64 {
    const MEBIBYTE: f64 = 1024.0 * 1024.0;
    let heap = series.mean_heap();
    MEBIBYTE.min(0.02 * heap).max(0.002 * heap)
}

/// Less than one sample at most times is no series.
fn is_large_enough(bytes: &[f64], threshold: f64, rate: u64) -> bool {
    let mean = bytes.iter().sum::<f64>() / bytes.len() as f64;
    let most = bytes.iter().copied().fold(0.0, f64::max);
    mean > 0.0 && mean >= rate as f64 && most >= threshold
}

fn judge(
    series: &Series,
    site: &History,
    growth: &Growth,
    is_found: bool,
    is_hinted: bool,
    field: &needs::Field,
) -> Decision {
    let label = label(series, site, growth, is_found, is_hinted);
    let since = match label {
        Label::Leak | Label::GrowingContainer | Label::Inconclusive | Label::Step | Label::Load => {
            Some(series.capture_of(growth.bend.block))
        }
        Label::WarmUp | Label::Sawtooth | Label::Noise => None,
    };
    Decision {
        label,
        is_suspect: matches!(label, Label::Leak | Label::GrowingContainer),
        p_noise: growth.p_noise,
        p_trend: growth.p_trend,
        p: growth.p(),
        slope: growth.slope,
        score: growth.score,
        growth: growth.change.estimate(series.rate),
        since,
        needs: (label == Label::Inconclusive).then(|| needs::needs(series, growth, field)),
    }
}

/// Growth beyond sampling's noise, for labels of what is no suspect anyway.
const GREW: f64 = 0.05;

fn label(series: &Series, site: &History, growth: &Growth, is_found: bool, is_hinted: bool) -> Label {
    let grew = growth.p_noise < GREW;
    match container::state(series, site, growth) {
        Some(container::State::Growing) => return Label::GrowingContainer,
        Some(container::State::Full) => return Label::WarmUp,
        None => {}
    }
    if !is_found && !grew && !is_hinted {
        return if shape::swings(series, growth) { Label::Sawtooth } else { Label::Noise };
    }
    if load::explains(series, growth) {
        Label::Load
    } else if shape::is_sawtooth(series, growth) {
        Label::Sawtooth
    } else if shape::is_step(series, growth) {
        Label::Step
    } else if growth.decelerates() {
        Label::WarmUp
    } else if shape::are_two_steps(series, growth) {
        Label::Step
    } else if is_found && growth.goes_on() {
        Label::Leak
    } else if is_found || is_hinted {
        Label::Inconclusive
    } else {
        Label::Noise
    }
}

/// Of so few captures, only what grew is told.
fn undecided(series: &Series, site: &History) -> Decision {
    let missing = FEWEST_CAPTURES.saturating_sub(series.len());
    let needs = Needs { captures: Some(missing), lg_prof_sample: None };
    Decision { label: Label::Inconclusive, needs: Some(needs), ..too_small(series, site) }
}

fn too_small(series: &Series, site: &History) -> Decision {
    let change = series.change(&series.bytes(site));
    let estimate = change.estimate(series.rate);
    Decision {
        label: Label::Noise,
        is_suspect: false,
        p_noise: 1.0,
        p_trend: 1.0,
        p: 1.0,
        slope: estimate.over(change.seconds),
        score: 0.0,
        growth: estimate,
        since: None,
        needs: None,
    }
}

impl Estimate {
    fn over(self, seconds: f64) -> Estimate {
        // One capture has no slope.
        if seconds <= 0.0 {
            return Estimate::default();
        }
        Estimate { value: self.value / seconds, low: self.low / seconds, high: self.high / seconds }
    }
}

impl series::Change {
    fn estimate(&self, rate: u64) -> Estimate {
        let interval = interval_of_difference(self.before, self.after, rate);
        Estimate { value: self.after - self.before, low: interval.low, high: interval.high }
    }
}
