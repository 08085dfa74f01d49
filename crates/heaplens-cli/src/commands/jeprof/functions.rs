//! The functions that places lie in, byte by byte: for listings and disassemblies.

use super::names::short;
use super::stacks::{Places, Stack};
use crate::notes;
use heaplens::Profile;
use heaplens::profile::{Amount, Module, ModuleId, ModuleKind, SymbolState};
use heaplens::symbols::{Binary, Options};
use regex::Regex;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;

/// A function larger than this is shown up to here.
const MAX_CODE: u64 = 1 << 20;

/// A function that has a part in the profile.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) short: String,
    pub(super) file: PathBuf,
    /// Its addresses, as the file was linked.
    pub(super) range: Range<u64>,
    /// For each byte of its code, what is there.
    pub(super) code: Vec<Line>,
}

/// A byte of code.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// Of the function itself, also where another one is inlined.
    pub(super) file: Option<String>,
    pub(super) line: u32,
    /// Of whatever is there.
    pub(super) innermost: Option<(String, u32)>,
    pub(super) flat: Amount,
    pub(super) cum: Amount,
}

/// The sums of flat and cumulative amounts.
pub(super) fn sums(code: &[Line]) -> (Amount, Amount) {
    (code.iter().map(|line| line.flat).sum(), code.iter().map(|line| line.cum).sum())
}

/// What calls at a place of a module hold.
type Costs = BTreeMap<u64, (Amount, Amount)>;

/// The functions that match and that stacks go through, module by module, by their short names.
pub(super) fn find(
    profile: &Profile,
    places: &Places,
    stacks: &[Stack],
    pattern: &Regex,
    options: &Options,
) -> Vec<Function> {
    let mut modules: BTreeMap<usize, (ModuleId, Costs)> = BTreeMap::new();
    for stack in stacks {
        let mut counted = HashSet::new();
        for (depth, &place) in stack.places.iter().enumerate() {
            let Some((module, offset)) = places.get(place).code else { continue };
            let (_, costs) = modules.entry(module.index()).or_insert_with(|| (module, Costs::new()));
            let (flat, cum) = costs.entry(offset).or_default();
            if depth == 0 {
                *flat += stack.amount;
            }
            if counted.insert((module, offset)) {
                *cum += stack.amount;
            }
        }
    }
    let mut found = Vec::new();
    for (module, costs) in modules.into_values() {
        let module = profile.module(module);
        let (SymbolState::Verified { used } | SymbolState::Unverified { used }) = &module.symbols else {
            continue;
        };
        match Binary::open(used.as_ref(), options) {
            Ok(binary) => found.extend(in_module(&binary, module, used, &costs, pattern)),
            Err(why) => notes::line(&format!("warning: {used}: {why}")),
        }
    }
    found
}

fn in_module(binary: &Binary, module: &Module, path: &str, costs: &Costs, pattern: &Regex) -> Vec<Function> {
    let offsets: Vec<u64> = costs.keys().copied().collect();
    let known = match module.kind {
        // Already as the file was linked.
        ModuleKind::Unmapped => offsets.into_iter().map(Some).collect(),
        _ => binary.addresses_of(module, &offsets),
    };
    let by_address: BTreeMap<u64, (Amount, Amount)> =
        known.into_iter().zip(costs.values()).filter_map(|(address, &cost)| Some((address?, cost))).collect();
    let addresses: Vec<u64> = by_address.keys().copied().collect();
    let mut lookup = binary.lookup();
    let mut found: BTreeMap<(String, u64), Function> = BTreeMap::new();
    for piece in binary.pieces(&addresses).into_iter().flatten() {
        let range = piece.start..piece.end.min(piece.start + MAX_CODE);
        let Some((&call, _)) = by_address.range(range.clone()).next() else { continue };
        let name = |found: &heaplens::symbols::Resolution, at: usize| {
            let outermost = found.places[at].last()?;
            Some(found.named(outermost.function)?.name.clone()).filter(|name| !name.is_empty())
        };
        let Some(full) = name(&lookup.places(&[call]), 0).filter(|name| pattern.is_match(name)) else {
            continue;
        };
        let short = short(&full);
        if found.contains_key(&(short.clone(), range.start)) {
            continue;
        }
        let bytes: Vec<u64> = range.clone().collect();
        let answers = lookup.places(&bytes);
        let line = |(at, address): (usize, &u64)| {
            let (flat, cum) = by_address.get(address).copied().unwrap_or_default();
            let place = |place: &heaplens::symbols::Place| {
                let file = answers.named(place.function).and_then(|named| named.file.clone())?;
                (place.line > 0).then_some((file, place.line))
            };
            let outermost = answers.places[at].last().and_then(place);
            let innermost = answers.places[at].first().and_then(place);
            let (file, line) = outermost.map_or((None, 0), |(file, line)| (Some(file), line));
            Line { file, line, innermost, flat, cum }
        };
        let code = bytes.iter().enumerate().map(line).collect();
        let function = Function { short: short.clone(), file: PathBuf::from(path), range, code };
        found.insert((short, function.range.start), function);
    }
    found.into_values().collect()
}
