//! `--collapsed`: a line for each stack of addresses, for flamegraph.pl.

use super::stacks::{Places, Stack};
use crate::notes;
use heaplens::out::folded::escape;
use std::io::Write;

/// Writes whole names and whole numbers, sorted; stacks of less than one are left out.
pub(super) fn write(places: &Places, stacks: &[Stack], out: &mut dyn Write) -> std::io::Result<()> {
    let names: Vec<String> = places
        .iter()
        .map(|place| {
            if place.functions.is_empty() {
                return escape(&place.nameless).into_owned();
            }
            let mark = |depth| if depth == 0 { "" } else { "[inline]" };
            let functions = place.functions.iter().enumerate();
            let names =
                functions.map(|(depth, function)| format!("{}{}", escape(&function.full), mark(depth)));
            names.collect::<Vec<_>>().join(";")
        })
        .collect();
    let mut lines: Vec<String> = stacks
        .iter()
        .filter(|stack| stack.amount.trunc() != 0)
        .map(|stack| {
            let from_root: Vec<&str> =
                stack.places.iter().rev().map(|&place| names[place].as_str()).collect();
            format!("{} {}", from_root.join(";"), stack.amount.trunc())
        })
        .collect();
    lines.sort_unstable();
    let shrunk = stacks.iter().filter(|stack| stack.amount.trunc() < 0).count();
    if shrunk > 0 {
        notes::line(&format!(
            "note: {shrunk} stacks shrank; flamegraph.pl and inferno pass over negative counts, `heaplens folded --base` \
             has two columns, which they draw"
        ));
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}
