//! Which lines of which files the program's own frames are at.

use crate::classify::{Owner, Owners};
use crate::profile::SymbolState;
use crate::series::Series;
use std::collections::{BTreeMap, BTreeSet};

/// By file as functions name it, the lines whose calls lead to allocations: of the program's own code alone.
pub fn own_places<'a>(series: &'a Series, owners: &Owners) -> BTreeMap<&'a str, BTreeSet<u32>> {
    let code = series.code();
    let mut places: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for id in code.frame_ids() {
        let frame = code.frame(id);
        let file = frame.function.and_then(|function| code.function(function).file);
        if let Some(file) = file
            && frame.line > 0
            && frame.module.is_some_and(|module| is_read_here(&code.module(module).symbols))
            && owners.of_frame(code, id) == Owner::FirstParty
        {
            places.entry(code.string(file)).or_default().insert(frame.line);
        }
    }
    places
}

/// True if the names come from a file that was opened here. Those that came with an input are a stranger's, who could name
/// any file.
fn is_read_here(state: &SymbolState) -> bool {
    matches!(state, SymbolState::Verified { .. } | SymbolState::Unverified { .. })
}
