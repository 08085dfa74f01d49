//! From a series to culprits.

use super::blame::{Blamed, Growing, Live, blame};
use super::decide::{self, Decision, History, Label};
use super::function::{Function, describe};
use super::sites::Sites;
use super::warmup::{drop_warmup, with_warmup};
use super::{Culprit, Dismissed, Inconclusive, Judged, Leaks, Options, Verdict};
use crate::classify::Owner;
use crate::profile::Profile;
use crate::sampling;
use crate::series::{Run, Series};

/// In the order in which they are told.
const LABELS: [Label; 8] = [
    Label::Inconclusive,
    Label::WarmUp,
    Label::Step,
    Label::Load,
    Label::Sawtooth,
    Label::Leak,
    Label::GrowingContainer,
    Label::Noise,
];
/// A function keeps so much of what some of its stacks grow, or it only shifts memory from others to them.
pub(super) const KEPT: f64 = 0.5;
/// A stack with so much of its function's growth stands for the function.
const MOSTLY: f64 = 0.5;
const MOST_EXAMPLES: usize = 3;

/// Judges each run of a series. Its frames should have names, and the allocator's frames be folded.
pub fn find(series: &Series, options: &Options) -> Leaks {
    let runs = series.runs(options.every);
    let mut judged: Vec<Judged> = runs.runs.into_iter().map(|run| judge(series, run, options)).collect();
    // A process that filters left nothing of was not asked about.
    let is_asked = |run: &Judged| !matches!(run.inconclusive, Some(Inconclusive::NoneChosen { .. }));
    let leaking = judged.iter().position(|run| run.verdict == Verdict::Leak);
    let first = leaking.or_else(|| judged.iter().position(is_asked)).unwrap_or(0);
    if first > 0 {
        let asked = judged.remove(first);
        judged.insert(0, asked);
    }
    Leaks {
        verdict: judged.first().map_or(Verdict::Inconclusive, |run| run.verdict),
        runs: judged,
        left_out: runs.left_out,
    }
}

fn judge(series: &Series, mut run: Run, options: &Options) -> Judged {
    let none_chosen = series.all_left_out(&run.captures);
    let whole = run.clone();
    let warmup = drop_warmup(&mut run, options.warmup);
    let sites = Sites::new(series, &run, &options.owners);
    let all: Vec<usize> = (0..sites.sites.len()).collect();
    let heap = sites.sum(&all).bytes;
    let load = options.load.as_deref().and_then(|load| counts(load, &run));
    let context = decide::Run { times: &run.times, rate: run.rate, heap: &heap, load: load.as_deref() };
    let of_sites = &decide::decide(&context, &sites.histories, &decide::Options::default())[..];
    let groups = sites.groups();
    let sums: Vec<History> = groups.iter().map(|group| sites.sum(group)).collect();
    let of_groups = &decide::decide(&context, &sums, &decide::Options::default())[..];

    let shifted = shifted(&sites, of_sites, of_groups, &groups);
    let growing = growing(of_sites, of_groups, &groups, &shifted);
    let live: Vec<f64> = sites.histories.iter().map(|history| last(&history.bytes)).collect();
    let code = series.code();
    let held = sites.histories.iter().map(|history| mean(&history.bytes)).collect();
    let blamed = blame(code, &sites, growing.clone(), &Live::new(code, &sites, held));
    let mut culprits: Vec<Culprit> =
        blamed.iter().map(|blamed| culprit(code, &sites, blamed, of_sites, &context)).collect();
    culprits.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then(b.growth.total_cmp(&a.growth)).then(a.name.cmp(&b.name))
    });

    let inconclusive = match (none_chosen, run.captures.len()) {
        (Some(before), _) => Some(Inconclusive::NoneChosen { before }),
        (None, found) if found < decide::FEWEST_CAPTURES => {
            Some(Inconclusive::TooFew { found, needed: decide::FEWEST_CAPTURES, warmup: warmup.len() })
        }
        _ => unsure(code, &sites, of_sites, &shifted).map(|(mut needs, name)| {
            needs.captures = needs.captures.map(|more| with_warmup(&whole, options.warmup, more));
            Inconclusive::Unsure { needs, name }
        }),
    };
    let verdict = match (culprits.is_empty(), &inconclusive) {
        (false, _) => Verdict::Leak,
        (true, Some(_)) => Verdict::Inconclusive,
        (true, None) => Verdict::NoLeak,
    };
    let span = last(&run.times);
    Judged {
        warmup,
        verdict,
        inconclusive: inconclusive.filter(|_| verdict == Verdict::Inconclusive),
        dismissed: match none_chosen {
            Some(_) => Vec::new(),
            None => dismissed(code, &sites, of_sites, &growing, &live),
        },
        growth: rise(&heap),
        allocated_growth: allocated(series, &run).map(|allocated| rise(&allocated)),
        least_rate: if run.rate > 1 && span > 0.0 {
            run.rate as f64 * run.captures.len() as f64 / span
        } else {
            0.0
        },
        heap,
        culprits,
        run,
    }
}

