//! What grew between the ends of a run, whatever its shape: for limits, which are literal.

use super::blame::{self, Blamed, Growing, blame, has};
use super::find::KEPT;
use super::function::{Function, describe};
use super::rounds::{self, Live, Pace};
use super::sites::{Name, Sites};
use super::{History, statistics};
use crate::classify::Owners;
use crate::profile::Amount;
use crate::sampling::{self, Z80, Z95};
use crate::series::{Run, Series};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Of all functions together, so often is one taken for growing that is not.
const LEVEL: f64 = 0.025;

/// Which functions are of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those that surely grew; if there is none, those that grew as far as samples tell.
    Sure,
    /// All that grew as far as samples tell.
    Any,
    /// Those that grew in every round, or in steps that keep pace with the rounds; the run is of so many rounds later
    /// than the first.
    EveryRound {
        /// How many.
        before: usize,
    },
}

/// A function and what is charged to it, in unsampled bytes.
#[derive(Clone, Debug)]
pub(crate) struct Charged {
    pub(crate) function: Function,
    /// In each capture of the run.
    pub(crate) history: Vec<f64>,
    pub(crate) before: f64,
    pub(crate) after: f64,
    /// False if it may be chance.
    pub(crate) is_sure: bool,
}

/// What grew in a run.
#[derive(Clone, Debug)]
pub(crate) struct Between {
    /// All stacks, at both ends.
    pub(crate) before: f64,
    pub(crate) after: f64,
    /// The one that grew most first.
    pub(crate) functions: Vec<Charged>,
    /// The quantile beyond which growth of one stack among all of them is no chance.
    pub(crate) quantile: f64,
}

/// The means of so many values at each end.
pub(crate) fn ends(history: &[f64], part: usize) -> (f64, f64) {
    let part = part.min(history.len());
    let mean = |values: &[f64]| {
        if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
    };
    (mean(&history[..part]), mean(&history[history.len() - part..]))
}

/// Compares the ends of a run, so many captures of each.
pub(crate) fn between(series: &Series, run: &Run, owners: &Owners, wanted: Wanted, part: usize) -> Between {
    let sites = Sites::new(series, run, owners);
    let at_ends: Vec<(f64, f64)> = sites.histories.iter().map(|history| ends(&history.bytes, part)).collect();
    let groups = sites.groups();
    let sum = |group: &[usize]| {
        group.iter().fold((0.0, 0.0), |(a, b), &site| (a + at_ends[site].0, b + at_ends[site].1))
    };
    let of_groups: Vec<(f64, f64)> = groups.iter().map(|group| sum(group)).collect();
    let tests = at_ends.iter().chain(&of_groups).filter(|(before, after)| before + after > 0.0).count();
    let quantile = statistics::quantile(1.0 - LEVEL / tests.max(1) as f64);

    let is_sure =
        |&(before, after): &(f64, f64)| sampling::z_of_difference(before, after, run.rate) > quantile;
    let keeps_pace = |history: &History, before: usize| {
        let (first, last) = ends(&history.bytes, 1);
        sampling::interval_of_difference(first, last, run.rate).low > 0.0
            && pace(&history.bytes, before).is_some()
    };
    let growth = |site: usize| at_ends[site].1 - at_ends[site].0;
    // Others of the function gave back most of what these took.
    let is_shifted = |group: &[usize], found: &[bool]| {
        let grown: f64 = group.iter().filter(|&&site| found[site]).map(|&site| growth(site).max(0.0)).sum();
        sum(group).1 - sum(group).0 < KEPT * grown
    };
    // By itself, or as a part of what one function of the program grew by in all.
    let find = |of_site: &dyn Fn(usize) -> bool, of_group: &dyn Fn(usize) -> bool| -> Vec<bool> {
        let mut found: Vec<bool> = (0..at_ends.len()).map(of_site).collect();
        for (place, group) in groups.iter().enumerate() {
            let is_found = of_group(place);
            if is_found || is_shifted(group, &found) {
                group.iter().for_each(|&site| found[site] = is_found);
            }
        }
        found
    };
    let sure = match wanted {
        Wanted::EveryRound { before } => find(&|site| keeps_pace(&sites.histories[site], before), &|group| {
            keeps_pace(&sites.sum(&groups[group]), before)
        }),
        Wanted::Sure | Wanted::Any => {
            find(&|site| is_sure(&at_ends[site]), &|group| is_sure(&of_groups[group]))
        }
    };
    let any = || find(&|site| growth(site) > 0.0, &|_| false);
    let found = match wanted {
        Wanted::Any => any(),
        Wanted::Sure if !sure.contains(&true) => any(),
        Wanted::Sure | Wanted::EveryRound { .. } => sure.clone(),
    };
    let growing = (0..found.len())
        .filter(|&site| found[site] && growth(site) > 0.0)
        .map(|site| Growing { site, growth: growth(site) })
        .collect();
    // What these gave back is taken off.
    let shifted: Vec<usize> =
        groups.iter().filter(|group| is_shifted(group, &found)).flatten().copied().collect();
    let all: Vec<usize> = (0..at_ends.len()).collect();
    let (before, after) = sum(&all);
    Between {
        before,
        after,
        functions: charge(series, &sites, growing, &shifted, part, |site| sure[site]),
        quantile,
    }
}

