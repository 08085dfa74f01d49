//! What stands above the graph.

use super::{MAX_DEPTH, Options, rows::Rows};
use crate::out::{escape, units};
use crate::profile::{Granularity, SampleType};
use crate::view::{Tree, layout};
use serde::Serialize;

/// More would push the graph off the screen.
const MOST_WARNINGS: usize = 10;

/// Title, facts and warnings; hidden characters already made visible.
#[derive(Serialize)]
pub(super) struct Header {
    pub(super) title: String,
    pub(super) facts: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// Where names come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) symbols: Option<Symbols>,
    /// What width and colour mean.
    pub(super) legend: String,
}

/// What became of each module's symbols.
#[derive(Serialize)]
pub(super) struct Symbols {
    summary: String,
    modules: Vec<String>,
}

impl Symbols {
    /// For where the modules have no place.
    pub(super) fn line(&self) -> String {
        format!("Symbols: {}", self.summary)
    }
}

impl Header {
    pub(super) fn new(tree: &Tree, options: &Options, rows: &Rows) -> Header {
        let title = options.title.as_deref().unwrap_or(if tree.is_diff {
            "Heap difference"
        } else {
            "Heap flame graph"
        });
        let mut facts: Vec<String> = options.subtitle.iter().cloned().collect();
        facts.push(total(tree));
        facts.push(measured(tree));
        if tree.root().width().is_zero() {
            facts.push(nothing(tree).to_owned());
        }
        let mut warnings = options.warnings.clone();
        let more = warnings.len().saturating_sub(MOST_WARNINGS);
        warnings.truncate(MOST_WARNINGS);
        if more > 0 {
            warnings.push(format!("{more} more warnings"));
        }
        let deepest = tree.nodes.iter().map(|node| node.depth).max().unwrap_or(0);
        if deepest > MAX_DEPTH {
            warnings.push(format!(
                "stacks are up to {} levels deep; levels past {} are merged; totals include them",
                units::count(deepest.into()),
                units::count(MAX_DEPTH.into())
            ));
        } else if rows.left_out > 0 {
            warnings.push(format!(
                "the {} smallest frames (at most {} each) are merged to keep this file small; \
                 totals include them, search does not find them",
                units::count(rows.left_out as f64),
                units::amount(rows.left_out_width.as_f64(), tree.sample_type.is_bytes())
            ));
        }
        let show = |text: String| escape::terminal(&text).into_owned();
        Header {
            title: show(title.to_owned()),
            facts: facts.into_iter().map(show).collect(),
            warnings: warnings.into_iter().map(show).collect(),
            symbols: options.symbols.clone().map(|report| Symbols {
                summary: show(report.summary),
                modules: report.modules.into_iter().map(show).collect(),
            }),
            legend: legend(tree),
        }
    }
}

fn total(tree: &Tree) -> String {
    let is_bytes = tree.sample_type.is_bytes();
    let root = tree.root();
    let interval = units::interval(tree.interval(root), tree.is_diff);
    let other = counterpart(tree);
    if tree.is_diff {
        format!(
            "Grown {}, shrunk {}, net {}{interval}{other}",
            units::signed(root.grown().as_f64(), is_bytes),
            units::signed(-root.shrunk().as_f64(), is_bytes),
            units::signed(root.net().as_f64(), is_bytes),
        )
    } else {
        let about = if !is_bytes && tree.rate.is_some() { "≈ " } else { "" };
        format!("Total {about}{}{interval}{other}", units::amount(root.after.as_f64(), is_bytes))
    }
}

fn measured(tree: &Tree) -> String {
    let is_bytes = tree.sample_type.is_bytes();
    let what = match tree.sample_type {
        SampleType::AllocObjects => "All objects allocated since profiling began",
        SampleType::AllocSpace => "All bytes allocated since profiling began",
        SampleType::InuseObjects => "Live objects",
        SampleType::InuseSpace => "Live bytes",
    };
    let sides = if tree.is_diff {
        let side = |amount: crate::profile::Amount| units::amount(amount.as_f64(), is_bytes);
        format!(" from {} to {}", side(tree.root().before()), side(tree.root().after))
    } else {
        String::new()
    };
    let sampled = match tree.rate {
        Some(rate) if rate > 1 => {
            format!("estimated from one sample every {} on average", units::amount(rate as f64, true))
        }
        // Only folded stacks carry no objects, and say nothing of how they were measured.
        _ if !tree.has_objects => "of unknown sampling, so without intervals".to_owned(),
        _ => "exact, not sampled".to_owned(),
    };
    format!("{what} ({}){sides}, {sampled}", tree.sample_type.name())
}

fn nothing(tree: &Tree) -> &'static str {
    match (tree.is_diff, tree.sample_type) {
        (true, _) => "No stack changed: there is nothing to draw.",
        (false, SampleType::InuseSpace | SampleType::InuseObjects) => {
            "Nothing is live: there is nothing to draw."
        }
        (false, _) => "Nothing was allocated: there is nothing to draw.",
    }
}

fn legend(tree: &Tree) -> String {
    let unit = if tree.sample_type.is_bytes() { "bytes" } else { "objects" };
    match tree.is_diff {
        true => format!("Width: {unit} grown plus {unit} shrunk. Colour: net change in {unit}."),
        false => {
            let what = match tree.granularity {
                Granularity::Function => "function name",
                other => other.noun(),
            };
            format!("Width: {unit}. Colour: by {what}. Grey: frames too narrow to draw, merged.")
        }
    }
}

/// Breaks a text into lines of so many columns: at spaces where possible.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let needed = layout::columns(&line) + usize::from(!line.is_empty()) + layout::columns(word);
        if needed > columns && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if layout::columns(&line) + 2 > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

/// `, ≈ 31,700 objects`: what belongs to an amount of bytes, or the bytes that belong to objects.
fn counterpart(tree: &Tree) -> String {
    if !tree.has_objects {
        return String::new();
    }
    let about = if tree.rate.is_some() { "≈ " } else { "" };
    let is_bytes = !tree.sample_type.is_bytes();
    let (before, after) = (tree.root().other_before().as_f64(), tree.root().other_after.as_f64());
    if tree.is_diff {
        format!(", {about}{}", units::signed(after - before, is_bytes))
    } else {
        format!(", {about}{}", units::amount(after, is_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped() {
        assert_eq!(wrap("one two three", 9), ["one two", "three"]);
        assert_eq!(wrap("", 9), [""]);
        let path = "x".repeat(40);
        let lines = wrap(&path, 10);
        assert_eq!(lines.concat(), path);
        assert!(lines.iter().all(|line| line.len() <= 10));
    }
}
