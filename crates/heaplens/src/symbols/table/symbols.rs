//! The names that symbol tables have for what debug information names badly or not at all, and with them the index.
//!
//! A symbol table is asked at one address of each piece of code on which its answer cannot change, by the very
//! function that looks up single addresses.

use super::build::{Builder, Owner};
use super::index::{self, Entry};
use super::overlap::Part;
use crate::symbols::chains::RawPlace;
use crate::symbols::dwarf::Found;
use crate::symbols::locate::Files;
use crate::symbols::{Options, module, symtab};
use std::io::{self, Write};

/// Pieces that are looked up together: each lookup passes over the whole symbol table.
const TOGETHER: usize = 1 << 16;

/// Writes the index; where its list begins and how many blocks it has.
pub(super) fn index<W: Write>(
    builder: &mut Builder<W>,
    files: &Files,
    options: &Options,
) -> io::Result<(u64, u64)> {
    let settled = builder.settled();
    let bounds = symtab::all_bounds(files, options);
    let mut index = index::Writer::default();
    let mut end = 0;
    let mut pieces = Vec::new();
    for (i, &part) in settled.iter().enumerate() {
        cut(part, &bounds, &mut pieces);
        if pieces.len() >= TOGETHER || i + 1 == settled.len() {
            let names = names(builder, files, &pieces, options)?;
            for (piece, name) in pieces.drain(..).zip(names) {
                if end < piece.from {
                    index.add(Entry { address: end, ..Entry::default() }, &mut builder.out)?;
                }
                index.add(Entry { address: piece.from, blob: piece.what.blob, name }, &mut builder.out)?;
                end = piece.to;
            }
        }
    }
    index.add(Entry { address: end, ..Entry::default() }, &mut builder.out)?;
    index.finish(&mut builder.out)
}

fn cut(part: Part<Owner>, bounds: &[u64], pieces: &mut Vec<Part<Owner>>) {
    let mut from = part.from;
    if part.what.short.is_some() {
        let inside = &bounds[bounds.partition_point(|&bound| bound <= part.from)..];
        for &bound in inside.iter().take_while(|&&bound| bound < part.to) {
            pieces.push(Part { from, to: bound, what: part.what });
            from = bound;
        }
    }
    pieces.push(Part { from, to: part.to, what: part.what });
}

/// For each piece the position of the name that counts in the place of the blob's own, 0 for none.
fn names<W: Write>(
    builder: &mut Builder<W>,
    files: &Files,
    pieces: &[Part<Owner>],
    options: &Options,
) -> io::Result<Vec<u64>> {
    let asked: Vec<usize> = (0..pieces.len()).filter(|&i| pieces[i].what.short.is_some()).collect();
    let addresses: Vec<u64> = asked.iter().map(|&i| pieces[i].from).collect();
    let mut found = Found::nothing(addresses.len());
    let short = |builder: &Builder<W>, i: usize| {
        let index = pieces[i].what.short.unwrap_or_default();
        builder.shorts.get_index(index as usize).map(|text| text.to_string()).unwrap_or_default()
    };
    for (at, &i) in asked.iter().enumerate() {
        found.chains.set(at, [RawPlace { name: &short(builder, i), ..RawPlace::default() }]);
    }
    for path in files.symbol_tables() {
        module::name_by_symbols(files, path, &addresses, options, &mut found);
    }
    let mut names = vec![0; pieces.len()];
    for (at, &i) in asked.iter().enumerate() {
        let name = found.chains.get(at).next_back().map_or("", |place| place.name);
        if name != short(builder, i) {
            names[i] = builder.text(name)?;
        }
    }
    Ok(names)
}