/// How amounts after rounds grow, if they do; the first is that after round `before`, counted from 0.
pub(crate) fn pace(history: &[f64], before: usize) -> Option<Pace> {
    let live = |&bytes: &f64| Live { bytes: Amount::from_f64(bytes), objects: Amount::ZERO };
    rounds::pace(&history.iter().map(live).collect::<Vec<_>>(), before)
}

/// Finds the functions to blame for sites that grow, and sums up what is charged to each. Each of the program's own
/// functions that allocates is looked at by itself: where all that there is grows, as in a short test, nothing but `main`
/// holds the growth of several.
fn charge(
    series: &Series,
    sites: &Sites,
    growing: Vec<Growing>,
    shifted: &[usize],
    part: usize,
    is_sure: impl Fn(usize) -> bool,
) -> Vec<Charged> {
    let code = series.code();
    let live = sites.histories.iter().map(|history| ends(&history.bytes, part).1).collect();
    let live = blame::Live::new(code, sites, live);
    let mut groups: BTreeMap<Option<Name>, Vec<Growing>> = BTreeMap::new();
    for one in growing {
        groups.entry(sites.sites[one.site].owned_by).or_default().push(one);
    }
    let mut blamed: BTreeMap<Option<Name>, Blamed> = BTreeMap::new();
    for one in groups.into_values().flat_map(|group| blame(code, sites, group, &live)) {
        let name = one.frame.map(|frame| sites.name(frame));
        match blamed.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(one)),
            Entry::Occupied(mut entry) => entry.get_mut().absorb(one),
        }
    }
    let mut charged: Vec<Charged> = blamed
        .values()
        .map(|blamed| {
            let members: Vec<usize> = blamed.sites.iter().map(|one| one.site).collect();
            let known: BTreeSet<usize> = members.iter().copied().collect();
            let groups: BTreeSet<Option<Name>> =
                members.iter().map(|&site| sites.sites[site].owned_by).collect();
            let is_own = |site: &&usize| {
                let is_below = |frame| has(code, sites, **site, sites.name(frame));
                !known.contains(site)
                    && groups.contains(&sites.sites[**site].owned_by)
                    && blamed.frame.is_some_and(is_below)
            };
            let others: Vec<usize> = shifted.iter().filter(is_own).copied().collect();
            let sum = sites.sum(&[&members[..], &others[..]].concat());
            let (before, after) = ends(&sum.bytes, part);
            Charged {
                function: describe(code, sites, blamed),
                history: sum.bytes,
                before,
                after,
                is_sure: members.iter().any(|&site| is_sure(site)),
            }
        })
        .collect();
    charged.sort_by(|a, b| {
        let growth = |one: &Charged| one.after - one.before;
        growth(b).total_cmp(&growth(a)).then_with(|| a.function.name.cmp(&b.function.name))
    });
    charged
}

/// The growth in bytes, beyond what is `allowed`, that a function which held nothing before must show to be seen four
/// times of five: G − z·√(R·G) = allowed, solved for G.
pub(crate) fn least_of_function(rate: u64, quantile: f64, allowed: f64) -> f64 {
    if rate <= 1 {
        return allowed;
    }
    let noise = (quantile + Z80) * (rate as f64).sqrt();
    ((noise + (noise * noise + 4.0 * allowed).sqrt()) / 2.0).powi(2)
}

/// The same for a whole heap: `allowed` and z·√(R·(B₁+B₂)).
pub(crate) fn least_of_heap(rate: u64, before: f64, after: f64, allowed: f64) -> f64 {
    allowed + (Z95 + Z80) * sampling::error_of_difference(before, after, rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_growth_is_that_of_the_formula() {
        let mib = 1_048_576.0;
        // (1.96 + 0.84) √(0.5 MiB · 40 MiB), and nothing where everything is counted.
        let heap = least_of_heap(1 << 19, 20.0 * mib, 20.0 * mib, 0.0);
        assert!((heap / mib - 12.53).abs() < 0.01, "{heap}");
        assert_eq!(least_of_heap(1, 20.0, 20.0, 7.0), 7.0);
        // 2.8² samples.
        let function = least_of_function(4096, 1.96, 0.0);
        assert!((function / 4096.0 - 7.85).abs() < 0.01, "{function}");
        let allowed = 10.0 * mib;
        let function = least_of_function(4096, 1.96, allowed);
        let noise = 2.8016 * (4096.0 * function).sqrt();
        assert!((function - noise - allowed).abs() < 100.0, "{function}");
    }

    #[test]
    fn ends_are_means() {
        assert_eq!(ends(&[1.0, 5.0], 1), (1.0, 5.0));
        assert_eq!(ends(&[1.0, 3.0, 9.0, 5.0, 7.0], 2), (2.0, 6.0));
        assert_eq!(ends(&[4.0], 2), (4.0, 4.0));
        assert_eq!(ends(&[], 1), (0.0, 0.0));
    }
}
