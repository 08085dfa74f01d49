//! The function to blame for what grew: whose stacks hold the growth, and hold little else.
//!
//! A shared utility that leaking and healthy callers use is impure; `main` is impure, since all else is below it as well;
//! one handler of ten that feed the same map covers only a tenth. What is left is the function that holds on to memory, or
//! one above it that covers some small growth more; so what is pure and covers most of that is blamed in its place.

use super::sites::{Name, Sites};
use crate::classify::Owner;
use crate::profile::{FrameId, Profile};
use crate::seeded::SeededMap;

/// Growth that need not be explained.
const REST: f64 = 0.05;
/// Functions so close to each other are equally to blame; the innermost is named.
const TIE: f64 = 0.02;

/// A function inside of another is to blame in its place if it covers so much of the growth there.
const MOST: f64 = 0.5;

/// Functions of these owners are blamed, the earlier ones if there are any.
const BLAMED: [&[Owner]; 3] =
    [&[Owner::FirstParty], &[Owner::ThirdParty], &[Owner::Std, Owner::Runtime, Owner::Allocator]];

/// A site that grows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growing {
    pub(super) site: usize,
    /// How much, in bytes.
    pub(super) growth: f64,
}

/// A function and the growing sites that it is blamed for.
#[derive(Clone, Debug)]
pub(super) struct Blamed {
    /// Its frame in the site that grows most; `None` for memory without any frame.
    pub(super) frame: Option<FrameId>,
    /// The one that grows most first.
    pub(super) sites: Vec<Growing>,
}

impl Blamed {
    /// Takes over the sites of another one of the same function.
    pub(super) fn absorb(&mut self, other: Blamed) {
        let grows_more = |one: &Blamed| one.sites.first().map_or(0.0, |first| first.growth);
        if grows_more(&other) > grows_more(self) {
            self.frame = other.frame;
        }
        self.sites.extend(other.sites);
        self.sites.sort_by(|a, b| b.growth.total_cmp(&a.growth).then(a.site.cmp(&b.site)));
    }
}

/// What is summed up for one function.
#[derive(Clone, Copy, Default)]
struct Candidate {
    growth: f64,
    live_of_growing: f64,
    live: f64,
    /// Frames below it, weighted by growth.
    depth: f64,
}

impl Candidate {
    /// How much of what it holds is held by sites that grow.
    fn purity(&self) -> f64 {
        if self.live > 0.0 { self.live_of_growing / self.live } else { 1.0 }
    }

    /// The harmonic mean of coverage and purity.
    fn score(&self, all_growth: f64) -> f64 {
        let coverage = self.growth / all_growth;
        let purity = self.purity();
        if coverage + purity > 0.0 { 2.0 * coverage * purity / (coverage + purity) } else { 0.0 }
    }
}

/// What functions hold, together with what they call: bytes of each site, and of each function. The mean of all captures
/// tells healthy callers of a function better than the last one alone, in which little or nothing of theirs may be sampled.
pub(super) struct Live {
    of_sites: Vec<f64>,
    of_functions: SeededMap<Name, f64>,
}

impl Live {
    pub(super) fn new(code: &Profile, sites: &Sites, of_sites: Vec<f64>) -> Live {
        let mut of_functions: SeededMap<Name, f64> = SeededMap::default();
        for (site, live) in of_sites.iter().enumerate() {
            for (_, frame) in functions(code, sites, site) {
                *of_functions.entry(sites.name(frame)).or_default() += live;
            }
        }
        Live { of_sites, of_functions }
    }
}

/// Functions to blame, until all but a small rest of the growth is explained.
pub(super) fn blame(code: &Profile, sites: &Sites, mut growing: Vec<Growing>, live: &Live) -> Vec<Blamed> {
    growing.retain(|one| one.growth > 0.0);
    let all: f64 = growing.iter().map(|one| one.growth).sum();
    let mut blamed = Vec::new();
    let mut left = all;
    while !growing.is_empty() && left > REST * all {
        let name = BLAMED.iter().find_map(|owners| most_blamed(code, sites, &growing, live, owners));
        let (mut its, others): (Vec<Growing>, Vec<Growing>) =
            growing.into_iter().partition(|one| match name {
                Some(name) => has(code, sites, one.site, name),
                None => true,
            });
        its.sort_by(|a, b| b.growth.total_cmp(&a.growth).then(a.site.cmp(&b.site)));
        let found = name.zip(its.first()).and_then(|(name, first)| {
            functions(code, sites, first.site)
                .map(|(_, frame)| frame)
                .find(|frame| sites.name(*frame) == name)
        });
        left -= its.iter().map(|one| one.growth).sum::<f64>();
        blamed.push(Blamed { frame: found, sites: its });
        growing = others;
    }
    blamed
}

/// A site's functions from the innermost, each once, with their distances from it.
fn functions<'a>(
    code: &'a Profile,
    sites: &'a Sites,
    site: usize,
) -> impl Iterator<Item = (usize, FrameId)> + 'a {
    let mut seen: Vec<Name> = Vec::new();
    let frames = code.stack_from_leaf(sites.sites[site].stack).map(|(_, frame)| frame).enumerate();
    frames.filter(move |(_, frame)| {
        let name = sites.name(*frame);
        let is_new = !seen.contains(&name);
        if is_new {
            seen.push(name);
        }
        is_new
    })
}

/// True if a function of this name is in a site's stack.
pub(super) fn has(code: &Profile, sites: &Sites, site: usize, name: Name) -> bool {
    functions(code, sites, site).any(|(_, frame)| sites.name(frame) == name)
}

fn most_blamed(
    code: &Profile,
    sites: &Sites,
    growing: &[Growing],
    live: &Live,
    owners: &[Owner],
) -> Option<Name> {
    let mut candidates: SeededMap<Name, Candidate> = SeededMap::default();
    let all: f64 = growing.iter().map(|one| one.growth).sum();
    for one in growing {
        for (depth, frame) in functions(code, sites, one.site) {
            if owners.contains(&sites.owner(frame)) {
                let candidate = candidates.entry(sites.name(frame)).or_default();
                candidate.growth += one.growth;
                candidate.live_of_growing += live.of_sites[one.site];
                candidate.depth += depth as f64 * one.growth;
            }
        }
    }
    for (name, candidate) in &mut candidates {
        candidate.live = live.of_functions.get(name).copied().unwrap_or(0.0);
    }
    let best = candidates.values().map(|candidate| candidate.score(all)).fold(0.0, f64::max);
    let inner = |candidate: &Candidate| candidate.depth / candidate.growth;
    let innermost = |(a_name, a): &(&Name, &Candidate), (b_name, b): &(&Name, &Candidate)| {
        inner(a).total_cmp(&inner(b)).then(a_name.cmp(b_name))
    };
    let (mut name, mut found) =
        candidates.iter().filter(|(_, candidate)| candidate.score(all) >= best - TIE).min_by(innermost)?;
    let is_to_blame = |candidate: &Candidate, outer: &Candidate| {
        inner(candidate) < inner(outer)
            && candidate.growth >= MOST * outer.growth
            && candidate.purity() >= outer.purity() - TIE
    };
    // Each step goes inwards.
    while let Some(next) = candidates.iter().filter(|(_, c)| is_to_blame(c, found)).min_by(innermost) {
        (name, found) = next;
    }
    Some(*name)
}
