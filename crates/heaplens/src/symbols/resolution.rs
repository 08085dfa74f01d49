//! What became known of a module's places, names made readable.

use super::lineless::Lacking;
use crate::profile::{Module, SymbolState};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// Names the places of a module, all at once.
pub trait Resolve: Sync {
    /// `lookups` are places of calls as offsets in the module's file (return address − 1), sorted, each once.
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution;
}

/// A function and a line in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// What [`Resolution::function`] returned.
    pub function: usize,
    /// The source line, 0 if unknown.
    pub line: u32,
    /// The source column, 0 if unknown.
    pub column: u32,
}

/// A function's names, and the file of a line in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Named {
    /// For people.
    pub name: String,
    /// In the symbol table.
    pub system_name: String,
    /// The source file, if known.
    pub file: Option<String>,
}

/// What became known of a module's places.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// How far the names can be believed.
    pub state: SymbolState,
    /// For each lookup its functions: the innermost inlined one first, the physical one last; empty if unknown.
    pub places: Vec<Vec<Place>>,
    /// What of the files could not be read, if anything; the places that it concerns have symbol table names.
    pub problem: Option<String>,
    /// What was missing or was not used on the way, a sentence each: a debug file with another checksum, a server
    /// that does not answer.
    pub notes: Vec<String>,
    /// The debug information that the binary names and that was not found.
    pub lacks: Option<Lacking>,
    functions: IndexSet<Named, FxBuildHasher>,
}

impl Resolution {
    /// Nothing known, and why.
    pub fn unknown(state: SymbolState) -> Resolution {
        Resolution { state, ..Resolution::default() }
    }

    /// The index of a function, added if it is new: its name for people, its name in the symbol table, its file.
    pub fn function(&mut self, name: &str, system_name: &str, file: Option<&str>) -> usize {
        let named = Named {
            name: name.to_owned(),
            system_name: system_name.to_owned(),
            file: file.map(str::to_owned),
        };
        self.functions.insert_full(named).0
    }

    /// The names of a place's function; `None` for an index that [`Resolution::function`] did not return.
    pub fn named(&self, function: usize) -> Option<&Named> {
        self.functions.get_index(function)
    }
}
