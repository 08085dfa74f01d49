//! `--list`: the source of functions, with what each line holds.

use super::functions::{self, Function, Line};
use crate::notes;
use crate::source_files::Sources;
use heaplens::out::escape;
use heaplens::out::figures::Unit;
use heaplens::profile::Amount;
use std::collections::BTreeMap;
use std::io::Write;

/// Lines that are shown around a function.
const AROUND: usize = 5;

/// Writes each function that has a part in the profile.
pub(super) fn write(found: &[Function], unit: Unit, out: &mut dyn Write) -> std::io::Result<()> {
    let mut sources = Sources::default();
    for function in found {
        one(function, unit, &mut sources, out)?;
    }
    Ok(())
}

/// Where a function is in its file, first line and last.
struct Extent {
    first: usize,
    /// Of its code.
    last: usize,
    /// Of its text, as far as its indentation tells.
    end: usize,
}

fn one(function: &Function, unit: Unit, sources: &mut Sources, out: &mut dyn Write) -> std::io::Result<()> {
    let name = escape::terminal(&function.short);
    let Some(file) = function.code.iter().find_map(|line| line.file.as_deref()) else {
        notes::line(&format!("warning: no source file is known of {name}"));
        return Ok(());
    };
    let text = match sources.lines(file) {
        Ok(text) => text,
        Err(why) => {
            notes::line(&format!("warning: {file}: {why}"));
            return Ok(());
        }
    };
    let extent = extent(function, file, text);
    let costs = costs(function, file, &extent);
    let (flat, cum) = functions::sums(&function.code);
    writeln!(out, "ROUTINE ====================== {name} in {}", escape::terminal(clean(file)))?;
    writeln!(
        out,
        "{:>6} {:>6} Total {} (flat / cumulative)",
        unit.figure(flat),
        unit.figure(cum),
        unit.label()
    )?;
    let from = extent.first.saturating_sub(AROUND).max(1);
    let to = (extent.last + AROUND).max(extent.end);
    for (index, line) in text.iter().enumerate().take(to).skip(from - 1) {
        let number = index + 1;
        if number == extent.first {
            writeln!(out, "---")?;
        }
        let (flat, cum) = costs.get(&number).copied().unwrap_or_default();
        let line = escape::terminal(line);
        writeln!(out, "{:>6} {:>6} {number:>4}: {line}", figure(unit, flat), figure(unit, cum))?;
        if number == extent.end {
            writeln!(out, "---")?;
        }
    }
    Ok(())
}

/// Nothing is a point, so that something is seen.
pub(super) fn figure(unit: Unit, amount: Amount) -> String {
    if amount.is_zero() { ".".to_owned() } else { unit.figure(amount) }
}

/// What of a path says nothing.
pub(super) fn clean(file: &str) -> &str {
    let file = file.strip_prefix("/proc/self/cwd/").unwrap_or(file);
    file.strip_prefix("./").unwrap_or(file)
}

/// From the first place in the file to the last one; and where the function is indented, on to the line that is less so.
fn extent(function: &Function, file: &str, text: &[String]) -> Extent {
    let lines = || function.code.iter().filter(|line| line.file.as_deref() == Some(file));
    let number = |line: &Line| line.line as usize;
    let first = lines().map(number).next().unwrap_or(1);
    let last = lines().map(number).max().unwrap_or(0);
    let indented = |index: usize| text.get(index).and_then(|line| line.find(|c: char| !c.is_whitespace()));
    let mut end = last;
    let depth = (first.max(1) - 1..text.len()).find_map(indented).unwrap_or(0);
    if depth > 0 {
        for index in last.max(1) - 1..text.len() {
            match indented(index) {
                None => {}
                Some(indent) if indent >= depth => end = index + 2,
                Some(_) => break,
            }
        }
    }
    Extent { first, last, end }
}

/// What each line holds. What belongs to none of the function's lines goes to the next one that does.
fn costs(function: &Function, file: &str, extent: &Extent) -> BTreeMap<usize, (Amount, Amount)> {
    let mut costs: BTreeMap<usize, (Amount, Amount)> = BTreeMap::new();
    let mut waiting = (Amount::ZERO, Amount::ZERO);
    let mut add = |line: usize, (flat, cum): (Amount, Amount)| {
        let cost = costs.entry(line).or_default();
        cost.0 += flat;
        cost.1 += cum;
    };
    for line in &function.code {
        waiting.0 += line.flat;
        waiting.1 += line.cum;
        let number = line.line as usize;
        if line.file.as_deref() == Some(file) && (extent.first..=extent.end).contains(&number) {
            add(number, std::mem::take(&mut waiting));
        }
    }
    add(extent.end, waiting);
    costs
}
