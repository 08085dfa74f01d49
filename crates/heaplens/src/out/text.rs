//! Tables for the terminal.

use super::{escape, units};
use crate::error::Error;
use crate::profile::Amount;
use crate::short::library_path;
use crate::view::{Order, Row, Top};
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
    // Rows that only call others say nothing in this order.
    let rows: Vec<&Row> = top.rows.iter().filter(|row| !row.leading(top.order).net().is_zero()).collect();
    if rows.is_empty() {
        let nothing = match top.rate {
            _ if top.is_diff => "nothing changed".to_owned(),
            Some(rate) if rate > 1 => {
                format!(
                    "no stack that is shown has a sample (one in {} on average)",
                    units::amount(rate as f64, true)
                )
            }
            _ => "no stack holds anything".to_owned(),
        };
        writeln!(out, "{nothing}")?;
        return Ok(());
    }
    let shown = if options.limit == 0 { rows.len() } else { options.limit.min(rows.len()) };
    let mut table = vec![titles(top)];
    table.extend(rows[..shown].iter().map(|row| numbers(top, row)));
    let widths: Vec<usize> = (0..table[0].len())
        .map(|c| table.iter().map(|row| row[c].chars().count()).max().unwrap_or(0))
        .collect();
    let taken: usize = widths.iter().map(|w| w + 2).sum();
    let room = options.width.map(|width| width.saturating_sub(taken).max(20));
    let names = rows[..shown].iter().map(|row| function(row, room));
    for (row, name) in table.iter().zip(std::iter::once(top.granularity.noun().to_owned()).chain(names)) {
        for (cell, width) in row.iter().zip(&widths) {
            write!(out, "{cell:>width$}  ")?;
        }
        writeln!(out, "{name}")?;
    }
    let hidden = &rows[shown..];
    if !hidden.is_empty() {
        let more = units::count(hidden.len() as f64);
        let what = top.granularity.nouns();
        match top.order {
            Order::Flat => {
                let flat: Amount = hidden.iter().map(|row| row.flat.net()).sum();
                writeln!(out, "… {more} more {what}, {} flat; show them with -n 0", net(top, flat))?;
            }
            Order::Cumulative => writeln!(out, "… {more} more {what}; show them with -n 0")?,
        }
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
    format!(
        "{name}: {} → {}: {}{interval}{objects}; stacks that grew {}, that shrank {}",
        size(top, top.total.before),
        size(top, top.total.after),
        net(top, top.total.net()),
        net(top, top.grown),
        net(top, -top.shrunk),
    )
}

/// The columns' titles but the name's; amounts of the order's own kind come first.
fn titles(top: &Top) -> Vec<String> {
    let (first, second) = match top.order {
        Order::Flat => ("flat", "cum"),
        Order::Cumulative => ("cum", "flat"),
    };
    let mut titles = match top.is_diff {
        true => vec![first.to_owned(), "from".to_owned(), "to".to_owned(), second.to_owned()],
        false => vec![first.to_owned(), format!("{first}%"), second.to_owned(), format!("{second}%")],
    };
    if top.sample_type.is_bytes() && top.rate.is_some() {
        titles.push(format!("95 % of {first}"));
    }
    if top.has_objects && top.sample_type.is_bytes() {
        titles.push("objects".to_owned());
    }
    titles
}

fn numbers(top: &Top, row: &Row) -> Vec<String> {
    let first = row.leading(top.order);
    let second = match top.order {
        Order::Flat => row.cum,
        Order::Cumulative => row.flat,
    };
    let mut cells = if top.is_diff {
        vec![net(top, first.net()), size(top, first.before), size(top, first.after), net(top, second.net())]
    } else {
        let whole = top.total.after.as_f64();
        vec![
            size(top, first.after),
            units::percent(first.after.as_f64(), whole),
            size(top, second.after),
            units::percent(second.after.as_f64(), whole),
        ]
    };
    if top.sample_type.is_bytes() && top.rate.is_some() {
        cells.push(units::range(top.interval(&first), top.is_diff).unwrap_or_default());
    }
    if top.has_objects && top.sample_type.is_bytes() {
        let objects = row.leading_other(top.order).net().as_f64();
        cells.push(if top.is_diff { units::signed_count(objects) } else { units::count(objects) });
    }
    cells
}

/// The name and where it is; without the place where that leaves too little room for the name.
fn function(row: &Row, room: Option<usize>) -> String {
    let name = escape::terminal(&row.name);
    let place = row.location.as_deref().or(row.module.as_deref().filter(|_| !row.name.contains("+0x")));
    let room = room.unwrap_or(usize::MAX);
    // Of lines and files the name says it.
    let said = |place: &str| row.name.strip_suffix(place).is_some_and(|rest| rest.ends_with([' ', '/']));
    let place = place.map(short_path).filter(|place| !said(place));
    if let Some(place) = place {
        let both = format!("{name}  {}", escape::terminal(place));
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

/// A path without what is only the builder's machine: from the crate on where it is a library's, else its last
/// three parts.
pub(super) fn short_path(path: &str) -> &str {
    library_path(path).unwrap_or_else(|| {
        let start = path.rmatch_indices('/').nth(2).map_or(0, |(at, _)| at + 1);
        &path[start..]
    })
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
    use crate::view::Change;

    #[test]
    fn paths_begin_with_their_crate() {
        for (path, short) in [
            ("/rustc/abc/library/alloc/src/vec/mod.rs:965", "alloc/src/vec/mod.rs:965"),
            (
                "/home/me/.cargo/registry/src/index.crates.io-1949cf8c/hashbrown-0.16.1/src/map.rs:18",
                "hashbrown-0.16.1/src/map.rs:18",
            ),
            ("/rust/deps/hashbrown-0.16.1/src/raw.rs:19", "hashbrown-0.16.1/src/raw.rs:19"),
            (
                "/home/me/.cargo/git/checkouts/store-1a2b3c4d/5e6f708/src/lib.rs:7",
                "store-1a2b3c4d/5e6f708/src/lib.rs:7",
            ),
            (
                "/home/me/.rustup/toolchains/stable/lib/rustlib/src/rust/library/core/src/fmt/mod.rs",
                "core/src/fmt/mod.rs",
            ),
            ("/srv/library/books/a.c", "library/books/a.c"),
            ("/build/app/src/store/label_index.rs:85", "src/store/label_index.rs:85"),
            ("main.c:3", "main.c:3"),
        ] {
            assert_eq!(short_path(path), short);
        }
    }

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
        assert_eq!(function(&row, None), "alloc::vec::Vec<T,A>::with_capacity_in  alloc/src/vec/mod.rs:965");
        assert_eq!(function(&row, Some(40)), "alloc::vec::Vec<T,A>::with_capacity_in");
        assert_eq!(function(&row, Some(20)), "alloc::ve…apacity_in");
    }
}
