//! The nodes as JSON columns: what `model.js` reads.

use super::rows::{Content, Row};
use super::{Options, header::Header};
use crate::out::escape;
use crate::profile::Amount;
use crate::view::{Tree, layout::Shape, palette};
use rustc_hash::FxHashMap;
use serde::Serialize;

/// The document that `model.js` decodes; its types are described there.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    bytes: bool,
    diff: bool,
    objects: bool,
    rate: Option<u64>,
    largest: i128,
    shape: &'static str,
    header: &'a Header,
    names: Vec<String>,
    colors: String,
    places: Vec<String>,
    modules: Vec<String>,
    name: Vec<i64>,
    depth: Vec<u32>,
    place: Vec<i64>,
    module: Vec<i64>,
    inlined: String,
    net: Vec<i128>,
    before: Vec<i128>,
    other: Vec<i128>,
    other_before: Vec<i128>,
    /// Row, how many nodes it stands for, how much they shrank: unlike a node, it can grow and shrink at once.
    merged: Vec<(usize, usize, i128)>,
}

/// Encodes the rows, ready to stand in a script element.
pub(super) fn encode(tree: &Tree, rows: Vec<Row>, header: &Header, options: &Options) -> String {
    let mut names = Table::default();
    let mut places = Table::default();
    let mut modules = Table::default();
    // Both signs are rounded on their own, so that each sums up rightly.
    let grown = whole(rows.iter().map(|row| row.grown));
    let shrunk = whole(rows.iter().map(|row| row.shrunk));
    let mut document = Document {
        version: 1,
        bytes: tree.sample_type.is_bytes(),
        diff: tree.is_diff,
        objects: tree.has_objects,
        rate: tree.rate,
        largest: largest_change(tree).round(),
        shape: match options.shape {
            Shape::Flame => "flame",
            Shape::Icicle => "icicle",
        },
        header,
        names: Vec::new(),
        colors: String::new(),
        places: Vec::new(),
        modules: Vec::new(),
        name: Vec::with_capacity(rows.len()),
        depth: rows.iter().map(|row| row.depth).collect(),
        place: Vec::with_capacity(rows.len()),
        module: Vec::with_capacity(rows.len()),
        inlined: String::with_capacity(rows.len()),
        net: grown.iter().zip(&shrunk).map(|(g, s)| g - s).collect(),
        before: Vec::new(),
        other: Vec::new(),
        other_before: Vec::new(),
        merged: Vec::new(),
    };
    for (i, row) in rows.iter().enumerate() {
        match row.content {
            Content::Node(index) => {
                let place = &tree.nodes[index].place;
                document.name.push(names.index(Some(&place.name)));
                document.place.push(places.index(place.location.as_deref()));
                document.module.push(modules.index(place.module.as_deref()));
                document.inlined.push(if place.inlined { '1' } else { '0' });
            }
            Content::Merged(frames) => {
                document.name.push(-1);
                document.place.push(-1);
                document.module.push(-1);
                document.inlined.push('0');
                document.merged.push((i, frames, shrunk[i]));
            }
        }
    }
    document.colors = names
        .texts
        .iter()
        .filter_map(|name| char::from_digit(palette::warm_index(name) as u32, 36))
        .collect();
    document.names = names.shown();
    document.places = places.shown();
    document.modules = modules.shown();
    if tree.has_objects {
        document.other = whole(rows.iter().map(|row| row.other_after));
    }
    if tree.is_diff {
        document.before = whole(rows.iter().map(|row| row.before));
        if tree.has_objects {
            document.other_before = whole(rows.iter().map(|row| row.other_before));
        }
    }
    // Each of these is about as large as the tree: what is done with makes room for the next.
    drop((rows, grown, shrunk));
    // Strings, integers and lists of them: there is nothing in it that could fail to serialize.
    let json = serde_json::to_string(&document).unwrap_or_default();
    drop(document);
    escape::json_in_script(&json).into_owned()
}

/// The largest net change of any node: the strongest colour.
pub(super) fn largest_change(tree: &Tree) -> Amount {
    tree.nodes.iter().map(|node| node.net().abs()).max().unwrap_or_default()
}

/// Amounts as whole numbers, the sum of any run of them off by less than one: the running sum is rounded.
fn whole(amounts: impl Iterator<Item = Amount>) -> Vec<i128> {
    let mut sum = Amount::ZERO;
    let mut written = 0;
    amounts
        .map(|amount| {
            sum += amount;
            let value = sum.round() - written;
            written += value;
            value
        })
        .collect()
}

/// Distinct strings in order of first use.
#[derive(Default)]
struct Table<'a> {
    texts: Vec<&'a str>,
    known: FxHashMap<&'a str, i64>,
}

impl<'a> Table<'a> {
    fn index(&mut self, text: Option<&'a str>) -> i64 {
        let Some(text) = text else {
            return -1;
        };
        *self.known.entry(text).or_insert_with(|| {
            self.texts.push(text);
            self.texts.len() as i64 - 1
        })
    }

    /// The strings as a page may show them: nothing hidden in them.
    fn shown(self) -> Vec<String> {
        self.texts.into_iter().map(|text| escape::terminal(text).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rounded_columns_sum_up(values in proptest::collection::vec(0.0..1e6f64, 1..50)) {
            let exact: Vec<Amount> = values.iter().copied().map(Amount::from_f64).collect();
            let rounded = whole(exact.iter().copied());
            for from in 0..exact.len() {
                let sum: Amount = exact[from..].iter().copied().sum();
                let off = rounded[from..].iter().sum::<i128>() as f64 - sum.as_f64();
                prop_assert!(off.abs() <= 1.0, "{off}");
                prop_assert!(rounded[from] >= 0);
            }
        }
    }
}