/// Sites that grow at the cost of others of their function: the items of a cache at its limit are replaced by those that
/// came another way.
fn shifted(sites: &Sites, of_sites: &[Decision], of_groups: &[Decision], groups: &[Vec<usize>]) -> Vec<bool> {
    let mut shifted = vec![false; of_sites.len()];
    for (group, whole) in groups.iter().zip(of_groups) {
        if whole.is_suspect {
            continue;
        }
        let grew = |site: &usize| !matches!(of_sites[*site].label, Label::Noise | Label::Sawtooth);
        let grown: Vec<usize> = group.iter().copied().filter(grew).collect();
        if rise(&sites.sum(group).bytes) < KEPT * rise(&sites.sum(&grown).bytes) {
            grown.iter().for_each(|&site| shifted[site] = true);
        }
    }
    shifted
}

/// Sites that grow by themselves or as a part of a group that does.
fn growing(
    of_sites: &[Decision],
    of_groups: &[Decision],
    groups: &[Vec<usize>],
    shifted: &[bool],
) -> Vec<Growing> {
    let mut is_growing: Vec<bool> = of_sites
        .iter()
        .zip(shifted)
        .map(|(decision, is_shifted)| decision.is_suspect && !is_shifted)
        .collect();
    let grown = |site: usize| of_sites[site].growth.value;
    for (group, decision) in groups.iter().zip(of_groups) {
        // Small stacks of one function are told from noise only together; of a large one, what it is is known.
        let mostly = group.iter().max_by(|a, b| grown(**a).total_cmp(&grown(**b)));
        let is_explained = mostly.is_some_and(|&site| {
            of_sites[site].label.explains() && grown(site) >= MOSTLY * decision.growth.value
        });
        if decision.is_suspect && !is_explained {
            group.iter().for_each(|&site| is_growing[site] = true);
        }
    }
    let one = |site: usize| Growing { site, growth: grown(site) };
    (0..of_sites.len()).filter(|&site| is_growing[site]).map(one).filter(|one| one.growth > 0.0).collect()
}

fn culprit(
    code: &Profile,
    sites: &Sites,
    blamed: &Blamed,
    decisions: &[Decision],
    context: &decide::Run<'_>,
) -> Culprit {
    let members: Vec<usize> = blamed.sites.iter().map(|one| one.site).collect();
    let sum = sites.sum(&members);
    let whole =
        decide::decide(context, std::slice::from_ref(&sum), &decide::Options::default()).swap_remove(0);
    let live = last(&sum.bytes);
    // Growth of the items beside that of their container is a leak of items.
    let label = members.iter().map(|&site| decisions[site].label).find(|label| *label == Label::Leak);
    let Function { name, location, krate, owner, stack, path, callers, stacks } =
        describe(code, sites, blamed);
    Culprit {
        name,
        location,
        krate,
        owner,
        label: label.unwrap_or_else(|| {
            members.first().map_or(Label::Leak, |&site| match decisions[site].label {
                Label::GrowingContainer => Label::GrowingContainer,
                _ => Label::Leak,
            })
        }),
        rate: whole.slope,
        score: whole.score,
        growth: blamed.sites.iter().map(|one| one.growth).sum(),
        live,
        live_interval: sampling::interval(live, context.rate),
        objects: last(&sum.objects),
        since: whole.since.unwrap_or(0),
        history: sum.bytes,
        stack,
        path,
        callers,
        stacks,
    }
}

