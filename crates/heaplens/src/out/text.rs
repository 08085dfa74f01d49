//! Tables for the terminal.

use super::{escape, units};
use crate::error::Error;
use crate::profile::Amount;
use crate::view::{Change, Row, Top};
use std::io::Write;

/// How a table is cut to size.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Most rows shown; 0 for all.
    pub limit: usize,
    /// Columns of the terminal; longer names are cut in the middle. `None` leaves them whole.
    pub width: Option<usize>,
}

impl Default for Options {
    fn default() -> Options {
        Options { limit: 20, width: None }
    }
}

/// Writes the functions of a profile, or what changed if it is a difference. Values are unsampled estimates;
/// the column `95 %` says how far off they can be.
///
/// # Errors
/// Those of `out`.
pub fn write_top(top: &Top, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    writeln!(out, "{}", headline(top))?;
    let shown = if options.limit == 0 { top.rows.len() } else { options.limit.min(top.rows.len()) };
    let mut table = vec![titles(top)];
    table.extend(top.rows[..shown].iter().map(|row| numbers(top, row)));
    let widths: Vec<usize> = (0..table[0].len())
        .map(|c| table.iter().map(|row| row[c].chars().count()).max().unwrap_or(0))
        .collect();
    let taken: usize = widths.iter().map(|w| w + 2).sum();
    let room = options.width.map(|width| width.saturating_sub(taken).max(20));
    let names = top.rows[..shown].iter().map(|row| function(row, room));
    for (row, name) in table.iter().zip(std::iter::once("function".to_owned()).chain(names)) {
        for (cell, width) in row.iter().zip(&widths) {
            write!(out, "{cell:>width$}  ")?;
        }
        writeln!(out, "{name}")?;
    }
    let hidden = &top.rows[shown..];
    if !hidden.is_empty() {
        let flat: Amount = hidden.iter().map(|row| row.flat.net()).sum();
        writeln!(
            out,
            "… {} more functions, {} flat; show them with -n 0",
            units::count(hidden.len() as f64),
            net(top, flat)
        )?;
    }
    Ok(())
}

/// The totals in one line.
fn headline(top: &Top) -> String {
    let name = top.sample_type.name();
    let interval = units::interval(top.interval(&top.total), top.is_diff);
    let objects = match top.has_objects && top.sample_type.is_bytes() {
        true if top.is_diff => format!(", {} objects", units::signed_count(top.total_other.net().as_f64())),
        true => format!(", about {} objects", units::count(top.total_other.after.as_f64())),
        false => String::new(),
    };
    if !top.is_diff {
        return format!("{name}: {}{interval}{objects}", size(top, top.total.after));
    }
    let sum = |keep: fn(Amount) -> Amount| top.rows.iter().map(|row| keep(row.flat.net())).sum::<Amount>();
    let (grown, shrunk) = (sum(|a| a.max(Amount::ZERO)), sum(|a| a.min(Amount::ZERO)));
    format!(
        "{name}: {} → {}: {}{interval}{objects}; functions that grew {}, that shrank {}",
        size(top, top.total.before),
        size(top, top.total.after),
        net(top, top.total.net()),
        net(top, grown),
        net(top, shrunk),
    )
}

fn titles(top: &Top) -> Vec<String> {
    let mut titles = match top.is_diff {
        true => vec!["flat", "from", "to", "cum"],
        false => vec!["flat", "flat%", "cum", "cum%"],
    };
    if top.sample_type.is_bytes() && top.rate.is_some() {
        titles.push("95 % of flat");
    }
    if top.has_objects && top.sample_type.is_bytes() {
        titles.push("objects");
    }
    titles.into_iter().map(str::to_owned).collect()
}

fn numbers(top: &Top, row: &Row) -> Vec<String> {
    let mut cells = if top.is_diff {
        vec![
            net(top, row.flat.net()),
            size(top, row.flat.before),
            size(top, row.flat.after),
            net(top, row.cum.net()),
        ]
    } else {
        let whole = top.total.after.as_f64();
        vec![
            size(top, row.flat.after),
            units::percent(row.flat.after.as_f64(), whole),
            size(top, row.cum.after),
            units::percent(row.cum.after.as_f64(), whole),
        ]
    };
    if top.sample_type.is_bytes() && top.rate.is_some() {
        // A function that only calls has no estimate of its own.
        let own = top.interval(&row.flat).filter(|_| row.flat != Change::default());
        cells.push(units::range(own, top.is_diff).unwrap_or_default());
    }
    if top.has_objects && top.sample_type.is_bytes() {
        let objects = row.flat_other.net().as_f64();
        cells.push(if top.is_diff { units::signed_count(objects) } else { units::count(objects) });
    }
    cells
}

/// The name and where it is; without the place where that leaves too little room for the name.
fn function(row: &Row, room: Option<usize>) -> String {
    let name = escape::terminal(&row.name);
    let place = row.location.as_deref().or(row.module.as_deref().filter(|_| !row.name.contains("+0x")));
    let room = room.unwrap_or(usize::MAX);
    if let Some(place) = place {
        let place = short_path(place);
        let both = format!("{name}  {}", escape::terminal(&place));
        if both.chars().count() <= room {
            return both;
        }
    }
    cut(&name, room)
}

fn net(top: &Top, value: Amount) -> String {
    match (top.sample_type.is_bytes(), top.is_diff) {
        (_, false) => size(top, value),
        (true, true) => units::signed(value.as_f64(), true),
        (false, true) => units::signed_count(value.as_f64()),
    }
}

fn size(top: &Top, value: Amount) -> String {
    match top.sample_type.is_bytes() {
        true => units::amount(value.as_f64(), true),
        false => units::count(value.as_f64()),
    }
}

/// The last three parts of a path say where it is; the rest is the builder's machine.
fn short_path(path: &str) -> String {
    let parts: Vec<&str> = path.rsplit('/').take(3).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

/// Cuts in the middle: the crate and the last part of a name both tell something.
fn cut(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let head = (room - 1) / 2;
    let tail = room - 1 - head;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_loses_the_place_before_the_name() {
        let row = Row {
            name: "alloc::vec::Vec<T,A>::with_capacity_in".to_owned(),
            location: Some("/rustc/abc/library/alloc/src/vec/mod.rs:965".to_owned()),
            module: None,
            flat: Change::default(),
            cum: Change::default(),
            flat_other: Change::default(),
            cum_other: Change::default(),
        };
        assert_eq!(function(&row, None), "alloc::vec::Vec<T,A>::with_capacity_in  src/vec/mod.rs:965");
        assert_eq!(function(&row, Some(40)), "alloc::vec::Vec<T,A>::with_capacity_in");
        assert_eq!(function(&row, Some(20)), "alloc::ve…apacity_in");
    }
}