/// What seems to grow, but may not, if that is a good part of what grew at all.
fn unsure(
    code: &Profile,
    sites: &Sites,
    decisions: &[Decision],
    shifted: &[bool],
) -> Option<(decide::Needs, String)> {
    let open = decisions
        .iter()
        .enumerate()
        .filter(|(site, decision)| decision.label == Label::Inconclusive && !shifted[*site]);
    let (site, decision) =
        open.max_by(|(_, a), (_, b)| a.score.total_cmp(&b.score).then(b.p.total_cmp(&a.p)))?;
    Some((decision.needs?, owning_function(code, sites, site)))
}

fn dismissed(
    code: &Profile,
    sites: &Sites,
    decisions: &[Decision],
    growing: &[Growing],
    live: &[f64],
) -> Vec<Dismissed> {
    LABELS
        .into_iter()
        .filter_map(|label| {
            let is_other =
                |site: &usize| decisions[*site].label == label && growing.iter().all(|one| one.site != *site);
            let mut its: Vec<usize> = (0..decisions.len()).filter(is_other).collect();
            its.sort_by(|&a, &b| {
                decisions[b].growth.value.total_cmp(&decisions[a].growth.value).then(a.cmp(&b))
            });
            let mut examples: Vec<(String, f64)> = Vec::new();
            for &site in &its {
                let growth = decisions[site].growth.value;
                let name = owning_function(code, sites, site);
                if examples.len() < MOST_EXAMPLES
                    && growth > 0.0
                    && examples.iter().all(|(known, _)| *known != name)
                {
                    examples.push((name, growth));
                }
            }
            let sum = its.iter().map(|&site| live[site]).sum();
            (!its.is_empty()).then_some(Dismissed { label, count: its.len(), live: sum, examples })
        })
        .collect()
}

/// The innermost of the program's own functions, else the innermost of all.
fn owning_function(code: &Profile, sites: &Sites, site: usize) -> String {
    let frames = || code.stack_from_leaf(sites.sites[site].stack).map(|(_, frame)| frame);
    let own = frames().find(|frame| sites.owner(*frame) == Owner::FirstParty);
    own.or_else(|| frames().next())
        .map_or_else(|| "[no stack]".to_owned(), |frame| code.frame_name(frame).into_owned())
}

/// The request counter at each capture, between its own points in a straight line; `None` if it does not reach over all.
fn counts(load: &[(u64, f64)], run: &Run) -> Option<Vec<f64>> {
    let first = run.first_ms?;
    run.times
        .iter()
        .map(|seconds| {
            let at = first as f64 + seconds * 1000.0;
            let after = load.partition_point(|(ms, _)| (*ms as f64) < at);
            let (next_ms, next) = *load.get(after)?;
            let Some(&(ms, count)) = after.checked_sub(1).and_then(|before| load.get(before)) else {
                return (next_ms as f64 == at).then_some(next);
            };
            let part = (at - ms as f64) / (next_ms - ms) as f64;
            Some(count + part * (next - count))
        })
        .collect()
}

/// What the allocator counts itself, in each capture of a run, where trailers tell it.
pub(crate) fn allocated(series: &Series, run: &Run) -> Option<Vec<f64>> {
    let figure = |&capture: &usize| {
        let trailer = series.captures()[capture].trailer.as_ref()?;
        trailer.stats.get("allocated").map(|&bytes| bytes as f64)
    };
    run.captures.iter().map(figure).collect()
}

/// The mean of the last quarter less that of the first.
fn rise(values: &[f64]) -> f64 {
    let part = (values.len() / 4).max(2).min(values.len());
    mean(&values[values.len() - part..]) - mean(&values[..part])
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

fn last(values: &[f64]) -> f64 {
    values.last().copied().unwrap_or(0.0)
}
